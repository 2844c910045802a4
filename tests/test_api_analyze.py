"""`POST /analyze`: who says what in an article; what cannot be read is refused by its field."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
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
from api.engine import Engine, Served
from api.schemas import AnalyzeResponse
from api.settings import Settings
from stance.__main__ import main
from stance.article_tokens import ArticleReader
from stance.bundle import open_bundle
from stance.classifier import Classifier
from stance.domain import Article
from stance.manifest import ModelKind
from stance.network import TokenTags
from stance.packing import Rows
from stance.quotes import Extractor
from stance.tagger import Tagger
from tests.fakes import fake_classifier, keyword_network, word_tokenizer
from tests.problems import JSON, MARKER, REFUSED_TEXTS, fields, problem_of
from tests.tiny_analysis import NOBODY, ONE, PEACE, TAX, TEXT, analyzer_by_eye, publish_extractor
from tests.tiny_bundles import classifier_with_sets, publish_tiny

ASK: dict[str, Any] = {"text": TEXT, "propositions": [PEACE.proposition, TAX.proposition]}


def service(classifier: Classifier | None = None) -> TestClient:
    return limited({}, classifier)


def limited(limits: dict[str, Any], classifier: Classifier | None = None) -> TestClient:
    extractor = analyzer_by_eye().extractor
    return TestClient(create_app(Settings(**limits), classifier or fake_classifier(), extractor))


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with service(classifier_with_sets(0.9)) as served:
        yield served


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A model that is for everything, and one that finds a statement."""
    publish_tiny(tmp_path, "for", "favor", window=128)
    publish_extractor(tmp_path, "finder")
    (tmp_path / "DEFAULT").write_text("for\n")
    (tmp_path / "EXTRACTOR").write_text("finder\n")
    return tmp_path


def analyze(client: TestClient, **request: Any) -> list[dict[str, Any]]:
    response = client.post("/analyze", json=request)
    assert response.status_code == 200, response.text
    statements: list[dict[str, Any]] = response.json()["statements"]
    return statements


def refused(client: TestClient, body: bytes, status: int = 422) -> dict[str, Any]:
    return problem_of(client, "/analyze", body, status)


# Answers


def test_the_statements_of_an_article_are_answered_in_order(client: TestClient) -> None:
    first, second = analyze(client, **ASK)

    assert [one["label"] for one in first["stances"]] == ["favor", "unrelated"]
    assert [one["label"] for one in second["stances"]] == ["unrelated", "against"]
    assert [one["speaker"]["name"] for one in (first, second)] == ["Moscow", "Warsaw"]
    assert [one["sentiment"]["label"] for one in (first, second)] == ["neutral", "negative"]
    assert [TEXT[one["start"] : one["end"]] for one in (first, second)] == [
        "that it supports peace",
        "That Kyiv opposes a bad carbon tax",
    ]


def test_an_answer_has_the_fields_of_the_schema_and_no_others(client: TestClient) -> None:
    response = client.post("/analyze", json={**ASK, "coverage": 0.8, "title": "Peace", "id": "7"})

    answer = AnalyzeResponse.model_validate(response.json(), extra="forbid", strict=True)
    assert (answer.model, answer.extractor) == ("keyword", "by eye")
    assert [one.id for one in answer.statements] == ["7-1", "7-2"]
    assert response.json()["statements"][0]["stances"][0]["prediction_set"] == ["favor"]
    assert response.headers["content-type"] == "application/json"


def test_neither_issues_nor_propositions_asks_the_whole_catalogue(client: TestClient) -> None:
    [statement] = analyze(client, text=ONE)

    assert len(statement["stances"]) == len(client.get("/issues").json())


def test_an_article_in_which_nobody_speaks_is_answered_with_no_statement(
    client: TestClient,
) -> None:
    assert analyze(client, text="Football is good.") == []


