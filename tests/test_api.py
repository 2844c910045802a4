import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from api.app import create_app
from api.schemas import ClassifyResponse
from api.settings import Settings
from stance.bundle import default_name, is_served, models_dir, open_bundle
from stance.conformal import PredictionSets
from stance.errors import InputError
from stance.issues import read_catalogue
from stance.manifest import ModelKind
from stance.packing import Rows
from tests.fakes import fake_classifier, keyword_network, word_tokenizer
from tests.problems import JSON, MARKER, MUST_BE_TEXT, REFUSED_TEXTS, fields, problem_of
from tests.tiny_bundles import classifier_with_sets, opening_at, publish_tiny

OWN = "Berlin should tax carbon"
TAX: dict[str, Any] = {
    "statements": [{"text": "Berlin supports the carbon tax"}],
    "propositions": [OWN],
}


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(create_app(Settings(), fake_classifier())) as served:
        yield served


@pytest.fixture(scope="module")
def sure() -> Iterator[TestClient]:
    """A service whose model has prediction sets, of all labels from 0.9 up."""
    with TestClient(create_app(Settings(), classifier_with_sets(0.9))) as served:
        yield served


@pytest.fixture(scope="module")
def shipped() -> Iterator[TestClient]:
    with TestClient(create_app(Settings())) as served:
        yield served


def classify(client: TestClient, **request: Any) -> list[dict[str, Any]]:
    response = client.post("/classify", json=request)
    assert response.status_code == 200, response.text
    results: list[dict[str, Any]] = response.json()["results"]
    return results


def refused(client: TestClient, body: bytes | Iterator[bytes], status: int) -> dict[str, Any]:
    return problem_of(client, "/classify", body, status)


def limited(**limits: int) -> TestClient:
    return TestClient(create_app(Settings(**limits), fake_classifier()))  # type: ignore[arg-type]


# Answers


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Berlin supports the carbon tax", "favor"),
        ("Berlin opposes the carbon tax", "against"),
        ("Berlin discusses the carbon tax", "neutral"),
        ("Moscow supports the grain trade", "unrelated"),
    ],
)
def test_a_statement_is_answered_with_its_stance(text: str, label: str, client: TestClient) -> None:
    [result] = classify(client, statements=[{"text": text}], propositions=[OWN])

    [stance] = result["stances"]
    assert (stance["issue"], stance["proposition"], stance["label"]) == (None, OWN, label)


def test_an_answer_has_the_probability_of_each_label_and_their_score(client: TestClient) -> None:
    [result] = classify(client, **TAX)

    high, low = np.e**4 / (np.e**4 + 3), 1 / (np.e**4 + 3)
    assert result["stances"][0]["probabilities"] == pytest.approx(
        {"favor": high, "against": low, "neutral": low, "unrelated": low}
    )
    assert result["stances"][0]["score"] == pytest.approx(high - low)


def test_a_result_has_the_fields_of_the_schema_and_no_others(client: TestClient) -> None:
    response = client.post("/classify", json=TAX)

    assert ClassifyResponse.model_validate(response.json(), extra="forbid", strict=True)
    assert "targets" not in response.json()["results"][0]
    assert response.json()["model"] == response.json()["results"][0]["model"] == "keyword"
    assert response.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("word", "tone"), [("good", "positive"), ("bad", "negative"), ("weather", "neutral")]
)
def test_the_tone_of_each_statement_is_answered(word: str, tone: str, client: TestClient) -> None:
    [result] = classify(client, statements=[{"text": f"A {word} treaty"}], propositions=[OWN])

    assert result["sentiment"]["label"] == tone


def test_the_targets_of_a_statement_are_answered_in_order(client: TestClient) -> None:
    statement = {"text": "A good treaty for Kyiv", "targets": ["Paris", "Kyiv"]}

    [result] = classify(client, statements=[statement], propositions=[OWN])

    assert [(one["target"], one["label"]) for one in result["targets"]] == [
        ("Paris", "positive"),
        ("Kyiv", "positive"),
    ]


