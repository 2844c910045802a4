"""Pairs and articles per second on a GPU, and the share of its measured matrix peak.

    python -m benchmarks.gpu [--articles PATH --extractor NAME]
    python -m benchmarks.gpu --device cpu --statements-used 40 --rounds 1     # does it run at all

Statements are asked the 12 catalogue issues and the tone. End to end is from text to result in one
process; the network alone is given rows that are laid out already, so the difference is what the
GPU waits for. The peak is the best matrix product seen in the same run, in the same precision (on
a CPU, 16 bits are emulated, and its product is no peak). Some answers are compared with those of
ONNX Runtime. Articles are in memory; their statements are found, and asked the catalogue.
Extras: gpu; archive for --articles.
"""

import argparse
import json
import platform
import statistics
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from numpy.typing import NDArray

from stance import Classifier, Statement, models_dir, read_catalogue
from stance.archive import Record, read_archive
from stance.bundle import Bundle, open_bundle
from stance.calibration import N_LOGITS
from stance.domain import Article, Issue
from stance.manifest import ModelKind
from stance.packing import PADDING_GROUP, Rows
from stance.quotes import Extractor
from stance.render import Renderer, read_tokenizer
from stance.torch_network import open_classifier, open_tagger
from stance.torch_network.device import compute_repeatably, dtype_on, find_device
from stance.torch_network.heads import StanceNetwork
from stance.torch_network.opening import GPU_BATCH_TOKENS, GPU_WINDOW_STATEMENTS
from stance.torch_network.precision import Precision
from stance.torch_network.row_queue import TorchNetwork

OWN_STATEMENTS = Path(__file__).parents[1] / "training" / "data" / "test.jsonl"


@dataclass
class Kept:
    """A network that keeps the rows that it is given, and knows nothing."""

    rows: list[Rows] = field(default_factory=list)

    def __call__(self, rows: Rows, /) -> NDArray[np.float32]:
        """Zeros."""
        self.rows.append(rows)
        return np.zeros((*rows.first.shape, N_LOGITS), np.float32)


def matrix_peak(device: torch.device, dtype: torch.dtype, seconds: float = 2.0) -> float:
    """The best matrix product rate seen, in FLOP/s, over square matrices and the encoder's own."""
    large = (16_384, 8192, 4096) if device.type == "cuda" else (1024,)
    many = GPU_BATCH_TOKENS if device.type == "cuda" else 1024
    shapes = [*((n, n, n) for n in large), (many, 384, 1536), (many, 1536, 384)]
    best = 0.0
    for rows, inner, columns in shapes:
        a = torch.randn(rows, inner, device=device).to(dtype)
        b = torch.randn(inner, columns, device=device).to(dtype)
        n_products = 1  # the first one chooses a kernel
        until = time.perf_counter() + seconds / len(shapes)
        while time.perf_counter() < until:
            took = _seconds(device, partial(_products, a, b, n_products))
            best = max(best, 2 * rows * inner * columns * n_products / took)
            n_products = 10  # a launch weighs little in ten
    return best


def _products(a: torch.Tensor, b: torch.Tensor, n: int) -> None:
    for _ in range(n):
        a @ b


def _seconds(device: torch.device, run: Callable[[], object]) -> float:
    _wait(device)
    began = time.perf_counter()
    run()
    _wait(device)
    return time.perf_counter() - began


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def useful_flops(config: transformers.PretrainedConfig, batches: Iterable[Rows]) -> int:
    """What the linear layers must compute for these rows: two a weight and token, no padding.

    In the last layer only keys and values are of all tokens; the rest is of questions alone.
    Attention scores come on top and are not counted.
    """
    width, inner = config.hidden_size, config.intermediate_size
    mixed, whole = 2 * width * width, 2 * (4 * width * width + 2 * width * inner)
    total = 0
    for rows in batches:
        n_tokens = int((rows.group != PADDING_GROUP).sum())
        total += n_tokens * ((config.num_hidden_layers - 1) * whole + 2 * mixed)
        total += int(rows.n_questions.sum()) * (whole - 2 * mixed)
    return total


def laid_out(
    bundle: Bundle, statements: Sequence[Statement], issues: Sequence[Issue], batch_tokens: int
) -> list[Rows]:
    """The rows that the statements become."""
    kept = Kept()
    renderer = Renderer(read_tokenizer(bundle.folder / "tokenizer.json"), bundle.window)
    packer = Classifier(
        kept, renderer, bundle.calibration, "none",
        batch_tokens=batch_tokens, window_statements=GPU_WINDOW_STATEMENTS,
    )  # fmt: skip
    deque(packer.classify(statements, issues), maxlen=0)
    return kept.rows


