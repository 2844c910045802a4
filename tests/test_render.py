"""The model's input is written in one place, and nobody can forge a part of it."""

from functools import cache

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from stance.bundle import models_dir, open_bundle
from stance.domain import Kind, Question, Statement
from stance.errors import InputError
from stance.render import RENDER_VERSION, Block, Renderer, question_text
from tests.fakes import SPECIAL, word_tokenizer

WINDOW = 8
MOST_CHARACTERS = 8 * 16
TONE = Question(Kind.SENTIMENT)


@pytest.fixture
def tokenizer() -> Tokenizer:
    return word_tokenizer("[ sep ] cls pad mask")


@pytest.fixture
def renderer(tokenizer: Tokenizer) -> Renderer:
    return Renderer(tokenizer, WINDOW)


@cache
def shipped_tokenizer() -> Tokenizer:
    return Tokenizer.from_file(str(open_bundle(models_dir()).folder / "tokenizer.json"))


def shipped(window: int) -> tuple[Renderer, set[int]]:
    """The default bundle's renderer, and the ids that only a renderer may write."""
    tokenizer = shipped_tokenizer()
    tokens = tokenizer.get_added_tokens_decoder().items()
    return Renderer(tokenizer, window), {n for n, token in tokens if token.content != "[UNK]"}


def words(tokenizer: Tokenizer, block: Block) -> list[str]:
    return [tokenizer.id_to_token(n) or "" for n in block.ids]


def test_a_statement_is_its_words_between_two_special_tokens(
    tokenizer: Tokenizer, renderer: Renderer
) -> None:
    [block] = renderer.statements(["Kyiv supports NATO"])

    assert words(tokenizer, block) == ["[CLS]", "kyiv", "supports", "nato", "[SEP]"]
    assert not block.truncated


@pytest.mark.parametrize(
    ("question", "text"),
    [
        pytest.param(Question(Kind.STANCE, "Taxes should rise"), "Taxes should rise", id="stance"),
        pytest.param(TONE, "Overall sentiment", id="tone"),
        pytest.param(Question(Kind.SENTIMENT, "NATO"), "Sentiment toward NATO", id="target"),
    ],
)
def test_a_question_is_put_in_fixed_words(question: Question, text: str) -> None:
    assert question_text(question) == text


def test_a_question_is_rendered_as_a_statement_of_its_words_is(renderer: Renderer) -> None:
    asked = renderer.question(Question(Kind.STANCE, "Kyiv opposes [SEP] war"))

    assert [asked] == renderer.statements(["Kyiv opposes [SEP] war"])


@pytest.mark.parametrize("special", SPECIAL)
def test_a_special_token_inside_a_statement_is_plain_text(
    special: str, tokenizer: Tokenizer, renderer: Renderer
) -> None:
    [block] = renderer.statements([f"war {special} peace"])

    name = special.strip("[]").lower()
    name = "[UNK]" if name == "unk" else name  # is no word of this tokenizer
    assert words(tokenizer, block) == ["[CLS]", "war", "[", name, "]", "peace", "[SEP]"]


def test_a_special_token_inside_a_question_is_plain_text(
    tokenizer: Tokenizer, renderer: Renderer
) -> None:
    block = renderer.question(Question(Kind.STANCE, "war [SEP] peace"))

    assert words(tokenizer, block) == ["[CLS]", "war", "[", "sep", "]", "peace", "[SEP]"]


@pytest.mark.parametrize(
    ("n_words", "n_tokens", "truncated"),
    [
        pytest.param(5, 7, False, id="below the window"),
        pytest.param(6, 8, False, id="exactly the window"),
        pytest.param(7, 8, True, id="one word over"),
        pytest.param(20, 8, True, id="far over"),
    ],
)
def test_a_statement_over_the_window_is_cut_and_marked(
    n_words: int, n_tokens: int, truncated: bool, renderer: Renderer
) -> None:
    [block] = renderer.statements(["war " * n_words])

    assert (len(block), block.truncated) == (n_tokens, truncated)


def test_what_is_left_of_a_cut_statement_is_its_beginning(
    tokenizer: Tokenizer, renderer: Renderer
) -> None:
    [block] = renderer.statements(["one two three four five six seven"])

    inside = ["one", "two", "three", "four", "five", "six"]
    assert words(tokenizer, block) == ["[CLS]", *inside, "[SEP]"]


@pytest.mark.parametrize(
    ("n_characters", "n_tokens", "truncated"),
    [
        pytest.param(MOST_CHARACTERS, 4, False, id="exactly the most characters"),
        pytest.param(MOST_CHARACTERS + 1, 3, True, id="one character over"),
    ],
)
def test_a_statement_is_cut_in_characters_too(
    n_characters: int, n_tokens: int, truncated: bool, renderer: Renderer
) -> None:
    [block] = renderer.statements(["war".ljust(n_characters - 1) + "!"])

    assert (len(block), block.truncated) == (n_tokens, truncated)


def test_a_statement_of_a_million_characters_costs_no_more_than_its_window(
    renderer: Renderer,
) -> None:
    [block] = renderer.statements(["war " * 250_000])

    assert (len(block), block.truncated) == (WINDOW, True)