def test_results_are_in_the_order_of_the_statements_and_keep_their_ids(client: TestClient) -> None:
    words = ["supports", "opposes", "discusses", "opposes", "supports"]
    statements = [
        {"id": f"s{n}", "text": f"Berlin {word} the carbon tax {'one ' * (7 * n % 5)}"}
        for n, word in enumerate(words)
    ]

    results = classify(client, statements=statements, propositions=[OWN])

    assert [(one["id"], one["stances"][0]["label"]) for one in results] == [
        ("s0", "favor"),
        ("s1", "against"),
        ("s2", "neutral"),
        ("s3", "against"),
        ("s4", "favor"),
    ]


def test_a_statement_without_an_id_is_answered_with_null(client: TestClient) -> None:
    assert classify(client, **TAX)[0]["id"] is None


def test_speaker_and_context_are_taken_and_change_nothing(client: TestClient) -> None:
    statement = TAX["statements"][0]
    more = {**statement, "speaker": "Paris opposes", "context": "bad"}

    assert classify(client, **TAX) == classify(client, **{**TAX, "statements": [more]})


def test_neither_issues_nor_propositions_asks_the_whole_catalogue(client: TestClient) -> None:
    [result] = classify(client, statements=[{"text": "Kyiv supports peace"}])

    assert [(one["issue"], one["proposition"]) for one in result["stances"]] == [
        (issue.id, issue.proposition) for issue in read_catalogue()
    ]


def test_issues_are_answered_before_propositions_each_in_the_order_asked(
    client: TestClient,
) -> None:
    [result] = classify(
        client,
        statements=[{"text": "Kyiv supports peace"}],
        issues=["nato-membership", "ceasefire"],
        propositions=[OWN, "Paris should trade"],
    )

    assert [one["issue"] or one["proposition"] for one in result["stances"]] == [
        "nato-membership",
        "ceasefire",
        OWN,
        "Paris should trade",
    ]


def test_a_statement_longer_than_the_window_is_answered_and_marked(client: TestClient) -> None:
    results = classify(
        client, statements=[{"text": "peace " * 70}, {"text": "peace"}], propositions=[OWN]
    )

    assert [one["truncated"] for one in results] == [True, False]


def test_text_outside_ascii_is_answered_as_it_was_sent(client: TestClient) -> None:
    proposition = "Kyïv should make peace \U0001f54a"

    [result] = classify(client, statements=[{"text": "“Мир”"}], propositions=[proposition])

    assert result["stances"][0]["proposition"] == proposition


@pytest.mark.parametrize(
    ("coverage", "stances", "tones"),
    [
        (0.8, ["favor"], ["neutral"]),
        (0.95, ["favor", "against", "neutral", "unrelated"], ["positive", "neutral", "negative"]),
    ],
)
def test_where_coverage_is_asked_every_answer_has_its_set(
    coverage: float, stances: list[str], tones: list[str], sure: TestClient
) -> None:
    statement = {"text": "Berlin supports the carbon tax", "targets": ["Berlin"]}

    response = sure.post("/classify", json={**TAX, "statements": [statement], "coverage": coverage})

    [result] = response.json()["results"]
    assert ClassifyResponse.model_validate(response.json(), extra="forbid", strict=True)
    assert [one["prediction_set"] for one in result["stances"]] == [stances]
    assert result["sentiment"]["prediction_set"] == tones
    assert result["targets"][0]["prediction_set"] == tones


def test_where_no_coverage_is_asked_no_answer_has_a_set(sure: TestClient) -> None:
    assert "prediction_set" not in sure.post("/classify", json=TAX).text
    assert sure.post("/classify", json={**TAX, "coverage": None}).status_code == 200


def test_two_requests_at_once_have_their_own_answers() -> None:
    app = create_app(Settings(), fake_classifier())

    async def ask_both() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await asyncio.gather(
                *(
                    client.post(
                        "/classify",
                        json={"statements": [{"text": f"Berlin {word} a tax"}] * 20}
                        | {"propositions": [OWN]},
                    )
                    for word in ("supports", "opposes")
                )
            )

    answers = asyncio.run(ask_both())

    assert [
        {one["stances"][0]["label"] for one in answer.json()["results"]} for answer in answers
    ] == [{"favor"}, {"against"}]


