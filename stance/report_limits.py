"""How much of a scored archive a report shows. Knows nothing of how it is counted."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a page shows; what is left out is counted.

    Attributes:
        issues: of the most statements.
        speakers: of the most statements on the issues asked.
        speakers_over_time: of the same, on each issue.
        outlets: of the most statements.
        quotes: the most telling statements, of each issue and side.
        reasons: kinds of error.
    """

    issues: int = 24
    speakers: int = 40
    speakers_over_time: int = 5
    outlets: int = 30
    quotes: int = 4
    reasons: int = 20
