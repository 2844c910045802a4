"""How a model is trained: one frozen value, read from TOML and stored in the bundle."""

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from stance.errors import FileError
from training.sources import SOURCES

# The sources that are ours: their files in training/data.
OWN = {"own": "train.jsonl", "own-polarity": "train_polarity.jsonl"}


@dataclass(frozen=True, slots=True)
class Stage:
    """One run of the optimizer over one mix of sources.

    Attributes:
        epochs: passes over the mix.
        learning_rate: the peak; it rises over `warmup` (a share of all steps), then falls to 0.
        tokens_per_step: useful tokens in one optimizer step.
        row_tokens: the budget of one packed row.
        longest_statement: tokens to which a statement is cut in training.
        unrelated: the most `unrelated` labels of one statement that are used in one epoch.
        strangers: how often a proposition of another source is asked as well, as `unrelated`.
        reworded, converse: how often a label other than `unrelated` is asked once more, with the
            proposition in other words, or turned round.
        mix: how often each source is read in an epoch (0.5: half of it, 3: three times).
    """

    mix: Mapping[str, float]
    epochs: int = 1
    learning_rate: float = 1e-4
    warmup: float = 0.06
    weight_decay: float = 0.01
    tokens_per_step: int = 2048
    row_tokens: int = 256
    longest_statement: int = 160
    dropout: float = 0.1
    unrelated: int = 3
    strangers: float = 0.4
    reworded: float = 0.4
    converse: float = 0.4
    bf16: bool = True
    seed: int = 0


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


def read_recipe(path: Path) -> Recipe:
    """Read a recipe: `description`, `[[stage]]` tables, and `[report]`.

    Raises:
        FileError: it cannot be read, or has keys or sources that are not known; all are listed.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise FileError(path, [f"cannot be read as TOML: {error}"]) from error
    top = ("description", "stage", "report")
    faults = [_unknown("key", key, top) for key in table if key not in top]
    faults += [f"{key} is missing" for key in ("description", "stage") if not table.get(key)]
    report = table.get("report", {})
    faults += [_unknown("source", name, SOURCES) for name in report if name not in SOURCES]
    stages = table.get("stage", [])
    if isinstance(stages, list):
        for n, stage in enumerate(stages, 1):
            faults += [f"stage {n}: {fault}" for fault in _stage_faults(stage)]
    else:
        faults.append("stage must be written [[stage]]")
    if faults:
        raise FileError(path, faults)
    return Recipe(
        table["description"], tuple(Stage(**stage) for stage in stages), table.get("report", {})
    )


_TYPES = {f.name: type(f.default) for f in fields(Stage) if f.name != "mix"}


def _stage_faults(stage: Mapping[str, object]) -> list[str]:
    mix, scalars = stage.get("mix"), {k: v for k, v in stage.items() if k != "mix"}
    faults = [_unknown("key", key, _TYPES) for key in scalars if key not in _TYPES]
    faults += [
        f"{key} must be of type {_TYPES[key].__name__}"
        for key, value in scalars.items()
        if key in _TYPES
        and not isinstance(value, _TYPES[key])
        # A whole number is a number.
        and not (_TYPES[key] is float and type(value) is int)
    ]
    if not isinstance(mix, Mapping) or not mix:
        return [*faults, "mix is missing"]
    sources = [*SOURCES, *OWN]
    return faults + [_unknown("source", name, sources) for name in mix if name not in sources]


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"unknown {what} {name!r}" + (f"; did you mean {near[0]!r}?" if near else "")
