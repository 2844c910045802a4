"""Names of persons: found by their shape, told from places and bodies, with roles and gender."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.given_names import gender_by_name
from stance.lexicon import folded, lexicon, singulars
from stance.names import bare, fits, name_uses
from stance.people import Person, people
from stance.roles import noun_of
from stance.words import words_of


def persons(text: str) -> list[Person]:
    words = words_of(text)
    return people(words, name_uses(text, words), text)


def names(text: str) -> list[str]:
    return [person.name for person in persons(text)]


def roles(text: str) -> list[str]:
    return [role.text for person in persons(text) for role in person.roles]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param("Prime Minister Ewa Lisiecka spoke.", "Ewa Lisiecka", id="titles"),
        pytest.param("The deputy minister Ewa Lisiecka spoke.", "Ewa Lisiecka", id="small titles"),
        pytest.param("On Monday Mr. J. R. Abara left.", "J. R. Abara", id="initials"),
        pytest.param(
            "He met Salim bin Nasser al-Harrasi.", "Salim bin Nasser al-Harrasi", id="bin"
        ),
        pytest.param("We saw Wouter Van den Abeele.", "Wouter Van den Abeele", id="van den"),
        pytest.param("So Hanne Lund-Østergaard left.", "Hanne Lund-Østergaard", id="hyphen"),
        pytest.param("For Pádraig Ó Dálaigh it ended.", "Pádraig Ó Dálaigh", id="accents"),
        pytest.param("Then Sean O'Brien went.", "Sean O'Brien", id="apostrophe"),
        pytest.param("So Secretary of State Bo Lind left.", "Bo Lind", id="of a portfolio"),
        pytest.param(
            "Vice-President of the Bundestag Ludwig Horn left.", "Ludwig Horn", id="of a body"
        ),
        pytest.param("At Saint Rita Don Agapito Nwosu prayed.", "Agapito Nwosu", id="Don"),
        pytest.param("The engineer Kim Dae-il nodded.", "Kim Dae-il", id="Korean"),
        pytest.param("The Swede Anders Hjelm left.", "Anders Hjelm", id="people before"),
        pytest.param("There Jan Vauquel sat.", "Jan Vauquel", id="first name like a month"),
        pytest.param("In 2016 Theresa May won.", "Theresa May", id="month"),
        pytest.param("His niece, Carine, wept.", "Carine", id="one word told by kin"),
        pytest.param(
            "Free Omar Haddad. Once Omar Haddad was free.", "Omar Haddad", id="verb first"
        ),
        pytest.param("Ewa Lisiecka’s house burned.", "Ewa Lisiecka", id="possessive"),
    ],
)
def test_a_name_is_found_without_what_stands_in_front(text: str, name: str) -> None:
    assert names(text) == [name]


@pytest.mark.parametrize(
    "text",
    [
        "The South China Sea was calm.",
        "The Ministry of Defence and the European Commission met.",
        "New Zealand and Sri Lanka signed on Monday.",
        "Prosecutors waited. Younger people left.",
        "He was born in Novi Pazar.",
        "NATO and the USA agreed.",
        "The Aurelia Star sailed.",
        "Log Cabin Republicans applauded.",
    ],
)
def test_places_bodies_and_things_are_no_persons(text: str) -> None:
    assert names(text) == []


def test_short_forms_are_uses_of_the_fullest_name() -> None:
    text = "Ewa Lisiecka spoke. Ewa Maria Lisiecka is tired. Lisiecka sat down. Mrs Lisiecka slept."

    [person] = persons(text)

    assert person.name == "Ewa Maria Lisiecka"
    uses = [text[use.start : use.end] for use in person.uses]
    assert uses == ["Ewa Lisiecka", "Ewa Maria Lisiecka", "Lisiecka", "Lisiecka"]


def test_a_title_tells_whose_a_shared_surname_is() -> None:
    text = "Anna Rao and Vijay Rao spoke. Mr Rao left."

    anna, vijay = persons(text)

    assert (len(anna.uses), len(vijay.uses)) == (1, 2)


def test_an_arabic_article_makes_no_difference() -> None:
    assert fits(["harrasi"], ["salim", "al-harrasi"])
    assert bare("al-harrasi") == "harrasi"
    assert not fits(["harrasi", "salim"], ["salim", "al-harrasi"])


@pytest.mark.parametrize(
    ("text", "role"),
    [
        pytest.param("Foreign Minister Radu Cernescu spoke.", "Foreign Minister", id="title"),
        pytest.param("Then opposition lawmaker Bo Lind spoke.", "opposition lawmaker", id="small"),
        pytest.param("Its president, Inguna Zvirbule, left.", "president", id="before, its"),
        pytest.param("The head of the panel, Bo Lind, left.", "head of the panel", id="before, of"),
        pytest.param("Malta’s envoy, Bo Lind, left.", "Malta’s envoy", id="before, possessive"),
        pytest.param("Bo Lind, 61, a farmer in Jura, left.", "farmer in Jura", id="behind, age"),
        pytest.param("Bo Lind is the leader of the group.", "leader of the group", id="is the"),
        pytest.param(
            "Bo Lind, head of the U.S. office, left.", "head of the U.S. office", id="dots"
        ),
        pytest.param("His mother, Danuta Nowak, left.", "mother", id="kin"),
    ],
)
def test_a_role_is_read_beside_the_name(text: str, role: str) -> None:
    assert roles(text) == [role]


@pytest.mark.parametrize(
    "text", ["Bo Lind called her son a fool.", "Mr Bo Lind, who farms, left.", "Bo Lind was late."]
)
def test_what_says_no_role_is_none(text: str) -> None:
    assert roles(text) == []


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("Mrs Lind spoke.", 1),
        ("Mr Robin Abara spoke.", -1),
        ("Ewa Abara spoke.", 1),
        ("Kofi Abara spoke.", -1),
        ("The spokeswoman, Tuen Abara, spoke.", 1),
        ("His brother, Tuen Abara, spoke.", -1),
        ("Tuen Abara sold her house.", 1),
        ("Tuen Petrova spoke.", 1),
        ("Xq-Tuen Xu spoke.", 0),
    ],
)
def test_gender_is_told_by_titles_names_kin_and_pronouns(text: str, sign: int) -> None:
    [person] = persons(text)

    assert (person.gender > 0) - (person.gender < 0) == sign


@given(st.text(alphabet="AaBb Élż'’-.,\n\u2060中Mr", max_size=60))
@settings(deadline=None)
def test_words_and_names_stand_where_they_say(text: str) -> None:
    words = words_of(text)

    for word in words:
        assert folded(text[word.start : word.end]) == word.key
    for use in name_uses(text, words):
        assert use.outset <= use.start < use.end <= len(text)
        assert folded(text[use.start : use.end]).split()[-1].endswith(use.keys[-1])


def test_a_word_knows_its_possessive_and_whether_it_opens() -> None:
    words = words_of("\"Oltmar's ship,\" the sailors' union said. It sank.")

    assert [word.key for word in words if word.owns] == ["oltmar", "sailors"]
    assert [word.key for word in words if word.opens] == ["oltmar", "it"]


@pytest.mark.parametrize(
    ("phrase", "noun"),
    [
        ("deputy minister for trade", "minister"),
        ("report published last week", "report"),
        ("count kept by the prefecture", "count"),
        ("managing director", "director"),
    ],
)
def test_the_noun_of_a_phrase_is_its_head(phrase: str, noun: str) -> None:
    assert noun_of(phrase.split()) == noun


def test_the_word_lists_are_folded_and_name_no_word_twice_over() -> None:
    lists = lexicon()

    for words in (lists.titles, lists.offices, lists.kin, lists.small, lists.given):
        assert all(word == folded(word) for word in words)
    assert not lists.small & (lists.offices - lists.groups)
    assert singulars("policemen")[:2] == ("policemen", "policeman")


@pytest.mark.parametrize(
    ("name", "sign"),
    [
        pytest.param("Oksana Bondar", 1, id="woman"),
        pytest.param("Ousmane Diatta", -1, id="man"),
        pytest.param("Kim Hye-jin", 1, id="family name first"),
        pytest.param("Xu Petrova", 1, id="ending of the surname"),
        pytest.param("Xu Wei", 0, id="says nothing"),
    ],
)
def test_a_name_says_whether_a_woman_or_a_man_bears_it(name: str, sign: int) -> None:
    gender = gender_by_name(folded(name).split())

    assert (gender > 0) - (gender < 0) == sign


def test_a_shared_surname_with_a_title_is_whose_gender_it_fits() -> None:
    text = "Oksana Bondar and her brother Petro Bondar left. Mr Bondar waved. Ms Bondar did not."

    uses = {
        person.name: [text[use.outset : use.end] for use in person.uses] for person in persons(text)
    }

    assert "Mr Bondar" in uses["Petro Bondar"]
    assert "Ms Bondar" in uses["Oksana Bondar"]


def test_both_offices_of_a_person_are_roles() -> None:
    assert roles("Ana Paz, Peru’s trade minister and president of the talks, left.") == [
        "Peru’s trade minister and president of the talks",
        "president of the talks",
    ]
