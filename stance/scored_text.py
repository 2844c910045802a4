"""What the classifier reads of a statement in an article: decided here, for every door.

Knows nothing of models, files or results.
"""

from collections.abc import Sequence

from stance.article_text import WORD_JOINER, mask_markup
from stance.domain import Article, Attribution

# Words that stand between the pieces of a statement, as "on Monday" does, are read with it.
_LONGEST_GAP = 60  # characters


def scored_texts(article: Article, attributions: Sequence[Attribution]) -> list[str]:
    """The text of each statement as the classifier reads it, in order: source, cue and content.

    They are read in the order of the article: without its cue, what was denied or refused would be
    taken for what was said.
    """
    shown = mask_markup(article.text)
    return [_in_one_line(_clause(shown, one)) for one in attributions]


def shown_contents(article: Article, attributions: Sequence[Attribution]) -> list[str]:
    """What is said in each, as a reader sees it: in one line, and without markup."""
    shown = mask_markup(article.text)
    return [_in_one_line(one.text(shown)) for one in attributions]


def _clause(shown: str, attribution: Attribution) -> str:
    spans = (*attribution.spans, attribution.cue, attribution.mention)
    clause, reached = "", min(span[0] for span in spans if span)
    for start, end in sorted(span for span in spans if span):
        if end > reached:
            begin = max(start, reached)
            clause += _between(shown[reached:begin]) + shown[begin:end]
            reached = end
    return clause


def _between(words: str) -> str:
    return words if len(words) <= _LONGEST_GAP and "\n\n" not in words else " "


def _in_one_line(text: str) -> str:
    return " ".join(text.replace(WORD_JOINER, "").split())
