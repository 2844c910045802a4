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


def tint(colour: str, share: float) -> str:
    """A colour on white, the stronger the larger a share from 0 to 1."""
    tones = (int(colour[n : n + 2], 16) for n in (1, 3, 5))
    return "#" + "".join(f"{round(255 - (255 - tone) * share):02x}" for tone in tones)
