"""Articles -> what is said in them, by whom, and what it says of the issues that are asked.

Extractor -> texts -> classifier. Knows nothing of files and of HTTP.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Self

from stance.classifier import WINDOW_STATEMENTS, Classifier
from stance.domain import Article, Attribution, Issue, Result, Statement
from stance.pairing import with_answers
from stance.quotes import Extractor
from stance.scored_text import scored_texts, shown_contents

# Articles that are scored together at the most, however little is said in them.
WINDOW_ARTICLES = 128


@dataclass(frozen=True, slots=True)
class ArticleStatement:
    """A statement in an article, and all the answers for it.

    Attributes:
        article: where it stands.
        attribution: its places there, and who speaks.
        content: what is said, as a reader sees it: in one line, and without markup.
        result: the answers.
    """

    article: Article
    attribution: Attribution
    content: str
    result: Result

    @property
    def cue(self) -> str | None:
        """The words that tell that it was said."""
        return self.article.words(self.attribution.cue)

    @property
    def mention(self) -> str | None:
        """The words for its source, whoever that is."""
        return self.article.words(self.attribution.mention)

    def to_json(self) -> dict[str, object]:
        """The object that the command line and the HTTP service both give for it."""
        attribution, speaker = self.attribution, self.attribution.speaker
        return {
            **self.result.to_json(),
            "start": attribution.spans[0][0],
            "end": attribution.spans[-1][1],
            "spans": [list(span) for span in attribution.spans],
            "text": attribution.text(self.article.text),
            "kind": attribution.kind.value,
            "cue": self.cue,
            "speaker": asdict(speaker) if speaker else None,
        }


@dataclass(frozen=True, slots=True)
class Analysis:
    """What is said in one article.

    Attributes:
        model: the name of the bundle that answered.
        extractor: the name of the bundle that found the statements.
        statements: in the order of the text.
    """

    model: str
    extractor: str
    statements: Sequence[ArticleStatement]

    def to_json(self) -> dict[str, object]:
        """The object that the command line and the HTTP service both give for one article."""
        return {
            "model": self.model,
            "extractor": self.extractor,
            "statements": [statement.to_json() for statement in self.statements],
        }


Found = tuple[Article, Sequence[Attribution]]


@dataclass(frozen=True, slots=True)
class Analyzer:
    """Finds the statements of articles and scores them. Not thread-safe; keep it in one thread.

    Attributes:
        extractor: finds the statements.
        classifier: answers the issues.
    """

    extractor: Extractor
    classifier: Classifier

    @classmethod
    def open(
        cls,
        models: Path,
        model: str | None = None,
        extractor: str | None = None,
        threads: int | None = None,
    ) -> Self:
        """The analyzer of two bundles by name, or of those in `DEFAULT` and `EXTRACTOR`.

        Raises:
            BundleError: there is no such bundle, or it must not be trusted.
        """
        return cls(
            Extractor.open(models, extractor, threads), Classifier.open(models, model, threads)
        )

    def analyze(
        self, article: Article, issues: Sequence[Issue], coverage: float | None = None
    ) -> Analysis:
        """What is said in one article; arguments and errors as below."""
        [analysis] = self.analyze_each([article], issues, coverage)
        return analysis

    def analyze_each(
        self, articles: Iterable[Article], issues: Sequence[Issue], coverage: float | None = None
    ) -> Iterator[Analysis]:
        """What is said in each article, lazily, in order.

        Args:
            articles: what is read; may have no end.
            issues: what is asked of each statement.
            coverage: as for `Classifier.classify`.

        Raises:
            InputError: a proposition is longer than the model's window, or no sets of that coverage
                can be given.
        """
        self.classifier.check(issues, coverage)
        window: list[Found] = []
        for found in with_answers(articles, self.extractor.extract_each):
            window.append(found)
            n_statements = sum(len(attributions) for _, attributions in window)
            if n_statements >= WINDOW_STATEMENTS or len(window) >= WINDOW_ARTICLES:
                yield from self.score(window, issues, coverage)
                window = []
        yield from self.score(window, issues, coverage)

    def score(
        self, found: Iterable[Found], issues: Sequence[Issue], coverage: float | None = None
    ) -> Iterator[Analysis]:
        """Answer the issues for statements that were found in articles, in order.

        The first of an article has the id "1"; that of an article "a" has "a-1".

        Args:
            found: articles, each with its statements; all are held at once.
            issues: what is asked of each statement.
            coverage: as for `Classifier.classify`.

        Raises:
            InputError: as above.
        """
        found = list(found)
        statements = [one for article, said in found for one in _statements(article, said)]
        results = self.classifier.classify(statements, issues, coverage)
        for article, said in found:
            scored = zip(
                said, shown_contents(article, said), islice(results, len(said)), strict=True
            )
            yield Analysis(
                self.classifier.name,
                self.extractor.name,
                [ArticleStatement(article, *one) for one in scored],
            )


def _statements(article: Article, said: Sequence[Attribution]) -> Iterator[Statement]:
    prefix = f"{article.id}-" if article.id else ""
    for number, (attribution, text) in enumerate(
        zip(said, scored_texts(article, said), strict=True), 1
    ):
        speaker = attribution.speaker.name if attribution.speaker else None
        yield Statement(text, f"{prefix}{number}", speaker)
