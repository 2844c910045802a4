"""One article as a scene: who is in it, where each stands, and who has spoken so far.

Knows nothing of features and weights.
"""

import re
from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from stance.domain import Attribution, Span, SpeechKind
from stance.lexicon import lexicon
from stance.mentions import RELATIVE, Form, Mention, read_mention
from stance.names import NameUse, fits, name_uses
from stance.nominals import Nominal, nominals
from stance.people import GENDERED, Person, people
from stance.roles import ARTICLES, Role
from stance.source_spans import SourceSpans
from stance.words import words_of, words_within

Pair = tuple["Entity", "Entity"]

_WRITTEN_BY = re.compile(r"\(?(?:\w+ )?[Bb]y\b|.{0,40}\b[Ww]ith ")
_LETTER = re.compile(r"\b(?:letter|statement|speech|address|diary|essay|testimony|text)\b")
_AUTHORED = frozenset(("published", "kept", "compiled", "issued", "released", "written", "posted"))
_RELATIONS = frozenset(("colleague", "predecessor", "successor", "friend", "rival", "neighbour"))
_DOCTOR = frozenset(("dr",))
_JOINED = re.compile(r"(?:[^.;:!?]{0,40})?,? and (?:[^.;:!?]{0,40})?", re.DOTALL)
_CALLED = re.compile(r"[,.?!]")
_CALLING = re.compile(r"[.,?!:)–—\"“]\s*$|\n$")
_CLOSING_MARKS = "\"'”’»“ "
_PREPOSITIONS = frozenset(
    "to with from of for against by at on about than behind after before under like over in".split()
)
_DOERS = {
    "leads": ("leader", "head"),
    "led": ("leader", "head"),
    "chairs": ("chair", "chairman", "chairwoman", "chairperson"),
    "chaired": ("chair", "chairman", "chairwoman", "chairperson"),
    "heads": ("head", "chief", "director"),
    "headed": ("head", "chief", "director"),
    "runs": ("director", "owner", "manager"),
    "teaches": ("teacher", "professor", "academic", "scholar"),
    "studies": ("researcher", "academic", "scholar", "analyst"),
    "commands": ("commander",),
    "edits": ("editor",),
    "owns": ("owner",),
    "represents": ("representative", "lawyer", "lawmaker", "deputy"),
    "coaches": ("coach",),
}
# In characters.
_NEAR_VERB = 30
_ADDRESSEE = 20
_LONGEST_INTRO = 600
_LONGEST_BYLINE = 80
_NEAR_PAIR = 600
_SUBJECT = 25
# In sentences.
_CHAIN = 3
_HINT_BEFORE = 1
_HINT_BEHIND = 2
# Of a gender.
_SURE = 0.3
_PRONOUN_SAYS = 0.5


@dataclass(slots=True, eq=False)
class Entity:
    """A person or body that may speak.

    Attributes:
        name: the fullest mention, as it stands in the article.
        keys: its words, folded, without an article in front.
        person: who it is, where it has a person's name.
        gender: from -1, a man, to 1, a woman.
        plural: whether it is several.
        nouns: what it is called: "minister", "ministry".
        hints: what it may be called, by what stands near its name.
        near: what it or another may be called, by what stands behind its name or pronoun.
        seen: where it begins in the article, in order, but not inside direct speech.
        heard: where it begins inside direct speech.
        spoke: the numbers of the attributions that are its.
        asked: how many of them are questions.
        by_name: in how many the words beside the cue name it.
        is_hint: whether it is taken to be a person whom the article names.
    """

    name: str
    keys: tuple[str, ...]
    person: Person | None = None
    gender: float = 0.0
    plural: bool = False
    nouns: set[str] = field(default_factory=set)
    hints: set[str] = field(default_factory=set)
    near: set[str] = field(default_factory=set)
    seen: list[int] = field(default_factory=list)
    heard: list[int] = field(default_factory=list)
    spoke: list[int] = field(default_factory=list)
    asked: int = 0
    by_name: int = 0
    is_hint: bool = False

    @property
    def roles(self) -> Sequence[Role]:
        """What the article says of a person, in order."""
        return self.person.roles if self.person is not None else ()

    @property
    def is_human(self) -> bool:
        """Whether it is one human being."""
        if self.person is not None:
            return True
        return not self.plural and any(lexicon().calls_person(noun) for noun in self.nouns)

    def last_seen(self, before: int) -> int | None:
        """Where it began last before a character; None where it did not."""
        at = bisect_left(self.seen, before)
        return self.seen[at - 1] if at else None


