"""Bundles computed with torch: the same answers as those served, whatever the device and batch."""

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from transformers import BertConfig

import stance.torch_network
from stance.bundle import Bundle, models_dir, open_bundle, publish, seal, stage
from stance.classifier import Classifier
from stance.domain import Article, Kind, Result, Statement
from stance.errors import BundleError, MissingExtraError, StanceError
from stance.issues import read_catalogue
from stance.manifest import ModelKind
from stance.packing import Group, Rows, lay_out
from stance.quotes import Extractor
from stance.render import Block
from stance.tagger import Tagged, Tagger
from stance.torch_network import open_classifier, open_tagger
from stance.torch_network.device import compute_repeatably, dtype_on, has_fast_bfloat16
from stance.torch_network.encoder import EncoderNetwork
from stance.torch_network.heads import StanceNetwork, TaggerNetwork
from stance.torch_network.precision import Precision
from stance.torch_network.row_queue import TorchNetwork, TorchTagNetwork
from tests.tiny import tiny_encoder
from tests.tiny_articles import marked_articles
from training.encoders import from_encoder
from training.export import export_tagger

CPU = torch.device("cpu")
ISSUES = list(read_catalogue())
STATEMENTS = [
    Statement("Ukraine will not give up a single village, the minister said."),
    Statement("We welcome the new sanctions. " * 12, targets=("Russia",)),
    Statement("Lunch was good."),
]
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
needs_no_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")


