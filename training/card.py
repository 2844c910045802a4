"""The model card of a bundle, written from its manifest and reports. Knows nothing of training.

It says of data only what the manifest says was used.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stance.domain import Kind
from training.answers import Answered
from training.markdown import between, inline, number, section, table
from training.public_sets import SOURCES
from training.recipe import LABELS, OWN

MOST_FAILURES = 8
# The words of sets that state no licence.
_SILENT = ("none stated", "null in the metadata")
_OWN_TESTS = {
    "own": "statements that we wrote, kept back from training",
    "own-unseen": "statements that we wrote, on propositions that our training statements never"
    " ask about",
}
_OWN_WORDS = (
    "The statements that we wrote (`own`; CC BY 4.0) were written and labelled by language models,"
    " not drawn from the news: figures on them show what a model learned, not how it does on your"
    " archive. Label a sample of your own and run `stance evaluate` on it."
)

_TEXT = """# {name}

{description}

Reads one statement and any number of propositions, and gives for each a probability of `favor`,
`against`, `neutral` and `unrelated`, and for the statement (or toward a named target) one of
`positive`, `neutral` and `negative`. The labels are defined in the codebook, `docs/labels.md`.

## What it is for

Sorting and counting reported statements of politicians and officials by who is for or against
what, with a person who reads the cases that matter. It is not for judging a person, for deciding
anything about one, or for checking facts; and it does not tell what a speaker thinks, only what
the words say.

## Limits

- Language: {language}
- It judges the words alone: it does not know what a speaker usually says.
- Irony, long chains of conditions and stances implied by an act are where it errs most.
- A statement is read up to {window} tokens; a longer one is cut and marked `truncated`.
{limits}

## Measured quality

What is served, read back from disk, on rows that it did not learn from; 95 % intervals, which
take the rows of one group as belonging together. In public sets, whose neutral is coarser,
neutral and unrelated count as one. `report.html` shows the same with pictures.

{sets}

{quality}

## Calibration

Temperatures, fitted for what is served on rows that it did not learn from: {temperatures}; where
`side` has its own, that of stance is of whether a statement is about the proposition. ECE is the
mean gap between confidence and accuracy; the Brier score is the squared distance to the truth, from
0 to 2. Lower is better.

{calibration}
{prediction_sets}{beside}{failures}
## Trained on

{trained}
"""

Figures = Mapping[str, Any]


def model_card(
    name: str,
    manifest: Mapping[str, Any],
    reports: Mapping[str, Figures],
    errors: Mapping[str, Sequence[Answered]] | None = None,
) -> str:
    """The card in Markdown; its figures are those of `report.json`.

    Args:
        name: of the bundle.
        manifest: of the bundle, complete but for its files.
        reports: what `training.evaluate.report` gave, by the name of the set of rows.
        errors: of each set, the wrong answers that may be quoted; none of public sets is.
    """
    learned = set(manifest.get("data", {}))
    measured = {of.split()[0] for of in reports}
    own_words = bool((learned | measured) & {*OWN, *_OWN_TESTS})
    notes = [
        f"- `{of}`: {inline(warning)}"
        for of, report in reports.items()
        for warning in report.get("warnings", ())
    ]
    pairs = [
        f"- `{of}`: of {found['n']} minimal pairs, whose few changed words turn the stance, every"
        f" row is right in {_with(found, 'all_right')}"
        for of, _, figures in _each(reports)
        if (found := figures.get("opposite_pairs"))
    ]
    return _TEXT.format(
        name=name,
        description=manifest["description"],
        language=_language(manifest),
        window=manifest["window"],
        limits="\n".join([f"- {_OWN_WORDS}"] if own_words else []),
        sets="\n".join([*(f"- `{of}`: {_set_words(of)}" for of in reports), *notes]),
        quality="\n".join([table(_QUALITY, _quality(reports)), *([""] if pairs else []), *pairs]),
        temperatures=", ".join(f"{k} {t:.3f}" for k, t in manifest["temperatures"].items()),
        calibration=table(_CALIBRATION, _calibration(reports)),
        prediction_sets=section(_SETS_WORDS, _SETS, _prediction_sets(reports)),
        beside=_besidesection(reports),
        failures=_failures(errors or {}),
        trained="\n\n".join(_trained(manifest)),
    )


def _language(manifest: Mapping[str, Any]) -> str:
    if LABELS in manifest.get("data", {}):
        return (
            "English, as far as the public sets and the statements that we wrote go; the labels"
            " that were added are in the language of whoever trained it. No other was measured."
        )
    return "English. Others are answered, but were neither trained nor measured."


def _set_words(of: str) -> str:
    if of == LABELS:
        return "labels of whoever trained it, kept back from training"
    return _OWN_TESTS.get(of, "public set, split by its authors; see the licence words below")


_QUALITY = ("set", "question", "pairs", "macro-F1", "accuracy", "F1 of each label")


def _quality(reports: Mapping[str, Figures]) -> Iterator[Sequence[str]]:
    for of, kind, figures in _each(reports):
        classes = zip(
            figures["per_class"].items(), figures["per_class_interval"].values(), strict=True
        )
        yield (
            of,
            kind.value,
            str(figures["n"]),
            _with(figures, "macro_f1"),
            _with(figures, "accuracy"),
            ", ".join(f"{label} {number(f1)}{between(both)}" for (label, f1), both in classes),
        )


_CALIBRATION = ("set", "question", "ECE", "before", "Brier score", "before")


def _calibration(reports: Mapping[str, Figures]) -> Iterator[Sequence[str]]:
    for of, kind, figures in _each(reports):
        yield (
            of,
            kind.value,
            number(figures["ece"]),
            number(figures.get("ece_before")),
            _with(figures, "brier"),
            number(figures.get("brier_before")),
        )


_SETS_WORDS = """Sets of labels

