"""The text of an article: markup masked, paragraphs, sentences, windows of tokens.

Offsets never move: every function speaks of characters of the text as it came. Knows no tokenizer
and no network.
"""

import html
import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html.entities import html5
from itertools import pairwise

from sentencex import segment

from stance.domain import Span

LONGEST_WINDOW = 320
LONGEST_OVERLAP = 64

# Takes the place of markup inside a word or beside a mark: neither a space nor a letter, and a
# BERT tokenizer drops it, so that "don&#8217;t" is read as "don’t".
WORD_JOINER = "\u2060"

# sentencex takes time in the square of what it is given where marks or signs follow each other.
_LONGEST_PIECE = 2_000
_LONGEST_TAG = 2_000
_LONGEST_ENTITY = 64

_BLOCK = (
    "address|article|aside|blockquote|body|br|caption|center|dd|div|dl|dt|fieldset|figcaption|"
    "figure|footer|form|h[1-6]|head|header|hr|html|iframe|li|main|nav|noscript|ol|p|pre|section|"
    "table|tbody|td|tfoot|th|thead|title|tr|ul|video"
)
_INLINE = (
    "a|abbr|acronym|b|bdi|bdo|big|button|cite|code|data|del|dfn|em|font|i|img|input|ins|kbd|label|"
    "link|mark|meta|o:p|picture|q|s|samp|small|source|span|strike|strong|sub|sup|svg|time|tt|u|"
    "var|wbr"
)
# Possessive repeats that end where the next markup may begin: time stays linear in the text.
_TAG = (
    r"<!--(?:[^-<]|-(?!->)|<(?!!--))*+-->"
    r"|<script\b(?:[^<]|<(?!/?script\b))*+</script\s*>"
    r"|<style\b(?:[^<]|<(?!/?style\b))*+</style\s*>"
    rf"|<(?:!doctype|\?xml)\b[^<>]{{0,{_LONGEST_TAG}}}+>"
    r"|<!\[CDATA\[|\]\]>"
    rf"|(?:<|&lt;)/?(?:{_BLOCK}|{_INLINE})(?=[\s/>&])"
    rf"(?:[^<>&]|&(?![lg]t;)){{0,{_LONGEST_TAG}}}+(?:>|&gt;)"
)
_TAGS = re.compile(rf"(?:{_TAG})++", re.IGNORECASE)
_BREAKS = re.compile(rf"(?:<|&lt;)/?(?:{_BLOCK})(?=[\s/>&])", re.IGNORECASE)
_QUOTE_OPENS = re.compile(r"(?:<|&lt;)q(?:\s[^<>]*)?(?:>|&gt;)\Z", re.IGNORECASE)
_QUOTE_CLOSES = re.compile(r"(?:<|&lt;)/q\s*(?:>|&gt;)", re.IGNORECASE)
_ENTITY = re.compile(
    r"&(?:amp;)*((?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});)"
)

_ENDS_SENTENCE = re.compile(r"[.!?:;…。][\"'”’»)\]]*\s*\Z")


@dataclass(frozen=True, slots=True)
class Window:
    """A run of tokens that is read at once.

    Attributes:
        tokens: the numbers of the tokens that are read.
        counted: those of them for which this reading counts; every token counts in one window.
    """

    tokens: range
    counted: range


def mask_markup(text: str) -> str:
    """Replace HTML left in a text by what it shows, in a text of the same length.

    An entity becomes its character and filling; a tag becomes filling, with an empty line where it
    breaks the text. Filling is spaces beside a space, and word joiners elsewhere. What is in angle
    brackets and no tag of HTML stays.
    """
    if "<" in text or "&" in text:
        text = _ENTITY.sub(_shown_entity, _TAGS.sub(_shown_tags, text))
    return text


def whole_span(text: str, shown: str, span: Span) -> Span | None:
    """A span without white space and tags at its edges, and with whole characters and entities.

    Args:
        text: of an article, as it came.
        shown: the same masked.
        span: inside it.

    Returns:
        None where nothing is left.
    """
    start, end = span
    while start < end and (inner := _after_unseen(text, shown, start)) != start:
        start = inner
    while start < end and (inner := _before_unseen(text, shown, end)) != end:
        end = inner
    if start >= end:
        return None
    if entity := _entity_at(text, shown, start):
        start = entity.start()
    if entity := _entity_at(text, shown, end - 1):
        end = entity.end()
    while end < len(text) and unicodedata.category(text[end]).startswith("M"):
        end += 1
    return start, end


