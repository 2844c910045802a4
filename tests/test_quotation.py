"""Marks of every kind are paired, apostrophes are none, and a lone mark quotes little."""

import time
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stance.article_text import find_paragraphs, mask_markup
from stance.domain import SpeechKind
from stance.quotation import Quotation, find_quotations

MARKS = "\"'“”„‟‘’‚‛«»‹›「」『』＂`´"
news_like = st.lists(
    st.sampled_from([*MARKS, " ", " ", "\n", "\n\n", ",", ".", ":", "a", "s", "He", "12", " said "])
    | st.text(max_size=3),
    max_size=60,
).map("".join)


def pieces(text: str) -> list[str | tuple[str, ...]]:
    """What is quoted; in a tuple where it goes over paragraphs."""
    found = []
    for quotation in find_quotations(text).all:
        parts = tuple(text[start:end] for start, end in quotation.pieces)
        found.append(parts if len(parts) > 1 else parts[0])
    return found


@pytest.mark.parametrize(
    "quoted",
    [
        pytest.param('"We go,"', id="straight"),
        pytest.param("“We go,”", id="curly"),
        pytest.param("'We go,'", id="British"),
        pytest.param("‘We go,’", id="British curly"),
        pytest.param("„Wir gehen“", id="German"),
        pytest.param("„Wir gehen”", id="Polish"),
        pytest.param('„Wir gehen"', id="German typed in haste"),
        pytest.param("‚Wir gehen‘", id="German single"),
        pytest.param("»Wir gehen«", id="German guillemets"),
        pytest.param("«Nous partons»", id="French"),
        pytest.param("«\xa0Nous partons\xa0»", id="French with spaces"),
        pytest.param("‹Nous partons›", id="single guillemets"),
        pytest.param("”Vi går”", id="Swedish"),
        pytest.param("“We go,“", id="the same curly mark twice"),
        pytest.param('“We go,"', id="curly and straight"),
        pytest.param('"We go,”', id="straight and curly"),
        pytest.param("``We go,''", id="TeX"),
        pytest.param("''We go,''", id="two apostrophes"),
        pytest.param("「行く」", id="Japanese"),
        pytest.param('""We go,""', id="doubled"),
        pytest.param('"[We] go ..."', id="brackets and dots"),
        pytest.param("“\u200eWe go,\u200e”", id="beside invisible signs"),
    ],
)
@pytest.mark.parametrize("text", ["{} she said.", "She said: {}", "He (her {}) left.", "A—{}—B."])
def test_marks_of_every_kind_are_paired(quoted: str, text: str) -> None:
    assert pieces(text.format(quoted))[0] == quoted


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("It's the ministers' plan, isn't it?", [], id="possessive"),
        pytest.param("the '90s, rock 'n' roll, 'em and ’tis", [], id="letters left out"),
        pytest.param("'The boys' plan is it,' he said.", ["'The boys' plan is it,'"], id="both"),
        pytest.param("‘The boys’ plan is it,’ he said.", ["‘The boys’ plan is it,’"], id="curly"),
        pytest.param("'We're goin' home,' he said.", ["'We're goin' home,'"], id="goin'"),
        pytest.param(
            "the 'grey zone' ships and the ministers' plan", ["'grey zone'"], id="a term, then one"
        ),
        pytest.param(
            "called 'the boys' and 'the girls'", ["'the boys'", "'the girls'"], id="a term in s"
        ),
        pytest.param(
            '"They are \'the boys\' club," he said. "It is the lads\'."',
            ["\"They are 'the boys' club,\"", "'the boys'", '"It is the lads\'."'],
            id="a term in s within a quotation",
        ),
        pytest.param("Sheikh 'Abd al-Rahman of O'Brien's", [], id="a name that begins with one"),
        pytest.param('a 6\'2" man with a 12" gun', [], id="feet and inches"),
        pytest.param('"He is 6\'2" tall," she said.', ['"He is 6\'2" tall,"'], id="feet quoted"),
        pytest.param('"We won in 1984" and "more"', ['"We won in 1984"', '"more"'], id="a year"),
        pytest.param("Hello,, he said", [], id="two commas"),
        pytest.param("`code` and Hello‚ he", [], id="signs that look like marks"),
        pytest.param('a 12"x14" board', [], id="inches by inches"),
        pytest.param('""""""""" One """"""""" two', [], id="an ornament"),
        pytest.param('"" and " "', [], id="nothing between"),
    ],
)
def test_apostrophes_feet_and_inches_are_no_marks(text: str, found: list[str]) -> None:
    assert pieces(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param(
            "“He told me, ‘Go,’ and left,” she said.",
            [("“He told me, ‘Go,’ and left,”", 0), ("‘Go,’", 1)],
            id="single in double",
        ),
        pytest.param(
            "'He said \"go\" to me,' she said.",
            [("'He said \"go\" to me,'", 0), ('"go"', 1)],
            id="double in single",
        ),
        pytest.param(
            "'He said \"it is the boys', not ours\" to me.'",
            [
                ("'He said \"it is the boys', not ours\" to me.'", 0),
                ('"it is the boys\', not ours"', 1),
            ],
            id="a possessive in double in single",
        ),
        pytest.param(
            "“That is ‘it.’” “Yes.”",
            [("“That is ‘it.’”", 0), ("‘it.’", 1), ("“Yes.”", 0)],
            id="both end at once",
        ),
        pytest.param(
            '"He said "go" to me."',
            [('"He said "go" to me."', 0), ('"go"', 1)],
            id="double in double",
        ),
        pytest.param(
            "«Il a dit “oui «ou» non”»",
            [("«Il a dit “oui «ou» non”»", 0), ("“oui «ou» non”", 1), ("«ou»", 2)],
            id="three deep",
        ),
    ],
)
def test_quotations_stand_in_each_other(text: str, found: list[tuple[str, int]]) -> None:
    quotations = find_quotations(text)

    assert [(text[q.start : q.end], q.depth) for q in quotations.all] == found
    assert [text[q.start : q.end] for q in quotations.outer] == [it for it, d in found if not d]


