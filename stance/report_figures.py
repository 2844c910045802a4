"""A run of a scored archive -> every figure of its report. Knows nothing of how they are shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stance.domain import Stance
from stance.report_archive import ScoredRun
from stance.report_limits import Limits
from stance.report_shares import Sums
from stance.report_tables import Cell, Tables
from stance.report_timeline import Timeline, timeline


@dataclass(frozen=True, slots=True)
class Source:
    """A speaker or an outlet.

    Attributes:
        name: None for statements whose speaker, or outlet, is not named.
        statements: all of theirs.
        articles: in which those stand.
        about: answers that a statement is about an issue.
        tone: 1 for a positive statement, 0 for a negative, a half for a neutral one.
        sure: the mean probability that the name is right; None where none is told.
    """

    name: str | None
    statements: int
    articles: int
    about: int
    tone: Sums
    sure: float | None


@dataclass(frozen=True, slots=True)
class Sources:
    """Those of the most statements on the issues asked.

    Attributes:
        shown: in the order of their answers.
        unnamed: the same of statements without a name; None where there are none.
        n_left_out: how many more are named in the archive.
        about_left_out: the answers on their statements.
        cells: by name and number of the issue.
    """

    shown: tuple[Source, ...]
    unnamed: Source | None
    n_left_out: int
    about_left_out: int
    cells: Mapping[tuple[str, int], Cell]


@dataclass(frozen=True, slots=True)
class Quote:
    """A statement of which the model is very sure, where it stands, and who said it."""

    text: str
    speaker: str | None
    role: str | None
    probability: float
    title: str | None
    outlet: str | None
    date: str | None
    file: str
    record: int
    article_id: str | None
    n_articles: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """Errors of one kind: what they share, how many, the first of them, and records lost."""

    stage: str
    reason: str
    n: int
    file: str
    record: int | None
    offset: int | None
    n_records: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Every figure of a report.

    Attributes:
        run: what was scored, by what.
        days: the first and the last day of articles; None where none is dated.
        issues: the cell of each issue of which anything was said, by its number.
        shown: the numbers of the issues that are shown, in the order asked.
        speakers, outlets: who said it, and where it stood.
        over_time: how it moved.
        quotes: by number of the issue and stance.
        troubles: the most frequent first.
        n_troubles: kinds of error in all.
    """

    run: ScoredRun
    days: tuple[str, str] | None
    issues: Mapping[int, Cell]
    shown: tuple[int, ...]
    speakers: Sources
    outlets: Sources
    over_time: Timeline
    quotes: Mapping[tuple[int, Stance], tuple[Quote, ...]]
    troubles: tuple[Trouble, ...]
    n_troubles: int


def figures(run: ScoredRun, tables: Tables, limits: Limits) -> Figures:
    """Count what a report shows of a run."""
    [(first, last)] = tables.rows(
        "select min(day)::varchar, max(day)::varchar from articles where status = 'scored'"
    )
    issues = {issue: cell for (issue,), cell in tables.cells("pairs", ["issue"]).items()}
    shown = sorted(issues, key=lambda issue: (-issues[issue].n, issue))[: limits.issues]
    troubles = _troubles(tables)
    return Figures(
        run,
        (first, last) if first else None,
        issues,
        tuple(sorted(shown)),
        _sources(tables, "speaker", "said", "pairs", limits.speakers),
        _sources(tables, "outlet", _SAID_IN, _PAIRS_IN, limits.outlets),
        timeline(tables, limits.speakers_over_time),
        _quotes(tables, limits.quotes),
        tuple(troubles[: limits.reasons]),
        len(troubles),
    )


# Statements, and pairs, once for each outlet that ran the article.
_SAID_IN = "(from ran join said using (article))"
_PAIRS_IN = "(from ran join (select * exclude (outlet) from pairs) using (article))"


def _sources(tables: Tables, name: str, said: str, pairs: str, most: int) -> Sources:
    ranked = tables.rows(
        f"select {name}, count(*) as about from {pairs}"  # noqa: S608 - names of this module
        f" group by {name} order by about desc, {name}"
    )
    named = [(who, about) for who, about in ranked if who is not None]
    about: dict[Any, int] = dict(ranked)
    shown = [who for who, _ in named[:most]]
    sources = _told(tables, name, said, shown, about)
    within = f"(from {pairs} where list_contains($shown, {name}))"
    return Sources(
        tuple(sources[who] for who in shown),
        sources.get(None),
        len(named) - len(shown),
        sum(n for _, n in named[most:]),
        tables.cells(within, [name, "issue"], shown=shown) if shown else {},
    )


def _told(
    tables: Tables, name: str, said: str, shown: list[str], about: Mapping[Any, int]
) -> dict[str | None, Source]:
    within = f"(from {said} where {name} is null or list_contains($shown::varchar[], {name}))"
    tone = "(1 + (sentiment = 'positive')::int - (sentiment = 'negative')::int) / 2.0"
    sure: dict[Any, float | None] = dict(
        tables.rows(
            f"select {name}, avg(speaker_probability) from {within} group by {name}",  # noqa: S608
            shown=shown,
        )
    )
    found = tables.sums([tone], within, [name], shown=shown)
    return {
        who: Source(who, sums.n, sums.articles, about.get(who, 0), sums, sure[who])
        for (who,), [sums] in found.items()
    }


def _quotes(tables: Tables, most: int) -> dict[tuple[int, Stance], tuple[Quote, ...]]:
    # Of equal words the first, and of each speaker one, so that no sentence fills the page.
    rows = tables.rows(
        """
        with surest as (
            select issue, stance, statement, article, abs(score) as sure from pairs
            where stance in ('favor', 'against')
            qualify row_number() over (
                partition by issue, stance order by abs(score) desc, statement) <= $candidates
        ), worded as (
            select surest.*, text, role, said.speaker,
                count(*) over same as n_articles, row_number() over same_first as nth
            from surest
            join all_statements using (statement, article)
            join said using (statement, article)
            window same as (partition by issue, stance, lower(trim(text))),
                same_first as (partition by issue, stance, lower(trim(text))
                               order by sure desc, statement)
        ), one_each as (
            select * from worded where nth = 1
            qualify speaker is null or row_number() over (
                partition by issue, stance, speaker order by sure desc, statement) = 1
        )
        select issue, stance, text, speaker, role, sure, title, outlet, date, file, record, id,
            n_articles
        from one_each join articles using (article)
        qualify row_number() over (
            partition by issue, stance order by speaker is null, sure desc, statement) <= $most
        order by issue, stance, speaker is null, sure desc, statement
        """,
        candidates=50 * most,
        most=most,
    )
    found: dict[tuple[int, Stance], tuple[Quote, ...]] = {}
    for issue, stance, *told in rows:
        key = issue, Stance(stance)
        found[key] = (*found.get(key, ()), Quote(*told))
    return found


def _troubles(tables: Tables) -> list[Trouble]:
    # Reasons that differ in numbers only are one kind.
    rows = tables.rows(
        """
        select stage, regexp_replace(left(reason, 200), '[0-9]+', '…', 'g') as kind, count(*) as n,
            arg_min(file, (file, record)), arg_min(record, (file, record)),
            arg_min("offset", (file, record)), coalesce(sum(n_records), 0)::bigint
        from all_errors group by stage, kind order by n desc, stage, kind
        """
    )
    return [Trouble(*row) for row in rows]
