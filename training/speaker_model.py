"""Fits the weights by which speakers are told, on articles whose speakers people marked.

A conditional logit with an L2 penalty: among the candidates of each attribution, the true speaker
shall be the most probable. Knows nothing of files.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from stance.article_text import find_sentences
from stance.candidates import Features, candidates
from stance.domain import Attribution, SpeechKind
from stance.entities import Entity
from stance.mentions import Form
from stance.scene import Scene
from stance.speakers import SpeakerModel, speaker_of
from training.gold import Gold, GoldArticle
from training.speaker_names import normal_name, same_speaker

PENALTY = 1.0
PRECISION = 0.92
FOLDS = 14
MOST_STEPS = 500
# A weight below this moves no probability that anyone sees.
LEAST_WEIGHT = 1e-3


@dataclass(frozen=True, slots=True)
class Choice:
    """The candidates of one attribution.

    Attributes:
        features: of each candidate.
        right: whether each is the true speaker; one at least.
    """

    features: tuple[Features, ...]
    right: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """Whom a model takes for the speaker of one attribution, before its threshold.

    Attributes:
        form: what the words beside the cue are.
        true: the name that a person marked; None where a careful reader cannot tell.
        found: the name of the most probable candidate; None where that is nobody.
        probability: of that candidate.
        true_role, found_role: likewise, the role.
    """

    form: Form
    true: str | None
    found: str | None
    probability: float
    true_role: str | None = None
    found_role: str | None = None

    @property
    def is_exact(self) -> bool:
        """Whether the names are the same but for case, marks, article and titles."""
        return same_speaker(self.found, self.true)

    @property
    def is_right(self) -> bool:
        """Whether the names are the same, or one is the beginning of the other: "two officials"."""
        if self.true is None or self.found is None:
            return self.true is self.found
        return is_same(self.found, self.true)


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How well speakers are told.

    Attributes:
        n: attributions.
        right: those whose most probable candidate is the true one, before any threshold.
        exact: those of them whose name is exactly that.
        named: those for which a speaker is named at the threshold.
        named_right: those of them that are right.
        speakers: those that have a speaker.
        answered: right at the threshold: the true speaker is named, or none where there is none.
    """

    n: int
    right: int
    exact: int
    named: int
    named_right: int
    speakers: int
    answered: int

    @property
    def precision(self) -> float:
        """The share of the named that are right; 1 where none is named."""
        return self.named_right / self.named if self.named else 1.0

    @property
    def recall(self) -> float:
        """The share of the speakers that are named rightly; 1 where there is none."""
        return self.named_right / self.speakers if self.speakers else 1.0


def is_same(found: str, true: str) -> bool:
    """Whether names are the same, or whole words of one begin the other."""
    short, long = sorted((normal_name(found), normal_name(true)), key=len)
    return short == long or long.startswith(f"{short} ")


def fit_speakers(
    articles: Sequence[GoldArticle],
    penalty: float = PENALTY,
    precision: float = PRECISION,
    folds: int = FOLDS,
) -> SpeakerModel:
    """Weights from articles, and the threshold at which what they name is right often enough.

    The threshold is found on answers out of fold, each article asked of what was learned from
    others.

    Args:
        articles: with speakers; at least two.
        penalty: half the squared weights are multiplied by it.
        precision: the share of named speakers that shall be right, in [0, 1].
        folds: of articles; as many as there are articles at most.
    """
    model = fit_weights([one for article in articles for one in choices(article)], penalty)
    answers = [answer for fold in out_of_fold(articles, penalty, folds) for answer in fold]
    return SpeakerModel(model.weights, fit_threshold(answers, precision))


def out_of_fold(
    articles: Sequence[GoldArticle], penalty: float = PENALTY, folds: int = FOLDS
) -> list[list[Answer]]:
    """The answers to each article, in order, of weights that were fitted without it."""
    known = [choices(article) for article in articles]
    folds = min(folds, len(articles))
    found: dict[int, list[Answer]] = {}
    for fold in range(folds):
        others = [one for n, rows in enumerate(known) if n % folds != fold for one in rows]
        model = fit_weights(others, penalty)
        for n in range(fold, len(articles), folds):
            found[n] = answers_of(model, articles[n])
    return [found[n] for n in range(len(articles))]


def fit_threshold(answers: Sequence[Answer], precision: float) -> float:
    """The least probability from which on the named speakers are exactly right often enough.

    1 where they never are.
    """
    named = sorted((a for a in answers if a.found is not None), key=lambda a: -a.probability)
    best, right = 1.0, 0
    for n, answer in enumerate(named, 1):
        right += answer.is_exact
        if right / n >= precision:
            best = answer.probability
    return math.floor(best * 1e4) / 1e4


