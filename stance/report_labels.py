"""Labels of a sample of an archive, beside what the model said of the same statements."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from stance.domain import Stance
from stance.report_archive import ScoredRun
from stance.report_tables import Tables


@dataclass(frozen=True, slots=True)
class LabelledStance:
    """What people say of one statement and proposition.

    Attributes:
        text: the statement.
        proposition: what was asked.
        shares: of each of `Stance`, in their order; they sum to 1.
        statement: its key in the archive; where None, or not of this text, the text tells it.
        speaker: tells equal texts apart.
    """

    text: str
    proposition: str
    shares: tuple[float, ...]
    statement: str | None = None
    speaker: str | None = None

    def __post_init__(self) -> None:
        if len(self.shares) != len(Stance) or abs(sum(self.shares) - 1) > 1e-3:
            raise ValueError("a label is a share of each stance; they sum to 1")


@dataclass(frozen=True, slots=True)
class Pair:
    """A statement that the model found to be about an issue, as labelled.

    Attributes:
        issue: its number.
        statement, article, speaker: as in the archive.
        truth: the labelled share of each of `Stance`.
        answered: what the model said; None where it took it for unrelated.
    """

    issue: int
    statement: str
    article: str
    speaker: str | None
    truth: tuple[float, ...]
    answered: Stance | None


@dataclass(slots=True)
class Matched:
    """The labels that belong to statements of the archive.

    Attributes:
        pairs: one for each statement and issue, in the order of their keys.
        n_labels: how many labels were given.
        n_unknown: of statements that are not in the archive.
        n_not_asked: on propositions that the run did not ask.
    """

    pairs: list[Pair] = field(default_factory=list)
    n_labels: int = 0
    n_unknown: int = 0
    n_not_asked: int = 0


_LABELS = pa.schema(
    [
        ("label", pa.int32()), ("issue", pa.int32()), ("text", pa.string()),
        ("statement_key", pa.string()), ("speaker", pa.string()),
    ]
)  # fmt: skip
_WORDS = "lower(trim(regexp_replace({}, '\\s+', ' ', 'g')))"
_MATCH = f"""
    with told as (
        select *, {_WORDS.format("text")} as words from labels
    ), said_in_words as (
        select statement, article, {_WORDS.format("text")} as words from all_statements
    ), found as (
        select told.label, told.issue, statement, article, told.speaker as named,
            coalesce(told.statement_key = statement, false) as by_key
        from told join said_in_words using (words)
    ), best as (
        select found.*, said.speaker from found join said using (statement, article)
        qualify row_number() over (
            partition by label
            order by by_key desc, coalesce(said.speaker = named, false) desc, statement) = 1
    )
    select best.issue, best.statement, best.article, best.speaker, label, stance
    from best left join pairs using (issue, statement, article)
    order by best.issue, best.statement, label
"""  # noqa: S608 - of names that are written here


def match(labels: Iterable[LabelledStance], run: ScoredRun, tables: Tables) -> Matched:
    """Find the statements of labels; several labels of one pair are averaged."""
    number = {issue.proposition: n for n, issue in enumerate(run.issues)}
    found = Matched()
    asked: list[LabelledStance] = []
    for label in labels:
        found.n_labels += 1
        if label.proposition in number:
            asked.append(label)
        else:
            found.n_not_asked += 1
    rows_of_labels = [
        {
            "label": n, "issue": number[one.proposition], "text": one.text,
            "statement_key": one.statement, "speaker": one.speaker,
        }
        for n, one in enumerate(asked)
    ]  # fmt: skip
    tables.add("labels", pa.Table.from_pylist(rows_of_labels, _LABELS))
    rows = tables.rows(_MATCH)
    found.n_unknown = len(asked) - len(rows)
    truths: dict[tuple[int, str], list[tuple[float, ...]]] = {}
    told: dict[tuple[int, str], tuple[str, str | None, Stance | None]] = {}
    for issue, statement, article, speaker, label, stance in rows:
        truths.setdefault((issue, statement), []).append(asked[label].shares)
        told[issue, statement] = article, speaker, Stance(stance) if stance else None
    for (issue, statement), (article, speaker, answered) in told.items():
        truth = _mean(truths[issue, statement])
        found.pairs.append(Pair(issue, statement, article, speaker, truth, answered))
    return found


def left_out(pairs: Iterable[Pair]) -> Mapping[int, tuple[int, int]]:
    """Of each issue, the labelled pairs that the model took for unrelated, and how many are not."""
    found: dict[int, tuple[int, int]] = {}
    for pair in pairs:
        if pair.answered is None:
            n, missed = found.get(pair.issue, (0, 0))
            about = pair.truth[list(Stance).index(Stance.UNRELATED)] < 0.5
            found[pair.issue] = n + 1, missed + about
    return found


def _mean(shares: Sequence[Sequence[float]]) -> tuple[float, ...]:
    return tuple(sum(column) / len(column) for column in zip(*shares, strict=True))
