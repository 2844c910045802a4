"""Which form of the model is the most accurate: cross-encoder, one-pass, or cached questions?

Same encoder, data, seed and steps; the forms differ in who may look at whom. Prints one JSON line
a form. Run it on a machine with the `train` extra:

    python -m benchmarks.forms --data DIR --form one-pass --seed 0
"""

import argparse
import json
import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from stance.calibration import HEADS
from stance.domain import Kind, Stance
from stance.issues import read_catalogue
from stance.packing import PADDING_GROUP, Group, Rows, fill_rows, lay_out
from stance.render import Block, Renderer
from stance.torch_network.heads import StanceNetwork
from training.encoders import from_encoder
from training.examples import Example, Label
from training.finetune import finetune
from training.label_files import read_labels
from training.material import OWN_DATA
from training.metrics import macro_f1, macro_f1_interval
from training.recipe import Stage
from training.sources import read_source
from training.wordings import read_wordings

FORMS = ("cross-encoder", "one-pass", "cached-1", "cached-2", "cached-4")
CROSS_ROW_TOKENS = 384
LONGEST = 96


class CrossEncoder(StanceNetwork):
    """Statement and question see each other wholly; each question reads the statement again."""

    def sees(self, group: Tensor, block: Tensor) -> Tensor:
        """All of a group sees all of it."""
        return group.unsqueeze(2) == group.unsqueeze(1)

    @staticmethod
    def lay_out(rows: Sequence[Sequence[Group]]) -> Rows:
        """[CLS] statement [SEP] question [SEP], positions going on, read at the first token.

        The questions keep their order, but are filled anew into rows, next fit.
        """
        pairs = [
            Group(members.statement, (question,))
            for row in rows
            for members in row
            for question in members.questions
        ]
        filled: list[list[Group]] = []
        room = 0
        for pair in pairs:
            if len(pair) > room:
                filled.append([])
                room = CROSS_ROW_TOKENS
            filled[-1].append(pair)
            room -= len(pair)
        arrays = lay_out(filled)
        for r, row in enumerate(filled):
            at = 0
            for g, pair in enumerate(row):
                start, end = at + len(pair.statement), at + len(pair)
                arrays.position_ids[r, start:end] += len(pair.statement) - 1
                # A question's own [CLS] is left out: it becomes padding, of no group.
                arrays.group[r, start] = PADDING_GROUP
                arrays.first[r, g] = at
                at = end
        return arrays


class CachedQuestions(StanceNetwork):
    """Questions see themselves alone; readout tokens see statement, question and themselves."""

    readouts = 2

    def sees(self, group: Tensor, block: Tensor) -> Tensor:
        """Blocks: 0 the statement, odd the questions, even above 0 their readouts."""
        same_group = group.unsqueeze(2) == group.unsqueeze(1)
        asks, seen = block.unsqueeze(2), block.unsqueeze(1)
        is_readout = (asks > 0) & (asks % 2 == 0)
        return same_group & ((asks == seen) | is_readout & ((seen == 0) | (seen == asks - 1)))

    def lay_out(self, rows: Sequence[Sequence[Group]]) -> Rows:
        """Each question followed by its readout tokens, which are read."""
        widened = [
            [
                Group(
                    members.statement,
                    tuple(
                        block
                        for question in members.questions
                        for block in (question, Block((question.ids[0],) * self.readouts))
                    ),
                )
                for members in row
            ]
            for row in rows
        ]
        rows_ = lay_out(widened)
        first = rows_.first[:, 1::2]
        return Rows(
            rows_.input_ids, rows_.position_ids, rows_.group, rows_.block,
            np.ascontiguousarray(first), rows_.n_questions // 2,
        )  # fmt: skip


