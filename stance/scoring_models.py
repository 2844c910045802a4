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
from stance.quotes import Extractor
from stance.scored_records import ExtractEach
from stance.scoring_run import Model, Run
from stance.shard_scoring import Work
from stance.torch_network import open_classifier, open_tagger
from stance.torch_network.precision import Precision

# What a run says of its extractor where statements are given, and none are looked for.
NO_EXTRACTOR = Model("none: statements were given", "")
# On a GPU: every card that torch computes on has it, and it is nearer to float32 than bfloat16.
_PRECISION = Precision.FLOAT16


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

    @property
    def computed_on(self) -> str:
        """The device and its precision: what other numbers come of."""
        return "cpu" if self.device is Device.CPU else f"{self.device} {_PRECISION}"

    def open(self, out: Path, run: Run) -> Work:
        """Load the models.

        Args:
            out: the folder of the scored archive.
            run: with these models.

        Raises:
            BundleError: a bundle cannot be loaded, or is not the one that was found.
            MissingExtraError: the device needs a part of Stance that is not installed.
            StanceError: there is no such device here.
        """
        for_extractor, for_classifier = _shared(self.threads)
        bundle = self._bundle(self.classifier)
        if self.device is Device.CPU:
            classifier = Classifier.load(bundle, for_classifier)
        else:
            classifier = open_classifier(bundle, self.device, precision=_PRECISION)
        return Work(out, run, self._extract_each(for_extractor), classifier)

    def _extract_each(self, threads: int | None) -> ExtractEach:
        if self.extractor == NO_EXTRACTOR:
            return _nothing
        bundle = self._bundle(self.extractor)
        if self.device is Device.CPU:
            return Extractor.load(bundle, threads).extract_each
        tagger = open_tagger(bundle, self.device, precision=_PRECISION)
        return Extractor.load(bundle, tagger=tagger).extract_each

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


def _told(bundle: Bundle) -> Model:
    return Model(bundle.name, bundle.digest)


def _nothing(articles: Iterable[Article]) -> Iterator[Sequence[Attribution]]:
    raise TypeError("statements were to be read, not articles")
