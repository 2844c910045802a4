"""The tables of a scored archive: their columns, and what each file tells of itself.

Documented, with the meaning of every column, in docs/archive-format.md.
"""

from collections.abc import Mapping
from enum import StrEnum
from importlib.metadata import version

import pyarrow as pa

from stance.domain import Sentiment, Stance

# Goes up with any change of a column, or of what a row means: no run then goes on with older parts.
FORMAT = 1


class Status(StrEnum):
    """What became of an article that could be read."""

    SCORED = "scored"
    DUPLICATE = "duplicate"  # another one has its text
    FAILED = "failed"  # its statements could not be found


_TEXT, _WHOLE, _OFFSET, _SHARE = pa.string(), pa.int32(), pa.int64(), pa.float32()
_SPAN = pa.struct([pa.field("start", _WHOLE, False), pa.field("end", _WHOLE, False)])


def _schema(needed: Mapping[str, pa.DataType], optional: Mapping[str, pa.DataType]) -> pa.Schema:
    return pa.schema(
        [pa.field(name, kind, nullable=False) for name, kind in needed.items()]
        + [pa.field(name, kind) for name, kind in optional.items()]
    )


ARTICLES = _schema(
    {
        "article": _TEXT, "file": _TEXT, "record": _WHOLE, "status": _TEXT, "characters": _WHOLE,
    },
    {
        "offset": _OFFSET, "id": _TEXT, "outlet": _TEXT, "date": _TEXT, "title": _TEXT,
        "content": _TEXT, "n_statements": _WHOLE,
    },
)  # fmt: skip
STATEMENTS = _schema(
    {
        "statement": _TEXT, "article": _TEXT, "text": _TEXT, "spans": pa.list_(_SPAN),
        "truncated": pa.bool_(), "sentiment": _TEXT, "sentiment_score": _SHARE,
        **dict.fromkeys(map(str, Sentiment), _SHARE), "model": _TEXT,
    },
    {
        "kind": _TEXT, "cue": _TEXT, "speaker": _TEXT, "mention": _TEXT, "role": _TEXT,
        "speaker_probability": _SHARE, "sentiment_set": _TEXT,
    },
)  # fmt: skip
STANCES = _schema(
    {
        "statement": _TEXT, "article": _TEXT, "proposition": _TEXT, "stance": _TEXT,
        "score": _SHARE, **dict.fromkeys(map(str, Stance), _SHARE), "model": _TEXT,
    },
    {"issue": _TEXT, "prediction_set": _TEXT},
)  # fmt: skip
ERRORS = _schema(
    {"stage": _TEXT, "file": _TEXT, "reason": _TEXT},
    {"record": _WHOLE, "offset": _OFFSET, "article": _TEXT, "n_records": _WHOLE},
)

# In the order in which a part's files are put in place: where there are articles, all is there.
TABLES = {"errors": ERRORS, "stances": STANCES, "statements": STATEMENTS, "articles": ARTICLES}


def described(table: str, run: Mapping[str, str], shard: str) -> pa.Schema:
    """A table's schema, with what its files tell of themselves as metadata.

    Args:
        table: a name in `TABLES`.
        run: see `stance.scoring_run.Run.metadata`.
        shard: the identity of the shard.
    """
    told = {
        "stance.format": str(FORMAT),
        "stance.table": table,
        "stance.version": version("stance"),
        "stance.shard": shard,
        **{f"stance.{name}": value for name, value in run.items()},
    }
    schema: pa.Schema = TABLES[table].with_metadata(
        {name: value.encode("utf-8", "replace") for name, value in told.items()}
    )
    return schema
