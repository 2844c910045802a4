"""The model card of a bundle, written from its manifest and reports. Knows nothing of training."""

from collections.abc import Mapping
from typing import Any

from stance.domain import Kind

_TEXT = """# {name}

{description}

Reads one statement and any number of propositions, and gives for each a probability of `favor`,
`against`, `neutral` and `unrelated`, and for the statement (or toward a named target) one of
`positive`, `neutral` and `negative`. The labels are defined in the codebook, `docs/labels.md`.

## Limits

- English. Other languages are answered, but were neither trained nor measured.
- It judges the words alone: it does not know what a speaker usually says, and checks no fact.
- Irony, long chains of conditions and stances implied by an act are where it errs most.
- A statement is read up to {window} tokens; a longer one is cut and marked `truncated`.
- The statements of our own on which it was trained and measured were written and labelled by
  language models, not drawn from the news: figures on them show what it learned, not how it does
  on your archive. Label a sample of your own and run `stance evaluate` on it.

## Measured quality

The artefact that is served, on rows that it was never trained on; 95 % bootstrap intervals over
groups of rows. `test` holds new statements on propositions that training knew, `test_unseen` new
statements on propositions that training never saw. In public sets, whose neutral is coarser,
neutral and unrelated count as one.

| set | question | n | macro-F1 | interval | accuracy | ECE |
|---|---|---|---|---|---|---|
{rows}

Temperatures, fitted on a split of their own: {temperatures}.

## Trained on

Base: {base}. Of our own: `training/data` (CC BY 4.0). Public sets, with the licence words found
with each; nothing of their texts is in this folder:

{sources}
"""


def model_card(
    name: str, manifest: Mapping[str, Any], reports: Mapping[str, Mapping[str, Any]]
) -> str:
    """The card in Markdown; its figures are those of `report.json`."""
    rows = []
    for dataset, report in reports.items():
        for kind in Kind:
            if figures := report.get(kind.value):
                low, high = figures["macro_f1_interval"]
                rows.append(
                    f"| {dataset} | {kind.value} | {figures['n']} | {figures['macro_f1']:.3f} "
                    f"| {low:.3f} to {high:.3f} | {figures['accuracy']:.3f} "
                    f"| {figures['ece']:.3f} |"
                )
    return _TEXT.format(
        name=name,
        description=manifest["description"],
        window=manifest["window"],
        rows="\n".join(rows),
        temperatures=", ".join(f"{k} {t:.3f}" for k, t in manifest["temperatures"].items()),
        base=manifest["recipe"]["base"],
        sources="\n".join(f"- `{n}`: {words}" for n, words in manifest["licences"].items()),
    )
