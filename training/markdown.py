"""Text and tables in Markdown, for model cards. Knows nothing of what they tell."""

from collections.abc import Iterable, Sequence
from html import escape


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; its cells are text, whatever stands in them."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(inline, line)) + " |" for line in lines)


def section(words: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A heading with words and a table below it; nothing where there are no rows.

    Args:
        words: the heading, and what may follow it.
        head: of the table.
        rows: of the table.
    """
    found = list(rows)
    return f"\n## {words}\n\n{table(head, found)}\n" if found else ""


def inline(text: str) -> str:
    """Text that stays one cell of one row, and text, in Markdown."""
    safe = escape(" ".join(text.split()), quote=False)
    for mark in "\\`*_[]|":
        safe = safe.replace(mark, f"\\{mark}")
    return safe


def number(value: float | None) -> str:
    """A figure with three decimals; a dash for none."""
    return "–" if value is None else f"{value:.3f}"


def between(interval: Sequence[float | None] | None, form: str = ".3f") -> str:
    """An interval in brackets, with a space before; nothing for none."""
    low, high = interval or (None, None)
    return "" if low is None or high is None else f" ({low:{form}} to {high:{form}})"
