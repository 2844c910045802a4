"""Who may have made an attribution, and what speaks for each: features by name.

The name of a feature begins with the form of the words beside the cue, so that what speaks for a
candidate may differ between "she" and "the ministry". Knows nothing of weights.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from stance.domain import SpeechKind
from stance.entities import Entity
from stance.lexicon import lexicon, singulars
from stance.mentions import Form
from stance.names import bare, fits
from stance.roles import BEHIND_HEAD
from stance.scene import Scene

Features = Mapping[str, float]
Named = Iterator[tuple[str, float]]
Candidate = tuple[Entity | None, Features]

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
_ANYONE = frozenset(("person", "man", "woman"))
_PRESS = frozenset(("newspaper", "paper", "publication", "magazine", "website"))
_PASSIVE = frozenset(("asked", "pressed", "questioned"))
_ASKS = ("ask", "inquir", "wonder", "demand", "press", "question")
_ANSWERS = (
    "answer", "repl", "retort", "respond", "object", "counter", "conced", "agree", "admit",
)  # fmt: skip
_PARTS = frozenset(
    ["one", "two", "three", "some", "most", "many", "several", "few", "both", "others", "other", "another", "neither", "none", "each", "half", "all", "any", "either"]
)
_EARLIER = frozenset(("same", "this", "that"))
# Forms whose candidates are told apart by the same things, so that each learns from the others.
_SHARED = frozenset((Form.HE, Form.IT, Form.SILENT, Form.BARE, Form.LABEL))
_SURELY = 0.3  # of a gender
# In characters.
_INTRO = 5
_CALL = 60
_TURNS = 3
_MOST_TURNS = 20
# In sentences.
_SOON = 3
_NEAR = 2


def candidates(scene: Scene) -> list[Candidate]:
    """Who may have made the scene's next attribution, each with features; nobody (None) is last."""
    view = _View(scene)
    found: list[Candidate] = [(entity, view.features(entity)) for entity in view.eligible()]
    return [*found, (None, view.of_nobody())]


