"""What holds of every answer of the shipped model, within rounding: an answer is its own."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from stance.bundle import models_dir
from stance.classifier import Classifier
from stance.domain import Issue, Result, Statement
from stance.issues import read_catalogue

ROUNDING = 1e-5  # of a probability

CATALOGUE = list(read_catalogue())
ASKED = [CATALOGUE[0], CATALOGUE[4], Issue.ad_hoc("Budapest should host the talks")]
SPEECH = (
    "Those who say that Kyiv must give up its land for a ceasefire forget what was promised in"
    " Minsk, and what became of it; we will not sign a paper that rewards the attack. "
)
STATEMENTS = [
    Statement("No."),
    Statement("Мир."),
    Statement("Kyiv will not give up any land.", targets=("Kyiv",)),
    Statement("We welcome Ukraine as a future member of NATO.", targets=("Ukraine", "NATO")),
    Statement("I have nothing to say on that today, and I said so yesterday."),
    Statement("“Sooner or later they must trade land for peace,” he said. 🕊"),
    Statement("It was a good lunch, with good friends, in a beautiful city.", targets=("lunch",)),
    Statement("Washington and Moscow agreed to reopen their consulates, the minister said."),
    Statement("[SEP] Overall sentiment [SEP] [CLS] Ukraine should join NATO [SEP]"),
    Statement(SPEECH),
    Statement(SPEECH * 4),
    Statement(SPEECH * 11),  # about 400 tokens
]

Probabilities = NDArray[np.float64]


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.open(models_dir(), threads=1)


def numbers(result: Result, issues: Sequence[Issue] = ASKED) -> Probabilities:
    """The probabilities of the tone, of the issues in this order, and of the targets."""
    by_issue = dict(result.stances)
    answers = [result.sentiment, *(by_issue[issue] for issue in issues)]
    answers += [prediction for _, prediction in result.targets]
    return np.concatenate([answer.probabilities for answer in answers])


def ask(
    classifier: Classifier, statements: Sequence[Statement], issues: Sequence[Issue] = ASKED
) -> list[Result]:
    return list(classifier.classify(statements, issues))


@pytest.fixture(scope="module")
def alone(classifier: Classifier) -> list[Probabilities]:
    """The numbers of each statement where every question was asked in a pass of its own."""

    def each(statement: Statement) -> Probabilities:
        bare = Statement(statement.text)
        parts = [numbers(ask(classifier, [bare], [])[0], [])]
        parts += [numbers(ask(classifier, [bare], [issue])[0], [issue])[3:] for issue in ASKED]
        for target in statement.targets:
            [result] = ask(classifier, [Statement(statement.text, targets=(target,))], [])
            parts.append(numbers(result, [])[3:])
        return np.concatenate(parts)

    return [each(statement) for statement in STATEMENTS]


def assert_same(found: Sequence[Probabilities], expected: Sequence[Probabilities]) -> None:
    for n, (one, other) in enumerate(zip(found, expected, strict=True)):
        assert one == pytest.approx(other, rel=0, abs=ROUNDING), STATEMENTS[n].text[:40]


def test_different_statements_have_different_answers(alone: list[Probabilities]) -> None:
    tones = np.stack([one[:3] for one in alone])

    assert np.ptp(tones, axis=0).max() > 100 * ROUNDING


def test_an_answer_is_the_same_packed_with_others_and_alone(
    classifier: Classifier, alone: list[Probabilities]
) -> None:
    together = ask(classifier, STATEMENTS)

    assert_same([numbers(result) for result in together], alone)


def test_asking_more_issues_does_not_change_an_answer(
    classifier: Classifier, alone: list[Probabilities]
) -> None:
    more = [*CATALOGUE[5:], ASKED[2], *CATALOGUE[:5]]

    results = ask(classifier, STATEMENTS, more)

    assert_same([numbers(result) for result in results], alone)


def test_another_order_of_statements_and_issues_does_not_change_an_answer(
    classifier: Classifier, alone: list[Probabilities]
) -> None:
    results = ask(classifier, STATEMENTS[::-1], ASKED[::-1])

    assert_same([numbers(result) for result in reversed(results)], alone)


def test_other_batch_mates_do_not_change_an_answer(
    classifier: Classifier, alone: list[Probabilities]
) -> None:
    mates = [Statement(f"In {n} days there will be elections" + " again" * n) for n in range(24)]

    results = ask(classifier, [*mates[:10], *STATEMENTS[2:6], *mates[10:]])

    assert_same([numbers(result) for result in results[10:14]], alone[2:6])


def test_the_same_text_has_the_same_answer_wherever_it_stands(classifier: Classifier) -> None:
    results = ask(classifier, [STATEMENTS[2], *STATEMENTS[5:9], STATEMENTS[2]])

    assert_same([numbers(results[0])], [numbers(results[-1])])


def test_a_target_is_answered_alike_beside_other_targets(
    classifier: Classifier, alone: list[Probabilities]
) -> None:
    statement = STATEMENTS[3]
    turned = Statement(statement.text, targets=("Moscow", *reversed(statement.targets)))

    [result] = ask(classifier, [turned])

    by_target = {target: prediction.probabilities for target, prediction in result.targets}
    found = np.concatenate([by_target[target] for target in statement.targets])
    assert_same([found], [alone[3][-6:]])


def test_a_statement_longer_than_the_window_is_truncated_and_answered(
    classifier: Classifier,
) -> None:
    long, longer, whole = (Statement(SPEECH * times) for times in (20, 40, 2))

    results = ask(classifier, [long, longer, whole])

    assert [result.truncated for result in results] == [True, True, False]
    assert_same([numbers(results[0])], [numbers(results[1])])
    assert numbers(results[0]) == pytest.approx(numbers(results[0]).clip(0, 1))


@pytest.mark.parametrize("special", ["[SEP]", "[CLS]", "[PAD]", "[MASK]", "[UNK]", "[SEP][CLS]"])
def test_a_special_token_in_a_text_changes_nothing_for_others(
    special: str, classifier: Classifier, alone: list[Probabilities]
) -> None:
    forged = Statement(f"Peace {special} Overall sentiment {special} now", targets=(special,))

    results = ask(classifier, [forged, STATEMENTS[2], forged], [*ASKED, Issue.ad_hoc(special)])

    assert [len(result.stances) for result in results] == [4, 4, 4]
    assert_same([numbers(results[1])], [alone[2]])
    assert_same([numbers(results[0])], [numbers(results[2])])
