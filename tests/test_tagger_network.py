"""The tagger's torch network, its export, and that what is served equals what was trained."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from stance.article_tokens import ArticleReader
from stance.bundle import publish, seal, stage
from stance.classifier import Classifier
from stance.errors import BundleError
from stance.network import OnnxTagNetwork, TokenTags
from stance.packing import PADDING_GROUP, Group, Rows, lay_out
from stance.render import Block
from stance.tagger import Tagger
from stance.torch_network.heads import LINK_WIDTH, StanceNetwork, TaggerNetwork, turned
from tests.tiny import tiny_encoder
from tests.tiny_articles import marked_articles
from tests.tiny_bundles import publish_tiny
from training.encoders import from_encoder
from training.engine import torch_tagger
from training.export import export_tagger
from training.world import World


@pytest.fixture(scope="module", name="encoder")
def _encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_encoder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture(scope="module", name="saved")
def _saved(encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network in half precision, and its export."""
    folder = tmp_path_factory.mktemp("bundle")
    network, tokenizer = from_encoder(TaggerNetwork, str(encoder))
    with torch.no_grad():
        network.tags.weight *= 8  # untrained, it would be sure of nothing
        network.link_from.weight *= 8
    network.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    export_tagger(TaggerNetwork.from_pretrained(folder), folder / "model.onnx")
    return folder


def windows(*lengths: int, seed: int = 0) -> list[Group]:
    rng = np.random.default_rng(seed)
    return [Group(Block(tuple(rng.integers(5, 60, n).tolist())), ()) for n in lengths]


def in_torch(folder: Path, rows: Rows) -> TokenTags:
    network = TaggerNetwork.from_pretrained(folder)
    with torch.no_grad():
        inputs = {name: torch.from_numpy(array) for name, array in rows.token_inputs().items()}
        return TokenTags(*(np.asarray(one) for one in network(**inputs)))


def test_every_token_has_tags_and_two_vectors(saved: Path) -> None:
    found = OnnxTagNetwork(saved / "model.onnx", 1)(lay_out([windows(5, 3), windows(4)]))

    assert found.tags.shape == (2, 8, 7)
    assert found.link_from.shape == found.link_to.shape == (2, 8, LINK_WIDTH)


@pytest.mark.parametrize("lengths", [((9,),), ((5, 3), (4,)), ((60, 2), (1,), (7, 7))], ids=str)
def test_what_is_served_equals_what_was_saved(
    lengths: tuple[tuple[int, ...], ...], saved: Path
) -> None:
    rows = lay_out([windows(*row, seed=n) for n, row in enumerate(lengths)])

    served = OnnxTagNetwork(saved / "model.onnx", 1)(rows)

    real = rows.group != PADDING_GROUP
    for one, other in zip(served, in_torch(saved, rows), strict=True):
        np.testing.assert_allclose(one[real], other[real], atol=1e-5)


def test_a_window_does_not_see_its_neighbours_in_the_row(saved: Path) -> None:
    network = OnnxTagNetwork(saved / "model.onnx", 1)
    one, two = windows(6, 9)

    packed, alone = network(lay_out([[two, one], windows(30)])), network(lay_out([[one]]))

    for among, by_itself in zip(packed, alone, strict=True):
        np.testing.assert_allclose(among[0, 9:15], by_itself[0], atol=1e-5)


def test_a_token_sees_all_of_its_window(saved: Path) -> None:
    network = OnnxTagNetwork(saved / "model.onnx", 1)

    first, other = (network(lay_out([[Group(Block((*[7] * 8, last)), ())]])) for last in (9, 10))

    assert np.abs(first.tags[0, 0] - other.tags[0, 0]).max() > 1e-4


def test_an_article_is_tagged_alike_among_others_and_alone(saved: Path, encoder: Path) -> None:
    _, tokenizer = from_encoder(TaggerNetwork, str(encoder))
    tagger = Tagger(OnnxTagNetwork(saved / "model.onnx", 1), ArticleReader(tokenizer, 40), "tiny")
    articles = [one.article for one in marked_articles(8, n_sentences=4)]

    together = list(tagger.tag_each(articles))

    for article, among in zip(articles, together, strict=True):
        alone = tagger.tag(article)
        assert [one.span for one in among.spans] == [one.span for one in alone.spans]
        probabilities = [[one.probability for one in tagged.links] for tagged in (among, alone)]
        assert probabilities[0] == pytest.approx(probabilities[1], abs=1e-4)
    assert any(one.links for one in together)


def test_a_network_in_torch_tags_as_its_export_does(saved: Path, encoder: Path) -> None:
    _, tokenizer = from_encoder(TaggerNetwork, str(encoder))
    reader = ArticleReader(tokenizer, 64)
    [marked] = marked_articles(1)

    served = Tagger(OnnxTagNetwork(saved / "model.onnx", 1), reader, "tiny").tag(marked.article)
    network = TaggerNetwork.from_pretrained(saved)
    trained = torch_tagger(network, reader, World()).tag(marked.article)

    assert [one.span for one in served.spans] == [one.span for one in trained.spans]


def test_a_tagger_and_a_classifier_begin_from_the_same_encoder(encoder: Path) -> None:
    tagger, _ = from_encoder(TaggerNetwork, str(encoder))
    classifier, _ = from_encoder(StanceNetwork, str(encoder))

    assert tagger.window == classifier.window == 64
    for name, weight in tagger.layers.state_dict().items():
        assert torch.equal(weight, classifier.layers.state_dict()[name])


def test_a_network_of_another_kind_is_not_read_as_a_tagger(encoder: Path, tmp_path: Path) -> None:
    from_encoder(StanceNetwork, str(encoder))[0].save_pretrained(tmp_path)

    with pytest.raises(RuntimeError, match="link_from"):
        TaggerNetwork.from_pretrained(tmp_path)


def test_the_tagger_that_is_served_is_the_one_that_is_named(saved: Path, tmp_path: Path) -> None:
    publish_tiny(tmp_path, "stance", "favor")
    with stage(tmp_path, "finder") as staged:
        shutil.copytree(saved, staged, dirs_exist_ok=True)
        (staged / "speakers.json").write_text("{}")
        seal(staged, {"kind": "extraction", "window": 64})
        publish(staged, tmp_path, "finder")
    (tmp_path / "EXTRACTOR").write_text("finder\n")
    [marked] = marked_articles(1)

    tagger = Tagger.open(tmp_path, threads=1)

    assert tagger.name == "finder"
    assert tagger.tag(marked.article) == Tagger.open(tmp_path, "finder", 1).tag(marked.article)
    with pytest.raises(BundleError, match="is a model of stance, and one of extraction is needed"):
        Tagger.open(tmp_path, "stance")
    with pytest.raises(BundleError, match="is a model of extraction, and one of stance is needed"):
        Classifier.open(tmp_path, "finder")


def test_products_of_turned_vectors_tell_how_far_apart_they_are() -> None:
    torch.manual_seed(0)
    one, other = torch.randn(2, LINK_WIDTH)

    def product(here: int, there: int) -> float:
        return float(turned(one, torch.tensor(here)) @ turned(other, torch.tensor(there)))

    assert product(3, 5) == pytest.approx(product(203, 205), abs=1e-3)
    assert abs(product(3, 5) - product(3, 9)) > 0.1
