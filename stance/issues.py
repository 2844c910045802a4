"""Read and check an issue catalogue; issues.toml beside this file is the default one."""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from stance.domain import Issue
from stance.errors import FileError, InputError, UnknownIssueError

_FIELDS = ("id", "name", "proposition")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The issues that can be asked by id, in the order of their file."""

    issues: tuple[Issue, ...]

    def __iter__(self) -> Iterator[Issue]:
        return iter(self.issues)

    def __len__(self) -> int:
        return len(self.issues)

    def __getitem__(self, issue_id: str) -> Issue:
        """The issue of an id.

        Raises:
            UnknownIssueError: there is none; the message lists the nearest known ids.
        """
        for issue in self.issues:
            if issue.id == issue_id:
                return issue
        raise UnknownIssueError(issue_id, [issue.id or "" for issue in self.issues])

    def ask(self, issue_ids: Sequence[str], propositions: Sequence[str]) -> list[Issue]:
        """The issues of a request: those named and those written out; the whole catalogue if none.

        Raises:
            UnknownIssueError: an id that the catalogue does not have.
            InputError: a proposition that cannot be read.
        """
        if not issue_ids and not propositions:
            return list(self.issues)
        named = [self[issue_id] for issue_id in issue_ids]
        return named + [Issue.ad_hoc(proposition) for proposition in propositions]


def read_catalogue(path: Path | None = None) -> Catalogue:
    """Read a catalogue in TOML: `[[issue]]` tables with `id`, `name` and `proposition`.

    Args:
        path: the file; the default catalogue where None.

    Raises:
        FileError: the file cannot be read, or has faults; all are listed at once.
    """
    source: Path | Traversable = path or resources.files("stance") / "issues.toml"
    try:
        tables = tomllib.loads(source.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:  # TOMLDecodeError is a ValueError
        raise FileError(source, [f"cannot be read as TOML: {error}"]) from error
    faults = [f"unknown key {key!r}; only [[issue]] tables" for key in tables if key != "issue"]
    entries = tables.get("issue")
    if not isinstance(entries, list) or not entries:
        raise FileError(source, [*faults, "has no [[issue]] table; write at least one"])
    issues: list[Issue] = []
    for n, entry in enumerate(entries, 1):
        where = f"issue {n}"
        if not isinstance(entry, dict):
            faults.append(f"{where}: must be a table [[issue]]")
            continue
        unknown, missing = set(entry) - set(_FIELDS), set(_FIELDS) - set(entry)
        faults += [f"{where}: unknown key {key!r}" for key in sorted(unknown)]
        faults += [f"{where}: {field} is missing" for field in _FIELDS if field in missing]
        if missing:
            continue
        try:
            issue = Issue(**{field: entry[field] for field in _FIELDS})
        except InputError as error:
            faults.append(f"{where}: {error}")
            continue
        for earlier in issues:
            if issue.id == earlier.id:
                faults.append(f"{where}: id {issue.id!r} is used twice")
            if issue.proposition == earlier.proposition:
                faults.append(f"{where}: same proposition as issue {earlier.id!r}")
        issues.append(issue)
    if faults:
        raise FileError(source, faults)
    return Catalogue(tuple(issues))
