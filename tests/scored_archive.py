"""A scored archive made up row by row, written by what writes real ones, and a made-up world."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from stance.counts import Counts
from stance.domain import Issue, Stance
from stance.ledger import Ledger
from stance.parts import PartDraft
from stance.report_labels import LabelledStance
from stance.scoring_run import Model, Run, Settings

PEACE = Issue("peace", "Peace", "There should be peace")
TAX = Issue("carbon-tax", "Carbon tax", "There should be a carbon tax")
ISSUES = (PEACE, TAX)


@dataclass(frozen=True)
class Said:
    """A statement and its stances; those on other issues are unrelated."""

    text: str
    stances: dict[Issue, str]
    speaker: str | None = "Anna Smith"
    sentiment: str = "neutral"
    sure: float = 0.9


@dataclass
class Archive:
    """Rows on their way to a folder."""

    issues: tuple[Issue, ...] = ISSUES
    rows: dict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: {"articles": [], "statements": [], "stances": [], "errors": []}
    )

    def article(self, *said: Said, status: str = "scored", **told: Any) -> str:
        """Add an article with its statements; gives its key."""
        number = len(self.rows["articles"]) + 1
        key = f"a-{number}"
        row = {"article": key, "file": "news.jsonl", "record": number, "status": status}
        given = {"characters": 100, "content": f"text {number}", "n_statements": len(said)}
        self.rows["articles"].append({**row, **given, **told})
        for n, one in enumerate(said, 1):
            self._statement(key, f"{key}-{n}", one)
        return key

    def _statement(self, article: str, key: str, said: Said) -> None:
        spans = [{"start": 0, "end": len(said.text)}]
        tone = {"positive": 0.0, "neutral": 0.0, "negative": 0.0, said.sentiment: 1.0}
        self.rows["statements"].append(
            {
                "statement": key, "article": article, "text": said.text, "spans": spans,
                "truncated": False, "sentiment": said.sentiment, "sentiment_score": 0.0, **tone,
                "model": "m", "speaker": said.speaker, "role": "minister",
                "speaker_probability": said.sure if said.speaker else None,
            }
        )  # fmt: skip
        for issue, stance in said.stances.items():
            shares = {name: said.sure if name == stance else (1 - said.sure) / 3 for name in Stance}
            self.rows["stances"].append(
                {
                    "statement": key, "article": article, "issue": issue.id,
                    "proposition": issue.proposition, "stance": stance, "model": "m",
                    "score": shares[Stance.FAVOR] - shares[Stance.AGAINST],
                    **{str(name): share for name, share in shares.items()},
                }
            )  # fmt: skip

    def error(self, reason: str, **told: Any) -> None:
        """Add a record that cannot be read."""
        row = {
            "stage": "read",
            "file": "news.jsonl",
            "reason": reason,
            "record": 7,
            "offset": 99,
            "n_records": 1,
        }
        self.rows["errors"].append({**row, **told})

    def write(self, out: Path, model: str = "m1", skipped: Mapping[str, int] | None = None) -> Path:
        """The folder, of one part."""
        run = Run(Model("tiny", model), Model("quotes", "q1"), Settings(self.issues))
        status = Counter(row["status"] for row in self.rows["articles"])
        n_failed, n_skipped = len(self.rows["errors"]), sum((skipped or {}).values())
        counts = Counts(
            read=len(self.rows["articles"]) + n_failed + n_skipped,
            scored=status["scored"],
            duplicate=status["duplicate"],
            failed=n_failed,
            skipped=n_skipped,
            statements=len(self.rows["statements"]),
            stances=len(self.rows["stances"]),
            errors=n_failed,
        )
        with PartDraft(out, run, "news:1", "news.jsonl") as draft:
            for table, rows in self.rows.items():
                draft.add(table, rows)
            Ledger(out, run).enter(draft.publish(counts, skipped))
        return out


def world(
    n_articles: int, seed: int = 0, wrong: float = 0.2, n_speakers: int = 60
) -> tuple[Archive, list[LabelledStance]]:
    """An archive of a known truth, of which the model gets a share wrong, and all of its labels.

    Speakers have a mind of their own, and it moves with time for the first of them.
    """
    rng = np.random.default_rng(seed)
    archive, labels = Archive(), []
    minds = rng.beta(0.6, 0.6, (n_speakers, len(ISSUES)))
    minds[0] = 0.5
    often = 1 / np.arange(1, n_speakers + 1)
    often /= often.sum()
    for n in range(n_articles):
        share_of_time = n / n_articles
        said = []
        for k in range(int(rng.integers(0, 5))):
            who = int(rng.choice(n_speakers, p=often))
            issue = int(rng.integers(len(ISSUES)))
            mind = share_of_time if who == 0 else minds[who, issue]
            truth = str(rng.choice(list(Stance), p=[0.8 * mind, 0.8 * (1 - mind), 0.15, 0.05]))
            answer = truth
            if rng.random() < wrong or truth == "unrelated":
                # Errors lean to one side, as those of models do.
                answer = str(rng.choice(["favor", "against", "neutral"], p=[0.7, 0.2, 0.1]))
            text = f"Statement {n}.{k} on {ISSUES[issue].name.lower()} is what I say"
            name = f"Speaker {who:02d}" if who % 7 or not who else None
            tone = str(rng.choice(["positive", "neutral", "negative"]))
            said.append(
                Said(text, {ISSUES[issue]: answer}, name, tone, float(rng.uniform(0.5, 0.99)))
            )
            shares = tuple(float(name == truth) for name in Stance)
            labels.append(LabelledStance(text, ISSUES[issue].proposition, shares))
        archive.article(
            *said,
            outlet=f"Outlet {int(rng.integers(1, 12))}",
            date=(date(2014, 1, 1) + timedelta(int(share_of_time * 2000))).isoformat(),
            title=f"News of day {n}",
            id=f"https://news.example/{n}",
        )
    return archive, labels