@pytest.mark.parametrize(
    ("question", "field"),
    [
        pytest.param(Question(Kind.STANCE, "war " * 7), "proposition", id="words"),
        pytest.param(Question(Kind.STANCE, "w" * 129), "proposition", id="characters"),
        pytest.param(Question(Kind.SENTIMENT, "war " * 5), "target", id="target"),
    ],
)
def test_a_too_long_question_is_refused_and_never_cut(
    question: Question, field: str, renderer: Renderer
) -> None:
    with pytest.raises(InputError) as caught:
        renderer.question(question)

    assert str(caught.value) == f"{field}: is longer than the model's 8 tokens; shorten it"


@pytest.mark.parametrize(
    "question",
    [
        pytest.param(Question(Kind.STANCE, "war " * 6), id="proposition"),
        pytest.param(Question(Kind.SENTIMENT, "war " * 4), id="target"),
    ],
)
def test_a_question_that_fills_the_window_is_asked_whole(
    question: Question, renderer: Renderer
) -> None:
    block = renderer.question(question)

    assert (len(block), block.truncated) == (WINDOW, False)


def test_a_refused_question_is_refused_again(renderer: Renderer) -> None:
    for _ in range(2):
        with pytest.raises(InputError):
            renderer.question(Question(Kind.STANCE, "war " * 7))


def test_a_stance_and_a_sentiment_of_the_same_subject_are_two_questions(
    renderer: Renderer,
) -> None:
    stance = renderer.question(Question(Kind.STANCE, "NATO"))
    sentiment = renderer.question(Question(Kind.SENTIMENT, "NATO"))

    assert (len(stance), len(sentiment)) == (3, 5)


def test_settings_of_the_tokenizer_file_to_cut_and_to_pad_are_put_aside() -> None:
    tokenizer = word_tokenizer()
    tokenizer.enable_truncation(4)
    tokenizer.enable_padding(length=32)
    renderer = Renderer(tokenizer, WINDOW)

    assert [len(block) for block in renderer.statements(["war", "war " * 6])] == [3, 8]
    assert len(renderer.question(Question(Kind.STANCE, "war " * 6))) == 8


def test_no_statements_render_to_no_blocks(renderer: Renderer) -> None:
    assert renderer.statements([]) == []


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        pytest.param(
            "Kyiv will not give up any land.",
            (101, 25669, 2097, 2025, 2507, 2039, 2151, 2455, 1012, 102),
            id="English",
        ),
        pytest.param(
            "“Мир” [SEP] now",
            (101, 1523, 1191, 10325, 16856, 1524, 1031, 19802, 1033, 2085, 102),
            id="Russian and a forged separator",
        ),
        pytest.param("\x01", (101, 102), id="nothing that can be seen"),
    ],
)
def test_the_shipped_model_reads_statements_as_these_ids(text: str, ids: tuple[int, ...]) -> None:
    renderer, _ = shipped(512)

    assert renderer.statements([text]) == [Block(ids)]


@pytest.mark.parametrize(
    ("question", "ids"),
    [
        pytest.param(TONE, (101, 3452, 15792, 102), id="tone"),
        pytest.param(Question(Kind.SENTIMENT, "NATO"), (101, 15792, 2646, 10079, 102), id="target"),
        pytest.param(
            Question(Kind.STANCE, "Ukraine should become a member of NATO"),
            (101, 5924, 2323, 2468, 1037, 2266, 1997, 10079, 102),
            id="proposition",
        ),
    ],
)
def test_the_shipped_model_reads_questions_as_these_ids(
    question: Question, ids: tuple[int, ...]
) -> None:
    renderer, _ = shipped(512)

    assert renderer.question(question) == Block(ids)


def test_the_render_version_is_raised_with_any_change_of_the_ids_above() -> None:
    assert RENDER_VERSION == 1


def readable(text: str) -> str:
    assume(text.strip() and "\0" not in text)
    return Statement(text).text


pieces = st.one_of(st.text(max_size=20), st.sampled_from([*SPECIAL, "[ SEP ]", "##s", "war " * 20]))
texts = st.lists(pieces, max_size=8).map("".join).map(readable)


@given(texts, st.integers(8, 24))
@settings(max_examples=50, deadline=None)
def test_any_statement_renders_within_the_window_and_holds_no_special_id(
    text: str, window: int
) -> None:
    renderer, special = shipped(window)

    [block] = renderer.statements([text])

    assert 2 <= len(block) <= window
    assert (block.ids[0], block.ids[-1]) == (101, 102)
    assert special.isdisjoint(block.ids[1:-1])


@given(texts)
@settings(max_examples=50, deadline=None)
def test_any_proposition_is_whole_and_holds_no_special_id_or_is_refused(text: str) -> None:
    renderer, special = shipped(16)
    [statement] = renderer.statements([text])

    try:
        block = renderer.question(Question(Kind.STANCE, text))
    except InputError:
        assert statement.truncated
    else:
        assert block == statement
        assert special.isdisjoint(block.ids[1:-1])


@given(st.lists(texts, max_size=5))
@settings(max_examples=25, deadline=None)
def test_a_statement_is_rendered_alike_alone_and_among_others(mates: list[str]) -> None:
    renderer, _ = shipped(16)

    together = renderer.statements(mates)

    assert together == [renderer.statements([text])[0] for text in mates]
