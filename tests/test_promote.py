"""The gate before a bundle is served."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer

from stance.bundle import default_name, open_bundle, publish, seal, stage
from stance.errors import StanceError
from stance.issues import read_catalogue
from stance.manifest import ModelKind
from stance.promotion import promote as serve
from stance.promotion import roll_back
from stance.render import Renderer
from stance.torch_network.heads import StanceNetwork
from tests.tiny import labelled_rows, tiny_encoder, write_jsonl
from tests.tiny_analysis import publish_extractor
from training.encoders import from_encoder
from training.export import export_onnx
from training.finetune import finetune
from training.label_files import read_labels
from training.promote import promote
from training.recipe import Stage
from training.seen import Seen
from training.wordings import Wordings


@pytest.fixture(name="models")
def _models(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


@pytest.fixture(scope="module", name="good")
def _good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A staged folder of a network that knows one word from another."""
    folder = tmp_path_factory.mktemp("good")
    network, tokenizer = from_encoder(StanceNetwork, str(tiny_encoder(folder / "encoder")))
    rows = write_jsonl(folder / "rows.jsonl", labelled_rows(150, seed=7))
    examples = read_labels([rows], read_catalogue()).examples
    recipe = Stage(
        {"labels": 1.0}, epochs=25, learning_rate=0.01, tokens_per_step=512, strangers=0.0,
        dropout=0.0, bf16=False,
    )  # fmt: skip
    finetune(
        network, Renderer(tokenizer, network.window), {"labels": examples}, Wordings({}, {}), recipe
    )
    return _staged(folder / "staged", network, tokenizer)


