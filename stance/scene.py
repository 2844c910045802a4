"""One article as a scene: who is in it, where each stands, and who has spoken so far.

Knows nothing of features and weights.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace

from stance.callings import add_callings
from stance.domain import Attribution, Span
from stance.entities import Cast, Entity
from stance.layout import Layout
from stance.lexicon import lexicon
from stance.mentions import RELATIVE, Form, Mention, read_mention
from stance.names import NameUse, name_uses, starting_within
from stance.nominals import Nominal, nominals
from stance.pairs import Pairs
from stance.people import Person, people
from stance.roles import ARTICLES
from stance.source_spans import SourceSpans
from stance.words import words_of, words_within

_WRITTEN_BY = re.compile(r"\(?(?:\w+ )?[Bb]y\b|.{0,40}\b[Ww]ith ")
_LETTER = re.compile(r"\b(?:letter|statement|speech|address|diary|essay|testimony|text)\b")
_AUTHORED = frozenset(("published", "kept", "compiled", "issued", "released", "written", "posted"))
_CALLED = re.compile(r"[,.?!]")
_CALLING = re.compile(r"[.,?!:)–—\"“]\s*$|\n$")
_CLOSING_MARKS = "\"'”’»“ "
_PREPOSITION_WORDS = """
to with from of for against by at on about than behind after before under like over in
"""
_PREPOSITIONS = frozenset(_PREPOSITION_WORDS.split())
# In characters.
_ADDRESSEE = 20
_LONGEST_SOURCE = 300
_LONGEST_INTRO = 600
_LONGEST_BYLINE = 80
# Of a gender.
_PRONOUN_SAYS = 0.5


class Scene:
    """An article with its attributions, whose speakers are told one after the other.

    Attributes:
        text: the article.
        attributions: in text order.
        mentions: what the words beside each cue are.
        layout: its sentences, paragraphs and speech.
        cast: who is in it.
        pairs: of whom "the former" and "the latter" speak.
        bylines: the persons who wrote the article.
        signed: the persons who wrote a letter or statement that it quotes at length.
        named: of each attribution, the one person whom the words beside its cue can only mean.
        order: who made the attributions told so far.
    """

    def __init__(
        self, text: str, sentences: Sequence[Span], attributions: Sequence[Attribution]
    ) -> None:
        """Read an article.

        Args:
            text: the article.
            sentences: its sentences, in order.
            attributions: in text order; their own `speaker` is not read.
        """
        self.text = text
        self.attributions = attributions
        self._words = words_of(text)
        self.layout = Layout(text, sentences, attributions)
        uses, described = name_uses(text, self._words), nominals(text, self._words)
        spans = SourceSpans(self._words, uses, described)
        self.mentions = [
            self._mention(one, spans.mended(one), uses, described) for one in attributions
        ]
        self.cast = Cast()
        self._add_persons(people(self._words, uses, text))
        self.bylines = {one for one in self.cast.persons if self._is_byline(one)}
        self.signed = {one for one in self.cast.persons if self._has_signed(one)}
        self.named = [self._only(mention) for mention in self.mentions]
        for entity in self.named:
            if entity is not None:
                entity.by_name += 1
        self._add_bodies(uses, described)
        sources = {mention.start for mention in self.mentions}
        add_callings(self.cast, self._words, self.layout, sources)
        self.pairs = Pairs(text, self.cast, self.layout, described)
        self._use_at = {use.start: use for use in uses}
        self.order: list[Entity | None] = []

    def _mention(
        self,
        attribution: Attribution,
        source: Span | None,
        uses: Sequence[NameUse],
        described: Sequence[Nominal],
    ) -> Mention:
        without = Form.SILENT if attribution.cue else Form.BARE
        if source is None:
            start = attribution.spans[0][0]
            return Mention(start, start, without)
        start, end = source
        inside = words_within(self._words, start, end)
        if len(inside) != 1 or inside[0].key.split("'")[0] not in RELATIVE:
            return read_mention(self.text, self._words, uses, start, end)
        span = self._before_relative(start, uses, described)
        if span is None:
            return Mention(start, start, without)
        told = read_mention(self.text, self._words, uses, *span)
        return replace(told, start=start, end=end)

    def _before_relative(
        self, start: int, uses: Sequence[NameUse], described: Sequence[Nominal]
    ) -> Span | None:
        """What stands right before "who"."""
        uses = starting_within(uses, start - _LONGEST_SOURCE, start)
        described = starting_within(described, start - _LONGEST_SOURCE, start)
        spans = [(use.outset, use.end) for use in uses]
        spans += [(use.outset, role.start + len(role.text)) for use in uses for role in use.roles]
        spans += [(one.start, one.end) for one in described]
        near = [
            span
            for span in spans
            if span[1] <= start and self.text[span[1] : start].strip() in ("", ",")
        ]
        return max(near, key=lambda span: (span[1], -span[0]), default=None)

    def _add_persons(self, persons: Sequence[Person]) -> None:
        """Those with names in full, and those who speak under one that is nowhere in full."""
        for person in persons:
            self._add_person(person)
        for mention in self.mentions:
            use = mention.head
            if use is not None and not self.cast.fitting(use.keys):
                self._add_person(Person(self.text[use.start : use.end], use.keys, [use]))

    def _add_person(self, person: Person) -> None:
        roles = person.roles
        nouns = {role.noun for role in roles}
        entity = Entity(person.name, person.keys, person, person.gender, nouns=nouns, roles=roles)
        self.cast.add_person(entity)
        for use in person.uses:
            self._see(entity, use.start)

    def _see(self, entity: Entity, start: int) -> None:
        self.cast.place(entity, start, heard=self.layout.is_direct(start))

    def _is_byline(self, entity: Entity) -> bool:
        """Whether the name stands in "By Katrin Oja" or "(Reporting by Sorina Bejan)"."""
        for start in entity.seen[:1]:
            line = self.text.rfind("\n", 0, start) + 1
            if start - line < _LONGEST_BYLINE and _WRITTEN_BY.match(self.text[line:start]):
                return True
        return False

    def _has_signed(self, entity: Entity) -> bool:
        """Whether the name is a line of its own at the end, or that of who wrote a letter."""
        for start in entity.seen:
            end = self.text.find("\n", start)
            line = self.text[self.text.rfind("\n", 0, start) + 1 : end if end >= 0 else None]
            is_signature = line.strip(" ,.") == entity.name and start > len(self.text) // 2
            if is_signature or (start < _LONGEST_INTRO and _LETTER.search(line)):
                return True
        return False

    def _only(self, mention: Mention) -> Entity | None:
        if mention.head is None:
            return None
        keys = mention.head.keys
        fitting = self.cast.fitting(keys)
        found = [entity for entity in fitting if entity.keys == keys] or fitting
        return found[0] if len(found) == 1 else None

    def _add_bodies(self, uses: Sequence[NameUse], described: Sequence[Nominal]) -> None:
        taken = [(mention.start, mention.end) for mention in self.mentions]
        taken += [(use.outset, use.end) for use in uses if use.outset < use.start]
        roles = [role for entity in self.cast.persons for role in entity.roles]
        taken += [(role.start, role.start + len(role.text)) for role in roles]
        is_taken = bytearray(len(self.text))
        for start, end in taken:
            is_taken[start:end] = b"\1" * (end - start)
        for one in described:
            if not any(is_taken[one.start : one.end]):
                self._see(self._body((one.start, one.end), one.keys, one.noun), one.start)
        for mention in self.mentions:
            if mention.keys[:1] == ("this",):
                self.cast.place(self.own_body(mention), mention.start)

    def _body(self, span: Span, keys: tuple[str, ...], noun: str) -> Entity:
        entity = self.cast.bodies.get(keys)
        if entity is None:
            lists = lexicon()
            gender, plural = lists.gender_of(noun), lists.is_plural(noun)
            nouns = {noun} - {""}
            entity = Entity(self.text[slice(*span)], keys, None, gender, plural, nouns)
            self.cast.add_body(entity)
        return entity

    def own_body(self, mention: Mention) -> Entity:
        """The body that the words of a description name by themselves."""
        entity = self._body(mention.called, mention.keys, mention.noun)
        entity.plural = mention.plural
        return entity

    def author(self, mention: Mention) -> Entity | None:
        """Who wrote the paper of a description: "a study by the University of Vienna"."""
        if not lexicon().is_paper(mention.noun):
            return None
        words = words_within(self._words, *mention.called)
        for at in range(1, len(words) - 1):
            before = words[at - 1].key
            is_written = before in _AUTHORED or lexicon().is_paper(before)
            if words[at].key not in ("by", "from") or not is_written:
                continue
            behind = range(at + 2, len(words))
            ends = (n for n in behind if words[n].key in ("to", "last", "on"))
            inside = words[at + 1 : next(ends, len(words))]
            wrote = [use for use in mention.others if use.start >= words[at].end and not use.owns]
            named = self.cast.fitting(wrote[0].keys) if wrote else []
            if len(named) == 1:
                return named[0]
            core = inside[inside[0].key in ARTICLES :] or inside
            keys = tuple(word.key for word in core)
            return self._body((inside[0].start, inside[-1].end), keys, keys[-1])
        return None

    def cue(self, number: int) -> list[str]:
        """The words of the cue of an attribution, in lower case; none where it has no cue."""
        cue = self.attributions[number].cue
        return self.text[slice(*cue)].lower().split() if cue else []

    def follows_cue(self, number: int, at: int) -> bool:
        """Whether what stands there is whom the cue of an attribution tells or asks."""
        cue = self.attributions[number].cue
        return cue is not None and 0 <= at - cue[1] < _ADDRESSEE

    def is_called(self, entity: Entity, start: int, end: int) -> bool:
        """Whether a part of the article calls someone by name: "Chiara, go ahead."."""
        for at in entity.heard[bisect_left(entity.heard, start) : bisect_left(entity.heard, end)]:
            use = self._use_at.get(at)
            if use is not None and _CALLED.match(self.text, use.end):
                return _CALLING.search(self.text[max(0, use.outset - 4) : use.outset]) is not None
        return False

    def is_oblique(self, at: int) -> bool:
        """Whether a name that begins there follows a preposition, or owns what follows."""
        use = self._use_at.get(at)
        if use is None:
            return False
        before = self.text[max(0, use.outset - 12) : use.outset].split()
        return use.owns or (bool(before) and before[-1].lower() in _PREPOSITIONS)

    def is_question(self, number: int) -> bool:
        """Whether the content of an attribution ends with a question mark."""
        end = self.attributions[number].spans[-1][1]
        return self.text[:end].rstrip(_CLOSING_MARKS).endswith("?")

    def settle(self, entity: Entity | None) -> None:
        """Say who made the next attribution."""
        number = len(self.order)
        self.order.append(entity)
        if entity is None:
            return
        mention = self.mentions[number]
        entity.spoke.append(number)
        entity.asked += self.is_question(number)
        if mention.start < mention.end and mention.head is None:
            self.cast.place(entity, mention.start)
        if mention.form is Form.HE and entity.person is not None:
            gender = entity.gender + _PRONOUN_SAYS * mention.gender
            entity.gender = max(-1.0, min(1.0, gender))
