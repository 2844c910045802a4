"""Small articles whose attributions are marked, and a tagger that can be checked by eye."""

import random
from collections.abc import Sequence

import numpy as np
from tokenizers import Tokenizer

from stance.article_tokens import ArticleReader
from stance.domain import Article, Span
from stance.network import TagNetwork, TokenTags
from stance.packing import Rows
from stance.tagger import Tagged, Tagger
from stance.tags import OUTSIDE, TAGS, Part, beginning
from tests.fakes import word_tokenizer
from training.gold import Gold, GoldArticle

SPEAKERS = ("the minister", "the president", "Moscow", "Warsaw")
MATTERS = ("peace", "the carbon tax", "the gas trade", "the border")
FILLERS = ("Weather was good.", "Lunch was at one.", "Football is not war.")
LINK_WIDTH = 64
SURE = 8.0


def marked_article(rng: random.Random, name: str, n_sentences: int = 6) -> GoldArticle:
    """Statements in two orders of words, with sentences between that nobody says."""
    text = ""
    golds: list[Gold] = []
    while len(golds) < n_sentences:
        if rng.random() < 0.3:
            text += rng.choice(FILLERS) + " "
            continue
        content = f"that we should have {rng.choice(MATTERS)}"
        pieces = {"content": content, "source": rng.choice(SPEAKERS), "cue": "says"}
        turned = rng.random() < 0.5
        order = ("content", "cue", "source") if turned else ("source", "cue", "content")
        spans: dict[str, Span] = {}
        for part in order:
            spans[part] = (len(text), len(text) + len(pieces[part]))
            text += pieces[part] + " "
        text = text[:-1] + ". "
        golds.append(Gold((spans["content"],), spans["cue"], spans["source"]))
    return GoldArticle(Article(text, name), tuple(golds), names_speakers=False)


def marked_articles(n: int, seed: int = 0, n_sentences: int = 6) -> list[GoldArticle]:
    """Articles that differ."""
    rng = random.Random(seed)
    return [marked_article(rng, f"{seed}-{n}", n_sentences) for n in range(n)]


def by_eye(positions: int = 64) -> Tagger:
    """A tagger that finds 'says', what follows 'that' up to a full stop, and capitals of states.

    What stands between two full stops of a window belongs together.
    """
    tokenizer = word_tokenizer(".")
    return Tagger(_network(tokenizer), ArticleReader(tokenizer, positions), "by eye")


def _network(tokenizer: Tokenizer) -> TagNetwork:
    told = {"says": Part.CUE, "moscow": Part.SOURCE, "warsaw": Part.SOURCE, "that": Part.CONTENT}
    begins = {tokenizer.token_to_id(word): beginning(part) for word, part in told.items()}
    stop = tokenizer.token_to_id(".")

    def network(rows: Rows, /) -> TokenTags:
        tags = np.zeros((*rows.group.shape, len(TAGS)), np.float32)
        links = np.zeros((*rows.group.shape, LINK_WIDTH), np.float32)
        for r, row in enumerate(rows.input_ids):
            n_stops, tag = 0, OUTSIDE
            for t, token in enumerate(row.tolist()):
                if t and rows.group[r, t] != rows.group[r, t - 1]:
                    n_stops, tag = 0, OUTSIDE
                n_stops += token == stop
                in_content = tag in (beginning(Part.CONTENT), beginning(Part.CONTENT) + 1)
                after = beginning(Part.CONTENT) + 1 if in_content and token != stop else OUTSIDE
                tag = begins.get(token, after)
                tags[r, t, tag] = SURE
                links[r, t, n_stops % LINK_WIDTH] = SURE
        return TokenTags(tags, links, links)

    return network


def pieces(article: Article, tagged: Tagged, part: Part) -> list[str]:
    """The words of every span of one part."""
    return [article.text[slice(*one.span)] for one in tagged.spans if one.part is part]


def linked(article: Article, tagged: Tagged) -> list[tuple[str, Span]]:
    """The words of every linked span, and where its cue stands."""
    return [
        (article.text[slice(*tagged.spans[link.span].span)], tagged.spans[link.cue].span)
        for link in tagged.links
    ]


def spans_of(marked: Sequence[Gold]) -> set[tuple[Part, Span]]:
    """What was marked, as a tagger tells it."""
    return {
        (part, span)
        for gold in marked
        for part, spans in (
            (Part.CONTENT, gold.content), (Part.CUE, (gold.cue,)), (Part.SOURCE, (gold.source,)),
        )
        for span in spans
        if span
    }  # fmt: skip
