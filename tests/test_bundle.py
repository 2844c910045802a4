"""A model folder is whole, known and unchanged, or it is refused by the name of what is wrong."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stance.bundle import (
    Bundle,
    bundle_names,
    default_name,
    models_dir,
    open_bundle,
    publish,
    seal,
    set_default,
    stage,
    verify,
)
from stance.calibration import Calibration
from stance.domain import Kind
from stance.errors import BundleError

FILES = {"model.onnx": "network", "tokenizer.json": "{}", "report.json": "{}", "README.md": "card"}
MANIFEST: dict[str, Any] = {
    "window": 64,
    "temperatures": {"stance": 1.5, "sentiment": 0.5},
    "description": "tiny",
}
UNSAFE = ["../x", "a/b", "/etc", ".hidden", "A", "a b", "a\n", "ä", "a" * 101, "-a"]


def fill(folder: Path, files: dict[str, str] = FILES) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)


def make(models: Path, name: str = "tiny") -> Path:
    with stage(models, name) as staged:
        fill(staged)
        seal(staged, MANIFEST)
        return publish(staged, models, name)


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def tiny(models: Path) -> Path:
    return make(models)


def change(folder: Path, **fields: Any) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def test_a_bundle_that_was_sealed_and_published_can_be_opened(models: Path, tiny: Path) -> None:
    bundle = open_bundle(models, "tiny")

    assert (bundle.folder, bundle.name) == (models / "tiny", "tiny")
    assert bundle.window == 64
    assert bundle.calibration == Calibration({Kind.STANCE: 1.5, Kind.SENTIMENT: 0.5})
    assert bundle.manifest["description"] == "tiny"


def test_the_manifest_holds_versions_label_orders_and_the_sha256_of_every_file(
    models: Path, tiny: Path
) -> None:
    manifest = verify(models, "tiny").manifest

    assert (manifest["schema_version"], manifest["render_version"]) == (1, 1)
    assert manifest["labels"] == {
        "stance": ["favor", "against", "neutral", "unrelated"],
        "sentiment": ["positive", "neutral", "negative"],
    }
    assert manifest["files"] == {
        name: hashlib.sha256(text.encode()).hexdigest() for name, text in FILES.items()
    }


def test_the_digest_of_a_bundle_is_that_of_its_manifest(models: Path, tiny: Path) -> None:
    digest = open_bundle(models, "tiny").digest

    assert digest == hashlib.sha256((tiny / "manifest.json").read_bytes()).hexdigest()


def test_files_in_folders_of_a_bundle_are_sealed_too(models: Path) -> None:
    with stage(models, "deep") as staged:
        fill(staged, {**FILES, "plots/curve.html": "plot"})
        seal(staged, MANIFEST)
        folder = publish(staged, models, "deep")
    (folder / "plots" / "curve.html").write_text("other")

    with pytest.raises(BundleError, match="curve.html: its sha256 is not the manifest's"):
        verify(models, "deep")


@pytest.mark.parametrize("opens", [open_bundle, verify])
@pytest.mark.parametrize("file", ["model.onnx", "tokenizer.json"])
def test_a_changed_byte_is_refused_by_the_name_of_the_file(
    file: str, opens: Callable[[Path, str], Bundle], models: Path, tiny: Path
) -> None:
    content = bytearray((tiny / file).read_bytes())
    content[-1] ^= 1
    (tiny / file).write_bytes(content)

    with pytest.raises(BundleError) as caught:
        opens(models, "tiny")

    reason = "its sha256 is not the manifest's; fetch the bundle again"
    assert str(caught.value) == f"{tiny / file}: {reason}"


def test_a_changed_report_is_found_by_verifying(models: Path, tiny: Path) -> None:
    (tiny / "report.json").write_text('{"macro_f1": 1}')

    assert open_bundle(models, "tiny").name == "tiny"
    with pytest.raises(BundleError, match="report.json: its sha256 is not the manifest's"):
        verify(models, "tiny")


@pytest.mark.parametrize("file", list(FILES))
def test_a_missing_file_is_refused_by_name(file: str, models: Path, tiny: Path) -> None:
    (tiny / file).unlink()

    with pytest.raises(BundleError) as caught:
        verify(models, "tiny")

    assert str(caught.value) == f"{tiny / file}: is missing; the manifest lists it"


@pytest.mark.parametrize(
    "file",
    ["weights.bin", "weights.pt", "head.pkl", "head.pickle", "model.PT", "a.py", "plain", ".env"],
)
def test_files_that_may_hold_code_are_refused(file: str, models: Path, tiny: Path) -> None:
    (tiny / file).write_text("x")

    with pytest.raises(BundleError) as caught:
        open_bundle(models, "tiny")

    assert str(caught.value) == f"{tiny / file}: files of this kind are never read; remove it"


def test_a_pickle_is_refused_even_where_the_manifest_lists_it(models: Path) -> None:
    with stage(models, "tiny") as staged:
        fill(staged, {**FILES, "head.pkl": "x"})
        seal(staged, MANIFEST)

        with pytest.raises(BundleError, match="head.pkl: files of this kind are never read"):
            publish(staged, models, "tiny")

    assert bundle_names(models) == []


def test_a_file_that_the_manifest_does_not_list_is_refused(models: Path, tiny: Path) -> None:
    (tiny / "extra.json").write_text("{}")

    with pytest.raises(BundleError) as caught:
        open_bundle(models, "tiny")

    assert str(caught.value) == f"{tiny / 'extra.json'}: is not in the manifest; remove it"


@pytest.mark.parametrize("file", ["model.onnx", "manifest.json", "report.json"])
def test_a_link_to_a_file_is_refused_even_with_the_same_bytes(
    file: str, models: Path, tiny: Path, tmp_path: Path
) -> None:
    (tiny / file).rename(tmp_path / file)
    (tiny / file).symlink_to(tmp_path / file)

    with pytest.raises(BundleError) as caught:
        open_bundle(models, "tiny")

    assert str(caught.value) == f"{tiny / file}: files of this kind are never read; remove it"


def test_a_link_to_a_folder_is_refused(models: Path, tiny: Path, tmp_path: Path) -> None:
    (tiny / "more").symlink_to(tmp_path)

    with pytest.raises(BundleError, match="more: files of this kind are never read; remove it"):
        open_bundle(models, "tiny")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("schema_version", 2, id="a later schema"),
        pytest.param("schema_version", None, id="no schema"),
        pytest.param("render_version", 2, id="a later rendering"),
        pytest.param("render_version", "1", id="a rendering in words"),
        pytest.param("labels", None, id="no labels"),
        pytest.param(
            "labels",
            {
                "stance": ["against", "favor", "neutral", "unrelated"],
                "sentiment": ["positive", "neutral", "negative"],
            },
            id="another order of labels",
        ),
        pytest.param(
            "labels", {"stance": ["favor", "against", "neutral", "unrelated"]}, id="half the labels"
        ),
        pytest.param("window", 7, id="a window too small"),
        pytest.param("window", 8193, id="a window too large"),
        pytest.param("window", "64", id="a window in words"),
        pytest.param("temperatures", {"stance": float("nan"), "sentiment": 1.0}, id="not a number"),
        pytest.param("temperatures", {"stance": -1.0, "sentiment": 1.0}, id="below zero"),
        pytest.param("temperatures", {"stance": 0.0, "sentiment": 1.0}, id="zero"),
        pytest.param("temperatures", {"stance": 1.0, "sentiment": float("inf")}, id="infinite"),
        pytest.param("temperatures", {"stance": 1.0, "sentiment": "1"}, id="in words"),
        pytest.param("temperatures", {"stance": 1.0}, id="one temperature"),
        pytest.param("temperatures", [1.0, 1.0], id="a list of temperatures"),
        pytest.param("files", {"model.onnx": "0"}, id="no tokenizer listed"),
        pytest.param("files", ["model.onnx", "tokenizer.json"], id="a list of files"),
    ],
)
def test_a_manifest_of_another_form_is_refused_by_field(
    field: str, value: object, models: Path, tiny: Path
) -> None:
    change(tiny, **{field: value})

    with pytest.raises(BundleError) as caught:
        open_bundle(models, "tiny")

    reason = f"{field} is missing or not one that this version of Stance knows"
    assert str(caught.value) == f"{tiny / 'manifest.json'}: {reason}"


def test_a_manifest_that_is_no_object_is_refused(models: Path, tiny: Path) -> None:
    (tiny / "manifest.json").write_text("[]")

    with pytest.raises(BundleError, match="manifest.json: is not an object"):
        open_bundle(models, "tiny")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"{", id="broken off"),
        pytest.param(b"", id="empty"),
        pytest.param(b'{"a": "\xff"}', id="not UTF-8"),
        pytest.param(b"[" * 200_000, id="too deep"),
    ],
)
def test_a_manifest_that_is_not_json_is_refused(content: bytes, models: Path, tiny: Path) -> None:
    (tiny / "manifest.json").write_bytes(content)

    with pytest.raises(BundleError) as caught:
        open_bundle(models, "tiny")

    assert str(caught.value).startswith(f"{tiny / 'manifest.json'} cannot be read: ")


@pytest.mark.parametrize("name", UNSAFE)
def test_a_name_that_is_not_fit_for_a_folder_cannot_be_staged(name: str, models: Path) -> None:
    with pytest.raises(BundleError) as caught, stage(models, name):
        pass

    reason = "a model's name has a-z, 0-9, dots and hyphens only"
    assert str(caught.value) == f"{name!r}: {reason}"
    assert not models.exists()


@pytest.mark.parametrize("opens", [open_bundle, verify, set_default])
@pytest.mark.parametrize("name", UNSAFE)
def test_a_name_that_is_not_fit_for_a_folder_opens_nothing(
    name: str, opens: Callable[[Path, str], object], models: Path, tiny: Path
) -> None:
    (models / "x").mkdir()

    with pytest.raises(BundleError) as caught:
        opens(models / "x", name)

    assert str(caught.value) == f"no model {name[:100]!r} in {models / 'x'}; there are: none"


def test_a_bundle_beside_the_folder_cannot_be_reached_by_name(models: Path, tiny: Path) -> None:
    (models / "x").mkdir()

    with pytest.raises(BundleError, match=r"no model '\.\./tiny' in "):
        open_bundle(models / "x", "../tiny")


def test_an_unknown_name_lists_the_known_ones(models: Path) -> None:
    make(models, "b-2")
    make(models, "a.1")

    with pytest.raises(BundleError) as caught:
        open_bundle(models, "c")

    assert str(caught.value) == f"no model 'c' in {models}; there are: a.1, b-2"


def test_a_folder_that_is_not_there_has_no_models(models: Path) -> None:
    assert bundle_names(models) == []
    with pytest.raises(BundleError, match="no model 'a' in .*; there are: none"):
        open_bundle(models, "a")


def test_a_folder_without_a_manifest_is_no_model(models: Path, tiny: Path) -> None:
    (tiny / "manifest.json").unlink()

    assert bundle_names(models) == []
    with pytest.raises(BundleError, match="no model 'tiny' in "):
        open_bundle(models, "tiny")


def test_a_staging_that_breaks_off_leaves_nothing(models: Path) -> None:
    def break_off() -> None:
        with stage(models, "tiny") as staged:
            fill(staged)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        break_off()

    assert list(models.iterdir()) == []


def test_a_staging_that_is_not_published_leaves_nothing(models: Path) -> None:
    with stage(models, "tiny") as staged:
        fill(staged)
        seal(staged, MANIFEST)

    assert list(models.iterdir()) == []


def test_a_bundle_that_is_being_written_is_not_yet_a_model(models: Path) -> None:
    with stage(models, "tiny") as staged:
        fill(staged)
        seal(staged, MANIFEST)

        assert staged.parent == models
        assert bundle_names(models) == []


def test_what_a_killed_process_of_the_same_number_left_is_swept_away(models: Path) -> None:
    left = models / f".tiny.{os.getpid()}"
    left.mkdir(parents=True)
    (left / "half.json").write_text("{")

    make(models)

    assert sorted(path.name for path in models.iterdir()) == ["tiny"]
    assert not (models / "tiny" / "half.json").exists()


def test_a_bundle_is_never_overwritten(models: Path, tiny: Path) -> None:
    with pytest.raises(BundleError) as caught, stage(models, "tiny"):
        pass

    assert str(caught.value) == f"{tiny} exists already; bundles are never overwritten"
    assert verify(models, "tiny").name == "tiny"


def test_a_name_that_was_taken_meanwhile_is_not_overwritten(models: Path) -> None:
    with stage(models, "tiny") as staged:
        fill(staged)
        seal(staged, MANIFEST)
        fill(models / "tiny", {"model.onnx": "of the other"})

        with pytest.raises(BundleError, match="tiny could not be written: "):
            publish(staged, models, "tiny")

    assert (models / "tiny" / "model.onnx").read_text() == "of the other"


def test_a_folder_that_was_not_sealed_is_not_published(models: Path) -> None:
    with stage(models, "tiny") as staged:
        fill(staged)

        with pytest.raises(BundleError, match="manifest.json cannot be read: "):
            publish(staged, models, "tiny")

    assert bundle_names(models) == []


def test_a_folder_that_was_changed_after_sealing_is_not_published(models: Path) -> None:
    with stage(models, "tiny") as staged:
        fill(staged)
        seal(staged, MANIFEST)
        (staged / "report.json").write_text("better")

        with pytest.raises(BundleError, match="report.json: its sha256 is not the manifest's"):
            publish(staged, models, "tiny")

    assert bundle_names(models) == []


def test_the_default_is_the_bundle_that_is_opened_without_a_name(models: Path) -> None:
    make(models, "a")
    make(models, "b")

    set_default(models, "b")

    assert default_name(models) == "b"
    assert open_bundle(models).name == "b"
    assert sorted(path.name for path in models.iterdir()) == ["DEFAULT", "a", "b"]


def test_the_default_can_go_back(models: Path) -> None:
    for name in ("a", "b"):
        make(models, name)
        set_default(models, name)

    set_default(models, "a")

    assert (models / "DEFAULT").read_text() == "a\n"


def test_the_line_of_the_default_changes_in_one_rename(models: Path) -> None:
    make(models, "a")
    make(models, "b")
    set_default(models, "a")
    opened_before = (models / "DEFAULT").open()

    set_default(models, "b")

    with opened_before:
        assert opened_before.read() == "a\n"


@pytest.mark.parametrize("name", ["c", "../a", ""])
def test_what_is_no_bundle_cannot_be_the_default(name: str, models: Path) -> None:
    make(models, "a")
    set_default(models, "a")

    with pytest.raises(BundleError, match=f"no model {name!r} in .*; there are: a"):
        set_default(models, name)

    assert default_name(models) == "a"


def test_a_broken_bundle_cannot_be_the_default(models: Path, tiny: Path) -> None:
    (tiny / "model.onnx").write_text("other")

    with pytest.raises(BundleError, match="model.onnx: its sha256 is not the manifest's"):
        set_default(models, "tiny")

    assert not (models / "DEFAULT").exists()


def test_without_a_default_a_model_must_be_named(models: Path, tiny: Path) -> None:
    with pytest.raises(BundleError) as caught:
        open_bundle(models)

    assert str(caught.value).startswith(f"{models / 'DEFAULT'} cannot be read: ")
    assert str(caught.value).endswith("; name a model")


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe"], ids=["empty", "blank", "bytes"])
def test_a_default_that_names_nothing_is_refused(content: bytes, models: Path, tiny: Path) -> None:
    (models / "DEFAULT").write_bytes(content)

    with pytest.raises(BundleError, match="name a model"):
        default_name(models)


def test_the_shipped_default_is_what_its_manifest_says() -> None:
    bundle = verify(models_dir(), default_name(models_dir()))

    assert bundle.name in bundle_names(models_dir())
    assert bundle.window >= 256
