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

from api import problems, requests, schemas
from api.engine import Engine, Served
from api.hangup import on_hangup
from api.problems import BodyLimit
from api.settings import Settings
from stance.bundle import Bundle, models_dir
from stance.classifier import Classifier
from stance.issues import Catalogue, read_catalogue
from stance.quotes import Extractor

log = logging.getLogger("stance.api")

_NO_EXTRACTOR = (
    "this service has no model that finds statements in articles; promote one (models/EXTRACTOR)"
    " and send SIGHUP, or split the article yourself and ask /classify"
)


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


def create_app(
    settings: Settings | None = None,
    classifier: Classifier | None = None,
    extractor: Extractor | None = None,
) -> FastAPI:
    """The application.

    Args:
        settings: from the environment where None.
        classifier: the engine; where None, the bundles that the settings name, read again on
            SIGHUP.
        extractor: what finds statements beside such a classifier; None for nothing.

    Raises:
        StanceError: the catalogue or a bundle cannot be served; the message says why.
    """
    settings = settings or Settings()
    catalogue = read_catalogue(settings.issues)

    def open_served() -> Served:
        if classifier is not None:
            return Served(classifier, extractor=extractor)
        models = settings.models or models_dir()
        return Served.open(models, settings.model, settings.extractor, settings.threads)

    engine = Engine(open_served, list(catalogue))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await engine.warm()
        async with nullcontext() if classifier else on_hangup(engine.renew):
            app.state.ready = True
            log.info("serving %s, %d issues", engine.served.names, len(catalogue))
            yield
            app.state.ready = False
        await run_in_threadpool(engine.close)

    app = FastAPI(
        title="Stance",
        version=version("stance"),
        summary="Who says what in an article, and the stance and sentiment of political statements,"
        " with calibrated probabilities.",
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
        statements, issues = requests.statements(request, catalogue, settings)
        body = await engine.answer(statements, issues, request.coverage)
        return Response(body, media_type="application/json")

    @app.post(
        "/analyze",
        response_model=schemas.AnalyzeResponse,
        responses=_documented(400, 413, 415, 422, 501),
    )
    async def analyze(request: schemas.AnalyzeRequest) -> Response:
        """Every statement that an article attributes to somebody, in order, with all answers.

        The answer is 501 where the service has no model that finds statements. An article with so
        many statements that the questions about them pass the limit is refused, and never cut.
        """
        article, issues = requests.article(request, catalogue, settings)
        if engine.served.extractor is None:
            return problems.problem(501, _NO_EXTRACTOR)
        body = await engine.analyze(article, issues, request.coverage, settings.max_pairs)
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
        return schemas.ModelOut(
            name=served.classifier.name,
            prediction_sets=served.classifier.has_prediction_sets,
            extractor=_extractor_out(served),
            **(_told(served.bundle) if served.bundle else {}),
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


def _told(bundle: Bundle) -> dict[str, Any]:
    """What the manifest of a bundle tells callers."""
    fields = ("labels", "temperatures", "description")
    told = {field: bundle.manifest[field] for field in fields if field in bundle.manifest}
    return {"digest": bundle.digest, "window": bundle.window, **told}


def _extractor_out(served: Served) -> schemas.ExtractorOut | None:
    if served.extractor is None:
        return None
    told = _told(served.extractor_bundle) if served.extractor_bundle else {}
    return schemas.ExtractorOut(name=served.extractor.name, **told)