def choices(article: GoldArticle) -> list[Choice]:
    """The candidates of each attribution, where those before it are told by their true speakers.

    An attribution whose speaker is no candidate teaches nothing and is left out.
    """
    scene = _scene(article)
    found = []
    for gold in article.attributions:
        among = candidates(scene)
        right = _right([entity for entity, _ in among], gold.speaker)
        scene.settle(among[right.index(True)][0] if True in right else None)
        if True in right:
            found.append(Choice(tuple(features for _, features in among), right))
    return found


def _right(entities: Sequence[Entity | None], true: str | None) -> tuple[bool, ...]:
    """Which candidates are the true speaker: by the same name, or else by the begin of it."""
    if true is None:
        return tuple(entity is None for entity in entities)
    names = [entity.name if entity is not None else None for entity in entities]
    exact = tuple(name is not None and same_speaker(name, true) for name in names)
    return (
        exact if any(exact) else tuple(name is not None and is_same(name, true) for name in names)
    )


def _scene(article: GoldArticle) -> Scene:
    text = article.article.text
    return Scene(text, find_sentences(text), [_attribution(gold) for gold in article.attributions])


def _attribution(gold: Gold) -> Attribution:
    return Attribution(gold.content, gold.kind or SpeechKind.INDIRECT, gold.cue, gold.source)


def fit_weights(rows: Sequence[Choice], penalty: float = PENALTY) -> SpeakerModel:
    """The weights that make the right candidates most probable; the threshold is 0.

    Args:
        rows: the candidates of each attribution; at least one.
        penalty: half the squared weights are multiplied by it.
    """
    names = sorted({name for row in rows for features in row.features for name in features})
    matrix = _matrix(rows, {name: n for n, name in enumerate(names)})
    starts = np.cumsum([0, *(len(row.features) for row in rows)][:-1])
    row_of = np.repeat(np.arange(len(rows)), [len(row.features) for row in rows])
    right = np.array([one for row in rows for one in row.right], np.bool_)

    def shares(scores: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        highest = np.maximum.reduceat(scores, starts)
        exp = np.exp(scores - highest[row_of])
        total = np.add.reduceat(exp, starts)
        return highest + np.log(total), exp / total[row_of]

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        scores = matrix @ weights
        of_all, share = shares(scores)
        of_right, share_of_right = shares(np.where(right, scores, -1e9))
        slope = matrix.T @ (share - share_of_right) + penalty * weights
        return float((of_all - of_right).sum() + penalty / 2 * weights @ weights), slope

    found = minimize(
        loss, np.zeros(len(names)), jac=True, method="L-BFGS-B", options={"maxiter": MOST_STEPS}
    )
    weights = {name: round(float(w), 4) for name, w in zip(names, found.x, strict=True)}
    return SpeakerModel({name: w for name, w in weights.items() if abs(w) >= LEAST_WEIGHT}, 0.0)


def _matrix(rows: Sequence[Choice], number_of: Mapping[str, int]) -> csr_matrix:
    """Features (candidates of all rows, names), sparse."""
    values: list[float] = []
    columns: list[int] = []
    ends = [0]
    for row in rows:
        for features in row.features:
            values += features.values()
            columns += (number_of[name] for name in features)
            ends.append(len(values))
    return csr_matrix((values, columns, ends), shape=(len(ends) - 1, len(number_of)))


def answers_of(model: SpeakerModel, article: GoldArticle) -> list[Answer]:
    """The model's answer to each attribution of an article, in order."""
    scene = _scene(article)
    return [_answer(model, scene, gold) for gold in article.attributions]


def _answer(model: SpeakerModel, scene: Scene, gold: Gold) -> Answer:
    mention = scene.mentions[len(scene.order)]
    entity, probability = model.choose(candidates(scene))
    scene.settle(entity)
    speaker = speaker_of(scene.text, entity, mention, probability)
    return Answer(
        form=mention.form,
        true=gold.speaker,
        found=speaker.name if speaker else None,
        probability=probability,
        true_role=gold.role,
        found_role=speaker.role if speaker else None,
    )


def accuracy(answers: Sequence[Answer], threshold: float) -> Accuracy:
    """How well speakers are told, with a threshold and without."""
    named = [one for one in answers if one.found is not None and one.probability >= threshold]
    unnamed_right = sum(
        one.true is None for one in answers if one.found is None or one.probability < threshold
    )
    named_right = sum(one.is_right for one in named)
    return Accuracy(
        n=len(answers),
        right=sum(one.is_right for one in answers),
        exact=sum(one.is_exact for one in answers),
        named=len(named),
        named_right=named_right,
        speakers=sum(one.true is not None for one in answers),
        answered=named_right + unnamed_right,
    )


def by_form(answers: Sequence[Answer], threshold: float) -> dict[Form, Accuracy]:
    """The accuracy for each form of the words beside the cue, in the order of `Form`."""
    grouped: defaultdict[Form, list[Answer]] = defaultdict(list)
    for answer in answers:
        grouped[answer.form].append(answer)
    return {form: accuracy(grouped[form], threshold) for form in Form if form in grouped}
