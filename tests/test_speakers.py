"""Who said it: names, surnames, pronouns, offices and nothing beside the cue.

The weights here are set by hand, so that the answers can be checked by eye.
"""

import json
import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.candidates import candidates
from stance.domain import Attribution, Speaker, SpeechKind
from stance.scene import Scene
from stance.speakers import SpeakerModel
from tests.marked import marked, sentences_of

WEIGHTS = {
    "full:whole": 9.0,
    "surname:whole": 9.0,
    "surname:part": 9.0,
    "surname:gender": 3.0,
    "surname:rank0": 1.0,
    "he:person": 1.0,
    "he:agrees": 4.0,
    "he:differs": -4.0,
    "he:rank0": 3.0,
    "he:rank1": 1.0,
    "he:last.answers": -4.0,
    "it:rank0": 3.0,
    "it:human": -3.0,
    "it:number": -3.0,
    "we:we.press": 9.0,
    "we:i.signed": 9.0,
    "label:fits": 5.0,
    "label:nobody": 2.0,
    "office.definite:noun": 3.0,
    "office.definite:noun.other": -3.0,
    "office.definite:shared": 3.0,
    "office.definite:own": 1.0,
    "office.definite:own.place": 3.0,
    "office.definite:pair.stood": 9.0,
    "office.definite:pair.joined": 9.0,
    "office.indefinite:own": 9.0,
    "office.definite.person:noun": 3.0,
    "office.definite.person:noun.other": -3.0,
    "office.definite.person:shared": 3.0,
    "office.definite.person:own": 1.0,
    "office.own:own": 5.0,
    "office.own.person:own": 5.0,
    "office.count:own": 9.0,
    "office.none:own": 4.0,
    "silent:nobody": 6.0,
    "bare:last.direct": 4.0,
}
MODEL = SpeakerModel(WEIGHTS, threshold=0.6)


def resolved(written: str, model: SpeakerModel = MODEL) -> list[Speaker | None]:
    text, attributions = marked(written)
    return model.resolve(text, sentences_of(text), attributions)


def names(written: str) -> list[str | None]:
    return [speaker.name if speaker else None for speaker in resolved(written)]


LISIECKA = "{s1:Prime Minister Ewa Lisiecka} {q1:said} {c1:that the crossing was closed}. "


@pytest.mark.parametrize(
    "source",
    ["Lisiecka", "Mrs Lisiecka", "She", "The prime minister", "Ewa Lisiecka", "PM Ewa Lisiecka"],
)
def test_all_that_can_mean_her_gives_the_fullest_name_without_title(source: str) -> None:
    found = resolved(LISIECKA + "{s2:" + source + "} {q2:added} {c2:that it would stay so}.")

    assert [one and one.name for one in found] == ["Ewa Lisiecka"] * 2
    assert found[1] is not None
    assert (found[1].mention, found[1].role) == (source, "Prime Minister")


def test_a_name_that_comes_later_in_full_is_found() -> None:
    written = (
        '{c1:"Nobody will give in,"} {s1:Lisiecka} {q1:said}. Later Ewa Lisiecka left for Rome.'
    )

    assert names(written) == ["Ewa Lisiecka"]


def test_an_explicit_name_is_nearly_certain() -> None:
    [speaker] = resolved("{s1:Ewa Lisiecka} {q1:said} {c1:no}.")

    assert speaker is not None
    assert speaker.probability > 0.99


def test_he_and_she_follow_the_gender_and_not_only_the_nearest() -> None:
    written = (
        "{s1:Ewa Lisiecka} {q1:said} {c1:it rained}. {s2:Kofi Amoah} {q2:said} {c2:it did not}. "
        "{s3:She} {q3:insisted} {c3:that it did}. {s4:He} {q4:went} {c4:home to see}."
    )

    assert names(written) == ["Ewa Lisiecka", "Kofi Amoah", "Ewa Lisiecka", "Kofi Amoah"]


