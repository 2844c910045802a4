"""Articles -> attributed statements: who says what, with the offsets of it all.

Tagger -> assembly of spans, links and marks -> speakers. Knows nothing of issues and stances.
"""

import json
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Self

from stance.article_text import find_sentences, mask_markup
from stance.assembly import attributions_of
from stance.bundle import Bundle, open_bundle
from stance.domain import Article, Attribution, Span, Speaker
from stance.errors import BundleError
from stance.manifest import SPEAKERS_FILE, ModelKind
from stance.speakers import SpeakerModel
from stance.tagger import Tagged, Tagger

# In characters. Articles of the news are nearly always shorter than two.
_STRETCH = 30_000


class Extractor:
    """Finds attributed statements with one bundle. Not thread-safe; keep it in one thread.

    Args:
        tagger: finds sources, cues and contents; gives its name to the extractor.
        speakers: tells who speaks.
    """

    def __init__(self, tagger: Tagger, speakers: SpeakerModel) -> None:
        self.name = tagger.name
        self._tagger, self._speakers = tagger, speakers

    @classmethod
    def load(cls, bundle: Bundle, threads: int | None = None, tagger: Tagger | None = None) -> Self:
        """The extractor of a verified bundle.

        Args:
            bundle: of an extractor.
            threads: to compute with; None for all that it may.
            tagger: the bundle's, where it computes elsewhere than on ONNX Runtime; None loads it.

        Raises:
            BundleError: the bundle is of another kind, or cannot be read.
        """
        bundle.expect(ModelKind.EXTRACTION)
        speakers = _read_speakers(bundle.folder / SPEAKERS_FILE)
        return cls(tagger or Tagger.load(bundle, threads), speakers)

    @classmethod
    def open(cls, models: Path, name: str | None = None, threads: int | None = None) -> Self:
        """The extractor of a bundle by name, or of the one in `EXTRACTOR`.

        Raises:
            BundleError: there is none, or it must not be trusted.
        """
        return cls.load(open_bundle(models, name, ModelKind.EXTRACTION), threads)

    def extract(self, article: Article) -> list[Attribution]:
        """What one article says that somebody said, in the order of the text."""
        [found] = self.extract_each([article])
        return found

    def extract_each(self, articles: Iterable[Article]) -> Iterator[list[Attribution]]:
        """The same of each article, lazily, in order; the articles may have no end."""
        waiting: deque[Article] = deque()

        def noted() -> Iterator[Article]:
            for article in articles:
                waiting.append(article)
                yield article

        for tagged in self._tagger.tag_each(noted()):
            yield self._attributions(waiting.popleft().text, tagged)

    def _attributions(self, text: str, tagged: Tagged) -> list[Attribution]:
        found = attributions_of(text, tagged)
        if not found:
            return []
        speakers = _speakers(self._speakers, mask_markup(text), found)
        return [
            replace(attribution, speaker=speaker)
            for attribution, speaker in zip(found, speakers, strict=True)
        ]


def _speakers(
    model: SpeakerModel, shown: str, found: Sequence[Attribution]
) -> list[Speaker | None]:
    """The speaker of each attribution, in order.

    A model looks at all persons for all attributions; so that time grows with the text alone, what
    is very long is told stretch by stretch, each with as much of the text before it.
    """
    sentences = find_sentences(shown)
    if len(shown) <= 2 * _STRETCH:
        return model.resolve(shown, sentences, found)
    speakers: list[Speaker | None] = []
    for _, stretch in groupby(found, lambda one: one.spans[0][0] // _STRETCH):
        own = list(stretch)
        first = own[0].spans[0][0] // _STRETCH * _STRETCH
        start = max(0, min(first - _STRETCH, *(min(_edges(one)) for one in own)))
        end = max(first + _STRETCH, *(max(_edges(one)) for one in own))
        known = len(speakers)
        before = [one for one in _reach(found, known, start) if min(_edges(one)) >= start]
        speakers += model.resolve(
            shown[start:end],
            [(a - start, b - start) for a, b in sentences if start <= a and b <= end],
            [_moved(one, start, end) for one in (*before, *own)],
        )[len(before) :]
    return speakers


def _reach(found: Sequence[Attribution], end: int, start: int) -> Sequence[Attribution]:
    """Those of the first `end` attributions that begin at a character or behind it."""
    return found[bisect_left(found, start, hi=end, key=lambda one: one.spans[0][0]) : end]


def _edges(attribution: Attribution) -> tuple[int, ...]:
    spans = (attribution.spans[0], attribution.cue, attribution.mention)
    return tuple(edge for span in spans if span for edge in span)


def _moved(attribution: Attribution, start: int, end: int) -> Attribution:
    """An attribution as it stands in a part of the text, without the content behind it."""

    def moved(span: Span | None) -> Span | None:
        return (span[0] - start, span[1] - start) if span else None

    spans = tuple((a - start, min(b, end) - start) for a, b in attribution.spans if a < end)
    cue, mention = moved(attribution.cue), moved(attribution.mention)
    return replace(attribution, spans=spans, cue=cue, mention=mention)


def _read_speakers(path: Path) -> SpeakerModel:
    try:
        return SpeakerModel.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise BundleError(f"{path}: cannot be read as weights of speakers: {error!r}") from error
