"""What inference is asked, and what it answers."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from actinf.service.models.schemas import WEATHER
from actinf.service.steps.schemas import Executed, Observation

__all__ = ["Inference", "InferenceReply"]

MOST_OBSERVATIONS = 10_000


class Inference(BaseModel):
    """A model, and what was observed one step after another."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"model": WEATHER, "observations": [{"sky": "dark"}, {"sky": "dark"}, {"sky": None}]},
                {
                    "model": "tmaze",
                    "observations": [{"where": "centre", "cue": "none"}, {"where": "cue", "cue": "left"}],
                    "actions": [{"location": "cue"}],
                },
            ]
        },
    )

    model: Annotated[str, Field(max_length=120)] | dict[str, Any] = Field(
        description="A hash, a name, `name@version`, one that comes with the service, or a whole model document."
    )
    observations: list[Observation] = Field(
        min_length=1,
        max_length=MOST_OBSERVATIONS,
        description="One for each step: modality → outcome, as in a step of an agent.",
    )
    actions: list[Executed] | None = Field(
        None,
        max_length=MOST_OBSERVATIONS,
        description="Control → the action executed between two observations: one fewer than there are observations; "
        "null where the model has only one action.",
    )
    inference: Any = Field("exact", description="How: `exact`, `fixed_point`, or one with settings.")
    dtype: Literal["float64", "float32"] = Field("float64", description="Of all beliefs and parameters.")


class InferenceReply(BaseModel):
    """What is to be believed at each step, given everything that was observed until then."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": "a9c9f9d9f5ce0ed113436118c70c4641fbf72078d6980b2e2cfbf0997cf91524",
                    "qs": {"weather": [[0.1111, 0.8889], [0.0645, 0.9355], [0.3323, 0.6677]]},
                    "F": [0.7985, 0.5958, 0.0],
                    "total_F": 1.3943,
                    "log_evidence": -1.3943,
                }
            ]
        }
    )

    model: str = Field(description="The hash of the model.")
    qs: dict[str, list[list[float]]] = Field(description="Factor → for each step the posterior over its states.")
    F: list[float | None] = Field(description="Variational free energy of each observation, nats; null: infinite.")
    total_F: float | None = Field(description="Their sum, nats.")
    log_evidence: float | None = Field(
        description="ln p of all observations, given the actions, nats: −total_F; null unless inference is exact."
    )
