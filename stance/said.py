"""The plainest cues: "she said" and "said the minister" beside what they tell of.

Knows words, and nothing of quotation marks.
"""

import re
from dataclasses import dataclass

from stance.domain import Span

_VERB = (
    "(?:said|says|told|tells|added|adds|asked|asks|replied|replies|testified|wrote|writes|"
    "explained|explains|recalled|recalls|insisted|insists|warned|warns|noted|notes|argued|argues|"
    "declared|announced|continued|conceded|admitted|observed|remarked|answered|answers|shouted|"
    "tweeted|posted|complained|joked|stated|claimed|claims|concluded|demanded)"
)
_NAME = (
    r"(?:(?:[Tt]he|[Aa]n?|[Hh]is|[Hh]er|[Tt]heir|[Oo]ne)\s[\w-]+(?:\s[\w-]+)?"
    r"|[A-Z][\w.'’-]*(?:\s[A-Z][\w.'’-]*){0,3})"
)
_AFTER_CUE = (
    r"(?=[.,;:]|\s*(?:\n\s*\n|$)|\s(?:on|in|at|to|after|during|as|when|while|last|this|later|again|me|us|"
    r"reporters|yesterday|[A-Z][a-z]+day)\b)"
)
CUE = rf"{_VERB}\s{_NAME}|(?:he|she|they|it|{_NAME})\s(?:has\s|had\s)?{_VERB}{_AFTER_CUE}"

_WHO = rf"(?:[Hh]e|[Ss]he|[Tt]hey|{_NAME})"
_BEHIND = re.compile(
    rf"[,\s]{{0,3}}(?:(?P<cue>{_VERB})\s(?P<who>{_NAME})"
    rf"|(?P<who_first>{_WHO})\s(?P<cue_next>(?:has\s|had\s)?{_VERB}){_AFTER_CUE})"
)
_BEFORE = re.compile(
    rf"(?:\A|[.!?…]\s|[.!?]\S\s)(?P<who>{_WHO})\s(?P<cue>(?:has\s|had\s)?{_VERB})\s?[,:]\s?\Z"
)
_LONGEST = 120  # characters in which "Name said: " stands


@dataclass(frozen=True, slots=True)
class Said:
    """Where the words stand that tell who said something."""

    mention: Span
    cue: Span


def said_behind(text: str, start: int, end: int) -> Said | None:
    """What begins at a place, with a comma before it: "said Anna Berg", "she added on Monday"."""
    match = _BEHIND.match(text, start, end)
    if match is None:
        return None
    who, cue = ("who", "cue") if match["cue"] else ("who_first", "cue_next")
    first = match.start(who)
    return Said((first, first + len(match[who].rstrip(".'’-"))), match.span(cue))


def said_before(text: str, start: int, end: int) -> Said | None:
    """What fills a sentence up to a place and leads on: "Anna Berg said:"."""
    start = max(start, end - _LONGEST)
    match = _BEFORE.search(text[start:end])
    if match is None:
        return None
    mention, cue = match.span("who"), match.span("cue")
    return Said((start + mention[0], start + mention[1]), (start + cue[0], start + cue[1]))