def test_a_title_chooses_among_two_of_one_surname() -> None:
    written = (
        "Meena Rao and Prakash Rao sat down. {s1:Mr Rao} {q1:said} {c1:yes}. "
        "{s2:Mrs Rao} {q2:said} {c2:no}."
    )

    assert names(written) == ["Prakash Rao", "Meena Rao"]


def test_who_is_named_only_as_someones_relation_is_no_speaker() -> None:
    written = "{s1:Ewa Lisiecka’s spokesman, Bo Lind,} {q1:said} {c1:she was ill}."

    assert names(written) == ["Bo Lind"]


def test_a_body_gives_its_own_words_without_what_a_comma_adds() -> None:
    written = (
        "{s1:A senior NATO diplomat, speaking on condition of anonymity,} {q1:said} {c1:no}. "
        "{s2:Residents} {q2:fear} {c2:the worst}. {s3:Two officials} {q3:said} {c3:yes}."
    )

    found = resolved(written)

    assert [one and one.name for one in found] == [
        "A senior NATO diplomat",
        "Residents",
        "Two officials",
    ]
    assert all(one is not None and one.role is None for one in found)


def test_the_ministry_is_the_one_that_was_named_in_full_before() -> None:
    written = (
        "{s1:A French foreign ministry official} {q1:said} {c1:no}. "
        "The Omani foreign ministry was closed. {s2:The ministry} {q2:said} {c2:nothing was lost}."
    )

    assert names(written)[1] == "The Omani foreign ministry"


def test_the_baltic_official_is_the_one_from_the_baltic() -> None:
    written = (
        "{s1:An official from a Baltic state} {q1:said} {c1:yes}. "
        "{s2:A Greek official} {q2:said} {c2:no}. {s3:The Baltic official} {q3:said} {c3:wait}."
    )

    assert names(written)[2] == "An official from a Baltic state"


def test_the_former_and_the_latter_are_the_two_that_stood_before() -> None:
    written = (
        "Egypt and Qatar are mediating. {s1:The former} {q1:refused} {c1:to comment}. "
        "{s2:The latter} {q2:said} {c2:that it knew nothing}."
    )

    assert names(written) == ["Egypt", "Qatar"]


def test_several_names_together_speak_together() -> None:
    [name] = names("{s1:Ewa Lisiecka and Bo Lind} {q1:said} {c1:no}.")

    assert name == "Ewa Lisiecka and Bo Lind"


def test_who_means_the_name_before_it() -> None:
    written = "The letter is by Bo Lind, {s1:who} {q1:thinks} {c1:that it is late}, and by Ewa Kos."

    [speaker] = resolved(written)

    assert speaker is not None
    assert (speaker.name, speaker.mention) == ("Bo Lind", "who")


def test_we_is_the_newspaper_and_i_is_who_signed() -> None:
    editorial = "{s1:This newspaper} {q1:believes} {c1:in rules}. {s2:We} {q2:think} {c2:so too}."
    letter = "Dear all,\n\nIn April {s1:I} {q1:asked} {c1:you to vote}.\n\nMilena Kos"

    assert names(editorial)[1] == "This newspaper"
    assert names(letter) == ["Milena Kos"]


def test_q_is_who_asked_before_and_a_who_answered() -> None:
    written = (
        "{s1:Marit Oksanen}{q1::} {c1:Why here?}\n\n{s2:Jan Vauquel}{q2::} {c2:For its doors.}\n\n"
        "{s3:Q}{q3::} {c3:And then?}\n\n{s4:A}{q4::} {c4:I left.}"
    )

    assert names(written) == ["Marit Oksanen", "Jan Vauquel"] * 2


def test_a_floating_quotation_may_have_the_running_speaker() -> None:
    written = '{s1:Bo Lind} {q1:sat down}. {c1:"No."}\n\n{c2:"And no again."}'

    running = resolved(written)[1]

    assert running is not None
    assert (running.name, running.mention) == ("Bo Lind", "")
    assert running.probability < 0.99