# Settings


def test_a_catalogue_of_ones_own_is_what_the_service_asks(tmp_path: Path) -> None:
    path = tmp_path / "issues.toml"
    path.write_text(f'[[issue]]\nid = "tax"\nname = "Tax"\nproposition = "{OWN}"\n')
    client = TestClient(create_app(Settings(issues=path), fake_classifier()))

    [result] = classify(client, statements=TAX["statements"])

    assert [(one["issue"], one["label"]) for one in result["stances"]] == [("tax", "favor")]
    assert client.get("/issues").json() == [{"id": "tax", "name": "Tax", "proposition": OWN}]


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STANCE_MAX_STATEMENTS", "2")

    assert Settings().max_statements == 2


def test_a_catalogue_that_the_model_cannot_read_is_refused_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "issues.toml"
    path.write_text(f'[[issue]]\nid = "a"\nname = "A"\nproposition = "{"peace " * 80}"\n')

    with pytest.raises(InputError) as caught:
        create_app(Settings(issues=path), fake_classifier())

    assert str(caught.value) == "proposition: is longer than the model's 64 tokens; shorten it"


# The other routes


def test_issues_lists_the_catalogue(client: TestClient) -> None:
    assert client.get("/issues").json() == [
        {"id": issue.id, "name": issue.name, "proposition": issue.proposition}
        for issue in read_catalogue()
    ]


def test_model_tells_the_identity_of_the_bundle_that_answers(shipped: TestClient) -> None:
    bundle = open_bundle(models_dir())

    told = shipped.get("/model").json()

    finds = told.pop("extractor") is not None
    assert finds is is_served(models_dir(), ModelKind.EXTRACTION)
    assert told == {
        "name": default_name(models_dir()),
        "digest": bundle.digest,
        "window": bundle.window,
        "labels": {
            "stance": ["favor", "against", "neutral", "unrelated"],
            "sentiment": ["positive", "neutral", "negative"],
        },
        "temperatures": bundle.manifest["temperatures"],
        "description": bundle.manifest.get("description", ""),
        "prediction_sets": bundle.prediction_sets is not None,
    }


@pytest.mark.parametrize("sets", [None, opening_at(0.9)], ids=["without", "with"])
def test_model_tells_whether_coverage_can_be_asked(
    sets: PredictionSets | None, tmp_path: Path
) -> None:
    publish_tiny(tmp_path, "tiny", "favor", sets, window=128)
    client = TestClient(create_app(Settings(models=tmp_path, model="tiny")))

    answer = client.post("/classify", json={**TAX, "coverage": 0.8})

    assert client.get("/model").json()["prediction_sets"] is (sets is not None)
    assert answer.status_code == (422 if sets is None else 200)


def test_the_shipped_bundle_answers_under_its_name(shipped: TestClient) -> None:
    response = shipped.post("/classify", json=TAX)

    assert ClassifyResponse.model_validate(response.json(), extra="forbid", strict=True)
    assert response.json()["model"] == default_name(models_dir())


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_a_service_that_has_started_is_alive_and_ready(path: str, client: TestClient) -> None:
    response = client.get(path)

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_a_service_that_has_not_started_is_alive_and_not_ready() -> None:
    waiting = TestClient(create_app(Settings(), fake_classifier()))

    assert waiting.get("/livez").status_code == 200
    response = waiting.get("/readyz")
    assert (response.status_code, response.json()["status"]) == (503, 503)
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["retry-after"] == "1"


def test_the_contract_and_its_page_are_served(client: TestClient) -> None:
    page = client.get("/docs")

    assert page.status_code == 200
    assert "://" not in page.text  # nothing comes from a network
    assert set(client.get("/openapi.json").json()["paths"]) == {
        "/classify",
        "/analyze",
        "/issues",
        "/model",
        "/livez",
        "/readyz",
    }


