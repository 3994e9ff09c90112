"""Every operation of the API: how it is asked, and how its reply is read.  Nothing is sent from here."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from actinf.client.next_step import NextStep, Observation
from actinf.client.operation import Operation, new_key, plain
from actinf.client.reading import reader
from actinf.client.refusals import error_of_problem
from actinf.client.replies import (
    AgentRecord,
    AgentSummary,
    AuditEntry,
    Health,
    Inferred,
    KeyRecord,
    ModelRecord,
    ModelSummary,
    NewAgent,
    NewKey,
    Page,
    SimulationRecord,
    SimulationSummary,
    StepReply,
    TakenStep,
)
from actinf.errors import ActinfError, ServiceError
from actinf.model import Model

__all__ = [
    "ModelReference",
    "agent_events",
    "cancel_simulation",
    "create_agent",
    "create_key",
    "create_model",
    "create_simulation",
    "delete_agent",
    "delete_model",
    "delete_simulation",
    "health",
    "infer",
    "list_agents",
    "list_audit",
    "list_keys",
    "list_models",
    "list_simulations",
    "list_steps",
    "read_agent",
    "read_model",
    "read_simulation",
    "read_simulation_record",
    "read_taken_step",
    "ready",
    "reset_agent",
    "revoke_key",
    "simulation_events",
    "simulation_experiment",
    "simulation_trace",
    "take_step",
    "take_steps",
]

ModelReference = str | Mapping[str, Any] | Model


def health() -> Operation[Health]:
    """Whether the service works."""

    def read(data: Any) -> Health:
        return Health(
            ok=data["status"] == "ok", reason=data["reason"], degraded=list(data["degraded"]), version=data["version"]
        )

    return Operation(method="GET", path="/health", read=read, also=(503,))


def ready() -> Operation[bool]:
    """Whether the process that answers takes requests."""
    return Operation(method="GET", path="/ready", read=lambda data: bool(data["ready"]), also=(503,))


# ------------------------------------------------------------------------------------------------------------- models


def create_model(name: str, model: Mapping[str, Any] | Model) -> Operation[ModelRecord]:
    """Keep a model under a name."""
    return Operation(
        method="POST",
        path="/v1/models",
        body={"name": name, "document": model_to_plain(model)},
        key=new_key(),
        read=reader(ModelRecord),
    )


def list_models(after: str | None, limit: int | None) -> Operation[Page[ModelSummary]]:
    """A page of models."""
    return _page("/v1/models", ModelSummary, {"after": after, "limit": limit})


def read_model(reference: str) -> Operation[ModelRecord]:
    """A model, whole."""
    return Operation(method="GET", path=f"/v1/models/{_safe(reference)}", read=reader(ModelRecord))


def delete_model(digest: str) -> Operation[None]:
    """Remove a model."""
    return Operation(method="DELETE", path=f"/v1/models/{_safe(digest)}", read=_nothing, gone_is_done=True)


def model_to_plain(model: Any) -> Any:
    """A model as it is sent: its document, or what names it."""
    return plain(model.to_dict() if isinstance(model, Model) else model)


# ------------------------------------------------------------------------------------------------------------- agents


def create_agent(model: ModelReference, settings: Mapping[str, Any]) -> Operation[NewAgent]:
    """Make an agent; settings that are None are left to the service."""
    body = {"model": model_to_plain(model), **settings_to_plain(settings)}
    return Operation(method="POST", path="/v1/agents", body=body, key=new_key(), read=reader(NewAgent))


def settings_to_plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of an agent as they are sent: objects such as `Exhaustive(horizon=2)` as their plain values."""
    from actinf.lab.experiment_file import setting_to_plain  # with the engine, which a client may do without

    objects = {"inference", "planner", "choice", "learning"}
    return {
        name: plain(setting_to_plain(name, value) if name in objects and not _is_plain(value) else value)
        for name, value in settings.items()
        if value is not None
    }


