"""Markup is masked in place, sentences cover the text, and windows read every token once."""

import random
import time
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stance.article_text import (
    WORD_JOINER,
    Window,
    cut_windows,
    find_paragraphs,
    find_sentences,
    mask_markup,
)
from stance.domain import Span

HTML = (
    "<p>",
    "</p>",
    "<br/>",
    "<!--",
    "-->",
    "<script>",
    "</script>",
    "<q>",
    "</q>",
    "&quot;",
    "&lt;",
    "&amp;",
    "&#39;",
    "&nbsp;",
    "<",
    ">",
    "&",
)
html_text = st.lists(st.sampled_from(HTML) | st.text(max_size=6), max_size=20).map("".join)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("no markup, 5 > 4", "no markup, 5 > 4", id="none"),
        pytest.param("don&#8217;t", "don’······t", id="inside a word"),
        pytest.param("AT&amp;T", "AT&····T", id="ampersand"),
        pytest.param("&quot;Go.&quot; he", '"·····Go.·····" he', id="quotation marks"),
        pytest.param("a &lt; b", "a <    b", id="beside a space"),
        pytest.param("one&nbsp;word", "one\xa0     word", id="a space"),
        pytest.param("&amp;quot;Go&amp;quot;", '"·········Go·········"', id="escaped twice"),
        pytest.param("&#x201C;Go", "“·······Go", id="hexadecimal"),
        pytest.param("&nosuch; &copyright;", "&nosuch; &copyright;", id="no entity"),
        pytest.param('"<em>Go</em>"', '"····Go·····"', id="a tag beside a mark"),
        pytest.param("by <b>Ann</b>, who", "by    Ann····, who", id="a tag beside a space"),
        pytest.param("One.</p><p>Two.", "One. \n\n    Two.", id="paragraphs"),
        pytest.param("&lt;p&gt;One", " \n\n      One", id="an escaped tag"),
        pytest.param("x <q>Go</q> y", "x   “Go”    y", id="a quotation"),
        pytest.param("x <!-- <b> --> y", "x              y", id="a comment"),
        pytest.param("x <script>if (a<b)</script> y", "x " + " " * 26 + "y", id="a script"),
        pytest.param("<ann@a.org> <Interview> x<y", "<ann@a.org> <Interview> x<y", id="no tag"),
        pytest.param("<p never closed", "<p never closed", id="a tag without end"),
        pytest.param("x <!-- never closed", "x <!-- never closed", id="a comment without end"),
    ],
)
def test_markup_is_replaced_by_what_it_shows(text: str, shown: str) -> None:
    assert mask_markup(text) == shown.replace("·", WORD_JOINER)


@given(html_text)
@example("&" + "amp;" * 50 + "lt;")
@settings(deadline=None)
def test_masking_keeps_every_offset(text: str) -> None:
    assert len(mask_markup(text)) == len(text)


@given(st.text(alphabet=st.characters(exclude_characters="<&")))
@settings(deadline=None)
def test_what_is_no_markup_stays_as_it_is(text: str) -> None:
    assert mask_markup(text) == text
    assert mask_markup(f"<p>{text}</p>")[3:-4] == text


WRAPPED = """The ministers of nine states agreed on Friday to open the
border again, and the tenth did not come to the meeting.
It will be asked once more."""


def texts(text: str, spans: list[Span]) -> list[str]:
    return [text[start:end] for start, end in spans]


