"""A small archive, an extractor whose finds can be checked by eye, and what was written of it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from stance.archive.records import Read, Record, RecordFault, Skipped
from stance.classifier import Classifier
from stance.domain import Article, Attribution, Issue, Speaker, SpeechKind, Statement
from stance.scored_tables import TABLES
from stance.scoring_run import Model, Run, Settings
from stance.shard_scoring import Work
from tests.fakes import fake_classifier

PEACE = Issue("peace", "Peace", "we should have peace in ukraine")
TAX = Issue("carbon-tax", "Carbon tax", "there should be a carbon tax")


@dataclass(frozen=True)
class ListedShard:
    identity: str
    file: str
    listed: tuple[Read, ...]

    def records(self) -> Iterator[Read]:
        return iter(self.listed)


def shard(name: str, *contents: str | Statement | RecordFault | Skipped) -> ListedShard:
    """A shard named `file:piece`; a text is that of an article, whose offset is its number."""
    file = name.split(":", maxsplit=1)[0]

    def record(n: int, content: str | Statement | RecordFault | Skipped) -> Read:
        if isinstance(content, str):
            return Record(Article(content, id=f"{name}/{n}"), file, n)
        return Record(content, file, n) if isinstance(content, Statement) else content

    return ListedShard(name, file, tuple(record(n, one) for n, one in enumerate(contents, 1)))


def extract(article: Article) -> list[Attribution]:
    """A statement is a line with a colon: before it the speaker, after it what was said."""
    if "unsearchable" in article.text:
        raise ValueError("no statements can be found in this")
    found, start = [], 0
    for line in article.text.splitlines(keepends=True):
        if ":" in line:
            colon, end = start + line.index(":"), start + len(line.rstrip("\n"))
            name = article.text[start:colon]
            speaker = Speaker(name, name, "minister", 0.75) if name != "she" else None
            cue, said, who = (colon, colon + 1), (colon + 1, end), (start, colon)
            found.append(Attribution((said,), SpeechKind.DIRECT, cue, who, speaker))
        start += len(line)
    return found


def run_of(model: str = "m1", **settings: Any) -> Run:
    return Run(Model("keyword", model), Model("colon", "x1"), Settings((PEACE, TAX), **settings))


def work_in(
    out: Path,
    run: Run | None = None,
    classifier: Classifier | None = None,
    extract: Callable[[Article], Sequence[Attribution]] = extract,
) -> Work:
    def extract_each(articles: Iterable[Article]) -> Iterator[Sequence[Attribution]]:
        return map(extract, articles)

    return Work(out, run or run_of(), extract_each, classifier or fake_classifier())


def small_archive(n_shards: int = 3) -> list[ListedShard]:
    """Shards of two files with copies within and across them, and with every kind of trouble."""
    wire = "kyiv: ukraine supports peace\nshe: good"
    return [
        shard(
            f"{'ab'[n % 2]}.jsonl:{n}",
            f"paris: france opposes the carbon tax in month {n}\nand that is all",
            wire,
            RecordFault(f"{'ab'[n % 2]}.jsonl", 100 + n, "is not JSON"),
            wire,
            f"nobody speaks in number {n}",
            Skipped(f"{'ab'[n % 2]}.jsonl", 200, "empty text") if n % 2 else " \n ",
            f"unsearchable {n % 2}",
            f"warsaw: \nberlin: bad football {n}\nkyiv: ukraine opposes peace {n}",
        )
        for n in range(n_shards)
    ]


def rows(out: Path, table: str, run: Run | None = None) -> list[dict[str, Any]]:
    """All rows of a table, in the order of its parts' names."""
    folder = out / table / f"run={(run or run_of()).key}"
    return [
        row for path in sorted(folder.glob("*")) for row in pq.ParquetFile(path).read().to_pylist()
    ]


def files(out: Path) -> dict[str, bytes]:
    """Everything that is there for readers, by its name."""
    found = [out / "manifest.json", *(p for t in TABLES for p in (out / t).rglob("*.parquet"))]
    return {str(path.relative_to(out)): path.read_bytes() for path in found if path.exists()}


def by(name: str, found: Sequence[dict[str, Any]]) -> dict[Any, dict[str, Any]]:
    """Rows by a column in which no value comes twice."""
    told = {row[name]: row for row in found}
    assert len(told) == len(found)
    return told
