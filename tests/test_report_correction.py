"""Labels of a sample correct what the model answered, as far as they reach and no further."""

import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import t

from stance.domain import Stance
from stance.errors import MissingExtraError
from stance.report_archive import open_run
from stance.report_correction import Articles, Correction, correct, corrected_share
from stance.report_labels import LabelledStance
from stance.report_tables import open_tables
from tests.scored_archive import PEACE, TAX, Archive, Said, world

with warnings.catch_warnings():
    from ppi_py import ppi_mean_ci, ppi_mean_pointestimate

FAVOR, AGAINST, NEUTRAL, UNRELATED = (
    (1.0, 0, 0, 0),
    (0, 1.0, 0, 0),
    (0, 0, 1.0, 0),
    (0, 0, 0, 1.0),
)


def label(
    text: str,
    shares: tuple[float, ...] = FAVOR,
    *,
    key: str | None = None,
    speaker: str | None = None,
    proposition: str = PEACE.proposition,
) -> LabelledStance:
    return LabelledStance(text, proposition, shares, key, speaker)


def corrected(archive: Archive, labels: list[LabelledStance], out: Path) -> Correction:
    run = open_run(archive.write(out))
    with open_tables(run) as tables:
        return correct(labels, run, tables)


def test_a_label_finds_its_statement_by_key_or_by_its_words(tmp_path: Path) -> None:
    archive = Archive()
    archive.article(Said("Yes,  indeed", {PEACE: "favor"}), Said("No", {PEACE: "against"}))
    archive.article(
        Said("yes, indeed", {PEACE: "neutral"}, "Ben Jones"), Said("Perhaps", {TAX: "favor"})
    )
    labels = [
        label("Yes, indeed"),  # of two, the first
        label("Yes, indeed", AGAINST, speaker="Ben Jones"),
        label("No", key="a-1-2"),
        label("Perhaps", UNRELATED, key="a-1-2"),  # the key is of another text
        label("YES, INDEED", NEUTRAL, key="a-2-1"),
        label("Never said"),
        label("No", proposition="Nobody asked this"),
    ]

    found = corrected(archive, labels, tmp_path / "scores").matched

    assert [(one.statement, one.answered) for one in found.pairs] == [
        ("a-1-1", Stance.FAVOR),
        ("a-1-2", Stance.AGAINST),
        ("a-2-1", Stance.NEUTRAL),
        ("a-2-2", None),
    ]
    assert [one.truth for one in found.pairs] == [FAVOR, FAVOR, (0, 0.5, 0.5, 0), UNRELATED]
    assert (found.n_labels, found.n_unknown, found.n_not_asked) == (7, 1, 1)


def test_several_labels_of_one_statement_are_averaged(tmp_path: Path) -> None:
    archive = Archive()
    archive.article(Said("Yes", {PEACE: "favor"}))

    found = corrected(archive, [label("Yes"), label("Yes", AGAINST)], tmp_path / "scores")

    assert [one.truth for one in found.matched.pairs] == [(0.5, 0.5, 0, 0)]


def answered_favor(n: int) -> tuple[Archive, list[LabelledStance]]:
    """Statements of two speakers, one an article, all taken for favor; a third are against."""
    archive, labels = Archive(), []
    for k in range(n):
        text = f"Statement {k}"
        archive.article(Said(text, {PEACE: "favor"}, f"Speaker {k % 2}"))
        labels.append(label(text, AGAINST if k % 3 == 0 else FAVOR))
    return archive, labels


def test_shares_of_all_and_of_each_speaker_are_corrected(tmp_path: Path) -> None:
    archive, labels = answered_favor(300)

    found = corrected(archive, labels[:90], tmp_path / "scores").corrected

    assert [(one.speaker, one.n_labels, one.naive.n) for one in found] == [
        (None, 90, 300),
        ("Speaker 0", 45, 150),
        ("Speaker 1", 45, 150),
    ]
    for one in found:
        assert one.naive.favor.mean == 1
        assert one.favor.value == pytest.approx(2 / 3)
        assert one.against.value == pytest.approx(1 / 3)
        assert one.lean.value == pytest.approx(2 / 3)
        assert one.neutral.value == one.unrelated.value == 0
        assert 0.45 < one.favor.interval.low < 2 / 3 < one.favor.interval.high < 0.85


