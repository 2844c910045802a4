"""The engine keeps the order, and no answer depends on what is asked beside it."""

import random
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import count, islice, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tokenizers import Tokenizer

from stance.bundle import models_dir, open_bundle, publish, seal, stage
from stance.calibration import UNCALIBRATED, Calibration
from stance.classifier import BATCH_TOKENS, ROW_TOKENS, WINDOW_STATEMENTS, Classifier
from stance.domain import Issue, Kind, Prediction, Question, Result, Statement
from stance.errors import BundleError, InputError
from stance.network import Network
from stance.packing import Rows
from stance.render import Renderer
from tests.fakes import (
    CONTENT_TEXT,
    KEYWORDS,
    Recording,
    fake_classifier,
    keyword_network,
    recording,
    word_tokenizer,
)
from tests.tiny_bundles import classifier_with_sets, opening_at, publish_tiny

NATO = Issue("nato", "NATO", "Ukraine will be in NATO")
TAX = Issue("carbon-tax", "Carbon tax", "The carbon tax should be")
WAR = Issue("war", "War", "War is by Russia")


@pytest.fixture
def classifier() -> Classifier:
    return fake_classifier()


@pytest.fixture
def tokenizer() -> Tokenizer:
    return word_tokenizer()


@pytest.fixture
def watched(tokenizer: Tokenizer) -> Recording:
    return recording(keyword_network(tokenizer))


def labels(result: Result) -> list[str]:
    return [prediction.label for _, prediction in result.stances]


def words(tokenizer: Tokenizer, rows: Rows) -> list[str]:
    return [" ".join(tokenizer.id_to_token(n) or "" for n in row) for row in rows.input_ids]


@pytest.mark.parametrize(
    ("text", "stances", "tone"),
    [
        pytest.param("Kyiv supports NATO", ["favor", "unrelated"], "neutral", id="favor"),
        pytest.param("Kyiv opposes NATO", ["against", "unrelated"], "neutral", id="against"),
        pytest.param("Kyiv discusses NATO", ["neutral", "unrelated"], "neutral", id="neutral"),
        pytest.param("Kyiv supports lunch", ["unrelated"] * 2, "neutral", id="unrelated"),
        pytest.param("The carbon tax is bad", ["unrelated"] * 2, "negative", id="negative"),
        pytest.param("Paris supports a good tax", ["unrelated", "favor"], "positive", id="both"),
    ],
)
def test_a_statement_is_answered_on_each_issue_and_in_its_tone(
    text: str, stances: list[str], tone: str, classifier: Classifier
) -> None:
    [result] = classifier.classify([Statement(text)], [NATO, TAX])

    assert (labels(result), result.sentiment.label) == (stances, tone)


def test_a_result_gives_back_the_statement_and_the_issues_that_were_asked(
    classifier: Classifier,
) -> None:
    statement = Statement("Kyiv supports NATO", id="7", speaker="Kyiv", targets=("NATO", "Moscow"))

    [result] = classifier.classify([statement], [TAX, NATO])

    assert result.statement is statement
    assert [issue for issue, _ in result.stances] == [TAX, NATO]
    assert [target for target, _ in result.targets] == ["NATO", "Moscow"]


def test_every_answer_names_the_model_and_the_kind_of_its_question(classifier: Classifier) -> None:
    [result] = classifier.classify([Statement("Kyiv", targets=("Kyiv",))], [NATO])

    answers = [result.sentiment, result.stances[0][1], result.targets[0][1]]
    assert [answer.kind for answer in answers] == [Kind.SENTIMENT, Kind.STANCE, Kind.SENTIMENT]
    assert {answer.model for answer in answers} == {"keyword"}


def test_each_statement_has_answers_for_the_targets_of_its_own(classifier: Classifier) -> None:
    statements = [
        Statement("NATO is good", targets=("NATO", "Kyiv")),
        Statement("Lunch"),
        Statement("Moscow is bad", targets=("Moscow",)),
    ]

    results = list(classifier.classify(statements, [NATO]))

    assert [[(target, p.label) for target, p in r.targets] for r in results] == [
        [("NATO", "positive"), ("Kyiv", "positive")],
        [],
        [("Moscow", "negative")],
    ]


