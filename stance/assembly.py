"""Tagged spans, quotation marks and transcripts -> attributions. Knows nothing of who speaks."""

from collections import defaultdict
from collections.abc import Iterator

from stance.article_text import mask_markup
from stance.domain import Attribution, Span, SpeechKind
from stance.quotation import Quotations, find_quotations
from stance.tagger import Tagged
from stance.tags import Part
from stance.transcript import find_sure


def attributions_of(text: str, tagged: Tagged) -> list[Attribution]:
    """What an article says that somebody said, in the order of the text, without speakers.

    Args:
        text: of the article, as it came.
        tagged: what a tagger found in it.
    """
    quotations = find_quotations(mask_markup(text))
    sure = find_sure(quotations)
    taken = [span for attribution in sure for span in attribution.spans]
    found = [*sure, *_linked(tagged, quotations, taken)]
    return sorted(found, key=lambda attribution: attribution.spans)


def _linked(tagged: Tagged, quotations: Quotations, taken: list[Span]) -> Iterator[Attribution]:
    contents: defaultdict[int, list[Span]] = defaultdict(list)
    sources: dict[int, tuple[float, Span]] = {}
    for link in tagged.links:
        one = tagged.spans[link.span]
        if one.part is Part.CONTENT:
            contents[link.cue].append(one.span)
        elif one.part is Part.SOURCE:
            best = (link.probability, one.span)
            sources[link.cue] = max(sources.get(link.cue, best), best)
    linked = {link.span for link in tagged.links}
    for n, one in enumerate(tagged.spans):
        alone = one.part is Part.CONTENT and n not in linked
        if alone and quotations.kind([one.span]) is SpeechKind.DIRECT and _is_free(one.span, taken):
            yield Attribution((one.span,), SpeechKind.DIRECT)
    for cue, spans in contents.items():
        free = tuple(span for span in spans if _is_free(span, taken))
        if free:
            source = sources[cue][1] if cue in sources else None
            yield Attribution(free, quotations.kind(free), tagged.spans[cue].span, source)


def _is_free(span: Span, taken: list[Span]) -> bool:
    return not any(start < span[1] and span[0] < end for start, end in taken)
