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
    open_each,
    publish,
    seal,
    stage,
    verify,
)
from stance.calibration import Calibration
from stance.domain import Kind
from stance.errors import BundleError
from stance.manifest import ModelKind
from stance.promotion import promote, record_promotion, roll_back
from stance.tags import TAGS
from tests.tiny_bundles import opening_at

FILES = {
    "model.onnx": "network", "tokenizer.json": "{}", "report.json": "{}", "README.md": "card",
    "report.html": "<p>", "test.jsonl": "{}", "seen.json": "[]",
}  # fmt: skip
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


def test_the_digest_of_a_bundle_is_that_of_its_manifest_however_it_is_written(
    models: Path, tiny: Path
) -> None:
    digest = open_bundle(models, "tiny").digest

    manifest = json.loads((tiny / "manifest.json").read_text())
    canonical = json.dumps(manifest, sort_keys=True, separators=(",", ":"))
    assert digest == hashlib.sha256(canonical.encode()).hexdigest()
    change(tiny)
    assert open_bundle(models, "tiny").digest == digest


@pytest.mark.parametrize("field", ["window", "description", "prediction_sets"])
def test_the_digest_changes_with_what_the_manifest_says(
    field: str, models: Path, tiny: Path
) -> None:
    digest = open_bundle(models, "tiny").digest

    others = {"window": 65, "description": "tinier", "prediction_sets": opening_at(0.9).to_json()}
    change(tiny, **{field: others[field]})

    assert open_bundle(models, "tiny").digest != digest


def test_a_bundle_holds_the_prediction_sets_that_it_was_sealed_with(models: Path) -> None:
    with stage(models, "sure") as staged:
        fill(staged)
        seal(staged, {**MANIFEST, "prediction_sets": opening_at(0.9).to_json()})
        publish(staged, models, "sure")

    assert open_bundle(models, "sure").prediction_sets == opening_at(0.9)


def test_a_bundle_without_prediction_sets_is_opened_all_the_same(models: Path, tiny: Path) -> None:
    assert open_bundle(models, "tiny").prediction_sets is None


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        pytest.param(
            "prediction_sets", {}, "prediction_sets: must have levels, stance and sentiment",
            id="no sets",
        ),
        pytest.param(
            "prediction_sets", opening_at(0.9).to_json() | {"stance": {}},
            "prediction_sets: stance: must have counts and thresholds", id="half the sets",
        ),
        pytest.param("promotions", {}, "promotions must be a list", id="promotions"),
    ],
)  # fmt: skip
def test_a_part_that_may_be_missing_is_refused_where_it_is_of_another_form(
    field: str, value: object, fault: str, models: Path, tiny: Path
) -> None:
    change(tiny, **{field: value})

    with pytest.raises(BundleError) as caught:
        open_bundle(models, "tiny")

    assert str(caught.value) == f"{tiny / 'manifest.json'}: {fault}"


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
        pytest.param("kind", "translation", id="another kind"),
        pytest.param("kind", None, id="no kind"),
        pytest.param("kind", ["stance"], id="a list of kinds"),
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
        pytest.param(
            "temperatures", {"stance": 1.0, "sentiment": 1.0, "side": 0.0}, id="zero side"
        ),
        pytest.param("temperatures", {"stance": 1.0, "sentiment": 1.0, "x": 1.0}, id="not known"),
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


def make_extractor(models: Path, name: str = "finder") -> Path:
    with stage(models, name) as staged:
        fill(staged, {**FILES, "speakers.json": "{}"})
        seal(staged, {"kind": "extraction", "window": 64})
        return publish(staged, models, name)


def test_a_manifest_that_names_no_kind_is_of_stance(models: Path, tiny: Path) -> None:
    assert open_bundle(models, "tiny").kind is ModelKind.STANCE


def test_a_model_that_finds_statements_has_tags_and_no_labels(models: Path) -> None:
    make_extractor(models)

    manifest = verify(models, "finder").manifest

    assert manifest["tags"] == list(TAGS)
    assert not {"labels", "temperatures", "render_version"} & set(manifest)


def test_a_model_whose_tags_are_not_known_is_refused(models: Path) -> None:
    change(make_extractor(models), tags=["outside"])

    with pytest.raises(BundleError, match="tags is missing or not one that this version"):
        open_bundle(models, "finder")


