"""The pieces of which charts are drawn as SVG: no script, no font and no file from elsewhere.

Blue and orange of a palette that colour-blind readers tell apart (Okabe and Ito, 2008). Knows
nothing of what is drawn.
"""

from collections.abc import Iterable, Sequence

from stance.markup import Markup, escaped

BLUE, ORANGE, GREY, INK = "#0072B2", "#D55E00", "#8a8a8a", "#222222"

Point = tuple[float, float]


def drawing(width: float, height: float, title: str, parts: Iterable[str]) -> Markup:
    """A drawing, named for those who cannot see it; sizes in pixels."""
    return Markup(
        f'<svg viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" role="img" '
        f'aria-label="{escaped(title)}">{"".join(parts)}</svg>'
    )


def text(
    x: float, y: float, words: str, size: float = 12, *, anchor: str = "middle", colour: str = INK
) -> Markup:
    """Words whose base line is at a height."""
    return Markup(
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}" '
        f'fill="{colour}">{escaped(words)}</text>'
    )


def turned(
    x: float, y: float, words: str, size: float = 12, *,
    degrees: float = -90, anchor: str = "middle", colour: str = GREY,
) -> Markup:  # fmt: skip
    """Words turned around a point; upwards where nothing else is said."""
    return Markup(
        f'<text transform="translate({x:.1f} {y:.1f}) rotate({degrees:g})" font-size="{size:g}" '
        f'text-anchor="{anchor}" fill="{colour}">{escaped(words)}</text>'
    )


def line(points: Sequence[Point], colour: str, *, width: float = 1, dashed: bool = False) -> Markup:
    """A line through points."""
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    dashes = ' stroke-dasharray="4 3"' if dashed else ""
    return Markup(
        f'<path d="{path}" stroke="{colour}" stroke-width="{width:g}" fill="none"{dashes}/>'
    )


def interval_bar(
    value: float, low: float, high: float, *, plain: bool = False, mark: float | None = None
) -> Markup:
    """One bar from 0 to 1 with its interval, for a cell of a table.

    Args:
        value: the length of the bar.
        low: where the interval begins.
        high: where it ends.
        plain: grey, for what only stands beside.
        mark: a value that was wanted, as a dashed line.
    """
    width, height = 260, 18
    fill, opacity = (GREY, ".45") if plain else (BLUE, ".75")

    def x(share: float) -> str:
        return f"{2 + share * (width - 4):.1f}"

    whiskers = f"M{x(low)} 9H{x(high)}M{x(low)} 5V13M{x(high)} 5V13"
    parts = [
        f'<rect x="2" y="1" width="{width - 4}" height="{height - 2}" fill="#f3f3f3"/>',
        f'<rect x="2" y="4" width="{value * (width - 4):.1f}" height="{height - 8}"',
        f' fill="{fill}" fill-opacity="{opacity}"/>',
        f'<path d="{whiskers}" stroke="{INK}" stroke-width="1.4" fill="none"/>',
    ]
    if mark is not None:
        parts.append(
            f'<path d="M{x(mark)} 0V{height}" stroke="{ORANGE}" stroke-width="2" '
            'stroke-dasharray="3 2"/>'
        )
    return drawing(width, height, f"{value:.3f}, from {low:.3f} to {high:.3f}", parts)


def ink_on(fill: str) -> str:
    """The ink, dark or white, that reads best on a colour (its luminance as WCAG 2 has it)."""
    tones = (int(fill[n : n + 2], 16) / 255 for n in (1, 3, 5))
    red, green, blue = (t / 12.92 if t <= 0.04045 else ((t + 0.055) / 1.055) ** 2.4 for t in tones)
    return INK if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.2 else "#ffffff"


def tint(colour: str, share: float) -> str:
    """A colour on white, the stronger the larger a share from 0 to 1."""
    tones = (int(colour[n : n + 2], 16) for n in (1, 3, 5))
    return "#" + "".join(f"{round(255 - (255 - tone) * share):02x}" for tone in tones)
