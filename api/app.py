"""The routes of the HTTP service, and its life. The event loop never computes."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from http import HTTPStatus
from importlib import resources
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse

from api import problems, schemas
from api.engine import Engine, Served
from api.hangup import on_hangup
from api.problems import BodyLimit
from api.settings import Settings
from stance.bundle import models_dir, open_bundle
from stance.classifier import Classifier
from stance.domain import Issue, Statement, check_text
from stance.errors import InputError
from stance.issues import Catalogue, read_catalogue

log = logging.getLogger("stance.api")


def _documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    # Written out, for FastAPI puts the schema of a `model` under application/json only.
    schema = {"schema": schemas.Problem.model_json_schema()}
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {problems.MEDIA_TYPE: schema},
        }
        for status in statuses
    }


def create_app(settings: Settings | None = None, classifier: Classifier | None = None) -> FastAPI:
    """The application.

    Args:
        settings: from the environment where None.
        classifier: the engine; where None, the bundle that the settings name, read again on SIGHUP.

    Raises:
        StanceError: the catalogue or the bundle cannot be served; the message says why.
    """
    settings = settings or Settings()
    catalogue = read_catalogue(settings.issues)

    def open_served() -> Served:
        if classifier is not None:
            return Served(classifier)
        bundle = open_bundle(settings.models or models_dir(), settings.model)
        return Served(Classifier.load(bundle, settings.threads), bundle)

    engine = Engine(open_served, list(catalogue))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await engine.warm()
        async with nullcontext() if classifier else on_hangup(engine.renew):
            app.state.ready = True
            log.info("serving %s, %d issues", engine.served.classifier.name, len(catalogue))
            yield
            app.state.ready = False
        await run_in_threadpool(engine.close)

    app = FastAPI(
        title="Stance",
        version=version("stance"),
        summary="Stance and sentiment of political statements, with calibrated probabilities.",
        lifespan=lifespan,
        # FastAPI's own pages load their script from a network; ours needs none.
        docs_url=None,
        redoc_url=None,
    )
    app.state.ready = False
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes)
    problems.install(app)
    _add_routes(app, engine, catalogue, settings)
    return app


def _add_routes(app: FastAPI, engine: Engine, catalogue: Catalogue, settings: Settings) -> None:
    @app.post(
        "/classify",
        response_model=schemas.ClassifyResponse,
        responses=_documented(400, 413, 415, 422),
    )
    async def classify(request: schemas.ClassifyRequest) -> Response:
        """Stance on each issue and sentiment of each statement, in the order sent."""
        _check_limits(request, settings)
        issues = _issues(request, catalogue)
        statements = _statements(request)
        n_pairs = sum(1 + len(issues) + len(statement.targets) for statement in statements)
        _check("pairs", "statements", n_pairs, settings.max_pairs)
        body = await engine.answer(statements, issues, request.coverage)
        return Response(body, media_type="application/json")

    @app.get("/issues")
    async def issues() -> list[schemas.IssueOut]:
        """The catalogue: what can be asked by id."""
        return [
            schemas.IssueOut(id=i.id or "", name=i.name, proposition=i.proposition)
            for i in catalogue
        ]

    @app.get("/model")
    async def model() -> schemas.ModelOut:
        """The model that answers, as its manifest tells."""
        served = engine.served
        if served.bundle is None:
            return schemas.ModelOut(
                name=served.classifier.name, digest="", window=0, labels={}, temperatures={},
                description="", prediction_sets=served.classifier.has_prediction_sets,
            )  # fmt: skip
        return schemas.ModelOut(
            name=served.bundle.name,
            digest=served.bundle.digest,
            window=served.bundle.window,
            labels=served.bundle.manifest["labels"],
            temperatures=served.bundle.manifest["temperatures"],
            description=served.bundle.manifest.get("description", ""),
            prediction_sets=served.classifier.has_prediction_sets,
        )

    page = (resources.files("api") / "pages" / "docs.html").read_text(encoding="utf-8")

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(page)

    @app.get("/livez")
    async def livez() -> schemas.Health:
        """The process lives."""
        return schemas.Health(status="ok")

    @app.get("/readyz", responses=_documented(503), response_model=schemas.Health)
    async def readyz() -> schemas.Health | Response:
        """The model is loaded and warm."""
        if not app.state.ready:
            return problems.problem(503, "the model is not ready", headers={"Retry-After": "1"})
        return schemas.Health(status="ok")


def _check(setting: str, field: str, found: int, limit: int) -> None:
    if found > limit:
        unit, name = setting.replace("_", " "), f"STANCE_MAX_{setting.upper()}"
        raise InputError(field, f"has {found} {unit}, over the limit of {limit} (setting {name})")


def _check_limits(request: schemas.ClassifyRequest, settings: Settings) -> None:
    _check("statements", "statements", len(request.statements), settings.max_statements)
    asked = len(request.issues) + len(request.propositions)
    _check(
        "issues", "propositions" if request.propositions else "issues", asked, settings.max_issues
    )
    for n, proposition in enumerate(request.propositions):
        _check(
            "proposition_characters", f"propositions.{n}", len(proposition),
            settings.max_proposition_characters,
        )  # fmt: skip
    for n, statement in enumerate(request.statements):
        field = f"statements.{n}"
        _check(
            "text_characters", f"{field}.text", len(statement.text), settings.max_text_characters
        )
        _check("targets", f"{field}.targets", len(statement.targets), settings.max_targets)


def _issues(request: schemas.ClassifyRequest, catalogue: Catalogue) -> list[Issue]:
    for n, proposition in enumerate(request.propositions):
        with problems.at(f"propositions.{n}"):
            check_text("proposition", proposition)
    return catalogue.ask(request.issues, request.propositions)


def _statements(request: schemas.ClassifyRequest) -> list[Statement]:
    statements = []
    for n, given in enumerate(request.statements):
        with problems.within(f"statements.{n}"):
            statements.append(Statement(given.text, given.id, given.speaker, tuple(given.targets)))
    return statements
