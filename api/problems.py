"""Errors as RFC 9457 problem documents. They name the field and never hold the text sent."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stance.errors import MOST_FAULTS_SHOWN, InputError, StanceError

MEDIA_TYPE = "application/problem+json"
_LONGEST_NAME = 60


class TooLargeError(HTTPException):
    """The body is over the limit. FastAPI lets only an HTTPException pass while it reads a body."""


def problem(
    status: int,
    detail: str,
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem document; `errors` lists the fields at fault, each with what is wrong."""
    document: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if errors:
        document["errors"] = list(errors)
    # ASCII only: a lone surrogate in a field's name must not break the answer.
    return Response(json.dumps(document), status, headers, MEDIA_TYPE)


@contextmanager
def within(place: str) -> Iterator[None]:
    """Put the place of a field in front of its name in the errors of the block."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{place}.{error.field}", error.reason) from None


@contextmanager
def at(place: str) -> Iterator[None]:
    """Name the errors of the block by a place instead of the field's own name."""
    try:
        yield
    except InputError as error:
        raise InputError(place, error.reason) from None


def install(app: FastAPI) -> None:
    """Make every error of the application a problem document."""

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        if any(isinstance(fault.get("input"), bytes) for fault in error.errors()):
            return problem(415, "the body must be JSON, sent with content-type application/json")
        faults = [{"field": _field(fault), "reason": _reason(fault)} for fault in error.errors()]
        detail = "; ".join(f"{f['field']}: {f['reason']}" for f in faults[:MOST_FAULTS_SHOWN])
        if len(faults) > MOST_FAULTS_SHOWN:
            detail += f"; and {len(faults) - MOST_FAULTS_SHOWN} more"
        return problem(422, detail, faults[:MOST_FAULTS_SHOWN])

    @app.exception_handler(StanceError)
    async def refused(request: Request, error: StanceError) -> Response:
        field = getattr(error, "field", "issues")
        reason = error.reason if isinstance(error, InputError) else str(error)
        return problem(422, f"{field}: {reason}", [{"field": field, "reason": reason}])

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        return problem(error.status_code, str(error.detail), headers=error.headers)

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> Response:
        return problem(500, "the service failed; its log says why")


def _field(fault: Mapping[str, Any]) -> str:
    if fault["type"] == "json_invalid":  # its location is an offset, not a field
        return "body"
    parts = [str(part)[:_LONGEST_NAME] for part in fault["loc"] if part != "body"]
    return ".".join(parts) or "body"


def _reason(fault: Mapping[str, object]) -> str:
    # pydantic's messages quote limits and types, never the input; `ctx` and `input` are dropped.
    if fault["type"] == "json_invalid":
        return "is not valid JSON"
    if fault["type"] == "string_unicode":
        return "is not valid Unicode text"
    return str(fault["msg"])


class BodyLimit:
    """Refuses bodies over a limit, also those whose length is not told, before they are held."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, counting what is read of its body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        too_large = TooLargeError(
            413,
            f"the body is over the limit of {self._max_bytes} bytes"
            " (setting STANCE_MAX_BODY_BYTES)",
        )
        told = dict(scope["headers"]).get(b"content-length", b"")
        if told.isdigit() and int(told[:20]) > self._max_bytes:
            await problem(413, too_large.detail)(scope, receive, send)
            return
        n_read = 0

        async def counted() -> Message:
            nonlocal n_read
            message = await receive()
            n_read += len(message.get("body", b""))
            if n_read > self._max_bytes:
                raise too_large
            return message

        await self._app(scope, counted, send)
