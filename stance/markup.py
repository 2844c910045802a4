"""HTML that opens from disk, runs nothing and asks nothing of a network.

Text is escaped wherever it enters; only `Markup` is taken as it is. Knows nothing of what is shown.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from html import escape

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem;
       color: #222; background: #fff; }
h2 { border-top: 2px solid #222; padding-top: .6rem; margin-top: 3rem; }
h3 { margin: 2rem 0 .4rem; } h4 { margin: 1.2rem 0 .3rem; }
.charts { display: flex; flex-wrap: wrap; gap: 1.5rem; align-items: flex-start; }
figure { margin: 0; max-width: 22.5rem; } figcaption { font-size: 13px; color: #555; }
table { border-collapse: collapse; } svg { max-width: 100%; height: auto; vertical-align: middle; }
th, td { text-align: left; vertical-align: top; padding: .2rem .9rem .2rem 0;
         border-bottom: 1px solid #e4e4e4; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
details { margin: .4rem 0; font-size: 13px; } summary { cursor: pointer; color: #555; }
.note, .verdict { border-left: 4px solid #D55E00; padding: .3rem .8rem; margin: .6rem 0;
                  background: #fdf3ec; }
.verdict { border-color: #0072B2; background: #eef6fb; }
.small, code { font-size: 13px; } code { overflow-wrap: anywhere; color: #555; }
@media print { body { margin: 0; max-width: none; font-size: 11px; } h2 ~ h2 { break-before: page; }
  figure, tr { break-inside: avoid; } svg { print-color-adjust: exact; } }
"""

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>{style}</style>
<h1>{title}</h1>
{body}
</html>
"""

_NUMBER = re.compile(r"[-+−–\d.,%]+( ?[\[(][-+−\d., ]+[\])])?|\[[-+−\d., ]+\]")
# What would turn the line around it, and so what others wrote (UAX 9), and separators of lines.
_TURNS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029"


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def escaped(text: str) -> Markup:
    """Text as HTML: nothing in it is markup, drives a terminal or turns the line around it."""
    if isinstance(text, Markup):
        return text
    return Markup(escape("".join(map(_visible, text))))


def joined(parts: Iterable[str], between: str = "") -> Markup:
    """Parts in one piece of HTML, each escaped unless it is HTML already."""
    return Markup(escaped(between).join(map(escaped, parts)))


def element(tag: str, *parts: str, css: str = "") -> Markup:
    """An element of parts, each escaped unless it is HTML already."""
    of_class = f' class="{escaped(css)}"' if css else ""
    return Markup(f"<{tag}{of_class}>{joined(parts)}</{tag}>")


def table(head: Sequence[str], rows: Iterable[Sequence[str]], css: str = "") -> Markup:
    """A table; cells that hold nothing but a number and its interval stand to the right.

    So does the title of a column in which nothing else stands.
    """

    def cell(tag: str, text: str, right: bool) -> str:
        css = ' class="number"' if right else ""
        return f"<{tag}{css}>{escaped(text)}</{tag}>"

    known = [[(text, bool(_NUMBER.fullmatch(text))) for text in row] for row in rows]
    columns = zip(*known, strict=True) if known else [() for _ in head]
    numbers = [all(right or not text for text, right in column) for column in columns]
    titles = "".join(cell("th", *one) for one in zip(head, numbers, strict=True))
    body = "".join(f"<tr>{''.join(cell('td', *one) for one in row)}</tr>" for row in known)
    # A head is printed again on each page that the table goes on to.
    head_row = f"<thead><tr>{titles}</tr></thead>"
    return Markup(f'<table class="{escaped(css)}">{head_row}<tbody>{body}</tbody></table>')


def figure(
    chart: Markup, caption: str, head: Sequence[str], rows: Iterable[Sequence[str]], css: str = ""
) -> Markup:
    """A chart with its caption and, folded, the table of its numbers."""
    return Markup(
        f'<figure class="{escaped(css)}">{chart}<figcaption>{escaped(caption)}</figcaption>'
        f"<details><summary>the numbers</summary>{table(head, rows)}</details></figure>"
    )


def page(title: str, body: Markup, style: str = "") -> str:
    """A whole page.

    Args:
        title: in the head of the page and of the window.
        body: what stands below the title.
        style: CSS besides that of every page.
    """
    return _PAGE.format(title=escaped(title), style=_STYLE + style, body=body)


def _visible(character: str) -> str:
    unseen = unicodedata.category(character) == "Cc" and character not in "\t\n"
    return "\ufffd" if unseen or character in _TURNS else character
