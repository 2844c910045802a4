"""What is tagged and what marks say become attributions: the hard forms, one by one."""

import re
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stance.assembly import attributions_of
from stance.domain import Attribution
from stance.tagger import Link, Tagged, TaggedSpan
from stance.tags import Part
from tests.tagged import tagged

NOTHING = Tagged((), ())

# Tagged text; and of each attribution the contents, the mention and the cue (- for none), its kind.
HARD_FORMS = {
    "split by he said": (
        '{c1:"The talks,"} {s1:he} {q1:said}, {c1:"are over."}',
        ['"The talks," / "are over." | he | said | direct'],
    ),
    "tagged without the marks": (
        '"{c1:The talks are over}," {s1:he} {q1:said}.',
        ['"The talks are over," | he | said | direct'],
    ),
    "tagged but for the first words": (
        "“The talks {c1:are over now,”} {s1:he} {q1:said}.",
        ["“The talks are over now,” | he | said | direct"],
    ),
    "two pieces of one quotation": (
        "“{c1:The talks} (which were long) {c1:are over}”, {q1:said} {s1:Berg}.",
        ["“The talks (which were long) are over” | Berg | said | direct"],
    ),
    "two cues for one quotation": (
        '{s1:Berg} {q1:said}: {c1:"He knows that it is over. He} {q2:told} {s2:me} {c2:so."}',
        ['"He knows that it is over. He told me so." | Berg | said | direct'],
    ),
    "a word behind the closing mark": (
        '{c1:"The talks are over," he} {q1:testified}.',
        ['"The talks are over," | - | testified | direct'],
    ),
    "words behind a quoted word": (
        "{s1:He} {q1:called} it {c1:“a victory” for workers}.",
        ["“a victory” for workers | He | called | mixed"],
    ),
    "words before a quotation": (
        "{s1:Berg} {q1:said} {c1:the talks were “over}”.",
        ["the talks were “over” | Berg | said | mixed"],
    ),
    "without marks": (
        "{s1:The Kremlin} {q1:denied} {c1:that its troops had crossed}.",
        ["that its troops had crossed | The Kremlin | denied | indirect"],
    ),
    "according to": (
        "{c1:The port is shut,} {q1:according to} {s1:two officials}.",
        ["The port is shut | two officials | according to | indirect"],
    ),
    "a question": (
        "{s1:He} {q1:wondered} {c1:whether the plan was dead}.",
        ["whether the plan was dead | He | wondered | indirect"],
    ),
    "an abbreviation at the end": (
        "{s1:He} {q1:blamed} {c1:the U.S.} {s2:She} {q2:blamed} {c2:the West.}",
        [
            "the U.S. | He | blamed | indirect",
            "the West | She | blamed | indirect",
        ],
    ),
    "guillemets": (
        "«{c1:Wir gehen}», {q1:sagte} {s1:er}. »{c2:Nie}«, {q2:sagte} {s2:sie}.",
        ["«Wir gehen» | er | sagte | direct", "»Nie« | sie | sagte | direct"],
    ),
    "German marks": (
        "„{c1:Wir gehen}“, {q1:sagte} {s1:er}.",
        ["„Wir gehen“ | er | sagte | direct"],
    ),
    "single marks and apostrophes": (
        "{c1:‘It’s Britain’s choice and I’m going}’, {s1:Berg} {q1:said}.",
        ["‘It’s Britain’s choice and I’m going’ | Berg | said | direct"],
    ),
    "nested": (
        "{c1:“He told me: ‘I am going.’ And he went}”, {s1:Berg} {q1:said}.",
        ["“He told me: ‘I am going.’ And he went” | Berg | said | direct"],
    ),
    "paragraphs that reopen": (
        "{s1:Berg} {q1:wrote}:\n\n{c1:“We were cold.\n\n}“We were there for days.\n\n“We left.”",
        ["“We were cold. / “We were there for days. / “We left.” | Berg | wrote | direct"],
    ),
    "paragraphs that reopen with the cue behind": (
        "“We were cold.\n\n{c1:“We were hungry too,”} {s1:she} {q1:said}. {c1:“And then we left.”}",
        ["“We were cold. / “We were hungry too,” / “And then we left.” | she | said | direct"],
    ),
    "a sentence that follows": (
        '{c1:"The talks are over,"} {s1:he} {q1:said}. "Nobody mourns them."',
        ['"The talks are over," / "Nobody mourns them." | he | said | direct'],
    ),
    "a sentence that follows indirect speech": (
        '{s1:He} {q1:said} {c1:the talks were over}. {c0:"Nobody mourns them."}',
        ['the talks were over / "Nobody mourns them." | He | said | mixed'],
    ),
    "a sentence that follows a question of another": (
        '{c1:"It is over,"} {s1:he} {q1:said}. Would he resign? {c0:"Ask me at midnight."}',
        ['"It is over," | he | said | direct', '"Ask me at midnight." | - | - | direct'],
    ),
    "the next paragraph": (
        '{c1:"It is over,"} {s1:he} {q1:said}.\n\n"And nobody in this house will mourn it."',
        [
            '"It is over," / "And nobody in this house will mourn it." | he | said | direct',
        ],
    ),
    "a dialogue": (
        "{c1:'Is it over by now?'} {s1:she} {q1:asked}.\n\n{c0:'It has been over for seven days.'}",
        [
            "'Is it over by now?' | she | asked | direct",
            "'It has been over for seven days.' | - | - | direct",
        ],
    ),
    "a heading in quotation marks": (
        "{c1:''It is over,''} {s1:he} {q1:said}.\n\n'The long way to the end of it.'\n\nIt rained.",
        ["''It is over,'' | he | said | direct"],
    ),
    "missed, with a cue behind": (
        '"The talks are over," said Foreign Minister Anna Berg. It rained.',
        ['"The talks are over," | Foreign Minister Anna Berg | said | direct'],
    ),
    "missed, with a cue before": (
        "It rained. Anna Berg said: “The talks are over.”",
        ["“The talks are over.” | Anna Berg | said | direct"],
    ),
    "missed beside a cue that is tagged": (
        "“The talks are over”, {s1:the spokesman} {q1:fumed}.",
        ["“The talks are over” | the spokesman | fumed | direct"],
    ),
    "title between name and quotation": (
        "{s1:Anna Berg, the foreign minister}, {q1:said}: {c1:“It is over.”}",
        ["“It is over.” | Anna Berg, the foreign minister | said | direct"],
    ),
    "signed": (
        '"The talks are over, and I for one am glad." - Anna Berg, minister',
        ['"The talks are over, and I for one am glad." | Anna Berg, minister | - | direct'],
    ),
    "a transcript": (
        "TAPPER: Is it over?\n\nBERG: {c1:It} is {q1:said} to be. {c1:I hope.}\n\nTAPPER: Thanks.",
        [
            "Is it over? | TAPPER | : | direct",
            "It is said to be. I hope. | BERG | : | direct",
            "Thanks. | TAPPER | : | direct",
        ],
    ),
    "more of a transcript": (
        "TAPPER: Over?\n\nBERG: It is.\n\nTAPPER{q1::} {c1:Thanks.}\n\n{c1:Next, the weather.}",
        [
            "Over? | TAPPER | : | direct",
            "It is. | BERG | : | direct",
            "Thanks. / Next, the weather. | TAPPER | : | direct",
        ],
    ),
    "what runs on into the next paragraph": (
        "{s1:She} {q1:said} {c1:that it was late.\n\nThe woman left}. It rained.",
        ["that it was late | She | said | indirect"],
    ),
    "what runs on into another's quotation": (
        "{s1:She} {q1:said} {c1:that it was late.\n\n“It is early,”} {s2:he} {q2:said}.",
        [
            "that it was late | She | said | indirect",
            "“It is early,” | he | said | direct",
        ],
    ),
    "what begins before the paragraph": (
        "{c1:By our reporter\n\nThe port is shut}, {q1:according to} {s1:Berg}.",
        ["The port is shut | Berg | according to | indirect"],
    ),
    "a list": (
        "{s1:She} {q1:made} {c1:two demands:\n\nOpen the port.\n\nFree the crew}.",
        ["two demands: / Open the port / Free the crew | She | made | indirect"],
    ),
    "a shared source": (
        "{s1:She} {q1:said} {c1:it was late} and {q2:added} {c2:that she was tired}.",
        [
            "it was late | She | said | indirect",
            "that she was tired | - | added | indirect",
        ],
    ),
    "an entity at the edge": (
        "<p>{c1:&ldquo;We go,&rdquo;} {s1:Andr&eacute;} {q1:said}.</p>",
        ["&ldquo;We go,&rdquo; | Andr&eacute; | said | direct"],
    ),
    "entities beside what is tagged": (
        "<p>&#8220;{c1:We do not go},&#8221; {s1:she} {q1:said}.</p>",
        ["&#8220;We do not go,&#8221; | she | said | direct"],
    ),
    "tags": (
        "<p>“{c1:We <b>do not</b> go},” {s1:<a href='x'>Berg</a>} {q1:said}.</p><p>It rained.</p>",
        ["“We <b>do not</b> go,” | Berg | said | direct"],
    ),
    "the tag of a quotation": (
        "<q>{c1:We do not go}</q>, {s1:she} {q1:said}.",
        ["We do not go | she | said | direct"],
    ),
    "from right to left": (
        "\u200f{c1:«השיחות הסתיימו»}\u200f, {q1:אמר} {s1:ברג}.",
        ["«השיחות הסתיימו» | ברג | אמר | direct"],
    ),
}