def test_a_passive_without_a_source_has_no_speaker() -> None:
    assert names(LISIECKA + "{q2:Asked} {c2:whether it hurt}, she smiled.") == [
        "Ewa Lisiecka",
        None,
    ]


def test_who_answers_is_not_who_asked() -> None:
    written = (
        "Denis Lavrukhin sat there. {s1:Gintaras Kos} {q1:asked} {c1:whether he understood}. "
        "{s2:He} {q2:answered} {c2:that he did}."
    )

    assert names(written)[1] == "Denis Lavrukhin"


def test_below_the_threshold_no_one_is_named() -> None:
    written = "Mrs Ewa Kos met Mrs Anna Lind. {s1:She} {q1:said} {c1:no}."
    even = SpeakerModel({"he:agrees": 9.0}, threshold=0.6)

    assert resolved(written, even) == [None]
    [guess] = resolved(written, SpeakerModel(even.weights, threshold=0.4))
    assert guess is not None
    assert guess.probability == pytest.approx(0.5, abs=0.01)


def test_a_model_without_weights_names_nobody_unless_asked_to_guess() -> None:
    assert resolved(LISIECKA, SpeakerModel({}, threshold=0.51)) == [None]


def test_a_name_over_the_end_of_a_wrapped_line_is_given_in_one_line() -> None:
    [speaker] = resolved("{s1:A minister of\nthe interior} {q1:said} {c1:no}.")

    assert speaker is not None
    assert speaker.name == "A minister of the interior"


def test_probabilities_of_candidates_sum_to_one() -> None:
    text, attributions = marked(LISIECKA + "{s2:She} {q2:said} {c2:no}.")
    scene = Scene(text, sentences_of(text), attributions)

    shares = MODEL.shares([features for _, features in candidates(scene)])

    assert shares.sum() == pytest.approx(1)
    assert shares.min() >= 0


def test_nobody_is_always_a_candidate_and_the_last() -> None:
    text, attributions = marked("{c1:“No.”}")

    assert [entity for entity, _ in candidates(Scene(text, [(0, 5)], attributions))] == [None]


def test_the_speakers_of_an_article_do_not_depend_on_their_own_field() -> None:
    text, attributions = marked(LISIECKA)
    told = [
        Attribution(a.spans, a.kind, a.cue, a.mention, Speaker("X", "x", None, 1.0))
        for a in attributions
    ]

    sentences = sentences_of(text)
    assert MODEL.resolve(text, sentences, told) == MODEL.resolve(text, sentences, attributions)


def test_no_attributions_have_no_speakers() -> None:
    assert MODEL.resolve("", [], []) == []


weights = st.dictionaries(st.text(min_size=1, max_size=5), st.floats(-9, 9), max_size=4)


@given(st.builds(SpeakerModel, weights, st.floats(0, 1)))
@settings(deadline=None)
def test_a_model_is_the_same_after_json(model: SpeakerModel) -> None:
    assert SpeakerModel.from_json(json.loads(json.dumps(model.to_json()))) == model


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
def test_a_threshold_that_is_no_probability_is_refused(threshold: float) -> None:
    with pytest.raises(ValueError, match="threshold of speakers must be from 0 to 1"):
        SpeakerModel({}, threshold)


def test_a_weight_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="weight of he:rank0 must be a finite number"):
        SpeakerModel({"he:rank0": float("inf")}, 0.5)


@st.composite
def articles(draw: st.DrawFn) -> tuple[str, list[Attribution]]:
    parts = [
        "Ewa Lisiecka ",
        "Mr Rao ",
        "the ministry ",
        "she ",
        "who ",
        "a ",
        "of ",
        "’s ",
        ",",
        "I ",
    ]
    parts += [
        "Q",
        "“",
        "\n\n",
        ". ",
        "the former ",
        "Two ",
        "é",
        "中",
        "\u2060",
        "the same person ",
    ]
    text = "".join(draw(st.lists(st.sampled_from(parts), min_size=3, max_size=30)))
    edges = sorted(draw(st.lists(st.integers(0, len(text)), min_size=2, max_size=9, unique=True)))
    found = []
    for start, end in pairwise(edges):
        mention = draw(st.sampled_from([None, *pairwise(edges)]))
        kind = draw(st.sampled_from(list(SpeechKind)))
        cue = draw(st.sampled_from([None, (start, end)]))
        found.append(Attribution(((start, end),), kind, cue, mention))
    return text, found


