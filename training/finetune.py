"""Examples -> a fine-tuned network: one loop on one page. Knows nothing of files or bundles."""

import logging
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

import torch
from torch import Tensor

from stance.calibration import HEADS, N_LOGITS
from stance.domain import Kind, Question, Stance
from stance.packing import Group, Rows, fill_rows, lay_out
from stance.render import Block, Renderer
from training.examples import Example, Label, Wordings, stance_subjects
from training.network import StanceNetwork
from training.recipe import Stage

log = logging.getLogger("stance.training")

_STRANGER = (Stance.UNRELATED,)


def finetune(
    network: StanceNetwork,
    renderer: Renderer,
    sources: Mapping[str, Sequence[Example]],
    wordings: Wordings,
    stage: Stage,
    after_epoch: Callable[[int], None] = lambda epoch: None,
    lay_out: Callable[[Sequence[Sequence[Group]]], Rows] = lay_out,
) -> None:
    """Train all layers of the network in place.

    Args:
        sources: the examples of each source that the stage's mix names.
        wordings: other ways to write the propositions.
        after_epoch: called with the number of the epoch that has ended, counted from 1.
        lay_out: how groups are written into arrays; experiments with other forms give their own.
    """
    torch.manual_seed(stage.seed)
    rng = random.Random(stage.seed)
    for module in network.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = stage.dropout
    optimizer = torch.optim.AdamW(
        network.parameters(), stage.learning_rate, weight_decay=stage.weight_decay, fused=True
    )
    cook = _Cook(renderer, sources, wordings, stage, rng)
    epochs = [list(cook.steps(cook.epoch())) for _ in range(stage.epochs)]
    n_steps = sum(map(len, epochs))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda n: (
            min((n + 1) / max(1, stage.warmup * n_steps), 1 - n / n_steps) if n < n_steps else 0.0
        ),
    )
    began, done = time.monotonic(), 0
    for epoch, steps in enumerate(epochs, 1):
        network.train()
        running = 0.0
        for n, step in enumerate(steps, 1):
            loss = step_loss(network, step, stage, lay_out)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            done += 1
            running += (loss.item() - running) / min(n, 50)
            if n % 50 == 0 or n == len(steps):
                left = (time.monotonic() - began) / done * (n_steps - done)
                log.info(
                    "epoch %d step %d/%d loss %.4f rate %.1e, %.0f s left",
                    epoch, n, len(steps), running, schedule.get_last_lr()[0], left,
                )  # fmt: skip
        network.eval()
        after_epoch(epoch)


Step = Sequence[tuple[Group, tuple[Label, ...]]]


def step_loss(
    network: StanceNetwork,
    step: Step,
    stage: Stage,
    lay_out: Callable[[Sequence[Sequence[Group]]], Rows] = lay_out,
) -> Tensor:
    """The mean over questions of -log P(one of the allowed labels)."""
    filled = fill_rows([len(group) for group, _ in step], stage.row_tokens)
    rows = lay_out([[step[n][0] for n in row] for row in filled])
    with torch.autocast("cpu", torch.bfloat16, enabled=stage.bf16):
        logits = network(**{name: torch.from_numpy(a) for name, a in rows.inputs().items()})
    labels = [label for row in filled for n in row for label in step[n][1]]
    asked = torch.arange(rows.first.shape[1]) < torch.from_numpy(rows.n_questions).unsqueeze(1)
    return allowed_loss(logits.float()[asked], labels)


def allowed_loss(logits: Tensor, labels: Sequence[Label]) -> Tensor:
    """-log of the probability of all allowed labels together, averaged; logits are (n, 7)."""
    outside = torch.ones(len(labels), N_LOGITS, dtype=torch.bool)
    refused = outside.clone()
    for n, label in enumerate(labels):
        head = HEADS[label.question.kind]
        outside[n, head] = False
        for name in label.allowed:
            refused[n, head.start + label.question.kind.labels.index(name)] = False
    total = logits.masked_fill(outside, -torch.inf).logsumexp(1)
    return (total - logits.masked_fill(refused, -torch.inf).logsumexp(1)).mean()


class _Cook:
    """Draws each epoch's examples from the mix, and writes them as token groups."""

    def __init__(
        self,
        renderer: Renderer,
        sources: Mapping[str, Sequence[Example]],
        wordings: Wordings,
        stage: Stage,
        rng: random.Random,
    ) -> None:
        self._renderer, self._stage, self._wordings, self._rng = renderer, stage, wordings, rng
        self._sources = sources
        every = [example for examples in sources.values() for example in examples]
        self._subjects = {
            source: stance_subjects(example for example in every if example.source == source)
            for source in {example.source: None for example in every}
        }

    def epoch(self) -> list[tuple[Example, tuple[Label, ...]]]:
        """The examples of one epoch, shuffled, each with the labels that are asked this time."""
        drawn: list[tuple[float, Example]] = []
        for name, times in self._stage.mix.items():
            examples = list(self._sources[name])
            part = self._rng.sample(examples, round(len(examples) * (times % 1)))
            for reading in [examples] * int(times) + [part]:
                # Members of a group follow each other: a step sees both sides of a minimal pair.
                place = {example.group: self._rng.random() for example in reading}
                drawn += [(place[example.group], example) for example in reading]
        drawn.sort(key=lambda placed: placed[0])
        return [(example, self._labels(example)) for _, example in drawn]

    def _labels(self, example: Example) -> tuple[Label, ...]:
        related = [label for label in example.labels if label.allowed != _STRANGER]
        unrelated = [label for label in example.labels if label.allowed == _STRANGER]
        self._rng.shuffle(unrelated)
        stage = self._stage
        chosen = related + unrelated[: stage.unrelated]
        for label in related:
            if self._rng.random() < stage.reworded:
                chosen += self._wordings.same_way(label, self._rng)
            if self._rng.random() < stage.converse:
                chosen += self._wordings.turned_round(label, self._rng)
        if self._rng.random() < stage.strangers:
            # A proposition of another source is about something else, all but surely.
            others = [
                name for name, found in self._subjects.items() if found and name != example.source
            ]
            if others:
                subject = self._rng.choice(self._subjects[self._rng.choice(others)])
                chosen.append(Label(Question(Kind.STANCE, subject), _STRANGER))
        self._rng.shuffle(chosen)
        return tuple(chosen)

    def steps(self, epoch: Sequence[tuple[Example, tuple[Label, ...]]]) -> Iterator[Step]:
        """Consecutive examples as groups, up to the step's budget of tokens."""
        step: list[tuple[Group, tuple[Label, ...]]] = []
        tokens = 0
        blocks = self._renderer.statements([example.statement.text for example, _ in epoch])
        for (_, labels), block in zip(epoch, blocks, strict=True):
            group = Group(
                self._cut(block),
                tuple(self._cut(self._renderer.question(label.question)) for label in labels),
            )
            if step and tokens + len(group) > self._stage.tokens_per_step:
                yield step
                step, tokens = [], 0
            step.append((group, labels))
            tokens += len(group)
        if step:
            yield step

    def _cut(self, block: Block) -> Block:
        longest = self._stage.longest_statement
        if len(block) <= longest:
            return block
        return Block((*block.ids[: longest - 1], block.ids[-1]), truncated=True)
