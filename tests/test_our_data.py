"""The labelled statements that we wrote: well formed, split without leaks, as the card says."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from stance.domain import Kind, Stance
from stance.issues import read_catalogue
from training.duplicates import near_clusters
from training.examples import Example, stance_subjects
from training.label_files import read_labels
from training.material import OWN_DATA
from training.wordings import read_wordings

SPLITS = ("train", "dev", "calibration", "test", "test_unseen")


@pytest.fixture(scope="module", name="rows")
def _rows() -> dict[str, Sequence[Example]]:
    catalogue = read_catalogue()
    return {name: read_labels([OWN_DATA / f"{name}.jsonl"], catalogue).examples for name in SPLITS}


def words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


def test_no_statement_stands_twice(rows: dict[str, Sequence[Example]]) -> None:
    seen = Counter(words(e.statement.text) for examples in rows.values() for e in examples)

    assert [text for text, times in seen.items() if times > 1] == []


def test_no_group_is_on_two_sides(rows: dict[str, Sequence[Example]]) -> None:
    splits: dict[str, set[str]] = {}
    for name, examples in rows.items():
        for example in examples:
            splits.setdefault(example.group, set()).add(name)

    assert {group: found for group, found in splits.items() if len(found) > 1} == {}


def test_no_statement_nearly_repeats_one_of_another_split(
    rows: dict[str, Sequence[Example]],
) -> None:
    placed = [(name, e.statement.text) for name, examples in rows.items() for e in examples]
    sides: dict[int, set[str]] = {}
    for (name, _), cluster in zip(placed, near_clusters([t for _, t in placed]), strict=True):
        sides.setdefault(int(cluster), set()).add(name)

    assert [found for found in sides.values() if len(found) > 1] == []


def test_there_is_as_much_of_everything_as_the_card_promises(
    rows: dict[str, Sequence[Example]],
) -> None:
    labels = [(name, lb) for name, examples in rows.items() for e in examples for lb in e.labels]
    asked = Counter(
        (lb.question.subject, lb.allowed[0]) for _, lb in labels if lb.question.kind is Kind.STANCE
    )
    catalogue = {issue.proposition for issue in read_catalogue()}
    further = {subject for subject, _ in asked} - catalogue
    trained = set(stance_subjects(rows["train"]))

    assert min(asked[p, side] for p in catalogue for side in tuple(Stance)[:3]) >= 70
    assert len(further) >= 100
    assert len(further - trained) >= 50
    assert (
        sum(bool(lb.question.subject) for _, lb in labels if lb.question.kind is not Kind.STANCE)
        >= 800
    )


def test_unseen_propositions_are_in_no_other_split_and_in_no_wording(
    rows: dict[str, Sequence[Example]],
) -> None:
    unseen = set(stance_subjects(rows["test_unseen"]))
    elsewhere = {s for name in SPLITS[:-1] for s in stance_subjects(rows[name])}
    wordings = read_wordings(OWN_DATA / "wordings.jsonl")
    written = {
        w for group in (wordings.same, wordings.opposite) for ws in group.values() for w in ws
    }

    assert len(unseen) >= 12
    assert unseen & (elsewhere | set(wordings.same) | written) == set()


def test_every_catalogue_issue_has_every_stance_in_train_and_test(
    rows: dict[str, Sequence[Example]],
) -> None:
    for name in ("train", "test"):
        counts = Counter(
            (label.question.subject, label.allowed[0])
            for example in rows[name]
            for label in example.labels
            if label.question.kind is Kind.STANCE
        )
        missing = [
            (issue.id, stance)
            for issue in read_catalogue()
            for stance in Stance
            if not counts[issue.proposition, stance]
        ]
        assert missing == [], name


def test_the_card_counts_the_statements(rows: dict[str, Sequence[Example]]) -> None:
    card = Path(OWN_DATA / "README.md").read_text()

    for name, examples in rows.items():
        assert f"| `{name}.jsonl` | {len(examples)} |" in card
