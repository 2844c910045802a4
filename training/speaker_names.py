"""Whether two names of a speaker say the same, as a measure has it.

With word lists of its own, so that what finds speakers is not measured by its own lists.
"""

import re
import unicodedata

_ARTICLES = frozenset(("the", "a", "an"))
_TITLE_WORDS = """
adm admiral amb ambassador archbishop baron baroness bishop brigadier capt captain cardinal chair
chairman chairwoman chancellor chief col colonel commander commissioner congressman congresswoman
dame director dr envoy executive gen general gov governor imam inspector judge king lady lieutenant
lord lt maj major marshal mayor mep minister miss mp mr mrs ms mx officer pope premier president
prince princess prof professor prosecutor queen rep representative rev reverend secretary sen
senator sergeant sgt sheikh sheriff sir speaker spokesman spokesperson spokeswoman
"""
_WORDS_BEFORE_TITLES = """
acting agriculture assistant attorney defence defense deputy economy education energy environment
ex finance first foreign former health home interim interior justice labor labour opposition party
press prime senior special state trade transport vice
"""
_TITLES = frozenset(_TITLE_WORDS.split())
_BEFORE_TITLES = frozenset(_WORDS_BEFORE_TITLES.split())


def normal_name(name: str) -> str:
    """The name in lower case without marks, a possessive, a leading article or leading titles.

    Titles that are all there is stay: "the Prime Minister" is "prime minister"; and "Foreign
    Ministry" has none.
    """
    text = unicodedata.normalize("NFKC", name).casefold().replace("’", "'").replace(".", "")
    text = re.sub(r"'s?$", "", text.strip()).replace("'", "")
    words = re.findall(r"\w+", text.replace("secretary of state", "secretary"))
    while len(words) > 1 and words[0] in _ARTICLES:
        del words[0]
    end = 0
    for n, word in enumerate(words, 1):
        if word in _TITLES:
            end = n
        elif word not in _BEFORE_TITLES:
            break
    return " ".join(words[end:] or words)


def same_speaker(one: str | None, other: str | None) -> bool:
    """Whether two names are the same but for case, marks, article and titles; or both are none."""
    if one is None or other is None:
        return one is other
    return normal_name(one) == normal_name(other)
