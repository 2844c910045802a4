"""The words beside a cue that say who speaks: what they are, and what they call the speaker.

"Prime Minister Ewa Lisiecka" is a name, "Lisiecka" a surname, "she" a pronoun, "the ministry" a
description. Knows nothing of who is meant.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

from stance.domain import Span
from stance.lexicon import lexicon
from stance.names import NameUse, starting_within
from stance.roles import ARTICLES, BEHIND_HEAD, noun_of
from stance.words import Word, end_with_dot, words_within


class Form(StrEnum):
    """What the words beside a cue are."""

    FULL = "full"  # a name of several words
    SURNAME = "surname"  # a name of one word, with or without a title
    HE = "he"  # "he" or "she"
    IT = "it"  # "it" or "they"
    WE = "we"  # "I", "we" or "you"
    LABEL = "label"  # "Q" and "A" of an interview
    OFFICE = "office"  # a description
    SILENT = "silent"  # no words, though there is a cue
    BARE = "bare"  # neither words nor a cue


RELATIVE = frozenset(("who", "whose", "which", "whom", "that", "where"))
OWN = frozenset(("his", "her", "its", "their", "our", "my", "your"))

_GENDER = {
    **dict.fromkeys(("he", "him", "his", "himself"), -1.0),
    **dict.fromkeys(("she", "her", "hers", "herself"), 1.0),
}
_SEVERAL = frozenset(("they", "them", "their", "themselves", "both", "we", "us", "our"))
_PRONOUNS = {
    **dict.fromkeys(_GENDER, Form.HE),
    **dict.fromkeys(("it", "its", "itself", "these", "those", *_SEVERAL), Form.IT),
    **dict.fromkeys(("i", "me", "my", "we", "us", "our", "you"), Form.WE),
}
_LABELS = frozenset(("q", "a", "question", "answer"))
_ONE = frozenset(("a", "an", "one", "another"))
_MANY = frozenset(("some", "several", "many", "most", "few", "these", "those", "both"))
_COUNT_WORDS = (
    "two three four five six seven eight nine ten eleven twelve dozens hundreds thousands half"
)
_ADDING_WORDS = """
a an the some no now both formerly one who whose which speaking himself herself his her its their
citing quoting asked reached
"""
_COUNTS = frozenset(_COUNT_WORDS.split())
_ARTICLE_OF = {
    **dict.fromkeys(("the", "this", "that", "these", "those", "same"), "definite"),
    **dict.fromkeys(_ONE | {"some", "several", "many", "most", "few", "certain"}, "indefinite"),
    **dict.fromkeys(OWN, "own"),
    **dict.fromkeys(_COUNTS, "count"),
}
_ORDINALS = {"former": "former", "first": "former", "latter": "latter", "second": "latter"}
_BEHIND_COMMA = frozenset(_ADDING_WORDS.split())
_NAMING = frozenset(("name", "sign", "alias", "pseudonym", "nickname", "named", "called"))
_ALSO = frozenset(("himself", "herself", "itself", "themselves", "too", "also"))
_BARS_HEAD = BEHIND_HEAD | {"than", "say", "says"}
_AND = re.compile(r",? (?:and|or|&) ")
_ENDS_DESCRIPTION = re.compile(r"[;:()–—]| - |\n\s*\n")
_LONGEST_NAME = 200  # characters
_LONGEST_LIST = 8  # words behind a comma in which "and" may still come


@dataclass(frozen=True, slots=True)
class Mention:
    """The words beside a cue.

    Attributes:
        start, end: where they stand; twice where the content begins if there are none.
        form: what they are.
        head: the name in them that is the speaker's.
        others: other names in them: of whom the speaker is the spokesman.
        called: where a description stands, without what follows a comma.
        keys: its words, folded, without an article in front.
        noun: the word that says what the speaker is, folded.
        article: "definite", "indefinite", "own" ("its"), "count" or "none".
        gender: -1 man, 1 woman, 0 unknown.
        plural: whether several speak.
        ordinal: "former" or "latter"; "" where it is neither.
    """

    start: int
    end: int
    form: Form
    head: NameUse | None = None
    others: tuple[NameUse, ...] = ()
    called: Span = (0, 0)
    keys: tuple[str, ...] = ()
    noun: str = ""
    article: str = "none"
    gender: float = 0.0
    plural: bool = False
    ordinal: str = ""


def read_mention(
    text: str, words: Sequence[Word], uses: Sequence[NameUse], start: int, end: int
) -> Mention:
    """What the words of an article from `start` to `end` are.

    Args:
        text: the article.
        words: all its words.
        uses: all the names in it.
        start, end: where the words beside a cue stand.
    """
    inside = words_within(words, start, end)
    if not inside:
        return Mention(start, end, Form.SILENT)
    first = inside[0].key.split("'")[0]
    if len(inside) == 1 and first in _LABELS and inside[0].capital:
        return Mention(start, end, Form.LABEL, keys=(first,))
    if first in _PRONOUNS and all(word.key in _PRONOUNS for word in inside[1:]) and len(inside) < 3:
        gender, plural = _GENDER.get(first, 0.0), first in _SEVERAL
        return Mention(start, end, _PRONOUNS[first], keys=(first,), gender=gender, plural=plural)
    described = _described(text, inside, start, end)
    near = starting_within(uses, start - _LONGEST_NAME, end)
    return _with_names(described, text, words, [use for use in near if use.end > start])


def _with_names(
    described: Mention, text: str, words: Sequence[Word], uses: Sequence[NameUse]
) -> Mention:
    start, end = described.start, described.end
    if any(_AND.fullmatch(text, one.end, other.outset) for one, other in pairwise(uses)):
        return replace(described, plural=True, others=tuple(uses), called=(start, end))
    heads = [use for use in uses if _is_head(words, use, start, end)]
    if lexicon().is_paper(described.noun) or described.noun in lexicon().bodies:
        heads = [use for use in heads if use.outset < described.called[1]]
    head = next((use for use in heads if not use.loose), heads[0] if heads else None)
    others = tuple(use for use in uses if use is not head)
    if head is None:
        return replace(described, others=others)
    form = Form.FULL if len(head.keys) > 1 else Form.SURNAME
    return replace(described, form=form, head=head, others=others)


def _is_head(words: Sequence[Word], use: NameUse, start: int, end: int) -> bool:
    """Whether a name in a mention is the speaker's: not "Haukeland's" nor "for Haukeland"."""
    before = words_within(words, start, use.outset)
    behind = [word for word in words_within(words, use.end, end) if word.key not in _ALSO]
    if before and before[-1].key in _NAMING:
        return True
    if use.owns or use.loose or (len(use.keys) == 1 and not use.told):
        stands_alone = not behind or (not use.owns and behind[0].start - use.end > 1)
        return not before and stands_alone
    if not before or before[-1].key not in _BARS_HEAD:
        return True
    is_second_office = before[-1].key == "and" and len(before) > 1
    return is_second_office and lexicon().calls_person(before[-2].key)


