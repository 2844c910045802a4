"""What the next attribution of a scene sees of it: who can be meant at all.

Knows nothing of features and weights.
"""

from collections.abc import Iterator, Sequence
from itertools import chain

from stance.entities import Entity
from stance.lexicon import lexicon, singulars
from stance.mentions import Form
from stance.roles import BEHIND_HEAD
from stance.scene import Scene

_ALIKE = [
    frozenset(words.split())
    for words in (
        "envoy ambassador diplomat representative delegate observer emissary",
        "lawmaker mp mep deputy senator member legislator congressman congresswoman back-bencher",
        "spokesman spokeswoman spokesperson",
        "chairman chairwoman chair chairperson president head leader chief director",
        "judge justice magistrate",
        "soldier fighter officer gunner",
        "reporter journalist correspondent interviewer editor",
        "premier minister chancellor",
        "lawyer attorney counsel solicitor",
        "official officer source person diplomat executive man woman",
        "scholar academic professor researcher analyst economist historian expert author",
        "priest father bishop abbot",
        "commander general colonel officer major captain",
        "ministry department office government",
        "firm company manager group",
        "council organisation association federation union body",
    )
]
_PRESS = frozenset(("newspaper", "paper", "publication", "magazine", "website"))
_ASKS = ("ask", "inquir", "wonder", "demand", "press", "question")
_ANSWER_WORDS = "answer repl retort respond object counter conced agree admit"
_ANSWERS = tuple(_ANSWER_WORDS.split())
_PART_WORDS = """
one two three some most many several few both others other another neither none each half all any
either
"""
_PARTS = frozenset(_PART_WORDS.split())
_EARLIER = frozenset(("same", "this", "that"))
_SURELY = 0.3  # of a gender
# In characters.
_INTRO = 5
_CALL = 60
_TURNS = 3  # attributions
_NEAR = 2  # sentences