@pytest.mark.parametrize(
    ("text", "paragraphs"),
    [
        pytest.param("One.\n\n Two. \n\n\n", ["One.", "Two."], id="empty lines"),
        pytest.param("One.\nTwo.\r\nThree", ["One.", "Two.", "Three"], id="lines"),
        pytest.param(f"{WRAPPED}\n{WRAPPED}", [WRAPPED, WRAPPED], id="wrapped lines"),
        pytest.param(f"{WRAPPED}\n  {WRAPPED}", [WRAPPED, WRAPPED], id="wrapped and indented"),
        pytest.param(
            "A: Were you asked before the vote, or only after it?\nB: Nobody was asked before it.",
            [
                "A: Were you asked before the vote, or only after it?",
                "B: Nobody was asked before it.",
            ],
            id="short lines that are whole",
        ),
        pytest.param(" \n\t\n", [], id="nothing"),
    ],
)
def test_a_line_is_a_paragraph_unless_lines_are_wrapped(text: str, paragraphs: list[str]) -> None:
    assert texts(text, find_paragraphs(text)) == paragraphs


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        pytest.param(
            "Mr. Ito of the U.N. spoke to Dr. Roe. He left.",
            ["Mr. Ito of the U.N. spoke to Dr. Roe.", "He left."],
            id="abbreviations",
        ),
        pytest.param("No end here\n\nNew one", ["No end here", "New one"], id="paragraphs"),
        pytest.param('"We go. We stay." He left.', ['"We go. We stay."', "He left."], id="quoted"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, sentences: list[str]) -> None:
    assert texts(text, find_sentences(text)) == sentences


def test_a_masked_closing_mark_stays_with_its_sentence() -> None:
    shown = mask_markup("&ldquo;We go.&rdquo; Next one.")

    assert [sentence[-1] for sentence in texts(shown, find_sentences(shown))] == ["”", "."]


def test_text_without_an_end_is_cut_between_words() -> None:
    text = "word " * 3_000

    sentences = texts(text, find_sentences(text))

    assert len(sentences) > 5
    assert all(len(sentence) <= 2_000 and sentence.endswith("word") for sentence in sentences)


def test_text_without_a_space_is_cut_and_nothing_of_it_lost() -> None:
    text = "ab" * 3_000

    assert "".join(texts(text, find_sentences(text))) == text


@given(st.text() | html_text)
@example(WORD_JOINER)
@settings(deadline=None)
def test_sentences_cover_all_that_is_no_white_space_and_nothing_twice(text: str) -> None:
    spans = find_sentences(text)

    edges = [edge for span in spans for edge in span]
    assert edges == sorted(edges)
    assert all(text[start:end].strip() == text[start:end] != "" for start, end in spans)
    seen, shown = (
        "".join(one.replace(WORD_JOINER, "").split()) for one in ("".join(texts(text, spans)), text)
    )
    assert seen == shown  # a word joiner stands for markup


@given(st.text(alphabet="aB. \n\"“”'", max_size=400))
@settings(deadline=None)
def test_no_sentence_goes_over_a_paragraph(text: str) -> None:
    paragraphs = find_paragraphs(text)

    for start, end in find_sentences(text):
        assert any(first <= start and end <= last for first, last in paragraphs)


