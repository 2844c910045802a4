"""What the training of an extractor learns from and is measured on. Knows no networks."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from stance.domain import Span
from stance.errors import StanceError
from stance.quotation import find_quotations
from training.attributions import POLNEAR as POLNEAR_ADDRESS
from training.attributions import read_articles, read_polnear
from training.gold import GoldArticle
from training.material import OWN_DATA
from training.recipe import OWN_ARTICLES, POLNEAR


@dataclass(frozen=True, slots=True)
class ArticleMaterial:
    """Marked articles, divided by their authors.

    Attributes:
        sources: what is trained on, by the names of the recipe's mix.
        speakers: articles that name speakers, to learn from who it is; of training alone.
        dev: what chooses the best epoch, by source.
        tests: what the finished bundle is measured on, by source.
        several: the articles that several people marked.
    """

    sources: Mapping[str, Sequence[GoldArticle]]
    speakers: Sequence[GoldArticle]
    dev: Mapping[str, Sequence[GoldArticle]]
    tests: Mapping[str, Sequence[GoldArticle]]
    several: Sequence[GoldArticle]

    def fingerprints(self) -> dict[str, str]:
        """Of each source: twelve hex digits that change with any text or mark."""
        return {name: fingerprint(articles) for name, articles in self.sources.items()}


def gather_articles(
    names: Sequence[str], data_dir: Path | None, own_data: Path = OWN_DATA
) -> ArticleMaterial:
    """Read the sources of a recipe, with their dev and test parts.

    Args:
        names: of the sources that the recipe's stages name.
        data_dir: the folder of the user's copies of public sets.
        own_data: the folder of our own articles; from them speakers are learned in any case.

    Raises:
        StanceError: a file is missing or faulty, or there is no `data_dir` and PolNeAR is needed.
    """
    parts = {part: _own(own_data, part) for part in ("train", "dev", "test")}
    read = {OWN_ARTICLES: parts} if OWN_ARTICLES in names else {}
    if POLNEAR in names:
        if data_dir is None:
            raise StanceError(
                f"the recipe learns from {POLNEAR}: give the folder of your copies with --data DIR "
                f"(DIR/polnear/train.jsonl.gz and so on; {POLNEAR_ADDRESS})"
            )
        read[POLNEAR] = {part: read_polnear(data_dir, part, _quoted) for part in parts}
    everything = [one for of in read.values() for articles in of.values() for one in articles]
    return ArticleMaterial(
        {name: read[name]["train"] for name in names},
        parts["train"],
        {name: of["dev"] for name, of in read.items()},
        {OWN_ARTICLES: parts["test"], **{name: of["test"] for name, of in read.items()}},
        [one for one in everything if one.others],
    )


def fingerprint(articles: Sequence[GoldArticle]) -> str:
    """Twelve hex digits that change with any text or mark, but not with the order of the rows."""
    rows = sorted(json.dumps(asdict(one), sort_keys=True) for one in articles)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:12]


def _own(folder: Path, part: str) -> list[GoldArticle]:
    return read_articles(folder / f"articles-{part}.jsonl", _quoted)


def _quoted(text: str) -> Sequence[Span]:
    return find_quotations(text).quoted