def test_the_example_of_the_contract_is_answered(client: TestClient) -> None:
    contract = client.get("/openapi.json").json()

    [example] = contract["components"]["schemas"]["ClassifyRequest"]["examples"]

    assert [one["id"] for one in classify(client, **example)] == ["a-1"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("post", "/classify", "400"),
        ("post", "/classify", "413"),
        ("post", "/classify", "422"),
        ("get", "/readyz", "503"),
    ],
)
def test_the_contract_documents_errors_under_the_media_type_they_have(
    method: str, path: str, status: str, client: TestClient
) -> None:
    contract = client.get("/openapi.json").json()

    [(media_type, content)] = contract["paths"][path][method]["responses"][status][
        "content"
    ].items()
    schema = contract["components"]["schemas"].get("Problem", content.get("schema"))
    assert media_type == "application/problem+json"
    assert content["schema"] in (schema, {"$ref": "#/components/schemas/Problem"})
    assert list(schema["properties"]) == ["type", "title", "status", "detail", "errors"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("GET", "/classify", 405), ("POST", "/issues", 405)],
)
def test_an_unknown_route_or_method_is_a_problem_document(
    method: str, path: str, status: int, client: TestClient
) -> None:
    response = client.request(method, path)

    assert response.headers["content-type"] == "application/problem+json"
    assert (response.status_code, response.json()["status"]) == (status, status)
    assert response.json()["title"] == HTTPStatus(status).phrase


def test_a_wrong_method_is_told_the_right_one(client: TestClient) -> None:
    assert client.get("/classify").headers["allow"] == "POST"


def test_a_fault_of_the_service_is_a_problem_document_that_holds_no_text() -> None:
    def broken(rows: Rows, /) -> NDArray[np.float32]:
        raise RuntimeError(MARKER)

    app = create_app(Settings(), fake_classifier(network=broken))
    response = TestClient(app, raise_server_exceptions=False).post("/classify", json=TAX)

    assert (response.status_code, response.json()["status"]) == (500, 500)
    assert response.headers["content-type"] == "application/problem+json"
    assert MARKER not in response.text


# What is refused: texts


def text_body(text: bytes) -> bytes:
    return b'{"statements": [{"text": "good"}, {"text": %s}]}' % text


NO_TEXTS = {
    **REFUSED_TEXTS,
    "Infinity": (b"Infinity", MUST_BE_TEXT),
    "-Infinity": (b"-Infinity", MUST_BE_TEXT),
    "1e999": (b"1e999", MUST_BE_TEXT),
}


@pytest.mark.parametrize(("text", "reason"), NO_TEXTS.values(), ids=NO_TEXTS.keys())
def test_a_text_that_cannot_be_read_is_named_by_its_place_and_reason(
    text: bytes, reason: str, client: TestClient
) -> None:
    problem = refused(client, text_body(text), 422)

    assert problem["errors"] == [{"field": "statements.1.text", "reason": reason}]
    assert problem["detail"] == f"statements.1.text: {reason}"


OTHER_FIELDS = {
    "blank id": (b'"id": " "', "statements.0.id"),
    "number as id": (b'"id": 5', "statements.0.id"),
    "long id": (b'"id": "%s"' % (MARKER.encode() * 50), "statements.0.id"),
    "NUL in speaker": (rb'"speaker": "xylophone\u0000"', "statements.0.speaker"),
    "long speaker": (b'"speaker": "%s"' % (MARKER.encode() * 99), "statements.0.speaker"),
    "context of another type": (b'"context": ["xylophone"]', "statements.0.context"),
    "targets as text": (b'"targets": "xylophone"', "statements.0.targets"),
    "target as number": (b'"targets": ["Kyiv", 5]', "statements.0.targets.1"),
    "blank target": (b'"targets": ["Kyiv", ""]', "statements.0.targets.1"),
    "surrogate in target": (rb'"targets": ["xylophone\udfff"]', "statements.0.targets.0"),
    "unknown field": (b'"confidence": "xylophone"', "statements.0.confidence"),
}


@pytest.mark.parametrize(("field", "place"), OTHER_FIELDS.values(), ids=OTHER_FIELDS.keys())
def test_every_field_of_a_statement_that_cannot_be_read_is_named_by_its_place(
    field: bytes, place: str, client: TestClient
) -> None:
    problem = refused(client, b'{"statements": [{"text": "good", %s}]}' % field, 422)

    assert fields(problem) == [place]
    assert problem["detail"].startswith(f"{place}: ")


