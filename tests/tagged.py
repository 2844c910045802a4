"""Articles as a tagger would tag them, for tests: `{s1:She} {q1:said} {c1:that it was late}`.

Parts of one number are linked to its cue; content of number 0 is linked to none.
"""

from stance.tagger import Link, Tagged, TaggedSpan
from stance.tags import Part
from tests.marked import spans_in

_PARTS = {"s": Part.SOURCE, "q": Part.CUE, "c": Part.CONTENT}


def tagged(written: str) -> tuple[str, Tagged]:
    """The text without the marks, and what they say."""
    text, spans = spans_in(written)
    found = sorted(
        (span, _PARTS[part], number)
        for number, parts in spans.items()
        for part, several in parts.items()
        for span in several
    )
    cues = {number: n for n, (_, part, number) in enumerate(found) if part is Part.CUE}
    links = tuple(
        Link(n, cues[number], 1.0)
        for n, (_, part, number) in enumerate(found)
        if part is not Part.CUE and number in cues
    )
    return text, Tagged(tuple(TaggedSpan(part, span, 1.0) for span, part, _ in found), links)
