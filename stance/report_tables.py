"""The tables of a run, in DuckDB, as a report asks of them. The one place that knows of DuckDB.

What is summed over statements is summed by article first, since the statements of one article do
not vary independently.
"""

import glob
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa

from stance.errors import FileError, extra_needed
from stance.report_archive import ScoredRun
from stance.report_shares import Interval, Sums

Row = tuple[Any, ...]

# What a report counts: an answer that a statement is about an issue. A date that is no ISO date is
# none. Who and where is told as the archive has it, but for white space.
_TABLES = (
    """create table asked as
        select unnest($propositions::varchar[]) as proposition,
               unnest(range(len($propositions::varchar[]))) as issue""",
    """create table articles as
        select * replace (case when year(day) between 1500 and 2500 then day end as day)
        from (select article, content, status, title, file, record, id, date,
                     nullif(trim(regexp_replace(outlet, '\\s+', ' ', 'g')), '') as outlet,
                     coalesce(try_cast(left(date, 10) as date),
                              try_strptime(date, ['%Y-%m', '%Y'])::date) as day
              from all_articles)""",
    """create table said as
        select statement, article, sentiment, speaker_probability,
               nullif(trim(regexp_replace(speaker, '\\s+', ' ', 'g')), '') as speaker
        from all_statements""",
    """create table pairs as
        select statement, article, asked.issue, stance, score, speaker, outlet, day,
               (stance = 'favor')::int as favor, (stance = 'against')::int as against,
               (stance = 'neutral')::int as neutral,
               (1 + (stance = 'favor')::int - (stance = 'against')::int) / 2.0::double as lean
        from all_stances
        join asked using (proposition)
        join said using (statement, article)
        join articles using (article)
        where stance <> 'unrelated'""",
    # A wire story is scored once, and stands in each outlet that ran it.
    """create table ran as
        select distinct copies.outlet, originals.article
        from articles as copies
        join articles as originals using (content)
        where copies.status in ('scored', 'duplicate') and originals.status = 'scored'""",
)


@dataclass(frozen=True, slots=True)
class Cell:
    """What a group of statements says on one issue.

    Attributes:
        favor, against, neutral: whether a statement is that.
        lean: 1 for favor, 0 for against, a half for neutral.
    """

    favor: Sums
    against: Sums
    neutral: Sums
    lean: Sums

    @property
    def n(self) -> int:
        """The number of statements."""
        return self.lean.n

    @property
    def articles(self) -> int:
        """The number of articles in which they stand."""
        return self.lean.articles

    @property
    def few(self) -> bool:
        """Whether there is too little to say anything of the balance."""
        return self.lean.few

    @property
    def balance(self) -> float:
        """The share of favor less that of against, in [-1, 1]."""
        return 2 * self.lean.mean - 1

    @property
    def interval(self) -> Interval | None:
        """The 95 % interval of the balance; None where there is too little for one."""
        found = self.lean.interval()
        return None if found is None else Interval(2 * found.low - 1, 2 * found.high - 1)


class Tables:
    """The tables `articles`, `said`, `pairs` and `ran` of a run; see `open_tables`."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def rows(self, query: str, **values: object) -> list[Row]:
        """The rows of a query; `$name` in it stands for a value."""
        found: list[Row] = self._connection.execute(query, values or None).fetchall()
        return found

    def sums(
        self, measures: Sequence[str], source: str, keys: Sequence[str], **values: object
    ) -> dict[Row, list[Sums]]:
        """Measures, which lie from 0 to 1, summed over the rows of each group.

        Args:
            measures: expressions over the columns of the source.
            source: what stands after `from`; has a column `article`.
            keys: expressions by which rows are grouped.
            values: for `$name` in the source.
        """
        named = ", ".join(f"{key} as key{n}" for n, key in enumerate(keys))
        by = ", ".join(f"key{n}" for n in range(len(keys)))
        inner = ", ".join(f"sum({one})::double as m{n}" for n, one in enumerate(measures))
        outer = ", ".join(
            f"sum(m{n}), sum(m{n} * m{n}), sum(m{n} * size)" for n in range(len(measures))
        )
        query = f"""
            with by_article as (
                select {named}, article, count(*)::double as size, {inner}
                from {source} group by {by}, article
            )
            select {by}, sum(size), count(*), sum(size * size), {outer}
            from by_article group by {by} order by {by}
        """  # noqa: S608 - of names that are written in this library
        found: dict[Row, list[Sums]] = {}
        for row in self.rows(query, **values):
            key, (size, articles, sizes, *sums) = row[: len(keys)], row[len(keys) :]
            found[key] = [
                Sums(int(size), articles, sizes, *sums[n : n + 3]) for n in range(0, len(sums), 3)
            ]
        return found

    def cells(self, source: str, keys: Sequence[str], **values: object) -> dict[Row, Cell]:
        """The cell of each group of pairs; see `sums`."""
        measures = [field.name for field in fields(Cell)]
        found = self.sums(measures, source, keys, **values)
        return {key: Cell(*sums) for key, sums in found.items()}

    def add(self, name: str, rows: pa.Table) -> None:
        """Make a table of rows that are not from the archive."""
        self._connection.register("rows_to_add", rows)
        self._connection.execute(f"create or replace table {name} as from rows_to_add")
        self._connection.unregister("rows_to_add")


@contextmanager
def open_tables(run: ScoredRun) -> Iterator[Tables]:
    """The tables of a run, kept on the disk while they are used.

    Raises:
        MissingExtraError: DuckDB is not installed.
        FileError: a file of the run cannot be read.
    """
    with extra_needed("a report on an archive", "archive"):
        import duckdb
    with TemporaryDirectory(prefix="stance-report-") as folder:
        config: dict[str, Any] = {
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        connection = duckdb.connect(str(Path(folder) / "report.duckdb"), config=config)
        try:
            for table, files in run.files.items():
                paths = [glob.escape(str(file)) for file in files]
                relation = connection.read_parquet(paths, hive_partitioning=False)
                relation.create_view(f"all_{table}")
            for statement in _TABLES:
                given = {"propositions": [issue.proposition for issue in run.issues]}
                connection.execute(statement, given if "$" in statement else None)
            yield Tables(connection)
        except duckdb.Error as error:
            place = run.files["articles"][0].parents[2]
            raise FileError(place, [f"cannot be read: {error}"]) from error
        finally:
            connection.close()