def answers(
    network: StanceNetwork,
    renderer: Renderer,
    rows_of: Callable[[Sequence[Sequence[Group]]], Rows],
    examples: Sequence[Example],
) -> tuple[list[Label], NDArray[np.float32]]:
    """Stance logits of every labelled pair."""
    labels, found = [], []
    blocks = renderer.statements([e.statement.text for e in examples])
    groups = []
    for example, block in zip(examples, blocks, strict=True):
        ids = block.ids if len(block) <= LONGEST else (*block.ids[: LONGEST - 1], block.ids[-1])
        stances = [label for label in example.labels if label.question.kind is Kind.STANCE]
        questions = tuple(renderer.question(label.question) for label in stances)
        groups.append((Group(Block(ids), questions), stances))
    groups = [g for g in groups if g[1]]
    filled = fill_rows([len(g) for g, _ in groups], 512)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for n in range(0, len(filled), 4):
            part = filled[n : n + 4]
            rows = rows_of([[groups[i][0] for i in row] for row in part])
            logits = network(**{k: torch.from_numpy(v) for k, v in rows.inputs().items()}).float()
            labels += [label for row in part for i in row for label in groups[i][1]]
            asked = np.arange(rows.first.shape[1]) < rows.n_questions[:, None]
            found.append(logits.numpy()[asked][:, HEADS[Kind.STANCE]])
    return labels, np.concatenate(found)


def score(labels: list[Label], logits: NDArray[np.float32], merged: bool) -> dict[str, object]:
    """Macro-F1 with its interval; `merged` counts neutral and unrelated as one class."""
    predicted = logits.argmax(1)
    truth = np.array([Kind.STANCE.labels.index(label.allowed[0]) for label in labels])
    if merged:
        probabilities = np.exp(logits - logits.max(1, keepdims=True))
        probabilities[:, 2] += probabilities[:, 3]
        predicted, truth = probabilities[:, :3].argmax(1), np.minimum(truth, 2)
    n = 3 if merged else len(Stance)
    low, high = macro_f1_interval(truth, predicted, n, np.arange(len(truth)))
    return {"n": len(truth), "macro_f1": round(macro_f1(truth, predicted, n), 4),
            "interval": [round(low, 4), round(high, 4)]}  # fmt: skip


def main() -> None:
    """Train one form, score it on VAST dev and on our own dev statements."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--form", choices=FORMS, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=3)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")

    catalogue = read_catalogue()
    sources = {
        "vast": read_source(options.data, "vast"),
        "own": read_labels([OWN_DATA / "train.jsonl"], catalogue).examples,
    }
    dev = {
        "vast": read_source(options.data, "vast", "dev"),
        "own": read_labels([OWN_DATA / "dev.jsonl"], catalogue).examples,
    }
    wordings = read_wordings(OWN_DATA / "wordings.jsonl")
    stage = Stage(
        {"vast": 0.5, "own": 1.0}, epochs=options.epochs, learning_rate=2e-4, tokens_per_step=1024,
        longest_statement=LONGEST, strangers=0.0, seed=options.seed,
    )  # fmt: skip
    network, tokenizer = from_encoder(StanceNetwork, seed=options.seed)
    renderer = Renderer(tokenizer, network.window)
    rows_of: Callable[[Sequence[Sequence[Group]]], Rows] = lay_out
    if options.form == "cross-encoder":
        network.__class__, rows_of = CrossEncoder, CrossEncoder.lay_out
    elif options.form != "one-pass":
        network.__class__ = CachedQuestions
        cached = cast(CachedQuestions, network)
        cached.readouts = int(options.form[-1])
        rows_of = cached.lay_out
    began = time.monotonic()
    finetune(network, renderer, sources, wordings, stage, lay_out=rows_of)
    line: dict[str, object] = {"form": options.form, "seed": options.seed}
    for name, examples in dev.items():
        found = answers(network, renderer, rows_of, examples)
        line[name] = score(*found, merged=name == "vast")
    line["train_s"] = round(time.monotonic() - began)
    print(json.dumps(line))


if __name__ == "__main__":
    main()