@pytest.mark.parametrize(
    ("kind", "file"),
    [(kind, file) for kind in ModelKind for file in ("model.onnx", "tokenizer.json")]
    + [(ModelKind.EXTRACTION, "speakers.json")],
)
def test_a_model_without_a_file_that_it_answers_with_is_refused_by_its_name(
    kind: ModelKind, file: str, models: Path
) -> None:
    with stage(models, "part") as staged:
        fill(staged, {**FILES, "speakers.json": "{}"})
        (staged / file).unlink()
        seal(staged, {**MANIFEST, "kind": kind})

        with pytest.raises(BundleError) as caught:
            publish(staged, models, "part")

    assert f"files lists no {file}, which a model of {kind} needs" in str(caught.value)
    assert bundle_names(models) == []


def test_a_model_of_stance_needs_no_speakers(models: Path, tiny: Path) -> None:
    assert "speakers.json" not in open_bundle(models, "tiny").manifest["files"]


def test_changed_weights_of_speakers_are_refused_when_a_model_is_opened(models: Path) -> None:
    (make_extractor(models) / "speakers.json").write_text('{"weights": {}}')

    with pytest.raises(BundleError, match="speakers.json: its sha256 is not the manifest's"):
        open_bundle(models, "finder")


def test_each_kind_has_a_file_that_names_the_one_that_is_served(models: Path, tiny: Path) -> None:
    make_extractor(models)
    (models / "DEFAULT").write_text("tiny\n")
    (models / "EXTRACTOR").write_text("finder\n")

    assert open_bundle(models).name == "tiny"
    assert open_bundle(models, kind=ModelKind.EXTRACTION).name == "finder"


def test_a_model_of_another_kind_is_refused_by_name(models: Path) -> None:
    bundle = open_bundle(models, make_extractor(models).name)

    with pytest.raises(BundleError) as caught:
        bundle.expect(ModelKind.STANCE)

    assert str(caught.value) == (
        f"{bundle.folder} is a model of extraction, and one of stance is needed here; name another"
    )


def test_each_kind_is_promoted_and_goes_back_by_itself(models: Path, tiny: Path) -> None:
    promote(models, "tiny")
    for name in ("a", "b"):
        make_extractor(models, name)
        promote(models, name)
    assert default_name(models) == "tiny"
    assert default_name(models, ModelKind.EXTRACTION) == "b"

    assert roll_back(models, ModelKind.EXTRACTION) == "a"

    assert (models / "EXTRACTOR").read_text() == "a\n"
    assert (models / "EXTRACTOR_HISTORY").read_text() == ""
    assert not (models / "HISTORY").exists()
    with pytest.raises(BundleError, match="EXTRACTOR_HISTORY names no whole model to go back to"):
        roll_back(models, ModelKind.EXTRACTION)


