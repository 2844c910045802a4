"""What the classifier reads of a statement in an article: decided here, for every door.

Knows nothing of models, files or results.
"""

from collections.abc import Sequence

from stance.article_text import WORD_JOINER, mask_markup
from stance.domain import Article, Attribution


def scored_texts(article: Article, attributions: Sequence[Attribution]) -> list[str]:
    """The text of each statement as the classifier reads it, in order: its content."""
    return contents(article, attributions)


def contents(article: Article, attributions: Sequence[Attribution]) -> list[str]:
    """What is said in each, as a reader sees it: in one line, and without markup."""
    shown = mask_markup(article.text)
    return [
        " ".join(attribution.text(shown).replace(WORD_JOINER, "").split())
        for attribution in attributions
    ]
