"""The one inference engine: statements and issues in, results out, in order.

Windows -> render -> pack -> network -> calibrate -> results. Sorting and packing are inner matters:
an answer does not depend on its batch mates. Knows nothing of HTTP, files or training.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from stance.bundle import Bundle, open_bundle
from stance.calibration import N_LOGITS, Calibration
from stance.conformal import PredictionSets, level_of
from stance.domain import Issue, Kind, Prediction, Question, Result, Statement
from stance.errors import InputError
from stance.manifest import ModelKind
from stance.network import Network, OnnxNetwork, answers
from stance.packing import Batches, Group, Rows, split_questions
from stance.render import Block, Renderer, read_tokenizer

# Tokens of one row, and of the rows that go through the network together: attention within a
# row costs the square of its length, and larger batches gain nothing on a CPU.
ROW_TOKENS = 256
BATCH_TOKENS = 1024
WINDOW_STATEMENTS = 128

_TONE = Question(Kind.SENTIMENT)


class Classifier:
    """Scores statements with one bundle. Not thread-safe; keep it in one thread.

    Args:
        network: packed rows to logits.
        renderer: texts to token blocks.
        calibration: logits to probabilities.
        name: the name by which its predictions cite it.
        prediction_sets: probabilities to sets of labels; None if it was not calibrated for them.
        batch_tokens: of the rows that go through the network together.
        window_statements: how many are packed together.
    """

    def __init__(
        self,
        network: Network,
        renderer: Renderer,
        calibration: Calibration,
        name: str,
        prediction_sets: PredictionSets | None = None,
        *,
        batch_tokens: int = BATCH_TOKENS,
        window_statements: int = WINDOW_STATEMENTS,
    ) -> None:
        self.name = name
        self._prediction_sets = prediction_sets
        self._network = network
        self._renderer = renderer
        self._calibration = calibration
        self._batch_tokens = batch_tokens
        self._window_statements = window_statements

    @classmethod
    def load(cls, bundle: Bundle, threads: int | None = None) -> Self:
        """The classifier of a verified bundle, which computes with `threads` (None: all it may).

        Raises:
            BundleError: the bundle is of another kind, or cannot be read.
        """
        bundle.expect(ModelKind.STANCE)
        tokenizer = read_tokenizer(bundle.folder / "tokenizer.json")
        network = OnnxNetwork(bundle.folder / "model.onnx", threads)
        renderer = Renderer(tokenizer, bundle.window)
        return cls(network, renderer, bundle.calibration, bundle.name, bundle.prediction_sets)

    @classmethod
    def open(cls, models: Path, name: str | None = None, threads: int | None = None) -> Self:
        """The classifier of a bundle by name, or of the default one.

        Raises:
            BundleError: there is none, or it must not be trusted.
        """
        return cls.load(open_bundle(models, name), threads)

    @property
    def has_prediction_sets(self) -> bool:
        """Whether a coverage can be asked."""
        return self._prediction_sets is not None

    def check(self, issues: Iterable[Issue], coverage: float | None = None) -> None:
        """Check that every proposition and the coverage fit the model, before any work is done.

        Raises:
            InputError: a proposition is longer than the model's window; the coverage is out of
                range, or the model was not calibrated for prediction sets.
        """
        for issue in issues:
            self._renderer.question(Question(Kind.STANCE, issue.proposition))
        if coverage is not None:
            level_of(coverage)
            if self._prediction_sets is None:
                raise InputError(
                    "coverage",
                    f"the model {self.name} has no prediction sets; ask without coverage, or train"
                    " a newer model",
                )

    def classify(
        self,
        statements: Iterable[Statement],
        issues: Sequence[Issue],
        coverage: float | None = None,
    ) -> Iterator[Result]:
        """Answer every issue, the tone and the named targets for each statement, lazily, in order.

        Args:
            statements: what is read; may have no end.
            issues: what is asked of each.
            coverage: how often each answer's `prediction_set` is to hold the truth, from 0.5 to
                0.99, see `stance.conformal`; None for no sets.

        Raises:
            InputError: a proposition or target is longer than the model's window, or no sets of
                that coverage can be given.
        """
        self.check([], coverage)
        stances = [Question(Kind.STANCE, issue.proposition) for issue in issues]
        in_hand: deque[_Window] = deque()

        def rows() -> Iterator[Rows]:
            pending = iter(statements)
            while taken := list(islice(pending, self._window_statements)):
                in_hand.append(self._window(taken, stances))
                yield from in_hand[-1].packed.rows()

        for logits in answers(self._network, rows()):
            in_hand[0].packed.take(logits)
            if in_hand[0].packed.is_answered:
                yield from self._results(in_hand.popleft(), issues, coverage)

    def logits(
        self, blocks: Sequence[Block], asked: Sequence[Sequence[Question]]
    ) -> list[NDArray[np.float32]]:
        """Raw logits (questions, 7) of each statement, in the order asked; packs and unpacks."""
        packed = self._pack(blocks, asked)
        for logits in answers(self._network, packed.rows()):
            packed.take(logits)
        return packed.logits

    def _window(self, statements: Sequence[Statement], stances: Sequence[Question]) -> "_Window":
        asked = [
            [_TONE, *stances, *(Question(Kind.SENTIMENT, t) for t in statement.targets)]
            for statement in statements
        ]
        blocks = self._renderer.statements([statement.text for statement in statements])
        return _Window(statements, blocks, asked, self._pack(blocks, asked))

    def _pack(self, blocks: Sequence[Block], asked: Sequence[Sequence[Question]]) -> "_Packed":
        rendered = [[self._renderer.question(one) for one in questions] for questions in asked]
        return _Packed(blocks, rendered, self._batch_tokens)

    def _results(
        self, window: "_Window", issues: Sequence[Issue], coverage: float | None
    ) -> Iterator[Result]:
        for statement, block, questions, logits in zip(
            window.statements, window.blocks, window.asked, window.packed.logits, strict=True
        ):
            found = iter(self._predict(questions, logits, coverage))
            yield Result(
                statement,
                block.truncated,
                next(found),
                list(zip(issues, islice(found, len(issues)), strict=True)),
                list(zip(statement.targets, found, strict=True)),
            )

    def _predict(
        self,
        questions: Sequence[Question],
        logits: NDArray[np.float32],
        coverage: float | None,
    ) -> Iterator[Prediction]:
        by_kind = {kind: self._calibration.probabilities(kind, logits) for kind in Kind}
        for n, question in enumerate(questions):
            kind = question.kind
            probabilities = tuple(map(float, by_kind[kind][n]))
            labels = None
            if self._prediction_sets is not None and coverage is not None:
                labels = self._prediction_sets.labels(kind, probabilities, coverage)
            yield Prediction(kind, probabilities, self.name, labels)


@dataclass(frozen=True, slots=True)
class _Window:
    """Statements that are packed together, and what is asked of each."""

    statements: Sequence[Statement]
    blocks: Sequence[Block]
    asked: Sequence[Sequence[Question]]
    packed: "_Packed"


class _Packed(Batches):
    """Statements and their questions in batches of rows; unpacks the logits as they come.

    Attributes:
        logits: (questions, 7) of each statement, in the order asked; right once `is_answered`.
    """

    def __init__(
        self, blocks: Sequence[Block], asked: Sequence[Sequence[Block]], batch_tokens: int
    ) -> None:
        self.logits = [np.empty((len(questions), N_LOGITS), np.float32) for questions in asked]
        groups: list[Group] = []
        self._home: list[tuple[int, list[int]]] = []
        for n, (block, questions) in enumerate(zip(blocks, asked, strict=True)):
            for part in split_questions(block, questions, ROW_TOKENS):
                groups.append(Group(block, tuple(questions[i] for i in part)))
                self._home.append((n, part))
        super().__init__(groups, ROW_TOKENS, batch_tokens)

    def take(self, logits: NDArray[np.float32]) -> None:
        """Unpack the logits (rows, questions, 7) of the next batch, in the order of `rows`."""
        for row, row_logits in zip(self.next_answered(), logits, strict=True):
            at = 0
            for n, part in (self._home[g] for g in row):
                self.logits[n][part] = row_logits[at : at + len(part)]
                at += len(part)