def list_agents(after: str | None, limit: int | None) -> Operation[Page[AgentSummary]]:
    """A page of agents."""
    return _page("/v1/agents", AgentSummary, {"after": after, "limit": limit})


def read_agent(agent: str) -> Operation[AgentRecord]:
    """An agent, whole."""
    return Operation(method="GET", path=f"/v1/agents/{_safe(agent)}", read=reader(AgentRecord))


def reset_agent(agent: str, *, carry_counts: bool) -> Operation[AgentRecord]:
    """Begin an agent's next episode."""
    return Operation(
        method="POST",
        path=f"/v1/agents/{_safe(agent)}/reset",
        body={"carry_counts": carry_counts},
        key=new_key(),
        read=reader(AgentRecord),
    )


def delete_agent(agent: str) -> Operation[None]:
    """Remove an agent."""
    return Operation(method="DELETE", path=f"/v1/agents/{_safe(agent)}", read=_nothing, gone_is_done=True)


# -------------------------------------------------------------------------------------------------------------- steps


def take_step(wanted: NextStep, key: str | None) -> Operation[StepReply]:
    """Take a step."""
    return Operation(
        method="POST",
        path=f"/v1/agents/{_safe(wanted.agent_id)}/steps",
        body=wanted.to_plain(),
        key=key or wanted.key or new_key(),
        read=reader(StepReply),
    )


def take_steps(steps: Sequence[tuple[NextStep, str]]) -> Operation[list[StepReply | ActinfError]]:
    """Take steps of many agents; each has a key of its own, so that all of them can be sent again."""
    read_reply = reader(StepReply)

    def read(data: Any) -> list[StepReply | ActinfError]:
        ended: list[StepReply | ActinfError] = []
        for one in data["results"]:
            if one["reply"] is not None:
                ended.append(read_reply(one["reply"]))
            else:
                ended.append(error_of_problem(one["problem"], asked="a step in POST /v1/steps"))
        if len(ended) != len(steps):
            raise ValueError(f"{len(ended)} results for {len(steps)} steps")
        return ended

    body = {"steps": [{"agent": wanted.agent_id, "key": key, **wanted.to_plain()} for wanted, key in steps]}
    return Operation(method="POST", path="/v1/steps", body=body, read=read)


def list_steps(agent: str, after: int, limit: int | None) -> Operation[Page[TakenStep]]:
    """A page of the steps that an agent took."""
    return _page(f"/v1/agents/{_safe(agent)}/steps", TakenStep, {"after": after, "limit": limit})


def agent_events(agent: str) -> Operation[None]:
    """Open the stream of an agent's steps."""
    return Operation(method="GET", path=f"/v1/agents/{_safe(agent)}/events", read=_nothing)


read_taken_step = reader(TakenStep)
"""The step in an event of that stream."""


# ---------------------------------------------------------------------------------------------------------- inference


def infer(
    model: ModelReference,
    observations: Sequence[Observation],
    actions: Sequence[Any] | None,
    settings: Mapping[str, Any],
) -> Operation[Inferred]:
    """Infer hidden states from a sequence of observations; nothing is kept."""
    body = {"model": model_to_plain(model), "observations": plain(list(observations)), **settings_to_plain(settings)}
    if actions is not None:
        body["actions"] = plain(list(actions))
    return Operation(method="POST", path="/v1/inference", body=body, read=reader(Inferred))


# -------------------------------------------------------------------------------------------------------- simulations


def create_simulation(experiment: Any, settings: Mapping[str, Any]) -> Operation[SimulationRecord]:
    """Have an experiment computed; settings that are None are as the experiment says."""
    told = {name: plain(value) for name, value in settings.items() if value is not None}
    return Operation(
        method="POST",
        path="/v1/simulations",
        body={"experiment": experiment_to_plain(experiment), **told},
        key=new_key(),
        read=reader(SimulationRecord),
    )


