"""Articles whose attributions were marked by people: PolNeAR, or rows in our own form.

Our own form is JSONL, one article a line, spans as [start, end] in characters of the text:
    {"id", "text", "title"?, "outlet"?, "date"?, "attributions": [{"id"?, "source": [span, ...],
     "cue": [span, ...], "content": [span, ...], "speaker", "role"?, "kind"?}],
     "alt_annotations"?: {annotator: attributions}}
PolNeAR's rows are of the same form but for the speakers, roles and kinds, which it has not.
"""

import gzip
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from stance.errors import FileError, InputError
from training.attribution_rows import Quoted, own_article, polnear_article
from training.gold import Gold, GoldArticle, kind_of
from training.label_formats import Row, is_table, read_rows
from training.label_values import nearest

__all__ = ["Gold", "GoldArticle", "Quoted", "kind_of", "read_articles", "read_polnear"]

POLNEAR = "github.com/networkdynamics/PolNeAR"
POLNEAR_SPLITS = ("train", "dev", "test")


def read_articles(path: Path, quoted: Quoted | None = None) -> list[GoldArticle]:
    """Read a file of articles in our own form.

    Space at the edges of a span is cut off; pieces of content with nothing but space between
    them in one line are joined. Pieces of one source or cue are read as the one span from the
    first to the last where they stand near each other; else of a cue the longest counts, and of a
    source the one that is nearest to the cue.

    Args:
        path: JSONL.
        quoted: what stands in quotation marks; fills in the kinds that the rows leave out.

    Raises:
        FileError: the file cannot be read, or has faults; all are told, each with its line.
    """
    if is_table(path):
        raise FileError(path, ["is a table; articles are read from .jsonl, one object a line"])
    return _read(path, read_rows(path), lambda row: own_article(row, quoted))


def read_polnear(data_dir: Path, split: str, quoted: Quoted | None = None) -> list[GoldArticle]:
    """Read a split of PolNeAR from the user's copy at `data_dir/polnear/<split>.jsonl.gz`.

    Newell, Margolin and Ruths, "An Attribution Relations Corpus for Political News", LREC 2018.
    Its authors ask that the test split be scored only once for a model. It names no speakers.
    Spans are mended as in `read_articles`. An attribution without content is left out, and of two
    whose contents are over each other the shorter one.

    Args:
        data_dir: the folder that holds the user's copies.
        split: train, dev or test.
        quoted: what stands in quotation marks; where given, kinds are derived by `kind_of`.

    Raises:
        FileError: the copy is missing or faulty, or there is no such split.
    """
    if split not in POLNEAR_SPLITS:
        known = f"{nearest(split, POLNEAR_SPLITS)}; its splits: {', '.join(POLNEAR_SPLITS)}"
        raise FileError("polnear", [f"has no split {split!r}{known}"])
    path = data_dir / "polnear" / f"{split}.jsonl.gz"
    return _read(path, _gzip_rows(path), lambda row: polnear_article(row, quoted))


def _read(
    path: Path, rows: Iterable[Row], read: Callable[[Mapping[str, Any]], GoldArticle]
) -> list[GoldArticle]:
    found: list[GoldArticle] = []
    faults: list[str] = []
    line_of: dict[str | None, int] = {}
    for number, row in rows:
        try:
            if isinstance(row, str):
                raise ValueError(row)
            one = read(row)
            if (first := line_of.setdefault(one.article.id, number)) != number:
                raise ValueError(f"has the id of line {first}; give each article its own")
            found.append(one)
        except (InputError, ValueError) as error:
            faults.append(f"line {number}: {error}")
    if not found and not faults:
        faults = ["is empty; write at least one article"]
    if faults:
        raise FileError(path, faults)
    return found


def _gzip_rows(path: Path) -> Iterator[Row]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    row = json.loads(line)
                except (json.JSONDecodeError, RecursionError) as error:
                    yield number, f"is not JSON: {error}"
                else:
                    yield number, row if isinstance(row, dict) else "must be an object"
    except FileNotFoundError as error:
        remedy = f"there is no such file; put your copy there ({POLNEAR})"
        raise FileError(path, [f"cannot be read as gzipped JSONL: {remedy}"]) from error
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise FileError(path, [f"cannot be read as gzipped JSONL: {error}"]) from error