def test_what_is_not_about_the_issue_leaves_the_shares(tmp_path: Path) -> None:
    archive, labels = answered_favor(100)
    half = [label(one.text, UNRELATED if n % 2 else FAVOR) for n, one in enumerate(labels[:60])]

    everyone, *_ = corrected(archive, half, tmp_path / "scores").corrected

    assert everyone.favor.value == pytest.approx(1)
    assert everyone.unrelated.value == 0.5
    assert 0.35 < everyone.unrelated.interval.low < 0.5 < everyone.unrelated.interval.high < 0.65


def test_too_few_labels_correct_nothing(tmp_path: Path) -> None:
    archive, labels = answered_favor(100)
    archive.article(*(Said(f"One article {n}", {TAX: "favor"}, None) for n in range(60)))
    labels = labels[:21] + [
        label(f"One article {n}", proposition=TAX.proposition) for n in range(60)
    ]

    found = corrected(archive, labels, tmp_path / "scores")

    assert [(one.issue, one.speaker) for one in found.corrected] == [(0, None)]
    assert found.too_few == {(0, "Speaker 0"): 11, (0, "Speaker 1"): 10, (1, None): 60}


def test_what_the_model_missed_is_told_and_not_corrected_for(tmp_path: Path) -> None:
    archive = Archive()
    archive.article(Said("Yes", {}), Said("Rain", {PEACE: "unrelated"}), Said("No", {}))

    labels = [label("Yes"), label("Rain", UNRELATED), label("No", (0, 0.4, 0, 0.6))]
    found = corrected(archive, labels, tmp_path / "scores")

    assert found.left_out == {0: (3, 1)}
    assert found.corrected == ()


def test_one_statement_an_article_gives_what_the_library_gives() -> None:
    rng = np.random.default_rng(3)
    answers = (rng.random(400) < 0.6).astype(float)
    truth = np.where(rng.random(80) < 0.8, answers[:80], 1 - answers[:80])
    one = np.ones(80)

    found = corrected_share(
        Articles(one, truth),
        Articles(one, one),
        Articles(one, answers[:80]),
        Articles(np.ones(320), answers[80:]),
    )

    expected = float(ppi_mean_pointestimate(truth, answers[:80], answers[80:])[0])
    assert found.value == pytest.approx(expected, abs=0.004)  # tuned at a point a little off


def test_an_article_weighs_as_many_statements_as_it_has() -> None:
    size, favor = np.repeat([3.0, 1.0], 15), np.repeat([1.0, 0.0], 15)

    found = corrected_share(
        Articles(size, favor),
        Articles(size, np.ones(30)),
        Articles(size, favor),
        Articles(size, favor),
    )

    assert found.value == pytest.approx(0.75)


def test_few_articles_widen_the_interval_as_student_has_it() -> None:
    rng = np.random.default_rng(4)
    truth, answers, rest = ((rng.random(n) < 0.5).astype(float) for n in (10, 10, 100))
    one = np.ones(10)
    found = corrected_share(
        Articles(one, truth),
        Articles(one, one),
        Articles(one, answers),
        Articles(np.ones(100), rest),
    ).interval

    start = truth.mean()
    doubted = np.append(truth, [1, 0]) - start, np.append(answers, [0, 1]) - start, rest - start
    low, high = ppi_mean_ci(*doubted, alpha=2 * t.sf(t.ppf(0.975, 9), 1e9))
    expected = start + low[0], start + high[0]
    assert (found.low, found.high) == pytest.approx(expected, abs=2e-3)


def test_what_is_labelled_is_no_part_of_the_rest(tmp_path: Path) -> None:
    archive, labels = Archive(), []
    for n in range(60):
        side = "favor" if n < 10 or n >= 30 else "against"
        archive.article(Said(f"Statement {n}", {PEACE: side}, None))
        labels.append(label(f"Statement {n}", FAVOR if side == "favor" else AGAINST))

    [found] = corrected(archive, labels[:30], tmp_path / "scores").corrected

    known = Articles(np.ones(30), np.repeat([1.0, 0.0], [10, 20]))
    rest = Articles(np.ones(30), np.ones(30))
    about = Articles(np.ones(30), np.ones(30))
    expected = corrected_share(known, about, known, rest).value
    assert found.favor.value == pytest.approx(expected)


