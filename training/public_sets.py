"""The public labelled sets that Stance can learn from or be measured on. Only facts; reads nothing.

A set may be reused (`reusable`) where the words found with it say so; where none were found, that
is no permission. The texts of tweets and of news stay under the terms of their publishers anyhow.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from stance.domain import Kind

_STANCE, _SENTIMENT = Kind.STANCE, Kind.SENTIMENT


@dataclass(frozen=True, slots=True)
class Hub:
    """Where and how a set lies on the Hugging Face hub.

    Attributes:
        repository: its name there.
        configs: the configurations, each with the target of its rows; None: a column names it.
        text, target, label: the columns; a set of sentence sentiment has no target.
        labels: our label for each of theirs; None: all but favor.
        splits: their splits for each of ours.
        unlabelled: their labels that say that a row has none.
        cut: what is taken out of every text.
    """

    repository: str
    configs: Mapping[str | None, str | None]
    text: str
    label: str
    labels: Mapping[object, str | None]
    splits: Mapping[str, tuple[str, ...]]
    target: str | None = None
    unlabelled: tuple[object, ...] = ()
    cut: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A public set.

    Attributes:
        kind: what its labels say.
        splits: the splits that may be trained on.
        official: where its authors publish it.
        licence: the words found with it.
        held_out: the splits that measure, by their official names.
        reusable: whether those words permit reuse, commercial reuse as well.
        hub: its form on the hub, where it is there as its authors made it, or in a well-known one.
    """

    kind: Kind
    splits: tuple[str, ...]
    official: str
    licence: str
    held_out: tuple[str, ...] = ()
    reusable: bool = False
    hub: Hub | None = None


_NONE = "none stated"
_TRAIN, _DEV_TEST = ("train",), ("dev", "test")

_SEMEVAL = Hub(
    "cardiffnlp/tweet_eval",
    {
        "stance_abortion": "Legalization of Abortion",
        "stance_atheism": "Atheism",
        "stance_climate": "Climate Change is a Real Concern",
        "stance_feminist": "Feminist Movement",
        "stance_hillary": "Hillary Clinton",
    },
    text="text",
    label="label",
    labels={0: "neutral", 1: "against", 2: "favor"},
    # TweetEval cut its validation part from the official train part.
    splits={"train": ("train", "validation"), "test_a": ("test",)},
    cut="#SemST",
)
_RANK30K = Hub(
    "ibm-research/argument_quality_ranking_30k",
    {"argument_quality_ranking": None},
    text="argument",
    target="topic",
    label="stance_WA",
    labels={1: "favor", -1: "against", 0: "neutral"},
    splits={"train": ("train",), "dev": ("validation",), "test": ("test",)},
)
_SNLI = Hub(
    "stanfordnlp/snli",
    {None: None},
    text="premise",
    target="hypothesis",
    label="label",
    labels={0: "favor", 1: "neutral", 2: "against"},
    splits={"train": ("train",), "dev": ("validation",), "test": ("test",)},
    unlabelled=(-1,),
)
_RTE = Hub(
    "nyu-mll/glue",
    {"rte": None},
    text="sentence1",
    target="sentence2",
    label="label",
    labels={0: "favor", 1: None},
    splits={"train": ("train",), "dev": ("validation",)},
)
_SST = Hub(
    "SetFit/sst5",
    {None: None},
    text="text",
    label="label",
    labels={0: "negative", 1: "negative", 2: "neutral", 3: "positive", 4: "positive"},
    splits={"train": ("train",), "dev": ("validation",), "test": ("test",)},
)
_SST2 = Hub(
    "stanfordnlp/sst2",
    {None: None},
    text="sentence",
    label="label",
    labels={0: "negative", 1: "positive"},
    splits={"train": ("train",), "test": ("validation",)},  # the test part has no labels
    unlabelled=(-1,),
)
_TWEETEVAL = Hub(
    "cardiffnlp/tweet_eval",
    {"sentiment": None},
    text="text",
    label="label",
    labels={0: "negative", 1: "neutral", 2: "positive"},
    splits={"val": ("validation",), "test": ("test",)},
)