def experiment_to_plain(experiment: Any) -> Any:
    """An experiment as it is sent: its document, or what names it."""
    if isinstance(experiment, str | Mapping):
        return plain(experiment)
    if isinstance(experiment, Model):
        return {"actinf": 1, "kind": "experiment", "model": model_to_plain(experiment)}
    from actinf.lab.experiment_document import document_of  # with the engine, which a client may do without

    return document_of(experiment)


def list_simulations(status: str | None, after: str | None, limit: int | None) -> Operation[Page[SimulationSummary]]:
    """A page of simulations."""
    return _page("/v1/simulations", SimulationSummary, {"status": status, "after": after, "limit": limit})


def read_simulation(simulation: str) -> Operation[SimulationRecord]:
    """A simulation as it stands."""
    return Operation(method="GET", path=f"/v1/simulations/{_safe(simulation)}", read=read_simulation_record)


def simulation_events(simulation: str) -> Operation[None]:
    """Open the stream of a simulation's changes."""
    return Operation(method="GET", path=f"/v1/simulations/{_safe(simulation)}/events", read=_nothing)


read_simulation_record = reader(SimulationRecord)
"""The simulation in an event of that stream."""


def simulation_experiment(simulation: str) -> Operation[dict[str, Any]]:
    """The experiment document that a simulation computes."""
    return Operation(method="GET", path=f"/v1/simulations/{_safe(simulation)}/experiment", read=dict)


def simulation_trace(simulation: str) -> Operation[None]:
    """The trace of a simulation as a NetCDF file."""
    path = f"/v1/simulations/{_safe(simulation)}/result"
    return Operation(method="GET", path=path, query={"format": "netcdf"}, read=_nothing)


def cancel_simulation(simulation: str) -> Operation[SimulationRecord]:
    """End a simulation."""
    path = f"/v1/simulations/{_safe(simulation)}/cancel"
    return Operation(method="POST", path=path, key=new_key(), read=read_simulation_record)


def delete_simulation(simulation: str) -> Operation[None]:
    """Remove a simulation."""
    path = f"/v1/simulations/{_safe(simulation)}"
    return Operation(method="DELETE", path=path, read=_nothing, gone_is_done=True)


# -------------------------------------------------------------------------------------------------------------- audit


def list_audit(wanted: Mapping[str, Any], place: Mapping[str, Any]) -> Operation[Page[AuditEntry]]:
    """A page of the audit log: what is wanted, and `before` or `after` which entry."""
    return _page("/v1/audit", AuditEntry, {**wanted, **place})


# --------------------------------------------------------------------------------------------------------------- keys


def create_key(name: str, scopes: Sequence[str], expires_in_days: int | None) -> Operation[NewKey]:
    """Make a key."""
    body: dict[str, Any] = {"name": name, "scopes": list(scopes)}
    if expires_in_days is not None:
        body["expires_in_days"] = expires_in_days
    return Operation(method="POST", path="/v1/keys", body=body, key=new_key(), read=reader(NewKey))


def list_keys(after: str | None, limit: int | None) -> Operation[Page[KeyRecord]]:
    """A page of keys."""
    return _page("/v1/keys", KeyRecord, {"after": after, "limit": limit})


def revoke_key(key: str) -> Operation[KeyRecord]:
    """Revoke a key."""
    return Operation(method="DELETE", path=f"/v1/keys/{_safe(key)}", read=reader(KeyRecord))


# ------------------------------------------------------------------------------------------------------ what they share


def _page(path: str, kind: type[Any], query: Mapping[str, Any]) -> Operation[Page[Any]]:
    read_item = reader(kind)

    def read(data: Any) -> Page[Any]:
        return Page(items=[read_item(one) for one in data["items"]], next=data["next"])

    return Operation(method="GET", path=path, query=query, read=read)


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | Mapping)


def _safe(part: str) -> str:
    """A part of a path, whatever it holds."""
    if not part or part in (".", ".."):
        raise ServiceError(f"{part!r} names nothing: expected an id, a hash or a name")
    return quote(str(part), safe="@")


def _nothing(data: Any) -> None:  # noqa: ARG001 -- there is nothing to be read
    return None