def test_probabilities_are_those_of_the_calibration(tokenizer: Tokenizer) -> None:
    calibration = Calibration({Kind.STANCE: 2.0, Kind.SENTIMENT: 4.0})
    network, renderer = keyword_network(tokenizer), Renderer(tokenizer, 64)
    classifier = Classifier(network, renderer, calibration, "warm")

    [result] = classifier.classify([Statement("NATO supports a good NATO")], [NATO])

    favor, good = np.exp(4 / 2), np.exp(4 / 4)
    assert result.stances[0][1].probabilities[0] == pytest.approx(favor / (favor + 3))
    assert result.sentiment.probabilities[0] == pytest.approx(good / (good + 2))


def test_order_in_is_order_out(classifier: Classifier) -> None:
    rng = random.Random(3)
    verbs = [rng.choice(KEYWORDS[:3]) for _ in range(2 * WINDOW_STATEMENTS + 5)]
    statements = [
        Statement(f"Kyiv {verb} NATO " + "and " * rng.randint(0, 50), id=str(n))
        for n, verb in enumerate(verbs)
    ]

    results = list(classifier.classify(statements, [NATO]))

    expected = {"supports": "favor", "opposes": "against", "discusses": "neutral"}
    assert [result.statement for result in results] == statements
    assert [labels(result) for result in results] == [[expected[verb]] for verb in verbs]


@pytest.fixture
def endless() -> Iterator[Statement]:
    """Statements without end, for all that one test may read of them."""
    return (
        Statement(f"Kyiv supports NATO {n}", id=str(n)) if n < 1000 else pytest.fail("reads on")
        for n in count()
    )


def test_an_endless_stream_of_statements_is_answered_as_it_comes(
    classifier: Classifier, endless: Iterator[Statement]
) -> None:
    results = list(islice(classifier.classify(endless, [NATO]), 3))

    assert [result.statement.id for result in results] == ["0", "1", "2"]


