"""Marked articles -> the truth of their tokens, whole and by windows. Knows nothing of networks."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stance.article_text import Window
from stance.article_tokens import ArticleReader, ArticleTokens
from stance.domain import Span
from stance.render import Block
from stance.tags import Part, WordSpan, write_tags
from training.gold import GoldArticle

# The tag of a token that is special, not the first of its word, or counted in another window.
UNLABELLED = -1


@dataclass(frozen=True, slots=True)
class LabelledArticle:
    """An article with the truth of its tokens.

    Attributes:
        tokens: the article.
        tags: (tokens,), numbers of `stance.tags.TAGS` at the first token of each word.
        cues: the first tokens of the cues, in order.
        links: the first token of each source and content, and those of its cues.
    """

    tokens: ArticleTokens
    tags: NDArray[np.int8]
    cues: Sequence[int]
    links: Mapping[int, frozenset[int]]


@dataclass(frozen=True, slots=True)
class LabelledWindow:
    """A window with the truth of its tokens; places count from its first special token.

    Attributes:
        block: what is read.
        tags: (tokens,), as in `LabelledArticle`, where the window's answers count.
        cues: the places of the cues' first tokens.
        links: of each source and content: its place, and the numbers in `cues` of the right ones.
            Without any, its cue is not in the window.
    """

    block: Block
    tags: NDArray[np.int8]
    cues: tuple[int, ...]
    links: tuple[tuple[int, tuple[int, ...]], ...]


def label_article(reader: ArticleReader, marked: GoldArticle) -> LabelledArticle:
    """The tokens of an article, with tags and links by what its first annotator marked.

    A source that serves several attributions has several cues.
    """
    tokens = reader.read(marked.article.text)

    def words(part: Part, span: Span) -> WordSpan:
        return WordSpan(part, *tokens.words_over(span))

    pairs: list[tuple[WordSpan, WordSpan | None]] = []  # each source and content with its cue
    for gold in marked.attributions:
        cue = words(Part.CUE, gold.cue) if gold.cue else None
        pairs += [(words(Part.CONTENT, span), cue) for span in gold.content]
        if gold.source:
            pairs.append((words(Part.SOURCE, gold.source), cue))
    tags, told = write_tags((one for pair in pairs for one in pair if one), len(tokens.words))
    starts = {span: tokens.words[left.first] for span, left in told.items()}
    links: dict[int, frozenset[int]] = {}
    for span, cue in pairs:
        if span in starts:
            own = {starts[cue]} if cue in starts else set()
            links[starts[span]] = links.get(starts[span], frozenset()) | own
    whole = np.full(len(tokens.ids), UNLABELLED, np.int8)
    whole[list(tokens.words)] = tags
    cues = sorted(start for span, start in starts.items() if span.part is Part.CUE)
    return LabelledArticle(tokens, whole, cues, links)


def label_window(reader: ArticleReader, article: LabelledArticle, window: Window) -> LabelledWindow:
    """One window of an article; what is nearer to the middle of another is not labelled here."""
    block = reader.block(article.tokens, window)
    before = window.tokens.start - 1  # the window begins with a special token
    counted = slice(window.counted.start, window.counted.stop)
    tags = np.full(len(block), UNLABELLED, np.int8)
    tags[counted.start - before : counted.stop - before] = article.tags[counted]
    edges = (bisect_left(article.cues, edge) for edge in (window.tokens.start, window.tokens.stop))
    cues = article.cues[slice(*edges)]
    links = tuple(
        (start - before, tuple(n for n, cue in enumerate(cues) if cue in right))
        for start, right in article.links.items()
        if start in window.counted
    )
    return LabelledWindow(block, tags, tuple(cue - before for cue in cues), links)
