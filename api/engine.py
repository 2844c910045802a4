"""The models that answer, and the one thread that may touch them. Knows nothing of routes.

New models are loaded and warmed in a thread of their own while the old ones answer, and take over
in one assignment: a request that has begun is finished by the models that it began with.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar, TypeVarTuple

from api import problems
from stance.analysis import Analyzer
from stance.bundle import Bundle, is_served, open_bundle
from stance.classifier import Classifier
from stance.domain import Article, Issue, Statement
from stance.errors import BundleError, InputError
from stance.manifest import ModelKind
from stance.quotes import Extractor

log = logging.getLogger("stance.api")

_Args = TypeVarTuple("_Args")
_Found = TypeVar("_Found")

_WARM_UP = Statement("warm up")


@dataclass(frozen=True, slots=True)
class Served:
    """A classifier and perhaps an extractor, and the bundles that they were read from if any."""

    classifier: Classifier
    bundle: Bundle | None = None
    extractor: Extractor | None = None
    extractor_bundle: Bundle | None = None

    @classmethod
    def open(
        cls, models: Path, model: str | None, extractor: str | None, threads: int | None
    ) -> Self:
        """The bundles of these names, or of those that are served; the extractor may be missing.

        Raises:
            BundleError: one must not be trusted, or is named and not there.
        """
        bundle = open_bundle(models, model)
        classifier = Classifier.load(bundle, threads)
        if extractor is None and not is_served(models, ModelKind.EXTRACTION):
            return cls(classifier, bundle)
        finds = open_bundle(models, extractor, ModelKind.EXTRACTION)
        return cls(classifier, bundle, Extractor.load(finds, threads), finds)

    @property
    def names(self) -> str:
        """The names of the bundles, for people."""
        finds = f" and {self.extractor.name}" if self.extractor else ""
        return self.classifier.name + finds

    def answer(
        self, statements: Sequence[Statement], issues: Sequence[Issue], coverage: float | None
    ) -> bytes:
        """The body of a response, as JSON.

        Raises:
            InputError: a proposition is longer than the model's window, or the model has no
                prediction sets.
        """
        self._check(issues, coverage)
        results = self.classifier.classify(statements, issues, coverage)
        body = {
            "model": self.classifier.name,
            "results": [result.to_json() for result in results],
        }
        return json.dumps(body, ensure_ascii=False).encode()

    def analyze(
        self, article: Article, issues: Sequence[Issue], coverage: float | None, most_pairs: int
    ) -> bytes:
        """The body of a response about an article, as JSON.

        Args:
            article: what is read.
            issues: what is asked of each statement.
            coverage: of the prediction sets.
            most_pairs: how many questions may be answered: for each statement its tone and issues.

        Raises:
            InputError: as above; or the article would need more answers.
            BundleError: there is no extractor.
        """
        if self.extractor is None:
            raise BundleError("there is no model that finds statements")
        self._check(issues, coverage)
        said = self.extractor.extract(article)
        n_pairs = len(said) * (1 + len(issues))
        if n_pairs > most_pairs:
            raise InputError(
                "text",
                f"has {len(said)} statements and so {n_pairs} pairs, over the limit of {most_pairs}"
                " (setting STANCE_MAX_PAIRS); ask fewer issues, or send it in parts",
            )
        analyzer = Analyzer(self.extractor, self.classifier)
        [analysis] = analyzer.score([(article, said)], issues, coverage)
        return json.dumps(analysis.to_json(), ensure_ascii=False).encode()

    def warm(self, issues: Sequence[Issue]) -> None:
        """Compute once, so that the first request need not wait."""
        self.answer([_WARM_UP], issues, None)
        if self.extractor:
            self.extractor.extract(Article(_WARM_UP.text))

    def _check(self, issues: Sequence[Issue], coverage: float | None) -> None:
        ad_hoc = [issue for issue in issues if issue.id is None]
        for n, issue in enumerate(ad_hoc):
            with problems.at(f"propositions.{n}"):
                self.classifier.check([issue])
        self.classifier.check([], coverage)


class Engine:
    """Answers in one worker thread, and changes models without a pause.

    Args:
        open_served: opens the models that are to be served at the time of the call.
        issues: the catalogue, which every model must be able to read.

    Raises:
        StanceError: the first model cannot be served; the message says why.
    """

    def __init__(self, open_served: Callable[[], Served], issues: Sequence[Issue]) -> None:
        self._open = open_served
        self._issues = issues
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="engine")
        self.served = open_served()
        self.served.classifier.check(issues)

    async def answer(
        self, statements: Sequence[Statement], issues: Sequence[Issue], coverage: float | None
    ) -> bytes:
        """The body of a response, computed and written as JSON in the worker thread."""
        return await self._run(self.served.answer, statements, issues, coverage)

    async def analyze(
        self, article: Article, issues: Sequence[Issue], coverage: float | None, most_pairs: int
    ) -> bytes:
        """The same about an article."""
        return await self._run(self.served.analyze, article, issues, coverage, most_pairs)

    async def warm(self) -> None:
        """Compute once, so that the first request need not wait."""
        await self._run(self.served.warm, self._issues)

    async def renew(self) -> None:
        """Serve the models that are to be served now; if they cannot be, the log says why.

        One that cannot be served leaves both old ones serving.
        """
        try:
            new = await asyncio.to_thread(self._open_warm)
        except Exception as error:  # whatever is wrong with the new one, the old one serves on
            reason = " ".join(str(error).split()) or type(error).__name__
            log.error("still serving %s: %s", self.served.names, reason)
            return
        self.served = new
        log.info("serving %s", new.names)

    def close(self) -> None:
        """Let the work in hand finish, and end the thread."""
        self._thread.shutdown()

    async def _run(self, work: Callable[[*_Args], _Found], *args: *_Args) -> _Found:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)

    def _open_warm(self) -> Served:
        new = self._open()
        if self.served.extractor and not new.extractor:
            raise BundleError(
                "no model that finds statements is named any more; to serve without, start anew"
            )
        new.classifier.check(self._issues)
        new.warm(self._issues)
        return new
