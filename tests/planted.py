"""Labelled pairs with answers that were planted, so that their figures are known beforehand."""

import random
from collections.abc import Sequence

from stance.domain import Kind, Prediction, Question, Statement
from training.answers import Answered
from training.examples import Example, Label

PROPOSITION = "Ukraine should join NATO"


def example(
    text: str,
    *allowed: str,
    kind: Kind = Kind.STANCE,
    subject: str = PROPOSITION,
    group: str | None = None,
    source: str = "own",
    soft: tuple[float, ...] | None = None,
) -> Example:
    """A statement with one label."""
    subject = subject if kind is Kind.STANCE or subject != PROPOSITION else ""
    label = Label(Question(kind, subject), allowed, soft)
    targets = (subject,) if kind is Kind.SENTIMENT and subject else ()
    return Example(Statement(text, targets=targets), (label,), group or text, source)


def said(
    asked: Example,
    label: str,
    sure: float = 0.9,
    *,
    model: str = "candidate",
    labels: tuple[str, ...] | None = None,
) -> Answered:
    """The pair of an example, answered by a label; what is left of 1 is shared by the others."""
    [truth] = asked.labels
    names = truth.question.kind.labels
    rest = (1 - sure) / (len(names) - 1)
    prediction = Prediction(
        truth.question.kind, tuple(sure if n == label else rest for n in names), model, labels
    )
    return Answered(asked, truth.question.subject, truth.allowed, prediction, truth.soft)


def examples(n: int, kind: Kind = Kind.STANCE, group_of: int = 1) -> list[Example]:
    """n statements whose labels take turns, `group_of` of them to a group."""
    return [
        example(
            f"statement {i}",
            kind.labels[i % len(kind.labels)],
            kind=kind,
            group=f"group {i // group_of}",
        )
        for i in range(n)
    ]


def right_in(
    share: float, asked: Sequence[Example], seed: int = 0, model: str = "candidate"
) -> list[Answered]:
    """Answers of which about this share is right; which ones are wrong is a matter of the seed."""
    rng = random.Random(seed)
    answers = []
    for one in asked:
        [truth] = one.labels
        wrong = [name for name in truth.question.kind.labels if name not in truth.allowed]
        label = truth.allowed[0] if rng.random() < share else rng.choice(wrong)
        answers.append(said(one, label, rng.uniform(0.5, 0.99), model=model))
    return answers