def test_all_faults_of_a_request_are_named_at_once(client: TestClient) -> None:
    body = b'{"statements": [{"text": 5}, {}, {"text": "good", "tone": 1}], "issues": 5, "x": 1}'

    assert fields(refused(client, body, 422)) == [
        "statements.0.text",
        "statements.1.text",
        "statements.2.tone",
        "issues",
        "x",
    ]


def test_of_many_faults_the_first_twenty_are_named_and_the_others_counted(
    client: TestClient,
) -> None:
    problem = refused(client, b'{"statements": [%s {"text": 5}]}' % (b'{"text": 5},' * 24), 422)

    assert fields(problem) == [f"statements.{n}.text" for n in range(20)]
    assert problem["detail"].endswith("; and 5 more")


MANY = b"1," * 20_000 + b"1"
FAR_TOO_MANY = {
    "statements": b'{"statements": [%s]}' % MANY,
    "issues": b'{"statements": [{"text": "good"}], "issues": [%s]}' % MANY,
    "propositions": b'{"statements": [{"text": "good"}], "propositions": [%s]}' % MANY,
    "targets": b'{"statements": [{"text": "good", "targets": [%s]}]}' % MANY,
    "fields": json.dumps(dict.fromkeys(range(20_000), 1) | {"statements": []}).encode(),
}


@pytest.mark.parametrize("body", FAR_TOO_MANY.values(), ids=FAR_TOO_MANY.keys())
def test_far_too_many_members_are_one_fault_and_not_one_for_each(
    body: bytes, client: TestClient
) -> None:
    assert len(refused(client, body, 422)["errors"]) == 1


# What is refused: questions


def test_an_unknown_issue_is_answered_with_the_nearest_known(client: TestClient) -> None:
    body = b'{"statements": [{"text": "xylophone"}], "issues": ["ceasefire", "nato"]}'

    problem = refused(client, body, 422)

    reason = "unknown issue 'nato'; nearest known: nato-membership"
    assert problem["errors"] == [{"field": "issues", "reason": reason}]


def test_an_unknown_issue_that_is_long_is_shortened_in_the_answer(client: TestClient) -> None:
    body = b'{"statements": [{"text": "good"}], "issues": ["%s"]}' % (b"z" * 150)

    [error] = refused(client, body, 422)["errors"]

    assert error["reason"].startswith(f"unknown issue '{'z' * 60}...'; nearest known: ")


@pytest.mark.parametrize(
    ("proposition", "reason"),
    [
        (b'" "', "is empty; give at least one word"),
        (rb'"xylophone\u0000"', "holds a NUL character at offset 9; remove it"),
        (
            rb'"xylophone\ud800"',
            "holds a lone surrogate at offset 9; send valid Unicode",
        ),
        (b"5", MUST_BE_TEXT),
        (b'"%s"' % (b"peace " * 80), "is longer than the model's 64 tokens; shorten it"),
    ],
    ids=["blank", "NUL", "lone surrogate", "number", "longer than the window"],
)
def test_a_proposition_that_cannot_be_read_is_named_by_its_place(
    proposition: bytes, reason: str, client: TestClient
) -> None:
    body = b'{"statements": [{"text": "good"}], "propositions": ["good", %s]}' % proposition

    assert refused(client, body, 422)["errors"] == [{"field": "propositions.1", "reason": reason}]


@pytest.mark.parametrize(
    ("coverage", "reason"),
    [
        (b"0.49", "Input should be greater than or equal to 0.5"),
        (b"0.995", "Input should be less than or equal to 0.99"),
        (b"1", "Input should be less than or equal to 0.99"),
        (b"90", "Input should be less than or equal to 0.99"),
        (b"9" * 400, "Input should be a valid number"),
        (b"NaN", "Input should be a finite number"),
        (b"1e999", "Input should be a finite number"),
        (b'"0.9"', "Input should be a valid number"),
        (b"true", "Input should be a valid number"),
        (b"[0.9]", "Input should be a valid number"),
    ],
    ids=lambda value: value[:9].decode() if isinstance(value, bytes) else None,
)
def test_a_coverage_that_cannot_be_given_is_named_with_the_reason(
    coverage: bytes, reason: str, sure: TestClient
) -> None:
    body = b'{"statements": [{"text": "xylophone"}], "coverage": %s}' % coverage

    assert refused(sure, body, 422)["errors"] == [{"field": "coverage", "reason": reason}]


