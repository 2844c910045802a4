"""What the routes take and give, as pydantic models with examples. Knows nothing of the engine."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from stance.conformal import LEAST_COVERAGE, MOST_COVERAGE

Probability = Annotated[float, Field(ge=0, le=1)]
Score = Annotated[float, Field(ge=-1, le=1)]
SentimentLabel = Literal["positive", "neutral", "negative"]
StanceLabel = Literal["favor", "against", "neutral", "unrelated"]
_SET = "only where coverage was asked: the labels that may be true; more than one means not sure"

# Above any sensible setting: what is longer costs one fault, not one for each member.
MOST_MEMBERS, _MOST_FIELDS = 1000, 20

_EXAMPLE_REQUEST: JsonDict = {
    "statements": [
        {
            "id": "a-1",
            "text": "“Ukraine will not give up a single village,” the minister said.",
            "speaker": "the minister",
        }
    ],
    "issues": ["territorial-concessions"],
    "propositions": ["Ukraine should hold elections during the war"],
}


_EXAMPLE_ARTICLE: JsonDict = {
    "id": "wire-7",
    "text": "PARIS - Ukraine will not give up a single village, Defence Minister Olena Kravets said"
    " on Monday. “We welcome a ceasefire,” she told reporters.",
    "issues": ["territorial-concessions", "ceasefire"],
}

IssueIds = Annotated[
    list[Annotated[str, Field(max_length=200)]],
    Field(max_length=MOST_MEMBERS, description="ids of the catalogue, see GET /issues"),
]
Propositions = Annotated[
    list[str], Field(max_length=MOST_MEMBERS, description="propositions of your own, asked ad hoc")
]
Coverage = Annotated[
    float | None,
    Field(
        ge=LEAST_COVERAGE,
        le=MOST_COVERAGE,
        description="0.5 to 0.99, rounded up to whole hundredths: give with each answer the set of"
        " labels that holds the truth that often",
    ),
]


class Request(BaseModel):
    """A body that refuses fields that it does not know."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _few_fields(cls, given: Any) -> Any:
        # A fault for each of a million fields would hold the event loop for seconds.
        if isinstance(given, dict) and len(given) > _MOST_FIELDS:
            raise PydanticCustomError("too_many_fields", "has too many fields")
        return given


class StatementIn(Request):
    """One reported statement."""

    id: str | None = Field(None, max_length=200, description="given back with the answer")
    text: str = Field(description="what was said, as reported")
    speaker: str | None = Field(
        None, max_length=500, description="accepted, and not read by this model"
    )
    context: str | None = Field(
        None, max_length=20_000, description="accepted, and not read by this model"
    )
    targets: list[str] = Field(
        [], max_length=MOST_MEMBERS, description="entities toward which sentiment is asked as well"
    )


class ClassifyRequest(Request):
    """Many statements and many issues; neither issues nor propositions: the whole catalogue."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE_REQUEST]})

    statements: list[StatementIn] = Field(min_length=1, max_length=MOST_MEMBERS)
    issues: IssueIds = []
    propositions: Propositions = []
    coverage: Coverage = None


class AnalyzeRequest(Request):
    """One article and many issues; neither issues nor propositions: the whole catalogue."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE_ARTICLE]})

    text: str = Field(description="the article; HTML left in it is read as what it shows")
    id: str | None = Field(
        None, max_length=200, description="put before the ids of its statements: a-1, a-2, ..."
    )
    title: str | None = Field(
        None, max_length=2000, description="accepted, and not read by this model"
    )
    issues: IssueIds = []
    propositions: Propositions = []
    coverage: Coverage = None


class SentimentProbabilities(BaseModel):
    """They sum to 1."""

    positive: Probability
    neutral: Probability
    negative: Probability


class StanceProbabilities(BaseModel):
    """They sum to 1."""

    favor: Probability
    against: Probability
    neutral: Probability
    unrelated: Probability


class SentimentOut(BaseModel):
    """The tone of a statement."""

    label: SentimentLabel
    score: Score = Field(description="P(positive) - P(negative)")
    probabilities: SentimentProbabilities
    prediction_set: list[SentimentLabel] = Field([], description=_SET)


class TargetOut(SentimentOut):
    """The tone toward one target."""

    target: str


class StanceOut(BaseModel):
    """The stance on one issue."""

    issue: str | None = Field(description="the catalogue's id; null for a proposition asked ad hoc")
    proposition: str
    label: StanceLabel
    score: Score = Field(description="P(favor) - P(against)")
    probabilities: StanceProbabilities
    prediction_set: list[StanceLabel] = Field([], description=_SET)


class ResultOut(BaseModel):
    """All answers for one statement."""

    id: str | None
    truncated: bool = Field(description="the statement was longer than the model reads")
    model: str
    sentiment: SentimentOut
    stances: list[StanceOut] = Field(description="in the order asked: issues, then propositions")
    targets: list[TargetOut] = Field([], description="only where targets were named")


class ClassifyResponse(BaseModel):
    """One result for each statement, in order."""

    model: str
    results: list[ResultOut]


class SpeakerOut(BaseModel):
    """Who said it."""

    name: str = Field(description="the fullest name in the article")
    mention: str = Field(description="the words beside the cue, such as a pronoun or a title")
    role: str | None = Field(description="the office, if the article gives one")
    probability: Probability = Field(description="that the name is right")


class ArticleStatementOut(ResultOut):
    """A statement in an article, and all answers for it."""

    start: int = Field(description="where it begins, in characters of the article")
    end: int = Field(description="where it ends; that character does not belong to it")
    spans: list[Annotated[list[int], Field(min_length=2, max_length=2)]] = Field(
        description="start and end of each piece; several where the words are split"
    )
    text: str = Field(description="the pieces as they stand in the article, joined by a space")
    kind: Literal["direct", "indirect", "mixed"]
    cue: str | None = Field(description="the words that tell that it was said")
    speaker: SpeakerOut | None = Field(description="null where it is not sure who speaks")


class AnalyzeResponse(BaseModel):
    """The statements of an article, in order."""

    model: str
    extractor: str = Field(description="the model that found the statements")
    statements: list[ArticleStatementOut]


class IssueOut(BaseModel):
    """An issue of the catalogue."""

    id: str
    name: str
    proposition: str


class Told(BaseModel):
    """Always given whole, so what has a default is in the contract as if it had none."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)


class ExtractorOut(Told):
    """The model that finds statements."""

    name: str
    digest: str = Field("", description="sha256 over its manifest without its promotions")
    window: int = Field(0, description="the most tokens of an article that it reads at once")
    description: str = ""


class ModelOut(Told):
    """The models that answer."""

    name: str
    digest: str = Field("", description="sha256 over its manifest without its promotions")
    window: int = Field(0, description="the most tokens of a statement that it reads")
    labels: dict[str, list[str]] = {}
    temperatures: dict[str, float] = Field(
        {}, description="of each kind of answer; with `side`, that of stance is of the topic alone"
    )
    description: str = ""
    prediction_sets: bool = Field(description="whether coverage can be asked")
    extractor: ExtractorOut | None = Field(description="null where /analyze cannot be asked")


class Health(BaseModel):
    """Whether the service lives, or is ready."""

    status: Literal["ok"]


class Problem(BaseModel):
    """RFC 9457 problem document."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] = []
