"""Tagged spans, quotation marks and transcripts -> attributions. Knows nothing of who speaks."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from stance.article_text import find_paragraphs, mask_markup, whole_span
from stance.contents import Draft, Piece, cut_at, over, snap
from stance.domain import Attribution, Span, SpeechKind
from stance.quotation import Quotations, find_quotations
from stance.quoted_speech import give_owners
from stance.tagger import Tagged
from stance.tags import Part
from stance.transcript import find_sure

_OWN_STOP = re.compile(r"(?:\.\w?|\b[A-Z])\.\Z")


def attributions_of(text: str, tagged: Tagged) -> list[Attribution]:
    """What an article says that somebody said, in the order of the text, without speakers.

    Contents with one cue are one attribution. What has no cue counts where all of it is quoted; no
    two attributions share a character of content.

    Args:
        text: of the article, as it came.
        tagged: what a tagger found in it.
    """
    shown = mask_markup(text)
    quotations = find_quotations(shown)
    paragraphs = find_paragraphs(shown)
    drafts, pieces = _read(tagged)
    pieces = snap(list(cut_at(pieces, paragraphs, shown)), quotations)
    pieces = _with_sure(pieces, find_sure(quotations))
    pieces = give_owners(pieces, drafts, quotations, paragraphs)
    return list(_attributions(text, shown, pieces, quotations))


def _read(tagged: Tagged) -> tuple[list[Draft], list[Piece]]:
    """The attribution of each cue, in order, and all pieces of content with theirs."""
    sources: dict[int, tuple[float, Span]] = {}
    cue_of: dict[int, int] = {}
    for link in tagged.links:
        one = tagged.spans[link.span]
        if one.part is Part.CONTENT:
            cue_of[link.span] = link.cue
        elif one.part is Part.SOURCE:
            other = (link.probability, one.span)
            sources[link.cue] = max(sources.get(link.cue, other), other)
    drafts = {
        n: Draft(one.span, sources[n][1] if n in sources else None)
        for n, one in enumerate(tagged.spans)
        if one.part is Part.CUE
    }
    pieces = [
        Piece(*one.span, drafts[cue_of[n]] if n in cue_of else Draft())
        for n, one in enumerate(tagged.spans)
        if one.part is Part.CONTENT
    ]
    return list(drafts.values()), pieces


def _with_sure(pieces: list[Piece], sure: Sequence[Attribution]) -> list[Piece]:
    """The pieces, and what is sure in the place of those that it touches.

    What else belongs to a label or signature in the tagger's eyes is of the same attribution.
    """
    left = list(pieces)
    for one in sure:
        draft = Draft(one.cue, one.mention, is_sure=True)
        touched: set[Draft] = set()
        for span in one.spans:
            there = over(left, span)
            touched |= {piece.draft for piece in left[there]}
            left[there] = [Piece(*span, draft)]
        for other in touched:
            if other.cue and one.cue and other.cue[0] < one.cue[1] and one.cue[0] < other.cue[1]:
                other.same_as = draft
    return [piece._replace(draft=piece.draft.same_as or piece.draft) for piece in left]


def _attributions(
    text: str, shown: str, pieces: Iterable[Piece], quotations: Quotations
) -> Iterator[Attribution]:
    spans: defaultdict[Draft, list[Span]] = defaultdict(list)
    end = 0
    for piece in pieces:
        whole = whole_span(text, shown, (max(end, piece.start), piece.end))
        if whole is not None:
            spans[piece.draft].append(whole)
            end = whole[1]
    for draft, found in spans.items():
        kind = SpeechKind.DIRECT if draft.is_sure else quotations.kind(found)
        is_direct = kind is SpeechKind.DIRECT
        if draft.is_told or is_direct:
            content = found if is_direct else [_without_stop(text, span) for span in found]
            cue, mention = (
                whole_span(text, shown, span) if span else None
                for span in (draft.cue, draft.mention)
            )
            yield Attribution(tuple(content), kind, cue, mention)


def _without_stop(text: str, span: Span) -> Span:
    """A span without the comma or stop of the sentence around it; "the U.S." keeps its own."""
    start, end = span
    last = text[max(start, end - 4) : end]
    is_stop = last[-1] in ",;" or (last[-1] == "." and not _OWN_STOP.search(last))
    return (start, end - 1) if is_stop and end - start > 1 and not last[-2].isspace() else span
