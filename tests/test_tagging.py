"""Labels of windows, and the training of a tagger on a tiny network."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from stance.article_tokens import ArticleReader
from stance.domain import Article, Span
from stance.errors import StanceError
from stance.tags import OUTSIDE, Part, beginning, read_tags
from stance.torch_network.heads import TaggerNetwork
from tests.fakes import word_tokenizer
from tests.interrupting import Interrupting
from tests.tiny import tiny_encoder
from tests.tiny_articles import marked_articles, spans_of
from training.checkpoint import Checkpoints
from training.encoders import from_encoder
from training.engine import torch_tagger
from training.gold import Gold, GoldArticle
from training.recipe import Schedule
from training.tag_labels import UNLABELLED, label_article, label_window
from training.tagging import Step, finetune_tagger, link_losses, tagging_loss
from training.world import World

SCHEDULE = Schedule(
    {"own": 1.0}, epochs=2, learning_rate=0.01, tokens_per_step=192, row_tokens=64, bf16=False,
)  # fmt: skip
TEXT = "Moscow says that we should have peace, and opposes war. Lunch was good."


def span(words: str, text: str = TEXT) -> Span:
    return text.index(words), text.index(words) + len(words)


def marked(*golds: Gold, text: str = TEXT) -> GoldArticle:
    return GoldArticle(Article(text, "a"), golds, names_speakers=False)


@pytest.fixture(name="reader")
def _reader() -> ArticleReader:
    return ArticleReader(word_tokenizer("."), 64)


@pytest.fixture(scope="module", name="encoder")
def _encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_encoder(tmp_path_factory.mktemp("encoder"))


def start(encoder: Path) -> tuple[TaggerNetwork, ArticleReader]:
    network, tokenizer = from_encoder(TaggerNetwork, str(encoder))
    return network, ArticleReader(tokenizer, network.window)


SAID = Gold((span("that we should have peace"),), span("says"), span("Moscow"))
OPPOSED = Gold((span("war"),), span("opposes"), span("Moscow"))


def test_the_words_of_marked_spans_have_their_tags(reader: ArticleReader) -> None:
    article = label_article(reader, marked(SAID))

    source, cue, content = (beginning(part) for part in Part)
    assert article.tags.tolist()[:9] == [source, cue, content, *[content + 1] * 4, OUTSIDE, OUTSIDE]
    assert article.cues == [1]
    assert article.links == {0: {1}, 2: {1}}


def test_a_source_of_two_attributions_has_two_cues(reader: ArticleReader) -> None:
    article = label_article(reader, marked(SAID, OPPOSED))

    assert article.links == {0: {1, 9}, 2: {1}, 10: {9}}


def test_an_attribution_without_a_cue_is_linked_to_none(reader: ArticleReader) -> None:
    article = label_article(reader, marked(replace(SAID, cue=None)))

    assert article.links == {0: set(), 2: set()}


def test_a_word_of_which_a_part_is_marked_is_marked(reader: ArticleReader) -> None:
    clipped = replace(SAID, content=(span("hat we should have peac"),))

    assert np.array_equal(
        label_article(reader, marked(clipped)).tags, label_article(reader, marked(SAID)).tags
    )


def test_what_is_marked_over_another_span_is_cut(reader: ArticleReader) -> None:
    swallowed = Gold((span("Moscow says that"),), span("says"), span("Moscow"))

    article = label_article(reader, marked(swallowed))

    assert [(one.part, one.first, one.end) for one in read_tags(article.tags.tolist())] == [
        (Part.CONTENT, 0, 3)
    ]
    assert article.cues == []
    assert article.links == {0: set()}


def test_what_is_labelled_in_the_windows_of_an_article_is_what_was_marked() -> None:
    reader = ArticleReader(word_tokenizer("."), 24)
    [one] = marked_articles(1, n_sentences=9)
    article = label_article(reader, one)
    tags, n_links, n_linked = [], 0, 0

    for window in article.tokens.windows(reader.longest_window):
        labelled = label_window(reader, article, window)
        tags += [int(tag) for tag in labelled.tags if tag != UNLABELLED]
        n_links += len(labelled.links)
        n_linked += sum(len(right) for _, right in labelled.links)
        assert (labelled.tags[0], labelled.tags[-1]) == (UNLABELLED, UNLABELLED)

    found = {(w.part, article.tokens.characters(w.first, w.end)) for w in read_tags(tags)}
    assert found == spans_of(one.attributions)
    assert n_links == n_linked == 18


def test_a_cue_in_another_window_is_none_of_this_ones(reader: ArticleReader) -> None:
    text = "Moscow says " + "we should have peace and " * 20 + "Moscow opposes war."
    far = Gold((span("Moscow opposes war", text),), span("says", text))
    article = label_article(reader, marked(far, text=text))

    first, *_, last = (label_window(reader, article, w) for w in article.tokens.windows(20))

    assert (len(first.cues), first.links) == (1, ())
    assert (len(last.cues), [right for _, right in last.links]) == (0, [()])


def test_links_cost_the_cross_entropy_with_shares_of_the_right_cues() -> None:
    spans = torch.zeros(3, 4)
    cues = torch.zeros(3, 2, 4)
    spans[:, 0], cues[:, 0, 0] = 2.0, np.log(3)  # the first cue's score is log 3, others' are 0
    is_cue = torch.tensor([[True, True], [True, True], [True, False]])
    is_right = torch.tensor([[True, False], [True, True], [False, False]])

    losses = link_losses(spans, cues, is_cue, is_right)

    assert losses.tolist() == pytest.approx(
        [-np.log(3 / 5), -(np.log(3 / 5) + np.log(1 / 5)) / 2, -np.log(1 / 4)], abs=1e-6
    )


def test_where_no_window_has_a_cue_none_is_right() -> None:
    losses = link_losses(
        torch.ones(2, 4), torch.ones(2, 0, 4), torch.ones(2, 0).bool(), torch.ones(2, 0).bool()
    )

    assert losses.tolist() == [0, 0]


def one_step(reader: ArticleReader, articles: Sequence[GoldArticle]) -> Step:
    labelled = [label_article(reader, article) for article in articles]
    return [label_window(reader, one, w) for one in labelled for w in one.tokens.windows(40)]


def test_the_parts_of_several_processes_add_up_to_the_loss(encoder: Path) -> None:
    network, reader = start(encoder)
    network.eval()
    step = one_step(reader, marked_articles(2))

    whole = tagging_loss(network, step, 32, World()).item()
    parts = [tagging_loss(network, step, 32, World(rank, 3)).item() for rank in range(3)]

    assert sum(parts) == pytest.approx(whole, rel=1e-5)
    assert min(parts) > 0


def test_a_loss_does_not_depend_on_how_windows_are_packed(encoder: Path) -> None:
    network, reader = start(encoder)
    network.eval()
    step = one_step(reader, marked_articles(2))

    one_row, many = (tagging_loss(network, step, n, World()).item() for n in (10_000, 1))

    assert one_row == pytest.approx(many, rel=1e-5)


def test_windows_in_which_nothing_is_said_are_learned_from(encoder: Path) -> None:
    network, reader = start(encoder)
    step = one_step(reader, [marked(text="Lunch was good.")])

    loss = tagging_loss(network, step, 64, World())
    loss.backward()

    assert loss.item() > 0


def test_the_loss_falls_as_it_fell_before(encoder: Path) -> None:
    network, reader = start(encoder)
    losses: list[float] = []

    finetune_tagger(
        network, reader, {"own": marked_articles(8)}, replace(SCHEDULE, dropout=0.0),
        watch=lambda _, loss: losses.append(loss),
    )  # fmt: skip

    assert losses[:5] == pytest.approx([3.462678, 2.671351, 2.194928, 1.927392, 1.647133], rel=1e-4)


def test_a_tagger_learns_who_says_what(encoder: Path) -> None:
    network, reader = start(encoder)
    finetune_tagger(
        network, reader, {"own": marked_articles(30)},
        replace(SCHEDULE, epochs=4, learning_rate=0.02, dropout=0.0, average=0.8),
    )  # fmt: skip
    [new] = marked_articles(1, seed=1)

    tagged = torch_tagger(network, reader, World()).tag(new.article)

    assert {(one.part, one.span) for one in tagged.spans} == spans_of(new.attributions)
    pairs = {(tagged.spans[one.span].span, tagged.spans[one.cue].span) for one in tagged.links}
    assert pairs == {
        (told, gold.cue) for gold in new.attributions for told in (*gold.content, gold.source)
    }


def weights_of(network: TaggerNetwork) -> np.ndarray:
    return np.concatenate([w.detach().numpy().ravel() for w in network.parameters()])


def test_a_resumed_run_equals_one_that_was_never_broken_off(encoder: Path, tmp_path: Path) -> None:
    articles = {"own": marked_articles(8)}
    schedule = replace(SCHEDULE, average=0.9, patience=2)
    runs = []
    for checkpoints in (None, Interrupting(tmp_path, at=4), Checkpoints(tmp_path)):
        network, reader = start(encoder)
        scores = iter((0.3, 0.2, 0.1))
        runs.append(network)
        try:
            finetune_tagger(
                network, reader, articles, schedule,
                dev_score=lambda _, scores=scores: next(scores),  # type: ignore[misc]
                checkpoints=checkpoints,
                progress=checkpoints.load() if checkpoints else None,
            )  # fmt: skip
        except KeyboardInterrupt:
            assert isinstance(checkpoints, Interrupting)

    whole, broken, resumed = map(weights_of, runs)
    assert not np.allclose(broken, whole, atol=1e-3)
    np.testing.assert_allclose(resumed, whole, atol=1e-6)


def test_a_mix_that_draws_nothing_is_told(encoder: Path) -> None:
    network, reader = start(encoder)

    with pytest.raises(StanceError, match="stage 1: its mix draws no example"):
        finetune_tagger(network, reader, {"own": []}, SCHEDULE)
