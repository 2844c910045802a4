"""The models of a run over an archive: found where it is planned, opened where it computes.

Knows nothing of shards and engines. A plan is small, so that it can be sent to another process.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

from stance.bundle import Bundle, open_bundle
from stance.classifier import Classifier
from stance.domain import Article, Attribution
from stance.errors import BundleError
from stance.manifest import ModelKind
from stance.scored_records import ExtractEach
from stance.scoring_run import Model, Run
from stance.shard_scoring import Work

# What a run says of its extractor where statements are given, and none are looked for.
NO_EXTRACTOR = Model("none: statements were given", "")


class Device(StrEnum):
    """What the networks compute on."""

    CPU = "cpu"
    CUDA = "cuda"


@dataclass(frozen=True, slots=True)
class RunModels:
    """The models of a run, checked, and what they compute on.

    Attributes:
        folder: of the bundles; a worker on another machine looks there too.
        classifier: scores the statements.
        extractor: finds them; `NO_EXTRACTOR` where they are given.
        device: what computes.
        threads: with how many a worker computes; None for all that its process may use.
    """

    folder: Path
    classifier: Model
    extractor: Model
    device: Device = Device.CPU
    threads: int | None = None

    @classmethod
    def find(
        cls,
        folder: Path,
        classifier: str | None = None,
        extractor: str | None = None,
        *,
        statements: bool = False,
        device: Device = Device.CPU,
        threads: int | None = None,
    ) -> Self:
        """Find the bundles by name and check them; the served ones where a name is None.

        Args:
            folder: of the bundles.
            classifier: a name.
            extractor: a name.
            statements: whether statements are given, so that no extractor is needed.
            device, threads: as above.

        Raises:
            BundleError: there is none of a name, it is of another kind, or must not be trusted.
        """
        scorer = open_bundle(folder, classifier).expect(ModelKind.STANCE)
        finder = NO_EXTRACTOR
        if not statements:
            kind = ModelKind.EXTRACTION
            finder = _told(open_bundle(folder, extractor, kind).expect(kind))
        return cls(folder, _told(scorer), finder, device, threads)

    def open(self, out: Path, run: Run) -> Work:
        """Load the models.

        Args:
            out: the folder of the scored archive.
            run: with these models.

        Raises:
            BundleError: a bundle cannot be loaded, or is not the one that was found.
            MissingExtraError: the device needs a part of Stance that is not installed.
        """
        for_extractor, for_classifier = _shared(self.threads)
        classifier = _load_classifier(self._bundle(self.classifier), self.device, for_classifier)
        return Work(out, run, self._extract_each(for_extractor), classifier)

    def _extract_each(self, threads: int | None) -> ExtractEach:
        if self.extractor == NO_EXTRACTOR:
            return _nothing
        from stance.quotes import Extractor

        return Extractor.load(self._bundle(self.extractor), threads).extract_each

    def _bundle(self, model: Model) -> Bundle:
        bundle = open_bundle(self.folder, model.name)
        if bundle.digest != model.digest:
            raise BundleError(
                f"{bundle.folder} is not the bundle that the run began with; every worker needs the"
                " same folder of models"
            )
        return bundle


def _shared(threads: int | None) -> tuple[int | None, int | None]:
    """How many threads the extractor and the classifier have of those that may be used.

    They compute at the same time, each ahead of or behind the other. Both may have all: one that
    waits for the other leaves no core idle so.
    """
    return threads, threads


def _load_classifier(bundle: Bundle, device: Device, threads: int | None) -> Classifier:
    assert device is Device.CPU
    return Classifier.load(bundle, threads)


def _told(bundle: Bundle) -> Model:
    return Model(bundle.name, bundle.digest)


def _nothing(articles: Iterable[Article]) -> Iterator[Sequence[Attribution]]:
    raise TypeError("statements were to be read, not articles")