def test_coverage_of_a_model_without_prediction_sets_is_refused_with_the_remedy(
    client: TestClient,
) -> None:
    body = b'{"statements": [{"text": "xylophone"}], "coverage": 0.9}'

    assert refused(client, body, 422)["errors"] == [
        {
            "field": "coverage",
            "reason": (
                "the model keyword has no prediction sets; ask without coverage, or train a newer"
                " model"
            ),
        }
    ]


def test_the_contract_tells_the_range_of_coverage(client: TestClient) -> None:
    contract = client.get("/openapi.json").json()

    [number, nothing] = contract["components"]["schemas"]["ClassifyRequest"]["properties"][
        "coverage"
    ]["anyOf"]
    assert number == {"type": "number", "minimum": 0.5, "maximum": 0.99}
    assert nothing == {"type": "null"}


def test_a_target_too_long_to_be_a_name_is_named_by_its_place(client: TestClient) -> None:
    targets = b'{"text": "good", "targets": ["Kyiv", "%s"]}' % (MARKER.encode() * 20)

    assert refused(client, b'{"statements": [{"text": "good"}, %s]}' % targets, 422)["errors"] == [
        {
            "field": "statements.1.targets.1",
            "reason": "has 180 characters; a target is a name of at most 160",
        }
    ]


# What is refused: bodies


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"statements": []}', "statements"),
        (b'{"statements": null}', "statements"),
        (b'{"statements": {"text": "xylophone"}}', "statements"),
        (b'{"statements": "xylophone"}', "statements"),
        (b'{"statements": ["xylophone"]}', "statements.0"),
        (b'{"statements": [{}]}', "statements.0.text"),
        (b"{}", "statements"),
        (b'{"statements": [{"text": "xylophone"}], "model": "xylophone"}', "model"),
        (b'{"statements": [{"text": "xylophone"}], "issues": "ceasefire"}', "issues"),
        (b'{"statements": [{"text": "xylophone"}], "issues": [5]}', "issues.0"),
        (b'{"statements": [{"text": "xylophone"}], "issues": null}', "issues"),
        (b'["xylophone"]', "body"),
        (b'"xylophone"', "body"),
        (b"null", "body"),
        (b"NaN", "body"),
        (b"", "body"),
    ],
    ids=lambda value: value.decode() or "nothing" if isinstance(value, bytes) else None,
)
def test_a_body_of_another_form_is_refused_with_the_field_at_fault(
    body: bytes, field: str, client: TestClient
) -> None:
    assert fields(refused(client, body, 422)) == [field]


@pytest.mark.parametrize(
    "body",
    [b"{", b'{"statements": [{"text": "xylophone"}], }', b"xylophone", b"'xylophone'"],
    ids=bytes.decode,
)
def test_a_body_that_is_no_json_is_refused_as_such(body: bytes, client: TestClient) -> None:
    assert refused(client, body, 422)["errors"] == [
        {"field": "body", "reason": "is not valid JSON"}
    ]


