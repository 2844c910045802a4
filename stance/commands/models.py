"""`stance models`: list, show, verify and roll back bundles. Knows nothing of training."""

import argparse
import json
from contextlib import suppress
from pathlib import Path

from stance.arguments import OK, add_models
from stance.bundle import default_name, open_bundle, open_each, verify
from stance.errors import BundleError
from stance.promotion import roll_back


def add_bundles(parser: argparse.ArgumentParser) -> None:
    """The commands of `stance models`."""
    from training.commands import add_promote

    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, run, what_it_does in (
        ("list", _list, "the bundles and the default one"),
        ("show", _show, "a bundle's manifest and measured quality"),
        ("verify", _verify, "check every file of a bundle"),
        ("rollback", _rollback, "serve again what was served before"),
    ):
        command = commands.add_parser(name, help=what_it_does)
        add_models(command)
        if name in ("show", "verify"):
            command.add_argument("name", nargs="?", help="default: the one that is served")
        command.set_defaults(run=run)
    add_promote(commands.add_parser("promote", help="serve a bundle, if it is no worse"))


def _list(options: argparse.Namespace) -> int:
    served = _served_now(options.models)
    for name, bundle in open_each(options.models):
        mark = "*" if name == served else " "
        if isinstance(bundle, BundleError):
            print(f"{mark} {name}  broken: {bundle}")
        else:
            print(f"{mark} {name}  {bundle.digest[:12]}  {bundle.manifest.get('description', '')}")
    open_bundle(options.models)  # a default that is broken, or none, is a failure
    return OK


def _show(options: argparse.Namespace) -> int:
    bundle = verify(options.models, options.name)
    report = bundle.folder / "report.json"
    shown = {
        "name": bundle.name,
        "digest": bundle.digest,
        **bundle.manifest,
        "report": json.loads(report.read_text()) if report.is_file() else None,
    }
    print(json.dumps(shown, indent=2, ensure_ascii=False))
    return OK


def _verify(options: argparse.Namespace) -> int:
    bundle = verify(options.models, options.name)
    print(f"{bundle.name}: {len(bundle.manifest['files'])} files are what the manifest says")
    return OK


def _rollback(options: argparse.Namespace) -> int:
    former = _served_now(options.models)
    print(f"{former or 'none'} -> {roll_back(options.models)}")
    return OK


def _served_now(models: Path) -> str | None:
    with suppress(BundleError):
        return default_name(models)
    return None