@pytest.mark.parametrize("opening", ['"', "“", "„", "«", "'", "‘"])
def test_a_quotation_goes_on_where_each_paragraph_opens_again(opening: str) -> None:
    closing = {'"': '"', "“": "”", "„": "“", "«": "»", "'": "'", "‘": "’"}[opening]
    text = f"{opening}One it is.\n\n{opening}Two.\n\n{opening}Three,{closing} he said.\n\nNo more."

    quotations = find_quotations(text)

    [quotation] = quotations.all
    assert [text[a:b] for a, b in quotation.pieces] == [
        f"{opening}One it is.",
        f"{opening}Two.",
        f"{opening}Three,{closing}",
    ]
    assert [text[a:b] for a, b in quotation.words] == ["One it is.", "Two.", "Three,"]
    assert quotation.closed


def test_a_quotation_that_begins_within_a_paragraph_goes_on_too() -> None:
    assert pieces('He said: "One.\n"Two."\n"Three."') == [('"One.', '"Two."'), '"Three."']


def test_spanish_paragraphs_open_again_with_the_closing_mark() -> None:
    assert pieces("«Uno.\n\n»Dos.\n\n»Tres», dijo.") == [("«Uno.", "»Dos.", "»Tres»")]


def test_a_nested_quotation_goes_on_with_the_one_around_it() -> None:
    text = "“He said, ‘One.\n\n“‘Two,’ and left.”"

    assert pieces(text) == [("“He said, ‘One.", "“‘Two,’ and left.”"), ("‘One.", "‘Two,’")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param('"We go, he said. He left.', ['"We go,'], id="a pronoun"),
        pytest.param('"We go, said Ann Lee, the mayor.', ['"We go,'], id="turned round"),
        pytest.param('"Do we go? asked the minister.', ['"Do we go?'], id="a question"),
        pytest.param('"We go, he said. "We stay," he said.', ['"We go,', '"We stay,"'], id="two"),
        pytest.param('only "a way of work. He left.', ['"a way of work.'], id="a fragment"),
        pytest.param('"We go. We stay.\n\nHe left.', ['"We go. We stay.'], id="a paragraph"),
        pytest.param(
            '"He came, he said he knew, and left.\n\nNo.',
            ['"He came, he said he knew, and left.'],
            id="no cue but a clause",
        ),
        pytest.param('"As a “test” goes\n\nHe left.', ["“test”"], id="a stray mark before others"),
        pytest.param('"As a “test” goes, he said.', ["“test”"], id="and before a cue"),
        pytest.param("“We go.\n\n” he said.", ["“We go."], id="a closing one too late"),
        pytest.param('We go," he said.\n\nHe left."', [], id="closing ones"),
        pytest.param("'We go. We stay.\n\nHe left.", [], id="a single one"),
    ],
)
def test_a_mark_without_its_pair_quotes_the_rest_of_a_paragraph_at_most(
    text: str, found: list[str]
) -> None:
    assert pieces(text) == found


