"""Quotations of which no tagger has said whose they are: reopened ones, and sentences that follow.

Knows marks, paragraphs and the plainest cues.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence

from stance.contents import Draft, Piece, over
from stance.domain import Span
from stance.quotation import Quotation, Quotations
from stance.said import said_before, said_behind

_ENDS_SENTENCE = re.compile(r"[.!?…][\"'”’»)\]\u2060]*\s*\Z")
_LONGEST_END = 20  # characters
_LONGEST_START = 200
_ENDS_WITHIN = (".", "!", "?", "…", "—")
_BLANK = re.compile(r"\s*")
_WORD = re.compile(r"\w+")
_GAP = re.compile(r"[^\S\n]{0,2}[,:―–—-]?[^\S\n]{0,2}")
# Of a paragraph that is one quotation; fewer are a heading, or another's answer.
_LEAST_WORDS = 6


def give_owners(
    pieces: Sequence[Piece],
    cues: Sequence[Draft],
    quotations: Quotations,
    paragraphs: Sequence[Span],
) -> list[Piece]:
    """The pieces, and with them quotations that belong to one of their attributions or to a cue.

    Args:
        pieces: in order, none over another.
        cues: the attributions that have a cue, by where it stands, also those without content.
        quotations: of the text.
        paragraphs: of the text.
    """
    reader = _Reader(list(pieces), cues, quotations, paragraphs)
    for quotation in quotations.outer:
        reader.read(quotation)
    return reader.pieces


class _Reader:
    """Goes through the quotations, and finds an attribution for those that have none with a cue."""

    def __init__(
        self,
        pieces: list[Piece],
        cues: Sequence[Draft],
        quotations: Quotations,
        paragraphs: Sequence[Span],
    ) -> None:
        self.pieces = pieces
        self.quotations, self.text = quotations, quotations.text
        self.cues, self.paragraphs = cues, paragraphs
        self._starts = [start for start, _ in paragraphs]
        self._cue_starts, self._cue_ends = (
            [draft.cue[edge] for draft in cues if draft.cue] for edge in (0, 1)
        )
        self._last: tuple[Quotation, Draft] | None = None

    def read(self, quotation: Quotation) -> None:
        owners = [self._owner(span) for span in quotation.pieces]
        given = next((owner for owner in owners if owner and owner.is_told), None)
        if given is None and self.quotations.is_scare(quotation):
            self._drop(quotation)
            return
        if given is None and (any(owners) or quotation.closed or len(quotation.pieces) > 1):
            given = self._found(quotation)
        given = given or next(filter(None, owners), None)
        if given is None:
            return
        for span, owner in zip(quotation.pieces, owners, strict=True):
            if owner and owner.is_told:
                given = owner
            elif given.is_told or len(quotation.pieces) > 1:
                self.pieces[over(self.pieces, span)] = [Piece(*span, given)]
        self._last = quotation, given

    def _drop(self, quotation: Quotation) -> None:
        there = over(self.pieces, quotation.pieces[0])
        self.pieces[there] = [
            piece
            for piece in self.pieces[there]
            if piece.draft.is_told or piece.start < quotation.start or quotation.end < piece.end
        ]

    def _owner(self, span: Span) -> Draft | None:
        there = self.pieces[over(self.pieces, span)]
        told = [piece.draft for piece in there if piece.draft.is_told]
        return next(iter(told), there[0].draft if there else None)

    def _paragraph(self, at: int) -> int:
        return max(0, bisect_right(self._starts, at) - 1)

    def _found(self, quotation: Quotation) -> Draft | None:
        return (
            self._touches(quotation)
            or self._beside(quotation)
            or self._follows(quotation)
            or self._goes_on(quotation)
        )

    def _touches(self, quotation: Quotation) -> Draft | None:
        """The attribution of the tagged cue beside it, with its mention between them or not."""
        behind = bisect_right(self._cue_starts, quotation.end - 1)
        if behind < len(self.cues):
            start = min(self._words_of(self.cues[behind]))
            if _GAP.fullmatch(self.text, quotation.end, max(start, quotation.end)):
                return self.cues[behind]
        before = bisect_right(self._cue_ends, quotation.start) - 1
        if before >= 0:
            end = max(self._words_of(self.cues[before]))
            if _GAP.fullmatch(self.text, min(end, quotation.start), quotation.start):
                return self.cues[before]
        return None

    def _words_of(self, draft: Draft) -> Span:
        """Where a cue stands with the mention beside it."""
        cue, mention = draft.cue or (0, 0), draft.mention or (0, 0)
        if _GAP.fullmatch(self.text, mention[1], cue[0]) or _GAP.fullmatch(
            self.text, cue[1], mention[0]
        ):
            return min(cue[0], mention[0]), max(cue[1], mention[1])
        return cue

    def _beside(self, quotation: Quotation) -> Draft | None:
        """The attribution of a plain cue beside it: that of a tagged one, or a new one."""
        start = self.paragraphs[self._paragraph(quotation.start)][0]
        end = self.paragraphs[self._paragraph(quotation.end - 1)][1]
        said = said_behind(self.text, quotation.end, end)
        said = said or said_before(self.text, start, quotation.start)
        if said is None:
            return None
        n = bisect_right(self._cue_ends, said.cue[0])
        if n < len(self.cues) and self._cue_starts[n] < said.cue[1]:
            return self.cues[n]
        over_cue, over_mention = (over(self.pieces, span) for span in (said.cue, said.mention))
        if self.pieces[over_cue] or self.pieces[over_mention]:
            return None
        return Draft(said.cue, said.mention)

    def _follows(self, quotation: Quotation) -> Draft | None:
        """The last attribution before it in its paragraph, where it is the paragraph's end."""
        start, end = self.paragraphs[self._paragraph(quotation.start)]
        if not self._is_blank(quotation.end, end) or not self._ends_sentence(quotation):
            return None
        n: int = over(self.pieces, (quotation.start, quotation.end)).start
        if not n or self.pieces[n - 1].start < start:
            return None
        between = self.text[self.pieces[n - 1].end : quotation.start]
        near = self.text[max(start, quotation.start - _LONGEST_END) : quotation.start]
        if "?" in between or not _ENDS_SENTENCE.search(near):
            return None
        return self.pieces[n - 1].draft

    def _goes_on(self, quotation: Quotation) -> Draft | None:
        """The attribution of the paragraph before, where both are speech and no dialogue."""
        if self._last is None:
            return None
        last, draft = self._last
        n = self._paragraph(quotation.start)
        before = self._paragraph(last.end - 1)
        edges = self.paragraphs[n][0], self.paragraphs[self._paragraph(quotation.end - 1)][1]
        words = self.text[slice(*quotation.words[0])][:_LONGEST_START]
        goes_on = (
            before == n - 1
            and (quotation.start, quotation.end) == edges
            and (last.start == self.paragraphs[before][0] or last.end == self.paragraphs[before][1])
            and self._mark(last) == self._mark(quotation)
            and len(_WORD.findall(words)) >= _LEAST_WORDS
            and not draft.is_sure
            and not self._asks(last)
        )
        return draft if goes_on else None

    def _mark(self, quotation: Quotation) -> str:
        return self.text[quotation.start : quotation.words[0][0]]

    def _is_blank(self, start: int, end: int) -> bool:
        return _BLANK.fullmatch(self.text, start, end) is not None

    def _asks(self, quotation: Quotation) -> bool:
        end = quotation.words[-1][1]
        return self.text[end - 1 : end] == "?"

    def _ends_sentence(self, quotation: Quotation) -> bool:
        start, end = quotation.words[-1]
        return self.text[max(start, end - _LONGEST_END) : end].rstrip().endswith(_ENDS_WITHIN)