class _View:
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
        if self.form in ("office.definite", "office.own") and self._is_known_person():
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
            rank_of is not None and self.sentence - scene.layout.sentence(self.seen[one] or 0) <= _NEAR
            for one, rank_of in self.rank.items()
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
        alike = [n for n in range(max(0, self.number - _TURNS), self.number)
                 if scene.mentions[n].keys == self.mention.keys and scene.order[n]]
        return [one for n in alike[-1:] if (one := scene.order[n])]

    def _is_answer(self) -> bool:
        """Whether the cue says that another is answered, or a question was told just before."""
        scene, before = self.scene, self.number - 1
        if any(word.startswith(_ANSWERS) for word in scene.cue(self.number)):
            return True
        if before < 0 or self._paragraphs_since(before) > 1:
            return False
        asked = any(word.startswith(_ASKS) for word in scene.cue(before))
        return asked or scene.is_question(before)

    def _paragraphs_since(self, number: int) -> int:
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
            and any(
                titles & set(use.titles) for use in one.person.uses if len(use.keys) > 1
            )
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
        yield from (
            body
            for body in self.bodies
            if body is not self.own and self._may_mean(body)
        )

    def _may_mean_person(self, person: Entity) -> bool:
        mention = self.mention
        if mention.form is not Form.OFFICE or mention.article in ("definite", "own"):
            return mention.form is not Form.IT
        return mention.noun in person.nouns | person.hints or bool(self._shared(person))

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
            return _meet({self.mention.noun}, body.nouns)
        is_near = self.sentence - self.scene.layout.sentence(seen) <= _NEAR
        return is_near and (form is Form.IT or (form is Form.HE and body.is_human))

    def of_nobody(self) -> Features:
        """The features of there being no speaker."""
        found = {f"{self.form}:nobody": 1.0}
        if self.mention.form is Form.OFFICE and self._is_part():
            found["office:nobody.part"] = 1.0
        if self.mention.form in (Form.SILENT, Form.BARE):
            found |= {f"{self.form}:nobody.{how}": 1.0 for how in self._manner()}
        if self.mention.form in (Form.WE, Form.LABEL):
            found[f"{self.form}:nobody.{self.mention.keys[0][0]}"] = 1.0
        return found

    def features(self, entity: Entity) -> Features:
        """What speaks for and against an entity."""
        of_form = {
            Form.FULL: self._of_name,
            Form.SURNAME: self._of_name,
            Form.HE: self._of_he,
            Form.IT: self._of_it,
            Form.WE: self._of_we,
            Form.LABEL: self._of_label,
            Form.OFFICE: self._of_office,
            Form.SILENT: self._of_silence,
            Form.BARE: self._of_silence,
        }[self.mention.form]
        found = dict(of_form(entity))
        named = {f"{self.form}:{name}": value for name, value in found.items()}
        if self.mention.form in _SHARED:
            named |= {f"any:{name}": value for name, value in found.items()}
        elif self.mention.form is Form.OFFICE:
            named |= {f"office:{name}": value for name, value in found.items()}
        return named

    def _of_name(self, entity: Entity) -> Named:
        use = self.mention.head
        if use is None:
            return
        is_whole = use.keys == entity.keys
        yield ("whole" if is_whole else "part"), 1.0
        if is_whole or sum(1 for _ in self.eligible()) == 1:
            return
        yield "rivals", 1.0
        if bare(use.keys[-1]) == bare(entity.keys[-1]):
            yield "surname", 1.0
        yield "gender", use.gender * entity.gender
        if {lexicon().short.get(title, title) for title in use.titles} & entity.nouns:
            yield "title", 1.0
        yield from self._of_place(entity)

    def _of_he(self, entity: Entity) -> Named:
        yield from self._of_place(entity)
        agreement = entity.gender * self.mention.gender
        yield "agrees", max(0.0, agreement)
        yield "differs", max(0.0, -agreement)
        if not entity.gender:
            yield "unknown", 1.0
        if agreement < -_SURELY:
            yield "differs.surely", 1.0

    def _of_it(self, entity: Entity) -> Named:
        yield from self._of_place(entity)
        if entity.is_human:
            yield "human", 1.0
        if any(lexicon().is_paper(noun) for noun in entity.nouns):
            yield "paper", 1.0
        if entity.plural != self.mention.plural:
            yield "number", 1.0

    def _of_we(self, entity: Entity) -> Named:
        """Of "I", "we", "you": who wrote what is quoted, the newspaper, or who spoke so before."""
        key = self.mention.keys[0]
        number = {"we": "we", "us": "we", "our": "we", "you": "you"}.get(key, "i")
        if entity.nouns & _PRESS:
            yield f"{number}.press", 1.0
        elif entity.person is None:
            yield "body", 1.0
        if entity in self.scene.signed:
            yield f"{number}.signed", 1.0
        if entity in self.scene.bylines:
            yield f"{number}.byline", 1.0
        if entity in self.scene.cast.persons[:1]:
            yield f"{number}.first", 1.0
        if entity is self.main:
            yield f"{number}.main", 1.0
        if any(self.scene.mentions[n].keys == self.mention.keys for n in entity.spoke[-_MOST_TURNS:]):
            yield "again", 1.0

    def _of_label(self, entity: Entity) -> Named:
        """Of "Q" and "A": who asked before, and who answered."""
        is_question = self.mention.keys[0].startswith("q")
        asks = {one: one.asked / len(one.spoke) for one in self.persons if one.spoke}
        fitting = [one for one, share in asks.items() if (share > 0.5) == is_question]
        if self.called:
            fitting = self.called
        if entity in fitting:
            yield "fits", 1.0
            yield ("fits.only" if len(fitting) == 1 else "fits.several"), 1.0
        yield from self._of_address(entity)
        if entity is self.before:
            yield "before", 1.0
        if entity is self.last:
            yield "last", 1.0
        if entity in self.scene.bylines:
            yield ("q.byline" if is_question else "a.byline"), 1.0

    def _of_silence(self, entity: Entity) -> Named:
        for name, value in self._of_place(entity):
            yield name, value
            if name in ("last", "before", "next"):
                yield from ((f"{name}.{how}", 1.0) for how in self._manner())

    def _manner(self) -> Iterator[str]:
        """How something without a source is told."""
        yield "direct" if self.attribution.kind is SpeechKind.DIRECT else "told"
        if not _PASSIVE.isdisjoint(self.scene.cue(self.number)[:1]):
            yield "asked"
        if self.number:
            yield f"gap{min(self._paragraphs_since(self.number - 1), 2)}"

    def _of_office(self, entity: Entity) -> Named:
        mention = self.mention
        if self.pairs:
            for name, pair in self.pairs.items():
                yield f"pair.{name}", float(pair[mention.ordinal == "latter"] is entity)
        elif entity is self.own:
            yield from self._of_own(entity)
        elif entity is self.author:
            yield "author", 1.0
            if self.scene.text[mention.called[0]].islower():
                yield "author.small", 1.0
        else:
            yield from self._of_noun(entity)
            yield from self._of_modifiers(entity)
            if mention.plural != entity.plural:
                yield "number", 1.0
            if mention.gender:
                yield "gender", mention.gender * entity.gender
            if any(fits(use.keys, entity.keys) for use in mention.others):
                yield "beside", 1.0
            yield from self._of_place(entity)

    def _of_own(self, entity: Entity) -> Named:
        mention, lists = self.mention, lexicon()
        yield "own", 1.0
        is_so = {
            "spoke": bool(entity.spoke),
            "short": len(mention.keys) == 1,
            "paper": lists.is_paper(mention.noun),
            "place": mention.keys[0] in lists.places,
            "same": mention.keys[0] == "same" or bool(mention.ordinal),
            "this": mention.keys[0] in ("this", "these"),
            "rival": any(map(self._is_fuller, self.near)),
            "longer": any(map(self._is_longer, self.bodies)),
            "part": self._is_part(),
            "first": not self.own or not self.own.seen or self.own.seen[0] >= self.at,
            "near": any(mention.noun in one.near | one.hints for one in self.persons),
        }
        yield from ((f"own.{name}", 1.0) for name, holds in is_so.items() if holds)

    def _is_longer(self, entity: Entity) -> bool:
        """Whether a body that stood before is called by the same noun and more."""
        mention, seen = self.mention, entity.last_seen(self.at)
        is_so = entity is not self.own and mention.noun in entity.nouns and seen is not None
        return is_so and len(mention.keys) == 1 and len(entity.keys) > 1

    def _is_part(self) -> bool:
        """Whether the words mean some of several: "one of them", "the other"."""
        return bool(self.mention.keys) and self.mention.noun in _PARTS

    def _is_known_person(self) -> bool:
        """Whether the words mean one person whom the reader should know: "the envoy"."""
        noun, lists = self.mention.noun, lexicon()
        return lists.calls_person(noun) and not lists.is_plural(noun)

    def _is_fuller(self, entity: Entity) -> bool:
        """Whether a person, or another who has spoken, fits all that the mention says."""
        if entity is self.own or not (entity.spoke or entity.person):
            return False
        return self.mention.noun in entity.nouns and self._shared(entity) in (None, 1.0)

    def _of_noun(self, entity: Entity) -> Named:
        noun = self.mention.noun
        if noun in entity.nouns:
            yield "noun", 1.0
            if len(self.mention.keys) == 1:
                yield "noun.plain", 1.0
                if self._is_longer(entity):
                    yield "noun.longer", 1.0
            elif self._shared(entity) == 1.0:
                yield "noun.shared", 1.0
            if entity.person and sum(noun in one.nouns for one in self.persons) == 1:
                yield "noun.only", 1.0
        elif {*singulars(noun)} & {*chain.from_iterable(map(singulars, entity.nouns))}:
            yield "noun.number", 1.0
        elif noun in entity.hints:
            yield "noun.hint", 1.0
        elif noun in entity.near:
            yield "noun.near", 1.0
            if sum(noun in one.near | one.nouns for one in self.persons) == 1:
                yield "noun.near.only", 1.0
        elif _meet({noun}, entity.nouns) or (noun in _ANYONE and entity.is_human):
            yield "noun.alike", 1.0
        else:
            yield "noun.other", 1.0

    def _of_modifiers(self, entity: Entity) -> Named:
        shared = self._shared(entity)
        if shared is not None:
            yield "shared", shared
            if not shared:
                yield "unshared", 1.0

    def _shared(self, entity: Entity) -> float | None:
        """How much of what else the mention says ("the Baltic official") is known of the entity."""
        mention = self.mention
        said = {key for key in mention.keys if key != mention.noun and key not in BEHIND_HEAD}
        if not said:
            return None
        known = {_stem(key) for key in chain(entity.keys, *(role.keys for role in entity.roles))}
        return sum(_stem(key) in known for key in said) / len(said)

    def _of_place(self, entity: Entity) -> Named:
        """Whether it spoke lately, how often it stands in the article, and how near."""
        yield from self._of_turn(entity)
        yield "by.name", math.log1p(entity.by_name)
        yield "spoke", math.log1p(len(entity.spoke))
        yield "often", math.log1p(len(entity.seen))
        spans = self.attribution.spans
        is_so = {
            "person": entity.person is not None,
            "silent": entity.person is None and not entity.spoke,
            "main": entity is self.main,
            "byline": entity in self.scene.bylines,
            "in.content": any(entity.is_in(*span) for span in spans),
        }
        yield from ((name, 1.0) for name, holds in is_so.items() if holds)
        yield from self._of_address(entity)
        seen = entity.last_seen(self.at)
        if seen is None:
            yield "unseen", 1.0
            yield from self._of_soon(entity)
        else:
            yield from self._of_distance(entity, seen)

    def _of_address(self, entity: Entity) -> Named:
        """Whether the one before spoke to it, or of it."""
        if not self.number or entity is self.last:
            return
        before, scene = self.number - 1, self.scene
        spans = scene.attributions[before].spans
        if any(entity.is_in(*span) for span in spans):
            yield "heard.last", 1.0
            if scene.attributions[before].kind is SpeechKind.DIRECT:
                yield "heard.last.direct", 1.0
        seen = entity.last_seen(self.at)
        if seen is not None and scene.follows_cue(before, seen):
            yield "told.last", 1.0
            if self.is_answer:
                yield "told.last.answers", 1.0

    def _of_turn(self, entity: Entity) -> Named:
        """Whether it spoke last, the time before, or speaks next."""
        if entity is self.last:
            yield "last", 1.0
            before = self.scene.mentions[self.number - 1]
            like = (before.form, before.gender) == (self.mention.form, self.mention.gender)
            is_so = {
                "last.paragraph": self.scene.layout.paragraph(before.start) == self.paragraph,
                "last.form": like,
                "last.unbroken": self.rank.get(entity) == 0,
                "last.answers": self.is_answer,
            }
            yield from ((name, 1.0) for name, holds in is_so.items() if holds)
        if entity is self.before:
            yield "before", 1.0
            if self.is_answer:
                yield "before.answers", 1.0
        if entity is self.next:
            yield "next", 1.0

    def _of_soon(self, entity: Entity) -> Named:
        """Whether it is the first to be named for the first time behind the mention."""
        starts = [one.seen[0] for one in self.persons if one.seen[:1] > [self.at]]
        is_first = bool(entity.seen and starts) and entity.seen[0] == min(starts)
        if is_first and self.scene.layout.sentence(entity.seen[0]) - self.sentence <= _SOON:
            yield "soon", 1.0

    def _of_distance(self, entity: Entity, seen: int) -> Named:
        scene, rank = self.scene, self.rank.get(entity)
        distance = self.sentence - scene.layout.sentence(seen)
        yield f"near{_bucket(distance)}", 1.0
        yield (f"rank{min(rank, 3)}" if rank is not None else "rank.none"), 1.0
        is_subject = scene.layout.begins_sentence(seen)
        is_so = {
            "paragraph": scene.layout.paragraph(seen) == self.paragraph,
            "subject": is_subject,
            "subject.near": is_subject and distance <= 1,
            "alone": rank == 0 and len(self.rank) == 1,
            "alone.near": rank == 0 and self.near_humans == 1,
            "subject.here": is_subject and not distance,
            "oblique": scene.is_oblique(seen),
            "oblique.here": not distance and scene.is_oblique(seen),
        }
        yield from ((name, 1.0) for name, holds in is_so.items() if holds)


def _bucket(distance: int) -> str:
    if distance <= 2:
        return str(distance)
    return "5" if distance <= 5 else "far"


def _stem(key: str) -> str:
    """The first letters, in which "Baltic" meets "Baltics"."""
    return key[:4] if len(key) > 4 else key


def _meet(some: set[str], others: set[str]) -> bool:
    """Whether nouns are the same, but for number, or mean alike."""
    one = {single for noun in some for single in singulars(noun)}
    other = {single for noun in others for single in singulars(noun)}
    return bool(one & other) or any(one & alike and other & alike for alike in _ALIKE)