Asked for a coverage, it also gives a set of labels that holds the truth that often, for
statements like those that it was calibrated on; on others it may not. How often the sets held the
truth, and how many labels they had on average, and the same for each true label:"""
_SETS = ("set", "question", "asked", "held the truth", "labels", "by true label")


def _prediction_sets(reports: Mapping[str, Figures]) -> Iterator[Sequence[str]]:
    for of, kind, figures in _each(reports):
        if found := figures.get("prediction_sets"):
            yield (
                of,
                kind.value,
                "–" if found["asked"] is None else f"{found['asked']:.0%}",
                _with(found, "coverage"),
                f"{found['mean_size']:.2f}",
                ", ".join(
                    f"{label} {_with(one, 'coverage')}" for label, one in found["per_class"].items()
                ),
            )


_BESIDE_WORDS = """Compared with

The same pairs, answered without a network and by the bundle that was served before:"""
_BESIDE = ("set", "question", "who", "macro-F1", "accuracy", "this model is better by")


def _besidesection(reports: Mapping[str, Figures]) -> str:
    sentences = [
        f"- `{of}`: {inline(sentence)}"
        for of, report in reports.items()
        if "comparison" in report
        for sentence in report["comparison"]["sentences"]
    ]
    beside = section(_BESIDE_WORDS, _BESIDE, _beside(reports))
    return beside + ("\n".join(["", *sentences, ""]) if beside and sentences else "")


def _beside(reports: Mapping[str, Figures]) -> Iterator[Sequence[str]]:
    for of, kind, figures in _each(reports):
        for name, other in figures.get("beside", {}).items():
            yield (
                of,
                kind.value,
                name,
                _with(other, "macro_f1"),
                number(other["accuracy"]),
                f"{other['difference']:+.3f}{between(other['difference_interval'], '+.3f')}",
            )


def _failures(errors: Mapping[str, Sequence[Answered]]) -> str:
    quotable = [one for found in errors.values() for one in found]
    quotable = [one for one in quotable if one.example.source not in SOURCES and not one.right]
    worst = sorted(quotable, key=lambda one: -max(one.prediction.probabilities))[:MOST_FAILURES]
    words = "Known failures\n\nWrong answers of which it was surest, on rows of the tests:"
    head = ("statement", "question", "labelled", "answered", "sure")
    return section(
        words,
        head,
        (
            (
                one.example.statement.text,
                one.subject or "overall tone",
                " or ".join(one.allowed),
                one.prediction.label,
                f"{max(one.prediction.probabilities):.2f}",
            )
            for one in worst
        ),
    )


def _trained(manifest: Mapping[str, Any]) -> Iterator[str]:
    data, licences = manifest.get("data", {}), manifest.get("licences", {})
    base = f"Encoder: {manifest['recipe']['base']}."
    if parent := manifest.get("from"):
        base += (
            f" Continues from the bundle `{parent['model']}`, and has learned what that one did:"
            " see its card."
        )
    yield base
    if LABELS in data:
        yield (
            "Labels of whoever trained it (`labels`). Those that it was tested on are in"
            " `test.jsonl`; the others are not in this folder."
        )
    if set(data) & set(OWN):
        yield "Statements that we wrote: `training/data` (CC BY 4.0)."
    if licences:
        silent = [of for of, words in licences.items() if words in _SILENT]
        listed = "\n".join(f"- `{of}`: {inline(words)}" for of, words in licences.items())
        yield (
            "Public sets, with the licence words found with each; nothing of their texts is in"
            f" this folder:\n\n{listed}"
        )
        if silent:
            yield (
                f"{len(silent)} of these {len(licences)} state no licence"
                f" ({', '.join(silent)}): whether a model trained on them may be used for your"
                " purpose is for you to judge."
            )


def _each(reports: Mapping[str, Figures]) -> Iterator[tuple[str, Kind, Figures]]:
    for of, report in reports.items():
        for kind in Kind:
            if kind.value in report:
                yield of, kind, report[kind.value]


def _with(figures: Figures, name: str) -> str:
    return number(figures[name]) + between(
        figures.get(f"{name}_interval") or figures.get("interval")
    )
