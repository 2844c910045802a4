"""What a request asks, in the library's nouns, once it has passed the limits of the settings."""

from api import problems
from api.schemas import AnalyzeRequest, ClassifyRequest
from api.settings import Settings
from stance.domain import Article, Issue, Statement, check_text
from stance.errors import InputError
from stance.issues import Catalogue


def statements(
    request: ClassifyRequest, catalogue: Catalogue, settings: Settings
) -> tuple[list[Statement], list[Issue]]:
    """What is to be classified, and on what.

    Raises:
        StanceError: a field cannot be read, is over a limit, or names an unknown issue.
    """
    _check("statements", "statements", len(request.statements), settings.max_statements)
    _check_asked(request, settings)
    for n, given in enumerate(request.statements):
        field = f"statements.{n}"
        _check("text_characters", f"{field}.text", len(given.text), settings.max_text_characters)
        _check("targets", f"{field}.targets", len(given.targets), settings.max_targets)
    issues = _issues(request, catalogue)
    found = []
    for n, given in enumerate(request.statements):
        with problems.within(f"statements.{n}"):
            found.append(Statement(given.text, given.id, given.speaker, tuple(given.targets)))
    n_pairs = sum(1 + len(issues) + len(statement.targets) for statement in found)
    _check("pairs", "statements", n_pairs, settings.max_pairs)
    return found, issues


def article(
    request: AnalyzeRequest, catalogue: Catalogue, settings: Settings
) -> tuple[Article, list[Issue]]:
    """What is to be analysed, and on what.

    Raises:
        StanceError: as above; an article without a word is refused too.
    """
    _check("article_characters", "text", len(request.text), settings.max_article_characters)
    _check_asked(request, settings)
    issues = _issues(request, catalogue)
    check_text("text", request.text)
    return Article(request.text, request.id, request.title), issues


def _check(setting: str, field: str, found: int, limit: int) -> None:
    if found > limit:
        unit, name = setting.replace("_", " "), f"STANCE_MAX_{setting.upper()}"
        raise InputError(field, f"has {found} {unit}, over the limit of {limit} (setting {name})")


def _check_asked(request: ClassifyRequest | AnalyzeRequest, settings: Settings) -> None:
    asked = len(request.issues) + len(request.propositions)
    _check(
        "issues", "propositions" if request.propositions else "issues", asked, settings.max_issues
    )
    for n, proposition in enumerate(request.propositions):
        _check(
            "proposition_characters", f"propositions.{n}", len(proposition),
            settings.max_proposition_characters,
        )  # fmt: skip


def _issues(request: ClassifyRequest | AnalyzeRequest, catalogue: Catalogue) -> list[Issue]:
    for n, proposition in enumerate(request.propositions):
        with problems.at(f"propositions.{n}"):
            check_text("proposition", proposition)
    return catalogue.ask(request.issues, request.propositions)
