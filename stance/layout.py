"""Where sentences, paragraphs, statements and speech of an article lie. Knows nothing of names."""

import re
from bisect import bisect_right
from collections.abc import Sequence

from stance.domain import Attribution, Span, SpeechKind

_SUBJECT = 25  # characters from the begin of a sentence


class Layout:
    """The parts of an article, looked up by character."""

    def __init__(
        self, text: str, sentences: Sequence[Span], attributions: Sequence[Attribution]
    ) -> None:
        """Lay out an article.

        Args:
            text: the article.
            sentences: its sentences, in order.
            attributions: in text order.
        """
        self._sentences = [start for start, _ in sentences] or [0]
        blank = r"\n\s*\n" if re.search(r"\n\s*\n", text) else r"\n"
        self._paragraphs = [0, *(gap.end() for gap in re.finditer(blank, text))]
        self._contents = sorted(span for one in attributions for span in one.spans)
        self._direct = sorted(
            span for one in attributions if one.kind is SpeechKind.DIRECT for span in one.spans
        )

    def sentence(self, at: int) -> int:
        """The number of the sentence around a character."""
        return bisect_right(self._sentences, at) - 1

    def paragraph(self, at: int) -> int:
        """The number of the paragraph around a character."""
        return bisect_right(self._paragraphs, at) - 1

    def begins_sentence(self, at: int) -> bool:
        """Whether what stands there is what its sentence begins with."""
        return at - self._sentences[max(0, self.sentence(at))] < _SUBJECT

    def is_content(self, at: int) -> bool:
        """Whether a character is inside what somebody says."""
        return _is_in(at, self._contents)

    def is_direct(self, at: int) -> bool:
        """Whether a character is inside direct speech."""
        return _is_in(at, self._direct)


def _is_in(at: int, spans: Sequence[Span]) -> bool:
    """Whether a character is inside one of several spans, which are in order."""
    behind = bisect_right(spans, at, key=lambda span: span[0])
    return behind > 0 and at < spans[behind - 1][1]