UNREADABLE = {
    "deep lists": b"[" * 100_000,
    "deep lists that end": b'{"statements": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "deep objects": b'{"statements": ' * 100_000,
    "huge number": b'{"statements": [{"text": "xylophone", "id": ' + b"9" * 5000 + b"}]}",
    "no UTF-8": b'{"statements": [{"text": "xylophone\xff"}]}',
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_body_that_cannot_be_read_is_a_problem_and_no_failure(
    body: bytes, client: TestClient
) -> None:
    response = client.post("/classify", content=body, headers=JSON)

    assert response.status_code in (400, 422)
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["status"] == response.status_code
    assert "body" in response.json()["detail"]
    assert MARKER not in response.text


@pytest.mark.parametrize("media_type", ["text/plain", "multipart/form-data", "none"])
def test_another_content_type_is_refused_by_its_name(media_type: str, client: TestClient) -> None:
    response = client.post(
        "/classify",
        content=json.dumps({"statements": [{"text": MARKER}]}),
        headers={"content-type": media_type},
    )

    assert response.status_code in (415, 422)
    assert response.headers["content-type"] == "application/problem+json"
    assert "application/json" in response.json()["detail"]
    assert MARKER not in response.text


# What is refused: too much


LIMITS = {
    "statements": (
        {"max_statements": 2},
        {"statements": [{"text": MARKER}] * 3},
        "statements",
        "has 3 statements, over the limit of 2 (setting STANCE_MAX_STATEMENTS)",
    ),
    "issues": (
        {"max_issues": 12},
        {"statements": [{"text": MARKER}], "issues": ["ceasefire"] * 13},
        "issues",
        "has 13 issues, over the limit of 12 (setting STANCE_MAX_ISSUES)",
    ),
    "issues and propositions": (
        {"max_issues": 12},
        {"statements": [{"text": MARKER}], "issues": ["embassies"] * 6, "propositions": [OWN] * 7},
        "propositions",
        "has 13 issues, over the limit of 12 (setting STANCE_MAX_ISSUES)",
    ),
    "targets": (
        {"max_targets": 1},
        {"statements": [{"text": "good"}, {"text": MARKER, "targets": ["Kyiv", MARKER]}]},
        "statements.1.targets",
        "has 2 targets, over the limit of 1 (setting STANCE_MAX_TARGETS)",
    ),
    "characters of a text": (
        {"max_text_characters": 8},
        {"statements": [{"text": "good"}, {"text": MARKER}]},
        "statements.1.text",
        "has 9 text characters, over the limit of 8 (setting STANCE_MAX_TEXT_CHARACTERS)",
    ),
    "characters of a proposition": (
        {"max_proposition_characters": 8},
        {"statements": [{"text": "good"}], "propositions": ["good", MARKER]},
        "propositions.1",
        (
            "has 9 proposition characters, over the limit of 8"
            " (setting STANCE_MAX_PROPOSITION_CHARACTERS)"
        ),
    ),
    "pairs": (
        {"max_pairs": 3},
        {"statements": [{"text": MARKER}] * 2, "propositions": [OWN]},
        "statements",
        "has 4 pairs, over the limit of 3 (setting STANCE_MAX_PAIRS)",
    ),
    "pairs with targets": (
        {"max_pairs": 4},
        {"statements": [{"text": "good", "targets": ["Kyiv"]}] * 2, "propositions": [OWN]},
        "statements",
        "has 6 pairs, over the limit of 4 (setting STANCE_MAX_PAIRS)",
    ),
}


@pytest.mark.parametrize(
    ("limits", "request_body", "field", "reason"), LIMITS.values(), ids=LIMITS.keys()
)
def test_more_than_a_limit_is_refused_with_the_limit_and_its_setting(
    limits: dict[str, int], request_body: dict[str, Any], field: str, reason: str
) -> None:
    problem = refused(limited(**limits), json.dumps(request_body).encode(), 422)

    assert problem["errors"] == [{"field": field, "reason": reason}]


AT_THE_LIMIT = {
    "statements": ({"max_statements": 3}, {"statements": [{"text": "good"}] * 3}),
    "issues": ({"max_issues": 2}, {**TAX, "issues": ["ceasefire"]}),
    "the whole catalogue": ({"max_issues": 1}, {"statements": [{"text": "good"}]}),
    "targets": ({"max_targets": 2}, {"statements": [{"text": "good", "targets": ["a", "b"]}]}),
    "characters of a text": ({"max_text_characters": 4}, {"statements": [{"text": "good"}]}),
    "characters of a proposition": ({"max_proposition_characters": len(OWN)}, TAX),
    "pairs": ({"max_pairs": 2}, TAX),
}


@pytest.mark.parametrize(("limits", "request_body"), AT_THE_LIMIT.values(), ids=AT_THE_LIMIT.keys())
def test_as_much_as_a_limit_allows_is_answered(
    limits: dict[str, int], request_body: dict[str, Any]
) -> None:
    assert limited(**limits).post("/classify", json=request_body).status_code == 200


def in_pieces(body: bytes) -> Iterator[bytes]:
    """A body whose length is not told in advance."""
    for at in range(0, len(body), 50):
        yield body[at : at + 50]


@pytest.mark.parametrize("send", [bytes, in_pieces], ids=["length told", "chunked"])
def test_a_body_over_the_limit_is_refused_with_the_limit_and_its_setting(
    send: Callable[[bytes], bytes | Iterator[bytes]],
) -> None:
    body = b'{"statements": [{"text": "%s"}]}' % (MARKER.encode() * 200)

    problem = refused(limited(max_body_bytes=1000), send(body), 413)

    assert problem["detail"] == (
        "the body is over the limit of 1000 bytes (setting STANCE_MAX_BODY_BYTES)"
    )


@pytest.mark.parametrize("send", [bytes, in_pieces], ids=["length told", "chunked"])
def test_a_body_of_as_many_bytes_as_the_limit_is_answered(
    send: Callable[[bytes], bytes | Iterator[bytes]],
) -> None:
    body = json.dumps(TAX).encode()
    client = limited(max_body_bytes=len(body))

    response = client.post("/classify", content=send(body), headers=JSON)

    assert response.status_code == 200


def test_a_body_over_the_limit_is_not_read_to_its_end() -> None:
    taken = 0

    async def endless() -> dict[str, Any]:
        nonlocal taken
        taken += 1
        return {"type": "http.request", "body": b"x" * 100, "more_body": True}

    async def send(message: Any) -> None:
        pass

    scope = {
        "type": "http", "method": "POST", "path": "/classify", "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }  # fmt: skip
    app = create_app(Settings(max_body_bytes=1000), fake_classifier())

    asyncio.run(asyncio.wait_for(app(scope, endless, send), 10))

    assert taken == 11


# Laws

ANY_TEXT = st.text(st.characters())  # with lone surrogates, as JSON can write them
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=12,
)
STATEMENTS_LIKE = st.fixed_dictionaries(
    {"statements": st.lists(st.fixed_dictionaries({"text": JSON_VALUES}), max_size=3)},
    optional={"issues": JSON_VALUES, "propositions": st.lists(JSON_VALUES, max_size=3)},
)
REQUESTS = st.fixed_dictionaries(
    {
        "statements": st.lists(
            st.fixed_dictionaries(
                {"text": ANY_TEXT},
                optional={"id": ANY_TEXT, "targets": st.lists(ANY_TEXT, max_size=3)},
            ),
            max_size=4,
        )
    },
    optional={"propositions": st.lists(ANY_TEXT, max_size=3), "coverage": JSON_VALUES},
)


@settings(max_examples=60, deadline=None)
@given(value=JSON_VALUES | STATEMENTS_LIKE | REQUESTS)
def test_any_json_is_answered_or_refused_and_never_fails(value: object, sure: TestClient) -> None:
    response = sure.post("/classify", content=json.dumps(value), headers=JSON)

    assert response.status_code in (200, 422)
    assert response.status_code == 200 or response.json()["errors"]


@settings(max_examples=60, deadline=None)
@given(body=st.binary(max_size=200))
def test_any_bytes_are_refused_and_never_fail(body: bytes, client: TestClient) -> None:
    assert client.post("/classify", content=body, headers=JSON).status_code in (400, 422)


def test_the_service_is_alive_while_the_model_computes() -> None:
    computing, looked = threading.Event(), threading.Event()
    answer = keyword_network(word_tokenizer())

    def waits_to_be_looked_at(rows: Rows, /) -> NDArray[np.float32]:
        computing.set()
        assert looked.wait(10)
        return answer(rows)

    async def look(client: httpx.AsyncClient) -> httpx.Response:
        assert await asyncio.to_thread(computing.wait, 10)
        response = await client.get("/livez")
        looked.set()
        return response

    async def ask_both() -> tuple[httpx.Response, httpx.Response]:
        app = create_app(Settings(), fake_classifier(network=waits_to_be_looked_at))
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await asyncio.gather(client.post("/classify", json=TAX), look(client))

    assert [response.status_code for response in asyncio.run(ask_both())] == [200, 200]
