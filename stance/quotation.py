"""Quotation marks of a text, paired. Knows marks and paragraphs, and nothing of who speaks.

Marks are read from left to right within a paragraph, on a stack. A mark opens or closes by what
stands beside it; where that does not tell, by its shape; where neither tells, by whether a
quotation is open. Straight and curly double marks close each other, since texts mix them. A
quotation goes on in the next paragraph only where that begins with an opening mark again, so a
missing mark costs a paragraph at most. Time is linear in the text.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from stance.article_text import WORD_JOINER, find_paragraphs
from stance.domain import Span, SpeechKind
from stance.marks import Family, Mark, Side, Surer, find_marks, is_unseen, surer_follows
from stance.said import CUE

MOST_SCARE_WORDS = 5
_LONGEST_SCARE = 100  # characters
_NO_TERM_ENDS = frozenset("?!…—")

# Where a quotation ends whose closing mark is missing: "We go, he said."
_CUE_WITHIN = re.compile(rf"[,?!—–]\s(?:{CUE})")
_CUE_AFTER = re.compile(rf"[,\s]{{0,3}}(?:{CUE})")
_FIRST_SENTENCE = re.compile(r"[.!?…](?=\s|$)")

_WORD = re.compile(r"\w+(?:['’-]+\w+)*")
_CLAUSE = re.compile(
    r"\b(?:i|we|you|he|she|they|it|us|him|them|is|are|was|were|be|been|am|has|have|had|do|does|did|"
    r"will|would|can|could|shall|should|may|might|must|not|never|cannot|let)\b|n't\b"
)
_BEGINS_NO_TERM = re.compile(
    r"(?:to|in|on|at|by|for|from|with|without|under|over|about|against|after|before|between|into|"
    r"of|as|like|because|if|when|while|that|whether|and|but|or|who|which|what|why|how|where|then|"
    r"so|yes|no)\b"
)


@dataclass(frozen=True, slots=True)
class Quotation:
    """What stands between a pair of marks.

    Attributes:
        pieces: one in each of its paragraphs, with its marks; in order.
        words: the same without the marks.
        depth: how many quotations it stands in.
        closed: whether its closing mark was found; where not, `pieces` end where it probably ends.
    """

    pieces: tuple[Span, ...]
    words: tuple[Span, ...]
    depth: int
    closed: bool

    @property
    def start(self) -> int:
        """Its first character."""
        return self.pieces[0][0]

    @property
    def end(self) -> int:
        """Where it ends, exclusive."""
        return self.pieces[-1][1]


@dataclass(frozen=True, slots=True)
class Quotations:
    """All quotations of a text.

    Attributes:
        text: what was read.
        all: every quotation, nested ones too, by where they begin.
        quoted: what stands inside any of them, marks too; in order, and not over each other.
    """

    text: str
    all: tuple[Quotation, ...]
    quoted: tuple[Span, ...]

    @property
    def outer(self) -> tuple[Quotation, ...]:
        """Those that stand in no other."""
        return tuple(quotation for quotation in self.all if not quotation.depth)

    def inside(self, span: Span) -> float:
        """The share of a span that is quoted, in [0, 1]; white space counts for nothing."""
        size = _ink(self.text, *span)
        return sum(_ink(self.text, *part) for part in self._quoted_in(span)) / size if size else 0.0

    def kind(self, spans: Iterable[Span]) -> SpeechKind:
        """How the words of some spans are rendered: all, a part or none of them quoted."""
        words = quoted = 0
        for span in spans:
            words += _letters(self.text, *span)
            quoted += sum(_letters(self.text, *part) for part in self._quoted_in(span))
        if not quoted:
            return SpeechKind.INDIRECT
        return SpeechKind.DIRECT if quoted == words else SpeechKind.MIXED

    def is_scare(self, quotation: Quotation) -> bool:
        """Whether it looks like a name or a term in quotation marks, and like nobody's sentence.

        It is judged by its length and shape alone: at most five words that are no clause, not led
        in by a colon or comma and not followed by "he said". "A disgrace" in "called it 'a
        disgrace'" has that shape too: where a cue governs it, it was said.
        """
        if len(quotation.pieces) > 1 or not quotation.closed:
            return False
        start, end = quotation.words[0]
        quoted = self.text[start : min(end, start + _LONGEST_SCARE)].strip()
        if start + _LONGEST_SCARE < end or quoted[-1:] in _NO_TERM_ENDS:
            return False
        shown = quoted.lower().replace("’", "'").replace(WORD_JOINER, "")
        before = self.text[max(0, quotation.start - 3) : quotation.start].rstrip(" ")
        begins = not before or before[-1] in ".?!\n"
        return (
            0 < len(_WORD.findall(shown)) <= MOST_SCARE_WORDS
            and not _BEGINS_NO_TERM.match(shown)
            and not _CLAUSE.search(shown)
            and not before.endswith((":", ","))
            and not (begins and quoted[-1] in ".,")
            and not _CUE_AFTER.match(self.text, quotation.end)
        )

    def _quoted_in(self, span: Span) -> Iterator[Span]:
        start, end = span
        first = max(0, bisect_right(self.quoted, (start, len(self.text))) - 1)
        for n in range(first, len(self.quoted)):
            if self.quoted[n][0] >= end:
                return
            shared = max(start, self.quoted[n][0]), min(end, self.quoted[n][1])
            if shared[0] < shared[1]:
                yield shared


def find_quotations(text: str) -> Quotations:
    """Find the quotations of a text of any language; `text` is best masked of HTML.

    An apostrophe, a possessive, feet and inches are no marks, and a mark that pairs with none
    quotes at most the rest of its paragraph.
    """
    reader = _Reader(text)
    for paragraph in find_paragraphs(text):
        reader.read(*paragraph)
    reader.finish()
    quotations = _nested(reader.found)
    pieces = (piece for quotation in quotations for piece in quotation.pieces)
    return Quotations(text, quotations, _union(pieces))


class _Piece(NamedTuple):
    """The part of a quotation in one paragraph; doubtful: none unless the quotation is closed."""

    span: Span
    words: Span
    doubtful: bool = False


@dataclass(slots=True)
class _Open:
    """A quotation that is being read.

    Attributes:
        start, words: where its piece in this paragraph begins, and its first word after the mark.
        next_mark: the first mark of its family that was met in this piece.
        pieces: those of earlier paragraphs.
    """

    family: Family
    start: int
    words: int
    next_mark: int | None = None
    pieces: list[_Piece] = field(default_factory=list)


class _Reader:
    """Pairs the marks of one paragraph after another."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.found: list[tuple[list[_Piece], bool]] = []
        self.stack: list[_Open] = []
        self.at: defaultdict[Family, list[int]] = defaultdict(
            list
        )  # where each family stands on the stack

    def read(self, start: int, end: int) -> None:
        marks = find_marks(self.text, start, end)
        if not marks and not self.stack:
            return
        reopened = self._reopen(marks, start)
        for n, surer in enumerate(surer_follows(marks)):
            if n >= reopened:
                self._meet(marks[n], surer)
        self._end_paragraph(end)

    def finish(self) -> None:
        for waiting in self.stack:
            self._give_up(waiting)

    def _reopen(self, marks: list[Mark], start: int) -> int:
        """Go on with what the last paragraph left open, where this one begins with its marks."""
        waiting, self.stack, self.at = self.stack, [], defaultdict(list)
        n, at = 0, start
        for old in waiting:
            mark = marks[n] if n < len(marks) else None
            if (
                mark is not None
                and mark.family is old.family
                and mark.side is not Side.CLOSE
                and is_unseen(self.text, at, mark.start)
            ):
                old.start, old.words, old.next_mark = mark.start, mark.end, None
                self._push(old)
                n, at = n + 1, mark.end
            else:
                self._give_up(old)
        return n

    def _meet(self, mark: Mark, surer: Surer) -> None:
        same = self.at[mark.family]
        if same and self.stack[same[-1]].next_mark is None:
            self.stack[same[-1]].next_mark = mark.start
        closable = bool(same) and (
            mark.family is not Family.SINGLE or same[-1] == len(self.stack) - 1
        )
        nested = mark.family is Family.SINGLE and bool(self.at[Family.DOUBLE])
        waits = mark.weak and (surer.in_double if nested else surer.anywhere)
        if mark.side is not Side.OPEN and closable and not waits:
            self._close(mark)
        elif mark.side is Side.OPEN or (mark.side is Side.EITHER and not closable):
            self._push(_Open(mark.family, mark.start, mark.end))

    def _push(self, opened: _Open) -> None:
        self.at[opened.family].append(len(self.stack))
        self.stack.append(opened)

    def _close(self, mark: Mark) -> None:
        closed = self._pop()
        while closed.family is not mark.family:
            closed = self._pop()
        piece = _Piece((closed.start, mark.end), (closed.words, mark.start))
        self._add([*closed.pieces, piece], closed=True)

    def _pop(self) -> _Open:
        opened = self.stack.pop()
        self.at[opened.family].pop()
        return opened

    def _end_paragraph(self, end: int) -> None:
        innermost = {left.family: left for left in self.stack}
        waiting = []
        for left in self.stack:
            piece, goes_on = self._tail(left, end)
            left.pieces.append(piece)
            if goes_on and innermost[left.family] is left:
                waiting.append(left)
            else:
                self._give_up(left)
        self.stack = waiting

    def _tail(self, left: _Open, end: int) -> tuple[_Piece, bool]:
        """Where a quotation without a closing mark probably ends, and whether it may go on."""
        limit = end if left.next_mark is None else left.next_mark
        single = left.family is Family.SINGLE  # far more often an apostrophe
        cue = None if single else _CUE_WITHIN.search(self.text, left.words, limit)
        if cue:
            return _Piece((left.start, cue.start() + 1), (left.words, cue.start() + 1)), False
        if self.text[left.words : left.words + 1].islower() and left.next_mark is None:
            stop = _FIRST_SENTENCE.search(self.text, left.words, end)
            stop_at = stop.end() if stop else end
            return _Piece((left.start, stop_at), (left.words, stop_at), single), False
        doubtful = single or left.next_mark is not None
        return _Piece((left.start, end), (left.words, end), doubtful), True

    def _give_up(self, left: _Open) -> None:
        self._add([piece for piece in left.pieces if not piece.doubtful], closed=False)

    def _add(self, pieces: list[_Piece], *, closed: bool) -> None:
        if any(self.text[slice(*piece.words)].strip() for piece in pieces):
            self.found.append((pieces, closed))


def _nested(found: list[tuple[list[_Piece], bool]]) -> tuple[Quotation, ...]:
    """The quotations from left to right, with their depth."""
    found.sort(key=lambda it: (it[0][0].span[0], -it[0][-1].span[1]))
    ends: list[int] = []
    quotations = []
    for pieces, closed in found:
        start, end = pieces[0].span[0], pieces[-1].span[1]
        while ends and ends[-1] <= start:
            ends.pop()
        spans = tuple(piece.span for piece in pieces)
        words = tuple(piece.words for piece in pieces)
        quotations.append(Quotation(spans, words, len(ends), closed))
        ends.append(end)
    return tuple(quotations)


def _union(spans: Iterable[Span]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _ink(text: str, start: int, end: int) -> int:
    """How many characters are no white space."""
    return sum(map(len, text[start:end].split()))


def _letters(text: str, start: int, end: int) -> int:
    """How many characters are in words."""
    return sum(map(len, _WORD.findall(text, start, end)))
