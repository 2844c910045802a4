"""Problem documents of the service, and texts that it cannot read."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from fastapi.testclient import TestClient

# Stands in what is sent, and never in what is answered.
MARKER = "xylophone"
JSON = {"content-type": "application/json"}

MUST_BE_TEXT = "Input should be a valid string"
REFUSED_TEXTS = {
    "empty": (b'""', "is empty; give at least one word"),
    "blank": (rb'" \t\n\u2003"', "is empty; give at least one word"),
    "NUL": (rb'"xylophone\u0000"', "holds a NUL character at offset 9; remove it"),
    "lone surrogate": (
        rb'"xylophone\ud800"',
        "holds a lone surrogate at offset 9; send valid Unicode",
    ),
    "NaN": (b"NaN", MUST_BE_TEXT),
    "number": (b"5", MUST_BE_TEXT),
    "true": (b"true", MUST_BE_TEXT),
    "null": (b"null", MUST_BE_TEXT),
    "list": (b'["xylophone"]', MUST_BE_TEXT),
    "object": (b'{"xylophone": "xylophone"}', MUST_BE_TEXT),
}


def problem_of(
    client: TestClient, route: str, body: bytes | Iterator[bytes], status: int
) -> dict[str, Any]:
    """The problem document that a body is answered with, which must not hold the marker."""
    response = client.post(route, content=body, headers=JSON)
    assert MARKER not in response.text
    problem: dict[str, Any] = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert (response.status_code, problem["status"]) == (status, status)
    assert (problem["type"], problem["title"]) == ("about:blank", HTTPStatus(status).phrase)
    return problem


def fields(problem: dict[str, Any]) -> list[str]:
    """The fields at fault."""
    return [error["field"] for error in problem["errors"]]
