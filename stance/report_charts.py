"""The charts of a report on an archive, as SVG. Nothing is told by colour alone.

Blue is for, orange against; what rests on few statements is hatched or hollow. Knows cells and
estimates, not where they come from.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from stance import svg
from stance.markup import Markup
from stance.report_correction import Estimate
from stance.report_tables import Cell
from stance.svg import BLUE, GREY, INK, ORANGE, Point

_COLUMN, _ROW, _NAMES, _HEAD = 76, 44, 190, 128  # of a heat map, in pixels
_LONGEST_NAME, _LONGEST_TITLE = 30, 28  # characters
_WIDTH, _HEIGHT = 350, 210  # of a chart over time
_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 10, 14, 40
_BAR = 200  # the width of a scale of shares


def heat_map(
    rows: Sequence[str], columns: Sequence[str], cells: Mapping[tuple[int, int], Cell], title: str
) -> Markup:
    """Balances of (row, column), their intervals and numbers; hatched where those are few."""
    parts: list[str] = []
    for column, name in enumerate(columns):
        x = _NAMES + _COLUMN * (column + 0.5)
        words = clipped(name, _LONGEST_TITLE)
        parts.append(
            svg.turned(x - 4, _HEAD - 8, words, 11.5, degrees=-38, anchor="start", colour=INK)
        )
    for row, name in enumerate(rows):
        middle = _HEAD + _ROW * (row + 0.5) + 4
        parts.append(svg.text(_NAMES - 8, middle, clipped(name, _LONGEST_NAME), anchor="end"))
        for column in range(len(columns)):
            corner = (_NAMES + _COLUMN * column, _HEAD + _ROW * row)
            parts += _square(corner, cells.get((row, column)))
    width = _NAMES + _COLUMN * len(columns) + 110  # the last title leans out
    return svg.drawing(width, _HEAD + _ROW * len(rows) + 4, title, parts)


def _square(corner: Point, cell: Cell | None) -> list[str]:
    x, y = corner
    width, height = _COLUMN - 2, _ROW - 2
    if cell is None:
        dot = svg.text(x + width / 2, y + height / 2 + 4, "·", colour=GREY)
        return [_box(corner, "#ffffff", "#ececec"), dot]
    if cell.few:
        slants = "".join(
            f"M{x + left:g} {y + height:g}L{x + left + height:g} {y:g}"
            for left in range(0, width - height + 1, 7)
        )
        return [
            _box(corner, "#ffffff", "#bbbbbb"),
            f'<path d="{slants}" stroke="#dddddd"/>',
            svg.text(x + width / 2, y + height / 2 + 4, f"n {cell.n}", 11, colour="#555555"),
        ]
    fill = svg.tint(BLUE if cell.balance > 0 else ORANGE, abs(cell.balance))
    ink, middle = svg.ink_on(fill), x + width / 2
    told = [_box(corner, fill, "#999999")]
    told.append(svg.text(middle, y + 15, signed(cell.balance), 12.5, colour=ink))
    if interval := cell.interval:
        words = f"{signed(interval.low)} to {signed(interval.high)}".replace("0.", ".")
        told.append(svg.text(middle, y + 27, words, 10, colour=ink))
    return [*told, svg.text(middle, y + 39, f"n {cell.n:,}", 10, colour=ink)]


def _box(corner: Point, fill: str, edge: str) -> str:
    x, y = corner
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{_COLUMN - 2}" height="{_ROW - 2}" fill="{fill}" '
        f'stroke="{edge}"/>'
    )


def time_chart(periods: Sequence[str], cells: Mapping[int, Cell], title: str) -> Markup:
    """Balances over time, with their intervals; hollow and without one where statements are few.

    A line joins neighbouring periods only: where nothing was said, it breaks.
    """
    parts = _axes(periods)
    points = {n: _at(n, len(periods), cell.balance) for n, cell in sorted(cells.items())}
    for before, after in pairwise(points):
        if after == before + 1:
            faint = cells[before].few or cells[after].few
            colour = GREY if faint else BLUE
            parts.append(svg.line([points[before], points[after]], colour, dashed=faint))
    for n, (x, y) in points.items():
        if interval := cells[n].interval:
            ends = [_at(n, len(periods), end) for end in (interval.low, interval.high)]
            parts.append(svg.line(ends, ORANGE, width=1.5))
        fill, edge = ("#ffffff", GREY) if cells[n].few else (BLUE, "#ffffff")
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.2" fill="{fill}" stroke="{edge}"/>')
    return svg.drawing(_WIDTH, _HEIGHT, title, parts)


def _at(period: int, n_periods: int, balance: float) -> Point:
    step = (_WIDTH - _LEFT - _RIGHT) / n_periods
    middle = _TOP + (_HEIGHT - _TOP - _BOTTOM) / 2
    return _LEFT + step * (period + 0.5), middle - balance * (middle - _TOP)


def _axes(periods: Sequence[str]) -> list[str]:
    parts: list[str] = []
    for balance in (-1, -0.5, 0, 0.5, 1):
        _, y = _at(0, len(periods), balance)
        shade = "#999999" if balance == 0 else "#e4e4e4"
        parts.append(f'<path d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}" stroke="{shade}"/>')
        side = "for " if balance == 1 else "against " if balance == -1 else ""
        parts.append(svg.text(_LEFT - 5, y + 4, side + signed(balance, 1), 10.5, anchor="end"))
    every = -(-len(periods) // 6)  # at most six names side by side
    for n in range(0, len(periods), every):
        x, _ = _at(n, len(periods), 0)
        parts.append(svg.text(x, _HEIGHT - _BOTTOM + 16, periods[n], 10))
        parts.append(f'<path d="M{x:.1f} {_HEIGHT - _BOTTOM}v4" stroke="{GREY}"/>')
    return parts


def beside_bar(naive: float, corrected: Estimate) -> Markup:
    """A share as answered, a hollow ring, and as corrected, a dot with its interval; 0 to 1."""
    height = 20

    def x(share: float) -> float:
        return 6 + share * (_BAR - 12)

    ends = [(x(corrected.interval.low), 13.0), (x(corrected.interval.high), 13.0)]
    words = (
        f"answered {naive:.2f}, corrected {corrected.value:.2f}, from"
        f" {corrected.interval.low:.2f} to {corrected.interval.high:.2f}"
    )
    parts = [
        f'<rect x="6" y="1" width="{_BAR - 12}" height="{height - 2}" fill="#f3f3f3"/>',
        svg.line([(x(0.5), 1), (x(0.5), height - 1)], "#d0d0d0"),
        svg.line(ends, BLUE, width=1.8),
        f'<circle cx="{x(corrected.value):.1f}" cy="13" r="3.6" fill="{BLUE}"/>',
        f'<circle cx="{x(naive):.1f}" cy="6" r="3.2" fill="#ffffff" stroke="{ORANGE}"/>',
    ]
    return svg.drawing(_BAR, height, words, parts)


def clipped(words: str, most: int) -> str:
    """Words, cut where they are longer than a number of characters."""
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def signed(value: float, digits: int = 2) -> str:
    """A number with its sign, a true minus; nothing that rounds to 0 has one."""
    told = f"{abs(value):.{digits}f}"
    if not float(told):
        return told
    return ("+" if value > 0 else "−") + told
