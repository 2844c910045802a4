"""`stance analyze`: one article -> its statements, as a table or as JSON."""

import argparse
import json
import sys
from pathlib import Path

from stance.arguments import OK, add_extractor, add_model, add_questions
from stance.issues import read_catalogue


def add_analyze(parser: argparse.ArgumentParser) -> None:
    """The arguments of `stance analyze`."""
    parser.add_argument(
        "article", metavar="ARTICLE", help="a text file in UTF-8; - is standard input"
    )
    add_questions(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object, as POST /analyze")
    add_model(parser)
    add_extractor(parser)
    parser.set_defaults(run=_analyze)


def _analyze(options: argparse.Namespace) -> int:
    from stance import terminal
    from stance.analysis import Analyzer
    from stance.article_files import read_article

    issues = read_catalogue(options.issues).ask(options.issue, options.proposition)
    path = None if options.article == "-" else Path(options.article)
    article = read_article(path, sys.stdin.buffer)
    analyzer = Analyzer.open(options.models, options.model, options.extractor, options.threads)
    analysis = analyzer.analyze(article, issues, options.coverage)
    if options.json:
        print(json.dumps(analysis.to_json(), ensure_ascii=False))
    elif analysis.statements:
        terminal.print_statements(analysis.statements)
    else:
        print("no statement was found")
    return OK
