"""Articles become attributed statements with speakers, in text order; no article makes it fail."""

import json
from collections.abc import Iterator
from itertools import count, islice, repeat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.bundle import publish, seal, stage
from stance.domain import Article
from stance.errors import BundleError
from stance.quotes import Extractor
from stance.speakers import SpeakerModel
from stance.tagger import PORTION_TOKENS
from tests.tiny_analysis import publish_extractor
from tests.tiny_articles import by_eye, marked_articles
from tests.tiny_bundles import publish_tiny

ARTICLE = Article(
    "Moscow says that we should have peace. Football is good. That there is war, says Warsaw."
)
NAMING = SpeakerModel({}, 0.0)  # names whoever is as probable as any
NOBODY = SpeakerModel({}, 1.0)

HOSTILE = {
    "empty": "",
    "white space": " \n\n\t\u00a0\n",
    "one word": "says",
    "one letter": "a",
    "no quotes": "that it rained. " * 50,
    "only quotes": "\"“”‘’'«»„" * 200,
    "unpaired quotes": 'Moscow says "that we go. ' * 50,
    "HTML": "<p>Moscow <b>says</b> &ldquo;that we go&rdquo;</p><script>that</script>" * 20,
    "broken HTML": "<p <q>&ldquo &#0;&#x110000; &lt;q&gt; Moscow says that </q><" * 20,
    "from right to left": "\u202b«שלום» אמר\u202c \u200fMoscow says «that שלום»\u200f. " * 20,
    "lone combining marks": "\u0301\u0301 says \u0301that\u0301 \u20e3 Moscow\u0301. " * 20,
    "emoji": "👩‍👩‍👧 says that 🇺🇦 “👍🏽”, says Moscow. " * 20,
    "a transcript": "MOSCOW: We go.\n\nWARSAW: Why?\n\nMOSCOW: That says it.",
    "a long line": ('Moscow says that "we go" and ' + "it rained " * 10) * 1_600,
    "a long word": "that" + "a" * 200_000 + " says Moscow.",
    "many paragraphs": "“says that\n\n" * 3_000,
}


def check_spans(article: Article, extractor: Extractor) -> None:
    for one in extractor.extract(article):
        for start, end in filter(None, (*one.spans, one.cue, one.mention)):
            assert article.text[start:end] == article.text[start:end].strip() != ""


def test_statements_come_in_the_order_of_the_text() -> None:
    found = Extractor(by_eye(), NOBODY).extract(ARTICLE)

    assert [one.text(ARTICLE.text) for one in found] == [
        "that we should have peace", "That there is war",
    ]  # fmt: skip


def test_a_speaker_is_told_where_it_is_probable_enough_and_else_is_nobody() -> None:
    text = "Moscow says that we should have peace."

    [named] = Extractor(by_eye(), SpeakerModel({"name:whole": 9.0}, 0.0)).extract(Article(text))
    [nobody] = Extractor(by_eye(), NOBODY).extract(Article(text))

    assert named.speaker is None or named.speaker.mention == "Moscow"
    assert nobody.speaker is None
    assert nobody.mention == (0, 6)


def test_an_extractor_is_cited_by_the_name_of_its_tagger() -> None:
    assert Extractor(by_eye(), NOBODY).name == "by eye"


def test_many_articles_are_read_in_order_as_each_alone() -> None:
    articles = [one.article for one in marked_articles(8, n_sentences=3)]
    articles += [Article(""), ARTICLE, Article("MOSCOW: We go.\n\nWARSAW: Why?\n\nMOSCOW: Well.")]
    extractor = Extractor(by_eye(24), NAMING)

    together = list(extractor.extract_each(articles))

    assert together == [extractor.extract(article) for article in articles]
    assert len({len(found) for found in together}) > 2


def test_articles_are_read_as_they_are_asked_for() -> None:
    read = count()

    def without_end() -> Iterator[Article]:
        for article in repeat(Article(ARTICLE.text * 20)):
            next(read)
            yield article

    found = list(islice(Extractor(by_eye(), NOBODY).extract_each(without_end()), 3))

    assert found[0] == found[2] != []
    assert next(read) <= 2 + PORTION_TOKENS // 300


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_article_makes_it_fail(text: str) -> None:
    check_spans(Article(text), Extractor(by_eye(), NOBODY))


@given(
    st.lists(
        st.one_of(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
            st.sampled_from(["Moscow ", "says ", " that ", ". ", "“", "”", '"', "\n\n", "&quot;"]),
        ),
        max_size=20,
    ).map("".join)
)
def test_what_is_found_stands_in_the_article_whatever_it_is(text: str) -> None:
    check_spans(Article(text), Extractor(by_eye(24), NOBODY))


def test_the_extractor_that_is_served_is_the_one_that_is_named(tmp_path: Path) -> None:
    publish_extractor(tmp_path, "finder")
    (tmp_path / "EXTRACTOR").write_text("finder\n")

    served = Extractor.open(tmp_path, threads=1)

    assert served.name == "finder"
    assert served.extract(ARTICLE) == Extractor.open(tmp_path, "finder", 1).extract(ARTICLE) != []


def test_a_model_of_another_kind_is_no_extractor(tmp_path: Path) -> None:
    publish_tiny(tmp_path, "stance", "favor")

    with pytest.raises(BundleError, match="is a model of stance, and one of extraction is needed"):
        Extractor.open(tmp_path, "stance")


@pytest.mark.parametrize(
    "told",
    [
        pytest.param('{"weights": []}', id="no weights"),
        pytest.param("{", id="broken off"),
        pytest.param("[" * 200_000, id="too deep"),
        pytest.param(json.dumps({"weights": {"name": 1e999}, "threshold": 0.5}), id="infinite"),
        pytest.param('{"weights": {}, "threshold": 2}', id="no probability"),
    ],
)
def test_weights_of_speakers_that_cannot_be_read_are_refused_by_the_name_of_the_file(
    told: str, tmp_path: Path
) -> None:
    with stage(tmp_path, "finder") as staged:
        for name in ("model.onnx", "tokenizer.json"):
            (staged / name).write_text("{}")
        (staged / "speakers.json").write_text(told)
        seal(staged, {"kind": "extraction", "window": 64})
        publish(staged, tmp_path, "finder")

    with pytest.raises(BundleError, match=r"speakers\.json: cannot be read as weights of speakers"):
        Extractor.open(tmp_path, "finder", threads=1)
