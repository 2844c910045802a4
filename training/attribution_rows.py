"""One raw row -> an article with what people marked in it, checked. Knows nothing of files.

Spans are [start, end] in characters of the text. Every attribution's fault is found, not only the
first one's.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from stance.domain import Article, Span, SpeechKind, check_text
from stance.errors import InputError
from training.gold import Gold, GoldArticle, kind_of
from training.label_values import nearest, type_name

FIELDS = ("id", "text", "title", "outlet", "date", "attributions", "alt_annotations")
ATTRIBUTION_FIELDS = ("id", "source", "cue", "content", "speaker", "role", "kind")

_NEAR = 20  # characters between pieces of one source or cue that are read as one

Quoted = Callable[[str], Sequence[Span]]  # a text -> where it stands in quotation marks


def own_article(row: Mapping[str, Any], quoted: Quoted | None) -> GoldArticle:
    """Read a row of our own form, strictly: whoever wrote it can mend it.

    Raises:
        ValueError: with the faults.
        InputError: the article cannot be read.
    """
    _check_fields(row, FIELDS)
    article = _article(row, outlet="outlet")
    marks = quoted(article.text) if quoted else None

    def read(entry: Mapping[str, Any]) -> Gold:
        _check_fields(entry, ATTRIBUTION_FIELDS)
        parts = _parts(entry, article.text)
        if not parts.content:
            raise ValueError("has no content; mark what was said")
        if "speaker" not in entry:
            raise ValueError("speaker is missing; give null where a careful reader cannot tell")
        speaker, role = _named(entry, "speaker"), _named(entry, "role")
        if speaker is not None and speaker.casefold() not in article.text.casefold():
            raise ValueError(f"speaker {speaker[:40]!r} is not in the text; write it as it stands")
        return Gold(*parts, speaker, role, _kind(entry, parts.content, article.text, marks))

    first, others = _versions(row, read)
    return GoldArticle(article, _in_order(first), tuple(map(_in_order, others)))


def polnear_article(row: Mapping[str, Any], quoted: Quoted | None) -> GoldArticle:
    """Read a row of PolNeAR: no speakers, and kinds only where `quoted` tells them.

    An attribution without content is left out, and of two whose contents are over each other the
    shorter one; neither can be learned by a tagger of flat content.

    Raises:
        ValueError: with the faults.
        InputError: the article cannot be read.
    """
    article = _article(row, outlet="publisher")
    marks = quoted(article.text) if quoted else None

    def read(entry: Mapping[str, Any]) -> Gold | None:
        parts = _parts(entry, article.text)
        if not parts.content:
            return None
        kind = None if marks is None else kind_of(article.text, parts.content, marks)
        return Gold(*parts, kind=kind)

    first, others = _versions(row, read)
    return GoldArticle(article, _flat(first), tuple(map(_flat, others)), names_speakers=False)


def _versions(
    row: Mapping[str, Any], read: Callable[[Mapping[str, Any]], Gold | None]
) -> tuple[list[Gold], list[list[Gold]]]:
    """What the first annotator marked, and what each other one did.

    Raises:
        ValueError: with the faults of all attributions.
    """
    faults: list[str] = []

    def version(name: str, entries: object) -> list[Gold]:
        found = []
        if not isinstance(entries, list):
            faults.append(f"{name} must be a list of objects, not {type_name(entries)}")
            return []
        for n, entry in enumerate(entries):
            try:
                if not isinstance(entry, dict):
                    raise ValueError(f"must be an object, not {type_name(entry)}")
                if gold := read(entry):
                    found.append(gold)
            except (InputError, ValueError) as error:
                faults.append(f"{name}.{n}: {error}")
        return found

    others = row.get("alt_annotations") or {}
    if not isinstance(others, dict):
        raise ValueError(f"alt_annotations must be an object, not {type_name(others)}")
    first = version("attributions", row.get("attributions"))
    rest = [version(f"alt_annotations.{name}", entries) for name, entries in others.items()]
    if faults:
        raise ValueError("; ".join(faults))
    return first, rest


def _article(row: Mapping[str, Any], outlet: str) -> Article:
    if missing := [field for field in ("id", "text", "attributions") if row.get(field) is None]:
        raise ValueError(f"{missing[0]} is missing")
    title, published_by, date = (row.get(field) or None for field in ("title", outlet, "date"))
    return Article(row["text"], row["id"], title, published_by, date)


class _Parts(NamedTuple):
    content: tuple[Span, ...]
    cue: Span | None
    source: Span | None


def _parts(entry: Mapping[str, Any], text: str) -> _Parts:
    content, cues, sources = (
        _tidy(_spans(field, entry.get(field), text), text) for field in ("content", "cue", "source")
    )
    cue = _hull(cues, text) or max(cues, key=_length, default=None)
    source = _hull(sources, text)
    if sources and not source:
        source = min(sources, key=lambda span: (_apart(span, cue or span), -_length(span)))
    return _Parts(tuple(content), cue, source)


def _spans(field: str, value: object, text: str) -> list[Span]:
    if not isinstance(value, list):
        raise ValueError(f"{field} must be a list of [start, end], not {type_name(value)}")
    spans: list[Span] = []
    for pair in value:
        if not (isinstance(pair, list) and [type(edge) for edge in pair] == [int, int]):
            raise ValueError(f"{field} holds {str(pair)[:40]}, which is not [start, end]")
        start, end = pair
        if not 0 <= start < end <= len(text):
            raise ValueError(
                f"{field} {pair} is empty or outside the text of {len(text)} characters"
            )
        spans.append((start, end))
    return spans


def _tidy(spans: Iterable[Span], text: str) -> list[Span]:
    """The spans in order, without space at their edges, joined where only space is between."""
    tidy: list[Span] = []
    for first, last in sorted(spans):
        words = text[first:last].strip()
        if not words:
            continue
        start = first + len(text[first:last]) - len(text[first:last].lstrip())
        end = start + len(words)
        before = tidy[-1] if tidy else None
        if before and not (gap := text[before[1] : start]).strip() and "\n" not in gap:
            tidy[-1] = (before[0], max(before[1], end))
        else:
            tidy.append((start, end))
    return tidy


def _hull(spans: Sequence[Span], text: str) -> Span | None:
    """From the first to the last of spans that stand near each other in one line."""
    gaps = [text[before[1] : after[0]] for before, after in pairwise(spans)]
    if not spans or any(len(gap) > _NEAR or "\n" in gap for gap in gaps):
        return None
    return spans[0][0], spans[-1][1]


def _length(span: Span) -> int:
    return span[1] - span[0]


def _apart(one: Span, other: Span) -> int:
    return max(one[0] - other[1], other[0] - one[1], 0)


def _in_order(golds: Iterable[Gold]) -> tuple[Gold, ...]:
    return tuple(sorted(golds, key=lambda gold: gold.content))


def _flat(golds: Iterable[Gold]) -> tuple[Gold, ...]:
    """In the order of the text; of two whose contents are over each other, the longer one."""
    kept: list[Gold] = []
    for gold in sorted(golds, key=lambda gold: -sum(map(_length, gold.content))):
        if not any(_over(gold, other) for other in kept):
            kept.append(gold)
    return _in_order(kept)


def _over(one: Gold, other: Gold) -> bool:
    return any(a < d and c < b for a, b in one.content for c, d in other.content)


def _kind(
    entry: Mapping[str, Any], content: Sequence[Span], text: str, marks: Sequence[Span] | None
) -> SpeechKind | None:
    kind = entry.get("kind")
    if kind is None:
        return None if marks is None else kind_of(text, content, marks)
    known = [one.value for one in SpeechKind]
    if kind not in known:
        near = nearest(str(kind), known)
        raise ValueError(f"kind {str(kind)[:40]!r} is not one of {', '.join(known)}{near}")
    return SpeechKind(kind)


def _named(entry: Mapping[str, Any], field: str) -> str | None:
    if (value := entry.get(field)) is None:
        return None
    check_text(field, value)
    return str(value)


def _check_fields(row: Mapping[str, Any], known: Sequence[str]) -> None:
    if unknown := [name for name in row if name not in known]:
        raise ValueError(
            f"unknown field {unknown[0]!r}{nearest(unknown[0], known)}; known: {', '.join(known)}"
        )
