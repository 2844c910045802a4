"""Pairs per second: Stance against what users do today, side by side in one run.

    python -m benchmarks.speed --statements FILE [--statements-used 300] [--rounds 3]

The same statements are asked the 12 catalogue issues by Stance end to end (text to result), by the
Hugging Face text-classification pipeline on the same encoder as a cross-encoder, and by the
shapes of two larger zero-shot models (random weights: speed only). Systems take turns; each
figure is the median over rounds. Extra: train.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
import transformers
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer
from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

from stance import Classifier, Statement, models_dir, read_catalogue
from stance.bundle import open_bundle
from stance.domain import Kind, Question
from stance.render import Renderer
from stance.statement_files import read_statements
from training.encoders import packaged_encoder

BATCH = 32
# What the encoder must compute for one token, from its shape: two flops a weight of the
# linear layers. Attention scores come on top and are not counted as useful.
LAYERS, WIDTH, INNER = 6, 384, 1536
FLOPS_PER_TOKEN = 2 * LAYERS * (4 * WIDTH * WIDTH + 2 * WIDTH * INNER)


def gemm_gflops(threads: int, seconds: float = 3.0) -> float:
    """The best float32 matrix product rate seen, in GFLOP/s: torch, numpy and ONNX Runtime."""
    torch.set_num_threads(threads)
    best = 0.0
    for rows, inner, columns in ((1024, 384, 1536), (1024, 1536, 384), (2048, 2048, 2048)):
        a, b = torch.randn(rows, inner), torch.randn(inner, columns)
        x, y = a.numpy(), b.numpy()
        session = _product(y, threads)
        products: tuple[Callable[[], object], ...] = (
            partial(torch.matmul, a, b),
            partial(np.matmul, x, y),
            partial(session.run, None, {"x": x}),
        )
        for product in products:
            product()
            until = time.perf_counter() + seconds / 9
            while (began := time.perf_counter()) < until:
                product()
                took = time.perf_counter() - began
                best = max(best, 2 * rows * inner * columns / took / 1e9)
    return best


def _product(y: NDArray[np.float32], threads: int) -> onnxruntime.InferenceSession:
    """A session that multiplies its input by a constant matrix."""
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "y"], ["z"])],
        "product",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, y.shape[0]])],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, [None, y.shape[1]])],
        [numpy_helper.from_array(y, "y")],
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    return onnxruntime.InferenceSession(model.SerializeToString(), options)


def larger_model(name: str, threads: int) -> Callable[[list[tuple[str, str]]], None]:
    """A zero-shot model of a known shape, fed token ids of the right lengths."""
    torch.set_num_threads(threads)
    config: Any
    if name == "bart-large-mnli":
        config = transformers.BartConfig(num_labels=3)  # type: ignore[call-arg]
    else:
        shape: dict[str, Any] = {
            "vocab_size": 128100, "hidden_size": 768, "num_hidden_layers": 12,
            "num_attention_heads": 12,
            "intermediate_size": 3072, "relative_attention": True, "position_buckets": 256,
            "norm_rel_ebd": "layer_norm", "share_att_key": True, "pos_att_type": ["p2c", "c2p"],
            "max_relative_positions": -1, "position_biased_input": False, "type_vocab_size": 0,
            "num_labels": 3,
        }  # fmt: skip
        config = transformers.DebertaV2Config(**shape)
    model = AutoModelForSequenceClassification.from_config(config).eval()
    tokenizer = AutoTokenizer.from_pretrained(packaged_encoder())

    def run(pairs: list[tuple[str, str]]) -> None:
        for n in range(0, len(pairs), BATCH):
            part = pairs[n : n + BATCH]
            texts, issues = [p[0] for p in part], [p[1] for p in part]
            tokens = tokenizer(texts, issues, padding=True, truncation=True, return_tensors="pt")
            ids = tokens["input_ids"].clamp(min=3)
            if name == "bart-large-mnli":
                ids[:, -1] = config.eos_token_id
            with torch.inference_mode():
                model(input_ids=ids, attention_mask=tokens["attention_mask"])

    return run


def main() -> None:
    """Measure, and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--statements", type=Path, required=True)
    parser.add_argument("--statements-used", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()

    rows = read_statements(options.statements, None)  # type: ignore[arg-type]
    statements = [
        row for row in islice(rows, options.statements_used) if isinstance(row, Statement)
    ]
    issues = list(read_catalogue())
    pairs = [(s.text, i.proposition) for s in statements for i in issues]
    classifier = Classifier.open(models_dir(), threads=options.threads)
    torch.set_num_threads(options.threads)
    cross = AutoModelForSequenceClassification.from_pretrained(packaged_encoder(), num_labels=4)
    tokenizer = AutoTokenizer.from_pretrained(packaged_encoder())
    hf = pipeline("text-classification", model=cross, tokenizer=tokenizer, device="cpu")
    inputs = [{"text": text, "text_pair": issue} for text, issue in pairs]
    bart = larger_model("bart-large-mnli", options.threads)
    deberta = larger_model("deberta-v3-base", options.threads)

    bundle = open_bundle(models_dir())
    renderer = Renderer(Tokenizer.from_file(str(bundle.folder / "tokenizer.json")), bundle.window)
    questions = [Question(Kind.SENTIMENT), *(Question(Kind.STANCE, i.proposition) for i in issues)]
    tokens = sum(map(len, renderer.statements([s.text for s in statements])))
    tokens += len(statements) * sum(len(renderer.question(q)) for q in questions)

    systems: dict[str, tuple[Callable[[], object], int]] = {
        "stance": (lambda: list(classifier.classify(statements, issues)), len(pairs)),
        "pipeline": (lambda: hf(inputs[:1200], batch_size=BATCH, truncation=True), 1200),
        "deberta-v3-base": (lambda: deberta(pairs[:128]), 128),
        "bart-large-mnli": (lambda: bart(pairs[:64]), 64),
    }
    rates: dict[str, list[float]] = {name: [] for name in systems}
    peaks, ceilings = [], []
    for _ in range(options.rounds):
        peaks.append(gemm_gflops(options.threads))
        for name, (run, n) in systems.items():
            began = time.perf_counter()
            run()
            rates[name].append(n / (time.perf_counter() - began))
        peaks.append(gemm_gflops(options.threads))
        ceilings.append(statistics.mean(peaks[-2:]) * 1e9 / FLOPS_PER_TOKEN)
    useful = [rate / len(pairs) * tokens for rate in rates["stance"]]
    shares = [u / c for u, c in zip(useful, ceilings, strict=True)]
    ratio = {
        name: statistics.median(a / b for a, b in zip(rates["stance"], other, strict=True))
        for name, other in rates.items()
    }
    print(
        json.dumps(
            {
                "statements": len(statements),
                "tokens_per_statement": round(tokens / len(statements), 1),
                "pairs_per_second": {n: round(statistics.median(r), 1) for n, r in rates.items()},
                "stance_is_times_faster_than": {n: round(r, 1) for n, r in ratio.items()},
                "gemm_gflops": round(float(np.median(peaks)), 1),
                "share_of_gemm_ceiling": round(statistics.median(shares), 3),
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
