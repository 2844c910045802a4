"""The charts of a model's report. Nothing is told by colour alone. Knows nothing of reports."""

from collections.abc import Sequence

from stance import svg
from stance.markup import Markup
from stance.svg import BLUE, GREY, INK, ORANGE, Point

# Width and height of a square plot with room for its axes, in pixels.
_WIDTH, _HEIGHT = 320, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 12, 46


def confusion_chart(labels: Sequence[str], counts: Sequence[Sequence[int]]) -> Markup:
    """A grid of counts (labelled, answered); the darker, the larger the share of its row."""
    words = [label.split(" or ") for label in labels]  # of classes that are several labels
    cell, left, top = 64, 84, 28 + 12 * max(map(len, words))
    width, height = left + cell * len(labels) + 4, top + cell * len(labels) + 4
    parts: list[str] = [svg.text(left + cell * len(labels) / 2, 14, "answered", colour=GREY)]
    for n, lines in enumerate(words):
        middle = cell * n + cell / 2
        for line, word in enumerate(lines):
            above = top - 8 - 12 * (len(lines) - 1 - line)
            beside = top + middle + 4 + 12 * (line - (len(lines) - 1) / 2)
            parts.append(svg.text(left + middle, above, word, 11))
            parts.append(svg.text(left - 8, beside, word, 11, anchor="end"))
    for row, found in enumerate(counts):
        for column, count in enumerate(found):
            share = count / max(1, sum(found))
            x, y = left + cell * column, top + cell * row
            ink = "#ffffff" if share > 0.55 else INK
            parts.append(
                f'<rect x="{x}" y="{y}" width="{cell - 2}" height="{cell - 2}" '
                f'fill="{svg.tint(BLUE, share)}" stroke="{"#555" if row == column else "#ddd"}"/>'
            )
            parts.append(svg.text(x + cell / 2 - 1, y + cell / 2, str(count), size=14, colour=ink))
            if sum(found):
                note = f"{share:.0%}"
                parts.append(svg.text(x + cell / 2 - 1, y + cell / 2 + 16, note, 10, colour=ink))
    parts.append(svg.turned(12, top + cell * len(labels) / 2, "labelled"))
    return svg.drawing(width, height, "confusion of the labels", parts)


def reliability_chart(bins: Sequence[tuple[float, float, float, float, int]]) -> Markup:
    """Points of (confidence, accuracy, low, high, rows) against the diagonal, larger by rows."""
    parts = _axes("confidence", "share that is right", 1.0)
    parts.append(svg.line(_placed([(0, 0), (1, 1)], 1.0), GREY, dashed=True))
    most = max((rows for *_, rows in bins), default=1)
    for confidence, accuracy, low, high, rows in bins:
        parts.append(
            svg.line(_placed([(confidence, low), (confidence, high)], 1.0), ORANGE, width=1.5)
        )
        x, y = _at(confidence, accuracy, 1.0)
        radius = 2.5 + 6 * (rows / most) ** 0.5
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{BLUE}" '
            'fill-opacity=".75" stroke="#fff"/>'
        )
    return svg.drawing(_WIDTH, _HEIGHT, "reliability diagram", parts)


def risk_chart(points: Sequence[tuple[float, float, float, float]]) -> Markup:
    """A curve of (coverage, risk, low, high) with its band."""
    top = _ceiling(max((high for *_, high in points), default=1.0))
    parts = _axes("share of pairs answered, the surest first", "share that is wrong", top)
    band = [(x, high) for x, _, _, high in points] + [(x, low) for x, _, low, _ in points[::-1]]
    corners = " ".join("{:.1f},{:.1f}".format(*_at(x, y, top)) for x, y in band)
    parts.append(f'<polygon points="{corners}" fill="{BLUE}" fill-opacity=".18"/>')
    parts.append(svg.line(_placed([(x, y) for x, y, *_ in points], top), BLUE, width=2))
    for coverage, risk, *_ in points:
        x, y = _at(coverage, risk, top)
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{BLUE}"/>')
    return svg.drawing(_WIDTH, _HEIGHT, "risk against coverage", parts)


def _at(x: float, y: float, top: float) -> Point:
    return (
        _LEFT + x * (_WIDTH - _LEFT - _RIGHT),
        _HEIGHT - _BOTTOM - y / top * (_HEIGHT - _TOP - _BOTTOM),
    )


def _axes(x_title: str, y_title: str, top: float) -> list[str]:
    parts = []
    for fifth in range(6):
        share = fifth / 5
        x, y = _at(share, share * top, top)
        right, bottom = _at(1, 0, top)
        parts.append(f'<path d="M{_LEFT} {y:.1f}H{right:.1f}" stroke="#e4e4e4"/>')
        parts.append(svg.text(_LEFT - 6, y + 4, f"{share * top:.2g}", 11, anchor="end"))
        parts.append(svg.text(x, bottom + 16, f"{share:.1f}", 11))
    parts.append(svg.text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 10, x_title, colour=GREY))
    parts.append(svg.turned(13, (_TOP + _HEIGHT - _BOTTOM) / 2, y_title))
    return parts


def _placed(points: Sequence[Point], top: float) -> list[Point]:
    return [_at(x, y, top) for x, y in points]


def _ceiling(value: float) -> float:
    """The top of an axis that holds the value, and whose fifths read well."""
    return next(top for top in (0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 0.75, 1.0) if top >= value)
