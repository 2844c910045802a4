"""News items of IPTC's ninjs, versions 1 to 3 -> articles."""

from collections.abc import Iterator, Mapping
from typing import Any

from stance.archive.fragments import fragment_text
from stance.archive.values import as_text, iso_date
from stance.domain import Article
from stance.errors import InputError

_TELLING = {"bodies", "body_text", "body_xhtml", "body_html", "headlines"}
_DATES = (
    "firstcreated", "firstCreated", "contentcreated", "contentCreated", "versioncreated",
    "versionCreated",
)  # fmt: skip
_OUTLETS = ("provider", "infosources", "infoSources", "copyrightholder", "copyrightHolder")
_MAIN = ("main", None)


def is_ninjs(row: Mapping[str, Any]) -> bool:
    """Whether an object is a news item of ninjs."""
    return "uri" in row and not _TELLING.isdisjoint(row)


def ninjs_article(row: Mapping[str, Any]) -> Article | None:
    """The article of a news item; None where it has no text, as a picture has none.

    The body is the plain one where there is one, else the first of the others, without its markup.

    Raises:
        InputError: the text cannot be read, or the object is no news item.
    """
    if "uri" not in row:
        raise InputError("uri", "is missing; every ninjs item has one")
    plain, marked = list(_bodies(row, markup=False)), list(_bodies(row, markup=True))
    text = plain[0] if plain else fragment_text(marked[0]) if marked else ""
    if not text.strip():
        return None
    headlines = [row.get("headline"), *(h.get("value") for h in _main_first(row, "headlines"))]
    return Article(
        text,
        id=as_text(row["uri"]),
        title=next(filter(None, map(as_text, headlines)), None),
        outlet=next(filter(None, (_name(row.get(key)) for key in _OUTLETS)), None),
        date=next(filter(None, (iso_date(row.get(key)) for key in _DATES)), None),
    )


def _bodies(row: Mapping[str, Any], markup: bool) -> Iterator[str]:
    for key in ("body_xhtml", "body_html") if markup else ("body_text",):
        if isinstance(body := row.get(key), str) and body.strip():
            yield body
    for body in _main_first(row, "bodies"):
        value = body.get("value")
        kind = f"{body.get('contenttype') or body.get('contentType')} {body.get('role')}".lower()
        if isinstance(value, str) and value.strip() and ("html" in kind) is markup:
            yield value


def _main_first(row: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    listed = row.get(key)
    found = [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
    return sorted(found, key=lambda one: one.get("role") not in _MAIN)


def _name(value: Any) -> str | None:
    """The name of a provider, whichever form the version gives it."""
    if isinstance(value, list):
        return next(filter(None, map(_name, value)), None)
    return as_text(value.get("name")) if isinstance(value, Mapping) else as_text(value)
