"""Statement and questions -> token blocks. The only place where the model's input is written.

Training and serving both render here, so that the model is asked exactly what it was taught.
Knows nothing of networks; `RENDER_VERSION` is stored in every bundle and must be raised with any
change of what is written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tokenizers import Tokenizer

from stance.domain import Kind, Question
from stance.errors import BundleError, InputError

RENDER_VERSION = 1

# A tokenizer reads the whole text before it truncates, so the text is cut in characters first.
# Sixteen characters a token leave room for any prose; what lies beyond is marked as truncated.
CHARACTERS_PER_TOKEN = 16


@dataclass(frozen=True, slots=True)
class Block:
    """One run of token ids from its first special token to its last."""

    ids: tuple[int, ...]
    truncated: bool = False

    def __len__(self) -> int:
        return len(self.ids)


def read_tokenizer(path: Path) -> Tokenizer:
    """The tokenizer of a bundle.

    Raises:
        BundleError: the file cannot be read as one.
    """
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises bare exceptions
        raise BundleError(f"{path}: cannot be read as a tokenizer: {error}") from error


def question_text(question: Question) -> str:
    """The words in which a question is put to the model."""
    if question.kind is Kind.STANCE:
        return question.subject
    return f"Sentiment toward {question.subject}" if question.subject else "Overall sentiment"


class Renderer:
    """Writes statements and questions as token blocks for one model.

    Special tokens inside a text are read as ordinary text: nobody can forge a separator.

    Args:
        tokenizer: a tokenizer whose post-processor puts one special token on either side.
        window: the most tokens that a block may have, the two special ones included.
    """

    def __init__(self, tokenizer: Tokenizer, window: int) -> None:
        tokenizer.no_truncation()
        tokenizer.no_padding()
        tokenizer.encode_special_tokens = True
        self.window = window
        self._tokenizer = tokenizer
        self._first, self._last = tokenizer.encode("").ids
        self._question = lru_cache(maxsize=4096)(self._render_question)

    def statements(self, texts: Sequence[str]) -> list[Block]:
        """Render statements; one longer than the window is cut and marked `truncated`."""
        most = self.window * CHARACTERS_PER_TOKEN
        texts = [text.strip() for text in texts]
        encodings = self._tokenizer.encode_batch_fast(
            [text[:most] for text in texts], add_special_tokens=False
        )
        room = self.window - 2
        return [
            self._block(encoding.ids[:room], truncated=len(encoding.ids) > room or len(text) > most)
            for text, encoding in zip(texts, encodings, strict=True)
        ]

    def question(self, question: Question) -> Block:
        """Render one question.

        Raises:
            InputError: it is longer than the window; a question is never cut.
        """
        return self._question(question)

    def _render_question(self, question: Question) -> Block:
        text = question_text(question)
        field = "proposition" if question.kind is Kind.STANCE else "target"
        most = self.window * CHARACTERS_PER_TOKEN
        ids = self._tokenizer.encode(text[: most + 1], add_special_tokens=False).ids
        if len(text) > most or len(ids) > self.window - 2:
            raise InputError(field, f"is longer than the model's {self.window} tokens; shorten it")
        return self._block(ids, truncated=False)

    def _block(self, ids: Sequence[int], truncated: bool) -> Block:
        return Block((self._first, *ids, self._last), truncated)
