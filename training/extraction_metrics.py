"""How well attributed statements are found, as figures for a report and as text for people.

Figures are over the statements of all articles together; intervals are 95 % percentile bootstrap
over articles. What counts as found is told in `extraction_counts`.
"""

from collections.abc import Iterable, Sequence
from itertools import permutations
from typing import Any

import numpy as np

from stance.domain import Attribution
from training.extraction_counts import Counts, Told, count
from training.gold import Gold, GoldArticle
from training.metrics import DRAWS, Draws, Reals, interval

Figures = dict[str, Any]


def extraction_figures(
    articles: Sequence[GoldArticle],
    predicted: Sequence[Sequence[Attribution]],
    draws: int = DRAWS,
    seed: int = 0,
) -> Figures:
    """What was found and how much of it is right, as plain JSON values; null where undefined.

    - `content`, `source`, `cue`: precision, recall and F1 under each rule;
    - `kinds`: those of direct speech and of the rest: recall of what is marked as that kind,
      precision of what is predicted as it, matched to any kind. Null where a marked one has none;
    - `matched`: of the statements matched under an overlap rule, how many have the source, the
      cue (they share a character, or both have none) and the kind right. The Gender Gap Tracker's
      "speaker match" is that of sources; its "verb match" wants the same word;
    - `speakers`: of the same, how many names are right, and how often one is given where the
      article names a speaker and where it does not; `statement_and_speaker` counts only
      statements with the right name, or with none in both. Null where the set names none.

    Args:
        articles: with what was marked in them.
        predicted: what was found in each, in the same order.
        draws: of the bootstrap.
        seed: of the bootstrap.

    Raises:
        ValueError: there are no articles, or not as many predictions; or one ends beyond its text.
    """
    if not articles:
        raise ValueError("there are no articles to measure on")
    told = Told.of(articles, [one.attributions for one in articles])
    counts = []
    for one, found in zip(articles, predicted, strict=True):
        guesses = [_as_gold(attribution, one.article.text) for attribution in found]
        counts.append(count(one.article.text, one.attributions, guesses, told))
    return {
        "n_articles": len(articles),
        "n_marked": sum(len(one.attributions) for one in articles),
        "n_predicted": sum(map(len, predicted)),
        **_figures(counts, draws, seed),
    }


def annotator_figures(
    articles: Sequence[GoldArticle], draws: int = DRAWS, seed: int = 0
) -> Figures | None:
    """The annotators of one article measured against each other: what a machine can hope for.

    In every article that several people marked, each is measured against each other one, as if
    the first had predicted and the second marked; all pairs are pooled, so the precision of
    content equals its recall.

    Args:
        articles: also such as one person marked; they are passed over.
        draws: of the bootstrap.
        seed: of the bootstrap.

    Returns:
        Figures as `extraction_figures` has them; None where no article has several annotators.
    """
    several = [one for one in articles if one.others]
    if not several:
        return None
    versions = [(one.attributions, *one.others) for one in several]
    told = Told.of(several, [golds for article in versions for golds in article])
    counts = [
        _sum(count(one.article.text, *pair, told) for pair in permutations(golds, 2))
        for one, golds in zip(several, versions, strict=True)
    ]
    return {
        "n_articles": len(several),
        "n_annotators": sorted(map(len, versions)),
        **_figures(counts, draws, seed),
    }


def extraction_summary(figures: Figures) -> str:
    """The figures in a few lines, for people."""
    predicted = f", {figures['n_predicted']} predicted" if "n_predicted" in figures else ""
    marked = f", {figures['n_marked']} statements marked" if "n_marked" in figures else ""
    lines = [f"{figures['n_articles']} articles{marked}{predicted}"]
    for name in ("content", "source", "cue"):
        lines += [f"{name:8} {rule:12} {_line(one)}" for rule, one in figures[name].items()]
    for kind, rules in (figures["kinds"] or {}).items():
        lines += [
            f"{kind.replace('_', ' ')}, {rule}: {_line(one)}"
            for rule, one in rules.items()
            if rule.startswith("overlap")
        ]
    for rule, shares in figures["matched"].items():
        told = ", ".join(f"{name} {_share(one)}" for name, one in shares.items())
        lines.append(f"right where matched at {rule}: {told}")
    for rule, shares in (figures["speakers"] or {}).items():
        told = ", ".join(
            f"{name.replace('_', ' ')} {_share(one)}" for name, one in shares.items() if "n" in one
        )
        lines.append(f"speakers at {rule}: {told}")
        lines.append(f"  statement and speaker: {_line(shares['statement_and_speaker'])}")
    return "\n".join(lines)