class Scene:
    """An article with its attributions, whose speakers are told one after the other.

    Attributes:
        text: the article.
        attributions: in text order.
        mentions: what the words beside each cue are.
        persons: those whom the article names.
        bodies: all else that may speak, by its words.
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
        self._sentences = [start for start, _ in sentences] or [0]
        blank = r"\n\s*\n" if re.search(r"\n\s*\n", text) else r"\n"
        self._paragraphs = [0, *(gap.end() for gap in re.finditer(blank, text))]
        self._contents = sorted(span for one in attributions for span in one.spans)
        self._direct = sorted(
            span for one in attributions if one.kind is SpeechKind.DIRECT for span in one.spans
        )
        uses, described = name_uses(text, self._words), nominals(text, self._words)
        sources = SourceSpans(text, self._words, uses, described)
        self.mentions = [
            self._mention(one, sources.mended(one), uses, described) for one in attributions
        ]
        self.persons = self._all_persons(people(self._words, uses, text))
        self.bylines = {one for one in self.persons if self._is_byline(one)}
        self.signed = {one for one in self.persons if self._has_signed(one)}
        self.named = [self._only(mention) for mention in self.mentions]
        for entity in self.named:
            if entity is not None:
                entity.by_name += 1
        self.bodies: dict[tuple[str, ...], Entity] = {}
        self._add_bodies(uses, described)
        self._add_hints()
        self._add_pronouns()
        self._add_doings()
        self._add_nouns_near()
        self.use_at = {use.start: use for use in uses}
        self.order: list[Entity | None] = []
        self._pairs: list[tuple[int, dict[str, Pair]]] = []
        self._placed = self._all_placed(described)

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
        spans = [(use.outset, use.end) for use in uses]
        spans += [(use.outset, role.start + len(role.text)) for use in uses for role in use.roles]
        spans += [(one.start, one.end) for one in described]
        near = [
            span
            for span in spans
            if span[1] <= start and self.text[span[1] : start].strip() in ("", ",")
        ]
        return max(near, key=lambda span: (span[1], -span[0]), default=None)

    def _all_persons(self, persons: Sequence[Person]) -> list[Entity]:
        """Those with names in full, and those who speak under one that is nowhere in full."""
        known = list(persons)
        for mention in self.mentions:
            use = mention.head
            if use is not None and not any(fits(use.keys, person.keys) for person in known):
                known.append(Person(self.text[use.start : use.end], use.keys, [use]))
        found = []
        for person in known:
            nouns = {role.noun for role in person.roles}
            entity = Entity(person.name, person.keys, person, person.gender, nouns=nouns)
            for use in person.uses:
                self._see(entity, use.start)
            found.append(entity)
        return found

    def _see(self, entity: Entity, start: int) -> None:
        insort(entity.heard if _is_in(start, self._direct) else entity.seen, start)

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
            line = self.text[self.text.rfind("\n", 0, start) + 1 :].split("\n", 1)[0]
            is_signature = line.strip(" ,.") == entity.name and start > len(self.text) // 2
            if is_signature or (start < _LONGEST_INTRO and _LETTER.search(line)):
                return True
        return False

    def _only(self, mention: Mention) -> Entity | None:
        if mention.head is None:
            return None
        keys = mention.head.keys
        fitting = [entity for entity in self.persons if fits(keys, entity.keys)]
        found = [entity for entity in fitting if entity.keys == keys] or fitting
        return found[0] if len(found) == 1 else None

    def _add_bodies(self, uses: Sequence[NameUse], described: Sequence[Nominal]) -> None:
        taken = [(mention.start, mention.end) for mention in self.mentions]
        taken += [(use.outset, use.end) for use in uses if use.outset < use.start]
        roles = [role for entity in self.persons for role in entity.roles]
        taken += [(role.start, role.start + len(role.text)) for role in roles]
        is_taken = bytearray(len(self.text))
        for start, end in taken:
            is_taken[start:end] = b"\1" * (end - start)
        for one in described:
            if not any(is_taken[one.start : one.end]):
                self._see(self._body((one.start, one.end), one.keys, one.noun), one.start)
        for mention in self.mentions:
            if mention.keys[:1] == ("this",):
                self.own_body(mention)

    def _body(self, span: Span, keys: tuple[str, ...], noun: str) -> Entity:
        entity = self.bodies.get(keys)
        if entity is None:
            lists = lexicon()
            gender, plural = lists.gender_of(noun), lists.is_plural(noun)
            nouns = {noun} - {""}
            entity = Entity(self.text[slice(*span)], keys, None, gender, plural, nouns)
            self.bodies[keys] = entity
        return entity

    def _add_hints(self) -> None:
        """What persons may be called: "the UN envoy has arrived. Ingeborg Haukeland ..."."""
        for body in self.bodies.values():
            is_known = any(body.nouns & entity.nouns for entity in self.persons)
            if not body.is_human or is_known or not body.name.lower().startswith("the "):
                continue
            near = self._nearest_person(body.seen[0]) if body.seen else None
            if near is not None and near.gender * body.gender >= 0:
                near.hints |= body.nouns
                body.is_hint = True

    def _nearest_person(self, at: int) -> Entity | None:
        """Who is named last shortly before, or for the first time soon after."""
        sentence = self.sentence(at)
        before = [(one.last_seen(at), n) for n, one in enumerate(self.persons)]
        placed = [(seen, n) for seen, n in before if seen is not None]
        if placed and sentence - self.sentence(max(placed)[0]) <= _HINT_BEFORE:
            return self.persons[max(placed)[1]]
        behind = [(one.seen[0], n) for n, one in enumerate(self.persons) if one.seen[:1] > [at]]
        if behind and self.sentence(min(behind)[0]) - sentence <= _HINT_BEHIND:
            return self.persons[min(behind)[1]]
        return None

    def _add_pronouns(self) -> None:
        """Take "he" and "she" outside speech for whoever of that gender stood there last."""
        sources = {mention.start for mention in self.mentions}
        for word in self._words:
            gender = GENDERED.get(word.key, 0.0)
            if not gender or word.start in sources or _is_in(word.start, self._direct):
                continue
            sure = [one for one in self.persons if one.gender * gender > _SURE]
            seen = [(one.last_seen(word.start), n) for n, one in enumerate(sure)]
            last, n = max(((at, n) for at, n in seen if at is not None), default=(None, 0))
            if last is not None and self.sentence(word.start) - self.sentence(last) <= _CHAIN:
                insort(sure[n].seen, word.start)

    def _add_doings(self) -> None:
        """Take "X, who leads the group" for "leader"."""
        for person in self.persons:
            for use in person.person.uses if person.person else ():
                behind = words_within(self._words, use.end, use.end + _NEAR_VERB)
                if behind and behind[0].key == "who":
                    person.hints.update(*(_DOERS.get(word.key, ()) for word in behind[1:3]))

    def _add_nouns_near(self) -> None:
        """Take what is said behind a name or pronoun for what the person may be called."""
        lists = lexicon()
        places = sorted((at, n) for n, one in enumerate(self.persons) for at in one.seen)
        for word in self._words:
            if word.owns or not lists.calls_person(word.key) or lists.is_plural(word.key):
                continue
            behind = bisect_left(places, (word.start, -1))
            if behind:
                at, n = places[behind - 1]
                if self.sentence(word.start) - self.sentence(at) <= _HINT_BEFORE:
                    self.persons[n].near.add(word.key)

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
            named = [one for one in self.persons if wrote and fits(wrote[0].keys, one.keys)]
            if len(named) == 1:
                return named[0]
            core = inside[inside[0].key in ARTICLES :] or inside
            keys = tuple(word.key for word in core)
            return self._body((inside[0].start, inside[-1].end), keys, keys[-1])
        return None

    def sentence(self, at: int) -> int:
        """The number of the sentence around a character."""
        return bisect_right(self._sentences, at) - 1

    def paragraph(self, at: int) -> int:
        """The number of the paragraph around a character."""
        return bisect_right(self._paragraphs, at) - 1

    def begins_sentence(self, at: int) -> bool:
        """Whether what stands there is what its sentence begins with."""
        return at - self._sentences[max(0, self.sentence(at))] < _SUBJECT

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
            use = self.use_at.get(at)
            if use is not None and _CALLED.match(self.text, use.end):
                return _CALLING.search(self.text[max(0, use.outset - 4) : use.outset]) is not None
        return False

    def is_oblique(self, at: int) -> bool:
        """Whether a name that begins there follows a preposition, or owns what follows."""
        use = self.use_at.get(at)
        if use is None:
            return False
        before = self.text[max(0, use.outset - 12) : use.outset].split()
        return use.owns or (bool(before) and before[-1].lower() in _PREPOSITIONS)

    def is_question(self, number: int) -> bool:
        """Whether the content of an attribution ends with a question mark."""
        end = self.attributions[number].spans[-1][1]
        return self.text[:end].rstrip(_CLOSING_MARKS).endswith("?")

    def everyone(self) -> Iterator[Entity]:
        """All persons and bodies."""
        yield from self.persons
        yield from self.bodies.values()

    def pairs(self, at: int) -> dict[str, Pair]:
        """Of whom "the former" and "the latter" may speak, by how: joined, stood or spoke last.

        "The latter" soon after "the former" is of the same two.
        """
        for place, known in self._pairs:
            if 0 <= at - place < _NEAR_PAIR:
                return known
        stood = [(seen, one) for one in self.everyone() if (seen := self._stood(one, at)) >= 0]
        stood.sort(key=lambda placed: placed[0])
        spoke = list(dict.fromkeys(one for one in reversed(self.order) if one is not None))[:2]
        lasts = {
            "joined": self._joined(at),
            "stood": [one for _, one in stood[-2:]],
            "spoke": spoke[::-1],
        }
        pairs = {how: (last[0], last[1]) for how, last in lasts.items() if len(last) > 1}
        if "joined" in pairs:
            pairs = {"joined": pairs["joined"]}
        self._pairs.append((at, pairs))
        return pairs

    def _all_placed(self, described: Sequence[Nominal]) -> list[tuple[int, int, Entity]]:
        """Where each person and body stands, in order; an office stands for who alone holds it."""
        found = [
            (use.start, use.end, one)
            for one in self.persons
            if one.person is not None
            for use in one.person.uses
            if not use.owns
        ]
        holders: defaultdict[str, list[Entity]] = defaultdict(list)
        for one in self.persons:
            for noun in one.nouns:
                holders[noun].append(one)
        for one in described:
            body = self.bodies.get(one.keys)
            who = holders.get(one.noun, [])
            if body is not None:
                found.append((one.start, one.end, who[0] if len(who) == 1 else body))
        return sorted(found, key=lambda placed: placed[:2])

    def _joined(self, at: int) -> list[Entity]:
        """The last two before a place, shortly, that "and" joins, in no content."""
        last = bisect_left(self._placed, at, key=lambda placed: placed[0])
        for n in range(last - 1, 0, -1):
            (_, end, one), (start, _, other) = self._placed[n - 1 : n + 1]
            if at - start > _NEAR_PAIR:
                break
            is_pair = one is not other and _JOINED.fullmatch(self.text[end:start])
            if is_pair and not _is_in(start, self._contents):
                return [one, other]
        return []

    def _stood(self, entity: Entity, at: int) -> int:
        """Where it stood last before, shortly and in no content; -1 where it did not."""
        if not (entity.person or entity.spoke or not entity.nouns):
            return -1
        own = (start for start in reversed(entity.seen) if start < at)
        last = next((start for start in own if not _is_in(start, self._contents)), -1)
        return last if at - last < _NEAR_PAIR else -1

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
            insort(entity.seen, mention.start)
        if mention.form is Form.HE and entity.person is not None:
            gender = entity.gender + _PRONOUN_SAYS * mention.gender
            entity.gender = max(-1.0, min(1.0, gender))


def _is_in(at: int, spans: Sequence[Span]) -> bool:
    """Whether a character is inside one of several spans, which are in order."""
    behind = bisect_right(spans, at, key=lambda span: span[0])
    return behind > 0 and at < spans[behind - 1][1]


def role_of(entity: Entity, mention: Mention) -> Role | None:
    """The office of a person: as told beside the cue, or where the article first tells it.

    What says more than a rank or a relation goes before; "Dr" alone is none.
    """
    roles = [role for role in entity.roles if role.keys != _DOCTOR]
    beside = [role for role in roles if mention.start <= role.start < mention.end]
    told = [*beside, *roles]
    return min(told, key=_weight, default=None)


def _weight(role: Role) -> int:
    is_relation = role.noun in lexicon().kin or role.noun in _RELATIONS
    return 2 * role.is_rank + is_relation