def test_going_back_passes_over_a_model_of_another_kind(
    models: Path, tiny: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make_extractor(models)
    promote(models, "finder")
    (models / "EXTRACTOR_HISTORY").write_text("tiny\n")

    with pytest.raises(BundleError, match="names no whole model"):
        roll_back(models, ModelKind.EXTRACTION)

    assert "is a model of stance, and one of extraction is needed" in caplog.text


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


@pytest.mark.parametrize("opens", [open_bundle, verify, promote])
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

    promote(models, "b")

    assert default_name(models) == "b"
    assert open_bundle(models).name == "b"
    assert sorted(path.name for path in models.iterdir()) == ["DEFAULT", "a", "b"]


def test_the_line_of_the_default_changes_in_one_rename(models: Path) -> None:
    make(models, "a")
    make(models, "b")
    promote(models, "a")
    opened_before = (models / "DEFAULT").open()

    promote(models, "b")

    with opened_before:
        assert opened_before.read() == "a\n"


@pytest.mark.parametrize("name", ["c", "../a", ""])
def test_what_is_no_bundle_cannot_be_the_default(name: str, models: Path) -> None:
    make(models, "a")
    promote(models, "a")

    with pytest.raises(BundleError, match=f"no model {name!r} in .*; there are: a"):
        promote(models, name)

    assert default_name(models) == "a"


@pytest.mark.parametrize("file", ["model.onnx", "report.json"])
def test_a_broken_bundle_cannot_be_the_default(file: str, models: Path, tiny: Path) -> None:
    (tiny / file).write_text("other")

    with pytest.raises(BundleError, match=f"{file}: its sha256 is not the manifest's"):
        promote(models, "tiny")

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


# What was served before


@pytest.fixture
def served(models: Path) -> Callable[..., Path]:
    """A folder in which these bundles were made the default, one after the other."""

    def promote_each(*names: str) -> Path:
        for name in names:
            if name not in bundle_names(models):
                make(models, name)
            promote(models, name)
        return models

    return promote_each


def state(models: Path) -> tuple[str, list[str]]:
    return default_name(models), (models / "HISTORY").read_text().splitlines()


Served = Callable[..., Path]


def test_promoting_remembers_what_was_served_before(served: Served) -> None:
    assert state(served("a", "b", "c")) == ("c", ["a", "b"])


def test_promoting_the_default_changes_nothing(served: Served) -> None:
    assert state(served("a", "b", "b")) == ("b", ["a"])


def test_a_bundle_that_is_promoted_again_is_remembered_each_time(served: Served) -> None:
    assert state(served("a", "b", "a", "b")) == ("b", ["a", "b", "a"])


@pytest.mark.parametrize("former", [None, b"", b"\xff"], ids=["missing", "empty", "no UTF-8"])
def test_a_default_that_names_nothing_is_replaced_and_not_remembered(
    former: bytes | None, models: Path, tiny: Path
) -> None:
    if former is not None:
        (models / "DEFAULT").write_bytes(former)

    promote(models, "tiny")

    assert default_name(models) == "tiny"
    assert not (models / "HISTORY").exists()


def test_going_back_serves_what_was_served_before(served: Served) -> None:
    models = served("a", "b", "c")

    assert roll_back(models) == "b"
    assert state(models) == ("b", ["a"])
    assert roll_back(models) == "a"
    assert state(models) == ("a", [])


def test_going_back_passes_over_bundles_that_are_gone_or_broken(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    models = served("a", "b", "c", "d", "e")
    (models / "d" / "manifest.json").unlink()
    (models / "c" / "report.json").write_text("other")

    assert roll_back(models) == "b"

    assert state(models) == ("b", ["a"])
    [gone, broken] = caplog.messages
    assert gone.startswith(f"passed over in going back: no model 'd' in {models}")
    assert f"{models / 'c' / 'report.json'}: its sha256 is not the manifest's" in broken


def test_going_back_leaves_a_default_that_is_broken_or_gone(served: Served) -> None:
    models = served("a", "b")
    (models / "DEFAULT").unlink()

    assert roll_back(models) == "a"


def test_going_back_passes_over_the_default_itself(served: Served) -> None:
    models = served("a", "b")
    with (models / "HISTORY").open("a") as file:
        file.write("b\n")  # as if the process had died between the two files

    assert roll_back(models) == "a"


@pytest.mark.parametrize("history", [None, "", "gone\n", "../tiny\n", "tiny\n", "\n \n"], ids=repr)
def test_where_there_is_nothing_to_go_back_to_nothing_changes(
    history: str | None, models: Path, tiny: Path
) -> None:
    promote(models, "tiny")
    if history is not None:
        (models / "HISTORY").write_text(history)

    with pytest.raises(BundleError) as caught:
        roll_back(models)

    reason = "names no whole model to go back to; promote one by its name"
    assert str(caught.value) == f"{models / 'HISTORY'} {reason}"
    assert default_name(models) == "tiny"
    assert (models / "HISTORY").exists() == (history is not None)


@pytest.mark.parametrize("change_default", [roll_back, lambda models: promote(models, "a")])
def test_a_history_that_cannot_be_read_is_said_and_the_default_stays(
    change_default: Callable[[Path], object], served: Served
) -> None:
    models = served("a", "b")
    (models / "HISTORY").write_bytes(b"\xff")

    with pytest.raises(BundleError, match="HISTORY cannot be read: .*; put it right, or remove it"):
        change_default(models)

    assert default_name(models) == "b"


# What is recorded of promotions


def test_promotions_are_recorded_in_order_and_leave_the_identity_as_it_is(
    models: Path, tiny: Path
) -> None:
    digest = open_bundle(models, "tiny").digest

    record_promotion(models, "tiny", {"verdict": "refused"})
    record_promotion(models, "tiny", {"verdict": "forced", "macro_f1": [0.5, 0.6]})

    bundle = verify(models, "tiny")
    assert bundle.manifest["promotions"] == [
        {"verdict": "refused"},
        {"verdict": "forced", "macro_f1": [0.5, 0.6]},
    ]
    assert bundle.digest == digest
    assert sorted(path.name for path in models.iterdir()) == ["tiny"]


def test_a_promotion_of_no_bundle_cannot_be_recorded(models: Path, tiny: Path) -> None:
    with pytest.raises(BundleError, match="no model 'other' in "):
        record_promotion(models, "other", {})


# Broken beside whole ones


def test_a_broken_bundle_does_not_hide_the_others(models: Path) -> None:
    for name in ("a", "b", "c"):
        make(models, name)
    (models / "b" / "manifest.json").write_text("{")

    found = dict(open_each(models))

    assert list(found) == ["a", "b", "c"]
    assert str(found["b"]).startswith(f"{models / 'b' / 'manifest.json'} cannot be read: ")
    assert [isinstance(one, Bundle) for one in found.values()] == [True, False, True]


# A disk that is full

needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
FULL = "No space left on device"


@needs_full
def test_a_disk_that_is_full_while_a_bundle_is_staged_is_said_and_leaves_nothing(
    models: Path,
) -> None:
    with pytest.raises(BundleError) as caught, stage(models, "tiny"):
        Path("/dev/full").write_text("weights")

    assert str(caught.value).startswith(f"{models / 'tiny'} could not be written: ")
    assert str(caught.value).endswith(f"{FULL}; free some space, and run it again")
    assert list(models.iterdir()) == []


def test_a_full_disk_that_a_library_tells_in_words_is_said_too(models: Path) -> None:
    with pytest.raises(BundleError, match=f"{FULL}.*; free some space"), stage(models, "tiny"):
        raise RuntimeError(f"Error while serializing: {FULL} (os error 28)")


def test_any_other_error_while_a_bundle_is_staged_stays_what_it_is(models: Path) -> None:
    with pytest.raises(FileNotFoundError), stage(models, "tiny"):
        Path("missing.jsonl").read_text()


@needs_full
def test_a_disk_that_is_full_while_a_bundle_is_sealed_is_said_and_leaves_nothing(
    models: Path,
) -> None:
    with stage(models, "tiny") as staged:
        fill(staged)
        (staged / "manifest.json").symlink_to("/dev/full")

        with pytest.raises(BundleError) as caught:
            seal(staged, MANIFEST)

    assert f"manifest.json could not be written: [Errno 28] {FULL}" in str(caught.value)
    assert list(models.iterdir()) == []


@needs_full
@pytest.mark.parametrize("full", ["DEFAULT", "HISTORY"])
@pytest.mark.parametrize("back", [False, True], ids=["promoting", "going back"])
def test_a_disk_that_is_full_while_the_default_changes_is_said_and_nothing_changes(
    full: str, back: bool, served: Served
) -> None:
    models = served("z", "a", "b")
    make(models, "c")
    (models / f".{full}.{os.getpid()}").symlink_to("/dev/full")

    with pytest.raises(BundleError) as caught:
        roll_back(models) if back else promote(models, "c")

    assert str(caught.value).startswith(f"{models}: ")
    assert str(caught.value).endswith(f"could not be written: {FULL}")
    assert state(models) == ("b", ["z", "a"])
    assert [path.name for path in models.iterdir() if path.name.startswith(".")] == []


@needs_full
def test_a_disk_that_is_full_while_a_promotion_is_recorded_leaves_the_manifest_as_it_was(
    models: Path, tiny: Path
) -> None:
    (models / f".tiny.manifest.json.{os.getpid()}").symlink_to("/dev/full")

    with pytest.raises(BundleError, match=f"tiny/manifest.json could not be written: {FULL}"):
        record_promotion(models, "tiny", {"verdict": "better"})

    assert "promotions" not in verify(models, "tiny").manifest
    assert sorted(path.name for path in models.iterdir()) == ["tiny"]


def test_the_shipped_default_is_what_its_manifest_says() -> None:
    bundle = verify(models_dir(), default_name(models_dir()))

    assert bundle.name in bundle_names(models_dir())
    assert bundle.window >= 256
