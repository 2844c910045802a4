"""Windows, words and links become spans of the article; packing changes no answer."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import count, islice, repeat

import numpy as np
import pytest

from stance.article_text import Window
from stance.article_tokens import ArticleTokens
from stance.domain import Article
from stance.network import TokenTags
from stance.packing import Rows
from stance.tagger import PORTION_TOKENS, Tagged, Tagger, decode
from stance.tags import OUTSIDE, TAGS, Part, beginning
from tests.tiny_articles import (
    LINK_WIDTH,
    by_eye,
    linked,
    marked_articles,
    pieces,
    spans_of,
)

SOURCE, CUE, CONTENT = (beginning(part) for part in Part)
ARTICLE = Article(
    "Moscow says that we should have peace. Football is good. That there is war, says Warsaw."
)


def test_what_is_tagged_stands_in_the_article() -> None:
    tagged = by_eye().tag(ARTICLE)

    assert pieces(ARTICLE, tagged, Part.SOURCE) == ["Moscow", "Warsaw"]
    assert pieces(ARTICLE, tagged, Part.CUE) == ["says", "says"]
    assert pieces(ARTICLE, tagged, Part.CONTENT) == [
        "that we should have peace",
        "That there is war,",
    ]


def test_sources_and_contents_are_linked_to_their_cue() -> None:
    tagged = by_eye().tag(ARTICLE)

    assert linked(ARTICLE, tagged) == [
        ("Moscow", (7, 11)),
        ("that we should have peace", (7, 11)),
        ("That there is war,", (76, 80)),
        ("Warsaw", (76, 80)),
    ]
    assert all(0.9 < link.probability <= 1 for link in tagged.links)


def test_spans_of_which_the_network_is_sure_are_probable() -> None:
    assert all(0.99 < one.probability <= 1 for one in by_eye().tag(ARTICLE).spans)


@pytest.mark.parametrize("positions", [64, 30, 16])
def test_a_long_article_is_read_whole(positions: int) -> None:
    article = Article(ARTICLE.text.replace(",", "") + " " + ARTICLE.text * 30)

    tagged = by_eye(positions).tag(article)

    assert pieces(article, tagged, Part.CUE) == ["says"] * 62
    assert pieces(article, tagged, Part.SOURCE) == ["Moscow", "Warsaw"] * 31
    assert len(tagged.links) == 4 * 31


@pytest.mark.parametrize("text", ["", " \n\n"])
def test_nothing_is_said_in_an_article_without_words(text: str) -> None:
    assert by_eye().tag(Article(text)) == Tagged((), ())


def test_many_articles_are_tagged_in_order_as_each_alone() -> None:
    articles = [one.article for one in marked_articles(12, n_sentences=3)] + [Article("")]
    tagger = by_eye(24)

    together = list(tagger.tag_each(articles))

    assert together == [tagger.tag(article) for article in articles]
    assert len({len(one.spans) for one in together}) > 1


def test_a_network_that_takes_rows_ahead_tags_the_same_articles_in_order() -> None:
    tagger = by_eye(24)
    network = tagger._network

    class Ahead:
        def __call__(self, rows: Rows, /) -> TokenTags:
            pytest.fail("asked without its queue")

        def each(self, rows: Iterable[Rows], /) -> Iterator[TokenTags]:
            yield from map(network, list(rows))

    marked = [one.article for one in marked_articles(9, n_sentences=3)]
    articles = [Article(""), *marked[:4], Article(" "), Article("\n"), *marked[4:], Article("")]
    queued = Tagger(Ahead(), tagger._reader, "queued", batch_tokens=48, portion_tokens=60)

    assert list(queued.tag_each(articles)) == [tagger.tag(article) for article in articles]


def test_articles_are_read_as_they_are_asked_for() -> None:
    read = count()

    def without_end() -> object:
        for article in repeat(Article(ARTICLE.text * 100)):
            next(read)
            yield article

    found = list(islice(by_eye().tag_each(without_end()), 3))  # type: ignore[arg-type]  # endless

    assert len(found) == 3
    assert next(read) <= 2 + PORTION_TOKENS // 1900


def test_rows_are_no_longer_than_a_window_and_batches_are_bounded() -> None:
    tagger = by_eye(24)
    seen: list[Rows] = []
    network = tagger._network

    def recorded(rows: Rows, /) -> TokenTags:
        seen.append(rows)
        return network(rows)

    Tagger(recorded, tagger._reader, "recorded").tag(Article(ARTICLE.text * 100))

    assert {rows.group.shape[1] <= 24 for rows in seen} == {True}
    assert len(seen) > 1
    assert max(rows.group.size for rows in seen) <= 1024


def tokens_of(n: int, words: Sequence[int] | None = None) -> ArticleTokens:
    """Tokens of three characters with a space behind each."""
    spans = [(4 * k, 4 * k + 3) for k in range(n)]
    return ArticleTokens(range(n), spans, words or range(n), [])


def answer(tags: Sequence[int], links: dict[int, int] | None = None) -> TokenTags:
    """A window that is sure of its tags; tokens of one number are linked, of opposite ones not."""
    logits = np.full((len(tags), len(TAGS)), -8.0, np.float32)
    logits[range(len(tags)), tags] = 8
    vectors = np.zeros((len(tags), LINK_WIDTH), np.float32)
    for place, number in (links or {}).items():
        vectors[place, abs(number)] = 8 * np.sign(number)
    return TokenTags(logits, vectors, vectors)


def window(first: int, end: int, counted_first: int, counted_end: int) -> Window:
    return Window(range(first, end), range(counted_first, counted_end))


def test_a_span_goes_over_the_edge_of_a_window() -> None:
    windows = [window(0, 6, 0, 4), window(3, 9, 4, 9)]
    answers = [
        answer([OUTSIDE, CONTENT, *[CONTENT + 1] * 4]),
        answer([CONTENT + 1] * 4 + [OUTSIDE] * 2),
    ]

    tagged = decode(tokens_of(9), windows, answers)

    assert [(one.part, one.span) for one in tagged.spans] == [(Part.CONTENT, (4, 27))]


def test_of_a_token_that_is_read_twice_the_answer_that_counts_is_taken() -> None:
    windows = [window(0, 4, 0, 2), window(1, 5, 2, 5)]
    answers = [answer([OUTSIDE, CUE, SOURCE, SOURCE]), answer([SOURCE, CUE, OUTSIDE, OUTSIDE])]

    tagged = decode(tokens_of(5), windows, answers)

    assert [one.span for one in tagged.spans] == [(4, 7), (8, 11)]
    assert {one.part for one in tagged.spans} == {Part.CUE}


def test_the_first_piece_speaks_for_the_word() -> None:
    tags = [SOURCE, CUE, CONTENT, CUE, OUTSIDE, OUTSIDE]

    tagged = decode(tokens_of(6, words=[0, 3, 5]), [window(0, 6, 0, 6)], [answer(tags)])

    assert [(one.part, one.span) for one in tagged.spans] == [
        (Part.SOURCE, (0, 11)),
        (Part.CUE, (12, 19)),
    ]


def test_a_span_whose_cue_is_not_there_is_linked_to_none() -> None:
    tags = [CONTENT, OUTSIDE, CUE, SOURCE]

    tagged = decode(tokens_of(4), [window(0, 4, 0, 4)], [answer(tags, {0: -1, 2: 1, 3: 1})])

    assert [(link.span, link.cue) for link in tagged.links] == [(2, 1)]


def test_without_a_cue_nothing_is_linked() -> None:
    tagged = decode(tokens_of(2), [window(0, 2, 0, 2)], [answer([SOURCE, CONTENT], {0: 1, 1: 1})])

    assert len(tagged.spans) == 2
    assert tagged.links == ()


def test_a_source_may_serve_two_cues_but_a_content_one() -> None:
    tags = [SOURCE, CUE, CONTENT, CUE, CONTENT]
    links = dict.fromkeys(range(5), 1)

    tagged = decode(tokens_of(5), [window(0, 5, 0, 5)], [answer(tags, links)])

    assert [(link.span, link.cue) for link in tagged.links] == [(0, 1), (0, 3), (2, 1), (4, 1)]
    assert tagged.links[0].probability == pytest.approx(0.5, abs=0.01)


def test_a_cue_takes_no_source_that_is_all_but_surely_of_another() -> None:
    tags = [SOURCE, CUE, CONTENT, CUE, CONTENT]

    tagged = decode(
        tokens_of(5), [window(0, 5, 0, 5)], [answer(tags, {0: 1, 1: 1, 2: 1, 3: 2, 4: 2})]
    )

    assert [(link.span, link.cue) for link in tagged.links] == [(0, 1), (2, 1), (4, 3)]


def test_a_pair_is_read_in_the_window_that_has_it_farther_from_a_cut() -> None:
    tags = [OUTSIDE] * 8
    windows = [window(0, 8, 0, 6), window(2, 12, 6, 12)]
    first = [*tags[:6], SOURCE, CUE]
    second = [OUTSIDE] * 4 + [SOURCE, CUE, *[OUTSIDE] * 4]
    apart, together = {6: 1, 7: 2}, {4: 1, 5: 1}

    tagged = decode(tokens_of(12), windows, [answer(first, apart), answer(second, together)])

    [link] = tagged.links
    assert (link.span, link.cue) == (0, 1)
    assert link.probability > 0.99


def test_a_pair_that_no_window_holds_is_not_linked() -> None:
    windows = [window(0, 2, 0, 2), window(2, 4, 2, 4)]
    answers = [answer([OUTSIDE, CUE], {1: 1}), answer([CONTENT, OUTSIDE], {0: 1})]

    assert decode(tokens_of(4), windows, answers).links == ()


def test_the_probability_of_a_span_is_the_mean_of_its_words() -> None:
    logits = np.full((2, len(TAGS)), -50.0, np.float32)
    logits[0, [OUTSIDE, CUE]] = np.log([0.2, 0.8])
    logits[1, [OUTSIDE, CUE, CUE + 1]] = np.log([0.4, 0.1, 0.5])
    vectors = np.zeros((2, LINK_WIDTH), np.float32)

    tagged = decode(tokens_of(2), [window(0, 2, 0, 2)], [TokenTags(logits, vectors, vectors)])

    [cue] = tagged.spans
    assert cue.span == (0, 7)
    assert cue.probability == pytest.approx(0.7)


def test_what_was_marked_in_an_article_of_the_tests_is_what_the_eye_finds() -> None:
    [marked] = marked_articles(1, seed=3)

    tagged = by_eye().tag(marked.article)

    contents = {span for part, span in spans_of(marked.attributions) if part is Part.CONTENT}
    found = {one.span for one in tagged.spans if one.part is Part.CONTENT}
    assert found == contents
