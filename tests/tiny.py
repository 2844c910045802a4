"""A random encoder of a few thousand weights, and small files of labelled statements."""

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import torch
from transformers import BertConfig, BertModel

from tests.fakes import word_tokenizer

torch.set_num_threads(1)  # a tiny network only loses by more

SIDES = {"favor": "supports", "against": "opposes", "neutral": "discusses"}
TOPICS = ("peace", "carbon tax", "gas trade", "border visas", "grain treaty")
SPEAKERS = ("the minister", "the president", "moscow", "warsaw", "paris", "kyiv", "berlin")


def tiny_encoder(folder: Path, layers: int = 2) -> Path:
    """An untrained encoder with a tokenizer that knows the words of the tests."""
    tokenizer = word_tokenizer(*SIDES.values(), *TOPICS, *SPEAKERS)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(), hidden_size=16, num_hidden_layers=layers,
        num_attention_heads=2, intermediate_size=32, max_position_embeddings=64,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    config_of_tokenizer = {
        "tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "[UNK]", "pad_token": "[PAD]",
        "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]",
    }  # fmt: skip
    (folder / "tokenizer_config.json").write_text(json.dumps(config_of_tokenizer))
    return folder


def labelled_rows(n: int, seed: int = 0, topics: Sequence[str] = TOPICS) -> list[dict[str, object]]:
    """Statements whose side can be read off one word, each of a group of its own."""
    rng = random.Random(seed)
    rows: list[dict[str, object]] = []
    numbers = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    while len(rows) < n:
        side, topic = rng.choice(list(SIDES)), rng.choice(topics)
        words = f"{rng.choice(SPEAKERS)} {SIDES[side]} the {topic} on {rng.choice(numbers)}"
        text = f"{words} {rng.choice(numbers)} {rng.choice(numbers)} weather {seed}"
        if any(row["text"] == text for row in rows):
            continue
        other = rng.choice([one for one in topics if one != topic] or ["football"])
        rows.append(
            {
                "id": f"s{seed}-{len(rows)}",
                "text": text,
                "labels": [
                    {"proposition": f"we should have {topic}", "stance": side},
                    {"proposition": f"we should have {other}", "stance": "unrelated"},
                ],
                "sentiment": rng.choice(["positive", "neutral", "negative"]),
                "group": f"g{seed}-{len(rows)}",
            }
        )
    return rows


def write_jsonl(path: Path, rows: Iterable[Mapping[str, object]]) -> Path:
    """Write rows as JSONL."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def own_statements(folder: Path) -> Path:
    """A folder with all the files that `training/data` has, in small."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed, (name, n) in enumerate(
        {"train": 60, "dev": 20, "calibration": 20, "test": 40, "test_unseen": 30}.items(), 100
    ):
        write_jsonl(folder / f"{name}.jsonl", labelled_rows(n, seed))
    (folder / "wordings.jsonl").write_text(
        '{"proposition": "we should have peace", "same": ["peace"], "opposite": ["no peace"]}\n'
    )
    return folder


RECIPE = """
description = "tiny"
[[stage]]
epochs = {epochs}
learning_rate = 0.01
tokens_per_step = 256
row_tokens = 64
bf16 = false
average = {average}
patience = {patience}
[stage.mix]
{mix}
"""


def tiny_recipe(
    path: Path, *, epochs: int = 2, average: float = 0.0, patience: int = 0,
    mix: Sequence[str] = ("labels", "own"),
) -> Path:  # fmt: skip
    """A recipe of one stage over the given sources."""
    sources = "\n".join(f"{name} = 1.0" for name in mix)
    path.write_text(RECIPE.format(epochs=epochs, average=average, patience=patience, mix=sources))
    return path
