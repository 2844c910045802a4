"""The engine changes models without a pause, and keeps the old one where the new one is broken."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from api.engine import Engine, Served
from stance.bundle import open_bundle
from stance.classifier import Classifier
from stance.domain import Issue, Statement
from stance.errors import InputError
from stance.packing import Rows
from stance.promotion import promote
from tests.fakes import fake_classifier, keyword_network, word_tokenizer
from tests.tiny_bundles import publish_tiny

TAX = [Issue("tax", "Tax", "Berlin should tax carbon and gas and oil")]
SUPPORT = [Statement("Berlin supports the tax")]


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Two bundles; the one named 'a' is the default, and for everything."""
    publish_tiny(tmp_path, "a", "favor")
    publish_tiny(tmp_path, "b", "against")
    promote(tmp_path, "a")
    return tmp_path


@pytest.fixture
def engine(models: Path) -> Iterator[Engine]:
    def open_default() -> Served:
        bundle = open_bundle(models)
        return Served(Classifier.load(bundle, threads=1), bundle)

    engine = Engine(open_default, TAX)
    yield engine
    engine.close()


def ask(engine: Engine) -> tuple[str, str, str]:
    """The model of the body, that of the result, and the stance."""
    body: dict[str, Any] = json.loads(asyncio.run(engine.answer(SUPPORT, TAX, None)))
    [result] = body["results"]
    return body["model"], result["model"], result["stances"][0]["label"]


def test_an_engine_serves_what_is_the_default_when_it_is_made(engine: Engine) -> None:
    assert ask(engine) == ("a", "a", "favor")


def test_a_new_default_is_not_served_before_it_is_asked_for(engine: Engine, models: Path) -> None:
    promote(models, "b")

    assert ask(engine) == ("a", "a", "favor")


def test_an_engine_that_is_renewed_serves_the_new_default(
    engine: Engine, models: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "stance.api")
    promote(models, "b")

    asyncio.run(engine.renew())

    assert ask(engine) == ("b", "b", "against")
    assert engine.served.bundle == open_bundle(models, "b")
    assert caplog.messages == ["serving b"]


def break_file(models: Path) -> str:
    (models / "b" / "model.onnx").write_bytes(b"other")
    return "b/model.onnx: its sha256 is not the manifest's; fetch the bundle again"


def break_default(models: Path) -> str:
    (models / "DEFAULT").write_text("gone\n")
    return "no model 'gone' in "


def remove_default(models: Path) -> str:
    (models / "DEFAULT").unlink()
    return "DEFAULT cannot be read: "


def narrow(models: Path) -> str:
    publish_tiny(models, "narrow", "favor", window=8)
    (models / "DEFAULT").write_text("narrow\n")
    return "proposition: is longer than the model's 8 tokens; shorten it"


BREAKS = [break_file, break_default, remove_default, narrow]


@pytest.mark.parametrize("spoil", BREAKS, ids=lambda one: one.__name__)
def test_a_new_model_that_cannot_be_served_leaves_the_old_one_serving(
    spoil: Callable[[Path], str], engine: Engine, models: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (models / "DEFAULT").write_text("b\n")
    reason = spoil(models)

    asyncio.run(engine.renew())

    assert ask(engine) == ("a", "a", "favor")
    [line] = caplog.messages
    assert line.startswith("still serving a: ")
    assert reason in line


def test_a_network_that_fails_when_it_is_warmed_leaves_the_old_one_serving(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(rows: Rows, /) -> NDArray[np.float32]:
        raise RuntimeError("no\nsuch operator")

    opened = iter([fake_classifier(), fake_classifier(network=broken)])
    engine = Engine(lambda: Served(next(opened)), TAX)

    asyncio.run(engine.renew())

    assert ask(engine) == ("keyword", "keyword", "favor")
    assert caplog.messages == ["still serving keyword: no such operator"]


def test_a_model_that_cannot_read_the_catalogue_is_refused_at_the_start() -> None:
    with pytest.raises(InputError, match="proposition: is longer than the model's 8 tokens"):
        Engine(lambda: Served(fake_classifier(window=8)), [Issue.ad_hoc("peace " * 9)])


def test_a_request_in_flight_is_finished_by_the_model_that_it_began_with(
    engine: Engine, models: Path
) -> None:
    computing, renewed = threading.Event(), threading.Event()
    answer = keyword_network(word_tokenizer())

    def waits(rows: Rows, /) -> NDArray[np.float32]:
        computing.set()
        assert renewed.wait(10)
        return answer(rows)

    async def ask_twice() -> list[str]:
        engine.served = Served(fake_classifier(network=waits))
        begun = asyncio.create_task(engine.answer(SUPPORT, TAX, None))
        assert await asyncio.to_thread(computing.wait, 10)
        await engine.renew()
        after = asyncio.create_task(engine.answer(SUPPORT, TAX, None))
        renewed.set()
        return [json.loads(body)["model"] for body in (await begun, await after)]

    assert asyncio.run(ask_twice()) == ["keyword", "a"]
