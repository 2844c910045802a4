"""The documents are true: what they print as commands and code runs."""

import io
import json
import re
import shlex
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from stance.__main__ import main
from stance.article_files import read_article
from stance.quotation import find_quotations
from tests.fakes import fake_classifier
from tests.tiny_analysis import analyzer_by_eye

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_the_readmes_curl_body_is_answered() -> None:
    body = re.search(r"curl -s localhost:8000/classify .*?-d '(.*?)'", README, re.DOTALL)
    assert body is not None

    with TestClient(create_app()) as client:
        answer = client.post("/classify", json=json.loads(body.group(1)))

    assert answer.status_code == 200
    assert [s["issue"] for s in answer.json()["results"][0]["stances"]] == [
        "territorial-concessions",
        None,
    ]


def test_the_readmes_article_is_answered() -> None:
    body = re.search(r"curl -s localhost:8000/analyze .*?-d '(.*?)'", README, re.DOTALL)
    assert body is not None

    app = create_app(Settings(), fake_classifier(), analyzer_by_eye().extractor)
    with TestClient(app) as client:
        answer = client.post("/analyze", json=json.loads(body.group(1)))

    assert answer.status_code == 200
    assert "“We want a ceasefire,”" in json.loads(body.group(1))["text"]


def test_the_sample_article_can_be_read_and_is_named_in_the_readme() -> None:
    article = read_article(ROOT / "docs" / "sample-article.txt", io.BytesIO())

    assert len(find_quotations(article.text).quoted) == article.text.count('"') / 2
    assert "stance analyze docs/sample-article.txt" in README


def test_the_readmes_python_runs(capsys: pytest.CaptureFixture[str]) -> None:
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert code is not None

    exec(code.group(1), {})  # noqa: S102

    assert "[('territorial-concessions', 'against')]" in capsys.readouterr().out


def test_the_readmes_commands_on_one_text_run(capsys: pytest.CaptureFixture[str]) -> None:
    joined = README.replace("\\\n", " ")
    commands = re.findall(r"^    \.venv/bin/stance (classify --text .*)$", joined, re.MULTILINE)

    codes = []
    for command in commands:
        with pytest.raises(SystemExit) as stopped:
            main(shlex.split(command))
        codes.append(stopped.value.code)

    assert codes == [0, 0]
    assert "against" in capsys.readouterr().out


def test_every_file_that_a_document_links_to_is_there() -> None:
    missing = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in [*ROOT.glob("*.md"), *ROOT.glob("*/*.md"), *ROOT.glob("*/*/README.md")]
        if ".venv" not in page.parts
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text())
        if not (page.parent / target).exists()
    ]

    assert missing == []
