"""Speech is attributed by form alone only where the form is sure."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.article_text import mask_markup
from stance.domain import SpeechKind
from stance.quotation import find_quotations
from stance.transcript import find_sure

DIALOGUE = """Ann Lee has been mayor of Ely since May.

Jo Roe: Why a toll?

Ann Lee (Greens): Because the road costs money. A road is no gift.

I said so before the vote.

She laughs and shuts the window.

Roe: And the bridge?

(Laughter.)

Lee: The bridge is "a gift"."""


def told(text: str) -> list[tuple[str, ...]]:
    """The mention and then the content of what is found, one string a span."""
    return [
        (text[slice(*found.mention)], *(text[slice(*span)] for span in found.spans))
        for found in find_sure(find_quotations(mask_markup(text)))
        if found.mention
    ]


def test_each_turn_of_a_dialogue_is_its_speakers() -> None:
    assert told(DIALOGUE) == [
        ("Jo Roe", "Why a toll?"),
        (
            "Ann Lee (Greens)",
            "Because the road costs money. A road is no gift.",
            "I said so before the vote.",
        ),
        ("Roe", "And the bridge?"),
        ("Lee", 'The bridge is "a gift".'),
    ]


def test_what_is_found_is_direct_with_the_colon_for_its_cue_and_no_speaker_yet() -> None:
    for found in find_sure(find_quotations(DIALOGUE)):
        assert found.kind is SpeechKind.DIRECT
        assert found.cue is not None
        assert DIALOGUE[slice(*found.cue)] == ":"
        assert found.speaker is None


@pytest.mark.parametrize(
    ("text", "speakers"),
    [
        pytest.param("Q: Why?\nA: Because.", ["Q", "A"], id="question and answer"),
        pytest.param("QUESTION: Why so?\nANSWER: Why not?", ["QUESTION", "ANSWER"], id="in full"),
        pytest.param(
            "JO ROE: Why?\nMAYOR ANN LEE: Why not?\nROE: Is that all?",
            ["JO ROE", "MAYOR ANN LEE", "ROE"],
            id="capitals",
        ),
        pytest.param(
            "Jo Roe, Jr.: Why?\nLi de la Cruz: Why not?\nRoe: Is that all?",
            ["Jo Roe, Jr.", "Li de la Cruz", "Roe"],
            id="names of many words",
        ),
        pytest.param(
            "<p><b>ROE:</b> Why?</p><p><b>LEE:</b> Why not?</p><p><b>ROE:</b> All?</p>",
            ["ROE", "LEE", "ROE"],
            id="in bold letters",
        ),
        pytest.param(
            "ROE: Why?\nLEE: Why not?\nIt rained in the town for a day.\nROE: Is that all?",
            ["ROE", "LEE", "ROE"],
            id="a report between",
        ),
        pytest.param(
            "ROE: Why?\nLEE: Why not?\n[Laughter.]\nANN KEE: Nobody knows.\nROE: Is that all?",
            ["ROE", "LEE", "ANN KEE", "ROE"],
            id="one who speaks once",
        ),
        pytest.param(
            "Ely: It rained for a day.\nROE: Why?\nLEE: Why not?\nROE: Is that all?",
            ["ROE", "LEE", "ROE"],
            id="no dateline",
        ),
        pytest.param(
            "Jo Roe spoke to Ann Lee.\nJo Roe: Why?\nAnn Lee: Why not?\nQ: Is it?\nA: It is.",
            ["Jo Roe", "Ann Lee", "Q", "A"],
            id="names that were told before",
        ),
    ],
)
def test_the_speakers_of_a_dialogue(text: str, speakers: list[str]) -> None:
    assert [mention for mention, *_ in told(text)] == speakers


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Lee: The road costs money.", id="a single line"),
        pytest.param("Lee: Why?\nRoe: Why not?", id="two lines"),
        pytest.param("Lee: Why?\nLee: Why not?\nLee: Is that all?", id="one speaker"),
        pytest.param(
            "Poland: The road is shut.\n\nIt will stay so.\n\nRussia: The bridge is shut.\n\nNo.",
            id="headings",
        ),
        pytest.param("Lee: 120 votes\nRoe: 90 votes\nLee: 12\nRoe: 9", id="figures"),
        pytest.param("Note: It rained.\nUpdate: It stopped.\nNote: It rained.", id="notes"),
        pytest.param("the mayor: Why?\nher guest: Why not?\nthe mayor: So.", id="no names"),
        pytest.param("10.20 Lee: Why?\n10.30 Roe: Why not?\n10.40 Lee: So.", id="a live blog"),
    ],
)
def test_labels_that_are_no_speakers(text: str) -> None:
    assert told(text) == []


def test_a_note_behind_a_dialogue_is_not_a_turn() -> None:
    text = "ROE: Why?\nLEE: Why not?\nROE: Is that all?\nEditor’s note: It was not."

    assert [mention for mention, *_ in told(text)] == ["ROE", "LEE", "ROE"]


def test_a_paragraph_behind_the_last_turn_is_nobodys() -> None:
    assert told("Q: Why?\nA: Because.\nI left the room.")[-1] == ("A", "Because.")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("Ann Lee: “We go.”", [("Ann Lee", "“We go.”")], id="a name"),
        pytest.param("Lee: 'We go'.", [("Lee", "'We go'")], id="with a stop behind"),
        pytest.param("Lee: “We go.” He left.", [], id="and more"),
        pytest.param("On Monday, Lee said: “We go.”", [], id="a sentence"),
        pytest.param("Lee, a step behind, asks: “We?”", [], id="a sentence with a name first"),
        pytest.param("CNN President On Trump: “We go.”", [], id="a headline"),
        pytest.param("According to Lee: “We go.”", [], id="a cue"),
        pytest.param("Motto: “We go.”", [], id="no speaker"),
    ],
)
def test_a_label_alone_counts_before_nothing_but_a_quotation(
    text: str, found: list[tuple[str, ...]]
) -> None:
    assert told(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("“We go.” – Ann Lee", [("Ann Lee", "“We go.”")], id="a dash"),
        pytest.param(
            '"We go." - Ann Lee, mayor of Ely',
            [("Ann Lee, mayor of Ely", '"We go."')],
            id="a hyphen and a title",
        ),
        pytest.param(
            "«Nous partons.»\n— Anne de la Tour (maire).\n\nIl pleut.",
            [("Anne de la Tour (maire)", "«Nous partons.»")],
            id="on the next line",
        ),
        pytest.param(
            "“One.\n\n“Two.”\n\n-- Ann Lee", [("Ann Lee", "“One.", "“Two.”")], id="two paragraphs"
        ),
        pytest.param("“We go” – Ann Lee said so.", [], id="a sentence"),
        pytest.param("“We go” – Ann Lee, mayor. She left.", [], id="two sentences"),
        pytest.param("He said “We go.” – Ann Lee", [], id="a sentence before"),
        pytest.param("“We go.” – and stay", [], id="no name"),
        pytest.param("“We go.” – Reuters", [], id="one word"),
        pytest.param("“The plan”\n- Upper Town\n- Lower Town", [], id="a list"),
        pytest.param("“We go.” Ann Lee", [], id="no dash"),
        pytest.param("“We go. – Ann Lee", [], id="a missing mark"),
    ],
)
def test_a_quotation_is_signed_by_a_dash_and_a_name(
    text: str, found: list[tuple[str, ...]]
) -> None:
    assert told(text) == found


lines = st.lists(
    st.sampled_from(["Q", "A", "Ann Lee", "LEE", "Note", ": ", ":", "“We go.”", " – ", "\n", "I "])
    | st.text(max_size=4),
    max_size=40,
).map("".join)


@given(st.text() | lines)
@settings(deadline=None, max_examples=300)
def test_any_text_is_read_and_nothing_is_attributed_twice(text: str) -> None:
    found = find_sure(find_quotations(text))

    edges = [edge for one in found for span in one.spans for edge in span]
    assert edges == sorted(set(edges))
    assert all(
        text[slice(*span)].strip() for one in found for span in (*one.spans, one.mention or (0, 0))
    )


@pytest.mark.parametrize(
    "hostile",
    ["A: B.\n", 'A: "B."\n', '"A."\n- A B\n', "Q: a.\nA: b.\nI do\n", "A" * 79 + ": b.\n"],
)
def test_a_long_hostile_text_takes_no_more_than_linear_time(hostile: str) -> None:
    quotations = find_quotations(hostile * (100_000 // len(hostile)))

    began = time.process_time()
    find_sure(quotations)

    assert time.process_time() - began < 5