def test_a_statement_is_answered_as_classify_answers_its_text(client: TestClient) -> None:
    found = analyze(client, **ASK)

    asked = [{"text": one["text"], "id": one["id"]} for one in found]
    body = {"statements": asked, "propositions": ASK["propositions"]}
    results = client.post("/classify", json=body).json()["results"]
    assert [{key: one[key] for key in results[0]} for one in found] == results


def test_the_two_doors_give_the_same_answer(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "article.txt"
    path.write_text(ONE)
    with TestClient(create_app(Settings(models=models))) as client:
        response = client.post("/analyze", json={"text": ONE, "issues": ["ceasefire"]})

    with pytest.raises(SystemExit):
        main(["analyze", str(path), "--json", "--issue", "ceasefire", "--models", str(models)])

    assert capsys.readouterr().out == response.text + "\n"


# The service


def test_the_contract_has_an_example_that_is_answered(client: TestClient) -> None:
    contract = client.get("/openapi.json").json()
    [example] = contract["components"]["schemas"]["AnalyzeRequest"]["examples"]

    assert client.post("/analyze", json=example).status_code == 200
    assert {"400", "413", "415", "422", "501"} <= set(
        contract["paths"]["/analyze"]["post"]["responses"]
    )


def test_the_page_can_show_every_field_of_the_contract(client: TestClient) -> None:
    schemas = client.get("/openapi.json").json()["components"]["schemas"]

    def types(schema: dict[str, Any]) -> None:
        """Follows a type as the page does; a list without a type of members would stop it."""
        if schema.get("type") == "array":
            types(schema["items"])
        for one in schema.get("anyOf", []):
            types(one)

    for schema in schemas.values():
        for field in schema.get("properties", {}).values():
            types(field)
    assert "speaker" in schemas["ArticleStatementOut"]["properties"]


def test_model_tells_the_identity_of_what_finds_statements(models: Path) -> None:
    finder = open_bundle(models, kind=ModelKind.EXTRACTION)

    with TestClient(create_app(Settings(models=models))) as client:
        assert client.get("/readyz").status_code == 200
        told = client.get("/model").json()

    assert told["name"] == "for"
    assert told["extractor"] == {
        "name": "finder",
        "digest": finder.digest,
        "window": 64,
        "description": "finder",
    }


def test_a_service_without_an_extractor_serves_the_rest_and_says_what_to_do(
    models: Path,
) -> None:
    (models / "EXTRACTOR").unlink()

    with TestClient(create_app(Settings(models=models))) as client:
        assert client.get("/readyz").status_code == 200
        assert client.get("/model").json()["extractor"] is None
        assert client.post("/classify", json={"statements": [{"text": ONE}]}).status_code == 200
        problem = refused(client, json.dumps(ASK).encode(), 501)
        assert refused(client, b'{"text": " "}')["errors"][0]["field"] == "text"

    assert "no model that finds statements" in problem["detail"]
    assert "models/EXTRACTOR" in problem["detail"]


def test_an_extractor_of_ones_own_is_named_by_a_setting(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_extractor(models, "mine")
    monkeypatch.setenv("STANCE_EXTRACTOR", "mine")

    with TestClient(create_app(Settings(models=models))) as client:
        assert client.post("/analyze", json={"text": ONE}).json()["extractor"] == "mine"


def test_the_service_is_alive_while_an_article_is_read() -> None:
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
        classifier = fake_classifier(network=waits_to_be_looked_at)
        app = create_app(Settings(), classifier, analyzer_by_eye().extractor)
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await asyncio.gather(client.post("/analyze", json=ASK), look(client))

    assert [response.status_code for response in asyncio.run(ask_both())] == [200, 200]


# New models


@pytest.fixture
def engine(models: Path) -> Iterator[Engine]:
    engine = Engine(lambda: Served.open(models, None, None, 1), [PEACE])
    yield engine
    engine.close()


def remove(models: Path) -> str:
    (models / "EXTRACTOR").unlink()
    return "no model that finds statements is named any more"


def break_file(models: Path) -> str:
    (models / "finder" / "speakers.json").write_text("{}")
    return "speakers.json: its sha256 is not the manifest's"


def name_another_kind(models: Path) -> str:
    (models / "EXTRACTOR").write_text("for\n")
    return "is a model of stance, and one of extraction is needed here"


@pytest.mark.parametrize(
    "spoil", [remove, break_file, name_another_kind], ids=lambda one: one.__name__
)
def test_an_extractor_that_cannot_be_served_leaves_both_old_models_serving(
    spoil: Callable[[Path], str], engine: Engine, models: Path, caplog: pytest.LogCaptureFixture
) -> None:
    publish_tiny(models, "other", "against", window=128)
    (models / "DEFAULT").write_text("other\n")
    reason = spoil(models)

    asyncio.run(engine.renew())

    assert engine.served.names == "for and finder"
    [line] = caplog.messages
    assert line.startswith("still serving for and finder: ")
    assert reason in line


def test_an_extractor_that_fails_when_it_is_warmed_leaves_both_old_models_serving(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(rows: Rows, /) -> TokenTags:
        raise RuntimeError("no such operator")

    reader = ArticleReader(word_tokenizer(), 64)
    extractor = Extractor(Tagger(broken, reader, "broken"), NOBODY)
    engine._open = lambda: Served(fake_classifier(), extractor=extractor)

    asyncio.run(engine.renew())

    assert engine.served.names == "for and finder"
    assert caplog.messages == ["still serving for and finder: no such operator"]


def test_both_models_are_renewed_together(engine: Engine, models: Path) -> None:
    publish_tiny(models, "other", "against", window=128)
    publish_extractor(models, "newer")
    (models / "DEFAULT").write_text("other\n")
    (models / "EXTRACTOR").write_text("newer\n")

    asyncio.run(engine.renew())

    answer = json.loads(asyncio.run(engine.analyze(Article(ONE), [PEACE], None, 10)))
    assert (answer["model"], answer["extractor"]) == ("other", "newer")


def test_a_service_that_had_no_extractor_takes_the_first_one(models: Path) -> None:
    (models / "EXTRACTOR").unlink()
    engine = Engine(lambda: Served.open(models, None, None, 1), [PEACE])
    assert engine.served.names == "for"
    (models / "EXTRACTOR").write_text("finder\n")

    asyncio.run(engine.renew())
    engine.close()

    assert engine.served.names == "for and finder"


# What is refused


@pytest.mark.parametrize(("text", "reason"), REFUSED_TEXTS.values(), ids=REFUSED_TEXTS.keys())
def test_a_text_that_cannot_be_read_is_refused_with_the_reason(
    text: bytes, reason: str, client: TestClient
) -> None:
    problem = refused(client, b'{"text": %s}' % text)

    assert problem["errors"] == [{"field": "text", "reason": reason}]


OTHER_FIELDS = {
    "blank id": (b'"id": " "', "id"),
    "number as id": (b'"id": 5', "id"),
    "long id": (b'"id": "%s"' % (MARKER.encode() * 50), "id"),
    "NUL in title": (rb'"title": "xylophone\u0000"', "title"),
    "long title": (b'"title": "%s"' % (MARKER.encode() * 300), "title"),
    "unknown field": (b'"speaker": "xylophone"', "speaker"),
    "statements": (b'"statements": [{"text": "xylophone"}]', "statements"),
    "issues as text": (b'"issues": "ceasefire"', "issues"),
    "issue as number": (b'"issues": [5]', "issues.0"),
    "unknown issue": (b'"issues": ["nato"]', "issues"),
    "blank proposition": (b'"propositions": ["good", " "]', "propositions.1"),
    "surrogate in a proposition": (rb'"propositions": ["xylophone\udfff"]', "propositions.0"),
    "long proposition": (b'"propositions": ["good", "%s"]' % (b"peace " * 80), "propositions.1"),
    "coverage too low": (b'"coverage": 0.4', "coverage"),
    "coverage as text": (b'"coverage": "0.9"', "coverage"),
}


@pytest.mark.parametrize(("field", "place"), OTHER_FIELDS.values(), ids=OTHER_FIELDS.keys())
def test_every_field_that_cannot_be_read_is_named(
    field: bytes, place: str, client: TestClient
) -> None:
    problem = refused(client, b'{"text": "Football is good.", %s}' % field)

    assert fields(problem) == [place]
    assert problem["detail"].startswith(f"{place}: ")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{}", "text"),
        (b'["xylophone"]', "body"),
        (b'"xylophone"', "body"),
        (b"", "body"),
        (b"{", "body"),
        (b'{"issues": ["ceasefire"]}', "text"),
    ],
    ids=lambda value: value.decode() or "nothing" if isinstance(value, bytes) else None,
)
def test_a_body_of_another_form_is_refused_with_the_field_at_fault(
    body: bytes, field: str, client: TestClient
) -> None:
    assert fields(refused(client, body)) == [field]


def test_coverage_of_a_model_without_prediction_sets_is_refused_whatever_is_said() -> None:
    problem = refused(service(), b'{"text": "Football.", "coverage": 0.9}')

    assert "the model keyword has no prediction sets" in problem["errors"][0]["reason"]


LIMITS = {
    "characters": (
        {"max_article_characters": 20},
        {"text": "x" * 21},
        "text",
        "has 21 article characters, over the limit of 20 (setting STANCE_MAX_ARTICLE_CHARACTERS)",
    ),
    "issues": (
        {"max_issues": 1},
        {"text": TEXT, "issues": ["ceasefire"], "propositions": ["x"]},
        "propositions",
        "has 2 issues, over the limit of 1 (setting STANCE_MAX_ISSUES)",
    ),
    "characters of a proposition": (
        {"max_proposition_characters": 2},
        {"text": TEXT, "propositions": ["xyz"]},
        "propositions.0",
        (
            "has 3 proposition characters, over the limit of 2"
            " (setting STANCE_MAX_PROPOSITION_CHARACTERS)"
        ),
    ),
    "pairs": (
        {"max_pairs": 5},
        ASK,
        "text",
        (
            "has 2 statements and so 6 pairs, over the limit of 5 (setting STANCE_MAX_PAIRS);"
            " ask fewer issues, or send it in parts"
        ),
    ),
}


@pytest.mark.parametrize(("limits", "body", "field", "reason"), LIMITS.values(), ids=LIMITS.keys())
def test_more_than_a_limit_is_refused_with_the_limit_and_its_setting(
    limits: dict[str, int], body: dict[str, Any], field: str, reason: str
) -> None:
    problem = refused(limited(limits), json.dumps(body).encode())

    assert problem["errors"] == [{"field": field, "reason": reason}]


@pytest.mark.parametrize(
    "limits", [{"max_article_characters": len(TEXT)}, {"max_pairs": 6}, {"max_issues": 2}], ids=str
)
def test_as_much_as_a_limit_allows_is_answered(limits: dict[str, int]) -> None:
    assert len(analyze(limited(limits), **ASK)) == 2


ANY_TEXT = st.text(st.characters())  # with lone surrogates, as JSON can write them
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=12,
)
REQUESTS = st.fixed_dictionaries(
    {"text": ANY_TEXT.map(lambda text: f"{text} Moscow says that {text}")},
    optional={
        "id": ANY_TEXT,
        "title": ANY_TEXT,
        "propositions": st.lists(ANY_TEXT, max_size=2),
        "coverage": JSON_VALUES,
    },
)


@settings(max_examples=60, deadline=None)
@given(value=JSON_VALUES | REQUESTS)
def test_any_json_is_answered_or_refused_and_never_fails(value: object, client: TestClient) -> None:
    response = client.post("/analyze", content=json.dumps(value), headers=JSON)

    assert response.status_code in (200, 422)
    assert response.status_code == 200 or response.json()["errors"]
