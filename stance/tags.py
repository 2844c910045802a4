"""Which words of an article are a source, a cue or content: tags, and the spans that they make.

Every word has one tag: outside, or the beginning or the inside of one part (BIO; Ramshaw
and Marcus, "Text Chunking using Transformation-Based Learning", 1995). Knows nothing of texts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Part(StrEnum):
    """What a span of an article is for an attribution."""

    SOURCE = "source"  # the words for whoever speaks
    CUE = "cue"  # the words that tell that it was said
    CONTENT = "content"  # what was said


# In the order of the network's outputs.
TAGS = ("outside", *(f"{place} of {part}" for part in Part for place in ("beginning", "inside")))
OUTSIDE = 0


def beginning(part: Part) -> int:
    """The tag of the first word of a span; that of its other words is one higher."""
    return 1 + 2 * list(Part).index(part)


@dataclass(frozen=True, slots=True)
class WordSpan:
    """The words `first` to `end`, the end exclusive, as one part."""

    part: Part
    first: int
    end: int


def write_tags(
    spans: Iterable[WordSpan], n_words: int
) -> tuple[NDArray[np.int8], dict[WordSpan, WordSpan]]:
    """The tags of spans, and what of each span they tell.

    Of two that want one word, the earlier has it, and the later begins after it.

    Args:
        spans: inside the words; may hold one twice.
        n_words: how many words there are.

    Returns:
        (n_words,) numbers of `TAGS`; and what is left of each span, without those that have no
        word left.
    """
    tags = np.full(n_words, OUTSIDE, np.int8)
    told: dict[WordSpan, WordSpan] = {}
    free = 0
    for span in sorted(dict.fromkeys(spans), key=lambda span: (span.first, -span.end)):
        first = max(span.first, free)
        if first < span.end:
            told[span] = WordSpan(span.part, first, span.end)
            tags[first : span.end] = beginning(span.part) + 1
            tags[first] = beginning(span.part)
            free = span.end
    return tags, told


def best_tags(log_probabilities: NDArray[np.floating]) -> list[int]:
    """The most probable tags of which none is inside a span that has not begun.

    Viterbi, "Error Bounds for Convolutional Codes", 1967. All legal steps cost the same.

    Args:
        log_probabilities: (words, 7), in the order of `TAGS`.
    """
    n_tags = len(TAGS)
    total = [0.0] + [-np.inf] * (n_tags - 1)  # before the first word nothing has begun
    came_from: list[list[int]] = []
    for own in log_probabilities.tolist():
        best = max(range(n_tags), key=total.__getitem__)
        before = [best] * n_tags
        for b in range(1, n_tags, 2):
            before[b + 1] = b if total[b] > total[b + 1] else b + 1
        total = [total[before[tag]] + own[tag] for tag in range(n_tags)]
        came_from.append(before)
    tags = []
    tag = max(range(n_tags), key=total.__getitem__)
    for before in reversed(came_from):
        tags.append(tag)
        tag = before[tag]
    return tags[::-1]


def read_tags(tags: Sequence[int]) -> list[WordSpan]:
    """The spans of legal tags, in order."""
    parts = list(Part)
    spans: list[WordSpan] = []
    for n, tag in enumerate(tags):
        if tag == OUTSIDE:
            continue
        part = parts[(tag - 1) // 2]
        if tag == beginning(part):
            spans.append(WordSpan(part, n, n + 1))
        else:
            spans[-1] = WordSpan(part, spans[-1].first, n + 1)
    return spans
