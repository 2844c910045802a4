"""The nouns of marked articles: what a person marked in an article, and the article with it all.

Knows nothing of files.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from stance.domain import Article, Span, SpeechKind


@dataclass(frozen=True, slots=True)
class Gold:
    """What an article says that somebody said, as a person marked it.

    Attributes:
        content: where the statement stands; several spans where it is split; in order, and not
            over each other.
        cue: the words that tell it ("said", "according to"); None where nothing but marks does.
        source: the words for its source beside the cue; None where the article has none.
        speaker: the fullest name in the article of whoever speaks; None where a careful reader
            cannot tell, or where the set does not say (see `GoldArticle.names_speakers`).
        role: the office, as the article gives it.
        kind: None where the set does not say.

    Raises:
        ValueError: a span is empty, or the content has no span or spans out of order.
    """

    content: tuple[Span, ...]
    cue: Span | None = None
    source: Span | None = None
    speaker: str | None = None
    role: str | None = None
    kind: SpeechKind | None = None

    def __post_init__(self) -> None:
        edges = [edge for span in self.content for edge in span]
        if not edges or edges != sorted(edges):
            raise ValueError(f"content must be in order and not over itself: {self.content}")
        if any(not 0 <= start < end for start, end in self.spans):
            raise ValueError(f"a span is empty or before the text: {self.spans}")

    @property
    def spans(self) -> tuple[Span, ...]:
        """All spans: content, cue and source."""
        return (*self.content, *(span for span in (self.cue, self.source) if span))


@dataclass(frozen=True, slots=True)
class GoldArticle:
    """An article with every attribution in it marked.

    Attributes:
        article: what was read.
        attributions: in the order of the text; no content is over another's.
        others: what further annotators marked in the same article, each on their own.
        names_speakers: whether speakers are told; where False, every speaker is None.

    Raises:
        ValueError: a span ends beyond the text, or two contents are over each other.
    """

    article: Article
    attributions: tuple[Gold, ...]
    others: tuple[tuple[Gold, ...], ...] = ()
    names_speakers: bool = True

    def __post_init__(self) -> None:
        length = len(self.article.text)
        for golds in (self.attributions, *self.others):
            beyond = [span for gold in golds for span in gold.spans if span[1] > length]
            if beyond:
                raise ValueError(f"{list(beyond[0])} ends beyond the text of {length} characters")
            contents = sorted(span for gold in golds for span in gold.content)
            for before, after in pairwise(contents):
                if after[0] < before[1]:
                    raise ValueError(
                        f"contents {list(before)} and {list(after)} are over each other; "
                        "mark the outer attribution alone"
                    )


def kind_of(text: str, spans: Sequence[Span], quoted: Sequence[Span]) -> SpeechKind:
    """Direct where every letter and digit of the content is quoted, mixed where some are.

    Args:
        text: of the article.
        spans: the content.
        quoted: where the article stands in quotation marks, with the marks or without them.
    """
    inside = [
        any(start <= n < end for start, end in quoted)
        for first, last in spans
        for n in range(first, last)
        if text[n].isalnum()
    ]
    if not any(inside):
        return SpeechKind.INDIRECT
    return SpeechKind.DIRECT if all(inside) else SpeechKind.MIXED