class Turn:
    """What the next attribution of a scene sees of it."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.number = number = len(scene.order)
        self.mention = mention = scene.mentions[number]
        self.attribution = scene.attributions[number]
        self.at = mention.start
        self.sentence = scene.layout.sentence(self.at)
        self.paragraph = scene.layout.paragraph(self.at)
        self.last = scene.order[-1] if scene.order else None
        told = (one for one in reversed(scene.order) if one not in (None, self.last))
        self.before = next(told, None)
        self.next = scene.named[number + 1] if number + 1 < len(scene.named) else None
        is_office = mention.form is Form.OFFICE
        self.own = scene.own_body(mention) if is_office else None
        self.author = scene.author(mention) if is_office else None
        self.form = f"office.{mention.article}" if is_office else str(mention.form)
        if self.form in ("office.definite", "office.own") and self.is_known_person():
            self.form += ".person"
        self.is_answer = self._is_answer()
        self.near = scene.cast.near(self.at)
        self.persons = [one for one in self.near if one.person is not None]
        self.bodies = [one for one in self.near if one.person is None]
        self.seen = {one: one.last_seen(self.at) for one in self.near}
        self.rank = self._ranks()
        self.main = max(self.persons, key=lambda one: len(one.seen), default=None)
        self.pairs = scene.pairs.of(self.at, scene.order) if mention.ordinal else {}
        self.called = self._called() if mention.form is Form.LABEL else []
        self.near_humans = sum(
            self.sentence - scene.layout.sentence(self.seen[one] or 0) <= _NEAR for one in self.rank
        )

    def _called(self) -> list[Entity]:
        """Who is behind "QUESTION": who says the own name first, was called up, or asked before."""
        scene, start = self.scene, self.attribution.spans[0][0]
        named = [one for one in self.persons if one.is_heard(start, start + _INTRO)]
        if named or not self.number:
            return named
        end = scene.attributions[self.number - 1].spans[-1][1]
        called = [
            one
            for one in self.persons
            if one is not self.last and scene.is_called(one, end - _CALL, end)
        ]
        if called:
            return called[-1:]
        alike = [
            n
            for n in range(max(0, self.number - _TURNS), self.number)
            if scene.mentions[n].keys == self.mention.keys and scene.order[n]
        ]
        return [one for n in alike[-1:] if (one := scene.order[n])]

    def _is_answer(self) -> bool:
        """Whether the cue says that another is answered, or a question was told just before."""
        scene, before = self.scene, self.number - 1
        if any(word.startswith(_ANSWERS) for word in scene.cue(self.number)):
            return True
        if before < 0 or self.paragraphs_since(before) > 1:
            return False
        asked = any(word.startswith(_ASKS) for word in scene.cue(before))
        return asked or scene.is_question(before)

    def paragraphs_since(self, number: int) -> int:
        """How many paragraphs begin between an attribution before and this one."""
        start = self.scene.attributions[number].spans[-1][0]
        return self.paragraph - self.scene.layout.paragraph(start)

    def _ranks(self) -> dict[Entity, int]:
        """How many that agree with the mention stood nearer, of each who stood before."""
        near = [
            (seen, n, one)
            for n, (one, seen) in enumerate(self.seen.items())
            if seen is not None and (one.spoke or one.is_human) and self._agrees(one)
        ]
        near.sort(reverse=True, key=lambda placed: placed[:2])
        return {one: rank for rank, (_, _, one) in enumerate(near)}

    def _agrees(self, entity: Entity) -> bool:
        if self.mention.form is Form.HE:
            return entity.is_human and entity.gender * self.mention.gender >= -_SURELY
        if self.mention.form is Form.IT:
            return entity.plural == self.mention.plural and not entity.person
        return True

    def eligible(self) -> Iterator[Entity]:
        """The persons and bodies that can be meant at all."""
        mention, scene = self.mention, self.scene
        if mention.head is not None:
            keys, gender = mention.head.keys, mention.head.gender
            fitting = scene.cast.fitting(keys)
            agreeing = [one for one in fitting if one.gender * gender > -_SURELY]
            known = [one for one in agreeing or fitting if one.last_seen(self.at) is not None]
            yield from self._so_titled(known) or known or agreeing or fitting
        elif self.called:
            yield from self.called
        elif self.pairs:
            yield from dict.fromkeys(chain.from_iterable(self.pairs.values()))
        else:
            own = [self.own] if self.own is not None and not self._means_earlier() else []
            author = [self.author] if self.author is not None else []
            yield from dict.fromkeys([*own, *author, *self._others()])

    def _so_titled(self, fitting: Sequence[Entity]) -> list[Entity]:
        """Those whom the article calls by the title of the mention elsewhere: "Dr", "Judge"."""
        titles = set(self.mention.head.titles) if self.mention.head else set()
        titles -= {title for title in titles if lexicon().gender.get(title)}
        return [
            one
            for one in fitting
            if one.person
            and any(titles & set(use.titles) for use in one.person.uses if len(use.keys) > 1)
        ]

    def _means_earlier(self) -> bool:
        """Whether a description can only mean one brought up before: "the same person"."""
        first, noun = self.mention.keys[0], self.mention.noun
        is_someone = lexicon().calls_person(noun) and not lexicon().is_plural(noun)
        return bool(self.scene.order) and is_someone and first in _EARLIER

    def _others(self) -> Iterator[Entity]:
        mention = self.mention
        is_new = mention.article in ("indefinite", "count") and "of" not in mention.keys
        if mention.form is Form.OFFICE and is_new:
            return
        yield from filter(self._may_mean_person, self.persons)
        yield from (body for body in self.bodies if body is not self.own and self._may_mean(body))

    def _may_mean_person(self, person: Entity) -> bool:
        mention = self.mention
        if mention.form is not Form.OFFICE or mention.article in ("definite", "own"):
            return mention.form is not Form.IT
        return mention.noun in person.nouns | person.hints or bool(self.shared(person))

    def _may_mean(self, body: Entity) -> bool:
        form, seen = self.mention.form, body.last_seen(self.at)
        if form is Form.WE:
            is_press = bool(body.nouns & _PRESS) and body.keys[0] in ("this", "our")
            return is_press or (bool(body.spoke) and body.plural)
        if body.spoke:
            return form is not Form.LABEL and (form is not Form.HE or body.is_human)
        if body.is_hint or seen is None:
            return False
        if form is Form.OFFICE:
            return meet({self.mention.noun}, body.nouns)
        is_near = self.sentence - self.scene.layout.sentence(seen) <= _NEAR
        return is_near and (form is Form.IT or (form is Form.HE and body.is_human))

    def is_longer(self, entity: Entity) -> bool:
        """Whether a body that stood before is called by the same noun and more."""
        mention, seen = self.mention, entity.last_seen(self.at)
        is_so = entity is not self.own and mention.noun in entity.nouns and seen is not None
        return is_so and len(mention.keys) == 1 and len(entity.keys) > 1

    def is_part(self) -> bool:
        """Whether the words mean some of several: "one of them", "the other"."""
        return bool(self.mention.keys) and self.mention.noun in _PARTS

    def is_known_person(self) -> bool:
        """Whether the words mean one person whom the reader should know: "the envoy"."""
        noun, lists = self.mention.noun, lexicon()
        return lists.calls_person(noun) and not lists.is_plural(noun)

    def is_fuller(self, entity: Entity) -> bool:
        """Whether a person, or another who has spoken, fits all that the mention says."""
        if entity is self.own or not (entity.spoke or entity.person):
            return False
        return self.mention.noun in entity.nouns and self.shared(entity) in (None, 1.0)

    def shared(self, entity: Entity) -> float | None:
        """How much of what else the mention says ("the Baltic official") is known of the entity."""
        mention = self.mention
        said = {key for key in mention.keys if key != mention.noun and key not in BEHIND_HEAD}
        if not said:
            return None
        known = {_stem(key) for key in chain(entity.keys, *(role.keys for role in entity.roles))}
        return sum(_stem(key) in known for key in said) / len(said)


def _stem(key: str) -> str:
    """The first letters, in which "Baltic" meets "Baltics"."""
    return key[:4] if len(key) > 4 else key


def meet(some: set[str], others: set[str]) -> bool:
    """Whether nouns are the same, but for number, or mean alike."""
    one = {single for noun in some for single in singulars(noun)}
    other = {single for noun in others for single in singulars(noun)}
    return bool(one & other) or any(one & alike and other & alike for alike in _ALIKE)
