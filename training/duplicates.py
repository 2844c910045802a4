"""Which labelled statements say the same: word for word, or nearly; and whose labels conflict.

Knows nothing of files or splits.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from sklearn.feature_extraction.text import TfidfVectorizer

from stance.domain import Kind, Question
from stance.errors import MOST_FAULTS_SHOWN
from training.examples import Example, Label
from training.label_values import mean_shares

NEAR = 0.8  # cosine from which two statements are near repeats
_ROWS_AT_A_TIME = 256
_MOST_PAIRS_HELD = 1 << 20


@dataclass(frozen=True, slots=True)
class Conflict:
    """One question to the same words, answered in different ways.

    Attributes:
        question: what was asked.
        answers: each answer with the place of its row.
    """

    question: Question
    answers: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        given = ", ".join(f"{answer} at {place}" for place, answer in self.answers)
        return f"{self.question.subject or 'sentiment'}: {given}"


@dataclass(frozen=True, slots=True)
class Duplicates:
    """What says the same among some examples; all numbers are indices into them.

    Attributes:
        exact: sets of two or more with the same words.
        near: sets of two or more that near repeats tie together; those of `exact` are in them.
        conflicts: questions that rows of one set of `exact` answer in different ways.
    """

    exact: tuple[tuple[int, ...], ...]
    near: tuple[tuple[int, ...], ...]
    conflicts: tuple[Conflict, ...]

    def notes(self) -> Iterator[str]:
        """What a user should know of it, a line each."""
        if self.exact:
            yield f"{_rows(sum(map(len, self.exact)))} repeat each other word for word: joined"
        within = {n: cluster for cluster, members in enumerate(self.exact) for n in members}
        # A set whose members are all of one exact set is no news.
        near = [
            members for members in self.near if len({within.get(n, -n - 1) for n in members}) > 1
        ]
        if near:
            yield (
                f"{_rows(sum(map(len, near)))} nearly repeat others: kept, each set of them on one "
                "side of the split"
            )
        if self.conflicts:
            pairs = len(self.conflicts)
            pairs_are = "pair is" if pairs == 1 else "pairs are"
            yield f"{pairs} {pairs_are} labelled in different ways, and left out:"
            yield from (f"  {conflict}" for conflict in self.conflicts[:MOST_FAULTS_SHOWN])
            if pairs > MOST_FAULTS_SHOWN:
                yield f"  and {pairs - MOST_FAULTS_SHOWN} more"


def _rows(number: int) -> str:
    return "1 row" if number == 1 else f"{number} rows"


def words_of(text: str) -> str:
    """The words of a text, without case and punctuation; a text without a word as it is."""
    return " ".join(re.findall(r"\w+", text.casefold())) or text.strip()


def find_duplicates(examples: Sequence[Example]) -> Duplicates:
    """Find exact repeats, near repeats, and conflicting labels."""
    clusters = near_clusters([example.statement.text for example in examples])
    exact = _exact(examples)
    return Duplicates(
        tuple(members for members in exact if len(members) > 1),
        tuple(members for members in _members(clusters.tolist()) if len(members) > 1),
        tuple(
            conflict
            for members in exact
            for conflict in _joined([examples[n] for n in members]).conflicts
        ),
    )


def merge_repeats(examples: Sequence[Example]) -> tuple[tuple[Example, ...], Duplicates]:
    """Join exact repeats into one example each, and leave out what they answer in different ways.

    The joined example is the first of its set, with the labels of all; different shares of one
    question are averaged. Groups of joined examples become one, in all of the examples.

    Returns:
        The examples that are left, in order, and what was found among those given.
    """
    groups = _joined_groups(examples)
    merged = []
    for members in _exact(examples):
        joined = _joined([examples[n] for n in members])
        if joined.labels:
            first = examples[members[0]]
            targets = tuple(
                lb.question.subject
                for lb in joined.labels
                if lb.question.kind is Kind.SENTIMENT and lb.question.subject
            )
            dates = [examples[n].date for n in members]
            merged.append(
                replace(
                    first,
                    statement=replace(first.statement, targets=targets),
                    labels=joined.labels,
                    group=groups[first.group],
                    date=max((date for date in dates if date), default=None),
                )
            )
    return tuple(merged), find_duplicates(examples)


def near_clusters(texts: Sequence[str]) -> NDArray[np.int64]:
    """The cluster of each text, shape (n,): near repeats, and their near repeats, are in one.

    Two texts are near repeats if their words are the same, or if the cosine of their TF-IDF
    vectors of words and word pairs is at least `NEAR`. Only pairs that share a rare enough term are
    compared (prefix filtering: Bayardo, Ma and Srikant, 2007), some rows at a time, so that neither
    time nor memory grows with the square of the rows unless most of them are alike.
    """
    words = [words_of(text) for text in texts]
    distinct = {text: n for n, text in enumerate(sorted(set(words)))}
    if len(distinct) < 2:
        return np.zeros(len(texts), np.int64)
    vectors = _vectors(list(distinct))
    found: NDArray[np.int64] = np.arange(len(distinct))
    held: list[NDArray[np.int64]] = []
    for pairs in _near_pairs(vectors):
        held.append(pairs)
        if sum(map(len, held)) > _MOST_PAIRS_HELD:
            found, held = _tied(found, held), []
    found = _tied(found, held)
    return found[[distinct[text] for text in words]]


def _vectors(texts: Sequence[str]) -> sparse.csr_array:
    """TF-IDF vectors of length 1, shape (n, terms); columns run from rare to common terms."""
    terms = TfidfVectorizer(tokenizer=str.split, token_pattern=None, ngram_range=(1, 2))
    vectors = sparse.csr_array(terms.fit_transform(texts))
    frequency = np.bincount(vectors.indices, minlength=vectors.shape[1])
    vectors = vectors[:, np.argsort(frequency, kind="stable")]
    vectors.sort_indices()
    return vectors


def _near_pairs(vectors: sparse.csr_array) -> Iterator[NDArray[np.int64]]:
    """Arrays of shape (pairs, 2) of the rows whose cosine is at least `NEAR`."""
    least = NEAR - 1e-9  # a rounding does not decide
    squares = vectors.data**2
    total = np.concatenate(([0.0], np.cumsum(squares)))
    ends = np.repeat(total[vectors.indptr[1:]], np.diff(vectors.indptr))
    # Terms after which what is left of a row is too short to reach `NEAR` by itself.
    rare = (ends - total[:-1]) >= least**2
    heads = vectors.copy()
    heads.data = rare.astype(np.float32)
    heads.eliminate_zeros()
    columns = sparse.csr_array(heads.T)
    for start in range(0, heads.shape[0], _ROWS_AT_A_TIME):
        candidates = sparse.coo_array(heads[start : start + _ROWS_AT_A_TIME] @ columns)
        one, other = candidates.coords[0].astype(np.int64) + start, candidates.coords[1]
        later = other > one
        one, other = one[later], other[later].astype(np.int64)
        for at in range(0, len(one), _MOST_PAIRS_HELD // 16):
            part = slice(at, at + _MOST_PAIRS_HELD // 16)
            cosines = vectors[one[part]].multiply(vectors[other[part]]).sum(axis=1)
            near = np.asarray(cosines).ravel() >= least
            yield np.column_stack((one[part][near], other[part][near]))


def _tied(clusters: NDArray[np.int64], pairs: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """The clusters after the pairs have tied some of them together."""
    ends = np.concatenate([*pairs, np.empty((0, 2), np.int64)])
    n = len(clusters)
    graph = sparse.coo_array(
        (np.ones(len(ends), np.int8), (clusters[ends[:, 0]], clusters[ends[:, 1]])), shape=(n, n)
    )
    _, tied = connected_components(graph, directed=False)
    return np.asarray(tied, np.int64)[clusters]


def _members(clusters: Sequence[object]) -> list[tuple[int, ...]]:
    """The indices of each cluster, in order of their first."""
    found: dict[object, list[int]] = {}
    for n, cluster in enumerate(clusters):
        found.setdefault(cluster, []).append(n)
    return [tuple(members) for members in found.values()]


def _exact(examples: Sequence[Example]) -> list[tuple[int, ...]]:
    return _members([words_of(example.statement.text) for example in examples])


@dataclass(frozen=True, slots=True)
class _Joined:
    labels: tuple[Label, ...]
    conflicts: tuple[Conflict, ...]


def _joined(examples: Sequence[Example]) -> _Joined:
    """The labels of examples with the same words: agreed ones, and conflicts."""
    asked: dict[Question, list[tuple[str, Label]]] = {}
    for example in examples:
        for label in example.labels:
            asked.setdefault(label.question, []).append((example.place or example.name, label))
    labels, conflicts = [], []
    for question, given in asked.items():
        answers = [label for _, label in given]
        if len(set(answers)) == 1:
            labels.append(answers[0])
        elif any(label.soft for label in answers):
            shares = mean_shares(label.shares for label in answers)
            labels.append(Label.of_shares(question, shares))
        elif allowed := tuple(
            name for name in question.kind.labels if all(name in label.allowed for label in answers)
        ):
            labels.append(Label(question, allowed))
        else:
            places = tuple((place, " or ".join(label.allowed)) for place, label in given)
            conflicts.append(Conflict(question, places))
    return _Joined(tuple(labels), tuple(conflicts))


def _joined_groups(examples: Sequence[Example]) -> dict[str, str]:
    """The name of each group after exact repeats have tied some of them together."""
    numbers = {group: n for n, group in enumerate(dict.fromkeys(e.group for e in examples))}
    ties = [
        np.array([[numbers[examples[a].group], numbers[examples[b].group]]])
        for a, *others in _exact(examples)
        for b in others
    ]
    clusters = _tied(np.arange(len(numbers)), ties)
    names = list(numbers)
    first = {cluster: names[n] for n, cluster in reversed(list(enumerate(clusters.tolist())))}
    return {group: first[clusters[n]] for group, n in numbers.items()}
