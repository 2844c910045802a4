"""One record on its way from the archive to rows: read, searched for statements, scored.

Knows nothing of files, threads or parts. The columns are those of `stance.scored_tables`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from stance.archive.records import Read, RecordFault, Skipped
from stance.copies import content_hash
from stance.counts import Counts
from stance.domain import (
    Article,
    Attribution,
    Prediction,
    Result,
    Sentiment,
    Stance,
    Statement,
    check_text,
)
from stance.errors import InputError
from stance.scored_tables import Status
from stance.scored_text import scored_texts
from stance.scoring_run import shard_key

# The statements of each article, in order; an article that fails may fail the others with it.
ExtractEach = Callable[[Iterable[Article]], Iterable[Sequence[Attribution]]]
# A statement in an article: its row so far, and the text that the classifier reads.
_Found = tuple[dict[str, Any], str]
_LONGEST_REASON = 500  # characters
_WORDLESS = "article without a word"
_BYTES_OF_A_ROW, _BYTES_OF_AN_ANSWER = 1000, 500


class Stage(StrEnum):
    """Where something went wrong."""

    READ = "read"  # the record itself
    EXTRACT = "extract"  # finding the statements of an article
    STATEMENT = "statement"  # one statement, that the model cannot read


class Shard(Protocol):
    """A piece of the input that gives the same records whenever it is read."""

    @property
    def identity(self) -> str:
        """Tells it from all others; does not depend on them."""

    @property
    def file(self) -> str:
        """The file that it is a piece of."""

    def records(self) -> Iterator[Read]:
        """Its records, in order, one at a time."""


@dataclass(slots=True)
class Case:
    """What is known of one record so far.

    Attributes:
        article: its row; None where it could not be read, or was passed over.
        errors: rows of what went wrong.
        skipped: why it was passed over.
        unsearched: the article whose statements are still to be found, or the statement itself.
        statements: what is to be scored.
        rows: of the statements, in the same order.
        results: of the statements, in the same order.
        stances: rows.
    """

    article: dict[str, Any] | None = None
    errors: list[dict[str, Any]] = field(default_factory=list)
    skipped: str | None = None
    unsearched: Article | Statement | None = None
    statements: list[Statement] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    stances: list[dict[str, Any]] = field(default_factory=list)

    @property
    def weight(self) -> int:
        """About the bytes that it takes in memory."""
        texts = sum(len(statement.text) + _BYTES_OF_A_ROW for statement in self.statements)
        results = sum(_BYTES_OF_AN_ANSWER * (1 + len(one.stances)) for one in self.results)
        unsearched = len(self.unsearched.text) if self.unsearched else 0
        return _BYTES_OF_A_ROW + unsearched + texts + results

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """Its rows, by table."""
        articles = [] if self.article is None else [self.article]
        return {
            "errors": self.errors,
            "stances": self.stances,
            "statements": self.rows,
            "articles": articles,
        }

    def counts(self) -> Counts:
        """The record in numbers."""
        n_failed = sum(error["n_records"] for error in self.errors)
        status = self.article["status"] if self.article else None
        return Counts(
            read=n_failed or 1,
            scored=int(status == Status.SCORED),
            duplicate=int(status == Status.DUPLICATE),
            failed=n_failed,
            skipped=int(self.skipped is not None),
            statements=len(self.rows),
            stances=len(self.stances),
            errors=len(self.errors),
        )


def opened(shard: Shard, number: int, record: Read, is_copy: Callable[[str], bool]) -> Case:
    """The case of a record that was just read.

    Args:
        shard: where it is from.
        number: its number there, from 1.
        record: what was read.
        is_copy: told the hash of its text, if it has a word.
    """
    if isinstance(record, Skipped):
        return Case(skipped=_clean(record.reason))
    where = {"file": _clean(record.file), "record": number, "offset": record.offset}
    if isinstance(record, RecordFault):
        told = {"stage": Stage.READ, "reason": _reason(record.reason)}
        return Case(errors=[{**where, **told, "n_records": max(1, record.n_records)}])
    content = record.content
    by = (content.speaker or "",) if isinstance(content, Statement) else ()
    text_hash = content_hash(content.text, *by)
    if text_hash is None:
        return Case(skipped=_WORDLESS)
    status = Status.DUPLICATE if is_copy(text_hash) else Status.SCORED
    row = {
        **where,
        "article": f"{shard_key(shard.identity)}-{number}",
        "id": content.id,
        "status": status,
        "characters": len(content.text),
        "content": text_hash,
    }
    if isinstance(content, Article):
        row |= {"outlet": content.outlet, "date": content.date, "title": content.title}
    return Case(row, unsearched=content if status == Status.SCORED else None)


def search(cases: Sequence[Case], extract_each: ExtractEach) -> None:
    """Find the statements of cases, if that is still to be done; a failure costs its case alone.

    Args:
        cases: articles of one shard together, since what is computed at once may touch the last
            digit of a number.
        extract_each: finds the statements of articles.

    Raises:
        MemoryError: the machine, not an article, is the trouble.
        OSError: likewise.
    """
    articles: list[tuple[Case, Article]] = []
    for case in cases:
        record, case.unsearched = case.unsearched, None
        if isinstance(record, Article):
            articles.append((case, record))
        elif isinstance(record, Statement):
            _add_given(case, record)
    if articles:
        _search(articles, extract_each)


def _search(articles: Sequence[tuple[Case, Article]], extract_each: ExtractEach) -> None:
    try:
        found = [
            _told_all(article, attributions)
            for (_, article), attributions in zip(
                articles, extract_each([article for _, article in articles]), strict=True
            )
        ]
    except (MemoryError, OSError):
        raise
    except Exception as error:  # whatever a strange text does to an extractor
        if len(articles) == 1:
            _add_failure(articles[0][0], error)
            return
        for one in articles:
            _search([one], extract_each)
        return
    for (case, _), statements in zip(articles, found, strict=True):
        _add_found(case, statements)


def close(case: Case, keep_unrelated: bool) -> None:
    """Complete the rows of a case with what the classifier said of its statements.

    Args:
        case: with the results of all its statements.
        keep_unrelated: whether issues that a statement is not about have rows too.
    """
    if case.article is not None and case.article["status"] == Status.SCORED:
        case.article["n_statements"] = len(case.rows)
    for row, result in zip(case.rows, case.results, strict=True):
        tone = result.sentiment
        row |= {
            "truncated": result.truncated,
            "sentiment": tone.label,
            "sentiment_score": tone.score,
            **dict(zip(map(str, Sentiment), tone.probabilities, strict=True)),
            "sentiment_set": _set(tone),
            "model": tone.model,
        }
        for issue, stance in result.stances:
            if keep_unrelated or stance.label != Stance.UNRELATED:
                case.stances.append(
                    {
                        "statement": row["statement"],
                        "article": row["article"],
                        "issue": issue.id,
                        "proposition": issue.proposition,
                        "stance": stance.label,
                        "score": stance.score,
                        **dict(zip(map(str, Stance), stance.probabilities, strict=True)),
                        "prediction_set": _set(stance),
                        "model": stance.model,
                    }
                )


def _told_all(article: Article, found: Sequence[Attribution]) -> list[_Found]:
    told = (_told(attribution, article) for attribution in found)
    return list(zip(told, scored_texts(article, found), strict=True))


def _told(attribution: Attribution, article: Article) -> dict[str, Any]:
    speaker = attribution.speaker
    return {
        "text": attribution.text(article.text),
        "spans": [{"start": start, "end": end} for start, end in attribution.spans],
        "kind": str(attribution.kind),
        "cue": article.words(attribution.cue),
        "speaker": speaker.name if speaker else None,
        "mention": speaker.mention if speaker else article.words(attribution.mention),
        "role": speaker.role if speaker else None,
        "speaker_probability": speaker.probability if speaker else None,
    }


def _add_given(case: Case, statement: Statement) -> None:
    assert case.article is not None
    spans = [{"start": 0, "end": len(statement.text)}]
    told = {"text": statement.text, "spans": spans, "speaker": statement.speaker}
    _add(case, f"{case.article['article']}-1", told, statement.text)


def _add_found(case: Case, statements: Sequence[_Found]) -> None:
    row = case.article
    assert row is not None
    for number, (told, scored) in enumerate(statements, 1):
        try:
            _add(case, f"{row['article']}-{number}", told, scored)
        except InputError as error:
            reason = f"statement {number}: {error}"
            case.errors.append(_error(row, Stage.STATEMENT, reason, n_records=0))


def _add_failure(case: Case, error: Exception) -> None:
    row = case.article
    assert row is not None
    row["status"] = Status.FAILED
    reason = f"{type(error).__name__}: {error}"
    case.errors.append(_error(row, Stage.EXTRACT, reason, n_records=1))


def _add(case: Case, key: str, told: dict[str, Any], scored: str) -> None:
    check_text("text", told["text"])
    statement = Statement(scored, key, told["speaker"])
    assert case.article is not None
    case.statements.append(statement)
    case.rows.append({"statement": key, "article": case.article["article"], **told})


def _error(row: dict[str, Any], stage: Stage, reason: str, n_records: int) -> dict[str, Any]:
    where = {name: row[name] for name in ("article", "file", "record", "offset")}
    return {**where, "stage": stage, "reason": _reason(reason), "n_records": n_records}


def _set(prediction: Prediction) -> str | None:
    labels = prediction.prediction_set
    return None if labels is None else ";".join(labels)


def _reason(reason: str) -> str:
    cut = len(reason) > _LONGEST_REASON
    return _clean(reason[:_LONGEST_REASON] + " ..." if cut else reason)


def _clean(text: str) -> str:
    # The name of a file need not be valid Unicode, and a column of text must be.
    return text.encode("utf-8", "replace").decode()
