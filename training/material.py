"""What one training learns from and is measured on: read, checked, split. Knows no networks.

A text that the parent model has learned from, or that a source of the recipe teaches, is never in
the user's dev, calibration or test; and no text, group or near repeat of hers stands on two sides.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from stance.domain import Kind
from stance.errors import MOST_FAULTS_SHOWN, LabelsError, StanceError
from stance.issues import Catalogue, read_catalogue
from training.duplicates import merge_repeats, near_clusters
from training.examples import Example
from training.label_files import read_labels
from training.recipe import LABELS, OWN, Recipe
from training.seen import Seen
from training.sources import SOURCES, read_hub, read_source
from training.split import SHARES, Split, split_examples

OWN_DATA = Path(str(resources.files("training") / "data"))
OWN_TESTS = {"own": "test.jsonl", "own-unseen": "test_unseen.jsonl"}
WORDINGS = "wordings.jsonl"

# With fewer groups than this, dev and calibration would be a handful of rows that tell nothing:
# they are left to our own statements, and the rest is divided between training and test.
FEWEST_GROUPS = 100
FEW_LABELS_SHARES = (0.6, 0.0, 0.0, 0.4)


@dataclass(frozen=True, slots=True)
class Material:
    """The examples of one training.

    Attributes:
        sources: what is trained on, by the names of the recipe's mix.
        dev: what chooses the best epoch, by name.
        calibration: what temperatures and prediction sets are fitted on.
        tests: what the finished bundle is measured on, by name.
        labelled: the user's own labels, of all sides.
        notes: what the user should know of them, a line each.
    """

    sources: Mapping[str, Sequence[Example]]
    dev: Mapping[str, Sequence[Example]]
    calibration: Sequence[Example]
    tests: Mapping[str, Sequence[Example]]
    labelled: Sequence[Example] = ()
    notes: tuple[str, ...] = ()

    def seen(self) -> Seen:
        """Every text that the training learns, tunes or calibrates on."""
        learned = [*self.sources.values(), *self.dev.values(), self.calibration]
        return Seen.of(one.statement.text for examples in learned for one in examples)


@dataclass(frozen=True, slots=True)
class LabelFiles:
    """The user's labelled statements, and how they are to be read and split.

    Attributes:
        paths: the files; none where the recipe alone says what is learned.
        catalogue: what their issue ids mean.
        by: split by `group`, or by `date`.
        seed: fixes the split.
        skip_faulty: leave faulty rows out instead of refusing the files.
    """

    paths: tuple[Path, ...] = ()
    catalogue: Catalogue = field(default_factory=read_catalogue)
    by: str = "group"
    seed: int = 0
    skip_faulty: bool = False


def gather(
    files: LabelFiles,
    recipe: Recipe,
    data_dir: Path | None,
    parent_seen: Seen,
    own_data: Path = OWN_DATA,
    *,
    with_own: bool = True,
) -> Material:
    """Read and split everything that the recipe and the user's files name.

    Args:
        files: the user's labels.
        recipe: which sources are learned from and measured on.
        data_dir: her copies of the public sets.
        parent_seen: what the model that is gone on from has learned from.
        own_data: the folder of our own statements.
        with_own: choose, calibrate and measure with our own statements too.

    Raises:
        StanceError: a file is faulty, a public set is missing, the labels are too few or of one
            class, or a text would stand on two sides.
    """
    sources: dict[str, Sequence[Example]] = dict(_public(recipe.sources, data_dir))
    sources |= {name: read_own(own_data / OWN[name]) for name in recipe.sources if name in OWN}
    dev: dict[str, Sequence[Example]] = {}
    calibration: list[Example] = []
    tests: dict[str, Sequence[Example]] = {}
    if with_own:
        dev["own"] = read_own(own_data / "dev.jsonl")
        calibration += read_own(own_data / "calibration.jsonl")
        tests |= {name: read_own(own_data / file) for name, file in OWN_TESTS.items()}
    kept_apart = Seen.of(
        one.statement.text for rows in (*dev.values(), calibration, *tests.values()) for one in rows
    )
    taught = Seen.of(one.statement.text for rows in sources.values() for one in rows)
    split, notes = _read_and_split(files, parent_seen | taught, kept_apart, with_own)
    if bool(files.paths) is not (LABELS in recipe.sources):
        raise StanceError(
            "the recipe's mix does not name `labels`, so yours would not be learned: add them to it"
            if files.paths
            else "the recipe trains on `labels`: name a file of labelled statements"
        )
    if LABELS in recipe.sources:
        sources[LABELS] = split.train
    if split.dev:
        dev = {LABELS: split.dev, **dev}
    if split.test:
        tests = {LABELS: split.test, **tests}
    for name, part in recipe.report.items():
        if data_dir:
            tests[f"{name} {part}"] = read_source(data_dir, name, part)
    calibration += split.calibration
    if not tests or not calibration:
        raise StanceError(
            "nothing would calibrate and measure the new model: name a file of labelled "
            "statements, or add `own` to the recipe's mix"
        )
    return Material(
        sources,
        dev,
        tuple(calibration),
        tests,
        (*split.train, *split.dev, *split.calibration, *split.test),
        tuple(notes),
    )


def read_own(path: Path) -> tuple[Example, ...]:
    """The examples of one of our own files, on the default catalogue."""
    return read_labels([path], read_catalogue(), source="own").examples


def _public(names: Iterable[str], data_dir: Path | None) -> Iterable[tuple[str, list[Example]]]:
    """The public sets among the names: the user's copies, or from the hub."""
    for name in names:
        if name in SOURCES:
            splits = SOURCES[name].splits
            yield (
                name,
                read_source(data_dir, name)
                if data_dir
                else [one for split in splits for one in read_hub(name, split)],
            )


