"""manifest.json: which parts of a scored archive are finished. The one truth about that.

For one process at a time; `stance.scoring` holds a lock on the folder meanwhile.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from stance.counts import Counts
from stance.durable import replace_durably, resumable, sync
from stance.errors import FileError
from stance.parts import Part, TableFile, drafts_dir, part_path
from stance.scored_tables import FORMAT, TABLES
from stance.scoring_run import Run


class Ledger:
    """The finished parts of one run, by name.

    Args:
        out: the folder of the scored archive; there may be nothing yet.
        run: whose parts are told and changed. Those of other runs stay as they are.

    Raises:
        FileError: the manifest cannot be read, or is of another format.
    """

    def __init__(self, out: Path, run: Run) -> None:
        self._out, self._run = out, run
        self._path = out / "manifest.json"
        runs = _read_runs(self._path)
        try:
            told = runs.pop(run.key, {"parts": []})["parts"]
            self.parts: dict[str, Part] = {part.name: part for part in map(_from_json, told)}
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise FileError(self._path, [_unreadable(f"run {run.key}: {error!r}")]) from error
        # An archive may have tens of thousands of parts, and each is entered on its own.
        self._others = [f"{json.dumps(key)}: {json.dumps(other)}" for key, other in runs.items()]
        self._lines = {name: _line(part) for name, part in self.parts.items()}
        self._counts = sum((part.counts for part in self.parts.values()), Counts())

    def enter(self, part: Part) -> None:
        """Enter a part whose files are in place: from here on it is finished.

        Raises:
            FileError: it cannot be written; then nothing changes.
        """
        counts = self._counts + part.counts
        if part.name in self.parts:
            raise ValueError(f"part {part.name} is finished already")
        lines = {**self._lines, part.name: _line(part)}
        self._save(lines, counts)
        self.parts[part.name], self._lines, self._counts = part, lines, counts

    def drop(self, names: Collection[str]) -> None:
        """Take parts out, whose shards are then to be done again; nothing if there are none.

        Raises:
            FileError: it cannot be written; then nothing changes.
        """
        if not names:
            return
        parts = {name: part for name, part in self.parts.items() if name not in names}
        lines = {name: self._lines[name] for name in parts}
        counts = sum((part.counts for part in parts.values()), Counts())
        self._save(lines, counts)
        self.parts, self._lines, self._counts = parts, lines, counts

    def damaged(self) -> set[str]:
        """The parts of which a file is gone, or has another size than when it was finished."""
        return {
            part.name
            for part in self.parts.values()
            for table, file in part.tables.items()
            if _size(part_path(self._out, table, self._run.key, part.name)) != file.bytes
        }

    def sweep(self) -> None:
        """Remove what a broken run left: drafts, and files of this run that belong to no part.

        Raises:
            FileError: they cannot be removed.
        """
        with resumable(self._out):
            _remove(drafts_dir(self._out).glob("*"))
            for table in TABLES:
                folder = part_path(self._out, table, self._run.key, "").parent
                if folder.is_dir():
                    _remove(p for p in folder.glob("*.parquet") if p.stem not in self.parts)
                    sync(folder)

    def _save(self, lines: Mapping[str, str], counts: Counts) -> None:
        # Sorted, so that the same parts make the same manifest, in whatever order they came.
        parts = ",\n".join(lines[name] for name in sorted(lines))
        told = json.dumps({**self._run.to_json(), "counts": counts.to_json()})
        own = f'{json.dumps(self._run.key)}: {told[:-1]}, "parts": [\n{parts}]}}'
        runs = ",\n".join(sorted([*self._others, own]))
        text = f'{{"format": {FORMAT}, "version": "{version("stance")}", "runs": {{\n{runs}}}}}\n'
        with resumable(self._path):
            drafts_dir(self._out).mkdir(parents=True, exist_ok=True)
            replace_durably(self._path, text, drafts_dir(self._out) / self._path.name)


def _line(part: Part) -> str:
    return json.dumps(asdict(part), sort_keys=True)


def _read_runs(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise FileError(path, [_unreadable(str(error))]) from error
    if not isinstance(told, dict) or not isinstance(told.get("runs"), dict):
        raise FileError(path, [_unreadable("is no manifest of a scored archive")])
    if told.get("format") != FORMAT:
        found = f"is of format {told.get('format')!r}, and this version of Stance writes {FORMAT}"
        raise FileError(path, [f"{found}; choose another folder"])
    return dict(told["runs"])


def _from_json(part: Mapping[str, Any]) -> Part:
    tables = {table: TableFile(**part["tables"][table]) for table in TABLES}
    counts = Counts.from_json(part["counts"])
    name, shard, file = part["name"], part["shard"], part["file"]
    return Part(name, shard, file, counts, tables, part["skipped"])


def _unreadable(what: str) -> str:
    return f"cannot be read: {what}; put it right, or choose another folder: it tells what is done"


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def _remove(paths: Iterable[Path]) -> None:
    for path in list(paths):
        path.unlink(missing_ok=True)
