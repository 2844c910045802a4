"""What persons may be called, by what stands near their names: "the envoy", "the judge", "she".

Knows nothing of attributions.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Sequence

from stance.entities import Cast, Entity
from stance.layout import Layout
from stance.lexicon import lexicon
from stance.people import GENDERED
from stance.words import Word, words_within

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
_NEAR_VERB = 30  # characters
# In sentences.
_CHAIN = 3
_HINT_BEFORE = 1
_HINT_BEHIND = 2
_SURE = 0.3  # of a gender


def add_callings(
    cast: Cast, words: Sequence[Word], layout: Layout, sources: Collection[int]
) -> None:
    """Tell the persons of an article what they may be called, and where a pronoun means them.

    Args:
        cast: who is in the article.
        words: its words.
        layout: its parts.
        sources: where the words beside a cue begin; a pronoun there is for others to tell.
    """
    _add_hints(cast, layout)
    _add_pronouns(cast, words, layout, sources)
    _add_doings(cast, words)
    _add_nouns_near(cast, words, layout)


def _add_hints(cast: Cast, layout: Layout) -> None:
    """What persons may be called: "the UN envoy has arrived. Ingeborg Haukeland ..."."""
    known = Counter(noun for one in cast.persons for noun in one.nouns)
    firsts = sorted((one.seen[0], n) for n, one in enumerate(cast.persons) if one.seen)
    places = sorted((at, n) for n, one in enumerate(cast.persons) for at in one.seen)
    for body in cast.bodies.values():
        is_known = any(known[noun] for noun in body.nouns)
        if not body.is_human or is_known or not body.name.lower().startswith("the "):
            continue
        near = _nearest(cast, layout, places, firsts, body.seen[0]) if body.seen else None
        if near is not None and near.gender * body.gender >= 0:
            near.hints |= body.nouns
            body.is_hint = True


def _nearest(
    cast: Cast,
    layout: Layout,
    places: Sequence[tuple[int, int]],
    firsts: Sequence[tuple[int, int]],
    at: int,
) -> Entity | None:
    """Who is named last shortly before, or for the first time soon after."""
    sentence = layout.sentence(at)
    before = bisect_left(places, (at, -1))
    if before and sentence - layout.sentence(places[before - 1][0]) <= _HINT_BEFORE:
        return cast.persons[places[before - 1][1]]
    behind = bisect_right(firsts, at, key=lambda placed: placed[0])
    if behind < len(firsts) and layout.sentence(firsts[behind][0]) - sentence <= _HINT_BEHIND:
        return cast.persons[firsts[behind][1]]
    return None


def _add_pronouns(
    cast: Cast, words: Sequence[Word], layout: Layout, sources: Collection[int]
) -> None:
    """Take "he" and "she" outside speech for whoever of that gender stood there last."""
    for word in words:
        gender = GENDERED.get(word.key, 0.0)
        if not gender or word.start in sources or layout.is_direct(word.start):
            continue
        last, who = -1, None
        for one in cast.near(word.start):
            if one.person is not None and one.gender * gender > _SURE:
                seen = one.last_seen(word.start)
                if seen is not None and seen >= last:
                    last, who = seen, one
        if who and layout.sentence(word.start) - layout.sentence(last) <= _CHAIN:
            cast.place(who, word.start)


def _add_doings(cast: Cast, words: Sequence[Word]) -> None:
    """Take "X, who leads the group" for "leader"."""
    for one in cast.persons:
        for use in one.person.uses if one.person else ():
            behind = words_within(words, use.end, use.end + _NEAR_VERB)
            if behind and behind[0].key == "who":
                one.hints.update(*(_DOERS.get(word.key, ()) for word in behind[1:3]))


def _add_nouns_near(cast: Cast, words: Sequence[Word], layout: Layout) -> None:
    """Take what is said behind a name or pronoun for what the person may be called."""
    lists = lexicon()
    places = sorted((at, n) for n, one in enumerate(cast.persons) for at in one.seen)
    for word in words:
        if word.owns or not lists.calls_person(word.key) or lists.is_plural(word.key):
            continue
        behind = bisect_left(places, (word.start, -1))
        if behind:
            at, n = places[behind - 1]
            if layout.sentence(word.start) - layout.sentence(at) <= _HINT_BEFORE:
                cast.persons[n].near.add(word.key)
