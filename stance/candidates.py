"""Who may have made an attribution, and what speaks for each: features by name.

The name of a feature begins with the form of the words beside the cue, so that what speaks for a
candidate may differ between "she" and "the ministry". Knows nothing of weights.
"""

import math
from collections.abc import Iterator, Mapping
from itertools import chain

from stance.domain import SpeechKind
from stance.entities import Entity
from stance.lexicon import lexicon, singulars
from stance.mentions import Form
from stance.names import bare, fits
from stance.scene import Scene
from stance.turn import Turn, meet

Features = Mapping[str, float]
Named = Iterator[tuple[str, float]]
Candidate = tuple[Entity | None, Features]

_ANYONE = frozenset(("person", "man", "woman"))
_PRESS = frozenset(("newspaper", "paper", "publication", "magazine", "website"))
_PASSIVE = frozenset(("asked", "pressed", "questioned"))
# Forms whose candidates are told apart by the same things, so that each learns from the others.
_SHARED = frozenset((Form.HE, Form.IT, Form.SILENT, Form.BARE, Form.LABEL))
_SURELY = 0.3  # of a gender
_MOST_TURNS = 20  # attributions
_SOON = 3  # sentences


def candidates(scene: Scene) -> list[Candidate]:
    """Who may have made the scene's next attribution, each with features; nobody (None) is last."""
    view = _Clues(scene)
    found: list[Candidate] = [(entity, view.features(entity)) for entity in view.eligible()]
    return [*found, (None, view.of_nobody())]


class _Clues(Turn):
    """What speaks for and against each whom the next attribution may mean."""

    def of_nobody(self) -> Features:
        """The features of there being no speaker."""
        found = {f"{self.form}:nobody": 1.0}
        if self.mention.form is Form.OFFICE and self.is_part():
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
        lately = entity.spoke[-_MOST_TURNS:]
        if any(self.scene.mentions[n].keys == self.mention.keys for n in lately):
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
            yield f"gap{min(self.paragraphs_since(self.number - 1), 2)}"

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
            "rival": any(map(self.is_fuller, self.near)),
            "longer": any(map(self.is_longer, self.bodies)),
            "part": self.is_part(),
            "first": not self.own or not self.own.seen or self.own.seen[0] >= self.at,
            "near": any(mention.noun in one.near | one.hints for one in self.persons),
        }
        yield from ((f"own.{name}", 1.0) for name, holds in is_so.items() if holds)

    def _of_noun(self, entity: Entity) -> Named:
        noun = self.mention.noun
        if noun in entity.nouns:
            yield "noun", 1.0
            if len(self.mention.keys) == 1:
                yield "noun.plain", 1.0
                if self.is_longer(entity):
                    yield "noun.longer", 1.0
            elif self.shared(entity) == 1.0:
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
        elif meet({noun}, entity.nouns) or (noun in _ANYONE and entity.is_human):
            yield "noun.alike", 1.0
        else:
            yield "noun.other", 1.0

    def _of_modifiers(self, entity: Entity) -> Named:
        shared = self.shared(entity)
        if shared is not None:
            yield "shared", shared
            if not shared:
                yield "unshared", 1.0

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
