"""The engines on a network that is still in torch, for measuring while it is trained."""

import numpy as np
import torch
from numpy.typing import NDArray

from stance.article_tokens import ArticleReader
from stance.calibration import UNCALIBRATED
from stance.classifier import Classifier
from stance.network import TokenTags
from stance.packing import Rows
from stance.render import Renderer
from stance.tagger import Tagger
from training.network import StanceNetwork
from training.tagger_network import TaggerNetwork
from training.world import World


def torch_classifier(network: StanceNetwork, renderer: Renderer, world: World) -> Classifier:
    """A classifier, not calibrated, that computes where the network is trained."""

    def answers(rows: Rows, /) -> NDArray[np.float32]:
        with torch.inference_mode():
            inputs = {k: torch.from_numpy(a).to(world.device) for k, a in rows.inputs().items()}
            return np.asarray(network(**inputs).float().cpu())

    return Classifier(answers, renderer, UNCALIBRATED, "in training")


def torch_tagger(network: TaggerNetwork, reader: ArticleReader, world: World) -> Tagger:
    """A tagger that computes where the network is trained."""

    def answers(rows: Rows, /) -> TokenTags:
        with torch.inference_mode():
            inputs = {
                k: torch.from_numpy(a).to(world.device) for k, a in rows.token_inputs().items()
            }
            return TokenTags(*(np.asarray(one.float().cpu()) for one in network(**inputs)))

    return Tagger(answers, reader, "in training")