@given(articles())
@settings(deadline=None, max_examples=150)
def test_any_text_with_any_marks_is_read(article: tuple[str, list[Attribution]]) -> None:
    text, attributions = article

    found = MODEL.resolve(text, sentences_of(text), attributions)

    assert len(found) == len(attributions)
    for speaker in found:
        if speaker is not None:
            assert np.isfinite(speaker.probability)
            assert "".join(speaker.name.split()) in "".join(text.replace("\u2060", "").split())


def test_the_former_and_the_latter_are_the_two_that_and_joins() -> None:
    written = (
        "{s1:Ewa Lisiecka} {q1:said} {c1:no}. In the hall Bo Lind and the envoy from Oman waited. "
        "{s2:The former} {q2:said} {c2:that Ewa Lisiecka was late}, "
        "{s3:the latter} {q3:denied} {c3:it}."
    )

    assert names(written) == ["Ewa Lisiecka", "Bo Lind", "the envoy"]


def test_a_question_without_a_name_is_of_whom_the_answer_before_it_calls() -> None:
    written = (
        "With Chiara Bellandi (Il Corriere) and Douglas Yee (Radio).\n\n"
        "{s1:BRIEFER}{q1::} {c1:“We met Douglas Yee. Chiara, go ahead.”}\n\n"
        "{s2:QUESTION}{q2::} {c2:“Was he late?”}\n\n"
        "{s3:QUESTION}{q3::} {c3:“Douglas Yee, Radio. Were you?”}"
    )

    assert names(written)[1:] == ["Chiara Bellandi", "Douglas Yee"]


def test_a_title_tells_two_of_one_surname_apart() -> None:
    met = "Dr Ana Horn met Eva Horn. {s1:Eva Horn} {q1:said} {c1:no}. "

    assert names(met + "{s2:Dr Horn} {q2:said} {c2:yes}.") == ["Eva Horn", "Ana Horn"]


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("Prime {s2:Minister Ewa} Lisiecka {q2:added}", id="cut"),
        pytest.param("{s2:Lisiecka {q2:added}}", id="runs over the cue"),
        pytest.param("Lisiecka {q2:added}", id="missed"),
        pytest.param("She {q2:added}", id="missed pronoun"),
    ],
)
def test_a_source_that_was_found_imperfectly_is_mended(source: str) -> None:
    assert names(LISIECKA + source + " {c2:that it would stay so}.") == ["Ewa Lisiecka"] * 2


def test_whom_a_cue_asks_is_not_its_source() -> None:
    assert names(LISIECKA + "{q2:Asked} {c2:whether it would stay so}, Lisiecka left.")[1] is None


def test_time_grows_little_more_than_with_the_text() -> None:
    paragraph = (
        "{s%d:Minister Ewa Lisiecka} {q%d:told} the ministry in Rome {c%d:that Bo Lind was late}. "
        "The Omani foreign ministry and its spokesman, Kofi Amo%s, said so to Ana Ra%s.\n\n"
    )
    short, long = (
        "".join(paragraph % (n, n, n, _letters(n), _letters(n)) for n in range(1, count + 1))
        for count in (100, 800)
    )

    def seconds(written: str) -> float:
        text, attributions = marked(written)
        sentences = sentences_of(text)
        start = time.process_time()
        MODEL.resolve(text, sentences, attributions)
        return time.process_time() - start

    # Eight times the text; in the square of it, it would be 64.
    assert min(seconds(long) for _ in range(2)) < 32 * min(seconds(short) for _ in range(3))


def _letters(number: int) -> str:
    """A number as letters, so that every paragraph names others."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))
