"""`stance models`: list, show, verify and roll back bundles. Knows nothing of training."""

import argparse
import json

from stance.arguments import OK, add_models
from stance.bundle import is_served, open_bundle, open_each, verify
from stance.errors import BundleError
from stance.manifest import ModelKind
from stance.promotion import roll_back, served_now


def add_bundles(parser: argparse.ArgumentParser) -> None:
    """The commands of `stance models`."""
    from training.commands import add_promote

    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, run, what_it_does in (
        ("list", _list, "the bundles, and which are served"),
        ("show", _show, "a bundle's manifest and measured quality"),
        ("verify", _verify, "check every file of a bundle"),
        ("rollback", _rollback, "serve again what was served before"),
    ):
        command = commands.add_parser(name, help=what_it_does)
        add_models(command)
        if name in ("show", "verify"):
            command.add_argument("name", nargs="?", help="default: the one that is served")
        if name != "list":
            command.add_argument(
                "--kind", type=ModelKind, choices=list(ModelKind), default=ModelKind.STANCE,
                help="of the one that is served (default: stance)",
            )  # fmt: skip
        command.set_defaults(run=run)
    add_promote(commands.add_parser("promote", help="serve a bundle, if it is no worse"))


def _list(options: argparse.Namespace) -> int:
    served = {served_now(options.models, kind) for kind in ModelKind}
    for name, bundle in open_each(options.models):
        mark = "*" if name in served else " "
        if isinstance(bundle, BundleError):
            print(f"{mark} {name}  broken: {bundle}")
        else:
            description = bundle.manifest.get("description", "")
            print(f"{mark} {name}  {bundle.kind}  {bundle.digest[:12]}  {description}")
    # One that is served and broken, or no default, is a failure.
    for kind in ModelKind:
        if kind is ModelKind.STANCE or is_served(options.models, kind):
            open_bundle(options.models, kind=kind).expect(kind)
    return OK


def _show(options: argparse.Namespace) -> int:
    bundle = verify(options.models, options.name, options.kind)
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
    bundle = verify(options.models, options.name, options.kind)
    print(f"{bundle.name}: {len(bundle.manifest['files'])} files are what the manifest says")
    return OK


def _rollback(options: argparse.Namespace) -> int:
    former = served_now(options.models, options.kind)
    print(f"{options.kind}: {former or 'none'} -> {roll_back(options.models, options.kind)}")
    return OK
