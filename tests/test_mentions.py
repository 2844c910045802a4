"""The words beside a cue: their form, whose name is in them, and what they call the speaker."""

import pytest

from stance.mentions import Form, Mention, read_mention
from stance.names import name_uses
from stance.nominals import nominals
from stance.words import words_of


def read(source: str, behind: str = " spoke.") -> Mention:
    text = source + behind
    words = words_of(text)
    return read_mention(text, words, name_uses(text, words), 0, len(source))


@pytest.mark.parametrize(
    ("source", "form"),
    [
        ("Prime Minister Ewa Lisiecka", Form.FULL),
        ("its coordinator, Lucía Ferreyra,", Form.FULL),
        ("lobbyist and strategist Charlie Black, a farmer", Form.FULL),
        ("Mrs Lisiecka", Form.SURNAME),
        ("Lisiecka", Form.SURNAME),
        ("She", Form.HE),
        ("he himself", Form.HE),
        ("It", Form.IT),
        ("they", Form.IT),
        ("We", Form.WE),
        ("Q", Form.LABEL),
        ("the ministry", Form.OFFICE),
        ("A spokesman for Ewa Lisiecka", Form.OFFICE),
        ("Ewa Lisiecka's brother", Form.OFFICE),
        ("Moscow", Form.OFFICE),
        ("Some scientists advising the Forum", Form.OFFICE),
        ("Ewa Lisiecka and Bo Lind", Form.OFFICE),
        ("the Hurun Report, a paper founded by Rupert Hooge,", Form.OFFICE),
    ],
)
def test_the_form_of_a_mention(source: str, form: Form) -> None:
    assert read(source).form is form


def test_the_head_is_the_speaker_and_the_others_are_not() -> None:
    source = "Ingeborg Haukeland’s spokesman, Kofi Amoah-Lartey,"

    mention = read(source)

    assert mention.head is not None
    assert source[mention.head.start : mention.head.end] == "Kofi Amoah-Lartey"
    assert [source[use.start : use.end] for use in mention.others] == ["Ingeborg Haukeland"]


@pytest.mark.parametrize(
    ("source", "called"),
    [
        ("A judge in Medenine, no friend of foreigners,", "A judge in Medenine"),
        ("A NATO diplomat, speaking on condition of anonymity,", "A NATO diplomat"),
        (
            "the ministry of economy, trade and industry",
            "the ministry of economy, trade and industry",
        ),
        ("one Algerian deputy's", "one Algerian deputy"),
        ("the U.S.", "the U.S."),
    ],
)
def test_a_description_is_cut_before_what_a_comma_adds(source: str, called: str) -> None:
    mention = read(source)

    assert source[slice(*mention.called)] == called


@pytest.mark.parametrize(
    ("source", "article", "noun", "plural"),
    [
        ("the Baltic official", "definite", "official", False),
        ("A senior diplomat", "indefinite", "diplomat", False),
        ("its press office", "own", "office", False),
        ("Two officials from the north", "count", "officials", True),
        ("Residents", "none", "residents", True),
        ("police", "none", "police", True),
        ("Several ministers", "indefinite", "ministers", True),
    ],
)
def test_a_description_tells_its_noun_and_number(
    source: str, article: str, noun: str, plural: bool
) -> None:
    mention = read(source)

    assert (mention.article, mention.noun, mention.plural) == (article, noun, plural)


def test_the_former_and_the_latter_are_ordinals_and_a_former_minister_is_not() -> None:
    assert read("The former").ordinal == "former"
    assert read("the latter").ordinal == "latter"
    assert read("The former minister").ordinal == ""


def test_descriptions_in_an_article_are_found_with_their_of() -> None:
    text = "The government of Sri Lanka met Egypt at the old Omani foreign ministry in Rome."

    found = [text[one.start : one.end] for one in nominals(text, words_of(text))]

    assert found == ["The government of Sri Lanka", "Egypt", "the old Omani foreign ministry"]