def test_no_error_seen_is_no_proof_that_there_is_none() -> None:
    answers = np.array([1.0, 0] * 15)
    found = corrected_share(
        Articles(np.ones(30), answers),
        Articles(np.ones(30), np.ones(30)),
        Articles(np.ones(30), answers),
        Articles(np.ones(10_000), np.array([1.0, 0] * 5000)),
    )

    assert found.value == 0.5
    assert found.interval.high - found.interval.low > 0.1


def test_nothing_about_the_issue_has_no_share() -> None:
    none, one = Articles(np.ones(30), np.zeros(30)), Articles(np.ones(30), np.ones(30))

    found = corrected_share(none, none, one, one)

    assert np.isnan(found.value)
    assert (found.interval.low, found.interval.high) == (0, 1)


@pytest.mark.parametrize("n_labelled", [25, 80])
@pytest.mark.parametrize(("right", "about"), [(0.8, 0.9), (0.97, 1.0)])
def test_intervals_hold_the_truth_nineteen_times_in_twenty(
    n_labelled: int, right: float, about: float
) -> None:
    rng = np.random.default_rng(11)
    held = []
    for _ in range(200):
        size = rng.integers(1, 4, 600)
        article = np.repeat(np.arange(600), size)
        favor = rng.random(len(article)) < rng.beta(2.1, 0.9, 600)[article]
        is_about = rng.random(len(article)) < about
        # Errors lean to one side: of those against, more are taken for favor than the other way.
        wrong = rng.random(len(article)) < np.where(favor, (1 - right) / 2, 2 * (1 - right))
        answer = favor ^ wrong
        means = [
            np.bincount(article, values) / size for values in (favor & is_about, is_about, answer)
        ]
        labelled = np.zeros(600, bool)
        labelled[rng.choice(600, n_labelled, replace=False)] = True
        known, others, answers = (
            Articles(size[labelled].astype(float), one[labelled]) for one in means
        )
        rest = Articles(size[~labelled].astype(float), means[2][~labelled])
        truth = (favor & is_about).sum() / is_about.sum()
        found = corrected_share(known, others, answers, rest).interval
        held.append(found.low <= truth <= found.high)

    assert np.mean(held) >= 0.92


def test_the_correction_finds_the_truth_of_a_world_that_the_model_gets_wrong(
    tmp_path: Path,
) -> None:
    archive, labels = world(1500, seed=5, wrong=0.3)
    of_peace = [one for one in labels if one.proposition == PEACE.proposition]
    truth = np.array([one.shares for one in of_peace]).sum(0)
    share = truth[0] / truth[:3].sum()
    chosen = np.random.default_rng(5).choice(len(labels), 400, replace=False)

    everyone, *_ = corrected(archive, [labels[n] for n in chosen], tmp_path / "scores").corrected

    naive = everyone.naive.favor.interval()
    assert naive is not None
    assert not naive.low <= share <= naive.high
    assert everyone.favor.interval.low <= share <= everyone.favor.interval.high


def test_a_label_needs_a_share_of_each_stance() -> None:
    with pytest.raises(ValueError, match="they sum to 1"):
        label("Yes", (1.0, 1.0, 0, 0))


def test_without_the_library_the_command_that_installs_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive, labels = answered_favor(60)
    monkeypatch.setitem(sys.modules, "ppi_py", None)

    with pytest.raises(MissingExtraError, match=r"stance\[labels\]"):
        corrected(archive, labels, tmp_path / "scores")


def test_the_library_does_not_silence_the_process() -> None:
    one = Articles(np.ones(30), np.array([1.0, 0] * 15))
    before = list(warnings.filters)

    corrected_share(one, Articles(np.ones(30), np.ones(30)), one, one)

    assert list(warnings.filters) == before
