"""What is reached without a network: the commonest label, and words counted.

Each baseline answers the same labelled pairs as a model, so that the same figures are made of its
answers. Knows nothing of figures.
"""

import warnings
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stance.domain import Kind, Prediction
from training.answers import Answered, finest_classes
from training.examples import Example, Label

MAJORITY = "majority class"
MAJORITY_PER_ISSUE = "majority per issue"
WORDS = "TF-IDF and logistic regression"
FOLDS = 5
# Inverse strength of the regression's penalty, and the words that it counts.
PENALTY = 10.0
WORD = r"(?u)\b\w+\b"
MOST_FEATURES = 50_000

Shares = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Pair:
    """One labelled pair, and where its answer goes."""

    example: Example
    label: Label


def fit_baselines(
    train: Sequence[Example] | None, test: Sequence[Example], seed: int = 0
) -> dict[str, list[Answered]]:
    """The answers of each baseline to every pair of the test rows, by the baseline's name.

    A kind that the training rows do not label is left out, and so is every baseline where there
    is nothing to learn from.

    Args:
        train: what the baselines learn from; None to fit them on the test rows themselves, each
            group answered by what was learned from the others (out of fold).
        test: the labelled rows that are answered.
        seed: of the folds.
    """
    answered: dict[str, list[Answered]] = defaultdict(list)
    for kind in Kind:
        asked = _pairs(test, kind)
        if train is not None:
            folds = [(_pairs(train, kind), asked)]
            how = "fitted on the training rows"
        else:
            folds = list(_folds(asked, seed))
            how = f"fitted out of fold, {len(folds)} folds by group"
        for known, unknown in folds:
            if known and unknown:
                for name, shares in _answers(kind, known, unknown).items():
                    answered[name] += [
                        _answered(pair, kind, row, f"{name}, {how}")
                        for pair, row in zip(unknown, shares, strict=True)
                    ]
    return dict(answered)


def _pairs(examples: Sequence[Example], kind: Kind) -> list[_Pair]:
    return [
        _Pair(example, label)
        for example in examples
        for label in example.labels
        if label.question.kind is kind
    ]


def _folds(pairs: list[_Pair], seed: int) -> Iterator[tuple[list[_Pair], list[_Pair]]]:
    groups = sorted({pair.example.group for pair in pairs})
    np.random.default_rng(seed).shuffle(groups)
    n_folds = min(FOLDS, len(groups))
    fold_of = {group: n % n_folds for n, group in enumerate(groups)}
    for n in range(n_folds):
        yield (
            [pair for pair in pairs if fold_of[pair.example.group] != n],
            [pair for pair in pairs if fold_of[pair.example.group] == n],
        )


def _answers(kind: Kind, known: list[_Pair], unknown: list[_Pair]) -> Mapping[str, Shares]:
    shares = np.array([pair.label.shares for pair in known])
    overall = shares.mean(0)
    return {
        MAJORITY: np.tile(overall, (len(unknown), 1)),
        MAJORITY_PER_ISSUE: _per_subject(known, unknown, shares, overall),
        WORDS: _by_words(kind, known, unknown, shares),
    }


def _per_subject(
    known: list[_Pair], unknown: list[_Pair], shares: Shares, overall: Shares
) -> Shares:
    # A trace of the overall shares answers a subject that was never seen, and breaks ties.
    counts: dict[str, Shares] = defaultdict(lambda: overall * 1e-3)
    for pair, row in zip(known, shares, strict=True):
        counts[pair.label.question.subject] = counts[pair.label.question.subject] + row
    found = np.array([counts[pair.label.question.subject] for pair in unknown])
    return np.asarray(found / found.sum(1, keepdims=True))


def _by_words(kind: Kind, known: list[_Pair], unknown: list[_Pair], shares: Shares) -> Shares:
    """Probabilities (unknown, labels) by the words and word pairs of statement and subject.

    A row with several labels counts for each by its share; classes weigh the same in all, as in
    macro-F1.
    """
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    row, label = np.nonzero(shares)
    present = np.unique(label)
    if len(present) == 1:
        return np.tile(np.eye(len(kind.labels))[present[0]], (len(unknown), 1))
    features = _features(known, unknown)
    if features is None:
        return np.tile(shares.mean(0), (len(unknown), 1))
    weight = shares[row, label] / _class_totals(kind, known, shares)[label]
    model = LogisticRegression(C=PENALTY, max_iter=200, tol=1e-3)
    # One thread: on sparse rows more only wait for each other.
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")  # a baseline that has not quite converged is one still
        model.fit(features[0][row], label, weight * len(row) / weight.sum())
    answers = np.zeros((len(unknown), len(kind.labels)))
    answers[:, model.classes_] = model.predict_proba(features[1])
    return answers


def _class_totals(kind: Kind, known: list[_Pair], shares: Shares) -> Shares:
    """For each label (labels,), how much of the rows is of its class."""
    totals = shares.sum(0)
    for names in finest_classes(kind, {pair.label.allowed for pair in known}):
        of_class = [kind.labels.index(name) for name in names]
        totals[of_class] = totals[of_class].sum()
    return np.asarray(totals)


def _features(known: list[_Pair], unknown: list[_Pair]) -> tuple[Any, Any] | None:
    """Sparse rows of the two sides; None where no side of the known pairs holds a word."""
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import TfidfVectorizer

    parts = []
    for text_of in (_statement_text, _subject_text):
        texts = [text_of(pair) for pair in known]
        words = TfidfVectorizer(
            ngram_range=(1, 2),
            sublinear_tf=True,
            token_pattern=WORD,
            max_features=MOST_FEATURES,
        )
        if any(words.build_analyzer()(text) for text in texts):
            fitted = words.fit_transform(texts)
            parts.append((fitted, words.transform([text_of(pair) for pair in unknown])))
    if not parts:
        return None
    return hstack([p[0] for p in parts], "csr"), hstack([p[1] for p in parts], "csr")


def _statement_text(pair: _Pair) -> str:
    return pair.example.statement.text


def _subject_text(pair: _Pair) -> str:
    return pair.label.question.subject


def _answered(pair: _Pair, kind: Kind, shares: Shares, model: str) -> Answered:
    probabilities = tuple(map(float, shares / shares.sum()))
    return Answered(
        pair.example,
        pair.label.question.subject,
        pair.label.allowed,
        Prediction(kind, probabilities, model),
        pair.label.soft,
    )
