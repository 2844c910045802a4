"""How a model is trained: one frozen value, read from TOML and stored in the bundle."""

import difflib
import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from importlib import resources
from pathlib import Path
from typing import Any

from stance.errors import FileError
from stance.manifest import ModelKind
from training.sources import SOURCES

# The sources that are ours: their files in training/data.
OWN = {"own": "train.jsonl"}
# The sources of marked articles; the second is ours.
POLNEAR, OWN_ARTICLES = "polnear", "own-articles"
# The statements that the user has labelled, named on the command line.
LABELS = "labels"
RECIPES = Path(str(resources.files("training") / "recipes"))


@dataclass(frozen=True, slots=True)
class Schedule:
    """One run of the optimizer over one mix of sources, whatever is learned from them.

    Attributes:
        mix: how often each source is read in an epoch (0.5: half of it, 3: three times).
        epochs: passes over the mix.
        learning_rate: the peak; it rises over `warmup` (a share of all steps), then falls to 0.
        tokens_per_step: useful tokens in one optimizer step.
        row_tokens: the most tokens of one packed row.
        average: decay of the running mean of the weights that is kept in the end (Polyak and
            Juditsky, 1992); 0 keeps the last weights.
        patience: epochs without a better dev score after which the stage ends; 0 never ends
            it early. With patience, the best epoch is kept.
        bf16: compute in bfloat16 where the machine has it in hardware.
        seed: fixes every draw.
    """

    mix: Mapping[str, float]
    epochs: int = 1
    learning_rate: float = 1e-4
    warmup: float = 0.06
    weight_decay: float = 0.01
    tokens_per_step: int = 2048
    row_tokens: int = 512
    dropout: float = 0.1
    average: float = 0.0
    patience: int = 0
    bf16: bool = True
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Stage(Schedule):
    """A schedule for labelled statements, and how much is asked of each in an epoch.

    Attributes:
        longest_statement: tokens to which a statement is cut in training.
        unrelated: the most `unrelated` labels of one statement that are used in one epoch.
        strangers: how often a proposition of another source is asked as well, as `unrelated`.
        reworded, converse: how often a label other than `unrelated` is asked once more, with the
            proposition in other words, or turned round.
        balance: 0 gives every label the same weight, 1 every class; between them, a class that
            is asked n times weighs n to the power of -`balance`.
    """

    longest_statement: int = 160
    unrelated: int = 3
    strangers: float = 0.4
    reworded: float = 0.4
    converse: float = 0.4
    balance: float = 0.0


@dataclass(frozen=True, slots=True)
class Recipe:
    """The choices of one training.

    Attributes:
        description: what the model is, in one line; stored in the bundle.
        stages: what is done, in order, each from where the one before ended.
        report: splits of public sets on which the finished bundle is measured.
    """

    description: str
    stages: tuple[Stage, ...]
    report: Mapping[str, str] = field(default_factory=dict)

    @property
    def sources(self) -> list[str]:
        """The sources that the stages name, each once, in order."""
        return list(dict.fromkeys(name for stage in self.stages for name in stage.mix))


@dataclass(frozen=True, slots=True)
class ExtractionRecipe:
    """The choices of one training of an extractor.

    Attributes:
        description: what the model is, in one line; stored in the bundle.
        stages: what is done, in order, each from where the one before ended.
    """

    description: str
    stages: tuple[Schedule, ...]

    @property
    def sources(self) -> list[str]:
        """The sources that the stages name, each once, in order."""
        return list(dict.fromkeys(name for stage in self.stages for name in stage.mix))


def shipped_recipe(name: str) -> Path:
    """The path of a recipe that comes with Stance."""
    return RECIPES / f"{name}.toml"


