"""Public labelled sets -> examples. Each names its official source and its licence words.

A set is read from a local copy that the user has, passed as `--data DIR`, in one normal form:
`DIR/<name>/<split>.jsonl.gz`, one object a line with `text`, `target` and `label`. The texts belong
to their authors; nothing of them is shipped with Stance.
"""

import gzip
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stance.domain import Kind, Question, Sentiment, Stance, Statement
from stance.errors import FileError, StanceError
from training.examples import Example, Label

# What the sets call neutral may be "takes no side" or "not about it".
_STANCES = {
    "favor": (Stance.FAVOR,),
    "against": (Stance.AGAINST,),
    "neutral": (Stance.NEUTRAL, Stance.UNRELATED),
    None: (Stance.AGAINST, Stance.NEUTRAL, Stance.UNRELATED),
}


@dataclass(frozen=True, slots=True)
class Source:
    """A public set.

    Attributes:
        kind: what its labels say.
        splits: the splits that may be trained on.
        official: where its authors publish it.
        licence: the words found with it.
    """

    kind: Kind
    splits: tuple[str, ...]
    official: str
    licence: str


_NONE = "none stated"
SOURCES: Mapping[str, Source] = {
    # stance toward topics and propositions
    "vast": Source(Kind.STANCE, ("train",), "github.com/emilyallaway/zero-shot-stance", _NONE),
    "semeval2016t6": Source(Kind.STANCE, ("train",), "SemEval-2016 Task 6", _NONE),
    "ruw": Source(Kind.STANCE, ("train",), "github.com/multi-target/RUW", _NONE),
    "mtsd": Source(Kind.STANCE, ("train",), "github.com/chuchun8/MTSD", "MIT (repository)"),
    "pstance": Source(Kind.STANCE, ("train",), "github.com/chuchun8/PStance", _NONE),
    "covid19_stance": Source(Kind.STANCE, ("train",), "Glandt et al., ACL 2021", _NONE),
    "gwsd": Source(Kind.STANCE, ("train",), "github.com/yiweiluo/GWStance", _NONE),
    "ibm_claim_stance": Source(Kind.STANCE, ("train",), "Bar-Haim et al., EACL 2017", _NONE),
    "ibm_rank30k": Source(Kind.STANCE, ("train",), "Gretz et al., AAAI 2020", _NONE),
    "perspectrum": Source(
        Kind.STANCE, ("train",), "github.com/CogComp/perspectrum", "CC BY-SA 4.0"
    ),
    # inference: entailment goes with a statement, contradiction against it
    "lingnli": Source(Kind.STANCE, ("train",), "github.com/Alicia-Parrish/ling_in_loop", _NONE),
    "new_protocols": Source(
        Kind.STANCE,
        ("base_train", "contrast_train", "edit_other_train", "edit_premise_train"),
        "github.com/google-research-datasets/Textual-Entailment-New-Protocols",
        "CC BY-SA 3.0 (Wikipedia)",
    ),
    "snli": Source(Kind.STANCE, ("dev", "test"), "Bowman et al., EMNLP 2015", "MIT (repository)"),
    "mnli_dev": Source(
        Kind.STANCE,
        ("matched_1k", "mismatched_1k"),
        "Williams et al., NAACL 2018",
        "MIT (repository)",
    ),
    "cad_nli": Source(
        Kind.STANCE,
        ("train",),
        "github.com/acmi-lab/counterfactually-augmented-data",
        "Apache-2.0",
    ),
    "sick": Source(Kind.STANCE, ("train",), "Marelli et al., LREC 2014", "MIT (repository)"),
    "conjnli": Source(
        Kind.STANCE, ("train_adversarial", "dev"), "github.com/swarnaHub/ConjNLI", "MIT"
    ),
    "scone": Source(Kind.STANCE, ("train",), "github.com/selenashe/ScoNe", "CC0 1.0"),
    "fever_symmetric": Source(
        Kind.STANCE, ("dev", "test"), "github.com/TalSchuster/FeverSymmetric", "CC BY-SA 3.0"
    ),
    "breaking_nli": Source(
        Kind.STANCE, ("test",), "github.com/BIU-NLP/Breaking_NLI", "CC BY-SA 4.0"
    ),
    "defeasible_nli": Source(
        Kind.STANCE, ("snli_dev", "snli_test"), "github.com/rudinger/defeasible-nli", "MIT"
    ),
    "dnc_sentiment": Source(Kind.STANCE, ("train",), "decomp.io (DNC)", "null in the metadata"),
    "climate_fever": Source(
        Kind.STANCE, ("all",), "github.com/tdiggelm/climate-fever-dataset", _NONE
    ),
    "rte": Source(Kind.STANCE, ("train",), "Dagan et al. 2006; GLUE", _NONE),
    # sentiment, of a sentence or toward a target
    "newsmtsc": Source(Kind.SENTIMENT, ("train",), "github.com/fhamborg/NewsMTSC", "MIT wording"),
    "directed_sentiment": Source(
        Kind.SENTIMENT,
        ("train",),
        "github.com/bywords/directed_sentiment_analysis",
        "free with citation",
    ),
    "sst": Source(Kind.SENTIMENT, ("train",), "Socher et al., EMNLP 2013", "MIT (repository)"),
    "mams": Source(Kind.SENTIMENT, ("train",), "github.com/siat-nlp/MAMS-for-ABSA", "Apache-2.0"),
    "tweeteval_sentiment": Source(
        Kind.SENTIMENT, ("val",), "github.com/cardiffnlp/tweeteval", "no restrictions of its own"
    ),
}


def read_source(data_dir: Path, name: str, split: str | None = None) -> list[Example]:
    """Read a public set, the rows of one text joined into one example.

    Pairs that carry two different labels, and rows that repeat the set's train part, are left out.

    Args:
        data_dir: the folder that holds the user's copies.
        name: a key of `SOURCES`.
        split: one split; where None, all that may be trained on.

    Raises:
        FileError: the copy is missing or cannot be read.
    """
    source = SOURCES[name]
    labels: dict[str, dict[Question, set[tuple[str, ...]]]] = defaultdict(lambda: defaultdict(set))
    groups: dict[str, str] = {}
    for part in [split] if split else source.splits:
        for row in _rows(data_dir / name / f"{part}.jsonl.gz"):
            if row.get("dup_of_train") or (row["label"] is None and source.kind is Kind.SENTIMENT):
                continue
            label = row.get("by_construction", row["label"])
            allowed = _STANCES[label] if source.kind is Kind.STANCE else (Sentiment(label),)
            try:
                question = Question(source.kind, row["target"] or "")
                Statement(row["text"], targets=_targets([question]))
            except StanceError:
                continue
            labels[row["text"]][question].add(allowed)
            groups[row["text"]] = str(row.get("pair_id", row["id"]))
    examples = []
    for n, (text, asked) in enumerate(labels.items()):
        agreed = tuple(Label(q, next(iter(found))) for q, found in asked.items() if len(found) == 1)
        if agreed:
            targets = _targets([label.question for label in agreed])
            statement = Statement(text, id=f"{name}:{n}", targets=targets)
            examples.append(Example(statement, agreed, f"{name}:{groups[text]}", name))
    return examples


def _targets(questions: Iterable[Question]) -> tuple[str, ...]:
    return tuple(q.subject for q in questions if q.kind is Kind.SENTIMENT and q.subject)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)
    except (OSError, ValueError) as error:
        raise FileError(path, [f"cannot be read as gzipped JSONL: {error}"]) from error
