"""Every error that a user can cause, in one tree. Knows nothing of how it is shown.

StanceError
├── InputError         a statement, target or proposition that cannot be read
├── UnknownIssueError  an issue id that the catalogue does not have
├── FileError          a file that cannot be read as what it should be; may list many faults
├── LabelsError        labelled rows that cannot be learned from; may list many faults
├── BundleError        a model folder that is missing, broken or not to be trusted
└── MissingExtraError  a part of Stance that was not installed
"""

import difflib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

MOST_FAULTS_SHOWN = 20


class StanceError(Exception):
    """Something that the user can put right; the message says what and how."""


class InputError(StanceError):
    """A field of a statement or question that cannot be read.

    The message never holds the text itself, so that it can be logged and sent back.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class UnknownIssueError(StanceError):
    """An issue id that is not in the catalogue; the message lists the nearest known ones."""

    def __init__(self, issue_id: str, known: Sequence[str]) -> None:
        near = difflib.get_close_matches(issue_id, known, n=3, cutoff=0.4) or list(known)
        shown = ascii(issue_id if len(issue_id) <= 60 else issue_id[:60] + "...")
        super().__init__(f"unknown issue {shown}; nearest known: {', '.join(near)}")
        self.issue_id = issue_id
        self.nearest = tuple(near)


class FileError(StanceError):
    """A file with faults, all collected; the first twenty are shown and the rest counted."""

    def __init__(self, path: object, faults: Sequence[str]) -> None:
        shown = [f"{path}: {fault}" for fault in faults[:MOST_FAULTS_SHOWN]]
        if len(faults) > MOST_FAULTS_SHOWN:
            shown.append(f"{path}: and {len(faults) - MOST_FAULTS_SHOWN} more faults")
        super().__init__("\n".join(shown))
        self.faults = tuple(faults)


class LabelsError(StanceError):
    """Labelled rows that cannot be learned from; each fault names its place, shown as above."""

    def __init__(self, faults: Sequence[str]) -> None:
        shown = list(faults[:MOST_FAULTS_SHOWN])
        if len(faults) > MOST_FAULTS_SHOWN:
            shown.append(f"and {len(faults) - MOST_FAULTS_SHOWN} more faults")
        super().__init__("\n".join(shown))
        self.faults = tuple(faults)


class BundleError(StanceError):
    """A model folder that cannot be served."""


class MissingExtraError(StanceError):
    """An optional part that is not installed; the message prints the command that installs it."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs an extra: pip install 'stance[{extra}]'")


@contextmanager
def extra_needed(what: str, extra: str) -> Iterator[None]:
    """Around an import: says which extra brings what is not installed.

    Args:
        what: is done with it.
        extra: its name.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        yield
    except ImportError as error:
        raise MissingExtraError(what, extra) from error
