"""The nouns that cross a boundary: article, statement, issue, question, labels, prediction.

Frozen, self-validating values; no I/O, no network, no files.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from stance.errors import InputError

# A target is a name, and always fits the model; characters.
LONGEST_TARGET = 160


class Stance(StrEnum):
    """What the speaker wants of a proposition. See docs/labels.md for the rules."""

    FAVOR = "favor"
    AGAINST = "against"
    NEUTRAL = "neutral"
    UNRELATED = "unrelated"


class Sentiment(StrEnum):
    """The tone of a statement, or of how it speaks of one target."""

    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"


class Kind(StrEnum):
    """The two kinds of question, each with labels of its own."""

    STANCE = "stance"
    SENTIMENT = "sentiment"

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in the order of their probabilities."""
        return _LABELS[self]

    @property
    def poles(self) -> tuple[str, str]:
        """The two labels whose difference is the score, the positive one first."""
        return _POLES[self]


_LABELS = {
    Kind.STANCE: tuple(stance.value for stance in Stance),
    Kind.SENTIMENT: tuple(sentiment.value for sentiment in Sentiment),
}
_POLES: dict[Kind, tuple[str, str]] = {
    Kind.STANCE: (Stance.FAVOR, Stance.AGAINST),
    Kind.SENTIMENT: (Sentiment.POSITIVE, Sentiment.NEGATIVE),
}


def check_text(field: str, text: object) -> None:
    """Check that a value is text that a model can read.

    Raises:
        InputError: it is no string, is blank, or holds a NUL or a lone surrogate.
    """
    if not isinstance(text, str):
        raise InputError(field, f"must be text, not {type(text).__name__}")
    if not text.strip():
        raise InputError(field, "is empty; give at least one word")
    if "\0" in text:
        raise InputError(field, f"holds a NUL character at offset {text.index(chr(0))}; remove it")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            field, f"holds a lone surrogate at offset {error.start}; send valid Unicode"
        ) from None


@dataclass(frozen=True, slots=True)
class Statement:
    """What one speaker is reported to have said.

    Attributes:
        text: the words, as reported.
        id: the caller's name for it, given back with the answer.
        speaker: who said it; carried along, not read by the model.
        targets: entities toward which sentiment is asked as well.

    Raises:
        InputError: a field cannot be read.
    """

    text: str
    id: str | None = None
    speaker: str | None = None
    targets: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_text("text", self.text)
        for field, value in (("id", self.id), ("speaker", self.speaker)):
            if value is not None:
                check_text(field, value)
        for n, target in enumerate(self.targets):
            check_text(f"targets.{n}", target)
            if len(target) > LONGEST_TARGET:
                raise InputError(
                    f"targets.{n}",
                    f"has {len(target)} characters; a target is a name of at most {LONGEST_TARGET}",
                )


class SpeechKind(StrEnum):
    """How an article renders what was said."""

    DIRECT = "direct"  # wholly in quotation marks, or a transcript
    INDIRECT = "indirect"  # in the article's own words
    MIXED = "mixed"  # in its own words, with words quoted


Span = tuple[int, int]  # characters of an article, the end exclusive


