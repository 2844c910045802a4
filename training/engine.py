"""The engines on a network that is still in torch, for measuring while it is trained."""

from stance.article_tokens import ArticleReader
from stance.calibration import UNCALIBRATED
from stance.classifier import Classifier
from stance.render import Renderer
from stance.tagger import Tagger
from stance.torch_network.heads import StanceNetwork, TaggerNetwork
from stance.torch_network.row_queue import TorchNetwork, TorchTagNetwork
from training.world import World


def torch_classifier(network: StanceNetwork, renderer: Renderer, world: World) -> Classifier:
    """A classifier, not calibrated, that computes where the network is trained."""
    answering = TorchNetwork(network, world.device)
    return Classifier(answering, renderer, UNCALIBRATED, "in training")


def torch_tagger(network: TaggerNetwork, reader: ArticleReader, world: World) -> Tagger:
    """A tagger that computes where the network is trained."""
    return Tagger(TorchTagNetwork(network, world.device), reader, "in training")