def test_a_cue_after_a_missing_mark_keeps_the_next_paragraph_apart() -> None:
    text = '"We go, said the general.\n\n"Neither.\n\n"Never."'

    assert pieces(text) == ['"We go,', ('"Neither.', '"Never."')]
    assert [quotation.closed for quotation in find_quotations(text).all] == [False, True]


def test_a_line_break_of_a_wrapped_text_does_not_end_a_quotation() -> None:
    quoted = (
        '"We shall open the border again on the first day of\n'
        "the month. Nobody who has a ticket will be sent away\n"
        'from it, and the trains will run as they did before,"'
    )

    assert pieces(f"{quoted} she said.") == [quoted]


def test_entities_and_tags_beside_a_mark_do_not_hide_it() -> None:
    text = "<p>&quot;<b>We</b> go,&#8221; he said.</p><p>&#8216;Don&rsquo;t,&#8217; she said.</p>"

    found = [text[q.start : q.end] for q in find_quotations(mask_markup(text)).all]

    assert found == ["&quot;<b>We</b> go,&#8221;", "&#8216;Don&rsquo;t,&#8217;"]


@pytest.mark.parametrize(
    ("span", "share"),
    [
        pytest.param("“We go”", 1.0, id="all"),
        pytest.param("We go", 1.0, id="without its marks"),
        pytest.param("said “We", 3 / 7, id="a part"),
        pytest.param(" and ", 0.0, id="between two"),
        pytest.param("go” and “stay", 8 / 11, id="over two"),
        pytest.param(" ", 0.0, id="white space"),
    ],
)
def test_the_share_of_a_span_that_is_quoted(span: str, share: float) -> None:
    text = "He said “We go” and “stay”."
    start = text.index(span)

    assert find_quotations(text).inside((start, start + len(span))) == pytest.approx(share)


@pytest.mark.parametrize(
    ("spans", "kind"),
    [
        pytest.param(["“We go,”", "“and stay.”"], SpeechKind.DIRECT, id="in two pieces"),
        pytest.param(["“We go,”", "said"], SpeechKind.MIXED, id="one of two"),
        pytest.param(["“and stay.”."], SpeechKind.DIRECT, id="with a stop behind"),
        pytest.param(["he said"], SpeechKind.INDIRECT, id="none"),
        pytest.param([" he said, “"], SpeechKind.INDIRECT, id="with a mark and no word"),
    ],
)
def test_the_kind_follows_from_which_words_are_quoted(spans: list[str], kind: SpeechKind) -> None:
    text = "“We go,” he said, “and stay.”."
    places = [(text.index(span), text.index(span) + len(span)) for span in spans]

    assert find_quotations(text).kind(places) is kind


@pytest.mark.parametrize(
    ("text", "scare"),
    [
        pytest.param('the so-called "grey zone" ships', True, id="a term"),
        pytest.param("passed the “shoot-down law,” which", True, id="with a comma inside"),
        pytest.param("the 'Piraeus queue'.", True, id="a name"),
        pytest.param('He said: "No way."', False, id="after a colon"),
        pytest.param('He added, "very bad"', False, id="after a comma"),
        pytest.param('"Nothing," said Ann.', False, id="before a cue"),
        pytest.param('"Nothing" she said.', False, id="before a cue without comma"),
        pytest.param('He left. "Nothing."', False, id="a sentence of its own"),
        pytest.param('called it "what we need"', False, id="a clause"),
        pytest.param('vowed "to fight on"', False, id="a verb"),
        pytest.param('asked "Really?" and left', False, id="a question"),
        pytest.param('"one two three four five six" of it', False, id="too long"),
        pytest.param('read "a' + "b" * 200 + '" there', False, id="too long a word"),
        pytest.param('only "a way.', False, id="without its pair"),
        pytest.param('"One.\n\n"Two" of', False, id="two paragraphs"),
    ],
)
def test_a_scare_quote_is_short_and_no_sentence(text: str, scare: bool) -> None:
    quotations = find_quotations(text)

    assert quotations.is_scare(quotations.all[0]) is scare


