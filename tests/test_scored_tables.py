"""The tables are what docs/archive-format.md says, column by column."""

import re
from pathlib import Path

import pyarrow as pa
import pytest

from stance.scored_tables import TABLES, described

DOCS = (Path(__file__).parents[1] / "docs" / "archive-format.md").read_text()
ROW = re.compile(r"^\| `(\w+)` \| ([^|]+?)( \?)? \| (.+) \|$", re.MULTILINE)


def documented(table: str) -> list[tuple[str, str, bool]]:
    section = DOCS.split(f"\n### {table}\n")[1].split("\n### ")[0]
    return [(name, kind, bool(optional)) for name, kind, optional, _ in ROW.findall(section)]


@pytest.mark.parametrize("table", TABLES)
def test_every_column_is_documented_in_order_with_its_type(table: str) -> None:
    columns = [(field.name, str(field.type), field.nullable) for field in TABLES[table]]

    assert documented(table) == columns


def test_a_schema_tells_what_made_the_file() -> None:
    schema = described("errors", {"run": "r1"}, "caf\udce9")

    assert schema.metadata[b"stance.run"] == b"r1"
    assert schema.metadata[b"stance.shard"] == b"caf?"
    assert schema.remove_metadata().equals(pa.schema(TABLES["errors"]))
