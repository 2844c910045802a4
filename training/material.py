"""What one training learns from and is measured on: read, checked, split. Knows no networks.

A text that the parent model has learned from is never in dev, calibration or test; and no text,
group or near repeat stands on two sides.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path

from stance.domain import Kind
from stance.errors import FileError, StanceError
from stance.issues import Catalogue, read_catalogue
from training.duplicates import merge_repeats, near_clusters
from training.examples import Example
from training.label_files import read_labels
from training.recipe import LABELS, OWN, Recipe
from training.seen import Seen
from training.sources import SOURCES, read_source
from training.split import Split, split_examples

OWN_DATA = Path(str(resources.files("training") / "data"))
OWN_TESTS = {"own": "test.jsonl", "own-unseen": "test_unseen.jsonl"}
WORDINGS = "wordings.jsonl"

# With fewer groups than this, dev and calibration would be a handful of rows that tell nothing:
# they are left to our own statements, and the rest is divided between training and test.
FEWEST_GROUPS = 100
FEW_LABELS_SHARES = (0.6, 0.0, 0.0, 0.4)
SHARES = (0.7, 0.1, 0.1, 0.1)


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
) -> Material:
    """Read and split everything that the recipe and the user's files name.

    Args:
        files: the user's labels.
        recipe: which sources are learned from and measured on.
        data_dir: her copies of the public sets.
        parent_seen: what the model that is gone on from has learned from.
        own_data: the folder of our own statements.

    Raises:
        StanceError: a file is faulty, a public set is missing, the labels are too few or of one
            class, or a text would stand on two sides.
    """
    split, notes = _read_and_split(files, parent_seen)
    if LABELS in recipe.sources and not split.train:
        raise StanceError("the recipe trains on `labels`: name a file of labelled statements")
    own = {name: read_own(own_data / file) for name, file in OWN_TESTS.items()}
    sources: dict[str, Sequence[Example]] = dict(_public(recipe.sources, data_dir))
    sources |= {name: read_own(own_data / OWN[name]) for name in recipe.sources if name in OWN}
    if LABELS in recipe.sources:
        sources[LABELS] = split.train
    # What our own statements measure, a label file must not have taught.
    test_texts = Seen.of(one.statement.text for rows in own.values() for one in rows)
    taught = [one.place for one in split.train if one.statement.text in test_texts]
    if taught:
        raise FileError(
            "labels",
            [f"{place}: is a test statement of Stance itself; leave it out" for place in taught],
        )
    tests: dict[str, Sequence[Example]] = {LABELS: split.test} if split.test else {}
    tests |= own
    for name, part in recipe.report.items():
        if data_dir:
            tests[f"{name} {part}"] = read_source(data_dir, name, part)
    dev = {LABELS: split.dev} if split.dev else {}
    return Material(
        sources,
        {**dev, "own": read_own(own_data / "dev.jsonl")},
        (*split.calibration, *read_own(own_data / "calibration.jsonl")),
        tests,
        (*split.train, *split.dev, *split.calibration, *split.test),
        tuple(notes),
    )


def read_own(path: Path) -> tuple[Example, ...]:
    """The examples of one of our own files, on the default catalogue."""
    examples = read_labels([path], read_catalogue()).examples
    return tuple(replace(example, source="own") for example in examples)


def _public(names: Iterable[str], data_dir: Path | None) -> Iterable[tuple[str, list[Example]]]:
    public = [name for name in names if name in SOURCES]
    if public and data_dir is None:
        raise FileError("--data", [f"give the folder of your copies of {', '.join(public)}"])
    for name in public:
        if data_dir:
            yield name, read_source(data_dir, name)


def _read_and_split(files: LabelFiles, parent_seen: Seen) -> tuple[Split, list[str]]:
    if not files.paths:
        return Split((), (), (), ()), []
    reading = read_labels(files.paths, files.catalogue, skip_faulty=files.skip_faulty)
    examples, repeats = merge_repeats(reading.examples)
    notes = [f"{len(reading.faults)} faulty rows left out"] if reading.faults else []
    notes += list(repeats.notes())
    learned, fresh = _told_apart(examples, parent_seen)
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
    few = n_groups < FEWEST_GROUPS
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
