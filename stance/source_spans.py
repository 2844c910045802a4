"""Mends the words beside a cue where a tagger cut them, ran over, or missed them.

"Secretary of" becomes the office and name that it begins, "ministry said on" loses what is not the
source, and where there is none, the name or pronoun right beside the cue is. Knows nothing of who
is meant.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from stance.domain import Attribution, Span
from stance.names import NameUse
from stance.nominals import Nominal
from stance.words import Word, words_within

_SUBJECTS = frozenset(("he", "she", "it", "they", "we", "i"))
_PASSIVE = frozenset(("was", "were", "been", "is", "are", "be", "asked", "pressed", "questioned"))
_REACH = 2  # characters between a cue and its source, such as ", "
_LONGEST = 160  # characters of a name with its titles, or of a description


class SourceSpans:
    """The names and descriptions of an article, by where they stand."""

    def __init__(
        self,
        words: Sequence[Word],
        uses: Sequence[NameUse],
        described: Sequence[Nominal],
    ) -> None:
        """Take in an article.

        Args:
            words: the words of the article.
            uses: the names in it.
            described: the descriptions in it.
        """
        self._words = words
        named = {(use.outset, use.end) for use in uses}
        self._spans = sorted(named | {(one.start, one.end) for one in described})
        self._starts = [start for start, _ in self._spans]

    def mended(self, attribution: Attribution) -> Span | None:
        """Where the words beside the cue of an attribution stand; None where there are none."""
        others = [*attribution.spans, *([attribution.cue] if attribution.cue else [])]
        if attribution.mention is None:
            return self._beside(attribution.cue, others) if attribution.cue else None
        start, end = self._without(attribution.mention, others)
        if start >= end:
            return attribution.mention
        return self._whole(start, end, others)

    def _without(self, span: Span, others: Sequence[Span]) -> Span:
        """The part of a span before or behind all that belongs to something else."""
        start, end = span
        for first, last in sorted(others):
            if first < end and last > start:
                if first - start >= end - last:
                    end = first
                else:
                    start = last
        inside = words_within(self._words, start, end)
        if (start, end) != span and inside:
            start, end = inside[0].start, inside[-1].end
        return start, min(end, span[1])

    def _whole(self, start: int, end: int, others: Sequence[Span]) -> Span:
        """A span widened to the names and descriptions that its edges cut."""
        for first, last in self._over(start, end):
            is_free = not any(first < until and last > since for since, until in others)
            if is_free and (first < start < last or first < end < last):
                start, end = min(first, start), max(last, end)
        return start, end

    def _over(self, start: int, end: int) -> Iterable[Span]:
        first = bisect_left(self._starts, start - _LONGEST)
        last = bisect_left(self._starts, end)
        return [span for span in self._spans[first:last] if span[1] > start]

    def _beside(self, cue: Span, others: Sequence[Span]) -> Span | None:
        """A name or pronoun that stands right before the cue, or else right behind it."""
        told = words_within(self._words, *cue)
        if not told or told[0].key in _PASSIVE or told[-1].key.endswith("ing"):
            return None
        near = list(self._over(cue[0] - _LONGEST, cue[1] + _LONGEST))
        at = bisect_left(self._words, cue[0], key=lambda word: word.start)
        beside = self._words[max(0, at - 1) : at + len(told) + 1]
        near += [(word.start, word.end) for word in beside if word.key in _SUBJECTS]
        free = [
            one for one in near if not any(one[0] < end and one[1] > start for start, end in others)
        ]
        before = [one for one in free if 0 <= cue[0] - one[1] <= _REACH]
        behind = [one for one in free if 0 <= one[0] - cue[1] <= _REACH]
        return max(before or behind, key=lambda one: one[1] - one[0], default=None)
