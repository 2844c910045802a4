"""Words that news calls people and bodies by: titles, offices, kin, countries, given names.

The lists are in lexicon.toml beside this file, in lower case and without accents.
"""

import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib import resources

MAN, WOMAN = -1.0, 1.0
_GENDERS = {"man": MAN, "woman": WOMAN}


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The lists.

    Attributes:
        gender: of titles, offices and kin: -1 of a man, 1 of a woman; of others there is none.
        given: of given names, likewise; 0 where men and women bear it.
        short: what short titles stand for.
        ranks: short titles, and what they stand for.
    """

    titles: frozenset[str]
    offices: frozenset[str]
    groups: frozenset[str]
    kin: frozenset[str]
    portfolios: frozenset[str]
    bodies: frozenset[str]
    papers: frozenset[str]
    things: frozenset[str]
    first_of_things: frozenset[str]
    particles: frozenset[str]
    calendar: frozenset[str]
    small: frozenset[str]
    places: frozenset[str]
    peoples: frozenset[str]
    gender: dict[str, float]
    given: dict[str, float]
    short: dict[str, str]
    ranks: frozenset[str]

    def calls_person(self, key: str) -> bool:
        """Whether a word, in the singular or plural, says what a person is."""
        return any(one in self.offices or one in self.kin for one in singulars(key))

    def gender_of(self, key: str) -> float:
        """What a title, an office or a relation says of the gender; 0 where nothing."""
        return next((self.gender[one] for one in singulars(key) if one in self.gender), 0.0)

    def is_plural(self, key: str) -> bool:
        """Whether a noun means several, by its form or as "police" does."""
        return key in self.groups or (len(singulars(key)) > 1 and key not in self.titles)

    def is_paper(self, key: str) -> bool:
        """Whether it is something to be read: "report", "minutes"."""
        return any(one in self.papers for one in singulars(key))


@cache
def lexicon() -> Lexicon:
    """The lists of lexicon.toml, read once."""
    source = resources.files("stance") / "lexicon.toml"
    tables = tomllib.loads(source.read_text(encoding="utf-8"))
    lists = {
        table: {name: frozenset(words.split()) for name, words in entries.items()}
        for table, entries in tables.items()
    }
    all_of = {table: frozenset[str]().union(*entries.values()) for table, entries in lists.items()}
    called = {
        word: _GENDERS[name]
        for table in ("titles", "offices", "kin")
        for name, words in lists[table].items()
        if name in _GENDERS
        for word in words
    }
    given = {word: _GENDERS[name] for name, words in lists["given"].items() for word in words}
    either = lists["given"]["man"] & lists["given"]["woman"]
    return Lexicon(
        titles=all_of["titles"],
        offices=all_of["offices"],
        groups=lists["offices"]["group"],
        kin=all_of["kin"],
        portfolios=all_of["portfolios"],
        bodies=lists["bodies"]["words"],
        papers=lists["bodies"]["papers"],
        things=all_of["things"],
        first_of_things=lists["things"]["first"],
        particles=all_of["particles"],
        calendar=all_of["calendar"],
        small=all_of["small"],
        places=lists["places"]["bodies"],
        peoples=lists["places"]["demonyms"],
        gender=called,
        given={**given, **dict.fromkeys(either, 0.0)},
        short=tables["short"],
        ranks=frozenset({*tables["short"], *tables["short"].values()}),
    )


def singulars(key: str) -> tuple[str, ...]:
    """The word itself, and what it may be the plural of."""
    found = [key]
    if key.endswith("men"):
        found.append(key[:-3] + "man")
    if key.endswith("ies"):
        found.append(key[:-3] + "y")
    if key.endswith("es"):
        found.append(key[:-2])
    if key.endswith("s") and not key.endswith("ss"):
        found.append(key[:-1])
    return tuple(found)


def folded(text: str) -> str:
    """In lower case, without accents, dots, joiners and differences of apostrophes."""
    lower = text.casefold().translate(_LETTERS)
    if lower.isascii():
        return lower
    plain = unicodedata.normalize("NFKD", lower)
    return "".join(c for c in plain if not unicodedata.combining(c))


# Letters that Unicode does not take apart, and marks that make no difference.
_MARKS = {**dict.fromkeys("’ʼ‘`´", "'"), ".": None, "\u2060": None}
_LETTERS = str.maketrans({**_MARKS, "ı": "i", "ł": "l", "ø": "o", "đ": "d"})
