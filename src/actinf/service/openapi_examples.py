"""Examples of replies for the OpenAPI document: one story, so that ids and numbers in them belong together.

Somebody keeps the model `weather`, makes an agent of it, gives it a dark sky, and simulates a T-maze.  What is sent has
its examples beside its schema; a test sends them to the service, and holds these against what it answers.
"""

from typing import Any

from actinf.service.models.schemas import WEATHER

__all__ = ["BODIES", "MEANINGS", "PARAMETERS", "REPLIES"]

_AGENT_ID = "01997a3e-5d7c-7c39-9d51-6a1f6b1a2f10"
_KEY_ID = "01997a3e-4b11-7a02-8f3c-20a9e0d5c7b1"
_SIMULATION_ID = "01997a41-0ef2-79eb-a3af-9615713101b4"
_MODEL = "a9c9f9d9f5ce0ed113436118c70c4641fbf72078d6980b2e2cfbf0997cf91524"
_NAMES = {"factors": {"weather": ["dry", "wet"]}, "modalities": {"sky": ["clear", "dark"]}, "controls": {}}

_MODEL_SUMMARY = {
    "hash": _MODEL,
    "name": "weather",
    "version": 1,
    "description": "",
    "created_at": "2026-11-26T09:00:00Z",
}
_AGENT_SUMMARY = {
    "id": _AGENT_ID,
    "name": "weather watcher",
    "model": _MODEL,
    "next_step": 1,
    "episode": 0,
    "created_at": "2026-11-26T09:01:00Z",
}
_AGENT = {
    **_AGENT_SUMMARY,
    "seed": 1,
    "settings": {"gamma": 16.0, "alpha": None, "dtype": "float64", "inference": "exact", "planner": "exhaustive"},
    "time": 1,
    **_NAMES,
    "num_policies": 1,
    "policies": [""],
}
_REPLY = {
    "agent": _AGENT_ID,
    "step": 0,
    "episode": 0,
    "time": 0,
    "action": {},
    "qs": {"weather": [0.1111111111111111, 0.8888888888888888]},
    "F": 0.7985076962177715,
    "q_pi": [1.0],
    "G": [0.4433],
    "terms": None,
}
_STEP = {**_REPLY, "created_at": "2026-11-26T09:02:00Z", "observation": {"sky": "dark"}, "executed": None}
_KEY = {
    "id": _KEY_ID,
    "name": "lab notebook",
    "prefix": "c93qzaxb",
    "scopes": ["read", "run"],
    "created_at": "2026-11-26T08:59:00Z",
    "expires_at": "2027-02-24T08:59:00Z",
    "revoked_at": None,
    "last_used_at": "2026-11-26T09:02:00Z",
}
_SIMULATION_SUMMARY = {
    "id": _SIMULATION_ID,
    "name": "",
    "status": "running",
    "num_agents": 10_000,
    "num_steps": 50,
    "num_episodes": 1,
    "progress": {"chunks_done": 1, "num_chunks": 4, "steps_done": 125_000, "steps_total": 500_000},
    "created_at": "2026-11-26T09:03:00Z",
    "started_at": "2026-11-26T09:03:01Z",
    "finished_at": None,
}
_SIMULATION = {
    **_SIMULATION_SUMMARY,
    "version": 3,
    "engine": "0.1.0",
    "attempts": 1,
    "seconds": 0.4,
    "error": None,
    "summary": None,
}

#: Of replies, by the name of their schema.  Here, and not beside the schema: FastAPI leaves every null out of those.
REPLIES: dict[str, Any] = {
    "AgentMade": {**_AGENT, "next_step": 0, "time": 0, "first": None},
    "AgentPage": {"items": [_AGENT_SUMMARY], "next": None},
    "AgentShown": _AGENT,
    "KeyCreated": {**_KEY, "last_used_at": None, "key": "ai_c93qzaxb_…"},
    "KeyPage": {"items": [_KEY], "next": None},
    "KeyShown": {**_KEY, "revoked_at": "2026-11-26T10:00:00Z"},
    "ManyStepsReply": {"results": [{"reply": _REPLY, "problem": None}]},
    "ModelPage": {"items": [_MODEL_SUMMARY], "next": None},
    "ModelShown": {
        "hash": _MODEL,
        "names": [{"name": "weather", "version": 1, "created_at": "2026-11-26T09:00:00Z"}],
        **_NAMES,
        "document": WEATHER,
    },
    "SimulationPage": {"items": [_SIMULATION_SUMMARY], "next": None},
    "SimulationShown": _SIMULATION,
    "StepReply": _REPLY,
    "StepPage": {"items": [_STEP], "next": None, "begins": 0},
    "StepShown": _STEP,
    "SwitchShown": {
        "name": "memory",
        "guards": "Work that is estimated to take much memory; small work goes on.",
        "position": "open",
        "state": "open",
        "failures": 0,
        "reason": "large runs exhausted the node",
        "changed_by": "key:c93qzaxb",
        "changed_at": "2026-11-26T09:04:00Z",
    },
}

#: Of bodies whose schema has no name, by operation and content type.
BODIES: dict[tuple[str, str], Any] = {
    ("readExperiment", "application/json"): {
        "actinf": 1,
        "kind": "experiment",
        "name": "T-maze",
        "model": "tmaze",
        "world": "tmaze",
        "agents": 10_000,
        "steps": 50,
        "episodes": 1,
        "seed": 1,
    },
    ("readResult", "application/json"): {
        "id": _SIMULATION_ID,
        "summary": None,
        "attrs": {},
        "coords": {"agent": [0], "time": [0, 1]},
        "variables": {"F": {"dims": ["agent", "time"], "attrs": {"units": "nats"}, "values": [[0.0, 0.69]]}},
    },
    ("readResult", "application/x-netcdf"): "(bytes that xarray.open_dataset reads)",
}

#: What parameters mean that mean the same wherever they stand.
MEANINGS: dict[str, str] = {
    "agent": "The id of the agent.",
    "key": "The id of the key; not the key itself.",
    "simulation": "The id of the simulation.",
    "step": "The number of the step; the first is 0.",
    "limit": "How many of them on a page, at most.",
    "after": "What the page before named as `next`; without it, the first page.",
    "accept": "`application/x-netcdf` for NetCDF; JSON otherwise.",
    "actor": "Only what this one did, as `key:…` or `cli:…`.",
    "action": "Only these, such as `agents.create`.",
    "object": "Only what was done to this, such as `agent:01997a3e-…`.",
    "outcome": "Only what ended so.",
}

#: Of the parts of paths, by their name.
PARAMETERS: dict[str, Any] = {
    "agent": _AGENT_ID,
    "key": _KEY_ID,
    "reference": _MODEL,
    "simulation": _SIMULATION_ID,
    "step": 0,
}
