"""Public labelled sets -> examples.

A set is read from a local copy that the user has, passed as `--data DIR`, in one normal form:
`DIR/<name>/<split>.jsonl.gz`, one object a line with `text`, `target` and `label`; some also from
the Hugging Face hub. The texts belong to their authors; nothing of them is shipped with Stance.
"""

import gzip
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from stance.domain import Kind, Question, Sentiment, Stance, Statement
from stance.errors import FileError, StanceError, extra_needed
from training.examples import Example, Label
from training.label_values import nearest, type_name
from training.public_sets import SOURCES, Hub, Source

__all__ = ["SOURCES", "Hub", "Source", "read_hub", "read_pairs", "read_source"]

# What the sets call neutral may be "takes no side" or "not about it".
_STANCES: Mapping[str | None, tuple[str, ...]] = {
    "favor": (Stance.FAVOR,),
    "against": (Stance.AGAINST,),
    "neutral": (Stance.NEUTRAL, Stance.UNRELATED),
    None: (Stance.AGAINST, Stance.NEUTRAL, Stance.UNRELATED),
}
_SENTIMENTS: Mapping[str | None, tuple[str, ...]] = {name.value: (name,) for name in Sentiment}

# The rows of a repository, a configuration and a split of the hub.
HubLoader = Callable[[str, str | None, str], Iterable[Mapping[str, Any]]]


def read_source(data_dir: Path, name: str, split: str | None = None) -> list[Example]:
    """Read a public set from a local copy, the rows of one text joined into one example.

    Left out are pairs that carry two different labels, rows that repeat the set's train part, and
    rows whose text or target no model can read.

    Args:
        data_dir: the folder that holds the user's copies.
        name: a key of `SOURCES`.
        split: one split, by its official name; where None, all that may be trained on.

    Raises:
        FileError: the copy is missing or faulty, or the set has no such split.
    """
    splits = SOURCES[name].splits if split is None else [split]
    pairs = [
        pair
        for part in splits
        for pair, row in _local_pairs(data_dir, name, part)
        if not row.get("dup_of_train")
    ]
    return _examples(name, pairs)


def read_hub(name: str, split: str, load: HubLoader | None = None) -> list[Example]:
    """Read one split of a public set from the Hugging Face hub, as `read_source` reads a copy.

    Args:
        name: a key of `SOURCES`.
        split: our name of the split.
        load: where rows come from; the `datasets` library where None.

    Raises:
        FileError: the set is not on the hub in a form that we know, or cannot be had from there.
        MissingExtraError: `datasets` is not installed.
    """
    return _examples(name, [pair for pair, _ in _hub_pairs(name, split, load or _load)])


def read_pairs(
    data_dir: Path | None, name: str, split: str, load: HubLoader | None = None
) -> list[tuple[Example, Mapping[str, Any]]]:
    """Read one split, every row as an example of its own, with what the row says.

    Repeats and contradictions stay: published scores are counted over all rows.

    Args:
        data_dir: the folder that holds the user's copies; None: from the hub.
        name: a key of `SOURCES`.
        split: its official name.
        load: where the hub's rows come from; the `datasets` library where None.

    Raises:
        FileError: the set is missing or faulty, or has no such split.
        MissingExtraError: `datasets` is needed and not installed.
    """
    pairs = (
        _hub_pairs(name, split, load or _load)
        if data_dir is None
        else _local_pairs(data_dir, name, split)
    )
    return [(_example(name, n, [pair]), row) for n, (pair, row) in enumerate(pairs)]


@dataclass(frozen=True, slots=True)
class _Pair:
    text: str
    question: Question
    allowed: tuple[str, ...]
    group: str = ""
    place: str = ""


def _pair(kind: Kind, text: object, target: object, label: object) -> _Pair | None:
    """The pair; None where no model can read it.

    Raises:
        ValueError: the text or target is no text, or the label is not one of the set's.
    """
    if not isinstance(text, str):
        raise ValueError(f"text must be text, not {type_name(text)}")
    if target is None and kind is Kind.SENTIMENT:
        target = ""
    if not isinstance(target, str):
        raise ValueError(f"target must be text, not {type_name(target)}")
    labels = _STANCES if kind is Kind.STANCE else _SENTIMENTS
    if not isinstance(label, str | None) or label not in labels:
        known = ", ".join(name for name in labels if name)
        raise ValueError(f"label {str(label)[:40]!r} is not one of {known}")
    try:
        question = Question(kind, target)
        Statement(text, targets=_targets([question]))
    except StanceError:
        return None
    return _Pair(text, question, labels[label])


def _examples(name: str, pairs: Iterable[_Pair]) -> list[Example]:
    of_text: dict[str, list[_Pair]] = {}
    for pair in pairs:
        of_text.setdefault(pair.text, []).append(pair)
    examples = []
    for n, members in enumerate(of_text.values()):
        answers: dict[Question, set[tuple[str, ...]]] = {}
        for pair in members:
            answers.setdefault(pair.question, set()).add(pair.allowed)
        if agreed := [pair for pair in members if len(answers[pair.question]) == 1]:
            examples.append(_example(name, n, agreed))
    return examples