@pytest.fixture(scope="module", name="bad")
def _bad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A staged folder of a network that knows nothing."""
    folder = tmp_path_factory.mktemp("bad")
    network, tokenizer = from_encoder(StanceNetwork, str(tiny_encoder(folder / "encoder")), seed=3)
    with torch.no_grad():
        network.out.bias[3] = 5.0
    return _staged(folder / "staged", network, tokenizer)


def _staged(folder: Path, network: StanceNetwork, tokenizer: Tokenizer) -> Path:
    folder.mkdir()
    network.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    export_onnx(StanceNetwork.from_pretrained(folder), folder / "model.onnx")
    return folder


def put(models: Path, name: str, staged: Path, test: int = 60, seen: Sequence[str] = ()) -> None:
    """Publish a bundle with test rows of its own."""
    manifest = {"kind": "stance", "description": name, "window": 64,
                "temperatures": {"stance": 1.0, "sentiment": 1.0}}  # fmt: skip
    with stage(models, name) as folder:
        for path in staged.iterdir():
            shutil.copy(path, folder)
        if test:
            write_jsonl(folder / "test.jsonl", labelled_rows(test, seed=11))
        Seen.of(seen).write(folder)
        seal(folder, manifest)
        publish(folder, models, name)


def test_a_better_bundle_is_promoted_and_says_over_which(
    models: Path, good: Path, bad: Path
) -> None:
    put(models, "old", bad)
    serve(models, "old")
    put(models, "new", good)

    told = promote(models, "new", threads=1)

    assert default_name(models) == "new"
    assert "better beyond chance" in told
    [entry] = open_bundle(models, "new").manifest["promotions"]
    assert (entry["over"], entry["forced"]) == ("old", False)


def test_a_worse_bundle_is_refused_with_its_numbers(models: Path, good: Path, bad: Path) -> None:
    put(models, "old", good)
    serve(models, "old")
    put(models, "new", bad)

    with pytest.raises(StanceError, match=r"worse beyond chance: macro-F1 0\.\d+ against 0\.\d+"):
        promote(models, "new", threads=1)

    assert default_name(models) == "old"
    assert "promotions" not in open_bundle(models, "new").manifest


def test_force_serves_a_worse_bundle_and_the_manifest_says_so(
    models: Path, good: Path, bad: Path
) -> None:
    put(models, "old", good)
    serve(models, "old")
    put(models, "new", bad)
    digest = open_bundle(models, "new").digest

    told = promote(models, "new", force=True, threads=1)

    assert "promoted by force" in told
    [entry] = open_bundle(models, "new").manifest["promotions"]
    assert entry["forced"]
    assert entry["comparisons"]
    assert open_bundle(models, "new").digest == digest
    assert default_name(models) == "new"


def test_the_same_weights_are_no_worse(models: Path, good: Path) -> None:
    put(models, "old", good)
    serve(models, "old")
    put(models, "new", good)

    assert "no difference beyond chance" in promote(models, "new", threads=1)
    assert default_name(models) == "new"


def test_a_bundle_measured_on_nothing_is_refused(models: Path, good: Path) -> None:
    put(models, "old", good, test=0)
    serve(models, "old")
    put(models, "new", good, test=0)

    with pytest.raises(StanceError, match="not promoted: .* nothing was compared"):
        promote(models, "new", threads=1)


def test_rows_that_a_model_has_seen_do_not_count(models: Path, good: Path, bad: Path) -> None:
    texts = [str(row["text"]) for row in labelled_rows(60, seed=11)]
    put(models, "old", bad)
    serve(models, "old")
    put(models, "new", good, seen=texts)

    with pytest.raises(StanceError, match="nothing was compared"):
        promote(models, "new", threads=1)


def test_few_rows_prove_nothing_and_promote_by_force_only(
    models: Path, good: Path, bad: Path
) -> None:
    put(models, "old", good, test=5)
    serve(models, "old")
    put(models, "new", bad, test=5)

    with pytest.raises(StanceError, match="too few labels to tell.*\n.*\n.*too few test rows"):
        promote(models, "new", threads=1)

    assert "promoted by force" in promote(models, "new", force=True, threads=1)


def test_a_broken_bundle_is_not_promoted(models: Path, good: Path) -> None:
    put(models, "old", good)
    serve(models, "old")
    put(models, "new", good)
    (models / "new" / "model.onnx").write_bytes(b"rot")

    with pytest.raises(StanceError, match="its sha256 is not the manifest's"):
        promote(models, "new", force=True, threads=1)

    assert default_name(models) == "old"


def test_a_broken_served_bundle_is_replaced_by_force_only(models: Path, good: Path) -> None:
    put(models, "old", good)
    serve(models, "old")
    put(models, "new", good)
    (models / "old" / "model.onnx").write_bytes(b"rot")

    with pytest.raises(StanceError, match="--force serves the new one"):
        promote(models, "new", threads=1)
    promote(models, "new", force=True, threads=1)

    assert default_name(models) == "new"


def test_what_was_served_before_comes_back(models: Path, good: Path) -> None:
    put(models, "old", good)
    serve(models, "old")
    put(models, "new", good)
    promote(models, "new", threads=1)

    assert roll_back(models) == "old"
    assert default_name(models) == "old"


def test_the_served_bundle_is_not_promoted_again(models: Path, good: Path) -> None:
    put(models, "old", good)
    serve(models, "old")

    assert promote(models, "old", threads=1) == "old is served already"
    assert "promotions" not in json.loads((models / "old" / "manifest.json").read_text())


# Extractors


def measured(
    content: float = 0.8, speakers: float | None = 0.9, n_articles: int = 84
) -> dict[str, object]:
    """A report of one set, with intervals of five points on either side."""

    def around(value: float) -> list[float]:
        return [value - 0.05, value + 0.05]

    f1 = {"f1": content, "f1_interval": around(content)}
    named = speakers and {"share": speakers, "n": 50, "interval": around(speakers)}
    return {
        "n_articles": n_articles,
        "n_marked": 900,
        "n_predicted": 880,
        "content": {"overlap_0.3": f1, "overlap_0.8": f1},
        "speakers": named and {"overlap_0.3": {"right_where_named": named}},
    }


def extractor(models: Path) -> str:
    return default_name(models, ModelKind.EXTRACTION)


def test_the_first_extractor_is_promoted_beside_the_default(models: Path, good: Path) -> None:
    put(models, "stance", good)
    serve(models, "stance")
    publish_extractor(models, "finder", {"polnear": measured()})

    told = promote(models, "finder")

    assert told.startswith("there is no bundle to compare with\nfinder is promoted;")
    assert (extractor(models), default_name(models)) == ("finder", "stance")
    [entry] = open_bundle(models, "finder").manifest["promotions"]
    assert (entry["over"], entry["forced"], entry["comparisons"]) == (None, False, {})


@pytest.mark.parametrize(
    ("new", "verdict"),
    [
        (measured(0.9), "better: 0.900 against 0.800 (95 % interval 0.750 to 0.850)"),
        (measured(0.76), "no difference beyond chance: 0.760 against 0.800"),
        (measured(speakers=None), "content F1 at overlap 0.3: no difference beyond chance"),
    ],
    ids=["better", "within the interval", "without speakers"],
)
def test_an_extractor_that_is_no_worse_by_its_report_is_promoted(
    new: object, verdict: str, models: Path
) -> None:
    publish_extractor(models, "old", {"polnear": measured()})
    serve(models, "old")
    publish_extractor(models, "new", {"polnear": new})

    assert verdict in promote(models, "new")

    assert extractor(models) == "new"
    [entry] = open_bundle(models, "new").manifest["promotions"]
    assert (entry["over"], entry["forced"]) == ("old", False)
    assert "content F1 at overlap 0.8" in entry["comparisons"]["polnear"]


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        ({"polnear": measured(0.74)}, "worse beyond chance: content F1 at overlap 0.3 of polnear"),
        ({"polnear": measured(speakers=0.8)}, "worse beyond chance: right speakers of polnear"),
        ({"other": measured()}, "no report of both is of the same articles"),
        ({"polnear": measured(n_articles=83)}, "no report of both is of the same articles"),
        ({"polnear": measured() | {"gold": "a1"}}, "no report of both is of the same articles"),
        (None, "no report of both is of the same articles"),
    ],
    ids=["content", "speakers", "another set", "fewer articles", "other marks", "no report"],
)
def test_an_extractor_that_is_worse_or_not_comparable_is_promoted_by_force_only(
    new: object, reason: str, models: Path
) -> None:
    publish_extractor(models, "old", {"polnear": measured()})
    serve(models, "old")
    publish_extractor(models, "new", new)

    with pytest.raises(StanceError, match=f"new is not promoted: .*{reason}.*old stays"):
        promote(models, "new")
    assert extractor(models) == "old"

    assert "new is promoted by force" in promote(models, "new", force=True)
    [entry] = open_bundle(models, "new").manifest["promotions"]
    assert (extractor(models), entry["forced"]) == ("new", True)


def test_people_measured_against_each_other_are_no_figure_of_an_extractor(models: Path) -> None:
    people = {key: value for key, value in measured().items() if key != "n_predicted"}
    publish_extractor(models, "old", {"annotators": people})
    serve(models, "old")
    publish_extractor(models, "new", {"annotators": people})

    with pytest.raises(StanceError, match="nothing was compared"):
        promote(models, "new")
