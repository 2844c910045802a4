"""How the stances on each issue moved: by week, month, quarter or year, as the days allow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from stance.report_tables import Cell, Tables

MOST_PERIODS = 40
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_FEWEST_STATEMENTS = 20  # of a speaker on an issue, to be followed over time


@dataclass(frozen=True, slots=True)
class Timeline:
    """Cells by period.

    Attributes:
        unit: week, month, quarter or year; "" where no article is dated.
        periods: what each is called, none left out, from the first to the last.
        all: by number of the issue, the cells by number of the period.
        speakers: by number of the issue, the same of the speakers who said most on it.
        n_undated: answers on statements without a date.
        n_outside: answers so far from all others that they are left out, lest they stretch time.
    """

    unit: str
    periods: tuple[str, ...]
    all: Mapping[int, Mapping[int, Cell]]
    speakers: Mapping[int, Mapping[str, Mapping[int, Cell]]]
    n_undated: int
    n_outside: int


def timeline(tables: Tables, most_speakers: int) -> Timeline:
    """The cells of each issue, and of its foremost speakers, over time."""
    [(n_undated, low, high)] = tables.rows(
        "select count(*) filter (day is null), quantile_disc(day, 0.005), quantile_disc(day, 0.995)"
        " from pairs"
    )
    if low is None:
        return Timeline("", (), {}, {}, n_undated, 0)
    unit, starts = _periods(low, high)
    number = {start: n for n, start in enumerate(starts)}
    source = f"(select *, date_trunc('{unit}', day)::date as start from pairs)"  # noqa: S608
    by_issue: dict[int, dict[int, Cell]] = {}
    for (issue, start), cell in tables.cells(source, ["issue", "start"]).items():
        if start in number:
            by_issue.setdefault(issue, {})[number[start]] = cell
    kept = sum(cell.n for cells in by_issue.values() for cell in cells.values())
    [(dated,)] = tables.rows("select count(day) from pairs")
    return Timeline(
        unit,
        tuple(_name(unit, start) for start in starts),
        by_issue,
        _by_speaker(tables, source, number, most_speakers),
        n_undated,
        dated - kept,
    )


def _by_speaker(
    tables: Tables, source: str, number: Mapping[date, int], most: int
) -> dict[int, dict[str, dict[int, Cell]]]:
    # Those with enough statements for a chart to say something, in two periods at least.
    foremost = tables.rows(
        f"""
        select issue, speaker from {source}
        where speaker is not null and list_contains($starts, start)
        group by issue, speaker having count(*) >= $fewest and count(distinct start) > 1
        qualify row_number() over (partition by issue order by count(*) desc, speaker) <= $most
        order by issue, count(*) desc, speaker
        """,  # noqa: S608 - of names that are written here
        starts=list(number),
        fewest=_FEWEST_STATEMENTS,
        most=most,
    )
    found: dict[int, dict[str, dict[int, Cell]]] = {}
    for issue, speaker in foremost:
        found.setdefault(issue, {})[speaker] = {}
    names = sorted({speaker for _, speaker in foremost})
    within = f"(from {source} where list_contains($names, speaker))"
    cells = tables.cells(within, ["issue", "speaker", "start"], names=names) if names else {}
    for (issue, speaker, start), cell in cells.items():
        if start in number and speaker in found.get(issue, {}):
            found[issue][speaker][number[start]] = cell
    return found


def _periods(first: date, last: date) -> tuple[str, Sequence[date]]:
    """The shortest unit that has few enough periods, and where each begins."""
    monday = first - timedelta(first.weekday())
    weeks = [monday + timedelta(7 * n) for n in range((last - monday).days // 7 + 1)]
    if len(weeks) <= MOST_PERIODS // 2:  # short weeks of few statements say little
        return "week", weeks
    starts: list[date] = []
    for unit, months in _MONTHS.items():
        begin = first.year * 12 + (first.month - 1) // months * months
        end = last.year * 12 + last.month - 1
        starts = [date(n // 12, n % 12 + 1, 1) for n in range(begin, end + 1, months)]
        if len(starts) <= MOST_PERIODS:
            return unit, starts
    return "year", starts[-MOST_PERIODS:]


def _name(unit: str, start: date) -> str:
    if unit == "week":
        return start.isoformat()
    if unit == "month":
        return f"{start:%Y-%m}"
    return str(start.year) if unit == "year" else f"{start.year} Q{(start.month + 2) // 3}"