@given(st.text() | news_like)
@example("\"'\"'")
@example("“a\n“b\n“c”")
@settings(deadline=None, max_examples=300)
def test_any_text_gives_spans_that_stand_in_it_in_order(text: str) -> None:
    quotations = find_quotations(text)

    starts = [quotation.start for quotation in quotations.all]
    assert starts == sorted(starts)
    for quotation in quotations.all:
        check_pieces(text, quotation)
        quotations.is_scare(quotation)
        assert quotations.inside((quotation.start, quotation.end)) > 0
    for before, after in pairwise(quotations.quoted):
        assert before[1] < after[0]


def check_pieces(text: str, quotation: Quotation) -> None:
    edges = [edge for span in quotation.pieces for edge in span]
    assert edges == sorted(set(edges))
    assert edges[0] >= 0
    assert edges[-1] <= len(text)
    paragraphs = find_paragraphs(text)
    for (start, end), (first, last) in zip(quotation.pieces, quotation.words, strict=True):
        assert start < first <= last <= end
        assert any(begin <= start and end <= stop for begin, stop in paragraphs)
    assert any(text[slice(*span)].strip() for span in quotation.words)


@given(news_like, st.text(alphabet="ab ,.'", min_size=1))
@settings(deadline=None)
def test_a_paragraph_that_opens_nothing_is_read_as_if_alone(text: str, after: str) -> None:
    after = f"Then {after}"
    before = find_quotations(text).all

    both = find_quotations(f"{text}\n\n{after}")

    assert both.all[: len(before)] == before
    assert all(quotation.start > len(text) for quotation in both.all[len(before) :])


@given(st.text(alphabet=st.characters(exclude_characters=MARKS + ",❝❞〝〞〟⹂")))
@settings(deadline=None)
def test_text_without_marks_quotes_nothing(text: str) -> None:
    quotations = find_quotations(text)

    assert not quotations.all
    assert not quotations.quoted
    assert quotations.kind([(0, len(text))]) is SpeechKind.INDIRECT


@given(st.lists(st.booleans(), min_size=1, max_size=12), st.sampled_from(['""', "“”", "„“", "«»"]))
@settings(deadline=None)
def test_every_pair_is_found_and_nothing_else(is_quoted: list[bool], marks: str) -> None:
    parts = [f"{marks[0]}We go,{marks[1]}" if quoted else "he left," for quoted in is_quoted]

    assert pieces(" ".join(parts)) == [part for part in parts if part[0] == marks[0]]


@pytest.mark.parametrize(
    "hostile",
    [
        *("“", '"a ', "'a ", '"a\n', '"A b c.\n\n', '", he said ', "“A, said ", "\"'«“ ", "s' a "),
        *('12" ', '"A, ' + "A." * 99, '"A, the ' + "a-" * 99, "“a ‘b «c ", '"\u2060'),
    ],
)
def test_a_long_hostile_text_takes_no_more_than_linear_time(hostile: str) -> None:
    text = hostile * (100_000 // len(hostile))

    began = time.process_time()
    quotations = find_quotations(text)
    for quotation in quotations.all[:1_000]:
        quotations.inside((quotation.start, quotation.start + 100))

    assert time.process_time() - began < 5


def test_a_megabyte_of_news_is_read_at_once() -> None:
    paragraph = (
        "“We don’t want the ministers’ plan,” Ann Lee, the mayor of Ely, told us on Monday. "
        "“It is a ‘gift’ to nobody,” she added, and 'so-called' friends of the town agreed.\n\n"
    )
    text = paragraph * (1_000_000 // len(paragraph))

    began = time.process_time()
    quotations = find_quotations(text)

    assert time.process_time() - began < 5
    assert len(quotations.all) == 4 * (1_000_000 // len(paragraph))