@pytest.mark.parametrize("taken", [0, 1, WINDOW_STATEMENTS, WINDOW_STATEMENTS + 1])
def test_no_more_statements_are_read_than_the_window_in_hand(
    taken: int, classifier: Classifier, endless: Iterator[Statement]
) -> None:
    list(islice(classifier.classify(endless, []), taken))

    n_read = int(next(endless).id or "")
    assert n_read == -(-taken // WINDOW_STATEMENTS) * WINDOW_STATEMENTS


class Ahead:
    """The fake network behind a queue: three batches are laid out before one is answered."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def __call__(self, rows: Rows, /) -> NDArray[np.float32]:
        pytest.fail("asked without its queue")

    def each(self, rows: Iterable[Rows], /) -> Iterator[NDArray[np.float32]]:
        waiting: deque[Rows] = deque()
        for one in rows:
            waiting.append(one)
            if len(waiting) == 3:
                yield self._network(waiting.popleft())
        yield from map(self._network, waiting)


def test_a_network_that_takes_rows_ahead_gives_the_same_results_in_order(
    tokenizer: Tokenizer, classifier: Classifier
) -> None:
    statements = [
        Statement(f"{where} {verb} NATO " + "and " * n, targets=("Kyiv",) * (n % 3))
        for n, (where, verb) in enumerate(product(("Kyiv", "Warsaw"), KEYWORDS * 3))
    ]
    queued = Classifier(
        Ahead(keyword_network(tokenizer)), Renderer(tokenizer, 64), UNCALIBRATED, "keyword",
        batch_tokens=100, window_statements=4,
    )  # fmt: skip

    ahead = list(queued.classify(statements, [NATO, TAX]))

    assert ahead == list(classifier.classify(statements, [NATO, TAX]))


def test_no_statements_have_no_results(classifier: Classifier) -> None:
    assert list(classifier.classify([], [NATO])) == []


def test_without_issues_the_tone_is_answered_alone(classifier: Classifier) -> None:
    [result] = classifier.classify([Statement("Lunch is good")], [])

    assert (result.sentiment.label, result.stances, result.targets) == ("positive", [], [])


def test_an_issue_that_is_asked_twice_is_answered_twice(classifier: Classifier) -> None:
    [result] = classifier.classify([Statement("Kyiv opposes NATO")], [NATO, TAX, NATO])

    assert labels(result) == ["against", "unrelated", "against"]


def test_the_network_gets_these_rows_for_two_statements_and_one_issue(
    tokenizer: Tokenizer, watched: Recording
) -> None:
    classifier = fake_classifier(network=watched)
    short = Statement("Lunch is good")
    longer = Statement("Kyiv supports NATO", targets=("Kyiv",))

    list(classifier.classify([short, longer], [NATO]))

    [rows] = watched.seen
    [row] = words(tokenizer, rows)
    assert row == (
        "[CLS] kyiv supports nato [SEP] [CLS] overall sentiment [SEP]"
        " [CLS] ukraine will be in nato [SEP] [CLS] sentiment toward kyiv [SEP]"
        " [CLS] lunch is good [SEP] [CLS] overall sentiment [SEP]"
        " [CLS] ukraine will be in nato [SEP]"
    )
    assert rows.group[0].tolist() == [0] * 21 + [1] * 16
    assert rows.block[0].tolist() == (
        [0] * 5 + [1] * 4 + [2] * 7 + [3] * 5 + [0] * 5 + [1] * 4 + [2] * 7
    )
    assert rows.first.tolist() == [[5, 9, 16, 26, 30]]
    assert rows.n_questions.tolist() == [5]


def test_rows_of_one_batch_are_padded_to_the_longest(watched: Recording) -> None:
    classifier = fake_classifier(window=512, network=watched)

    list(classifier.classify([Statement("war " * 250), Statement("war " * 240)], []))

    [rows] = watched.seen
    assert rows.input_ids.shape == (2, 250 + 2 + 4)
    assert (rows.group == -1).sum(axis=1).tolist() == [0, 10]


def test_a_statement_longer_than_a_row_is_answered_in_a_row_of_its_own(
    watched: Recording,
) -> None:
    classifier = fake_classifier(window=512, network=watched)

    results = classifier.classify([Statement("Kyiv supports NATO " + "war " * 400)], [NATO, TAX])

    assert [labels(result) for result in results] == [["favor", "unrelated"]]
    assert [rows.input_ids.shape for rows in watched.seen] == [(1, 405 + 4 + 7 + 7)]


def test_a_statement_over_the_window_is_cut_and_says_so() -> None:
    classifier = fake_classifier(window=8)
    fits, cut = (
        Statement("one two three four five NATO"),
        Statement("one two three four five six 7"),
    )

    results = classifier.classify([fits, cut], [])

    assert [result.truncated for result in results] == [False, True]


def test_what_lies_behind_the_window_is_not_read() -> None:
    classifier = fake_classifier(window=8)

    [result] = classifier.classify([Statement("one two three four five six good")], [])

    assert result.sentiment.label == "neutral"


def test_three_hundred_propositions_are_split_over_rows_and_answered_right() -> None:
    names = [f"matter{n}" for n in range(300)]
    tokenizer = word_tokenizer(*names)
    watched = recording(keyword_network(tokenizer))
    classifier = Classifier(watched, Renderer(tokenizer, 512), UNCALIBRATED, "keyword")
    issues = [Issue.ad_hoc(f"The {name} should be") for name in names]
    statement = Statement("Kyiv opposes " + " ".join(names[::3]))

    results = list(classifier.classify([Statement("Kyiv"), statement, statement], issues))

    expected = ["against" if n % 3 == 0 else "unrelated" for n in range(300)]
    assert [labels(result) for result in results] == [["unrelated"] * 300, expected, expected]
    assert sum(len(rows.first) for rows in watched.seen) > 30


def test_no_batch_or_row_is_over_its_budget_unless_one_statement_alone_is(
    watched: Recording,
) -> None:
    rng = random.Random(1)
    classifier = fake_classifier(window=512, network=watched)
    statements = [Statement("war " * rng.choice([5, 20, 60, 200, 500])) for _ in range(100)]

    list(classifier.classify(statements, [NATO, TAX]))

    batches = [rows for rows in watched.seen if rows.group.size > BATCH_TOKENS]
    rows_over = [
        row for rows in watched.seen for row in rows.group if (row >= 0).sum() > ROW_TOKENS
    ]
    assert [len(rows.group) for rows in batches] == [1] * len(batches)
    assert {int(row.max()) for row in rows_over} == {0}


@pytest.mark.parametrize("issues", [0, 1, 4, 12])
def test_less_than_five_in_a_hundred_tokens_are_padding(issues: int, watched: Recording) -> None:
    rng = random.Random(issues)
    classifier = fake_classifier(window=512, network=watched)
    statements = [Statement("war " * int(rng.lognormvariate(3.6, 0.5))) for _ in range(128)]

    list(classifier.classify(statements, [NATO] * issues))

    padding = sum((rows.group == -1).sum() for rows in watched.seen)
    assert padding / sum(rows.group.size for rows in watched.seen) < 0.05


def test_a_proposition_that_is_too_long_is_found_before_any_work() -> None:
    classifier = fake_classifier(window=8)

    with pytest.raises(InputError) as caught:
        classifier.check([WAR, Issue.ad_hoc("war " * 7)])

    assert str(caught.value) == "proposition: is longer than the model's 8 tokens; shorten it"


def test_propositions_that_fit_pass_the_check(classifier: Classifier, watched: Recording) -> None:
    fake_classifier(network=watched).check([NATO, TAX, WAR])

    assert watched.seen == []


def test_a_target_that_is_too_long_is_refused() -> None:
    classifier = fake_classifier(window=8)

    with pytest.raises(InputError, match="target: is longer than the model's 8 tokens"):
        list(classifier.classify([Statement("war", targets=("war " * 5,))], []))


def test_raw_logits_are_in_the_order_asked(tokenizer: Tokenizer, classifier: Classifier) -> None:
    [block] = Renderer(tokenizer, 64).statements(["Kyiv opposes good NATO"])
    asked = [Question(Kind.STANCE, "NATO"), Question(Kind.SENTIMENT), Question(Kind.STANCE, "tax")]

    [logits] = classifier.logits([block], [asked])

    assert logits.tolist() == [
        [0, 4, 0, 0, 4, 0, 0],
        [0, 0, 0, 4, 4, 0, 0],
        [0, 0, 0, 4, 4, 0, 0],
    ]


# Prediction sets


@pytest.mark.parametrize(
    ("coverage", "stances", "tones"),
    [
        (0.8, ("favor",), ("positive",)),
        (0.9, Kind.STANCE.labels, Kind.SENTIMENT.labels),
        (0.899, Kind.STANCE.labels, Kind.SENTIMENT.labels),
    ],
)
def test_every_answer_has_the_set_of_the_coverage_asked(
    coverage: float, stances: tuple[str, ...], tones: tuple[str, ...]
) -> None:
    statement = Statement("Kyiv supports a good NATO", targets=("Kyiv",))

    [result] = classifier_with_sets(0.9).classify([statement], [NATO], coverage)

    assert [prediction.prediction_set for _, prediction in result.stances] == [stances]
    assert result.sentiment.prediction_set == result.targets[0][1].prediction_set == tones


def test_asking_for_sets_changes_nothing_else() -> None:
    statement = Statement("Kyiv supports a good NATO", targets=("Kyiv",))

    [bare], [result] = (
        classifier_with_sets().classify([statement], [NATO, TAX], coverage)
        for coverage in (None, 0.8)
    )

    for one, other in zip(answers(bare), answers(result), strict=True):
        assert one.prediction_set is None
        assert one == Prediction(other.kind, other.probabilities, other.model)


def answers(result: Result) -> list[Prediction]:
    return [result.sentiment, *(p for _, p in result.stances), *(p for _, p in result.targets)]


def ask_for_sets(classifier: Classifier, coverage: float) -> None:
    list(classifier.classify([], [], coverage))


@pytest.mark.parametrize("refuse", [ask_for_sets, lambda one, c: one.check([], c)])
def test_a_model_without_sets_says_so_where_they_are_asked(
    refuse: Callable[[Classifier, float], None], classifier: Classifier
) -> None:
    with pytest.raises(InputError) as caught:
        refuse(classifier, 0.9)

    assert str(caught.value) == (
        "coverage: the model keyword has no prediction sets; ask without coverage, or train a newer"
        " model"
    )


@pytest.mark.parametrize("refuse", [ask_for_sets, lambda one, c: one.check([], c)])
def test_a_coverage_out_of_range_is_refused_before_any_work(
    refuse: Callable[[Classifier, float], None],
) -> None:
    with pytest.raises(InputError, match="coverage: must be a number from 0.5 to 0.99"):
        refuse(classifier_with_sets(), 0.4)


def test_a_bundle_with_prediction_sets_answers_with_them(tmp_path: Path) -> None:
    publish_tiny(tmp_path, "tiny", "against", opening_at(0.9))

    [result] = Classifier.open(tmp_path, "tiny").classify([Statement("war")], [WAR], 0.85)

    assert result.stances[0][1].prediction_set == ("against",)
    assert result.sentiment.prediction_set == ("neutral",)


vocabulary = st.sampled_from([*KEYWORDS, *CONTENT_TEXT.split()])
sentences = st.lists(vocabulary, min_size=1, max_size=40).map(" ".join)
targets = st.lists(vocabulary, max_size=2).map(tuple)
statement_lists = st.lists(
    st.builds(Statement, sentences, targets=targets), min_size=1, max_size=12
)
issue_lists = st.lists(
    st.lists(vocabulary, min_size=1, max_size=12).map(" ".join).map(Issue.ad_hoc), max_size=20
)
FAKE = fake_classifier(window=48)


def alone(statement: Statement, issue: Issue) -> tuple[Issue, object]:
    [result] = FAKE.classify([statement], [issue])
    return result.stances[0]


@given(statement_lists, issue_lists)
@settings(max_examples=50, deadline=None)
def test_an_answer_is_the_one_given_alone_whatever_is_asked_beside_it(
    statements: list[Statement], issues: list[Issue]
) -> None:
    results = list(FAKE.classify(statements, issues))

    assert [result.statement for result in results] == statements
    for result in results:
        assert result.stances == [alone(result.statement, issue) for issue in issues]
        assert [result] == [
            Result(result.statement, one.truncated, one.sentiment, result.stances, one.targets)
            for one in FAKE.classify([result.statement], [])
        ]


@given(statement_lists, issue_lists, st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_other_orders_give_the_same_answers(
    statements: list[Statement], issues: list[Issue], rng: random.Random
) -> None:
    order, issue_order = list(range(len(statements))), list(range(len(issues)))
    rng.shuffle(order)
    rng.shuffle(issue_order)

    results = list(FAKE.classify(statements, issues))
    shuffled = list(FAKE.classify([statements[n] for n in order], [issues[n] for n in issue_order]))

    for n, result in zip(order, shuffled, strict=True):
        assert result.statement is statements[n]
        assert result.sentiment == results[n].sentiment
        assert result.targets == results[n].targets
        assert result.stances == [results[n].stances[m] for m in issue_order]


def test_the_default_bundle_opens_and_names_itself() -> None:
    classifier = Classifier.open(models_dir(), threads=1)

    [result] = classifier.classify([Statement("Kyiv will not give up any land.")], [])

    assert classifier.name == open_bundle(models_dir()).name
    assert result.sentiment.model == classifier.name


def test_a_bundle_whose_tokenizer_is_none_is_refused_by_the_file(tmp_path: Path) -> None:
    with stage(tmp_path, "broken") as staged:
        (staged / "model.onnx").write_bytes(b"")
        (staged / "tokenizer.json").write_text("{}")
        seal(staged, {"window": 64, "temperatures": {"stance": 1.0, "sentiment": 1.0}})
        folder = publish(staged, tmp_path, "broken")

    with pytest.raises(BundleError) as caught:
        Classifier.open(tmp_path, "broken")

    assert str(caught.value).startswith(f"{folder / 'tokenizer.json'}: ")
