"""Results and progress on a terminal. Knows how things look, not where they come from."""

import sys
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from stance.analysis import ArticleStatement
from stance.domain import Issue, Prediction, Result, Sentiment, Stance

_COLOUR = {
    Stance.FAVOR: "green", Stance.AGAINST: "red", Sentiment.POSITIVE: "green",
    Sentiment.NEGATIVE: "red", Stance.UNRELATED: "bright_black",
}  # fmt: skip
_LONGEST_TEXT = 400


def print_results(results: Sequence[Result], show_unrelated: bool) -> None:
    """Print a table: a statement, its tone, and the issues that it is about.

    Where a coverage was asked, the other labels of each prediction set stand beside the answer.
    """
    rows = [([_short(result.statement.text)], result) for result in results]
    _print_table(["Statement"], rows, show_unrelated)


def print_statements(statements: Sequence[ArticleStatement]) -> None:
    """Print a table of an article's statements: the speaker, and what `print_results` prints."""
    rows = [([_speaker(one), _short(one.content)], one.result) for one in statements]
    _print_table(["Speaker", "Statement"], rows, show_unrelated=False)


def _print_table(
    heads: Sequence[str], rows: Sequence[tuple[Sequence[Text], Result]], show_unrelated: bool
) -> None:
    with_sets = any(result.sentiment.prediction_set is not None for _, result in rows)
    table = Table(box=SIMPLE_HEAD, show_lines=False, pad_edge=False)
    for head in heads:
        table.add_column(head, ratio=3 if head == "Statement" else 1, overflow="fold")
    table.add_column("Tone", no_wrap=True)
    table.add_column("Issue", ratio=2, overflow="fold")
    table.add_column("Stance", no_wrap=True)
    table.add_column("P", justify="right", no_wrap=True)
    if with_sets:
        table.add_column("Or", no_wrap=True)
    for first, result in rows:
        table.add_row(*first, *_answers(result, show_unrelated, with_sets))
        table.add_section()
    Console(width=None if sys.stdout.isatty() else 120).print(table)


def _answers(result: Result, show_unrelated: bool, with_sets: bool) -> Iterator[Text | str]:
    """The cells of a result: tone, issues, stances, their probabilities, and the sets."""
    rows = [
        (_name(issue), prediction)
        for issue, prediction in result.stances
        if show_unrelated or prediction.label != Stance.UNRELATED or _others(prediction)
    ]
    rows += [(f"toward {_visible(target)}", prediction) for target, prediction in result.targets]
    yield Text("\n").join([_label(result.sentiment), *_others(result.sentiment)])
    yield Text("\n".join(name for name, _ in rows) or "none of those asked")
    yield Text("\n").join(_label(prediction) for _, prediction in rows)
    yield "\n".join(f"{max(prediction.probabilities):.2f}" for _, prediction in rows)
    if with_sets:
        yield Text("\n").join(Text(", ").join(_others(prediction)) for _, prediction in rows)


def _speaker(statement: ArticleStatement) -> Text:
    """The speaker and the office; where nobody can be named, what the article says instead."""
    speaker = statement.attribution.speaker
    if speaker is None:
        mention = " ".join((statement.mention or "").split())
        return Text(f"? ({_visible(mention)})" if mention else "?")
    role = Text(f"\n{_visible(speaker.role)}" if speaker.role else "", "bright_black")
    return Text(_visible(speaker.name)) + role


def _short(text: str) -> Text:
    text = _visible(text)
    return Text(text[:_LONGEST_TEXT] + " ..." if len(text) > _LONGEST_TEXT else text)


def _name(issue: Issue) -> str:
    return issue.id or _visible(issue.proposition)


def _visible(text: str) -> str:
    # Escape sequences in a text that came from elsewhere would drive the terminal.
    return "".join(
        "\ufffd" if unicodedata.category(c) == "Cc" and c not in "\n\t" else c for c in text
    )


def _others(prediction: Prediction) -> list[Text]:
    """The labels that the prediction set leaves open beside the answer."""
    labels = prediction.prediction_set or ()
    return [Text(label, "bright_black") for label in labels if label != prediction.label]


def _label(prediction: Prediction) -> Text:
    return Text(prediction.label, _COLOUR.get(prediction.label, ""))  # type: ignore[call-overload]


@contextmanager
def progress(shown: bool) -> Iterator[Callable[[int], None]]:
    """A bar on standard error, told how many are done; silent if not `shown`, or no terminal."""
    columns = (
        SpinnerColumn(), TextColumn("{task.completed:,} statements"), BarColumn(),
        TextColumn("{task.fields[rate]}"), TimeElapsedColumn(),
    )  # fmt: skip
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not (shown and console.is_terminal)) as bar:
        task = bar.add_task("", total=None, rate="")

        def count(n_done: int) -> None:
            speed = bar.tasks[0].speed
            bar.update(task, completed=n_done, rate=f"{speed:.0f}/s" if speed else "")

        yield count


def on_one_line(text: str) -> str:
    """A text of others, for a line of its own: nothing in it drives the terminal."""
    return " ".join(_visible(text).split())
