"""Articles with marked attributions: our own rows, PolNeAR's, and what is mended or refused."""

import gzip
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from stance.domain import Article, Span, SpeechKind
from stance.errors import FileError
from training.attributions import Gold, GoldArticle, kind_of, read_articles, read_polnear

TEXT = 'Ewa Novak, the envoy, said the talks "are over" for now. She left.\nNo one else spoke.'


def at(words: str, text: str = TEXT) -> list[int]:
    start = text.index(words)
    return [start, start + len(words)]


def attribution(**changed: Any) -> dict[str, Any]:
    row = {
        "source": [at("Ewa Novak, the envoy,")],
        "cue": [at("said")],
        "content": [at('the talks "are over" for now')],
        "speaker": "Ewa Novak",
        "role": "envoy",
        "kind": "mixed",
    }
    return {name: value for name, value in (row | changed).items() if value != "left out"}


def article(*attributions: object, **changed: Any) -> dict[str, Any]:
    return {"id": "a", "text": TEXT, "attributions": list(attributions), **changed}


def own(folder: Path, *rows: object) -> Path:
    path = folder / "articles.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def polnear(folder: Path, *rows: object) -> Path:
    (folder / "polnear").mkdir()
    with gzip.open(folder / "polnear" / "dev.jsonl.gz", "wt") as file:
        file.writelines((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)
    return folder


def marked(
    content: list[list[int]], cue: Sequence[list[int]] = (), source: Sequence[list[int]] = ()
) -> dict[str, Any]:
    """An attribution as PolNeAR has it."""
    return {
        "id": "E1", "kind": "attribution", "content": content, "cue": list(cue),
        "source": list(source),
    }  # fmt: skip


def words(gold: GoldArticle, span: Span | None) -> str | None:
    return span and gold.article.text[slice(*span)]


def in_straight_marks(text: str) -> list[Span]:
    return [found.span() for found in re.finditer('"[^"]*"', text)]


def faults_of(path: Path) -> str:
    with pytest.raises(FileError) as raised:
        read_articles(path)
    return str(raised.value)


def test_a_row_of_our_own_is_read_whole(tmp_path: Path) -> None:
    path = own(tmp_path, article(attribution(), title="Talks", outlet="Courier", date="2026-03-01"))

    (one,) = read_articles(path)

    assert one.article == Article(TEXT, "a", "Talks", "Courier", "2026-03-01")
    (gold,) = one.attributions
    assert [words(one, span) for span in (*gold.content, gold.cue, gold.source)] == [
        'the talks "are over" for now',
        "said",
        "Ewa Novak, the envoy,",
    ]
    assert (gold.speaker, gold.role, gold.kind) == ("Ewa Novak", "envoy", SpeechKind.MIXED)
    assert one.names_speakers


def test_what_may_be_none_is_none(tmp_path: Path) -> None:
    bare = attribution(source=[], cue=[], speaker=None, role="left out", kind="left out")

    ((gold,),) = (one.attributions for one in read_articles(own(tmp_path, article(bare))))

    assert (gold.source, gold.cue, gold.speaker, gold.role, gold.kind) == (None,) * 5


def test_a_missing_kind_is_filled_in_and_a_given_one_stays(tmp_path: Path) -> None:
    rows = [
        article(attribution(kind="left out")),
        article(attribution(kind="indirect"), id="b"),
    ]

    found = read_articles(own(tmp_path, *rows), in_straight_marks)

    kinds = [gold.kind for one in found for gold in one.attributions]
    assert kinds == [SpeechKind.MIXED, SpeechKind.INDIRECT]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"content": []}, "attributions.0: has no content"),
        ({"content": [[5, 5]]}, "content [5, 5] is empty or outside the text of 85 characters"),
        ({"cue": [[80, 86]]}, "cue [80, 86] is empty or outside"),
        ({"cue": [[-3, 4]]}, "cue [-3, 4] is empty or outside"),
        ({"cue": [["0", 4]]}, "cue holds ['0', 4], which is not [start, end]"),
        ({"source": [[0, True]]}, "source holds [0, True], which is not [start, end]"),
        ({"source": None}, "source must be a list of [start, end], not null"),
        ({"speaker": "left out"}, "speaker is missing; give null"),
        ({"speaker": "Eva Novak"}, "speaker 'Eva Novak' is not in the text"),
        ({"kind": "indirekt"}, "kind 'indirekt' is not one of direct, indirect, mixed; did you"),
        ({"spaeker": "Ewa"}, "unknown field 'spaeker'; did you mean 'speaker'?"),
    ],
)
def test_a_fault_is_told_with_its_line_and_attribution(
    changed: dict[str, Any], told: str, tmp_path: Path
) -> None:
    path = own(tmp_path, article(attribution(), id="b"), article(attribution(**changed)))

    assert f"{path}: line 2: attributions.0: " in faults_of(path)
    assert told in faults_of(path)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"text": TEXT, "attributions": []}, "id is missing"),
        ({"id": "a", "attributions": []}, "text is missing"),
        ({"id": "a", "text": TEXT}, "attributions is missing"),
        (article(txet=""), "unknown field 'txet'; did you mean 'text'?"),
        (article(text=7), "text: must be text, not int"),
        (article(attributions={}), "attributions must be a list of objects, not an object"),
        (article("said"), "attributions.0: must be an object, not text"),
        (article(alt_annotations=["b"]), "alt_annotations must be an object, not a list"),
        (["said"], "must be an object"),
    ],
)
def test_a_row_that_is_no_article_is_refused(row: object, told: str, tmp_path: Path) -> None:
    assert f"line 1: {told}" in faults_of(own(tmp_path, row))