def _described(text: str, inside: Sequence[Word], start: int, end: int) -> Mention:
    """The words taken as a description."""
    lists = lexicon()
    kept = _before_apposition(text, inside)
    first = kept[0].key
    core = kept[1:] if first in ARTICLES and len(kept) > 1 else kept
    keys = tuple(word.key for word in core)
    noun = noun_of([key for key in keys if key not in OWN])
    is_several = first in _COUNTS or first in _MANY or lists.is_plural(noun)
    return Mention(
        start,
        end,
        Form.OFFICE,
        called=(kept[0].start, end_with_dot(text, kept[-1])),
        keys=keys,
        noun=noun,
        article="count" if first.isdigit() else _ARTICLE_OF.get(first, "none"),
        gender=lists.gender_of(noun),
        plural=is_several and first not in _ONE,
        ordinal=_ORDINALS.get(keys[0], "") if len(keys) == 1 else "",
    )


def _before_apposition(text: str, inside: Sequence[Word]) -> Sequence[Word]:
    """The words without what a comma adds: "speaking on condition of anonymity"."""
    for at in range(1, len(inside)):
        gap = text[inside[at - 1].end : inside[at].start]
        key = inside[at].key
        in_list = any(word.key == "and" for word in inside[at : at + _LONGEST_LIST])
        adds = key in _BEHIND_COMMA or key.endswith("ing") or not in_list
        if ("," in gap and adds) or _ENDS_DESCRIPTION.search(gap):
            return inside[:at]
    return inside