def find_paragraphs(text: str) -> list[Span]:
    """The paragraphs in order, without the white space around them.

    A line is a paragraph, except where the lines of a block are wrapped at a width.
    """
    return [
        span
        for block in _blocks(text)
        for start, end in (_unwrapped(text, block) if _is_wrapped(text, block) else block)
        for span in _trimmed(text, start, end)
    ]


def find_sentences(text: str) -> list[Span]:
    """The sentences in order, without the white space around them; none goes over a paragraph.

    What stands in quotation marks may count as one sentence. Text without an end of a sentence is
    cut after 2,000 characters.
    """
    return [
        span
        for paragraph in find_paragraphs(text)
        for start, end in _pieces(text, *paragraph)
        for span in _sentences(text, start, end)
    ]


def cut_windows(
    tokens: Sequence[Span],
    sentences: Sequence[Span],
    longest: int = LONGEST_WINDOW,
    overlap: int = LONGEST_OVERLAP,
) -> list[Window]:
    """Cut the tokens of an article into windows at starts of sentences, each token in one or more.

    A window begins at most `overlap` tokens before the last one ended, at the earliest start of a
    sentence from which it still reads on; a sentence that is longer than a window is cut inside,
    and what follows begins `overlap` tokens earlier. Of a token that is read twice, the reading
    counts that has it farther from an edge.

    Args:
        tokens: their characters, in order.
        sentences: their characters, in order.
        longest: tokens of a window, [CLS] and [SEP] not counted.
        overlap: the most tokens that two windows share; below `longest`.
    """
    if not 0 <= overlap < longest:
        raise ValueError(f"an overlap of {overlap} must be from 0 to below {longest}")
    if not tokens:
        return []
    bounds = list(_bounds(_sentence_tokens(tokens, sentences), longest, overlap))
    middles = [(after[0] + before[1]) // 2 for before, after in pairwise(bounds)]
    edges = [0, *middles, len(tokens)]
    return [
        Window(range(*bound), range(*counted))
        for bound, counted in zip(bounds, pairwise(edges), strict=True)
    ]


def _shown_tags(match: re.Match[str]) -> str:
    tags, text = match[0], match.string
    breaks = _BREAKS.search(tags) is not None
    spaced = breaks or _is_space(text, match.start() - 1) or _is_space(text, match.end())
    shown = [" " if spaced else WORD_JOINER] * len(tags)
    if breaks:
        shown[1:3] = "\n\n"
    if _QUOTE_CLOSES.match(tags):
        shown[0] = "”"
    if _QUOTE_OPENS.search(tags):
        shown[-1] = "“"
    return "".join(shown)


def _shown_entity(match: re.Match[str]) -> str:
    name, text = match[1], match.string
    shown = html.unescape("&" + name) if name[0] == "#" else html5.get(name)
    if shown is None:
        return match[0]
    room = len(match[0]) - len(shown)
    if shown.isspace():
        return shown + " " * room
    after = text[match.end() : match.end() + 1]
    if not _is_space(text, match.start() - 1) and not after.isalnum():
        return WORD_JOINER * room + shown
    return shown + (" " if _is_space(text, match.end()) else WORD_JOINER) * room


def _is_space(text: str, at: int) -> bool:
    return not 0 <= at < len(text) or text[at].isspace()


def _after_unseen(text: str, shown: str, at: int) -> int:
    """Where the character behind one goes on that is not seen; `at` itself if it is seen."""
    if text[at].isspace() or (shown[at] != text[at] and not _entity_at(text, shown, at)):
        return at + 1
    return at


def _before_unseen(text: str, shown: str, at: int) -> int:
    return at - 1 if _after_unseen(text, shown, at - 1) == at else at


def _entity_at(text: str, shown: str, at: int) -> re.Match[str] | None:
    """The entity of HTML that a character is part of, where it shows what is seen."""
    if shown[at] == text[at] and text[at] != "&":
        return None
    start = text.rfind("&", max(0, at - _LONGEST_ENTITY), at + 1)
    match = _ENTITY.match(text, start) if start >= 0 else None
    if match is None or match.end() <= at:
        return None
    shows = shown[match.start() : match.end()].strip(WORD_JOINER + " ")
    is_seen = shows and shows == html.unescape("&" + match[1]).strip()
    return match if is_seen else None


def _blocks(text: str) -> Iterator[list[Span]]:
    """The lines between empty lines."""
    block: list[Span] = []
    at = 0
    for line in text.splitlines(keepends=True):
        if line.isspace():
            if block:
                yield block
            block = []
        else:
            block.append((at, at + len(line)))
        at += len(line)
    if block:
        yield block


def _is_wrapped(text: str, block: list[Span]) -> bool:
    widths = [end - start for start, end in block]
    widest = max(widths)
    if len(block) < 2 or not 40 <= widest <= 100:
        return False
    full = sum(width >= 0.7 * widest for width in widths[:-1])
    return 2 * full >= len(block) - 1 and any(
        not _ENDS_SENTENCE.search(text, *before) and text[after[0]].islower()
        for before, after in pairwise(block)
    )


def _unwrapped(text: str, block: list[Span]) -> Iterator[Span]:
    """The paragraphs of a wrapped block: an indent or a short line divides."""
    widest = max(end - start for start, end in block)
    start = block[0][0]
    for before, line in pairwise(block):
        short = before[1] - before[0] < 0.7 * widest and _ENDS_SENTENCE.search(text, *before)
        if short or text[line[0]].isspace():
            yield start, before[1]
            start = line[0]
    yield start, block[-1][1]


def _trimmed(text: str, start: int, end: int) -> Iterator[Span]:
    words = text[start:end]
    start += len(words) - len(words.lstrip())
    end -= len(words) - len(words.rstrip())
    if start < end:
        yield start, end


def _pieces(text: str, start: int, end: int) -> Iterator[Span]:
    while end - start > _LONGEST_PIECE:
        cut = text.rfind(" ", start + _LONGEST_PIECE // 2, start + _LONGEST_PIECE) + 1
        cut = cut or start + _LONGEST_PIECE
        yield start, cut
        start = cut
    yield start, end


def _sentences(text: str, start: int, end: int) -> Iterator[Span]:
    seen = [at for at in range(start, end) if text[at] != WORD_JOINER]  # what sentencex is given
    cuts = [start]
    n = 0
    for sentence in segment("en", text[start:end].replace(WORD_JOINER, "")):
        n += len(sentence)
        cuts.append(seen[n] if n < len(seen) else end)
    for before, after in pairwise(cuts):
        yield from _trimmed(text, before, after)


def _sentence_tokens(tokens: Sequence[Span], sentences: Sequence[Span]) -> list[int]:
    """The tokens that begin a sentence but for the first token, and the number of tokens."""
    starts = [start for start, _ in tokens]
    first = {bisect_left(starts, start) for start, _ in sentences}
    return [*sorted(first - {0, len(tokens)}), len(tokens)]


def _bounds(cuts: list[int], longest: int, overlap: int) -> Iterator[Span]:
    begin, end = 0, 0
    while end < cuts[-1]:
        end = _window_end(cuts, begin, longest)
        yield begin, end
        begin = _next_begin(cuts, begin, end, longest, overlap)


def _window_end(cuts: list[int], begin: int, longest: int) -> int:
    n = bisect_right(cuts, begin + longest)
    return cuts[n - 1] if n and cuts[n - 1] > begin else begin + longest


def _next_begin(cuts: list[int], begin: int, end: int, longest: int, overlap: int) -> int:
    last = bisect_left(cuts, end)
    if cuts[last] != end:
        return end - overlap
    earliest = bisect_left(cuts, max(begin + 1, end - overlap))
    reads_on = (cut for cut in cuts[earliest:last] if _window_end(cuts, cut, longest) > end)
    return next(reads_on, end)
