"""Marked articles -> a fine-tuned tagger: the steps of the loop, and their loss. Knows no files."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from stance.article_tokens import ArticleReader
from stance.packing import Group, even_rows, lay_out
from stance.torch_network.heads import TaggerNetwork
from training.checkpoint import Checkpoints, Progress
from training.gold import GoldArticle
from training.loop import run_stage
from training.mixture import draw
from training.recipe import Schedule
from training.tag_labels import (
    UNLABELLED,
    LabelledArticle,
    LabelledWindow,
    label_article,
    label_window,
)
from training.world import World

Step = Sequence[LabelledWindow]


def finetune_tagger(
    network: TaggerNetwork,
    reader: ArticleReader,
    sources: Mapping[str, Sequence[GoldArticle]],
    schedule: Schedule,
    *,
    number: int = 0,
    dev_score: Callable[[TaggerNetwork], float] | None = None,
    checkpoints: Checkpoints | None = None,
    progress: Progress | None = None,
    world: World | None = None,
    watch: Callable[[int, float], None] = lambda step, loss: None,
) -> None:
    """Train all layers of a tagger in place.

    Args:
        reader: articles to tokens and windows.
        sources: the articles of each source that the schedule's mix names.
        number: the number of the stage in its recipe, from 0.
        dev_score: content F1 of a network on articles held out; asked after each epoch, and needed
            if the schedule has patience.
        checkpoints: where the state is kept; nowhere if None.
        progress: the state to go on from.
        world: the processes that train together.
        watch: told the number of each step that is done, from 1, and its loss.

    Raises:
        KeyboardInterrupt: the user asked to stop; the state has been written.
        StanceError: the mix draws no article, or the state cannot be written.
    """
    where = world or World()
    labelled = {
        name: [label_article(reader, article) for article in articles]
        for name, articles in sources.items()
    }
    rng = random.Random(schedule.seed)
    run_stage(
        network,
        [list(_steps(reader, labelled, schedule, rng)) for _ in range(schedule.epochs)],
        lambda step, bf16: tagging_loss(network, step, schedule.row_tokens, where, bf16),
        schedule,
        number=number,
        dev_score=dev_score,
        score_name="content F1",
        checkpoints=checkpoints,
        progress=progress,
        world=where,
        watch=watch,
    )


def _steps(
    reader: ArticleReader,
    sources: Mapping[str, Sequence[LabelledArticle]],
    schedule: Schedule,
    rng: random.Random,
) -> Iterator[Step]:
    """The windows of one epoch, shuffled, up to the step's budget of tokens."""
    windows: list[LabelledWindow] = []
    longest = reader.longest_window
    for article in draw(sources, schedule.mix, rng, id):
        # Cut elsewhere in each epoch, so that no word stands at an edge in all of them.
        cut = article.tokens.windows(rng.randint(-(-longest // 2), longest))
        windows += [label_window(reader, article, window) for window in cut]
    rng.shuffle(windows)
    step: list[LabelledWindow] = []
    n_tokens = 0
    for one in windows:
        if step and n_tokens + len(one.block) > schedule.tokens_per_step:
            yield step
            step, n_tokens = [], 0
        step.append(one)
        n_tokens += len(one.block)
    if step:
        yield step


def tagging_loss(
    network: TaggerNetwork, step: Step, row_tokens: int, world: World, bf16: bool = False
) -> Tensor:
    """This process's part of the step's loss, a scalar.

    The mean cross-entropy of the tags, and that of the links of the sources and contents: each to
    one of the cues in its window, or to none of them. Right cues share the probability.
    """
    n_tags = sum(int((one.tags != UNLABELLED).sum()) for one in step)
    n_links = sum(len(one.links) for one in step)
    mine = world.share(even_rows([len(one.block) for one in step], row_tokens))
    if not mine:
        return torch.zeros((), device=world.device)
    placed = [[step[n] for n in row] for row in mine]
    rows = lay_out([[Group(one.block, ()) for one in row] for row in placed])
    inputs = {k: torch.from_numpy(a).to(world.device) for k, a in rows.token_inputs().items()}
    with torch.autocast(world.device.type, torch.bfloat16, enabled=bf16):
        found = network(**inputs)
    truth = _truth(placed, rows.group.shape)
    lost = functional.cross_entropy(
        found.tags.float().flatten(0, 1),
        torch.from_numpy(truth.tags).to(world.device).flatten(),
        ignore_index=UNLABELLED,
        reduction="sum",
    ) / max(1, n_tags)
    if len(truth.spans):
        spans, cues, is_cue, is_right = (torch.from_numpy(a).to(world.device) for a in truth[1:])
        losses = link_losses(
            found.link_from.float().flatten(0, 1)[spans],
            found.link_to.float().flatten(0, 1)[cues],
            is_cue,
            is_right,
        )
        lost = lost + losses.sum() / n_links
    return lost


def link_losses(link_from: Tensor, link_to: Tensor, is_cue: Tensor, is_right: Tensor) -> Tensor:
    """The loss of each span, (n,): cross-entropy with equal shares of its right cues, or none.

    Args:
        link_from: (n, 64), of the spans' first tokens.
        link_to: (n, cues, 64), of the first tokens of the cues in the window of each.
        is_cue: (n, cues), false where a span has fewer cues.
        is_right: (n, cues).
    """
    scores = (link_to @ link_from.unsqueeze(-1)).squeeze(-1) / link_from.shape[-1] ** 0.5
    none = scores.new_zeros(len(scores), 1)
    scores = torch.cat([scores.masked_fill(~is_cue, -torch.inf), none], 1)
    right = torch.cat([is_right, ~is_right.any(1, keepdim=True)], 1).to(scores.dtype)
    shares = right / right.sum(1, keepdim=True)
    log_probabilities = scores.log_softmax(1).masked_fill(shares == 0, 0.0)
    return -(shares * log_probabilities).sum(1)


class _Truth(NamedTuple):
    """The labels of packed rows; spans and cues by their place in the flattened rows."""

    tags: NDArray[np.int64]
    spans: NDArray[np.int64]
    cues: NDArray[np.int64]
    is_cue: NDArray[np.bool_]
    is_right: NDArray[np.bool_]


def _truth(rows: Sequence[Sequence[LabelledWindow]], shape: tuple[int, ...]) -> _Truth:
    tags = np.full(shape, UNLABELLED, np.int64)
    links: list[tuple[int, list[int], tuple[int, ...]]] = []
    for r, row in enumerate(rows):
        at = 0
        for one in row:
            tags[r, at : at + len(one.block)] = one.tags
            before = r * shape[1] + at
            cues = [before + place for place in one.cues]
            links += [(before + place, cues, right) for place, right in one.links]
            at += len(one.block)
    width = max((len(cues) for _, cues, _ in links), default=0)
    places = np.zeros((len(links), width), np.int64)
    is_cue, is_right = np.zeros((2, len(links), width), np.bool_)
    for n, (_, cues, right) in enumerate(links):
        places[n, : len(cues)] = cues
        is_cue[n, : len(cues)] = True
        is_right[n, list(right)] = True
    return _Truth(tags, np.array([span for span, _, _ in links], int), places, is_cue, is_right)
