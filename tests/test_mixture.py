"""Which examples and questions an epoch has."""

import pytest
from tokenizers import Tokenizer

from stance.domain import Kind, Question, Stance, Statement
from stance.render import Renderer
from stance.torch_network.heads import StanceNetwork
from tests.tiny import tiny_encoder
from training.encoders import from_encoder
from training.examples import Example, Label
from training.mixture import Mixture
from training.recipe import Stage
from training.wordings import Wordings


@pytest.fixture(scope="module", name="renderer")
def _renderer(tmp_path_factory: pytest.TempPathFactory) -> Renderer:
    folder = tiny_encoder(tmp_path_factory.mktemp("e"))
    network, tokenizer = from_encoder(StanceNetwork, str(folder))
    assert isinstance(tokenizer, Tokenizer)
    return Renderer(tokenizer, network.window)


def unrelated(proposition: str) -> Label:
    return Label(Question(Kind.STANCE, proposition), (Stance.UNRELATED,))


def asked_in_an_epoch(renderer: Renderer, examples: list[Example], most: int) -> list[str]:
    stage = Stage({"labels": 1.0}, unrelated=most, strangers=0.0)
    mixture = Mixture(renderer, {"labels": examples}, Wordings({}, {}), stage)
    return [label.question.subject for _, labels in mixture.epoch() for label in labels]


def examples_of(labels: list[tuple[Label, ...]]) -> list[Example]:
    return [
        Example(Statement(f"statement {n}"), given, f"group {n}", "labels")
        for n, given in enumerate(labels)
    ]


def test_a_look_alike_is_asked_before_what_every_statement_is_asked(renderer: Renderer) -> None:
    every = tuple(unrelated(f"issue {n}") for n in range(6))
    examples = examples_of([(*every, unrelated(f"only of {n}")) for n in range(200)])

    asked = asked_in_an_epoch(renderer, examples, most=2)

    assert len(asked) == 400
    assert sum(subject.startswith("only") for subject in asked) > 180


def test_issues_asked_about_as_often_are_drawn_as_often(renderer: Renderer) -> None:
    every = tuple(unrelated(f"issue {n}") for n in range(4))

    asked = asked_in_an_epoch(renderer, examples_of([every] * 1000), most=1)

    assert len(asked) == 1000
    assert all(200 < asked.count(f"issue {n}") < 300 for n in range(4))
