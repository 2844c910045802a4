"""Articles per second: finding statements, against a plain pipeline, side by side in one run.

    python -m benchmarks.extraction --articles FILE [--articles-used 30] [--rounds 3]

The same articles are read by Stance end to end (text to statements with speakers), by its tagger
alone, and by the Hugging Face token-classification pipeline on the same encoder with as many tags
(random head: speed only), with windows that overlap as much. Systems take turns; each figure is
the median over rounds. Useful tokens are those of the articles, each counted once. Extra: train.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import AutoModelForTokenClassification, AutoTokenizer, pipeline

from benchmarks.speed import FLOPS_PER_TOKEN, gemm_gflops
from stance.archive import Record, read_archive
from stance.article_text import LONGEST_OVERLAP, LONGEST_WINDOW
from stance.bundle import models_dir, open_bundle
from stance.domain import Article
from stance.manifest import ModelKind
from stance.quotes import Extractor
from stance.tagger import Tagger
from stance.tags import TAGS
from training.encoders import packaged_encoder

BATCH = 8


def main() -> None:
    """Measure, and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=Path, required=True)
    parser.add_argument("--articles-used", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()

    records = read_archive([options.articles], tell=print)
    articles = [
        record.content
        for record in islice(records, options.articles_used)
        if isinstance(record, Record) and isinstance(record.content, Article)
    ]
    bundle = open_bundle(models_dir(), kind=ModelKind.EXTRACTION)
    tokenizer = Tokenizer.from_file(str(bundle.folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    n_tokens = sum(len(tokenizer.encode(one.text).ids) for one in articles)
    extractor = Extractor.load(bundle, options.threads)
    tagger = Tagger.load(bundle, options.threads)
    torch.set_num_threads(options.threads)
    reader = AutoTokenizer.from_pretrained(packaged_encoder(), model_max_length=LONGEST_WINDOW)
    plain = pipeline(
        "token-classification",
        model=AutoModelForTokenClassification.from_pretrained(
            packaged_encoder(), num_labels=len(TAGS)
        ),
        tokenizer=reader,
        device="cpu",
        stride=LONGEST_OVERLAP,
        aggregation_strategy="simple",
    )
    texts = [one.text for one in articles]

    systems: dict[str, Callable[[], object]] = {
        "extractor": lambda: list(extractor.extract_each(articles)),
        "tagger": lambda: list(tagger.tag_each(articles)),
        "pipeline": lambda: plain(texts, batch_size=BATCH),
    }
    rates: dict[str, list[float]] = {name: [] for name in systems}
    shares: dict[str, list[float]] = {name: [] for name in systems}
    for _ in range(options.rounds):
        for name, run in systems.items():
            before = gemm_gflops(options.threads)
            began = time.perf_counter()
            run()
            rates[name].append(n_tokens / (time.perf_counter() - began))
            peak = statistics.mean((before, gemm_gflops(options.threads)))
            shares[name].append(rates[name][-1] * FLOPS_PER_TOKEN / (peak * 1e9))
    print(
        json.dumps(
            {
                "articles": len(articles),
                "tokens_per_article": round(n_tokens / len(articles)),
                "tokens_per_second": {
                    name: round(statistics.median(found)) for name, found in rates.items()
                },
                "share_of_gemm_ceiling": {
                    name: round(statistics.median(found), 3) for name, found in shares.items()
                },
                "times_faster_than_the_pipeline": {
                    name: round(
                        statistics.median(
                            a / b for a, b in zip(rates[name], rates["pipeline"], strict=True)
                        ),
                        2,
                    )
                    for name in ("extractor", "tagger")
                },
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
