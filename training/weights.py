"""Two kinds of weights: how much each label counts, and the running mean of a network's.

Knows nothing of texts.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from training.examples import Label
from training.recipe import Stage


def label_weights(
    asked: Iterable[Sequence[Label]], stage: Stage
) -> Mapping[tuple[str, str], float]:
    """The weight of each (kind, label) in the loss, so that rare labels are not drowned.

    A label that is asked n times weighs n to the power of -`stage.balance`, scaled so that the mean
    over all questions of a kind is 1. A coarse label counts as the first of those that it allows.
    """
    counts = Counter(
        (str(label.question.kind), str(label.allowed[0])) for labels in asked for label in labels
    )
    if not stage.balance:
        return {}
    raw = {key: n**-stage.balance for key, n in counts.items()}
    mean = {
        kind: sum(raw[key] * counts[key] for key in counts if key[0] == kind)
        / sum(counts[key] for key in counts if key[0] == kind)
        for kind, _ in counts
    }
    return {key: weight / mean[key[0]] for key, weight in raw.items()}


class RunningMean:
    """The exponential running mean of a network's weights (Polyak and Juditsky, 1992).

    Args:
        network: the network whose weights are averaged, from those that it has now.
        decay: the share of the mean that a step keeps; less in the first steps.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self._decay, self._n = decay, 0
        self._mean = [weight.detach().clone() for weight in network.parameters()]

    def add(self, network: nn.Module) -> None:
        """Take the weights after a step into the mean."""
        self._n += 1
        kept = min(self._decay, self._n / (self._n + 9))
        with torch.no_grad():
            torch._foreach_lerp_(self._mean, [w.detach() for w in network.parameters()], 1 - kept)

    def into(self, network: nn.Module) -> None:
        """Write the mean into the network."""
        with torch.no_grad():
            for weight, mean in zip(network.parameters(), self._mean, strict=True):
                weight.copy_(mean)

    @contextmanager
    def swapped_in(self, network: nn.Module) -> Iterator[None]:
        """The network with the mean for its weights, for a while."""
        last = [weight.detach().clone() for weight in network.parameters()]
        self.into(network)
        try:
            yield
        finally:
            with torch.no_grad():
                for weight, own in zip(network.parameters(), last, strict=True):
                    weight.copy_(own)

    def tensors(self) -> dict[str, Tensor]:
        """The mean, by the number of the weight."""
        return {str(n): mean for n, mean in enumerate(self._mean)}

    def restore(self, tensors: Mapping[str, Tensor], n_steps: int) -> None:
        """Set the mean to one that `tensors` gave after `n_steps` steps."""
        self._n = n_steps
        for n, mean in enumerate(self._mean):
            mean.copy_(tensors[str(n)])