def _example(name: str, number: int, pairs: Sequence[_Pair]) -> Example:
    labels = dict.fromkeys(Label(pair.question, pair.allowed) for pair in pairs)
    targets = _targets([label.question for label in labels])
    return Example(
        Statement(pairs[0].text, id=f"{name}:{number}", targets=targets),
        tuple(labels),
        f"{name}:{pairs[-1].group}",
        name,
        place=pairs[0].place,
    )


def _targets(questions: Iterable[Question]) -> tuple[str, ...]:
    return tuple(q.subject for q in questions if q.kind is Kind.SENTIMENT and q.subject)


def _local_pairs(
    data_dir: Path, name: str, split: str
) -> Iterator[tuple[_Pair, Mapping[str, Any]]]:
    source = SOURCES[name]
    known = (*source.splits, *source.held_out)
    if split not in known:
        near = nearest(split, known)
        raise FileError(name, [f"has no split {split!r}{near}; its splits: {', '.join(known)}"])
    path = data_dir / name / f"{split}.jsonl.gz"
    faults = []
    for number, line in _lines(path, source):
        try:
            row = json.loads(line)
            pair = _local_pair(row, source.kind)
        except (json.JSONDecodeError, RecursionError) as error:
            faults.append(f"line {number}: is not JSON: {error}")
        except ValueError as error:
            faults.append(f"line {number}: {error}")
        else:
            if pair:
                group = row.get("pair_id", row.get("id", f"{split}-{number}"))
                yield replace(pair, group=str(group), place=f"{path}:{number}"), row
    if faults:
        raise FileError(path, faults)


def _local_pair(row: object, kind: Kind) -> _Pair | None:
    if not isinstance(row, dict):
        raise ValueError(f"must be an object, not {type_name(row)}")
    wanted = ("text", "target", "label") if kind is Kind.STANCE else ("text", "label")
    if missing := [field for field in wanted if field not in row]:
        raise ValueError(f"{missing[0]} is missing")
    label = row.get("by_construction", row["label"])
    if label is None and kind is Kind.SENTIMENT:
        return None
    return _pair(kind, row["text"], row.get("target"), label)


def _lines(path: Path, source: Source) -> Iterator[tuple[int, str]]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from enumerate(lines, 1)
    except FileNotFoundError as error:
        remedy = f"there is no such file; put your copy there ({source.official})"
        raise FileError(path, [f"cannot be read as gzipped JSONL: {remedy}"]) from error
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise FileError(path, [f"cannot be read as gzipped JSONL: {error}"]) from error


def _hub_pairs(name: str, split: str, load: HubLoader) -> Iterator[tuple[_Pair, Mapping[str, Any]]]:
    source, hub = SOURCES[name], SOURCES[name].hub
    if hub is None or split not in hub.splits:
        there = f"; there it has {', '.join(hub.splits)}" if hub else ""
        raise FileError(
            name,
            [
                (
                    f"{split} is not on the hub in a form that we know{there}; put your copy "
                    f"({source.official}) at DIR/{name}/{split}.jsonl.gz and give --data DIR"
                )
            ],
        )
    for config, target in hub.configs.items():
        for part in hub.splits[split]:
            place = " ".join(filter(None, ("hub", hub.repository, config, part)))
            faults = []
            for number, row in enumerate(_hub_rows(load, hub, config, part, place)):
                try:
                    pair = _hub_pair(row, source.kind, hub, target)
                except ValueError as error:
                    faults.append(f"row {number}: {error}")
                    continue
                if pair:
                    group = "-".join(filter(None, (config, part, str(number))))
                    yield replace(pair, group=group, place=f"{place}:{number}"), row
            if faults:
                raise FileError(place, faults)


def _hub_rows(
    load: HubLoader, hub: Hub, config: str | None, part: str, place: str
) -> Iterator[Mapping[str, Any]]:
    try:
        yield from load(hub.repository, config, part)
    except (OSError, ValueError) as error:  # no network, no such set, a changed form
        raise FileError(place, [f"cannot be read: {error}"]) from error


def _load(repository: str, config: str | None, part: str) -> Iterable[Mapping[str, Any]]:
    with extra_needed("reading a set from the hub", "hub"):
        import datasets
    rows: Iterable[Mapping[str, Any]] = datasets.load_dataset(repository, config, split=part)
    return rows


def _hub_pair(row: Mapping[str, Any], kind: Kind, hub: Hub, target: str | None) -> _Pair | None:
    for column in filter(None, (hub.text, hub.target, hub.label)):
        if column not in row:
            raise ValueError(f"has no column {column!r}; the set has changed its form")
    label = row[hub.label]
    if label in hub.unlabelled:
        return None
    if label not in hub.labels:
        raise ValueError(f"label {label!r} is not one of {', '.join(map(str, hub.labels))}")
    text = row[hub.text]
    if hub.cut and isinstance(text, str):
        text = text.replace(hub.cut, "").strip()
    return _pair(kind, text, row[hub.target] if hub.target else target, hub.labels[label])
