"""Articles -> attributed statements: who says what, with the offsets of it all.

Tagger -> assembly of spans, links and marks -> speakers. Knows nothing of issues and stances.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Self

from stance.article_text import find_sentences, mask_markup
from stance.assembly import attributions_of
from stance.bundle import Bundle, open_bundle
from stance.domain import Article, Attribution
from stance.errors import BundleError
from stance.manifest import SPEAKERS_FILE, ModelKind
from stance.pairing import with_answers
from stance.speakers import SpeakerModel
from stance.tagger import Tagged, Tagger


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
        for article, tagged in with_answers(articles, self._tagger.tag_each):
            yield self._attributions(article.text, tagged)

    def _attributions(self, text: str, tagged: Tagged) -> list[Attribution]:
        found = attributions_of(text, tagged)
        if not found:
            return []
        shown = mask_markup(text)
        speakers = self._speakers.resolve(shown, find_sentences(shown), found)
        return [
            replace(attribution, speaker=speaker)
            for attribution, speaker in zip(found, speakers, strict=True)
        ]


def _read_speakers(path: Path) -> SpeakerModel:
    try:
        return SpeakerModel.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise BundleError(f"{path}: cannot be read as weights of speakers: {error!r}") from error
