"""Models as they are sent and received."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["NAME", "WEATHER", "ModelPage", "ModelShown", "ModelSummary", "ModelVersion", "NewModel"]

NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$"
"""What models are called."""

WEATHER: dict[str, Any] = {
    "actinf": 1,
    "kind": "model",
    "name": "weather",
    "factors": {"weather": ["dry", "wet"]},
    "modalities": {"sky": {"outcomes": ["clear", "dark"], "depends_on": ["weather"]}},
    "A": {"sky": [[0.9, 0.2], [0.1, 0.8]]},
    "B": {"weather": [[0.8, 0.3], [0.2, 0.7]]},
    "D": {"weather": "uniform"},
}
"""A model for examples: what the sky tells of the weather."""


class NewModel(BaseModel):
    """A model to be kept."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "weather", "document": WEATHER}]}
    )

    name: str = Field(
        pattern=NAME,
        description="What it is called. Another model of the same name becomes its next version.",
    )
    document: dict[str, Any] = Field(description="The model, laid out as in a model file.")


class ModelVersion(BaseModel):
    """A name that a model has."""

    name: str
    version: int = Field(description="Counts from 1; `name` alone means the newest, `name@2` this one.")
    created_at: datetime


class ModelSummary(BaseModel):
    """A model in a list."""

    hash: str = Field(description="SHA-256 of the content; it never changes.")
    name: str
    version: int
    description: str
    created_at: datetime | None = Field(description="null: it comes with the service.")


class ModelShown(BaseModel):
    """A model, whole."""

    hash: str
    names: list[ModelVersion]
    factors: dict[str, list[str]] = Field(description="Hidden factors and their states.")
    modalities: dict[str, list[str]] = Field(description="What is observed, and its outcomes.")
    controls: dict[str, list[str]] = Field(description="What can be done, and the actions.")
    document: dict[str, Any] = Field(description="The model, laid out as in a model file.")


class ModelPage(BaseModel):
    """Models by name, the newest version of each; those that come with the service last."""

    items: list[ModelSummary]
    next: str | None = Field(description="`after` of the next page; null: this is the last.")
