"""Speech that its form alone attributes: `NAME: text`, and `"..." - Name, title`.

What is found is sure; what is doubtful is left to the tagger. Knows paragraphs and quotations, and
nothing of cues in sentences.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stance.article_text import find_paragraphs
from stance.domain import Attribution, Span, SpeechKind
from stance.quotation import Quotation, Quotations

MOST_WORDS = 6  # of a name with its title
MOST_WORDS_ALONE = 4  # where one label alone makes a speaker: more are a headline
_LONGEST_INTRODUCTION = 5_000

_LABEL = re.compile(
    r"[\"“*_>\s]{0,4}([^\W_](?:[^:\n]{0,78}[^\s:*_])?)[*_]{0,2}\s?(:)[*_]{0,2}\s*(?=\S)"
)
_BRACKETS = re.compile(r"\s*[(\[][^()\[\]]*[)\]]\s*\Z")
_NAME_WORD = re.compile(r"(?:[a-z]{1,2}[-'’])?[^\W\d_](?:[\w'’-]*[^\W_])?\.?(?:['’]s)?")
_PARTICLE = re.compile(
    "of|the|de|del|della|der|den|di|da|do|dos|du|van|von|zu|bin|ibn|ben|al|el|la|le|and|y|e|for|to|und|et"
)
_QUESTION = frozenset(("q", "question"))
_ANSWER = frozenset(("a", "answer"))
_NO_SPEAKER = re.compile(
    r"(?:according|added|also|and|as|asked|at|background|briefer|but|by|byline|caption|category|"
    r"contact|continued|copyright|correction|credit|date|disclaimer|disclosure|editors?|editor['’]s|"
    r"exclusive|facts?|filed?|for|from|he|headline|here|how|image|in|it|keywords|later|left|listen|"
    r"location|more|motto|next|note|on|one|opinion|or|photos?|photograph|picture|place|ps|published|"
    r"read|related|right|said|see|share|she|so|sources?|still|subject|subscribe|summary|tags|that|"
    r"then|they|this|time|title|to|told|topics|updated?|video|watch|what|when|where|who|why|with|"
    r"wrote|yet)\b",
    re.IGNORECASE,
)
_NO_NAME = re.compile(r"on|to|in|at|for|with|as|is|are|was|by|from", re.IGNORECASE)
_SUFFIXES = frozenset(("jr", "jr.", "sr", "sr.", "ii", "iii"))
_DASH = re.compile(r"\s*(?:--?-?|[‐‑‒–—―]{1,2})\s*")
_LONGEST_TITLE = 120
# "(Laughter.)" between two turns
_STAGE = re.compile(r"[(\[][^()\[\]]{0,80}[)\]]\.?\Z")
_OWN_WORDS = re.compile(r"\b(?:I|[Ww]e|[Yy]ou|[Ll]et me|[Ll]et['’]s|Thanks|Thank you)\b")


@dataclass(frozen=True, slots=True)
class _Turn:
    """A paragraph that begins with a label.

    Attributes:
        label, colon, words: where the name stands, its colon, and what is said.
        key: the same for "Jake Tapper" and "TAPPER".
        alone: whether the label is so plain that it needs no dialogue around it.
    """

    label: Span
    colon: Span
    words: Span
    key: str
    alone: bool


def find_sure(quotations: Quotations) -> list[Attribution]:
    """The attributions that are told by form alone, in the order of the text; all are direct.

    A dialogue is labelled paragraphs of two speakers or more of whom one speaks twice, or a Q with
    an A. A paragraph between two turns belongs to the first where it says "I",
    "you" or "we" outside quotation marks. A label alone counts where all that follows is one
    quotation. Speakers are left open: the mention is given, with its title or what is in brackets.
    """
    text = quotations.text
    paragraphs = find_paragraphs(text)
    outer = {quotation.start: quotation for quotation in quotations.outer}
    turns = [_turn(text, paragraph) for paragraph in paragraphs]
    spoken = _dialogue(text, paragraphs, turns)
    last = max(spoken, default=0)
    found = []
    for n, turn in enumerate(turns):
        if turn and n in spoken:
            spans = (turn.words, *_rest(quotations, paragraphs, turns, range(n + 1, last)))
            found.append(_attribution(spans, turn.label, turn.colon))
        elif turn and turn.alone and _is_whole(text, outer.get(turn.words[0]), turn.words[1]):
            found.append(_attribution(outer[turn.words[0]].pieces, turn.label, turn.colon))
        elif paragraphs[n][0] in outer:
            found += _signed(text, outer[paragraphs[n][0]], paragraphs, n)
    return found


def _attribution(spans: Sequence[Span], mention: Span, cue: Span | None) -> Attribution:
    return Attribution(tuple(spans), SpeechKind.DIRECT, cue=cue, mention=mention)


def _turn(text: str, paragraph: Span) -> _Turn | None:
    match = _LABEL.match(text, *paragraph)
    if not match:
        return None
    name, _, title = _BRACKETS.sub("", match[1]).partition(",")
    words = name.split()
    if not _is_name(words) or _NO_SPEAKER.match(name):
        return None
    while len(words) > 1 and words[-1].lower() in _SUFFIXES:
        words.pop()
    alone = not title and len(words) <= MOST_WORDS_ALONE
    spoken = match.end(), paragraph[1]
    return _Turn(match.span(1), match.span(2), spoken, words[-1].casefold(), alone)


def _is_name(words: Sequence[str]) -> bool:
    return (
        0 < len(words) <= MOST_WORDS
        and not words[0][0].islower()
        and not _PARTICLE.fullmatch(words[-1])
        and all(
            _PARTICLE.fullmatch(word)
            or (_NAME_WORD.fullmatch(word) and not word.islower() and not _NO_NAME.fullmatch(word))
            for word in words
        )
    )


def _dialogue(text: str, paragraphs: Sequence[Span], turns: Sequence[_Turn | None]) -> set[int]:
    """The numbers of the paragraphs that are turns of a dialogue."""
    counts = Counter(turn.key for turn in turns if turn and _is_said(text, turn.words))
    asked = bool(_QUESTION & counts.keys() and _ANSWER & counts.keys())
    often = {key for key, count in counts.items() if count > 1}
    often |= (_QUESTION | _ANSWER) & counts.keys() if asked else set()
    stages = [bool(_STAGE.match(text, *paragraph)) for paragraph in paragraphs]
    spoken = {n for n, turn in enumerate(turns) if turn and turn.key in often}
    if not spoken:
        return set()
    follows = False
    for n, turn in enumerate(turns):
        if turn and turn.key in counts and follows:
            spoken.add(n)
        follows = n in spoken or (follows and stages[n])
    leads = False
    for n in range(len(turns) - 1, -1, -1):
        turn = turns[n]
        if turn and turn.key in counts and leads and _is_introduced(text, turn.label):
            spoken.add(n)
        leads = n in spoken or (leads and stages[n])
    speakers = {turn.key for n in spoken if (turn := turns[n])}
    return spoken if len(speakers) > 1 else set()


def _is_introduced(text: str, label: Span) -> bool:
    """Whether the words of a label stand in the text before."""
    return text.find(text[slice(*label)], max(0, label[0] - _LONGEST_INTRODUCTION), label[0]) >= 0


def _is_said(text: str, words: Span) -> bool:
    """Whether the text of a line is speech, and no figure or heading."""
    said = text[slice(*words)]
    return any(char.islower() for char in said) and (
        said.rstrip("\"'”’»)]* ")[-1:] in (".", "?", "!", "…", "—", "-", "–")
    )


def _rest(
    quotations: Quotations,
    paragraphs: Sequence[Span],
    turns: Sequence[_Turn | None],
    following: range,
) -> Iterator[Span]:
    """The paragraphs between a turn and the next that are the same speaker's."""
    for n in following:
        if turns[n] or not _is_own(quotations, paragraphs[n]):
            return
        yield paragraphs[n]


