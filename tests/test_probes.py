"""Plain statements on the catalogue issues, hand-written: does the shipped model get them right?

These were written after the training data and never used in training or in choosing a model.
"""

import pytest

from stance.bundle import models_dir
from stance.classifier import Classifier
from stance.domain import Statement
from stance.issues import read_catalogue

PLAIN = [
    ("territorial-concessions", "favor", "Ukraine should accept the loss of Crimea and the Donbas in exchange for peace, the former ambassador said."),
    ("territorial-concessions", "against", "“We will not surrender our territory to anyone,” the Ukrainian president's chief of staff said."),
    ("territorial-concessions", "neutral", "Negotiators discussed the status of the occupied regions for three hours, a diplomat said."),
    ("us-russia-normalization", "favor", "Moscow hopes to restore normal relations with Washington as soon as possible, the foreign ministry said."),
    ("us-russia-normalization", "against", "There can be no return to business as usual between America and Russia, the senator said."),
    ("us-russia-normalization", "neutral", "Officials from the United States and Russia will meet in Istanbul next week to talk about bilateral relations, the embassy said."),
    ("ceasefire", "favor", "The UN secretary-general appealed to Russia and Ukraine to stop fighting immediately."),
    ("ceasefire", "against", "Russia rejects a ceasefire because it would only help the Ukrainian army, the Kremlin said."),
    ("ceasefire", "neutral", "Envoys will discuss the terms of a possible truce in Ukraine on Monday, the host country said."),
    ("sanctions-relief", "favor", "The sanctions on Russia hurt Europe more than Moscow and should be lifted, the Slovak prime minister said."),
    ("sanctions-relief", "against", "The European Union must tighten its sanctions against Russia, not loosen them, the Lithuanian minister said."),
    ("sanctions-relief", "neutral", "EU ambassadors will review the Russia sanctions in January, a spokesperson said."),
    ("nato-membership", "favor", "Ukraine belongs in NATO, the Estonian prime minister said."),
    ("nato-membership", "against", "Ukraine will never be admitted to NATO, and that is how it should be, the Hungarian leader said."),
    ("nato-membership", "neutral", "NATO ministers will discuss Ukraine's application at their meeting in Brussels, an official said."),
    ("western-troops", "favor", "Britain is ready to put soldiers on the ground in Ukraine to secure a peace deal, the prime minister said."),
    ("western-troops", "against", "Italy will not send troops to Ukraine under any circumstances, the defence minister said."),
    ("western-troops", "neutral", "Defence chiefs from thirty countries met in Paris to discuss a possible force for Ukraine, a spokesman said."),
    ("arms-deliveries", "favor", "Germany will deliver three more air defence systems to Ukraine, the chancellor announced."),
    ("arms-deliveries", "against", "The West should stop pumping weapons into Ukraine, the Russian ambassador said."),
    ("arms-deliveries", "neutral", "The Pentagon is reviewing the list of weapons for Ukraine, a spokesperson said without giving details."),
    ("minerals-deal", "favor", "Kyiv wants to sign the minerals agreement with Washington this week, the economy minister said."),
    ("minerals-deal", "against", "Ukraine must not sign away its mineral wealth to the Americans, the opposition lawmaker said."),
    ("minerals-deal", "neutral", "Talks on the minerals agreement between Kyiv and Washington continue, an official said."),
    ("seat-at-talks", "favor", "Nothing about Ukraine without Ukraine, the German foreign minister said, adding that Europeans belong at the table too."),
    ("seat-at-talks", "against", "There is no place for the Europeans at the negotiations, the Russian foreign minister said."),
    ("seat-at-talks", "neutral", "Asked whether Europeans would join the talks, the spokesman said no decision had been made."),
    ("embassies", "favor", "Washington and Moscow should let their embassies work normally again and return all diplomats to their posts, the ambassador said."),
    ("embassies", "against", "The United States should keep the Russian consulates closed, the congressman said."),
    ("embassies", "neutral", "American and Russian diplomats met in Istanbul to discuss the operation of their embassies, the consulate said."),
    ("nuclear-arms-limits", "favor", "Russia and the United States should extend the New START treaty, the arms control expert said."),
    ("nuclear-arms-limits", "against", "America should let the nuclear treaty with Russia expire and build as many warheads as it needs, the senator said."),
    ("nuclear-arms-limits", "neutral", "The New START treaty between Russia and the United States expires in February, the State Department noted."),
    ("prisoner-exchange", "favor", "All prisoners of war should be exchanged, the Ukrainian president said."),
    ("prisoner-exchange", "against", "We will hand over no more Ukrainian prisoners, the Russian lawmaker said."),
    ("prisoner-exchange", "neutral", "The Red Cross said it had no information about the date of the next prisoner swap."),
    ("nato-membership", "unrelated", "Sweden's parliament praised the country's first year as a NATO member."),
    ("ceasefire", "unrelated", "Israel and Hamas must agree to a ceasefire in Gaza, the Egyptian foreign minister said."),
    ("arms-deliveries", "unrelated", "The finance minister presented the budget for schools and hospitals."),
    ("sanctions-relief", "unrelated", "The United States imposed new sanctions on Iran's oil exports, the Treasury said."),
]  # fmt: skip
MOST_WRONG = 4


@pytest.fixture(scope="module", name="classifier")
def _classifier() -> Classifier:
    return Classifier.open(models_dir())


def test_plain_statements_on_the_catalogue_come_out_right(classifier: Classifier) -> None:
    catalogue = read_catalogue()
    wrong = []
    for issue_id, expected, text in PLAIN:
        (result,) = classifier.classify([Statement(text)], [catalogue[issue_id]])
        label = result.stances[0][1].label
        if label != expected:
            wrong.append(f"{issue_id}: {label}, not {expected}: {text}")

    assert len(wrong) <= MOST_WRONG, "\n".join(wrong)


TURNED = [
    ("nato-membership", "We want Ukraine in NATO.", "We do not want Ukraine in NATO."),
    ("ceasefire", "Stop the fighting in Ukraine now.", "Do not stop the fighting in Ukraine now."),
    ("arms-deliveries", "Keep sending arms to Kyiv.", "Stop sending arms to Kyiv."),
    ("prisoner-exchange", "Moscow agreed to swap prisoners.", "Moscow refused to swap prisoners."),
    ("western-troops", "We will send soldiers to Ukraine.", "We will send no soldiers to Ukraine."),
]


def test_a_few_words_turn_the_score_round(classifier: Classifier) -> None:
    catalogue = read_catalogue()
    wrong = []
    for issue_id, *pair in TURNED:
        results = classifier.classify(map(Statement, pair), [catalogue[issue_id]])
        favor, against = (result.stances[0][1].score for result in results)
        if not favor > 0 > against:
            wrong.append(f"{pair}: {favor:.2f}, {against:.2f}")

    assert len(wrong) <= 1, "\n".join(wrong)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The minister welcomed the excellent progress and thanked both sides.", "positive"),
        ("The minister condemned the barbaric attack and warned of terrible consequences.", "negative"),
        ("The delegations will meet again in Geneva on Thursday.", "neutral"),
    ],
    ids=["praise", "condemnation", "procedure"],
)  # fmt: skip
def test_plain_tones_come_out_right(classifier: Classifier, text: str, expected: str) -> None:
    (result,) = classifier.classify([Statement(text)], [])

    assert result.sentiment.label == expected