def read_articles(path: Path, n: int) -> list[Article]:
    """The first articles of an archive."""
    found = (
        record.content
        for record in read_archive([path])
        if isinstance(record, Record) and isinstance(record.content, Article)
    )
    return list(islice(found, n))


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """All figures, by name."""
    device = find_device(options.device)
    if device.type == "cuda":
        compute_repeatably()
    dtype = dtype_on(device, options.precision)
    issues = list(read_catalogue())
    texts = [json.loads(line)["text"] for line in options.statements.read_text().splitlines()]
    statements = [Statement(text) for text in islice(cycle(texts), options.statements_used)]
    bundle = open_bundle(options.models, options.model)
    opened = {
        "device": options.device, "precision": options.precision,
        "batch_tokens": options.batch_tokens,
    }  # fmt: skip
    classifier = open_classifier(bundle, **opened)
    rows = laid_out(bundle, statements, issues, options.batch_tokens)
    encoder = StanceNetwork.from_pretrained(bundle.folder).encode_in(dtype).to(device)
    network = TorchNetwork(encoder, device)
    runs: dict[str, Callable[[], object]] = {
        "end_to_end": lambda: deque(classifier.classify(statements, issues), maxlen=0),
        "network_alone": lambda: deque(network.each(rows), maxlen=0),
    }
    runs["network_alone"]()  # kernels are chosen, memory is taken
    rounds = [
        {"peak": matrix_peak(device, dtype)}
        | {name: _seconds(device, run) for name, run in runs.items()}
        for _ in range(options.rounds)
    ]
    flops = useful_flops(encoder.config, rows)
    n_tokens = sum(int((one.group != PADDING_GROUP).sum()) for one in rows)
    figures = {
        "card": torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine(),
        "torch": torch.__version__,
        "precision": str(dtype).removeprefix("torch."),
        "model": bundle.name,
        "batch_tokens": options.batch_tokens,
        "statements": len(statements),
        "tokens_per_statement": round(n_tokens / len(statements), 1),
        "padding": round(1 - n_tokens / sum(one.group.size for one in rows), 3),
        "matrix_peak_tflops": round(statistics.median(one["peak"] for one in rounds) / 1e12, 3),
    }
    for name in runs:
        rates = [len(statements) * len(issues) / one[name] for one in rounds]
        shares = [flops / one[name] / one["peak"] for one in rounds]
        figures[name] = {
            "pairs_per_second": round(statistics.median(rates), 1),
            "share_of_matrix_peak": round(statistics.median(shares), 4),
        }
    compared = statements[: options.compared]
    figures["agreement_with_onnx"] = agreement(classifier, bundle, compared, issues)
    if options.articles:
        finder = open_bundle(options.models, options.extractor, ModelKind.EXTRACTION)
        extractor = Extractor.load(finder, tagger=open_tagger(finder, **opened))
        figures["articles"] = article_figures(options, extractor, classifier, issues)
    return figures


def agreement(
    classifier: Classifier, bundle: Bundle, statements: Sequence[Statement], issues: Sequence[Issue]
) -> dict[str, Any]:
    """How far the answers are from those of ONNX Runtime, which were calibrated."""
    told, served = (
        [
            answer
            for result in engine.classify(statements, issues)
            for answer in (result.sentiment, *(one for _, one in result.stances))
        ]
        for engine in (classifier, Classifier.load(bundle))
    )
    pairs = list(zip(told, served, strict=True))
    moved = [
        abs(p - q)
        for one, other in pairs
        for p, q in zip(one.probabilities, other.probabilities, strict=True)
    ]
    return {
        "statements": len(statements),
        "largest_difference": round(max(moved), 5),
        "mean_difference": round(statistics.mean(moved), 6),
        "equal_labels": round(statistics.mean(a.label == b.label for a, b in pairs), 5),
    }


def article_figures(
    options: argparse.Namespace,
    extractor: Extractor,
    classifier: Classifier,
    issues: Sequence[Issue],
) -> dict[str, Any]:
    """Articles per second, in memory, from text to the results of their statements."""
    articles = read_articles(options.articles, options.articles_used)

    def statements() -> Iterator[Statement]:
        found = extractor.extract_each(articles)
        for article, attributions in zip(articles, found, strict=True):
            yield from (Statement(one.text(article.text)) for one in attributions)

    rates = []
    for _ in range(options.rounds):
        began = time.perf_counter()
        n_statements = sum(1 for _ in classifier.classify(statements(), issues))
        rates.append(len(articles) / (time.perf_counter() - began))
    return {
        "extractor": extractor.name,
        "articles": len(articles),
        "statements": n_statements,
        "articles_per_second": round(statistics.median(rates), 2),
    }


def main() -> None:
    """Measure, and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--precision", type=Precision, choices=list(Precision))
    parser.add_argument("--batch-tokens", type=int, default=GPU_BATCH_TOKENS)
    parser.add_argument("--models", type=Path, default=models_dir())
    parser.add_argument("--model")
    parser.add_argument("--statements", type=Path, default=OWN_STATEMENTS, help="JSONL with `text`")
    parser.add_argument("--statements-used", type=int, default=20_000)
    parser.add_argument("--compared", type=int, default=500, help="statements asked of ONNX too")
    parser.add_argument("--articles", type=Path, help="an archive")
    parser.add_argument("--articles-used", type=int, default=2000)
    parser.add_argument("--extractor")
    parser.add_argument("--rounds", type=int, default=3)
    print(json.dumps(measure(parser.parse_args()), indent=2))


if __name__ == "__main__":
    main()
