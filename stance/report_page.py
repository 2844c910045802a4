"""The figures of a scored archive -> one HTML file that opens from disk, without a network.

Holds no script. Names, statements and titles are others' words, and escaped.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise, product
from urllib.parse import urlsplit

from stance.domain import Stance
from stance.markup import Markup, element, escaped, figure, joined, page, table
from stance.report_charts import clipped, heat_map, signed, time_chart
from stance.report_correction import Correction
from stance.report_figures import Figures, Quote, Source, Sources
from stance.report_quality import Measured, corrections, model, number, troubles
from stance.report_shares import FEWEST_ARTICLES, FEWEST_STATEMENTS, Interval
from stance.report_tables import Cell

_COLUMNS, _ROWS = 8, 18  # of one heat map, so that it fits on a printed page
_REASONS = 8  # why records were skipped
_LONGEST_QUOTE, _LONGEST_NAME = 600, 80  # characters

_STYLE = """
figure.wide { max-width: none; overflow-x: auto; } p, li { max-width: 50rem; }
td, th { padding-right: .7rem; font-size: 13.5px; }
td { overflow-wrap: anywhere; } td:not(.number) { min-width: 4.6rem; }
.quotes { display: grid; grid-template-columns: 1fr 1fr; gap: 0 2rem; }
.quotes h4 { margin-bottom: 0; } blockquote { margin: .6rem 0; padding-left: .8rem;
  border-left: 4px solid #0072B2; overflow-wrap: anywhere; max-width: 34rem; }
blockquote.against { border-left: 4px dashed #D55E00; }
blockquote footer { font-size: 13px; color: #555; }
@media (max-width: 45rem) { .quotes { grid-template-columns: 1fr; } }
td svg { min-width: 8rem; }
@media print { details::details-content { content-visibility: visible; block-size: auto; }
  summary { display: none; } h2 ~ h2 { break-before: auto; }
  h2, h3, h3 + p, h4 { break-after: avoid; }
  figure.wide { break-inside: auto; overflow: visible; } blockquote, svg { break-inside: avoid; }
  td, th { font-size: 9.5px; line-height: 1.3; padding-top: 0; padding-bottom: 0; }
  .small, figcaption, blockquote footer, code { font-size: 10px; }
  a { color: inherit; } }
"""

_READING = Markup(f"""\
<p>A <b>balance</b> is the share of statements for a proposition less the share against it, among
those that the model found to be about it: from −1 (all against) over 0 to +1 (all for). In brackets
stand 95 % intervals. They take the statements of one article as belonging together, and articles
as independent; where many articles report one speech, the truth may well lie further out. They are
about chance only: the model errs too, see <a href="#model">how good it is</a>. Where there are
fewer than {FEWEST_STATEMENTS} statements or {FEWEST_ARTICLES} articles, no balance is shown, only
their number n. A text that several outlets ran is counted once, but where outlets are compared.
Names of speakers are as the articles give them: “Smith” and “Anna Smith” are two.</p>""")


def report_page(
    title: str,
    figures: Figures,
    correction: Correction | None = None,
    measured: Mapping[str, Measured] | None = None,
) -> str:
    """The page.

    Args:
        title: of the page.
        figures: of the archive.
        correction: what labels make of them; None where none were given.
        measured: the `report.json` of the classifier's bundle; None where it is not at hand.
    """
    titles = [figures.run.issues[issue].title for issue in figures.shown]
    sections = [("read", "What was read", _read(figures))]
    if figures.shown:
        sections += [
            ("speakers", "Who is for or against what", _speakers(figures, titles)),
            ("time", "How it moved", _over_time(figures)),
            ("quotes", "The most telling statements", _quotes(figures)),
            ("outlets", "Outlets compared", _outlets(figures, titles)),
        ]
    if correction is not None:
        told = corrections(correction, figures.run.issues)
        sections.insert(2, ("corrected", "Corrected for the model’s errors", told))
    sections.append(("model", "The model, and how good it is", model(figures.run, measured)))
    sections.append(("errors", "What could not be read or scored", troubles(figures)))
    contents = "".join(
        f'<li><a href="#{key}">{escaped(head)}</a></li>' for key, head, _ in sections
    )
    parts = [_READING, f"<ul>{contents}</ul>"]
    for key, head, told in sections:
        parts += [f'<h2 id="{key}">{escaped(head)}</h2>', *told]
    return page(title, Markup("\n".join(parts)), _STYLE)


def _read(figures: Figures) -> Iterator[Markup]:
    counts = figures.run.counts
    days = "none is dated" if figures.days is None else f"from {' to '.join(figures.days)}"
    yield element(
        "p",
        (
            f"{counts.read:,} records = {counts.scored:,} articles scored + {counts.duplicate:,}"
            f" copies of them + {counts.failed:,} failed + {counts.skipped:,} skipped. The"
            f" articles scored ({days}) hold {counts.statements:,} statements; on the"
            f" {len(figures.run.issues)} issues asked, the model found"
            f" {sum(cell.n for cell in figures.issues.values()):,} times that one is about an"
            " issue."
        ),
    )
    if skipped := figures.run.skipped:
        reasons = [f"{reason} ({n:,})" for reason, n in list(skipped.items())[:_REASONS]]
        more = [f"and {len(skipped) - _REASONS} more reasons"] if len(skipped) > _REASONS else []
        yield _small(f"Skipped: {'; '.join([*reasons, *more])}.")
    rows = [
        [issue.title, issue.proposition, *_cell_words(figures.issues.get(n))]
        for n, issue in enumerate(figures.run.issues)
        if n in figures.shown or n not in figures.issues
    ]
    yield table(["issue", "proposition asked", *_CELL_HEAD], rows)
    left = len(figures.issues) - len(figures.shown)
    if left > 0:
        yield _small(f"{left} more issues have fewer statements and are not shown.")


def _speakers(figures: Figures, titles: Sequence[str]) -> Iterator[Markup]:
    speakers = figures.speakers
    everyone = {("everyone", issue): cell for issue, cell in figures.issues.items()}
    yield from _heat("speaker", ["everyone"], figures, titles, speakers, everyone)
    yield _left_out(speakers, "speakers", "name no speaker")
    yield Markup("<h3>The speakers shown</h3>")
    yield _sources_table("speaker", speakers, with_sure=True)


def _outlets(figures: Figures, titles: Sequence[str]) -> Iterator[Markup]:
    if not figures.outlets.shown:
        yield Markup("<p>No article names its outlet.</p>")
        return
    yield _small("A statement counts for each outlet that ran its article.")
    yield from _heat("outlet", [], figures, titles, figures.outlets, {})
    yield _left_out(figures.outlets, "outlets", "stand in articles that name no outlet")
    yield Markup("<h3>The outlets shown</h3>")
    yield _sources_table("outlet", figures.outlets, with_sure=False)


def _heat(
    what: str,
    first: Sequence[str],
    figures: Figures,
    titles: Sequence[str],
    sources: Sources,
    more: Mapping[tuple[str, int], Cell],
) -> Iterator[Markup]:
    names = [*first, *(source.name or "" for source in sources.shown)]
    known = [*([more] * len(first)), *([sources.cells] * len(sources.shown))]
    for rows, columns in product(_pieces(len(names), _ROWS), _pieces(len(titles), _COLUMNS)):
        cells = {
            (row, column): known[who][names[who], issue]
            for row, who in enumerate(rows)
            for column, issue in enumerate(figures.shown[n] for n in columns)
            if (names[who], issue) in known[who]
        }
        yield figure(
            heat_map([names[n] for n in rows], [titles[n] for n in columns], cells,
                     f"balance by {what} and issue"),
            f"Balance by {what} and issue: blue and + for the proposition, orange and − against it;"
            " its interval; n statements. Hatched: too few to say. A dot: none.",
            [what, "issue", *_CELL_HEAD],
            [
                [_name(names[rows[row]]), titles[columns[column]], *_cell_words(cell)]
                for (row, column), cell in sorted(cells.items())
            ],
            css="wide",
        )  # fmt: skip


def _pieces(n: int, most: int) -> list[range]:
    """The numbers below n in pieces of about one length, of which none is longer than most."""
    n_pieces = -(-n // most)
    edges = [n * piece // n_pieces for piece in range(n_pieces + 1)]
    return [range(start, end) for start, end in pairwise(edges)]


def _left_out(sources: Sources, plural: str, unnamed: str) -> Markup:
    words = [
        f"Shown are the {len(sources.shown)} {plural} with the most statements on these issues."
    ]
    if sources.n_left_out:
        words.append(
            f"Left out are {sources.n_left_out:,} more {plural}, with"
            f" {sources.about_left_out:,} statements."
        )
    if sources.unnamed:
        words.append(f"{sources.unnamed.about:,} more statements {unnamed}.")
    return _small(" ".join(words))


def _sources_table(what: str, sources: Sources, *, with_sure: bool) -> Markup:
    def row(source: Source) -> list[str]:
        tone, interval = source.tone, source.tone.interval()
        told = [
            "not named" if source.name is None else _name(source.name),
            f"{source.statements:,}",
            f"{source.articles:,}",
            f"{source.about:,}",
            f"n {tone.n}" if tone.few else signed(2 * tone.mean - 1),
            "" if interval is None else _range(2 * interval.low - 1, 2 * interval.high - 1),
        ]
        return [*told, number(source.sure, 2)] if with_sure else told

    head = [what, "statements", "articles", "on the issues", "tone", "interval"]
    shown = [*sources.shown, *([sources.unnamed] if sources.unnamed else [])]
    return joined(
        [
            table([*head, "name is right"] if with_sure else head, map(row, shown)),
            _small(
                "Tone: the share of positive statements less that of negative ones, over all"
                " statements, on the issues or not."
                + (
                    " Name is right: how sure the extractor is of it, on average."
                    if with_sure
                    else ""
                )
            ),
        ]
    )


def _over_time(figures: Figures) -> Iterator[Markup]:
    line = figures.over_time
    if not line.periods:
        yield Markup("<p>No article on these issues is dated.</p>")
        return
    words = f"By {line.unit}, from the articles’ dates."
    if line.n_undated:
        words += f" {line.n_undated:,} statements stand in undated articles and are left out."
    if line.n_outside:
        words += f" So are {line.n_outside:,} from long before or after all others."
    yield _small(words + " A hollow dot: too few statements to say. A bar: the interval.")
    for issue in figures.shown:
        if not (cells := line.all.get(issue)):
            continue
        asked = figures.run.issues[issue]
        yield joined([element("h3", asked.title), _small(asked.proposition)])
        yield Markup("<div class=charts>")
        for name, found in [("everyone", cells), *line.speakers.get(issue, {}).items()]:
            yield figure(
                time_chart(line.periods, found, f"{clipped(name, 60)} on {asked.title}, over time"),
                _name(name),
                [line.unit, "n (articles)", "for, against, neutral", "balance"],
                [[line.periods[n], *_short_words(found[n])] for n in sorted(found)],
            )
        yield Markup("</div>")


def _quotes(figures: Figures) -> Iterator[Markup]:
    yield _small(
        "Those of which the model is surest, one for each speaker: they show what it takes for a"
        " stance. They are no sample. P is the probability of that side less that of the other."
    )
    for issue in figures.shown:
        sides = {
            side: figures.quotes.get((issue, side), ()) for side in (Stance.FAVOR, Stance.AGAINST)
        }
        if not any(sides.values()):
            continue
        asked = figures.run.issues[issue]
        yield joined([element("h3", asked.title), _small(asked.proposition)])
        yield Markup("<div class=quotes>")
        for side, quotes in sides.items():
            head = "For" if side is Stance.FAVOR else "Against"
            told = [_quote(quote, side) for quote in quotes] or [Markup("<p>none</p>")]
            yield element("div", element("h4", head), *told)
        yield Markup("</div>")


def _quote(quote: Quote, side: Stance) -> Markup:
    who = quote.speaker or "speaker not named"
    role = f", {clipped(quote.role, _LONGEST_NAME)}" if quote.role else ""
    place = f"{clipped(quote.file, 2 * _LONGEST_NAME)}, record {quote.record}"
    times = f"; in {quote.n_articles} articles" if quote.n_articles > 1 else ""
    where = [
        clipped(part, 2 * _LONGEST_NAME) for part in (quote.title, quote.outlet, quote.date) if part
    ]
    footer = element(
        "footer",
        element("b", clipped(who, _LONGEST_NAME)),
        f"{role}. P {quote.probability:.2f}{times}",
        Markup("<br>"),
        ", ".join(where) or "an article without a title",
        Markup("<br>"),
        element("code", _link(quote.article_id), " ", place),
    )
    return element("blockquote", clipped(quote.text, _LONGEST_QUOTE), footer, css=side)


def _link(article_id: str | None) -> str:
    """An article's id, to be followed where it is an address; nothing on the page follows it."""
    if article_id is None:
        return ""
    shown = clipped(article_id, 2 * _LONGEST_NAME)
    try:
        address = urlsplit(article_id)
    except ValueError:
        return shown
    if address.scheme not in ("http", "https") or not address.netloc:
        return shown
    return Markup(f'<a href="{escaped(article_id)}" rel="noreferrer noopener">{escaped(shown)}</a>')


_CELL_HEAD = ("statements", "articles", "for", "against", "neutral", "balance", "interval")


def _cell_words(cell: Cell | None) -> Iterable[str]:
    if cell is None:
        return ["0", "0", "", "", "", "", ""]
    counts = (cell.favor.total, cell.against.total, cell.neutral.total)
    interval = cell.interval
    return [
        f"{cell.n:,}",
        f"{cell.articles:,}",
        *(f"{count:,.0f}" for count in counts),
        "too few" if cell.few else signed(cell.balance),
        "" if interval is None else _interval(interval),
    ]


def _short_words(cell: Cell) -> Iterable[str]:
    n, articles, *counts, balance, interval = _cell_words(cell)
    return [f"{n} ({articles})", ", ".join(counts), f"{balance} {interval}".strip()]


def _interval(interval: Interval) -> str:
    return _range(interval.low, interval.high)


def _range(low: float, high: float) -> str:
    return f"[{signed(low)}, {signed(high)}]"


def _name(name: str) -> str:
    return clipped(name, _LONGEST_NAME)


def _small(words: str) -> Markup:
    return element("p", words, css="small")