def _as_gold(attribution: Attribution, text: str) -> Gold:
    speaker = attribution.speaker
    gold = Gold(
        attribution.spans,
        attribution.cue,
        attribution.mention,
        speaker.name if speaker else None,
        speaker.role if speaker else None,
        attribution.kind,
    )
    if beyond := [span for span in gold.spans if span[1] > len(text)]:
        raise ValueError(f"{beyond[0]} ends beyond the text of {len(text)} characters")
    return gold


def _sum(counts: Iterable[Counts]) -> Counts:
    total: Counts = {}
    for one in counts:
        for path, numbers in one.items():
            before = total.get(path, (0,) * len(numbers))
            total[path] = tuple(a + b for a, b in zip(before, numbers, strict=True))
    return total


def _figures(counts: Sequence[Counts], n_draws: int, seed: int) -> Figures:
    """The figures in their places, from the counts of each article; all have the same paths."""
    draws = Draws(len(counts), n_draws, seed)
    figures: Figures = {"kinds": None, "speakers": None}
    for path in counts[0]:
        table = np.array([one[path] for one in counts], float)
        drawn = draws.sums(np.arange(len(counts)), table)
        place = figures
        for key in path[:-1]:
            place[key] = place.get(key) or {}
            place = place[key]
        place[path[-1]] = _of_counts(table.sum(0), drawn)
    return figures | {"bootstrap": {"over": "articles", "draws": n_draws, "seed": seed}}


def _of_counts(total: Reals, drawn: Reals) -> Figures:
    if len(total) == 2:
        return {
            "n": int(total[1]),
            "share": _round(_ratio(total[0], total[1])),
            "interval": [_round(edge) for edge in interval(_ratio(drawn[:, 0], drawn[:, 1]))],
        }
    rates, drawn_rates = _rates(total), _rates(drawn.T)
    intervals = {
        f"{name}_interval": [_round(edge) for edge in interval(rate)]
        for name, rate in drawn_rates.items()
    }
    return {
        "n_marked": int(total[1]),
        "n_predicted": int(total[3]),
        **{name: _round(rate) for name, rate in rates.items()},
        **intervals,
    }


def _rates(counts: Reals) -> dict[str, Reals]:
    """Precision, recall and F1 (...) of counts (4, ...); NaN where there is nothing to count."""
    found, marked, right, predicted = counts
    precision, recall = _ratio(right, predicted), _ratio(found, marked)
    both = np.nan_to_num(precision) + np.nan_to_num(recall)
    product = 2 * np.nan_to_num(precision) * np.nan_to_num(recall)
    f1 = np.where(marked + predicted > 0, product / np.where(both > 0, both, 1), np.nan)
    return {"precision": precision, "recall": recall, "f1": f1}


def _ratio(above: Reals, below: Reals) -> Reals:
    return np.where(below > 0, above / np.maximum(below, 1), np.nan)


def _round(value: float | Reals) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)


def _line(rates: Figures) -> str:
    f1 = _with_interval(rates["f1"], rates["f1_interval"])
    precision, recall = (_number(rates[name]) for name in ("precision", "recall"))
    return f"F1 {f1}, precision {precision}, recall {recall}"


def _share(share: Figures) -> str:
    return f"{_with_interval(share['share'], share['interval'])} of {share['n']}"


def _with_interval(value: float | None, edges: Sequence[float | None]) -> str:
    return f"{_number(value)} [{', '.join(map(_number, edges))}]"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
