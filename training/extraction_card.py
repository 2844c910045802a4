"""The card of an extractor, written from its manifest and reports. Knows nothing of training."""

from collections.abc import Iterator, Mapping
from typing import Any

from training.markdown import between, number, table
from training.recipe import OWN_ARTICLES, POLNEAR

ANNOTATORS = "annotators"

_SETS = {
    POLNEAR: "84 articles of seven US publishers on the election of 2016, marked by people (PolNeAR"
    " 1.0, test split; Newell, Margolin and Ruths, LREC 2018). It names no speakers.",
    OWN_ARTICLES: "articles on foreign affairs that we wrote, kept back from training, with every"
    " statement and its speaker marked. Written and marked by language models.",
    ANNOTATORS: "people measured against each other on the articles of PolNeAR that several marked:"
    " what a machine can hope for.",
}
_TRAINED = {
    POLNEAR: "`polnear`: PolNeAR 1.0, the training split (840 articles). Its repository states no"
    " licence, and the articles belong to their publishers: whether a model trained on them may be"
    " used for your purpose is for you to judge. None of their text is in this folder.",
    OWN_ARTICLES: "`own-articles`: articles that we wrote, `training/data/articles-train.jsonl`"
    " (CC BY 4.0).",
}

_TEXT = """# {name}

{description}

Reads a news article and finds every statement that it attributes to somebody: where the content
stands, the words that tell it (the cue), the words for its source, and the speaker's fullest name
in the article, or none where that is not sure. It says what an article reports, not whether it is
true.

## Limits

- Language: English. Others were neither trained nor measured.
- It was trained on news prose. Dialogue, headlines and social media are not measured.
- A statement inside another is not told apart: the outer one counts.
- Speakers are named from the article alone; two persons of one name are one.
- Articles are read in windows of at most {window} tokens, which overlap; nothing is cut off.

## Measured quality

What is served, read back from disk, on articles that it did not learn from; 95 % intervals by
bootstrap over articles. `report.json` has every figure.

{sets}

Content is found where more than that share of its characters is covered (the rule of the Gender Gap
Tracker; Asr et al., PLOS ONE 2021), `exact` where every character and no other is; `union` wants
that share of both together.

{content}

Sources and cues: found where they share a character, or exactly.

{parts}

Direct speech and the rest, at overlap 0.3 and 0.8:

{kinds}

Speakers, of the statements that were found at overlap 0.3:

{speakers}

## Trained on

Encoder: {base}.{parent} Speakers are told by weights that were fitted on the articles that we
wrote.

{trained}
"""

Figures = Mapping[str, Any]


def extraction_card(name: str, manifest: Mapping[str, Any], reports: Mapping[str, Figures]) -> str:
    """The card in Markdown; its figures are those of `report.json`.

    Args:
        name: of the bundle.
        manifest: of the bundle, complete but for its files.
        reports: what `training.extraction_metrics` gave, by the name of the set.
    """
    parent = manifest.get("from")
    return _TEXT.format(
        name=name,
        description=manifest["description"],
        window=manifest["window"],
        sets="\n".join(f"- `{of}`: {_SETS.get(of, 'marked articles.')}" for of in reports),
        content=table(("set", "rule", *_RATES), _content(reports)),
        parts=table(("set", "part", "rule", *_RATES), _parts(reports)),
        kinds=table(("set", "kind", "rule", *_RATES), _kinds(reports)),
        speakers=table(("set", "share", "of", "statements"), _speakers(reports)),
        base=manifest["recipe"]["base"],
        parent=f" Continues from the bundle `{parent['model']}`." if parent else "",
        trained="\n".join(f"- {_TRAINED.get(of, of)}" for of in manifest["data"]),
    )


_RATES = ("F1", "precision", "recall")


def _rates(figures: Figures) -> tuple[str, ...]:
    return tuple(
        number(figures[rate]) + between(figures.get(f"{rate}_interval"))
        for rate in ("f1", "precision", "recall")
    )


def _content(reports: Mapping[str, Figures]) -> Iterator[tuple[str, ...]]:
    for of, report in reports.items():
        for rule, figures in report["content"].items():
            yield of, rule.replace("_", " "), *_rates(figures)


def _parts(reports: Mapping[str, Figures]) -> Iterator[tuple[str, ...]]:
    for of, report in reports.items():
        for part in ("source", "cue"):
            for rule, figures in report[part].items():
                yield of, part, rule, *_rates(figures)


def _kinds(reports: Mapping[str, Figures]) -> Iterator[tuple[str, ...]]:
    for of, report in reports.items():
        for kind, rules in (report["kinds"] or {}).items():
            for rule, figures in rules.items():
                if rule.startswith("overlap"):
                    words = kind.replace("_", " "), rule.replace("_", " ")
                    yield of, *words, *_rates(figures)


_SHARES = {
    "right_where_named": "the right name, where the article names a speaker",
    "right_where_given": "the right name, where one was given",
    "given_where_named": "a name was given, where the article names a speaker",
    "given_where_none_is": "a name was given, where the article names none",
}


def _speakers(reports: Mapping[str, Figures]) -> Iterator[tuple[str, ...]]:
    for of, report in reports.items():
        for rule, shares in (report["speakers"] or {}).items():
            if rule != "overlap_0.3":
                continue
            for key, words in _SHARES.items():
                found = shares[key]
                yield (
                    of,
                    words,
                    number(found["share"]) + between(found.get("interval")),
                    str(found["n"]),
                )
