"""Whether a man or a woman is likely to bear a name. Knows no article.

The lists are those of lexicon.toml and of given_names.toml beside this file. A given name that is
in none goes by the known names that end as it does.
"""

import tomllib
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from importlib import resources

from stance.lexicon import MAN, WOMAN, lexicon

# Endings of Slavic and Baltic surnames.
_WOMEN_END = ("ova", "eva", "ska", "skaya", "skaia", "aite", "yte", "iene")
_MEN_END = ("ov", "ev", "sky", "ski", "skyi", "skyy")
_BY_SURNAME = 0.6
_FAMILY_FIRST_NAMES = """
ahn bae choi chung han hong hwang jang jeong jung kang kim kwon lee lim noh oh pak park ri seo
shin son song yang yoon
"""
_FAMILY_FIRST = frozenset(_FAMILY_FIRST_NAMES.split())
_ENDINGS = (4, 3, 2)  # letters
_LEAST_NAMES = 8  # with an ending, for it to tell
_LEAST_LEAN = 0.6
_BY_ENDING = 0.4


@cache
def _known() -> dict[str, float]:
    """-1 of men's names, 1 of women's, 0 of those that both bear."""
    source = resources.files("stance") / "given_names.toml"
    lists = tomllib.loads(source.read_text(encoding="utf-8"))
    men = dict.fromkeys(lists["man"].split(), MAN)
    women = dict.fromkeys(lists["woman"].split(), WOMAN)
    return {**men, **women, **lexicon().given}


@cache
def _endings() -> dict[str, float]:
    """By the last letters of names: from -1, none but men's, to 1, none but women's."""
    genders: defaultdict[str, list[float]] = defaultdict(list)
    for name, gender in _known().items():
        for n in _ENDINGS:
            if gender and len(name) > n + 1:
                genders[name[-n:]].append(gender)
    several = ((end, told) for end, told in genders.items() if len(told) >= _LEAST_NAMES)
    return {end: sum(told) / len(told) for end, told in several}


def gender_by_name(keys: Sequence[str]) -> float:
    """From -1, surely a man, to 1, surely a woman; 0 where a name says nothing.

    Args:
        keys: the words of the name, folded.
    """
    given = keys[1:] if len(keys) == 2 and keys[0] in _FAMILY_FIRST and "-" in keys[1] else keys
    known = _known()
    names = (one for key in given[: max(1, len(keys) - 1)] for one in (key, key.split("-")[0]))
    found = next((known[one] for one in names if known.get(one)), 0.0)
    if found:
        return found
    if keys[-1].endswith(_WOMEN_END):
        return _BY_SURNAME
    if keys[-1].endswith(_MEN_END):
        return -_BY_SURNAME
    return _BY_ENDING * _by_ending(keys[0]) if len(keys) > 1 and given is keys else 0.0


def _by_ending(name: str) -> float:
    if "-" in name:
        return 0.0
    ends = (name[-n:] for n in _ENDINGS)
    lean = next((_endings()[end] for end in ends if end in _endings()), 0.0)
    return lean if abs(lean) > _LEAST_LEAN else 0.0