SOURCES: Mapping[str, Source] = {
    # stance toward topics and propositions
    "vast": Source(
        _STANCE, _TRAIN, "github.com/emilyallaway/zero-shot-stance", _NONE, held_out=_DEV_TEST
    ),
    "semeval2016t6": Source(
        _STANCE, _TRAIN, "SemEval-2016 Task 6", _NONE,
        held_out=("trial", "test_a", "test_b"), hub=_SEMEVAL,
    ),
    "ruw": Source(_STANCE, _TRAIN, "github.com/multi-target/RUW", _NONE, held_out=_DEV_TEST),
    "mtsd": Source(
        _STANCE, _TRAIN, "github.com/chuchun8/MTSD", "MIT (repository)",
        held_out=_DEV_TEST, reusable=True,
    ),
    "pstance": Source(_STANCE, _TRAIN, "github.com/chuchun8/PStance", _NONE, held_out=_DEV_TEST),
    "covid19_stance": Source(
        _STANCE, _TRAIN, "Glandt et al., ACL 2021", _NONE, held_out=_DEV_TEST
    ),
    "gwsd": Source(
        _STANCE, _TRAIN, "github.com/yiweiluo/GWStance", _NONE, held_out=("test",)
    ),
    "ibm_claim_stance": Source(
        _STANCE, _TRAIN, "Bar-Haim et al., EACL 2017", _NONE, held_out=("test",)
    ),
    # ibm_argkp and ibm_rank30k hold the same arguments: a recipe takes one of them.
    "ibm_rank30k": Source(
        _STANCE, _TRAIN, "Gretz et al., AAAI 2020", _NONE, held_out=_DEV_TEST, hub=_RANK30K
    ),
    "ibm_argkp": Source(
        _STANCE, _TRAIN, "github.com/IBM/KPA_2021_shared_task", "CDLA-Sharing 1.0",
        held_out=_DEV_TEST, reusable=True,
    ),
    "perspectrum": Source(
        _STANCE, _TRAIN, "github.com/CogComp/perspectrum", "CC BY-SA 4.0",
        held_out=_DEV_TEST, reusable=True,
    ),
    # inference: entailment goes with a statement, contradiction against it
    "lingnli": Source(
        _STANCE, _TRAIN, "github.com/Alicia-Parrish/ling_in_loop", _NONE, held_out=("val",)
    ),
    "new_protocols": Source(
        _STANCE, ("base_train", "contrast_train", "edit_other_train", "edit_premise_train"),
        "github.com/google-research-datasets/Textual-Entailment-New-Protocols",
        "CC BY-SA 3.0 (Wikipedia)",
        held_out=(
            "base_val", "contrast_val", "edit_other_val", "edit_premise_val", "paragraph_val",
        ),
        reusable=True,
    ),
    # The newswire splits of the same authors are under an agreement of the LDC.
    "crowd_nli": Source(
        _STANCE, ("base_wiki_train", "sim_wiki_train", "translate_wiki_train"),
        "github.com/nyu-mll/semi-automatic-nli", "CC BY-SA 3.0 (Wikipedia splits)",
        held_out=("base_wiki_test", "sim_wiki_test", "translate_wiki_test"), reusable=True,
    ),
    "snli": Source(
        _STANCE, _DEV_TEST, "Bowman et al., EMNLP 2015", "MIT (repository)",
        reusable=True, hub=_SNLI,
    ),
    "mnli_dev": Source(
        _STANCE, ("matched_1k", "mismatched_1k"), "Williams et al., NAACL 2018",
        "MIT (repository)", reusable=True,
    ),
    "cad_nli": Source(
        _STANCE, _TRAIN, "github.com/acmi-lab/counterfactually-augmented-data", "Apache-2.0",
        held_out=_DEV_TEST, reusable=True,
    ),
    "negation_nli": Source(
        _STANCE, ("mnli", "snli", "rte"), "github.com/mosharafhossain/negation-and-nli", "MIT",
        reusable=True,
    ),
    "sick": Source(
        _STANCE, _TRAIN, "Marelli et al., LREC 2014",
        "MIT (repository); non-commercial on its hub card", held_out=("trial", "test"),
    ),
    "conjnli": Source(
        _STANCE, ("train_adversarial", "dev"), "github.com/swarnaHub/ConjNLI", "MIT",
        reusable=True,
    ),
    "scone": Source(
        _STANCE, _TRAIN, "github.com/selenashe/ScoNe", "CC0 1.0",
        held_out=("test",), reusable=True,
    ),
    "med": Source(
        _STANCE, ("test",), "github.com/verypluming/MED", "CC BY-SA 4.0", reusable=True
    ),
    "condaqa": Source(
        _STANCE, ("dev",), "github.com/AbhilashaRavichander/CondaQA", "Apache-2.0", reusable=True
    ),
    "fever_symmetric": Source(
        _STANCE, _DEV_TEST, "github.com/TalSchuster/FeverSymmetric", "CC BY-SA 3.0",
        reusable=True,
    ),
    "breaking_nli": Source(
        _STANCE, ("test",), "github.com/BIU-NLP/Breaking_NLI", "CC BY-SA 4.0", reusable=True
    ),
    "defeasible_nli": Source(
        _STANCE, ("snli_dev", "snli_test"), "github.com/rudinger/defeasible-nli", "MIT",
        held_out=("atomic_dev", "atomic_test"), reusable=True,
    ),
    "dnc_sentiment": Source(
        _STANCE, _TRAIN, "decomp.io (DNC)", "null in the metadata", held_out=_DEV_TEST
    ),
    "climate_fever": Source(
        _STANCE, ("all",), "github.com/tdiggelm/climate-fever-dataset", _NONE
    ),
    "rte": Source(
        _STANCE, _TRAIN, "Dagan et al. 2006; GLUE", _NONE, held_out=("dev",), hub=_RTE
    ),
    # sentiment, of a sentence or toward a target
    "newsmtsc": Source(
        # On the hub it is a loading script, which `datasets` no longer runs.
        _SENTIMENT, _TRAIN, "github.com/fhamborg/NewsMTSC", "MIT wording",
        held_out=("mt_dev", "mt_test", "rw_dev", "rw_test"), reusable=True,
    ),
    "directed_sentiment": Source(
        _SENTIMENT, _TRAIN, "github.com/bywords/directed_sentiment_analysis",
        "free with citation", held_out=_DEV_TEST, reusable=True,
    ),
    # sst and sst2_phrases come from the same reviews: a recipe takes one of them.
    "sst": Source(
        _SENTIMENT, _TRAIN, "Socher et al., EMNLP 2013", "MIT (repository)",
        held_out=_DEV_TEST, reusable=True, hub=_SST,
    ),
    "sst2_phrases": Source(
        _SENTIMENT, _TRAIN, "Socher et al., EMNLP 2013; GLUE", "MIT (repository)",
        held_out=_DEV_TEST, hub=_SST2,
    ),
    "cad_sentiment": Source(
        _SENTIMENT, _TRAIN, "github.com/acmi-lab/counterfactually-augmented-data", "Apache-2.0",
        held_out=_DEV_TEST, reusable=True,
    ),
    "mams": Source(
        _SENTIMENT, _TRAIN, "github.com/siat-nlp/MAMS-for-ABSA", "Apache-2.0",
        held_out=("val", "test"), reusable=True,
    ),
    "tweeteval_sentiment": Source(
        _SENTIMENT, ("val",), "github.com/cardiffnlp/tweeteval", "no restrictions of its own",
        held_out=("test",), hub=_TWEETEVAL,
    ),
}  # fmt: skip