@dataclass(frozen=True, slots=True)
class Article:
    """One piece of news.

    Attributes:
        text: the body, as it is; offsets count its characters.
        id, title, outlet, date: carried along.

    Raises:
        InputError: a field is not text, or holds a NUL or a lone surrogate. An article without a
            word is no error: nothing is said in it.
    """

    text: str
    id: str | None = None
    title: str | None = None
    outlet: str | None = None
    date: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.text, str) or self.text.strip():
            check_text("text", self.text)
        for field in ("id", "title", "outlet", "date"):
            if (value := getattr(self, field)) is not None:
                check_text(field, value)

    def words(self, span: Span | None) -> str | None:
        """What stands in a span, as it is; None for none."""
        return self.text[slice(*span)] if span else None


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who said it.

    Attributes:
        name: the fullest name in the article, as it stands there.
        mention: the words beside the cue ("she", "the minister").
        role: the office, as the article gives it; None where it gives none.
        probability: that the name is right.
    """

    name: str
    mention: str
    role: str | None
    probability: float

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise ValueError("a probability is from 0 to 1")


@dataclass(frozen=True, slots=True)
class Attribution:
    """What an article says that somebody said.

    Attributes:
        spans: where the content stands; several where it is split by "he said"; in order, and not
            over each other.
        kind: direct, indirect or mixed.
        cue: where the words stand that tell it; None where nothing but marks does.
        mention: where its source stands; None where the article gives none.
        speaker: who that is; None where a careful reader cannot tell.
    """

    spans: tuple[Span, ...]
    kind: SpeechKind
    cue: Span | None = None
    mention: Span | None = None
    speaker: Speaker | None = None

    def __post_init__(self) -> None:
        edges = [edge for span in self.spans for edge in span]
        if not edges or edges[0] < 0 or edges != sorted(edges):
            raise ValueError(f"spans must be in order and not over each other: {self.spans}")
        if any(start >= end for start, end in self.spans):
            raise ValueError(f"a span is empty: {self.spans}")

    def text(self, article: str) -> str:
        """The content as it stands in the article, its pieces joined by a space."""
        return " ".join(article[start:end] for start, end in self.spans)


@dataclass(frozen=True, slots=True)
class Issue:
    """A matter that one can be for or against.

    Attributes:
        id: a short name in lower-case letters, digits and hyphens; None for one asked ad hoc.
        name: the title shown to people.
        proposition: who should do what; the stance is taken toward this sentence.

    Raises:
        InputError: a field cannot be read.
    """

    id: str | None
    name: str
    proposition: str

    def __post_init__(self) -> None:
        if self.id is not None:
            check_text("id", self.id)
            if not all(c.islower() or c.isdigit() or c == "-" for c in self.id):
                raise InputError("id", "may hold lower-case letters, digits and hyphens only")
        check_text("proposition", self.proposition)
        check_text("name", self.name)

    @classmethod
    def ad_hoc(cls, proposition: str) -> "Issue":
        """An issue that is in no catalogue."""
        return cls(None, proposition, proposition)


@dataclass(frozen=True, slots=True)
class Question:
    """One thing asked of a statement: a stance on a proposition, or a sentiment.

    Attributes:
        kind: which labels the answer has.
        subject: the proposition, or the target of the sentiment; "" asks for the overall tone.
    """

    kind: Kind
    subject: str = ""

    def __post_init__(self) -> None:
        if self.kind is Kind.STANCE or self.subject:
            check_text("proposition" if self.kind is Kind.STANCE else "target", self.subject)


@dataclass(frozen=True, slots=True)
class Prediction:
    """The answer to one question.

    Attributes:
        kind: the kind of the question.
        probabilities: one for each of `kind.labels`, in that order; they sum to 1.
        model: the name of the bundle that said so.
        prediction_set: the labels, in the order of `kind.labels`, that hold the truth as often
            as was asked; None where no coverage was asked.

    Raises:
        ValueError: the probabilities are of another number, below 0, or do not sum to 1; or the
            set is in another order, or lacks the most probable label.
    """

    kind: Kind
    probabilities: tuple[float, ...]
    model: str
    prediction_set: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if len(self.probabilities) != len(self.kind.labels):
            raise ValueError(f"{self.kind} has {len(self.kind.labels)} labels")
        if not abs(sum(self.probabilities) - 1) < 1e-6:
            raise ValueError("probabilities must sum to 1")
        if min(self.probabilities) < 0:
            raise ValueError("probabilities must not be below 0")
        if self.prediction_set is not None:
            in_order = tuple(name for name in self.kind.labels if name in self.prediction_set)
            if self.prediction_set != in_order or self.label not in in_order:
                raise ValueError(f"a set of {self.kind} labels has them in order, {self.label} too")

    @property
    def label(self) -> str:
        """The most probable label; of equals, the first."""
        return max(zip(self.probabilities, self.kind.labels, strict=True), key=lambda p: p[0])[1]

    @property
    def score(self) -> float:
        """P(favor) - P(against), or P(positive) - P(negative), in [-1, 1]."""
        by_label = dict(zip(self.kind.labels, self.probabilities, strict=True))
        positive, negative = self.kind.poles
        return by_label[positive] - by_label[negative]


@dataclass(frozen=True, slots=True)
class Result:
    """All the answers for one statement.

    Attributes:
        statement: what was read.
        truncated: whether the statement was longer than the model's window.
        sentiment: its overall tone.
        stances: the issues asked, in the order asked, each with its prediction.
        targets: the statement's targets, in order, each with the sentiment toward it.
    """

    statement: Statement
    truncated: bool
    sentiment: Prediction
    stances: Sequence[tuple[Issue, Prediction]]
    targets: Sequence[tuple[str, Prediction]]

    def to_json(self) -> dict[str, object]:
        """The object that the command line and the HTTP service both give for one statement."""
        answer: dict[str, object] = {
            "id": self.statement.id,
            "truncated": self.truncated,
            "model": self.sentiment.model,
            "sentiment": _prediction_json(self.sentiment),
            "stances": [
                {
                    "issue": issue.id,
                    "proposition": issue.proposition,
                    **_prediction_json(prediction),
                }
                for issue, prediction in self.stances
            ],
        }
        if self.targets:
            answer["targets"] = [
                {"target": target, **_prediction_json(prediction)}
                for target, prediction in self.targets
            ]
        return answer


def _prediction_json(prediction: Prediction) -> dict[str, object]:
    probabilities = zip(prediction.kind.labels, prediction.probabilities, strict=True)
    answer: dict[str, object] = {
        "label": prediction.label,
        "score": prediction.score,
        "probabilities": dict(probabilities),
    }
    if prediction.prediction_set is not None:
        answer["prediction_set"] = list(prediction.prediction_set)
    return answer