def test_the_faults_of_all_rows_and_attributions_are_told_at_once(tmp_path: Path) -> None:
    broken = attribution(content=[])
    path = own(tmp_path, article(broken, attribution(), broken), article(broken, id="b"))

    told = faults_of(path).splitlines()

    assert [line.count("has no content") for line in told] == [2, 1]


def test_an_id_that_stands_twice_is_refused(tmp_path: Path) -> None:
    path = own(tmp_path, article(), article())

    assert "line 2: has the id of line 1" in faults_of(path)


@pytest.mark.parametrize("inside", ["the talks", "are over", "for now. She left."])
def test_content_over_other_content_is_refused_in_our_own_rows(inside: str, tmp_path: Path) -> None:
    inner = attribution(content=[at(inside)])

    told = faults_of(own(tmp_path, article(attribution(), inner)))

    assert "are over each other; mark the outer attribution alone" in told


def test_an_empty_file_and_a_table_are_refused(tmp_path: Path) -> None:
    assert "is empty" in faults_of(own(tmp_path))
    assert "is a table" in faults_of(tmp_path / "articles.csv")


def test_attributions_come_in_the_order_of_the_text(tmp_path: Path) -> None:
    late, early = attribution(content=[at("No one else")]), attribution()

    (one,) = read_articles(own(tmp_path, article(late, early)))

    assert one.attributions[0].content < one.attributions[1].content


def test_polnear_has_neither_speakers_nor_kinds_of_its_own(tmp_path: Path) -> None:
    row = article(
        marked([at('the talks "are over"')], [at("said")], [at("Ewa Novak, the envoy,")]),
        publisher="reuters", title="Talks", date="2016-09-12", marks=[], annotator="x",
    )  # fmt: skip
    folder = polnear(tmp_path, row)

    (plain,), (derived,) = (read_polnear(folder, "dev", q) for q in (None, in_straight_marks))

    assert plain.article.outlet == "reuters"
    assert not plain.names_speakers
    assert [gold.kind for gold in plain.attributions] == [None]
    assert [gold.kind for gold in derived.attributions] == [SpeechKind.MIXED]
    assert plain.attributions[0].speaker is None


def test_further_annotators_are_kept_apart(tmp_path: Path) -> None:
    first, second = marked([at("the talks")]), marked([at("No one else")])
    row = article(first, alt_annotations={"c": [second], "d": []})

    (one,) = read_polnear(polnear(tmp_path, row), "dev")

    assert [words(one, gold.content[0]) for gold in one.attributions] == ["the talks"]
    assert [[words(one, gold.content[0]) for gold in other] for other in one.others] == [
        ["No one else"],
        [],
    ]


def test_a_fault_of_a_further_annotator_names_them(tmp_path: Path) -> None:
    folder = polnear(tmp_path, article(alt_annotations={"c": [marked([[0, 900]])]}))

    with pytest.raises(FileError, match=r"line 1: alt_annotations.c.0: content \[0, 900\]"):
        read_polnear(folder, "dev")


