"""The service's settings: read once from the environment (`STANCE_...`), then frozen."""

from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.schemas import MOST_MEMBERS
from stance.errors import StanceError


class Settings(BaseSettings):
    """Limits and places of the service; every limit is named in the error that it causes."""

    model_config = SettingsConfigDict(env_prefix="STANCE_", frozen=True)

    models: Path | None = Field(None, description="folder of bundles; None: the shipped ones")
    model: str | None = Field(None, description="the bundle to serve; None: the one in DEFAULT")
    extractor: str | None = Field(
        None, description="the bundle that finds statements; None: the one in EXTRACTOR, if any"
    )
    issues: Path | None = Field(None, description="an issue catalogue; None: the default one")
    threads: int | None = Field(None, ge=1, description="threads of the engine; None: all it may")
    max_body_bytes: int = Field(2_000_000, ge=1)
    max_statements: int = Field(256, ge=1, le=MOST_MEMBERS, description="statements in one request")
    max_text_characters: int = Field(20_000, ge=1, description="characters of one statement")
    max_article_characters: int = Field(100_000, ge=1, description="characters of one article")
    max_issues: int = Field(
        100, ge=1, le=MOST_MEMBERS, description="issues and propositions in one request"
    )
    max_proposition_characters: int = Field(500, ge=1)
    max_targets: int = Field(16, ge=1, le=MOST_MEMBERS, description="targets of one statement")
    max_pairs: int = Field(10_000, ge=1, description="statements times questions in one request")


def read_settings(**given: Any) -> Settings:
    """The settings of the environment, and over them those given.

    Raises:
        StanceError: one cannot be read; the message names all of them.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        faults = [f"STANCE_{str(f['loc'][0]).upper()}: {f['msg']}" for f in error.errors()]
        raise StanceError("; ".join(faults)) from None
