"""A tokenizer, a network and a classifier whose answers can be checked by eye.

The network reads the arrays that it is given, so that wrong packing gives wrong answers.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import Lowercase
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing

from stance.calibration import N_LOGITS, UNCALIBRATED
from stance.classifier import Classifier
from stance.issues import read_catalogue
from stance.network import Network
from stance.packing import PADDING_GROUP, Rows
from stance.render import Renderer

UNKNOWN = "[UNK]"
SPECIAL = ("[PAD]", UNKNOWN, "[CLS]", "[SEP]", "[MASK]")
KEYWORDS = ("supports", "opposes", "discusses", "good", "bad")
# Words that every statement and question may share without being about the same thing.
STOP_TEXT = """
    a an and are as at be by for from in is it its not of on or says should that the their to
    toward was we will with overall sentiment
"""
CONTENT_TEXT = """
    kyiv moscow berlin paris london washington brussels warsaw ukraine russia europe nato tax
    carbon peace war troops sanctions ceasefire weapons treaty border visas gas oil grain trade
    minister president weather football lunch one two three four five six seven eight nine ten
"""
LOGIT = 4.0  # of the answer; 0 elsewhere

_STANCE = {"supports": 0, "opposes": 1, "discusses": 2}
_UNRELATED = 3
_SENTIMENT = {"good": 4, "bad": 6}
_NO_TONE = 5


def word_tokenizer(*texts: str) -> Tokenizer:
    """A word is a token; known are the words above, the default propositions and the texts."""
    splitter = Whitespace()
    words = dict.fromkeys((*SPECIAL, *KEYWORDS, *STOP_TEXT.split(), *CONTENT_TEXT.split()))
    for text in (*(issue.proposition for issue in read_catalogue()), *texts):
        words |= dict.fromkeys(word for word, _ in splitter.pre_tokenize_str(text.lower()))
    ids = {word: n for n, word in enumerate(words)}
    tokenizer = Tokenizer(WordLevel(ids, unk_token=UNKNOWN))
    tokenizer.normalizer = Lowercase()
    tokenizer.pre_tokenizer = splitter
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[(name, ids[name]) for name in ("[CLS]", "[SEP]")]
    )
    tokenizer.add_special_tokens(list(SPECIAL))
    return tokenizer


def keyword_network(tokenizer: Tokenizer) -> Network:
    """A network that answers by the statement of each question's own group.

    Stance: 'supports' is favor, 'opposes' against, 'discusses' neutral, if statement and question
    share a content word; else unrelated. Sentiment: 'good' is positive, 'bad' negative.
    """
    silent = {
        n
        for word, n in tokenizer.get_vocab().items()
        if not word.isalnum() or word in (*KEYWORDS, *STOP_TEXT.split())
    }

    def answers(statement: set[int], question: set[int]) -> Iterator[int]:
        stance: int | None = None
        tone: int | None = None
        for token in sorted(statement):
            word = tokenizer.id_to_token(token) or ""
            stance, tone = _STANCE.get(word, stance), _SENTIMENT.get(word, tone)
        about = bool((statement & question) - silent)
        yield _UNRELATED if stance is None or not about else stance
        yield _NO_TONE if tone is None else tone

    def network(rows: Rows, /) -> NDArray[np.float32]:
        logits = np.zeros((*rows.first.shape, N_LOGITS), np.float32)
        for r, n_questions in enumerate(rows.n_questions):
            ids, group, block = rows.input_ids[r], rows.group[r], rows.block[r]
            for q, at in enumerate(rows.first[r, :n_questions]):
                own = (group == group[at]) & (group != PADDING_GROUP)
                statement = set(ids[own & (block == 0)].tolist())
                question = set(ids[own & (block == block[at])].tolist())
                logits[r, q, list(answers(statement, question))] = LOGIT
        return logits

    return network


@dataclass
class Recording:
    """A network that keeps the rows it was given, in order."""

    network: Network
    seen: list[Rows] = field(default_factory=list)

    def __call__(self, rows: Rows, /) -> NDArray[np.float32]:
        """Keep the rows and answer as the network within does."""
        self.seen.append(rows)
        return self.network(rows)


def recording(network: Network) -> Recording:
    """The network, and in `seen` the rows that it was given."""
    return Recording(network)


def fake_classifier(*texts: str, window: int = 64, network: Network | None = None) -> Classifier:
    """A classifier named 'keyword' that knows the words of the texts; uncalibrated."""
    tokenizer = word_tokenizer(*texts)
    return Classifier(
        network or keyword_network(tokenizer), Renderer(tokenizer, window), UNCALIBRATED, "keyword"
    )
