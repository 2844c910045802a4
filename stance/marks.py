"""The quotation marks of a paragraph, and on which side of a quotation each stands.

A mark opens or closes by what stands beside it; where that does not tell, by its shape. Apostrophes
are no marks. Knows one paragraph at a time, and nothing of pairs.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from stance.article_text import WORD_JOINER

# They stand beside marks in texts from the web and are not seen.
_INVISIBLE = frozenset(
    f"\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\ufeff{WORD_JOINER}"
)
_OPENING_SIDE = frozenset("([{-‐‑‒–—―/|")
_CLOSING_SIDE = frozenset(".,;:!?…)]}-‐‑‒–—―/|。，！？；：、")


class Family(StrEnum):
    """Marks of one family close each other."""

    DOUBLE = "double"
    SINGLE = "single"
    ANGLE = "angle"
    SMALL_ANGLE = "small angle"
    CORNER = "corner"
    WHITE_CORNER = "white corner"


class Side(StrEnum):
    """Where a mark stands: before what is quoted, behind it, or it does not tell."""

    OPEN = "open"
    CLOSE = "close"
    EITHER = "either"


_SHAPES = {
    **dict.fromkeys(('"', "＂", "''"), (Family.DOUBLE, Side.EITHER)),
    **dict.fromkeys(("“", "‟", "❝", "〝", "‘‘"), (Family.DOUBLE, Side.OPEN)),
    **dict.fromkeys(("„", "``", ",,", "⹂"), (Family.DOUBLE, Side.OPEN)),
    **dict.fromkeys(("”", "❞", "〞", "〟", "’’"), (Family.DOUBLE, Side.CLOSE)),
    "'": (Family.SINGLE, Side.EITHER),
    **dict.fromkeys("‘‛‚`", (Family.SINGLE, Side.OPEN)),
    **dict.fromkeys("’´", (Family.SINGLE, Side.CLOSE)),
    "«": (Family.ANGLE, Side.OPEN),
    "»": (Family.ANGLE, Side.CLOSE),
    "‹": (Family.SMALL_ANGLE, Side.OPEN),
    "›": (Family.SMALL_ANGLE, Side.CLOSE),
    "「": (Family.CORNER, Side.OPEN),
    "」": (Family.CORNER, Side.CLOSE),
    "『": (Family.WHITE_CORNER, Side.OPEN),
    "』": (Family.WHITE_CORNER, Side.CLOSE),
}
_LONGEST_RUN = 6  # more marks beside each other are an ornament
_ONLY_BEFORE_A_WORD = frozenset(("``", ",,", "‚", "`"))  # else a comma, or code


# An apostrophe between two letters is not met at all.
_MARK = re.compile(r"``|''|‘‘|’’|,,|[\"＂“‟❝〝„⹂”❞〞〟‘‛‚`´«»‹›「」『』]|(?<!\w)['’]|['’](?!\w)")
_ELISION = re.compile(
    r"(?:tis|twas|twere|twill|em|n|til|bout|cuz|nuff|fraid)\b"
    r"|\d\ds?\b(?!\s(?:per|percent|million|billion|thousand|years|days|people)\b)",
    re.IGNORECASE,
)
_POSSESSIVE = re.compile(r"(?:.[sSxXzZ]|in)['’]\s\w", re.DOTALL)  # and "goin’ home"


class Mark(NamedTuple):
    """One quotation mark.

    Attributes:
        start, end: its characters.
        family: the marks that it pairs with.
        side: whether it opens or closes.
        weak: it may as well be a possessive, feet or inches, and closes only where no surer mark
            follows.
    """

    start: int
    end: int
    family: Family
    side: Side
    weak: bool


class Surer(NamedTuple):
    """Whether the next mark of a family that is not weak closes.

    Attributes:
        anywhere: in the paragraph.
        in_double: before a double mark closes.
    """

    anywhere: bool
    in_double: bool


def find_marks(text: str, start: int, end: int) -> list[Mark]:
    """The marks of a paragraph. Those that follow each other stand beside the same letters."""
    marks: list[Mark] = []
    run: list[re.Match[str]] = []
    for match in _MARK.finditer(text, start, end):
        if run and not is_unseen(text, run[-1].end(), match.start(), spaces=False):
            marks += _run_marks(text, run, start, end)
            run = []
        run.append(match)
    marks += _run_marks(text, run, start, end)
    return marks


def _run_marks(text: str, run: list[re.Match[str]], start: int, end: int) -> Iterator[Mark]:
    if not 0 < len(run) <= _LONGEST_RUN:
        return
    first, last = run[0].start(), run[-1].end()
    while first > start and text[first - 1] in _INVISIBLE:
        first -= 1
    while last < end and text[last] in _INVISIBLE:
        last += 1
    before = text[first - 1] if first > start else " "
    after = text[last] if last < end else " "
    for match in run:
        mark = _mark(match, before, after)
        if mark:
            yield mark


def _mark(match: re.Match[str], before: str, after: str) -> Mark | None:
    shape = match[0]
    family, by_shape = _SHAPES[shape]
    beside = _side(before, after)
    if shape in _ONLY_BEFORE_A_WORD and beside is not Side.OPEN:
        return None
    if family is Family.SINGLE and _is_apostrophe(match, before, after):
        return None
    side = beside if by_shape is Side.EITHER else by_shape
    weak = before.isdigit() and family in (Family.DOUBLE, Family.SINGLE)  # feet, inches
    if weak and by_shape is not Side.OPEN:
        side = Side.CLOSE
    elif side is not beside and beside is not Side.EITHER:
        side = Side.CLOSE if family is Family.SINGLE else Side.EITHER
    if family is Family.SINGLE:
        weak = weak or _POSSESSIVE.match(match.string, max(0, match.start() - 2)) is not None
    return Mark(match.start(), match.end(), family, side, weak)


def _side(before: str, after: str) -> Side:
    opens = before.isspace() or before in _OPENING_SIDE
    closes = after.isspace() or after in _CLOSING_SIDE
    if opens == closes:
        return Side.EITHER
    return Side.OPEN if opens else Side.CLOSE


def _is_apostrophe(match: re.Match[str], before: str, after: str) -> bool:
    _, by_shape = _SHAPES[match[0]]
    beside = _side(before, after)
    if beside is Side.OPEN:
        return by_shape is Side.CLOSE or bool(_ELISION.match(match.string, match.end()))
    if before.isalnum() and after.isalnum():
        return True
    return beside is Side.EITHER and by_shape is Side.EITHER and not after.isalnum()


def surer_follows(marks: list[Mark]) -> list[Surer]:
    """What follows each mark of a paragraph."""
    answers = []
    anywhere: dict[Family, bool] = {}
    in_double: dict[Family, bool] = {}
    for mark in reversed(marks):
        answers.append(Surer(anywhere.get(mark.family, False), in_double.get(mark.family, False)))
        if not mark.weak:
            anywhere[mark.family] = in_double[mark.family] = mark.side is not Side.OPEN
        if mark.family is Family.DOUBLE and mark.side is not Side.OPEN:
            in_double[Family.SINGLE] = False
    answers.reverse()
    return answers


def is_unseen(text: str, start: int, end: int, *, spaces: bool = True) -> bool:
    """Whether there is nothing to see: invisible signs, and white space where `spaces` says so."""
    return start == end or all(
        char in _INVISIBLE or (spaces and char.isspace()) for char in text[start:end]
    )
