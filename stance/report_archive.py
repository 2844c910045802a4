"""A folder of scores -> one of its runs: what made it, what it counted, its tables' files.

Only parts that the manifest lists are read, so a run at work can be reported on.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stance.counts import Counts
from stance.errors import FileError
from stance.parts import part_path
from stance.scored_tables import FORMAT, TABLES


@dataclass(frozen=True, slots=True)
class AskedIssue:
    """An issue as the run asked it.

    Attributes:
        title: what people call it.
        proposition: the sentence asked.
    """

    title: str
    proposition: str


@dataclass(frozen=True, slots=True)
class ScoredRun:
    """One run of a scored archive.

    Attributes:
        key: of the run.
        version: of Stance, that wrote the manifest.
        classifier, extractor: the name and the digest of each model.
        settings: as the manifest has them.
        issues: what was asked, in order.
        counts: what became of the records.
        skipped: how many were passed over, by reason, the most frequent first.
        files: the Parquet files of each table.
    """

    key: str
    version: str
    classifier: tuple[str, str]
    extractor: tuple[str, str]
    settings: Mapping[str, Any]
    issues: tuple[AskedIssue, ...]
    counts: Counts
    skipped: Mapping[str, int]
    files: Mapping[str, tuple[Path, ...]]


def open_run(
    scores: Path, key: str | None = None, titles: Mapping[str, str] | None = None
) -> ScoredRun:
    """Find a run in a folder that `stance score` wrote.

    Args:
        scores: the folder.
        key: the run; may be None where there is only one.
        titles: what to call propositions; the others go by their id, or as they are.

    Raises:
        FileError: there is no such run, several and none was named, or a file of it is missing.
    """
    path = scores / "manifest.json"
    manifest = _read(path)
    runs = manifest["runs"]
    if not runs:
        raise FileError(path, ["lists no finished part; run `stance score` first"])
    if key is None and len(runs) > 1:
        told = "; ".join(f"{name}: {_words(run)}" for name, run in sorted(runs.items()))
        raise FileError(path, [f"holds {len(runs)} runs; name one with --run: {told}"])
    key = key or next(iter(runs))
    if key not in runs:
        raise FileError(path, [f"has no run {key!r}; it has {', '.join(sorted(runs))}"])
    try:
        return _run(scores, key, str(manifest["version"]), runs[key], titles or {})
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise FileError(path, [f"cannot be read: run {key}: {error!r}"]) from error


def _run(
    scores: Path, key: str, version: str, run: Mapping[str, Any], titles: Mapping[str, str]
) -> ScoredRun:
    files = {
        table: tuple(part_path(scores, table, key, part["name"]) for part in run["parts"])
        for table in TABLES
    }
    if not files["articles"]:
        raise ValueError("it has no finished part; run `stance score` again")
    if missing := [path for paths in files.values() for path in paths if not path.is_file()]:
        gone = "is listed in the manifest but not there; run `stance score` again"
        raise FileError(scores, [f"{path.relative_to(scores)} {gone}" for path in missing])
    return ScoredRun(
        key,
        version,
        _model(run["classifier"]),
        _model(run["extractor"]),
        run["settings"],
        tuple(_issues(run["settings"]["issues"], titles)),
        Counts.from_json(run["counts"]),
        dict(sum((Counter(part["skipped"]) for part in run["parts"]), Counter()).most_common()),
        files,
    )


def _read(path: Path) -> Mapping[str, Any]:
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        hint = "is not there; name a folder that `stance score` wrote"
        raise FileError(path, [hint]) from None
    except (OSError, ValueError, RecursionError) as error:
        raise FileError(path, [f"cannot be read: {error}"]) from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("runs"), dict):
        raise FileError(path, ["is no manifest of a scored archive"])
    if manifest.get("format") != FORMAT:
        told = f"is of format {manifest.get('format')!r}; this version of Stance reads {FORMAT}"
        raise FileError(path, [told])
    return manifest


def _issues(asked: Sequence[Mapping[str, Any]], titles: Mapping[str, str]) -> list[AskedIssue]:
    return [
        AskedIssue(
            titles.get(issue["proposition"]) or issue["id"] or issue["proposition"],
            issue["proposition"],
        )
        for issue in asked
    ]


def _model(told: Mapping[str, Any]) -> tuple[str, str]:
    return str(told["name"]), str(told["digest"])


def _words(run: Mapping[str, Any]) -> str:
    name, digest = _model(run["classifier"])
    return f"{name} ({digest[:12]}), {run['counts']['read']:,} records"