@pytest.mark.parametrize(
    "hostile",
    ["“", "“ ", '"a ', "<", "<p>", "<!-- ", "&lt;a ", "&amp;", "\n", ". ", "你好。", "a", "(«"],
)
def test_a_long_hostile_text_takes_no_more_than_linear_time(hostile: str) -> None:
    text = hostile * (200_000 // len(hostile))

    began = time.process_time()
    find_sentences(mask_markup(text))

    assert time.process_time() - began < 5


def tokens_of(lengths: list[int]) -> tuple[list[Span], list[Span]]:
    """Tokens of three characters with a space between, in sentences of so many tokens."""
    tokens = [(4 * n, 4 * n + 3) for n in range(sum(lengths))]
    sentences = []
    first = 0
    for length in lengths:
        sentences.append((4 * first, 4 * (first + length) - 1))
        first += length
    return tokens, sentences


@st.composite
def articles(draw: st.DrawFn) -> tuple[list[int], int, int]:
    longest = draw(st.integers(1, 40))
    overlap = draw(st.integers(0, longest - 1))
    return draw(st.lists(st.integers(1, 60), max_size=40)), longest, overlap


def windows_of(article: tuple[list[int], int, int]) -> list[Window]:
    lengths, longest, overlap = article
    return cut_windows(*tokens_of(lengths), longest, overlap)


@given(articles())
@settings(deadline=None)
def test_every_token_counts_in_one_window_and_is_read_there(
    article: tuple[list[int], int, int],
) -> None:
    windows = windows_of(article)

    assert [n for window in windows for n in window.counted] == list(range(sum(article[0])))
    assert all(n in window.tokens for window in windows for n in window.counted)


@given(articles())
@settings(deadline=None)
def test_no_window_is_too_long_and_each_reads_on(article: tuple[list[int], int, int]) -> None:
    _, longest, overlap = article

    windows = windows_of(article)

    assert all(0 < len(window.tokens) <= longest for window in windows)
    assert all(len(window.counted) for window in windows)
    for before, after in pairwise(windows):
        assert before.tokens.start < after.tokens.start <= before.tokens.stop < after.tokens.stop
        assert before.tokens.stop - after.tokens.start <= overlap


@given(articles())
@settings(deadline=None)
def test_windows_are_cut_between_sentences_unless_one_is_too_long(
    article: tuple[list[int], int, int],
) -> None:
    lengths, longest, _ = article
    edges = {sum(lengths[:n]) for n in range(len(lengths) + 1)}

    for window in windows_of(article):
        if window.tokens.stop not in edges:
            assert len(window.tokens) == longest
            assert not edges.intersection(window.tokens[1:])
        if window.tokens.start not in edges:
            assert max(edge for edge in edges if edge < window.tokens.start) + longest < min(
                edge for edge in edges if edge > window.tokens.start
            )


@given(articles())
@settings(deadline=None)
def test_of_readings_the_one_counts_that_has_the_token_farther_from_an_edge(
    article: tuple[list[int], int, int],
) -> None:
    windows = windows_of(article)

    def distance(n: int, window: Window) -> int:
        return min(n - window.tokens.start, window.tokens.stop - 1 - n)

    for window in windows:
        for n in window.counted:
            other = [distance(n, one) for one in windows if n in one.tokens]
            assert distance(n, window) == max(other)


@pytest.mark.parametrize(
    ("lengths", "windows"),
    [
        pytest.param([4, 3], [range(7)], id="all fit"),
        pytest.param([5, 5, 5], [range(10), range(5, 15)], id="cut at a sentence"),
        pytest.param([6, 3, 6], [range(9), range(6, 15)], id="begun a sentence earlier"),
        pytest.param([6, 3, 8], [range(9), range(9, 17)], id="nothing earlier that reads on"),
        pytest.param([14], [range(10), range(5, 14)], id="a sentence too long"),
        pytest.param(
            [2, 14, 2], [range(2), range(2, 12), range(7, 16), range(16, 18)], id="inside"
        ),
    ],
)
def test_windows_begin_at_the_earliest_sentence_from_which_they_read_on(
    lengths: list[int], windows: list[range]
) -> None:
    cut = cut_windows(*tokens_of(lengths), longest=10, overlap=5)

    assert [window.tokens for window in cut] == windows


def test_an_article_without_tokens_has_no_windows() -> None:
    assert cut_windows([], [(0, 3)]) == []


def test_tokens_outside_every_sentence_are_read_too() -> None:
    tokens, _ = tokens_of([30])

    windows = cut_windows(tokens, [], longest=10, overlap=4)

    assert [n for window in windows for n in window.counted] == list(range(30))


def test_several_tokens_of_one_character_are_not_torn_from_their_sentence() -> None:
    tokens = [(0, 1), (0, 1), (2, 3), (2, 3), (2, 3)]

    windows = cut_windows(tokens, [(0, 1), (2, 3)], longest=4, overlap=0)

    assert [window.tokens for window in windows] == [range(2), range(2, 5)]


@pytest.mark.parametrize("overlap", [-1, 10, 11])
def test_an_overlap_as_long_as_a_window_is_refused(overlap: int) -> None:
    with pytest.raises(ValueError, match=f"an overlap of {overlap} must be from 0 to below 10"):
        cut_windows([(0, 1)], [(0, 1)], longest=10, overlap=overlap)


def test_a_hundred_thousand_tokens_are_cut_at_once() -> None:
    rng = random.Random(3)
    lengths = [rng.randint(1, 60) for _ in range(3_500)]

    began = time.process_time()
    windows = cut_windows(*tokens_of(lengths))

    assert time.process_time() - began < 5
    assert len(windows) < 1.4 * sum(lengths) / 320
