"""Articles become attributed statements, in text order, with exact offsets."""

from pathlib import Path

import pytest

from stance.bundle import publish, seal, stage
from stance.domain import Article
from stance.errors import BundleError
from stance.quotes import Extractor
from stance.speakers import SpeakerModel
from tests.tiny_articles import by_eye

ARTICLE = Article(
    "Moscow says that we should have peace. Football is good. That there is war, says Warsaw."
)
NOBODY = SpeakerModel({}, 1.0)


def test_statements_come_in_the_order_of_the_text() -> None:
    found = Extractor(by_eye(), NOBODY).extract(ARTICLE)

    assert [one.text(ARTICLE.text) for one in found] == [
        "that we should have peace", "That there is war",
    ]  # fmt: skip


def test_weights_of_speakers_that_cannot_be_read_are_refused_by_the_name_of_the_file(
    tmp_path: Path,
) -> None:
    with stage(tmp_path, "finder") as staged:
        for name in ("model.onnx", "tokenizer.json"):
            (staged / name).write_text("{}")
        (staged / "speakers.json").write_text('{"weights": []}')
        seal(staged, {"kind": "extraction", "window": 64})
        publish(staged, tmp_path, "finder")

    with pytest.raises(BundleError, match=r"speakers\.json: cannot be read as weights of speakers"):
        Extractor.open(tmp_path, "finder", threads=1)
