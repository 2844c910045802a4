"""What others wrote enters a page as words only."""

import pytest

from stance import svg
from stance.markup import Markup, escaped, figure, joined, page, table

ATTACK = "<script>alert('it')</script>&"


def test_text_is_escaped_and_markup_is_not() -> None:
    assert escaped(ATTACK) == "&lt;script&gt;alert(&#x27;it&#x27;)&lt;/script&gt;&amp;"
    assert escaped(Markup("<b>")) == "<b>"
    assert escaped(escaped(ATTACK)) == escaped(ATTACK)


@pytest.mark.parametrize("hidden", ["\x00", "\x1b", "\x9b", "\u202e", "\u2067", "\u200f"])
def test_what_would_steer_the_reader_is_made_visible(hidden: str) -> None:
    assert escaped(f"a{hidden}b") == "a\ufffdb"


def test_letters_of_other_scripts_stay() -> None:
    assert escaped("Зеленський\tשלום 習近平") == "Зеленський\tשלום 習近平"


@pytest.mark.parametrize(
    "made",
    [
        joined([ATTACK, ATTACK], ATTACK),
        table([ATTACK], [[ATTACK]], ATTACK),
        figure(svg.drawing(1, 1, ATTACK, [svg.text(0, 0, ATTACK)]), ATTACK, [ATTACK], [[ATTACK]]),
        svg.turned(0, 0, ATTACK),
        page(ATTACK, Markup("")),
    ],
)
def test_nothing_lets_markup_through(made: str) -> None:
    assert "<script" not in made
    assert "alert(&#x27;it" in made


def test_a_cell_of_a_number_stands_to_the_right() -> None:
    found = table(["a"], [["1,204"], ["−0.31 [−0.40, −0.20]"], ["12 apples"]])

    assert found.count('class="number"') == 2


def test_a_tint_runs_from_white_to_the_colour() -> None:
    assert (svg.tint(svg.BLUE, 0), svg.tint(svg.BLUE, 1)) == ("#ffffff", svg.BLUE.lower())
