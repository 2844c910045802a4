"""The network takes the CPUs that it may use, and no file that is no model."""

import os
from pathlib import Path

import numpy as np
import pytest

from stance.bundle import models_dir, open_bundle
from stance.calibration import N_LOGITS
from stance.errors import BundleError
from stance.network import OnnxNetwork, available_cpus
from stance.packing import Group, lay_out
from stance.render import Block


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> int:
    """A process that may run on eight CPUs."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    return 8


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder


V1_QUOTA, V1_PERIOD = "cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"


@pytest.mark.parametrize(
    ("files", "cpus"),
    [
        pytest.param({"cpu.max": "max 100000\n"}, 8, id="v2 without a quota"),
        pytest.param({"cpu.max": "150000 100000\n"}, 2, id="v2, one and a half"),
        pytest.param({"cpu.max": "400000 100000\n"}, 4, id="v2, four"),
        pytest.param({"cpu.max": "10000 100000\n"}, 1, id="v2, a tenth"),
        pytest.param({"cpu.max": "6400000 100000\n"}, 8, id="v2, more than there are"),
        pytest.param({"cpu.max": ""}, 8, id="v2, empty"),
        pytest.param({"cpu.max": "many\n"}, 8, id="v2, unreadable"),
        pytest.param({"cpu.max": "100000 0\n"}, 8, id="v2, no period"),
        pytest.param({V1_QUOTA: "-1\n", V1_PERIOD: "100000\n"}, 8, id="v1 without a quota"),
        pytest.param({V1_QUOTA: "250000\n", V1_PERIOD: "100000\n"}, 3, id="v1, two and a half"),
        pytest.param({V1_QUOTA: "250000\n"}, 8, id="v1, half of the files"),
        pytest.param({}, 8, id="no files"),
    ],
)
def test_the_cpus_are_those_of_the_quota(
    files: dict[str, str], cpus: int, machine: int, tmp_path: Path
) -> None:
    assert available_cpus(write(tmp_path, files)) == cpus


def test_without_a_quota_the_cpus_are_those_that_the_process_may_run_on(tmp_path: Path) -> None:
    assert available_cpus(tmp_path) == len(os.sched_getaffinity(0))


def test_where_a_system_knows_no_affinity_all_its_cpus_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)

    assert available_cpus(tmp_path) == 1


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"no model at all", id="text"),
        pytest.param(bytes(range(256)), id="bytes"),
    ],
)
def test_a_file_that_is_no_model_is_refused_by_name(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)

    with pytest.raises(BundleError) as caught:
        OnnxNetwork(path)

    assert str(caught.value).startswith(f"{path}: ONNX Runtime cannot load it: ")


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"model\.onnx: ONNX Runtime cannot load it: "):
        OnnxNetwork(tmp_path / "model.onnx")


@pytest.fixture(scope="module")
def shipped() -> OnnxNetwork:
    return OnnxNetwork(open_bundle(models_dir()).folder / "model.onnx", threads=1)


def group(seed: int, *lengths: int) -> Group:
    rng = np.random.default_rng(seed)
    statement, *questions = (Block((101, *rng.integers(2000, 9000, n).tolist())) for n in lengths)
    return Group(statement, tuple(questions))


def test_the_shipped_network_answers_every_question_of_every_row(shipped: OnnxNetwork) -> None:
    logits = shipped(lay_out([[group(1, 9, 4, 4), group(2, 5, 3)], [group(3, 6, 2)]]))

    assert logits.shape == (2, 3, N_LOGITS)
    assert logits.dtype == np.float32
    assert np.isfinite(logits).all()


def test_an_answer_is_the_same_packed_padded_and_alone(shipped: OnnxNetwork) -> None:
    one, two, three = group(1, 9, 4, 6), group(2, 5, 3), group(3, 30, 2)
    packed = shipped(lay_out([[two, one], [three]]))

    alone = shipped(lay_out([[one]]))

    assert packed[0, 1:] == pytest.approx(alone[0], abs=1e-5)
    assert shipped(lay_out([[two]]))[0, 0] == pytest.approx(packed[0, 0], abs=1e-5)


def test_an_answer_does_not_see_the_question_beside_it(shipped: OnnxNetwork) -> None:
    one = group(1, 9, 4, 6)
    other = Group(one.statement, (one.questions[0], Block((101, 2000, 3000))))

    beside, alone = shipped(lay_out([[one]])), shipped(lay_out([[other]]))

    assert beside[0, 0] == pytest.approx(alone[0, 0], abs=1e-5)
    assert np.abs(beside[0, 1] - alone[0, 1]).max() > 1e-3


def test_an_answer_sees_its_statement(shipped: OnnxNetwork) -> None:
    one = group(1, 9, 4)
    other = Group(group(2, 9).statement, one.questions)

    logits = shipped(lay_out([[one], [other]]))

    assert np.abs(logits[0] - logits[1]).max() > 1e-3
