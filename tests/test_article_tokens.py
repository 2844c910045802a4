"""Tokens keep their place in the article, and windows leave none out."""

import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing

from stance.article_tokens import ArticleReader
from tests.fakes import word_tokenizer

TEXT = "Moscow says that we should have peace. Warsaw says it was good.\n\nLunch was at one."


@pytest.fixture(name="reader")
def _reader() -> ArticleReader:
    return ArticleReader(word_tokenizer("."), 16)


@pytest.fixture(name="in_pieces")
def _in_pieces() -> ArticleReader:
    """A tokenizer that cuts words into pieces."""
    ids = {word: n for n, word in enumerate(("[CLS]", "[SEP]", "[UNK]", "cease", "##fire", "now"))}
    tokenizer = Tokenizer(WordPiece(ids, unk_token="[UNK]"))  # noqa: S106 - no secret
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 0), ("[SEP]", 1)]
    )
    return ArticleReader(tokenizer, 16)


def test_tokens_stand_where_they_were_read(reader: ArticleReader) -> None:
    tokens = reader.read(TEXT)

    assert [TEXT[slice(*span)] for span in tokens.spans[:3]] == ["Moscow", "says", "that"]
    assert TEXT[slice(*tokens.characters(3, 7))] == "we should have peace"
    assert TEXT[slice(*tokens.characters(0, len(tokens.words)))] == TEXT


def test_the_pieces_of_a_word_are_one_word(in_pieces: ArticleReader) -> None:
    tokens = in_pieces.read("ceasefire now")

    assert tokens.words == [0, 2]
    assert tokens.characters(0, 1) == (0, 9)


@pytest.mark.parametrize(
    ("marked", "words"),
    [
        pytest.param("says that", (1, 3), id="whole words"),
        pytest.param(" says", (1, 2), id="space before"),
        pytest.param("oscow say", (0, 2), id="parts of words"),
        pytest.param("eac", (6, 7), id="within a word"),
        pytest.param(" ", (1, 1), id="space alone"),
        pytest.param(TEXT, (0, 19), id="all"),
    ],
)
def test_a_span_of_characters_touches_words(
    marked: str, words: tuple[int, int], reader: ArticleReader
) -> None:
    start = TEXT.index(marked)

    assert reader.read(TEXT).words_over((start, start + len(marked))) == words


def test_every_token_counts_in_one_window(reader: ArticleReader) -> None:
    tokens = reader.read(TEXT * 5)

    windows = tokens.windows(reader.longest_window)

    assert [n for window in windows for n in window.counted] == list(range(len(tokens.ids)))
    assert max(len(reader.block(tokens, window)) for window in windows) <= 16
    assert all(set(window.counted) <= set(window.tokens) for window in windows)


def test_a_block_stands_between_special_tokens(reader: ArticleReader) -> None:
    tokens = reader.read("Moscow says")
    [window] = tokens.windows()

    first, last = word_tokenizer(".").encode("").ids

    assert reader.block(tokens, window).ids == (first, *tokens.ids, last)


def test_special_tokens_in_a_text_are_text(reader: ArticleReader) -> None:
    first, last = word_tokenizer(".").encode("").ids

    tokens = reader.read("Moscow [SEP] says [CLS]")

    assert not {first, last} & set(tokens.ids)


def test_markup_is_read_as_what_it_shows(reader: ArticleReader) -> None:
    text = "<p>Moscow <b>says</b> that</p>"

    tokens = reader.read(text)

    assert [text[slice(*span)] for span in tokens.spans] == ["Moscow", "says", "that"]


@pytest.mark.parametrize("text", ["", " \n\n "])
def test_an_article_without_words_has_no_windows(text: str, reader: ArticleReader) -> None:
    tokens = reader.read(text)

    assert (list(tokens.ids), tokens.windows()) == ([], [])
