"""Sources -> the steps of an epoch: which examples, which of their questions, in which order.

Every draw comes from the stage's seed, so that the same recipe on the same data gives the same
steps. Knows nothing of networks.
"""

import random
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import TypeVar

from stance.domain import Kind, Question, Stance
from stance.packing import Group
from stance.render import Block, Renderer
from training.examples import Example, Label, stance_subjects
from training.recipe import Stage
from training.sources import SOURCES
from training.wordings import Wordings

_STRANGER = (Stance.UNRELATED,)

Step = Sequence[tuple[Group, tuple[Label, ...]]]
T = TypeVar("T")


class Mixture:
    """Draws each epoch's examples from the stage's mix, and writes them as token groups.

    Args:
        renderer: texts to token blocks.
        sources: the examples of each source that the mix names.
        wordings: other ways to write the propositions.
        stage: the mix, and how much is asked of each example.
    """

    def __init__(
        self,
        renderer: Renderer,
        sources: Mapping[str, Sequence[Example]],
        wordings: Wordings,
        stage: Stage,
    ) -> None:
        self._renderer, self._stage, self._wordings = renderer, stage, wordings
        self._rng = random.Random(stage.seed)
        self._sources = sources
        every = [example for examples in sources.values() for example in examples]
        self._asked = Counter(
            label for example in every for label in example.labels if label.allowed == _STRANGER
        )
        self._subjects = {
            source: stance_subjects(example for example in every if example.source == source)
            for source in {example.source: None for example in every}
        }

    def epoch(self) -> list[tuple[Example, tuple[Label, ...]]]:
        """The examples of one epoch, shuffled, each with the labels that are asked this time."""
        # Members of a group follow each other: a step sees both sides of a minimal pair.
        drawn = draw(self._sources, self._stage.mix, self._rng, lambda example: example.group)
        return [(example, self._labels(example)) for example in drawn]

    def _labels(self, example: Example) -> tuple[Label, ...]:
        related = [label for label in example.labels if label.allowed != _STRANGER]
        unrelated = [label for label in example.labels if label.allowed == _STRANGER]
        # A proposition that few statements are asked about was picked by hand as a look-alike, and
        # says more than one that all are asked about: drawn with weights of 1/count, without
        # putting back (Efraimidis and Spirakis, 2006).
        drawn = {label: self._rng.expovariate(1 / self._asked[label]) for label in unrelated}
        unrelated.sort(key=drawn.__getitem__)
        stage = self._stage
        chosen = related + unrelated[: stage.unrelated]
        for label in related:
            if self._rng.random() < stage.reworded:
                chosen += self._wordings.same_way(label, self._rng)
            if self._rng.random() < stage.converse:
                chosen += self._wordings.turned_round(label, self._rng)
        if self._rng.random() < stage.strangers:
            # A proposition of another source is about something else, all but surely; but one of
            # ours may be what a user's statement is about, and the other way round.
            others = [
                name
                for name, found in self._subjects.items()
                if found
                and name != example.source
                and (name in SOURCES or example.source in SOURCES)
            ]
            if others:
                subject = self._rng.choice(self._subjects[self._rng.choice(others)])
                chosen.append(Label(Question(Kind.STANCE, subject), _STRANGER))
        self._rng.shuffle(chosen)
        return tuple(chosen)

    def steps(self, epoch: Sequence[tuple[Example, tuple[Label, ...]]]) -> Iterator[Step]:
        """Consecutive examples as groups, up to the step's budget of tokens."""
        step: list[tuple[Group, tuple[Label, ...]]] = []
        tokens = 0
        asked = [(example, labels) for example, labels in epoch if labels]
        blocks = self._renderer.statements([example.statement.text for example, _ in asked])
        for (_, labels), block in zip(asked, blocks, strict=True):
            questions = (self._renderer.question(label.question) for label in labels)
            group = Group(self._cut(block), tuple(questions))
            if step and tokens + len(group) > self._stage.tokens_per_step:
                yield step
                step, tokens = [], 0
            step.append((group, labels))
            tokens += len(group)
        if step:
            yield step

    def _cut(self, block: Block) -> Block:
        longest = self._stage.longest_statement
        if len(block) <= longest:
            return block
        return Block((*block.ids[: longest - 1], block.ids[-1]), truncated=True)


def draw(
    sources: Mapping[str, Sequence[T]],
    mix: Mapping[str, float],
    rng: random.Random,
    group: Callable[[T], Hashable],
) -> list[T]:
    """What one epoch reads: each source as often as the mix says, shuffled, a group together."""
    drawn: list[tuple[float, T]] = []
    for name, times in mix.items():
        members = list(sources[name])
        part = rng.sample(members, round(len(members) * (times % 1)))
        for reading in [members] * int(times) + [part]:
            place = {group(one): rng.random() for one in reading}
            drawn += [(place[group(one)], one) for one in reading]
    drawn.sort(key=lambda placed: placed[0])
    return [one for _, one in drawn]
