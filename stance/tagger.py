"""Articles -> their sources, cues and contents, and which belong together.

Windows -> pack -> network -> tags of the whole article -> spans -> links. Packing is an inner
matter: an answer does not depend on its batch mates. Knows nothing of quotation marks or names.
"""

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from stance.article_text import Window
from stance.article_tokens import SPECIAL_TOKENS, ArticleReader, ArticleTokens
from stance.bundle import Bundle, open_bundle
from stance.domain import Article, Span
from stance.manifest import ModelKind
from stance.network import OnnxTagNetwork, TagNetwork, TokenTags, answers
from stance.packing import Batches, Group, Rows
from stance.render import read_tokenizer
from stance.tags import TAGS, Part, WordSpan, beginning, best_tags, read_tags

# Tokens of the rows that go through the network together, and of the articles that are in hand.
BATCH_TOKENS = 1024
PORTION_TOKENS = 16 * BATCH_TOKENS

# Sources that serve two attributions are told in training that each cue is right by half, so a cue
# that no source has chosen takes one that gives it at least so much.
_SHARED_SOURCE = 0.2


@dataclass(frozen=True, slots=True)
class TaggedSpan:
    """A piece of an article that is part of an attribution.

    Attributes:
        part: source, cue or content.
        span: where it stands, in characters of the article.
        probability: that its words are this part, on their mean.
    """

    part: Part
    span: Span
    probability: float


@dataclass(frozen=True, slots=True)
class Link:
    """A source or content, and the cue that it belongs to.

    Attributes:
        span, cue: their numbers in `Tagged.spans`.
        probability: that they belong together, among all cues near by and none of them.
    """

    span: int
    cue: int
    probability: float


@dataclass(frozen=True, slots=True)
class Tagged:
    """What a tagger finds in one article.

    Attributes:
        spans: in the order of the text, none over another.
        links: at most one for each content; a source may have several. In the order of `span`.
    """

    spans: tuple[TaggedSpan, ...]
    links: tuple[Link, ...]


class Tagger:
    """Finds sources, cues and contents with one bundle. Not thread-safe; keep it in one thread.

    Args:
        network: packed rows to tags and link vectors.
        reader: articles to tokens and windows.
        name: the name by which its answers cite it.
        batch_tokens: of the rows that go through the network together.
        portion_tokens: of the articles that are packed together.
    """

    def __init__(
        self,
        network: TagNetwork,
        reader: ArticleReader,
        name: str,
        *,
        batch_tokens: int = BATCH_TOKENS,
        portion_tokens: int = PORTION_TOKENS,
    ) -> None:
        self.name = name
        self._network, self._reader = network, reader
        self._batch_tokens, self._portion_tokens = batch_tokens, portion_tokens

    @classmethod
    def load(cls, bundle: Bundle, threads: int | None = None) -> Self:
        """The tagger of a verified bundle, which computes with `threads` (None: all it may).

        Raises:
            BundleError: the bundle is of another kind, or cannot be read.
        """
        bundle.expect(ModelKind.EXTRACTION)
        tokenizer = read_tokenizer(bundle.folder / "tokenizer.json")
        network = OnnxTagNetwork(bundle.folder / "model.onnx", threads)
        return cls(network, ArticleReader(tokenizer, bundle.window), bundle.name)

    @classmethod
    def open(cls, models: Path, name: str | None = None, threads: int | None = None) -> Self:
        """The tagger of a bundle by name, or of the one in `EXTRACTOR`.

        Raises:
            BundleError: there is none, or it must not be trusted.
        """
        return cls.load(open_bundle(models, name, ModelKind.EXTRACTION), threads)

    def tag(self, article: Article) -> Tagged:
        """What is said in one article."""
        [tagged] = self.tag_each([article])
        return tagged

    def tag_each(self, articles: Iterable[Article]) -> Iterator[Tagged]:
        """What is said in each article, lazily, in order; the articles may have no end."""
        in_hand: deque[_Portion] = deque()

        def rows() -> Iterator[Rows]:
            for portion in self._portions(articles):
                in_hand.append(portion)
                yield from portion.rows()

        for found in answers(self._network, rows()):
            while in_hand[0].is_answered:  # of articles without words
                yield from in_hand.popleft().tagged()
            in_hand[0].take(found)
            if in_hand[0].is_answered:
                yield from in_hand.popleft().tagged()
        for portion in in_hand:
            yield from portion.tagged()

    def _portions(self, articles: Iterable[Article]) -> Iterator["_Portion"]:
        read: list[ArticleTokens] = []
        n_tokens = 0
        for article in articles:
            read.append(self._reader.read(article.text))
            n_tokens += len(read[-1].ids)
            if n_tokens >= self._portion_tokens:
                yield _Portion(read, self._reader, self._batch_tokens)
                read, n_tokens = [], 0
        yield _Portion(read, self._reader, self._batch_tokens)