@pytest.fixture(scope="module", name="models")
def _models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An extractor that is served as it was saved, and a classifier that torch alone can read."""
    folder = tmp_path_factory.mktemp("models")
    encoder = str(tiny_encoder(folder / "encoder"))
    tagger, tokenizer = from_encoder(TaggerNetwork, encoder)
    with torch.no_grad():
        tagger.tags.weight *= 8  # untrained, it would be sure of nothing
        tagger.link_from.weight *= 8
    put(folder, "finder", tagger, tokenizer)
    put(folder, "scorer", from_encoder(StanceNetwork, encoder)[0], tokenizer)
    return folder


def put(models: Path, name: str, network: EncoderNetwork, tokenizer: Tokenizer) -> None:
    with stage(models, name) as staged:
        network.save_pretrained(staged)
        tokenizer.save(str(staged / "tokenizer.json"))
        manifest: dict[str, Any] = {"window": 64}
        if isinstance(network, TaggerNetwork):
            export_tagger(TaggerNetwork.from_pretrained(staged), staged / "model.onnx")
            (staged / "speakers.json").write_text('{"threshold": 0.0, "weights": {}}')
            manifest["kind"] = ModelKind.EXTRACTION
        else:
            (staged / "model.onnx").touch()
            manifest["temperatures"] = dict.fromkeys(Kind, 1.0)
        seal(staged, manifest)
        publish(staged, models, name)


@pytest.fixture(name="finder")
def _finder(models: Path) -> Bundle:
    return open_bundle(models, "finder")


@pytest.fixture(name="scorer")
def _scorer(models: Path) -> Bundle:
    return open_bundle(models, "scorer")


@pytest.fixture(scope="module", name="shipped")
def _shipped() -> Bundle:
    return open_bundle(models_dir())


@pytest.fixture(scope="module", name="served")
def _served(shipped: Bundle) -> list[Result]:
    return list(Classifier.load(shipped, threads=1).classify(STATEMENTS, ISSUES, 0.9))


def probabilities(results: list[Result]) -> np.ndarray:
    """All of all answers, in order."""
    return np.array(
        [
            p
            for one in results
            for answer in (one.sentiment, *dict(one.stances).values(), *dict(one.targets).values())
            for p in answer.probabilities
        ]
    )


def articles() -> list[Article]:
    return [one.article for one in marked_articles(6, n_sentences=4)] + [Article("")]


def assert_alike(one: list[Tagged], other: list[Tagged], within: float) -> None:
    assert [[s.span for s in t.spans] for t in one] == [[s.span for s in t.spans] for t in other]
    links = [[link.probability for t in tagged for link in t.links] for tagged in (one, other)]
    assert links[0] == pytest.approx(links[1], abs=within)
    assert links[0]


def test_the_shipped_model_answers_in_torch_as_it_is_served(
    shipped: Bundle, served: list[Result]
) -> None:
    results = list(open_classifier(shipped, "cpu").classify(STATEMENTS, ISSUES, 0.9))

    np.testing.assert_allclose(probabilities(results), probabilities(served), atol=1e-4)
    assert [one.sentiment.label for one in results] == [one.sentiment.label for one in served]
    assert results[0].sentiment.model == served[0].sentiment.model
    assert results[0].sentiment.prediction_set == served[0].sentiment.prediction_set


def test_a_tagger_in_torch_tags_as_it_is_served(finder: Bundle) -> None:
    tagged = list(open_tagger(finder, "cpu").tag_each(articles()))

    assert_alike(tagged, list(Tagger.load(finder, threads=1).tag_each(articles())), within=1e-4)


def test_an_extractor_takes_a_tagger_that_computes_elsewhere(finder: Bundle) -> None:
    [article] = articles()[:1]

    found = Extractor.load(finder, tagger=open_tagger(finder, "cpu")).extract(article)

    assert [one.spans for one in found] == [
        one.spans for one in Extractor.load(finder, threads=1).extract(article)
    ]


@pytest.mark.parametrize("precision", [Precision.BFLOAT16, Precision.FLOAT16], ids=str)
def test_in_half_precision_answers_move_little(
    precision: Precision, shipped: Bundle, served: list[Result]
) -> None:
    classifier = open_classifier(shipped, "cpu", precision=precision)

    results = list(classifier.classify(STATEMENTS[:1], ISSUES[:2]))

    moved = np.abs(probabilities(results) - probabilities(served)[: 3 + 2 * 4])
    assert 0 < moved.max() < 0.05


def tiny_network() -> StanceNetwork:
    torch.manual_seed(0)
    return StanceNetwork(
        BertConfig(
            vocab_size=60, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
            intermediate_size=32, max_position_embeddings=64,
        )
    ).eval()  # fmt: skip


def test_the_head_computes_in_single_precision_whatever_the_encoder_does() -> None:
    network = tiny_network().encode_in(torch.bfloat16)

    assert {w.dtype for w in network.layers.parameters()} == {torch.bfloat16}
    assert network.dense.weight.dtype == network.out.weight.dtype == torch.float32


def group(n: int, *questions: int) -> Group:
    rng = np.random.default_rng(n)
    sizes = (n, *questions)
    statement, *asked = (Block(tuple(rng.integers(5, 60, size).tolist())) for size in sizes)
    return Group(statement, tuple(asked))


ROWS = [
    lay_out([[group(9, 4, 6), group(5, 3)], [group(12, 7)]]),
    lay_out([[group(50)]]),
    lay_out([[group(30, 9)]] * 9),
]


def test_padding_to_few_shapes_changes_no_answer() -> None:
    network = tiny_network()

    exact = list(TorchNetwork(network, CPU, few_shapes=False).each(ROWS))
    padded = list(TorchNetwork(network, CPU, few_shapes=True).each(ROWS))

    assert [one.shape for one in padded] == [(2, 3, 7), (1, 0, 7), (9, 1, 7)]
    for one, other, rows in zip(exact, padded, ROWS, strict=True):
        for r, n_questions in enumerate(rows.n_questions):
            np.testing.assert_allclose(other[r, :n_questions], one[r, :n_questions], atol=1e-5)


def test_tags_of_padded_rows_are_those_of_the_rows(finder: Bundle) -> None:
    network = TaggerNetwork.from_pretrained(finder.folder)
    rows = lay_out([[group(9), group(5)], [group(7)]])

    exact = TorchTagNetwork(network, CPU, few_shapes=False)(rows)
    padded = TorchTagNetwork(network, CPU, few_shapes=True)(rows)

    for one, other in zip(exact, padded, strict=True):
        np.testing.assert_allclose(other[rows.group >= 0], one[rows.group >= 0], atol=1e-5)


def test_rows_of_many_shapes_become_rows_of_few() -> None:
    network = tiny_network()
    shapes: set[tuple[int, ...]] = set()
    network.register_forward_pre_hook(
        lambda _, args, inputs: shapes.add((*inputs["group"].shape, *inputs["first"].shape)),
        with_kwargs=True,
    )
    many = [lay_out([[group(length, 3)]] * n) for length in range(5, 50) for n in (1, 2, 7)]

    list(TorchNetwork(network, CPU, few_shapes=True).each(many))

    assert shapes == {(8, 32, 8, 8), (8, 64, 8, 8)}


def test_an_answer_in_torch_does_not_depend_on_its_neighbours() -> None:
    network = TorchNetwork(tiny_network(), CPU, few_shapes=True)
    asked = group(9, 4, 6)

    [alone] = network(lay_out([[asked]]))
    [among, _] = network(lay_out([[group(12, 7), asked], [group(50, 5)]]))

    np.testing.assert_allclose(among[1:3], alone, atol=1e-5)


@pytest.mark.parametrize("name", ["tpu", "cuda:one", "CUDA", "cuda:", "mps"])
def test_a_device_that_there_is_not_is_refused_with_those_that_there_are(
    name: str, scorer: Bundle
) -> None:
    with pytest.raises(StanceError, match=f"device '{name}': there are cpu, cuda and cuda:N"):
        open_classifier(scorer, name)


@needs_no_gpu
@pytest.mark.parametrize("name", ["cuda", "cuda:1"])
def test_a_gpu_that_is_not_there_is_not_replaced_in_silence(name: str, finder: Bundle) -> None:
    with pytest.raises(StanceError, match=f"device {name}: .*; or compute on the CPU"):
        open_tagger(finder, name)


def test_without_torch_the_command_that_installs_it_is_told(
    scorer: Bundle, finder: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "stance.torch_network.opening", raising=False)
    monkeypatch.delattr(stance.torch_network, "opening", raising=False)
    monkeypatch.setitem(sys.modules, "torch", None)

    with pytest.raises(MissingExtraError, match=r"a GPU needs an extra: pip install 'stance\[gpu"):
        open_classifier(scorer, "cuda")
    with pytest.raises(MissingExtraError, match="needs an extra"):
        open_tagger(finder, "cpu")


def test_a_bundle_of_the_other_kind_is_refused(scorer: Bundle, finder: Bundle) -> None:
    with pytest.raises(BundleError, match="is a model of extraction, and one of stance is needed"):
        open_classifier(finder, "cpu")
    with pytest.raises(BundleError, match="is a model of stance, and one of extraction is needed"):
        open_tagger(scorer, "cpu")


def copy_of(bundle: Bundle, models: Path, name: str, weights: Path | None) -> Bundle:
    """The bundle with other weights for torch, or with none."""
    with stage(models, name) as staged:
        for file in ("model.onnx", "tokenizer.json", "config.json"):
            (staged / file).write_bytes((bundle.folder / file).read_bytes())
        if weights:
            (staged / "model.safetensors").write_bytes(weights.read_bytes())
        seal(staged, {"window": 64, "temperatures": dict.fromkeys(Kind, 1.0)})
        publish(staged, models, name)
    return open_bundle(models, name)


def test_a_bundle_without_weights_for_torch_is_refused(scorer: Bundle, tmp_path: Path) -> None:
    bare = copy_of(scorer, tmp_path, "bare", None)

    with pytest.raises(BundleError, match="has no model.safetensors, so torch cannot compute it"):
        open_classifier(bare, "cpu")


def test_weights_that_are_not_those_of_the_manifest_are_refused(
    scorer: Bundle, tmp_path: Path
) -> None:
    changed = copy_of(scorer, tmp_path, "changed", scorer.folder / "model.safetensors")
    (changed.folder / "model.safetensors").write_bytes(b"something else")

    with pytest.raises(BundleError, match="safetensors: its sha256 is not the manifest's"):
        open_classifier(changed, "cpu")


def test_weights_of_another_network_are_refused(
    scorer: Bundle, finder: Bundle, tmp_path: Path
) -> None:
    mixed = copy_of(scorer, tmp_path, "mixed", finder.folder / "model.safetensors")

    with pytest.raises(BundleError, match="mixed: torch cannot load its weights: .*dense"):
        open_classifier(mixed, "cpu")


def test_a_device_without_room_for_a_batch_says_what_to_do() -> None:
    def full(**_: object) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory")

    network = TorchNetwork(full, CPU)  # type: ignore[arg-type]  # no network, but called as one

    with pytest.raises(StanceError, match="too little memory for 50 tokens at once; .* smaller"):
        network(ROWS[1])


def test_on_a_cpu_it_is_single_precision_unless_another_is_asked() -> None:
    assert dtype_on(CPU) == torch.float32
    assert dtype_on(CPU, Precision.FLOAT16) == torch.float16
    assert has_fast_bfloat16(CPU) in (True, False)


def test_sums_are_set_to_be_repeatable_and_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    monkeypatch.setattr(torch.utils.deterministic, "fill_uninitialized_memory", True)
    before = torch.are_deterministic_algorithms_enabled()
    try:
        compute_repeatably()

        assert torch.are_deterministic_algorithms_enabled()
        assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
        assert torch.get_float32_matmul_precision() == "highest"
        assert not torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction
        assert not torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction
    finally:
        torch.use_deterministic_algorithms(before)


@needs_gpu
@pytest.mark.parametrize(
    ("precision", "within"), [(None, 0.05), (Precision.FLOAT16, 0.02), (Precision.FLOAT32, 1e-4)]
)
def test_a_gpu_answers_as_the_bundle_is_served(
    precision: Precision | None, within: float, shipped: Bundle, served: list[Result]
) -> None:
    classifier = open_classifier(shipped, "cuda", precision=precision, batch_tokens=512)

    results = list(classifier.classify(STATEMENTS * 3, ISSUES))

    expected = np.tile(probabilities(served), 3)
    np.testing.assert_allclose(probabilities(results), expected, atol=within)


@needs_gpu
def test_a_gpu_gives_the_same_answers_again(shipped: Bundle) -> None:
    first, again = (
        probabilities(list(open_classifier(shipped, "cuda").classify(STATEMENTS * 5, ISSUES)))
        for _ in range(2)
    )

    assert (first == again).all()


@needs_gpu
def test_a_gpu_tags_as_the_bundle_is_served(finder: Bundle) -> None:
    tagger = open_tagger(finder, "cuda", precision=Precision.FLOAT32, batch_tokens=256)

    tagged = list(tagger.tag_each(articles()))

    assert_alike(tagged, list(Tagger.load(finder, threads=1).tag_each(articles())), within=1e-3)


@needs_gpu
def test_a_gpu_of_a_number_that_there_is_not_is_refused(scorer: Bundle) -> None:
    with pytest.raises(StanceError, match="device cuda:99: torch sees .* counted from cuda:0"):
        open_classifier(scorer, "cuda:99")


@needs_gpu
def test_rows_are_taken_ahead_of_their_answers_on_a_gpu() -> None:
    read: list[Rows] = []

    def noted() -> Any:
        for rows in ROWS:
            read.append(rows)
            yield rows

    network = TorchNetwork(tiny_network().to("cuda"), torch.device("cuda"))
    next(network.each(noted()))

    assert len(read) == 3
