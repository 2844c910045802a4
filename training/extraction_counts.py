"""One article's predicted statements against the marked ones, as counts.

Content is compared by its characters other than white space, all pieces of a statement together,
under three rules:
    overlap_t  |marked and predicted| / |marked| > t: the rule of the Gender Gap Tracker (Asr et
               al., PLOS ONE 2021; `calc_index_match_score` in nlp/english/evaluation of
               sfu-discourse-lab/GenderGapTracker). As there, what is more than was marked costs
               nothing. There, a quote is one range of all characters; here it may have gaps.
    union_t    |marked and predicted| / |marked or predicted| > t, so that too much costs as well.
    exact      the same characters.
Statements are matched one to one and greedily, as the Tracker does (`compare_res`): each marked
one in turn takes, of the predictions left, that with the highest score; of equals the first.
Sources and cues are an article's distinct spans; as many as can be are matched one to one
(`scipy.optimize.linear_sum_assignment`), where they share a character other than white space
(overlap) or are the same (exact).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from stance.domain import Span, SpeechKind
from training.gold import Gold, GoldArticle
from training.metrics import Reals
from training.speaker_names import same_speaker

THRESHOLDS = (0.3, 0.8)
KINDS = {
    "direct": (SpeechKind.DIRECT,),
    "indirect_or_mixed": (SpeechKind.INDIRECT, SpeechKind.MIXED),
}

# For each figure, by the keys that lead to it in a report: a share's part and whole; or marked ones
# that are found, marked ones, predictions that are right, predictions.
Counts = dict[tuple[str, ...], tuple[int, ...]]

_Pairs = list[tuple[int, int]]  # the numbers of a marked one and of its prediction


@dataclass(frozen=True, slots=True)
class Told:
    """What a set tells of every attribution.

    Attributes:
        speakers: whether it says who speaks.
        kinds: whether it says of every one if it is direct, indirect or mixed.
    """

    speakers: bool
    kinds: bool

    @classmethod
    def of(cls, articles: Iterable[GoldArticle], versions: Iterable[Sequence[Gold]]) -> "Told":
        """What these articles tell in these versions of their attributions."""
        return cls(
            all(one.names_speakers for one in articles),
            all(gold.kind for golds in versions for gold in golds),
        )


def count(text: str, marked: Sequence[Gold], predicted: Sequence[Gold], told: Told) -> Counts:
    """What is found and right in one article; the paths depend on `told` alone.

    Args:
        text: of the article.
        marked: what a person marked in it.
        predicted: what was found.
        told: what the set tells of every attribution.
    """
    counts: Counts = {}
    for rule, pairs in _matches(text, marked, predicted).items():
        counts["content", rule] = (len(pairs), len(marked), len(pairs), len(predicted))
        if told.kinds:
            counts |= _kind_counts(rule, pairs, marked, predicted)
        if rule.startswith("overlap"):
            both = [(marked[n], predicted[k]) for n, k in pairs]
            counts |= _matched_counts(rule, both, text, told)
            if told.speakers:
                counts |= _speaker_counts(rule, both, len(marked), len(predicted))
    for name in ("source", "cue"):
        ours, theirs = (
            [_characters([span], text) for span in {getattr(one, name) for one in golds} - {None}]
            for golds in (marked, predicted)
        )
        counts |= _span_counts(name, ours, theirs)
    return counts


def match(scores: Reals, threshold: float) -> _Pairs:
    """Match greedily: each row in turn takes the column left with its highest score.

    Args:
        scores: (marked, predicted), 0 or more.
        threshold: scores must be above it.
    """
    left = scores.copy()
    pairs = []
    for n, row in enumerate(left):
        if row.size and row.max() > threshold:
            taken = int(row.argmax())
            pairs.append((n, taken))
            left[:, taken] = -1
    return pairs


def _matches(text: str, marked: Sequence[Gold], predicted: Sequence[Gold]) -> dict[str, _Pairs]:
    ours, theirs = (
        [_characters(gold.content, text) for gold in golds] for golds in (marked, predicted)
    )
    size = np.array([len(one) for one in ours])[:, None]
    shared, either = _shared(ours, theirs)
    scores = {"overlap": shared / np.maximum(size, 1), "union": shared / np.maximum(either, 1)}
    matches = {
        f"{rule}_{threshold}": match(score, threshold)
        for rule, score in scores.items()
        for threshold in THRESHOLDS
    }
    return {**matches, "exact": match(np.where(shared == either, scores["union"], 0), 0)}


def _characters(spans: Iterable[Span], text: str) -> frozenset[int]:
    return frozenset(n for span in spans for n in range(*span) if not text[n].isspace())


def _shared(
    ours: Sequence[frozenset[int]], theirs: Sequence[frozenset[int]]
) -> tuple[Reals, Reals]:
    """How many characters each two share, and how many they have together: (ours, theirs)."""
    shape = (len(ours), len(theirs))
    shared = np.array([len(one & other) for one in ours for other in theirs], float).reshape(shape)
    either = np.array([len(one | other) for one in ours for other in theirs], float).reshape(shape)
    return shared, either


def _kind_counts(
    rule: str, pairs: _Pairs, marked: Sequence[Gold], predicted: Sequence[Gold]
) -> Counts:
    found, right = ([one[side] for one in pairs] for side in (0, 1))
    return {
        ("kinds", name, rule): (
            sum(marked[n].kind in kinds for n in found),
            sum(gold.kind in kinds for gold in marked),
            sum(predicted[n].kind in kinds for n in right),
            sum(gold.kind in kinds for gold in predicted),
        )
        for name, kinds in KINDS.items()
    }


def _matched_counts(rule: str, both: Sequence[tuple[Gold, Gold]], text: str, told: Told) -> Counts:
    def alike(one: Span | None, other: Span | None) -> bool:
        if one is None or other is None:
            return one is other
        return bool(_characters([one], text) & _characters([other], text))

    right = {
        "source": [alike(one.source, other.source) for one, other in both],
        "cue": [alike(one.cue, other.cue) for one, other in both],
    }
    if told.kinds:
        right["kind"] = [one.kind is other.kind for one, other in both]
    return {("matched", rule, name): (sum(found), len(both)) for name, found in right.items()}


def _speaker_counts(
    rule: str, both: Sequence[tuple[Gold, Gold]], n_marked: int, n_predicted: int
) -> Counts:
    speakers = [(one.speaker, other.speaker) for one, other in both]
    named = [pair for pair in speakers if pair[0] is not None]
    given = [pair for pair in speakers if pair[1] is not None]
    n_right = sum(same_speaker(*pair) for pair in named)
    n_given_where_named = sum(theirs is not None for _, theirs in named)
    n_same = sum(same_speaker(*pair) for pair in speakers)
    return {
        ("speakers", rule, "right_where_named"): (n_right, len(named)),
        ("speakers", rule, "right_where_given"): (n_right, len(given)),
        ("speakers", rule, "given_where_named"): (n_given_where_named, len(named)),
        ("speakers", rule, "given_where_none_is"): (
            len(given) - n_given_where_named,
            len(speakers) - len(named),
        ),
        ("speakers", rule, "statement_and_speaker"): (n_same, n_marked, n_same, n_predicted),
    }


def _span_counts(
    name: str, ours: Sequence[frozenset[int]], theirs: Sequence[frozenset[int]]
) -> Counts:
    shared, either = _shared(ours, theirs)
    touching = shared > 0
    most = touching[linear_sum_assignment(touching.astype(float), maximize=True)]
    found = {"overlap": int(most.sum()), "exact": int((touching & (shared == either)).sum())}
    return {(name, rule): (n, len(ours), n, len(theirs)) for rule, n in found.items()}
