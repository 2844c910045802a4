"""A run in a process of its own that can be killed anywhere.

As a command, with a real bundle: python -m tests.scoring_process OUT MODELS N_SHARDS
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stance.bundle import open_bundle
from stance.classifier import Classifier
from stance.domain import Article, Attribution
from stance.scoring import score
from tests.scoring_fakes import ListedShard, extract, run_of, shard, small_archive, work_in

_FILE_EVENTS = {"open", "os.mkdir", "os.rename", "os.remove", "os.scandir"}
_SEARCHED = "tests.searched"


def search_log(out: Path) -> Path:
    """A byte for each article that was searched, by whatever run."""
    return out.with_name(f"{out.name}.searched")


def noting(out: Path) -> Callable[[Article], list[Attribution]]:
    """An extractor that notes each article in the log."""

    def search(article: Article) -> list[Attribution]:
        sys.audit(_SEARCHED, str(out))
        with search_log(out).open("ab", buffering=0) as log:
            log.write(b".")
        return extract(article)

    return search


def run_and_die(out: Path, n_shards: int, event: int) -> None:
    """Score the small archive, and be killed at a numbered touch of the folder; 0: never."""
    n_events = 0

    def hook(name: str, arguments: tuple[Any, ...]) -> None:
        nonlocal n_events
        touched = name == _SEARCHED or (name in _FILE_EVENTS and str(out) in str(arguments[0]))
        if touched:
            n_events += 1
            if n_events == event:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    score(small_archive(n_shards), work_in(out, extract=noting(out)))
    out.with_name(f"{out.name}.events").write_text(str(n_events))


def slow_archive(n_shards: int) -> list[ListedShard]:
    """Shards with a hundred texts and copies across them."""
    return [
        shard(f"{n}:1", *(f"paris: france opposes the tax {n * 80 + m}" for m in range(100)))
        for n in range(n_shards)
    ]


def main() -> None:
    """Score the slow archive with a real bundle."""
    out, models, n_shards = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    bundle = open_bundle(models, "tiny")
    search = noting(out)

    def slowly(article: Article) -> list[Attribution]:
        time.sleep(0.001)
        return search(article)

    classifier = Classifier.load(bundle, threads=1)
    work = work_in(out, run_of(bundle.digest), classifier, slowly)
    print(score(slow_archive(n_shards), work).counts)


if __name__ == "__main__":
    main()
