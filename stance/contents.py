"""Pieces of content, each some attribution's, brought in line with paragraphs and quotation marks.

Knows marks and spans, and nothing of taggers and transcripts.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from stance.domain import Span
from stance.quotation import Quotations

# A tagged span takes a quotation of which it covers so much.
_MOST = 0.5
# So many words of a cue behind a quotation that ends in a stop or comma are no content.
_LEAKED_WORDS = 2
_ENDS_SPEECH = (".", ",", "?", "!", "…")

_WORD = re.compile(r"\w+")


@dataclass(slots=True, eq=False)
class Draft:
    """An attribution whose content is being put together.

    Attributes:
        cue, mention: as in an attribution.
        is_sure: whether form alone tells of it.
        same_as: the sure one that it is a part of.
    """

    cue: Span | None = None
    mention: Span | None = None
    is_sure: bool = False
    same_as: "Draft | None" = None

    @property
    def is_told(self) -> bool:
        """Whether more than quotation marks tells of it."""
        return self.is_sure or self.cue is not None


class Piece(NamedTuple):
    """A piece of content of one attribution."""

    start: int
    end: int
    draft: Draft


def cut_at(pieces: Iterable[Piece], paragraphs: Sequence[Span], text: str) -> Iterator[Piece]:
    """The pieces cut where paragraphs end, without those that hold no word.

    No statement goes over a paragraph's end in one piece. The part in the paragraph of the cue is
    the attribution's, or else the first, and what a colon leads to; the rest is nobody's.
    """
    starts = [start for start, _ in paragraphs]
    for piece in pieces:
        first = max(0, bisect_right(starts, piece.start) - 1)
        parts = [
            Piece(max(start, piece.start), min(end, piece.end), piece.draft)
            for start, end in paragraphs[first : bisect_left(starts, piece.end)]
        ]
        parts = [part for part in parts if _WORD.search(text, part.start, part.end)]
        yield from _owned(parts, starts, text) if len(parts) > 1 else parts


def _owned(parts: Sequence[Piece], starts: Sequence[int], text: str) -> Iterator[Piece]:
    def paragraph(at: int) -> int:
        return bisect_right(starts, at)

    draft = parts[0].draft
    home = paragraph(draft.cue[0]) if draft.cue else -1
    own = next((n for n, part in enumerate(parts) if paragraph(part.start) == home), 0)
    is_led = text[parts[own].end - 1] == ":"
    for n, part in enumerate(parts):
        yield part if n == own or (is_led and n > own) else part._replace(draft=Draft())


def over(pieces: Sequence[Piece], span: Span) -> slice:
    """Where the pieces that share a character with a span stand among pieces in order."""
    first = bisect_right(pieces, span[0], key=lambda piece: piece.end)
    return slice(first, bisect_left(pieces, span[1], lo=first, key=lambda piece: piece.start))


def snap(pieces: Sequence[Piece], quotations: Quotations) -> list[Piece]:
    """The pieces with their edges at quotation marks.

    What covers most of a quotation takes it whole, with its marks; a quotation has one
    attribution, the one that covers more of it. A quotation is left as it is where it holds the
    cue of the attribution: its marks are paired wrongly.

    Args:
        pieces: in order, none over another.
        quotations: of the text.
    """
    left = list(pieces)
    for quotation in quotations.outer:
        if quotation.closed:
            for marks in quotation.pieces:
                there = over(left, marks)
                left[there] = _snapped(left[there], marks, quotations.text)
    return left


def _snapped(pieces: Sequence[Piece], marks: Span, text: str) -> Sequence[Piece]:
    start, end = marks
    spread = {draft: _spread(pieces, draft) for draft in {piece.draft: None for piece in pieces}}
    shares = {
        draft: _letters(text, max(start, first), min(end, last))
        for draft, (first, last) in spread.items()
    }
    if not shares or sum(shares.values()) < _MOST * _letters(text, start, end):
        return pieces
    owner = max(shares, key=shares.__getitem__)
    if owner.cue and owner.cue[0] < end and start < owner.cue[1]:
        return pieces
    first, last = spread[owner]
    whole = Piece(min(start, first), max(end, last), owner)
    if whole.start == start and _is_leak(text, end, whole.end):
        whole = Piece(start, end, owner)
    others = [piece for piece in pieces if piece.draft is not owner]
    before = [Piece(one.start, start, one.draft) for one in others if one.start < whole.start]
    behind = [Piece(end, one.end, one.draft) for one in others if one.end > whole.end]
    return [one for one in (*before, whole, *behind) if _WORD.search(text, one.start, one.end)]


def _is_leak(text: str, start: int, end: int) -> bool:
    """Whether what stands behind a closing mark is no more of the content: "it," he."""
    ends = text[start - 2 : start - 1] in _ENDS_SPEECH
    return len(_WORD.findall(text, start, end)) <= (_LEAKED_WORDS if ends else 0)


def _spread(pieces: Sequence[Piece], draft: Draft) -> Span:
    """From the first to the last of those of one attribution."""
    own = [piece for piece in pieces if piece.draft is draft]
    return own[0].start, own[-1].end


def _letters(text: str, start: int, end: int) -> int:
    """How many characters are in words."""
    return sum(map(len, _WORD.findall(text, start, end)))
