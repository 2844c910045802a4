"""What became of the records of an archive, in numbers that add up."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of records, and of the rows made of them. See docs/archive-format.md.

    Attributes:
        read: records; each is one of the next four.
        scored: articles whose statements were found and scored.
        duplicate: articles with the text of another one.
        failed: records that could not be read, or whose statements could not be found.
        skipped: what is no article, or has no word.
        statements: rows of that table.
        stances: rows of that table.
        errors: rows of that table; a statement that cannot be scored is one, and no failed record;
            a file that breaks off is one, and may be many.

    Raises:
        ValueError: they do not add up.
    """

    read: int = 0
    scored: int = 0
    duplicate: int = 0
    failed: int = 0
    skipped: int = 0
    statements: int = 0
    stances: int = 0
    errors: int = 0

    def __post_init__(self) -> None:
        if self.read != self.scored + self.duplicate + self.failed + self.skipped:
            raise ValueError(f"counts do not add up: {asdict(self)}")
        if self.failed and not self.errors:
            raise ValueError(f"records failed without an error that tells why: {asdict(self)}")

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def __str__(self) -> str:
        return (
            f"read {self.read:,} = scored {self.scored:,} + duplicate {self.duplicate:,}"
            f" + failed {self.failed:,} + skipped {self.skipped:,}"
        )

    def to_json(self) -> dict[str, int]:
        """An object of all the numbers."""
        return asdict(self)

    @classmethod
    def from_json(cls, counts: Mapping[str, Any]) -> Self:
        """The counts of such an object.

        Raises:
            ValueError: they do not add up.
            TypeError: it holds something else.
        """
        return cls(**counts)
