"""The model card says what was measured, and of data only what was used."""

from itertools import pairwise

import pytest

from stance.domain import Kind
from tests.planted import example, examples, right_in, said
from training.card import model_card
from training.compare import compare
from training.evaluate import report, worst_errors
from training.figures import Figures

SHIPPED = {
    "description": "A model of ours",
    "window": 512,
    "temperatures": {"stance": 1.5, "sentiment": 1.9},
    "recipe": {"base": "all-MiniLM-L6-v2"},
    "from": None,
    "data": {"own": "1", "vast": "2", "snli": "3"},
    "licences": {"vast": "none stated", "snli": "MIT (repository)"},
}
OF_A_USER = {
    **SHIPPED,
    "description": "Her own",
    "from": {"model": "old-model", "digest": "0"},
    "data": {"labels": "4"},
    "licences": {},
}


@pytest.fixture(scope="module", name="figures")
def _figures() -> Figures:
    asked = [
        *examples(120),
        *examples(90, Kind.SENTIMENT),
        example("for", "favor", group="pair"),
        example("not", "against", group="pair"),
    ]
    answered = [
        said(one.example, one.prediction.label, 0.8, labels=one.kind.labels)
        for one in right_in(0.8, asked, 1)
    ]
    served = right_in(0.7, asked, 2, "served")
    found = report(answered, "new", coverage=0.9, before=answered, beside={"served": served})
    return found | {"comparison": compare(answered, served).to_json()}


def test_the_card_has_every_figure_with_its_interval(figures: Figures) -> None:
    card = model_card("new", SHIPPED, {"own": figures})

    stance = figures["stance"]
    low, high = stance["macro_f1_interval"]
    assert f"| own | stance | 122 | {stance['macro_f1']:.3f} ({low:.3f} to {high:.3f}) |" in card
    assert f"| own | stance | {stance['ece']:.3f} | {stance['ece_before']:.3f} |" in card
    assert "| own | stance | 90% | 1.000 (" in card
    assert f"| own | stance | served | {stance['beside']['served']['macro_f1']:.3f} (" in card
    assert figures["comparison"]["sentences"][0] in card
    assert "of 1 minimal pairs" in card
    assert "stance 1.500, sentiment 1.900" in card


def test_the_card_says_who_wrote_our_statements_where_they_were_used(figures: Figures) -> None:
    card = model_card("new", SHIPPED, {"own": figures})

    assert "written and labelled by language models" in card
    assert "Statements that we wrote: `training/data` (CC BY 4.0)." in card


def test_the_card_of_a_user_claims_nothing_of_data_that_were_not_used(figures: Figures) -> None:
    card = model_card("hers", OF_A_USER, {"labels": figures})

    assert "Labels of whoever trained it (`labels`)" in card
    assert "Continues from the bundle `old-model`" in card
    for claim in ("language models", "training/data", "Public sets, with", "vast", "CC BY 4.0"):
        assert claim not in card


def test_our_statements_are_named_where_they_only_measured(figures: Figures) -> None:
    card = model_card("hers", OF_A_USER, {"labels": figures, "own-unseen": figures})

    assert "written and labelled by language models" in card
    assert "training/data" not in card


def test_the_card_lists_the_sets_that_state_no_licence(figures: Figures) -> None:
    card = model_card("new", SHIPPED, {"own": figures})

    assert "- `snli`: MIT (repository)" in card
    assert "1 of these 2 state no licence (vast)" in card


def test_known_failures_are_quoted_but_never_from_public_sets(figures: Figures) -> None:
    pairs = [
        said(example("Ours, *and* <b>wrong</b> | or\nnot", "favor"), "against", 0.95),
        said(example("Theirs", "favor", source="vast"), "against", 0.99),
    ]

    card = model_card("new", SHIPPED, {"own": figures}, {"own": worst_errors(pairs, unquoted=())})

    assert "| Ours, \\*and\\* &lt;b&gt;wrong&lt;/b&gt; \\| or not |" in card
    assert "| favor | against | 0.95 |" in card
    assert "Theirs" not in card


def test_what_was_not_measured_has_no_section() -> None:
    found = report(right_in(0.8, examples(40)), "m")

    card = model_card("m", SHIPPED, {"own": found})

    for title in ("## Sets of labels", "## Compared with", "## Known failures"):
        assert title not in card


def test_the_warnings_of_a_report_are_in_the_card() -> None:
    found = report(right_in(0.8, examples(20)), "m")

    assert "- `own`: stance: fewer than 10 rows are favor" in model_card(
        "m", SHIPPED, {"own": found}
    )


def test_every_table_of_the_card_is_whole(figures: Figures) -> None:
    lines = model_card("new", SHIPPED, {"own": figures, "vast test": figures}).splitlines()

    for above, below in pairwise(lines):
        if above.startswith("|") and below.startswith("|"):
            assert above.count("|") - above.count("\\|") == below.count("|") - below.count("\\|")
