"""Article -> tokens, words and windows, as a tagger reads them; in training too.

An article is tokenised once, whole; windows are slices of its tokens between two special ones, so
that every token keeps its place in the text. Knows nothing of networks.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from tokenizers import Tokenizer

from stance.article_text import (
    LONGEST_OVERLAP,
    LONGEST_WINDOW,
    Window,
    cut_windows,
    find_sentences,
    mask_markup,
)
from stance.domain import Span
from stance.render import Block

SPECIAL_TOKENS = 2  # of a window, one on either side


@dataclass(frozen=True, slots=True)
class ArticleTokens:
    """An article as a tokenizer reads it.

    Attributes:
        ids: of the tokens, without special ones.
        spans: where each token stands, in characters.
        words: the first token of each word; a word is what the tokenizer cuts into pieces.
        sentences: in characters.
    """

    ids: Sequence[int]
    spans: Sequence[Span]
    words: Sequence[int]
    sentences: Sequence[Span]

    def windows(self, longest: int = LONGEST_WINDOW) -> list[Window]:
        """Windows of at most `longest` tokens that leave nothing out, in order."""
        if not self.ids:
            return []
        overlap = min(LONGEST_OVERLAP, longest // 4)
        return cut_windows(self.spans, self.sentences, longest, overlap)

    def characters(self, first: int, end: int) -> Span:
        """Where the words `first` to `end` stand, the end exclusive."""
        after = self.words[end] if end < len(self.words) else len(self.ids)
        return self.spans[self.words[first]][0], self.spans[after - 1][1]

    def words_over(self, span: Span) -> tuple[int, int]:
        """The first and the end of the words that a span of characters touches."""
        starts = [self.spans[token][0] for token in self.words]
        end = bisect_left(starts, span[1])
        first = max(0, bisect_right(starts, span[0]) - 1)
        while first < end and self.characters(first, first + 1)[1] <= span[0]:
            first += 1
        return first, end


class ArticleReader:
    """Reads articles with one model's tokenizer.

    Markup is read as what it shows, and special tokens inside a text as ordinary text.

    Args:
        tokenizer: a tokenizer whose post-processor puts one special token on either side.
        positions: the most tokens that the model reads at once, the special ones included.
    """

    def __init__(self, tokenizer: Tokenizer, positions: int) -> None:
        tokenizer.no_truncation()
        tokenizer.no_padding()
        tokenizer.encode_special_tokens = True
        self.longest_window = min(LONGEST_WINDOW, positions - SPECIAL_TOKENS)
        self._tokenizer = tokenizer
        self._first, self._last = tokenizer.encode("").ids

    def read(self, text: str) -> ArticleTokens:
        """The tokens of an article's text."""
        shown = mask_markup(text)
        encoding = self._tokenizer.encode(shown, add_special_tokens=False)
        numbers = pairwise([None, *encoding.word_ids])
        words = [token for token, (before, own) in enumerate(numbers) if own != before]
        return ArticleTokens(encoding.ids, encoding.offsets, words, find_sentences(shown))

    def block(self, tokens: ArticleTokens, window: Window) -> Block:
        """A window as the network reads it."""
        read = tokens.ids[window.tokens.start : window.tokens.stop]
        return Block((self._first, *read, self._last))