NO_STATEMENT = {
    "nothing": "",
    "scare quotes": "The so-called “peace plan” was the “usual” thing, and “deal” a word.",
    "scare quotes that are tagged": "The so-called {c0:“peace plan”} was dead.",
    "a cue alone": "{s1:Berg} {q1:said}.",
    "a source alone": "{s1:Berg} went home.",
    "content of nobody": "It rained. {c0:The talks were over}.",
    "content of nobody, in part quoted": "It rained. {c0:The talks were “over and done”}.",
    "a quotation of nobody": 'The sign read "We are open on all days of the week" in red.',
    "marks alone": '" " "" “” « » \' „“',
}


def lines(text: str, found: Sequence[Attribution]) -> list[str]:
    """Attributions as the tables above tell them."""

    def piece(span: tuple[int, int] | None) -> str:
        return text[slice(*span)] if span else "-"

    return [
        " | ".join(
            (" / ".join(map(piece, one.spans)), piece(one.mention), piece(one.cue), one.kind)
        )
        for one in found
    ]


@pytest.mark.parametrize(("written", "expected"), HARD_FORMS.values(), ids=HARD_FORMS)
def test_a_hard_form_is_read_as_a_person_reads_it(written: str, expected: list[str]) -> None:
    text, found = tagged(written)

    assert lines(text, attributions_of(text, found)) == expected


