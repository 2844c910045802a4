"""What an article says that someone is, beside the name: "a farmer in Jura", "Prime Minister".

By rules over words: what stands right before a name, and the apposition or the "is a" before or
behind it. Knows nothing of whose name it is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stance.lexicon import lexicon
from stance.words import Word, end_with_dot, is_joined, is_owned

_LONGEST = 14  # words
_LONGEST_TITLE = 7
_LONGEST_BARE = 5  # an office without an article before a name: "Hungarian state secretary"
ARTICLES = frozenset(("the", "a", "an"))
_DETERMINER_WORDS = "its his her their our my your this that one another then"
_HEAD_ENDS = """
of for in at from to with on by against near about within behind among amid who which that whose
whom speaking under over since after before during until into without between outside inside around
as and or acting based kept seen written held made told given drawn sent put
"""
DETERMINERS = ARTICLES | frozenset(_DETERMINER_WORDS.split())
PLACING = frozenset(("in", "at", "from", "near", "to", "of", "for", "outside", "around", "off"))
# What ends the part of a noun phrase in which its noun stands.
BEHIND_HEAD = frozenset(_HEAD_ENDS.split())
_ENDS_ROLE = frozenset(("who", "whose", "which", "and", "said", "told", "says"))
_IN_TITLE = frozenset(("former", "first", "junior"))
_PARTICIPLES = frozenset(("retired", "unified", "appointed", "elected", "armed", "united"))
_VERBS = frozenset(("said", "told", "says", "met", "and"))
_TENS = frozenset(("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"))
_AGENTS = ("er", "or", "ist", "ian", "eer", "man", "woman", "yst", "ant", "smith")
_STILL = frozenset(("now", "also", "still"))


@dataclass(frozen=True, slots=True)
class Role:
    """An office or relation.

    Attributes:
        text: as it stands in the article, without an article or "its" in front.
        start: where it stands.
        keys: its words, folded.
        noun: the word that says what the person is: "minister" of "minister for trade".
        is_rank: whether it is but a title or rank, such as "Dr" and "Colonel".
    """

    text: str
    start: int
    keys: frozenset[str]
    noun: str
    is_rank: bool


def noun_of(keys: Sequence[str]) -> str:
    """The word of a noun phrase that says what it means: "minister" of "minister for trade"."""
    noun = ""
    for at, key in enumerate(keys):
        if at and key in BEHIND_HEAD:
            break
        if _is_noun(noun) and not _is_noun(key) and key.endswith(("ed", "ing", "ly")):
            break
        noun = key
    return noun


def _is_noun(key: str) -> bool:
    lists = lexicon()
    return key in lists.bodies or lists.is_paper(key) or lists.calls_person(key)


def outset_of(text: str, words: Sequence[Word], name: int) -> int:
    """The first of the small words before a name that make an office: "opposition lawmaker"."""
    lists = lexicon()
    if not name or not is_joined(text, words, name):
        return name
    last = head_of_office(text, words, name)
    before = words[last]
    if before.owns or before.key.endswith("s"):
        return name
    if not lists.calls_person(before.key) and before.key not in lists.titles:
        return name
    at = last
    while at and last - at < _LONGEST_TITLE and is_joined(text, words, at):
        word = words[at - 1]
        is_small = word.key in lists.small and word.key not in _IN_TITLE
        if word.owns or is_small or word.key in lists.calendar or _is_verb(word.key):
            break
        at -= 1
    return at


def head_of_office(text: str, words: Sequence[Word], name: int) -> int:
    """Of the words before a name the one that says what it is: "Secretary" of "Secretary of State".

    The last of them, where no "of" or "for" with a portfolio, place or body stands there.
    """
    lists = lexicon()
    for at in range(name - 1, max(0, name - _LONGEST_TITLE), -1):
        key = words[at].key
        if not is_joined(text, words, at + 1) or not is_joined(text, words, at):
            break
        if key in ("of", "for") and at < name - 1:
            is_office = lists.calls_person(words[at - 1].key) or words[at - 1].key in lists.titles
            return at - 1 if is_office else name - 1
        if key not in ("the", "and") and not is_portfolio(key):
            break
    return name - 1


def is_portfolio(key: str) -> bool:
    """Whether an office may be of or for it."""
    lists = lexicon()
    return any(key in one for one in (lists.portfolios, lists.bodies, lists.places, lists.peoples))


def _is_verb(key: str) -> bool:
    return key in _VERBS or (key.endswith("ed") and key not in _PARTICIPLES)


def roles_beside(
    text: str, words: Sequence[Word], outset: int, name: int, last: int
) -> Iterator[Role]:
    """The roles that stand beside a name.

    Args:
        text: the article.
        words: its words.
        outset: the number of the first word of its titles.
        name: that of the first word of the name.
        last: that of its last word.
    """
    if outset < name:
        yield from _role(text, words, outset, name - 1)
    yield from _in_front(text, words, outset)
    yield from _behind(text, words, last)


def _role(text: str, words: Sequence[Word], first: int, last: int) -> Iterator[Role]:
    """What the words say of a person; nothing where they are but "Mr"."""
    lists = lexicon()
    while first <= last and words[first].key in DETERMINERS:
        first += 1
    keys = [word.key for word in words[first : last + 1]]
    if all(key in lists.titles - lists.kin and key not in lists.short for key in keys):
        return
    noun = noun_of(keys)
    start, end = words[first].start, end_with_dot(text, words[last])
    is_rank = all(key in lists.titles or key in lists.ranks for key in keys)
    yield Role(text[start:end], start, frozenset(keys), lists.short.get(noun, noun), is_rank)


def _in_front(text: str, words: Sequence[Word], outset: int) -> Iterator[Role]:
    """The role in "its president, Inguna Zvirbule"."""
    last = outset - 1
    if last < 0 or text[words[last].end : words[outset].start].strip("'’s ") != ",":
        return
    lists = lexicon()
    for at in range(last, max(-1, last - _LONGEST), -1):
        word = words[at]
        begins = word.key in DETERMINERS or (word.owns and at < last)
        if begins and lists.calls_person(noun_of([one.key for one in words[at + 1 : last + 1]])):
            yield from _role(text, words, at, last)
            return
        if not at or not is_owned(text, words, at):
            keys = [one.key for one in words[at : last + 1]]
            if len(keys) <= _LONGEST_BARE and lists.calls_person(noun_of(keys)):
                yield from _role(text, words, at, last)
            return


def _behind(text: str, words: Sequence[Word], last: int) -> Iterator[Role]:
    """The role in "Petra Horn, 61, a farmer in Jura," and in "Petra Horn is a farmer"."""
    at = _behind_aside(text, words, last)
    if at >= len(words):
        return
    gap = text[words[at - 1].end : words[at].start]
    if words[at].key in ("is", "was") and gap in (" ", ", "):
        at = next((n for n in range(at + 1, len(words)) if words[n].key not in _STILL), at)
        if words[at].key not in ARTICLES and not words[at].owns:
            return
    elif gap not in (", ", " – ", " — ", " - ", "—", "–"):
        return
    end = _end_of_role(text, words, at)
    if _is_role(words, at, end):
        other = _second_office(text, words, end)
        yield from _role(text, words, at, other[1] if other else end)
        if other:
            yield from _role(text, words, *other)


def _second_office(text: str, words: Sequence[Word], last: int) -> tuple[int, int] | None:
    """First and last word of "president of the talks" in "minister and president of the talks"."""
    at = last + 2
    if at >= len(words) or words[at - 1].key != "and" or not is_owned(text, words, at):
        return None
    end = _end_of_role(text, words, at)
    keys = [word.key for word in words[at : end + 1]]
    is_office = lexicon().calls_person(noun_of(keys)) and is_owned(text, words, at - 1)
    return (at, end) if is_office and noun_of(keys) in keys[:_LONGEST_BARE] else None


def _behind_aside(text: str, words: Sequence[Word], last: int) -> int:
    """The number of the word behind a name, and behind ", 61," or ", no relation," after it."""
    at = last + 1
    if at < len(words) and text[words[last].end : words[at].start] in (", ", " ("):
        key = words[at].key
        at += key[0].isdigit() or key.split("-")[0] in _TENS
        if [word.key for word in words[at : at + 2]] == ["no", "relation"]:
            at += 2 + (words[at + 2 : at + 3] != () and words[at + 2].key == "and")
    return at


def _is_role(words: Sequence[Word], first: int, last: int) -> bool:
    lists = lexicon()
    keys = [word.key for word in words[first : last + 1]]
    if keys[0] in DETERMINERS or words[first].owns or keys[0] == "formerly":
        noun = noun_of(keys[1:])
        return lists.calls_person(noun) or (keys[0] in ("a", "an") and _may_call_person(noun))
    if (keys[0] in lists.small and keys[0] not in _IN_TITLE) or keys[0] in BEHIND_HEAD:
        return False
    noun = noun_of(keys)
    before = keys[: keys.index(noun)] if noun in keys else []
    return lists.calls_person(noun) and not any(key in DETERMINERS for key in before)


def _may_call_person(noun: str) -> bool:
    """Whether the ending of a noun that is in no list says that it means a person: "seller"."""
    lists = lexicon()
    is_known = noun in lists.bodies or noun in lists.things or lists.is_paper(noun)
    return noun.endswith(_AGENTS) and not is_known and noun not in lists.portfolios


def _end_of_role(text: str, words: Sequence[Word], first: int) -> int:
    end = first
    while end + 1 < len(words) and end - first < _LONGEST:
        is_short = end_with_dot(text, words[end]) > words[end].end
        gap_is_blank = is_owned(text, words, end + 1) or (
            is_short and text[words[end].end : words[end + 1].start] == ". "
        )
        if words[end + 1].key in _ENDS_ROLE or not gap_is_blank:
            break
        end += 1
    return end
