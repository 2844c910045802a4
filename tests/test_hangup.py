"""A real service takes new models on SIGHUP, under load, and no request fails."""

import asyncio
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from api.hangup import hangups_held, on_hangup
from stance.promotion import promote
from tests.tiny_analysis import ONE, publish_extractor
from tests.tiny_bundles import publish_tiny

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="needs SIGHUP")

DEADLINE_S = 60
BODY = json.dumps(
    {
        "statements": [{"text": "Berlin supports the tax"}] * 8,
        "propositions": ["Berlin should tax", "Paris should tax"],
    }
)
ARTICLE = json.dumps(
    {"text": ONE, "propositions": ["Berlin should tax", "Paris should tax"]},
)
SAYS = {"a": "favor", "b": "against"}
FINDS = {"a": "finds-a", "b": "finds-b"}


@dataclass
class Service:
    """A `stance serve` process, and what it has logged."""

    process: subprocess.Popen[str]
    port: int
    lines: list[str] = field(default_factory=list)

    def ask(self, method: str, path: str, body: str | None = None) -> tuple[int, dict[str, Any]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_S)
        try:
            connection.request(method, path, body, {"content-type": "application/json"})
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def hang_up(self) -> None:
        self.process.send_signal(signal.SIGHUP)

    def model(self) -> str:
        return str(self.ask("GET", "/model")[1]["name"])


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait for what another process does; fails at the deadline."""
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline, "did not come about in time"
        time.sleep(0.02)


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Two bundles, 'a', the default, for everything, and 'b' against; and a finder for each."""
    for name, stance in SAYS.items():
        publish_tiny(tmp_path, name, stance, window=128)
        publish_extractor(tmp_path, FINDS[name])
    promote(tmp_path, "a")
    promote(tmp_path, "finds-a")
    return tmp_path


@contextmanager
def serving(models: Path, *more: str) -> Iterator[Service]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "stance", "serve", "--models", str(models), "--threads", "1"]
    process = subprocess.Popen(  # noqa: S603 - the arguments are the tests' own
        [*command, "--port", str(port), *more], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    service, logged = Service(process, port), iter(process.stderr.readline, "")
    reader = threading.Thread(target=service.lines.extend, args=(logged,))
    reader.start()
    try:
        wait_until(lambda: any("serving" in line for line in service.lines))
        wait_until(lambda: listens(port))
        yield service
    finally:
        process.terminate()
        process.wait(DEADLINE_S)
        reader.join(DEADLINE_S)
        process.stderr.close()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_models_change_under_load_and_no_request_fails(models: Path) -> None:
    broken = publish_tiny(models, "broken", "neutral") / "model.onnx"
    broken.write_bytes(broken.read_bytes()[:-1])
    stop = threading.Event()
    answers: list[list[Any]] = [[] for _ in range(3)]

    def load(service: Service, mine: list[Any], path: str, body: str) -> None:
        while not stop.is_set():
            mine.append(service.ask("POST", path, body))

    def all_hear(name: str) -> bool:
        return all(mine and mine[-1][1].get("model") == name for mine in answers)

    with serving(models) as service:
        asked = [("/classify", BODY), ("/analyze", ARTICLE), ("/analyze", ARTICLE)]
        threads = [
            threading.Thread(target=load, args=(service, mine, *ask))
            for mine, ask in zip(answers, asked, strict=True)
        ]
        for thread in threads:
            thread.start()
        try:
            wait_until(lambda: all_hear("a"))
            promote(models, "b")
            promote(models, "finds-b")
            service.hang_up()
            wait_until(lambda: all_hear("b"))
            (models / "DEFAULT").write_text("broken\n")
            (models / "EXTRACTOR").write_text("finds-a\n")
            service.hang_up()
            wait_until(lambda: any("still serving b" in line for line in service.lines))
            (models / "DEFAULT").write_text("a\n")
            service.hang_up()
            wait_until(lambda: all_hear("a"))
        finally:
            stop.set()
            for thread in threads:
                thread.join(DEADLINE_S)

    assert {status for mine in answers for status, _ in mine} == {200}
    for mine in answers:
        for _, body in mine:
            results = body["results"] if "results" in body else body["statements"]
            assert {result["model"] for result in results} == {body["model"]}
            labels = {one["label"] for result in results for one in result["stances"]}
            assert labels == {SAYS[body["model"]]}
            assert body.get("extractor") in (None, FINDS[body["model"]])
        in_order = [body["model"] for _, body in mine]
        changes = [new for old, new in zip(["", *in_order], in_order, strict=False) if new != old]
        assert changes == ["a", "b", "a"]
    [why] = [line for line in service.lines if "still serving" in line]
    assert f"still serving b and finds-b: {broken}: its sha256 is not the manifest's" in why


def test_a_model_that_was_named_is_opened_again_whatever_the_default_is(models: Path) -> None:
    with serving(models, "--model", "a") as service:
        promote(models, "b")
        service.hang_up()
        wait_until(lambda: sum("serving a" in line for line in service.lines) == 2)

        assert service.model() == "a"


# Within this process


def hang_up() -> None:
    os.kill(os.getpid(), signal.SIGHUP)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not holds():
            await asyncio.sleep(0.001)


def test_signals_that_come_while_one_is_acted_on_are_acted_on_once_more() -> None:
    acts: list[str] = []

    async def run() -> None:
        go_on = asyncio.Event()

        async def act() -> None:
            acts.append("begun")
            await go_on.wait()
            acts.append("done")

        async with on_hangup(act):
            hang_up()
            await until(lambda: acts == ["begun"])
            for _ in range(3):
                hang_up()
                await asyncio.sleep(0.01)
            go_on.set()
            await until(lambda: len(acts) >= 4)
            await asyncio.sleep(0.05)

    asyncio.run(run())

    assert acts == ["begun", "done"] * 2


def test_a_signal_that_came_too_early_is_acted_on_later() -> None:
    acts: list[str] = []

    async def run() -> None:
        async def act() -> None:
            acts.append("done")

        async with on_hangup(act):
            await until(lambda: acts == ["done"])

    with hangups_held():
        hang_up()
        asyncio.run(run())

    assert acts == ["done"]


def test_where_nobody_listens_any_more_the_signal_has_its_old_meaning() -> None:
    before = signal.getsignal(signal.SIGHUP)

    async def act() -> None:
        raise AssertionError

    async def run() -> None:
        async with on_hangup(act):
            assert signal.getsignal(signal.SIGHUP) is not before

    asyncio.run(run())

    assert signal.getsignal(signal.SIGHUP) is before


def test_a_signal_that_comes_too_late_is_held() -> None:
    async def act() -> None:
        raise AssertionError

    async def run() -> None:
        async with on_hangup(act):
            pass

    with hangups_held():
        asyncio.run(run())
        hang_up()


def test_in_another_thread_nobody_listens_and_nothing_breaks() -> None:
    ran: list[str] = []

    async def act() -> None:
        raise AssertionError

    async def run() -> None:
        async with on_hangup(act):
            ran.append("through")

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    thread.join(DEADLINE_S)

    assert ran == ["through"]
