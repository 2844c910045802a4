"""A scored archive -> a report in one HTML file: who is for or against what, and how sure that is.

Reads what `stance score` wrote; scores nothing itself. Needs DuckDB (extra: archive).
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from stance.report_archive import open_run
from stance.report_correction import correct
from stance.report_figures import Figures, figures
from stance.report_labels import LabelledStance
from stance.report_limits import Limits
from stance.report_page import report_page
from stance.report_tables import open_tables
from stance.whole_file import whole_file

__all__ = ["LabelledStance", "Limits", "write_report"]


def write_report(
    scores: Path,
    out: Path,
    *,
    run: str | None = None,
    titles: Mapping[str, str] | None = None,
    labels: Iterable[LabelledStance] | None = None,
    measured: Mapping[str, Any] | None = None,
    limits: Limits | None = None,
) -> Figures:
    """Write the report of a scored archive; the file appears when all is written.

    Args:
        scores: the folder that `stance score` wrote.
        out: the HTML file.
        run: the key of one of its runs; may be None where there is only one.
        titles: what to call propositions; the others go by the issue's id, or as they are.
        labels: of a sample of the same archive, by which shares are corrected; None for none.
        measured: the `report.json` of the classifier's bundle; None where it is not at hand.
        limits: how much is shown.

    Returns:
        The figures that the page shows.

    Raises:
        FileError: the folder cannot be read as a scored archive, or the file not be written.
        MissingExtraError: DuckDB, or for labels ppi-python, is not installed.
    """
    found = open_run(scores, run, titles)
    with open_tables(found) as tables:
        counted = figures(found, tables, limits or Limits())
        correction = None if labels is None else correct(labels, found, tables)
    title = f"Who is for or against what: {scores.resolve().name}"
    text = report_page(title, counted, correction, measured)
    with whole_file(out) as draft:
        draft.write_text(text, encoding="utf-8")
    return counted
