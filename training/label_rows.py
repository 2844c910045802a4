"""One raw row -> the statement, and what was answered about it, checked. Knows nothing of files.

Every fault of a row is found, not only the first.
"""

import datetime
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from stance.domain import Kind, Question, Statement, check_text
from stance.errors import InputError, StanceError
from stance.issues import Catalogue
from training.label_values import nearest, read_shares, type_name

FIELDS = (
    "id", "text", "speaker", "context", "labels", "sentiment", "targets", "group", "date", "source",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LabelRow:
    """What one row says.

    Attributes:
        statement: without targets; those are among the questions.
        answers: for each question, the share of each of its labels.
        group, source: None where the row names none.
        annotator: "" where the row names none.
    """

    statement: Statement
    answers: Mapping[Question, tuple[float, ...]]
    group: str | None
    source: str | None
    date: datetime.date | None
    annotator: str


def read_row(row: Mapping[str, Any], catalogue: Catalogue) -> LabelRow:
    """Read the fields of a JSONL row; a table's row may name its annotator as well.

    Raises:
        ValueError: with all faults of the row.
    """
    fields = {name: value for name, value in row.items() if value is not None}
    faults: list[str] = []
    annotator = _name("annotator", fields.pop("annotator", ""), faults)
    faults += [
        f"unknown field {name!r}{nearest(name, FIELDS)}; known: {', '.join(sorted(FIELDS))}"
        for name in fields
        if name not in FIELDS
    ]
    names = {name: _name(name, fields[name], faults) for name in ("id", "group") if name in fields}
    for name in ("context", "source"):
        if name in fields:
            try:
                check_text(name, fields[name])
            except InputError as error:
                faults.append(str(error))
    date = _date(fields["date"], faults) if "date" in fields else None
    answers: dict[Question, tuple[float, ...]] = {}
    for question, shares in _answers(fields, catalogue, faults):
        if answers.setdefault(question, shares) != shares:
            asked = repr(question.subject[:40]) if question.subject else "the sentiment"
            faults.append(f"labels {asked} twice, and not alike")
    if not answers and not faults:
        faults.append("has no label")
    try:
        if "text" not in fields:
            raise InputError("text", "is missing")
        targets = tuple(q.subject for q in answers if q.kind is Kind.SENTIMENT and q.subject)
        statement = Statement(fields["text"], names.get("id"), fields.get("speaker"), targets)
    except InputError as error:
        faults.append(str(error))
    if faults:
        raise ValueError("; ".join(faults))
    return LabelRow(
        statement,
        answers,
        names.get("group"),
        fields.get("source"),
        date,
        annotator,
    )


def _answers(
    fields: Mapping[str, Any], catalogue: Catalogue, faults: list[str]
) -> Iterator[tuple[Question, tuple[float, ...]]]:
    for where, entry in _entries(fields, "labels", ("issue", "proposition", "stance"), faults):
        try:
            question = Question(Kind.STANCE, _proposition(entry, catalogue))
            yield question, read_shares(Kind.STANCE, "stance", entry.get("stance"))
        except (StanceError, ValueError) as error:
            faults.append(f"{where}{error}")
    if "sentiment" in fields:
        try:
            shares = read_shares(Kind.SENTIMENT, "sentiment", fields["sentiment"])
            yield Question(Kind.SENTIMENT), shares
        except ValueError as error:
            faults.append(str(error))
    for where, entry in _entries(fields, "targets", ("target", "sentiment"), faults):
        try:
            target = entry.get("target")
            check_text("target", target)
            shares = read_shares(Kind.SENTIMENT, "sentiment", entry.get("sentiment"))
            yield Question(Kind.SENTIMENT, str(target)), shares
        except (StanceError, ValueError) as error:
            faults.append(f"{where}{error}")


def _entries(
    fields: Mapping[str, Any], field: str, known: tuple[str, ...], faults: list[str]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The objects of a list, each with the words that say which one it is."""
    entries = fields.get(field, [])
    if not isinstance(entries, list):
        faults.append(f"{field} must be a list of objects, not {type_name(entries)}")
        return
    for n, entry in enumerate(entries):
        where = f"{field}.{n}: " if len(entries) > 1 else ""
        if not isinstance(entry, dict):
            faults.append(f"{field}.{n} must be an object, not {type_name(entry)}")
        elif unknown := [name for name in entry if name not in known]:
            faults.append(f"{where}unknown field {unknown[0]!r}{nearest(unknown[0], known)}")
        else:
            yield where, {name: value for name, value in entry.items() if value is not None}


def _proposition(entry: Mapping[str, Any], catalogue: Catalogue) -> str:
    if ("issue" in entry) == ("proposition" in entry):
        raise ValueError("each label needs either issue or proposition")
    if "proposition" in entry:
        check_text("proposition", entry["proposition"])
        return str(entry["proposition"])
    check_text("issue", entry["issue"])
    return catalogue[entry["issue"]].proposition


def _name(field: str, value: object, faults: list[str]) -> str:
    """A name as text; spreadsheets and data frames write some as numbers."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        faults.append(f"{field} must be text or a whole number, not {type_name(value)}")
        return ""
    if value:
        try:
            check_text(field, value)
        except InputError as error:
            faults.append(str(error))
    elif field != "annotator":
        faults.append(f"{field} is empty; leave it out or name it")
    return value


def _date(value: object, faults: list[str]) -> datetime.date | None:
    if isinstance(value, datetime.datetime):
        return value.date()
    if isinstance(value, datetime.date):
        return value
    if isinstance(value, str):
        with suppress(ValueError):
            return datetime.datetime.fromisoformat(value).date()
    faults.append(f"date {str(value)[:40]!r} is not an ISO date such as 2024-05-31")
    return None