def _is_own(quotations: Quotations, paragraph: Span) -> bool:
    text = quotations.text
    return text[paragraph[0]] not in "([" and any(
        not quotations.inside(match.span()) for match in _OWN_WORDS.finditer(text, *paragraph)
    )


def _is_whole(text: str, quotation: Quotation | None, end: int) -> bool:
    """Whether a quotation is all there is up to the end of its first paragraph."""
    return (
        quotation is not None and quotation.closed and _is_blank(text, quotation.pieces[0][1], end)
    )


def _is_blank(text: str, start: int, end: int) -> bool:
    return not text[start:end].strip(" .")


def _signed(
    text: str, quotation: Quotation, paragraphs: Sequence[Span], n: int
) -> Iterator[Attribution]:
    """A quotation with a dash and a name behind it, in its paragraph or as the next."""
    if not quotation.closed:
        return
    n += len(quotation.pieces) - 1
    start, end = quotation.end, paragraphs[n][1]
    if not text[start:end].strip() and n + 1 < len(paragraphs):
        start, end = paragraphs[n + 1]
        if n + 2 < len(paragraphs) and _DASH.match(text, *paragraphs[n + 2]):
            return  # a list
    dash = _DASH.match(text, start, end)
    if dash and end - dash.end() <= _LONGEST_TITLE:
        signature = text[dash.end() : end].rstrip(". ")
        name, *title = re.split(r"[,(]", signature, maxsplit=1)
        if len(name.split()) > 1 and _is_name(name.split()) and ". " not in "".join(title):
            mention = (dash.end(), dash.end() + len(signature))
            yield _attribution(quotation.pieces, mention, None)