class _Portion(Batches):
    """Articles whose windows are packed together; unpacks the answers as they come."""

    def __init__(
        self, articles: Sequence[ArticleTokens], reader: ArticleReader, batch_tokens: int
    ) -> None:
        self._articles = articles
        self._cut = [tokens.windows(reader.longest_window) for tokens in articles]
        self._blocks = [
            reader.block(tokens, window)
            for tokens, windows in zip(articles, self._cut, strict=True)
            for window in windows
        ]
        self._answers: dict[int, TokenTags] = {}
        groups = [Group(block, ()) for block in self._blocks]
        super().__init__(groups, reader.longest_window + SPECIAL_TOKENS, batch_tokens)

    def take(self, found: TokenTags) -> None:
        """Unpack what was found of the next batch: of each block's tokens but the special ones."""
        for r, row in enumerate(self.next_answered()):
            at = 0
            for n in row:
                end = at + len(self._blocks[n])
                # Copied, so that the rows of a batch can be let go.
                self._answers[n] = TokenTags(*(one[r, at + 1 : end - 1].copy() for one in found))
                at = end

    def tagged(self) -> Iterator[Tagged]:
        """What is said in each article, once all is answered."""
        in_order = (self._answers[n] for n in range(len(self._blocks)))
        for tokens, windows in zip(self._articles, self._cut, strict=True):
            yield decode(tokens, windows, [next(in_order) for _ in windows])


def decode(
    tokens: ArticleTokens, windows: Sequence[Window], answers: Sequence[TokenTags]
) -> Tagged:
    """The most probable legal tags of an article's words as spans, and their links.

    Args:
        tokens: the article.
        windows: that leave no token out.
        answers: of each window, arrays (tokens, 7) and (tokens, 64).
    """
    logits = np.empty((len(tokens.ids), len(TAGS)))
    for window, answer in zip(windows, answers, strict=True):
        before, counted = window.tokens.start, window.counted
        own = answer.tags[counted.start - before : counted.stop - before]
        logits[counted.start : counted.stop] = own
    # The first token of a word speaks for the word.
    log_probabilities = _log_softmax(logits[list(tokens.words)])
    found = read_tags(best_tags(log_probabilities))
    spans = tuple(
        TaggedSpan(
            one.part,
            tokens.characters(one.first, one.end),
            _probability(one, log_probabilities),
        )
        for one in found
    )
    starts = [tokens.words[one.first] for one in found]
    return Tagged(spans, tuple(_links([one.part for one in found], starts, windows, answers)))


def _probability(span: WordSpan, log_probabilities: NDArray[np.float64]) -> float:
    tag = beginning(span.part)
    return float(np.exp(log_probabilities[span.first : span.end, tag : tag + 2]).sum(1).mean())


def _links(
    parts: Sequence[Part],
    starts: Sequence[int],
    windows: Sequence[Window],
    answers: Sequence[TokenTags],
) -> Iterator[Link]:
    cues = [n for n, part in enumerate(parts) if part is Part.CUE]
    at = [starts[n] for n in cues]
    likely = {
        n: {cues[k]: p for k, p in _among(starts[n], at, windows, answers).items()}
        for n, part in enumerate(parts)
        if part is not Part.CUE
    }
    chosen = {}
    for n, probabilities in likely.items():
        best = max(probabilities, key=probabilities.__getitem__, default=None)
        if best is not None and probabilities[best] >= 1 - sum(probabilities.values()):
            chosen[n] = [best]
    sources = [n for n in chosen if parts[n] is Part.SOURCE]
    shared: dict[int, int] = {}  # the source that a cue without one takes
    for n in sources:
        for cue, probability in likely[n].items():
            if cue not in shared or probability > likely[shared[cue]][cue]:
                shared[cue] = n
    for cue in shared.keys() - {cue for n in sources for cue in chosen[n]}:
        if likely[shared[cue]][cue] >= _SHARED_SOURCE:
            chosen[shared[cue]].append(cue)
    for n, linked in chosen.items():
        yield from (Link(n, cue, likely[n][cue]) for cue in sorted(linked))


def _among(
    start: int, cues: Sequence[int], windows: Sequence[Window], answers: Sequence[TokenTags]
) -> dict[int, float]:
    """How probable each cue is for the span that starts at a token, for those in its windows.

    By the number of the cue; the rest to 1 is none of them. A pair is read in a window that holds
    both; of two, in that from whose cut edges they are farther.
    """
    n = bisect_right(windows, start, key=lambda window: window.tokens.stop)
    around = [n]
    while n + 1 < len(windows) and windows[n + 1].tokens.start <= start:
        n += 1
        around.append(n)
    offset = bisect_left(cues, windows[around[0]].tokens.start)
    scores = np.full(bisect_left(cues, windows[around[-1]].tokens.stop) - offset, -np.inf)
    depths = np.full(len(scores), -np.inf)
    n_tokens = windows[-1].tokens.stop
    for window, answer in ((windows[n], answers[n]) for n in around):
        first, end = window.tokens.start, window.tokens.stop
        bounds = bisect_left(cues, first), bisect_left(cues, end)
        near = slice(bounds[0] - offset, bounds[1] - offset)
        places = np.array(cues[slice(*bounds)], int)
        score = link_scores(answer.link_from[start - first], answer.link_to[places - first])
        before = np.minimum(places, start) - first if first else np.inf
        after = end - 1 - np.maximum(places, start) if end < n_tokens else np.inf
        depth = np.minimum(before, after)
        scores[near] = np.where(depth > depths[near], score, scores[near])
        depths[near] = np.maximum(depth, depths[near])
    probabilities = np.exp(_log_softmax(np.append(scores, 0.0)))[:-1]
    return {offset + k: float(p) for k, p in enumerate(probabilities)}


def link_scores(
    link_from: NDArray[np.float32], link_to: NDArray[np.float32]
) -> NDArray[np.float64]:
    """How well a span (64,) and each of some cues (n, 64) belong together: (n,), none scores 0."""
    products = link_to.astype(np.float64) @ link_from.astype(np.float64)
    return np.asarray(products / np.sqrt(link_from.shape[-1]))


def _log_softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    shifted = logits.astype(np.float64) - logits.max(-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(-1, keepdims=True)))
