"""Which texts a model has learned from, as hashes: so that it is never measured on them.

A bundle keeps one short hash for each statement that it was trained, tuned or calibrated on, its
parents' included. The texts themselves cannot be read back from them. Knows nothing of labels.
"""

import base64
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from stance.errors import FileError
from training.duplicates import words_of

FILE = "seen.json"
_BYTES = 6  # two of a million texts share a hash with a probability of 0.2 %


@dataclass(frozen=True, slots=True)
class Seen:
    """A set of texts, compared by their words: case and punctuation do not count."""

    hashes: frozenset[bytes]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Self:
        """The set of these texts."""
        return cls(frozenset(map(_hash, texts)))

    def __contains__(self, text: str) -> bool:
        return _hash(text) in self.hashes

    def __len__(self) -> int:
        return len(self.hashes)

    def __or__(self, other: "Seen") -> "Seen":
        return Seen(self.hashes | other.hashes)

    def write(self, folder: Path) -> None:
        """Write `seen.json` into a staged bundle."""
        joined = b"".join(sorted(self.hashes))
        text = json.dumps(
            {"n": len(self), "bytes": _BYTES, "hashes": base64.b64encode(joined).decode()}
        )
        (folder / FILE).write_text(text + "\n")


def read_seen(folder: Path) -> Seen:
    """The texts that a bundle has seen; none where it does not say.

    Raises:
        FileError: the file is not what `Seen.write` writes.
    """
    path = folder / FILE
    if not path.is_file():
        return Seen(frozenset())
    try:
        joined = base64.b64decode(json.loads(path.read_text())["hashes"], validate=True)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FileError(path, [f"cannot be read as a list of hashes: {error}"]) from error
    return Seen(frozenset(joined[n : n + _BYTES] for n in range(0, len(joined), _BYTES)))


def _hash(text: str) -> bytes:
    return hashlib.sha256(words_of(text).encode()).digest()[:_BYTES]