@pytest.mark.parametrize("written", NO_STATEMENT.values(), ids=NO_STATEMENT)
def test_what_nobody_says_is_no_statement(written: str) -> None:
    text, found = tagged(written)

    assert attributions_of(text, found) == []


def test_a_missing_mark_does_not_swallow_the_article() -> None:
    text, found = tagged(
        '"{c1:It is over}, {s1:she} {q1:said}.\n\nIt rained.\n\n"{c2:No}," {s2:he} {q2:said}.'
    )

    assert lines(text, attributions_of(text, found)) == [
        "It is over | she | said | direct",
        '"No," | he | said | direct',
    ]


def test_a_quotation_that_holds_the_cue_is_not_taken_whole() -> None:
    text, found = tagged('"{c1:It is over and done}, {s1:the old man} {q1:mumbled}, and left."')

    assert lines(text, attributions_of(text, found)) == [
        "It is over and done | the old man | mumbled | direct"
    ]


def test_of_two_sources_the_more_probable_is_the_mention() -> None:
    text, found = tagged("{s1:Berg} {q1:said} {s1:she} {c1:it was late}.")
    links = tuple(Link(one.span, one.cue, 0.9 if one.span == 2 else 0.5) for one in found.links)

    [one] = attributions_of(text, Tagged(found.spans, links))

    assert one.mention == (10, 13)


MARKS = "\"'“”‘’„«»‹›「」`<>&;:.,?!-—―\n\r\t \u00a0\u2028\u200f\u202b\u2060\ufeff\u0301\u20e3"
WORDS = [
    "he said",
    "said Anna Berg",
    "Q:",
    "A:",
    "BERG: ",
    "&ldquo;",
    "&amp;",
    "<p>",
    "</q>",
    "<q>",
]
texts = st.lists(
    st.one_of(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6),
        st.text(MARKS, max_size=4),
        st.sampled_from(WORDS),
        st.text("aZé9 ", max_size=6),
    ),
    max_size=16,
).map("".join)


@st.composite
def articles(draw: st.DrawFn) -> tuple[str, Tagged]:
    """Any text with any spans in it, in order, and any links to cues."""
    text = draw(texts)
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=16)))
    spans = [
        TaggedSpan(draw(st.sampled_from(Part)), span, 1.0)
        for span in pairwise(cuts)
        if draw(st.booleans())
    ]
    cues = [n for n, one in enumerate(spans) if one.part is Part.CUE]
    others = [n for n, one in enumerate(spans) if one.part is not Part.CUE and cues]
    links = [Link(n, draw(st.sampled_from(cues)), 1.0) for n in others if draw(st.booleans())]
    return text, Tagged(tuple(spans), tuple(links))


@given(articles())
@example(("“a”\u0301 b", Tagged((TaggedSpan(Part.CUE, (4, 6), 1.0),), ())))
def test_spans_are_exact_apart_and_without_white_space_whatever_the_text(
    article: tuple[str, Tagged],
) -> None:
    text, found = article

    attributions = attributions_of(text, found)

    starts = [one.spans[0][0] for one in attributions]
    contents = sorted(span for one in attributions for span in one.spans)
    others = [span for one in attributions for span in (one.cue, one.mention) if span]
    assert starts == sorted(starts)
    assert all(before[1] <= after[0] for before, after in pairwise(contents))
    for start, end in [*contents, *others]:
        assert 0 <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()


@given(articles())
def test_what_is_no_cue_and_not_quoted_is_no_statement(article: tuple[str, Tagged]) -> None:
    text, found = article

    for one in attributions_of(text, found):
        assert one.cue or one.kind == "direct"


@pytest.mark.parametrize(
    "text", ['"' * 50_000, "“a ” " * 10_000, "\u0301" * 50_000, "<q>" * 20_000]
)
def test_a_hostile_text_takes_no_long_time(text: str) -> None:
    every = [TaggedSpan(Part.CONTENT, (n, n + 3), 1.0) for n in range(0, len(text) - 3, 30)]

    found = attributions_of(text, Tagged(tuple(every), ()))

    assert len(re.findall(r"\S", text)) >= len(found)
