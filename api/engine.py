"""The model that answers, and the one thread that may touch it. Knows nothing of routes.

A new model is loaded and warmed in a thread of its own while the old one answers, and takes over
in one assignment: a request that has begun is finished by the model that it began with.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from api import problems
from stance.bundle import Bundle
from stance.classifier import Classifier
from stance.domain import Issue, Statement

log = logging.getLogger("stance.api")

_WARM_UP = (Statement("warm up"),)


@dataclass(frozen=True, slots=True)
class Served:
    """A classifier, and the bundle that it was read from if it was."""

    classifier: Classifier
    bundle: Bundle | None = None

    def answer(
        self, statements: Sequence[Statement], issues: Sequence[Issue], coverage: float | None
    ) -> bytes:
        """The body of a response, as JSON.

        Raises:
            InputError: a proposition is longer than the model's window, or the model has no
                prediction sets.
        """
        ad_hoc = [issue for issue in issues if issue.id is None]
        for n, issue in enumerate(ad_hoc):
            with problems.at(f"propositions.{n}"):
                self.classifier.check([issue])
        results = self.classifier.classify(statements, issues, coverage)
        body = {
            "model": self.classifier.name,
            "results": [result.to_json() for result in results],
        }
        return json.dumps(body, ensure_ascii=False).encode()


class Engine:
    """Answers in one worker thread, and changes models without a pause.

    Args:
        open_served: opens the model that is to be served at the time of the call.
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
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, self.served.answer, statements, issues, coverage
        )

    async def warm(self) -> None:
        """Compute once, so that the first request need not wait."""
        await self.answer(_WARM_UP, self._issues, None)

    async def renew(self) -> None:
        """Serve the model that is to be served now; if it cannot be, the log says why it is not."""
        try:
            new = await asyncio.to_thread(self._open_warm)
        except Exception as error:  # whatever is wrong with the new one, the old one serves on
            reason = " ".join(str(error).split()) or type(error).__name__
            log.error("still serving %s: %s", self.served.classifier.name, reason)
            return
        self.served = new
        log.info("serving %s", new.classifier.name)

    def _open_warm(self) -> Served:
        new = self._open()
        new.classifier.check(self._issues)
        new.answer(_WARM_UP, self._issues, None)
        return new

    def close(self) -> None:
        """Let the work in hand finish, and end the thread."""
        self._thread.shutdown()