def read_recipe(path: Path) -> Recipe | ExtractionRecipe:
    """Read a recipe: `description`, `[[stage]]` tables, `kind`, and `[report]`.

    `kind` is what is trained: a model of "stance" where it is left out, or of "extraction", whose
    report is fixed.

    Raises:
        FileError: it cannot be read, or has keys, values or sources that are not known; all are
            listed.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:  # TOMLDecodeError is a ValueError
        raise FileError(path, [f"cannot be read as TOML: {error}"]) from error
    kind = table.get("kind", ModelKind.STANCE)
    if kind not in list(ModelKind):
        raise FileError(path, [f"kind must be one of {', '.join(ModelKind)}, not {kind!r}"])
    extracts = kind == ModelKind.EXTRACTION
    top = ("description", "kind", "stage", *(() if extracts else ("report",)))
    faults = [_unknown("key", key, top) for key in table if key not in top]
    description = table.get("description")
    if not isinstance(description, str) or not description.strip():
        faults.append("description is missing; say in one line what the model is")
    stages, report = table.get("stage"), table.get("report", {})
    if not isinstance(stages, list) or not stages:
        faults.append("has no stage; write at least one table [[stage]]")
        stages = []
    of = Schedule if extracts else Stage
    sources = [POLNEAR, OWN_ARTICLES] if extracts else [*SOURCES, *OWN, LABELS]
    for n, stage in enumerate(stages, 1):
        faults += [f"stage {n}: {fault}" for fault in _stage_faults(stage, of, sources)]
    faults += _report_faults(report)
    if faults:
        raise FileError(path, faults)
    if extracts:
        return ExtractionRecipe(str(description), tuple(Schedule(**stage) for stage in stages))
    return Recipe(str(description), tuple(Stage(**stage) for stage in stages), report)


def read_stance_recipe(path: Path) -> Recipe:
    """Read a recipe of a model of stance.

    Raises:
        FileError: as `read_recipe`, or it is of an extractor.
    """
    recipe = read_recipe(path)
    if isinstance(recipe, ExtractionRecipe):
        raise FileError(path, ["is a recipe of extraction; name one that trains on statements"])
    return recipe


_SHARES = ("warmup", "strangers", "reworded", "converse", "balance", "dropout", "average")
_AT_LEAST_ONE = ("epochs", "tokens_per_step", "row_tokens")
_SHORTEST_STATEMENT = 3  # tokens: a word between the two special ones
_LARGEST_SEED = 2**63 - 1


def _stage_faults(stage: object, of: type[Schedule], sources: Sequence[str]) -> list[str]:
    if not isinstance(stage, Mapping):
        return ["must be a table, written [[stage]]"]
    defaults: dict[str, Any] = {f.name: f.default for f in fields(of) if f.name != "mix"}
    faults = []
    for key, value in stage.items():
        if key == "mix":
            continue
        if key not in defaults:
            faults.append(_unknown("key", key, [*defaults, "mix"]))
        elif fault := _value_fault(key, value, type(defaults[key])):
            faults.append(f"{key} {fault}")
    mix = stage.get("mix")
    if not isinstance(mix, Mapping) or not mix:
        return [*faults, "mix is missing; write a table [stage.mix] of sources"]
    for name, times in mix.items():
        if name not in sources:
            faults.append(_unknown("source", name, sources))
        elif not _is_number(times) or times <= 0:
            faults.append(f"mix.{name} must be a number above 0")
    return faults


def _value_fault(key: str, value: object, kind: type) -> str | None:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    fits = {bool: isinstance(value, bool), int: is_whole, float: _is_number(value)}
    if not fits[kind]:
        return f"must be of type {kind.__name__}"
    number = float(value)  # type: ignore[arg-type]  # a number, as was checked
    for keys, holds, words in (
        (_SHARES, 0 <= number <= 1, "must be from 0 to 1"),
        (_AT_LEAST_ONE, number >= 1, "must be at least 1"),
        (("learning_rate",), number > 0, "must be above 0"),
        (("longest_statement",), number >= _SHORTEST_STATEMENT, "must be at least 3"),
        (("seed",), number <= _LARGEST_SEED, "must be below 2 to the power of 63"),
        ((key,), number >= 0, "must be 0 or more"),
    ):
        if key in keys and not holds:
            return words
    return None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _report_faults(report: object) -> list[str]:
    if not isinstance(report, Mapping):
        return ["report must be a table [report] of source = split"]
    faults = [_unknown("source", name, SOURCES) for name in report if name not in SOURCES]
    return faults + [
        f"report.{name} must be the name of a split"
        for name, split in report.items()
        if not isinstance(split, str)
    ]


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"unknown {what} {name!r}" + (f"; did you mean {near[0]!r}?" if near else "")