def test_polnear_without_content_is_left_out_and_without_cue_stays(tmp_path: Path) -> None:
    row = article(marked([], [at("said")]), marked([at("the talks")]))

    ((gold,),) = (one.attributions for one in read_polnear(polnear(tmp_path, row), "dev"))

    assert gold.cue is None


def test_of_contents_over_each_other_in_polnear_the_longer_stays(tmp_path: Path) -> None:
    inner, outer = marked([at("talks")], [at("left")]), marked([at("the talks")], [at("said")])

    (one,) = read_polnear(polnear(tmp_path, article(inner, outer, outer)), "dev")

    assert [words(one, gold.cue) for gold in one.attributions] == ["said"]


@pytest.mark.parametrize(
    ("pieces", "mended"),
    [
        (["for now. ", " She left."], ["for now. She left."]),
        (["She left.", "for now."], ["for now. She left."]),
        (["the talks", "talks "], ["the talks"]),
        (["She left.", "No one"], ["She left.", "No one"]),
        (["the talks", "for now"], ["the talks", "for now"]),
        (["for now", "\n"], ["for now"]),
    ],
    ids=["one sentence a piece", "order", "overlap", "two lines", "words between", "blank"],
)
def test_pieces_of_content_are_mended(pieces: list[str], mended: list[str], tmp_path: Path) -> None:
    row = article(marked([at(piece) for piece in pieces]))

    (one,) = read_polnear(polnear(tmp_path, row), "dev")

    assert [words(one, span) for span in one.attributions[0].content] == mended


def test_near_pieces_of_a_source_are_one_and_of_far_ones_that_by_the_cue_counts(
    tmp_path: Path,
) -> None:
    content = [at("are over")]
    near = marked(content, [at("left")], [at("Ewa Novak"), at("envoy")])
    far = marked(content, [at("said")], [at("the envoy"), at("No one else spoke")])
    rows = [article(near), article(far, id="b")]

    found = read_polnear(polnear(tmp_path, *rows), "dev")

    assert [words(one, one.attributions[0].source) for one in found] == [
        "Ewa Novak, the envoy",
        "the envoy",
    ]


def test_of_far_pieces_of_a_cue_the_longest_counts(tmp_path: Path) -> None:
    row = article(marked([at("are over")], [at("said"), at("spoke")]))

    (one,) = read_polnear(polnear(tmp_path, row), "dev")

    assert words(one, one.attributions[0].cue) == "spoke"


def test_a_copy_that_is_not_there_is_told_with_its_origin(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="train.jsonl.gz.*networkdynamics/PolNeAR"):
        read_polnear(tmp_path, "train")


def test_an_unknown_split_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no split 'tset'; did you mean 'test'?"):
        read_polnear(tmp_path, "tset")


def test_a_copy_that_is_no_gzip_or_no_json_is_refused(tmp_path: Path) -> None:
    folder = polnear(tmp_path, article(), "{", "[]")

    with pytest.raises(FileError, match="(?s)line 2: is not JSON.*line 3: must be an object"):
        read_polnear(folder, "dev")

    (folder / "polnear" / "dev.jsonl.gz").write_text("{}")
    with pytest.raises(FileError, match="cannot be read as gzipped JSONL"):
        read_polnear(folder, "dev")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('"We go," she said, "now."', SpeechKind.DIRECT),
        ("that we go", SpeechKind.INDIRECT),
        ('that we "go"', SpeechKind.MIXED),
        ("...", SpeechKind.INDIRECT),
    ],
)
def test_the_kind_follows_from_the_quotation_marks(text: str, kind: SpeechKind) -> None:
    spans = [(0, 9), (19, 25)] if "said" in text else [(0, len(text))]
    with_marks = in_straight_marks(text)
    without_marks = [(start + 1, end - 1) for start, end in with_marks]

    assert kind_of(text, spans, with_marks) == kind
    assert kind_of(text, spans, without_marks) == kind


@pytest.mark.parametrize("content", [(), ((3, 3),), ((4, 6), (1, 2)), ((-1, 2),)])
def test_gold_content_must_be_there_and_in_order(content: tuple[Span, ...]) -> None:
    with pytest.raises(ValueError, match="content|span"):
        Gold(content)


def test_gold_beyond_its_text_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\[2, 9\] ends beyond the text of 3"):
        GoldArticle(Article("abc"), (), ((Gold(((0, 1),), cue=(2, 9)),),))