def _read_and_split(
    files: LabelFiles, known: Seen, kept_apart: Seen, with_own: bool
) -> tuple[Split, list[str]]:
    if not files.paths:
        return Split((), (), (), ()), []
    reading = read_labels(files.paths, files.catalogue, skip_faulty=files.skip_faulty)
    examples, repeats = merge_repeats(reading.examples)
    # What our own statements choose, calibrate and measure by, a label file must not teach.
    taken = [one.place for one in examples if one.statement.text in kept_apart]
    if taken:
        raise LabelsError(
            [f"{place}: is kept apart by Stance to measure with; leave it out" for place in taken]
        )
    notes = [f"left out: {fault}" for fault in reading.faults[:MOST_FAULTS_SHOWN]]
    if reading.faults:
        notes.append(f"{len(reading.faults)} faulty rows left out")
    notes += list(repeats.notes())
    learned, fresh = _told_apart(examples, known)
    if learned:
        notes.append(
            f"{len(learned)} rows are of groups that the model has learned from before: "
            "they are trained on, and measure nothing"
        )
    if not fresh:
        raise StanceError(
            "every row was learned by the model before, so nothing is left to measure it on; "
            "add statements that it has not seen"
        )
    _check_classes(examples)
    n_groups = len({one.group for one in fresh})
    few = with_own and n_groups < FEWEST_GROUPS
    split = split_examples(
        fresh, by=files.by, seed=files.seed, shares=FEW_LABELS_SHARES if few else SHARES
    )
    if few:
        notes.append(
            f"{n_groups} groups of statements are few: none are set apart for choosing the best "
            "epoch or for calibration, which our own statements do"
        )
    return Split((*split.train, *learned), split.dev, split.calibration, split.test), notes


def _told_apart(
    examples: Sequence[Example], parent_seen: Seen
) -> tuple[list[Example], list[Example]]:
    """What the model has learned from before, with all its group and near repeats; and the rest."""
    clusters = near_clusters([one.statement.text for one in examples]).tolist()
    known: set[object] = set()
    for one, cluster in zip(examples, clusters, strict=True):
        if one.statement.text in parent_seen:
            known |= {one.group, cluster}
    n_known = 0
    while len(known) > n_known:  # a group may tie clusters together, and a cluster groups
        n_known = len(known)
        for one, cluster in zip(examples, clusters, strict=True):
            if known & {one.group, cluster}:
                known |= {one.group, cluster}
    learned = [one for one in examples if one.group in known]
    return learned, [one for one in examples if one.group not in known]


def _check_classes(examples: Sequence[Example]) -> None:
    for kind in Kind:
        labels = [lb for one in examples for lb in one.labels if lb.question.kind is kind]
        found = {label.allowed for label in labels}
        if len(found) == 1 and len(labels) > 1 and kind is Kind.STANCE:
            [allowed] = found
            raise StanceError(
                f"all {len(labels)} stance labels are {' or '.join(allowed)}; nothing can be "
                "learned from one class: label statements of the other sides too"
            )
