"""`stance serve`: the HTTP service as a command."""

import argparse
import sys

from stance.arguments import OK, add_extractor, add_issues, add_model, number


def add_serve(parser: argparse.ArgumentParser) -> None:
    """The arguments of `stance serve`."""
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=number(0, 65535), default=8000)
    add_issues(parser)
    add_model(parser)
    add_extractor(parser)
    parser.set_defaults(run=_serve)


def _serve(options: argparse.Namespace) -> int:
    import uvicorn

    from api.app import create_app
    from api.hangup import hangups_held
    from api.settings import read_settings
    from training.commands import show_log

    given = {
        key: getattr(options, key)
        for key in ("models", "model", "extractor", "issues", "threads")
        if getattr(options, key) is not None
    }
    show_log()
    with hangups_held():
        app = create_app(read_settings(**given))
        print(f"stance: http://{options.host}:{options.port}/docs", file=sys.stderr)
        uvicorn.run(app, host=options.host, port=options.port, log_level="warning")
    return OK
