"""Where the fields of an article are in a row, and how that is guessed from the names there."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from stance.archive.fragments import fragment_text
from stance.archive.values import as_text, iso_date
from stance.domain import Article, Statement
from stance.errors import InputError

# The better first; case and anything but letters and digits do not count. A dot leads inside.
_KNOWN = {
    "text": (
        "text", "body", "bodytext", "articletext", "articlebody", "fulltext", "maintext",
        "plaintext", "cleantext", "rawtext", "article", "content", "statement", "bodyhtml",
    ),
    "id": ("id", "articleid", "docid", "documentid", "uid", "uuid", "guid", "uri", "url", "link"),
    "title": ("title", "headline", "head", "headlinemain"),
    "outlet": (
        "outlet", "publisher", "publishername", "source", "sourcename", "sourcedomain",
        "publication", "newspaper", "sitename", "site", "domain", "hostname", "provider",
        "providername",
    ),
    "date": (
        "date", "datepublished", "datepublish", "publishdate", "publisheddate", "publicationdate",
        "publishedat", "published", "pubdate", "datetime", "timestamp", "versioncreated", "created",
        "createdat", "firstpublished", "filedate",
    ),
    "speaker": ("speaker", "speakername", "who", "person"),
}  # fmt: skip
_NAMES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Columns:
    """The name of the column, or of the key, of each field; None: guessed, or not there.

    A name with a dot leads inside: `source.name` is the `name` of `source`.
    """

    text: str | None = None
    id: str | None = None
    title: str | None = None
    outlet: str | None = None
    date: str | None = None
    speaker: str | None = None

    def guessed(self, names: Iterable[str]) -> "Columns":
        """The same, and the fields that are None by the best known name among those given."""
        by_plain: dict[str, str] = {}
        for name in names:
            by_plain.setdefault(_plain(name), name)
        taken = {getattr(self, field) for field in _KNOWN}
        found: dict[str, str] = {}
        for field, known in _KNOWN.items():
            if getattr(self, field) is None:
                named = (by_plain[one] for one in known if one in by_plain)
                best = next((name for name in named if name not in taken), None)
                if best is not None:
                    found[field] = best
                    taken.add(best)
        return replace(self, **found)

    def told(self) -> str:
        """In one line: `text=body, date=published_at`."""
        named = ((field.name, getattr(self, field.name)) for field in fields(self))
        return ", ".join(f"{field}={name}" for field, name in named if name) or "no column known"

    def named(self) -> list[str]:
        """All names, each once."""
        named = (getattr(self, field.name) for field in fields(self))
        return list(dict.fromkeys(name for name in named if name))

    def no_text(self, names: Sequence[str]) -> str:
        """What is wrong with a row, or a file, of these names that has no text."""
        more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
        shown = ", ".join(names[:_NAMES_SHOWN]) or "nothing"
        sought = f"no {self.text}" if self.text else "no name that is known for a text"
        return f"is missing: there is {sought}, but {shown}{more}; name the column of the text"

    def article(self, row: Mapping[str, Any]) -> Article | None:
        """The article of a row; None where its text is blank.

        Raises:
            InputError: the text is missing, or is no text that can be read.
        """
        text = self._text(row)
        if text is None:
            return None
        return Article(
            text,
            id=as_text(self._value(row, self.id)),
            title=as_text(self._value(row, self.title)),
            outlet=as_text(self._value(row, self.outlet)),
            date=iso_date(self._value(row, self.date)),
        )

    def statement(self, row: Mapping[str, Any]) -> Statement | None:
        """The statement of a row; None where its text is blank.

        Raises:
            InputError: as above.
        """
        text = self._text(row)
        if text is None:
            return None
        speaker = as_text(self._value(row, self.speaker))
        return Statement(text, as_text(self._value(row, self.id)), speaker)

    def _text(self, row: Mapping[str, Any]) -> str | None:
        if self.text is None or (text := self._value(row, self.text)) is None:
            raise InputError("text", self.no_text(list(map(str, row))))
        if not isinstance(text, str):
            raise InputError("text", f"must be text, not {type(text).__name__}")
        if _plain(self.text).endswith("html"):
            text = fragment_text(text)
        return text if text.strip() else None

    @staticmethod
    def _value(row: Mapping[str, Any], name: str | None) -> Any:
        if name is None or name in row:
            return row.get(name) if name else None
        outer, _, inner = name.partition(".")
        inside = row.get(outer)
        return inside.get(inner) if inner and isinstance(inside, Mapping) else None


def names_in(row: Mapping[str, Any]) -> list[str]:
    """The keys of a row that have a value, and those one level inside, with a dot."""
    names = []
    for key, value in row.items():
        if isinstance(value, Mapping):
            names += [f"{key}.{inner}" for inner, deep in value.items() if _is_value(deep)]
        elif _is_value(value):
            names.append(key)
    return names


def _is_value(value: Any) -> bool:
    return value is not None and not isinstance(value, Mapping)


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()
