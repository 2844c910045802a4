"""Texts are told apart by their words, whatever the order of the work."""

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.copies import Originals, content_hash, copies_among
from stance.errors import FileError
from stance.parts import Part
from stance.scored_records import Shard
from stance.scoring import score, score_with
from stance.scoring_progress import Tally
from stance.shard_scoring import contents_of, score_shard
from tests.scoring_fakes import ListedShard, files, rows, run_of, shard, small_archive, work_in

WIRE = "kyiv: ukraine supports peace"


def test_white_space_does_not_tell_texts_apart_and_words_do() -> None:
    assert content_hash("a  b\n") == content_hash("a b")
    assert content_hash("ab") != content_hash("a b")
    assert content_hash("A b") != content_hash("a b")
    assert content_hash(" \n\t") is None


def test_what_stands_beside_tells_equal_texts_apart() -> None:
    assert len({content_hash("a"), content_hash("a", "b"), content_hash("a", "c")}) == 3
    assert content_hash("a b") != content_hash("a", "b")


def test_a_text_is_a_copy_from_the_second_time_on() -> None:
    with closing(Originals()) as originals:
        seen = [originals.is_copy(str(content_hash(text))) for text in "abacb"]

    assert seen == [False, False, True, False, True]


def test_the_copies_of_a_shard_are_told_by_their_numbers() -> None:
    with closing(Originals()) as originals:
        contents = [content_hash(text) for text in ["a", "b", " ", "a"]]

        assert copies_among(contents, originals) == {4}
        assert copies_among(contents, originals) == {1, 2, 4}


def test_trouble_with_temporary_files_is_told() -> None:
    originals = Originals()
    originals.close()

    with pytest.raises(FileError, match="SQLITE_TMPDIR"):
        originals.is_copy("00" * 16)


def test_contents_are_those_of_the_articles_that_have_a_word() -> None:
    [one] = small_archive(1)

    contents = contents_of(one)

    assert len(contents) == len(one.listed)
    assert [content is None for content in contents] == [n in {2, 5} for n in range(8)]
    assert contents[1] == contents[3]


class KilledError(Exception):
    """What ends a run."""


def score_some(shards: list[ListedShard], which: Sequence[int], out: Path) -> None:
    """Finish the shards of these numbers, in that order, as a cluster would, and be killed."""

    def engine(todo: Sequence[Shard], originals: Originals, enter: Callable[[Part], None]) -> None:
        copies = [copies_among(contents_of(one), originals) for one in todo]
        for n in which:
            enter(score_shard(work_in(out), todo[n], copies[n]))
        raise KilledError

    with pytest.raises(KilledError):
        score_with(engine, shards, out, run_of(), Tally())


def test_shards_that_are_indexed_first_and_scored_in_any_order_give_the_same(
    tmp_path: Path,
) -> None:
    score(small_archive(4), work_in(tmp_path / "local"))
    score_some(small_archive(4), [3, 1, 0, 2], tmp_path / "cluster")

    assert files(tmp_path / "cluster") == files(tmp_path / "local")


def test_a_copy_whose_original_was_never_scored_is_scored(tmp_path: Path) -> None:
    """A cluster was killed after the second shard, and the first is not given again."""
    shards = [shard("a:1", WIRE), shard("b:1", WIRE, "paris: good")]
    score_some(shards, [1], tmp_path)
    assert [row["status"] for row in rows(tmp_path, "articles")] == ["duplicate", "scored"]

    score(shards[1:], work_in(tmp_path))

    assert [row["status"] for row in rows(tmp_path, "articles")] == ["scored", "scored"]


texts = st.sampled_from([f"{who}: peace {n}" for who in ("kyiv", "paris") for n in range(3)])
archives = st.lists(st.lists(texts, max_size=4), min_size=1, max_size=4)


@settings(deadline=None, max_examples=15)
@given(archives, st.randoms())
def test_whatever_was_finished_before_a_kill_the_result_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, archive: list[list[str]], rng: Random
) -> None:
    shards = [shard(f"{n}:1", *some) for n, some in enumerate(archive)]
    whole, broken = tmp_path_factory.mktemp("whole"), tmp_path_factory.mktemp("broken")
    score(shards, work_in(whole))

    score_some(shards, rng.sample(range(len(shards)), rng.randint(0, len(shards))), broken)
    score(shards, work_in(broken))

    assert files(broken) == files(whole)
