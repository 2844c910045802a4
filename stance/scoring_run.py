"""What decides the rows of a scored archive besides its input: the models and the settings.

Both make the key of a run. Nothing made with one key is taken for work done under another.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stance.domain import Issue
from stance.scored_tables import FORMAT


@dataclass(frozen=True, slots=True)
class Model:
    """What tells a model apart: its name, and a digest over all of it."""

    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class Settings:
    """How an archive is scored.

    Attributes:
        issues: what is asked of each statement, in this order.
        coverage: how often a prediction set is to hold the truth; None for no sets.
        keep_unrelated: whether `stances` has rows of issues that a statement is not about.
        device: what computes, with its precision: other numbers come of it.
        reading: what decides how records are read, by name (columns, limits); text.
        limit: the number of records after which reading stops; None for all.
    """

    issues: tuple[Issue, ...]
    coverage: float | None = None
    keep_unrelated: bool = False
    device: str = "cpu"
    reading: Mapping[str, str] = field(default_factory=dict)
    limit: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The settings; equal objects where the rows would be equal."""
        return {
            "issues": [{"id": issue.id, "proposition": issue.proposition} for issue in self.issues],
            "coverage": self.coverage,
            "keep_unrelated": self.keep_unrelated,
            "device": self.device,
            "reading": dict(sorted(self.reading.items())),
            "limit": self.limit,
        }


@dataclass(frozen=True, slots=True)
class Run:
    """The models and the settings of a run.

    Attributes:
        classifier: what scores the statements.
        extractor: what finds them.
        settings: how.
    """

    classifier: Model
    extractor: Model
    settings: Settings

    def to_json(self) -> dict[str, Any]:
        """What the manifest tells of it."""
        return {
            "classifier": {"name": self.classifier.name, "digest": self.classifier.digest},
            "extractor": {"name": self.extractor.name, "digest": self.extractor.digest},
            "settings": self.settings.to_json(),
        }

    @property
    def key(self) -> str:
        """Sixteen characters that tell it from all others.

        They begin with a letter, since readers take a folder named by digits for a number.
        """
        told = json.dumps({"format": FORMAT, **self.to_json()}, sort_keys=True)
        return "r" + hashlib.sha256(told.encode()).hexdigest()[:15]

    def metadata(self) -> dict[str, str]:
        """What each file tells of it, as text."""
        parts = {name: json.dumps(value, sort_keys=True) for name, value in self.to_json().items()}
        return {"run": self.key, **parts}

    def part_name(self, shard: str) -> str:
        """The name of the part that it makes of the shard of an identity."""
        return _digest(f"{self.key}\n{shard}")[:32]


def shard_key(shard: str) -> str:
    """Sixteen characters for the identity of a shard: the beginning of its articles' keys."""
    return _digest(shard)[:16]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
