"""Which texts a model has learned from, kept as hashes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.errors import FileError
from training.seen import Seen, read_seen


def test_words_count_and_not_their_case_or_punctuation() -> None:
    seen = Seen.of(["Kyiv will not give up any land."])

    assert "KYIV will not -- give up any land!" in seen
    assert "Kyiv will give up any land." not in seen


@given(st.lists(st.text(min_size=1), max_size=20))
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("seen")
    seen = Seen.of(texts)

    seen.write(folder)

    assert read_seen(folder) == seen
    assert all(text in read_seen(folder) for text in texts)


def test_a_bundle_that_does_not_say_has_seen_nothing(tmp_path: Path) -> None:
    assert len(read_seen(tmp_path)) == 0


def test_the_texts_are_not_in_the_file(tmp_path: Path) -> None:
    Seen.of(["a secret statement"]).write(tmp_path)

    assert "secret" not in (tmp_path / "seen.json").read_text()


@pytest.mark.parametrize("text", ["{", "[]", '{"hashes": 3}', '{"hashes": "?"}'])
def test_a_broken_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "seen.json").write_text(text)

    with pytest.raises(FileError, match="seen.json: cannot be read as a list of hashes"):
        read_seen(tmp_path)
