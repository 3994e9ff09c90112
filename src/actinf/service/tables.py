"""The tables as queries see them.  The migrations make them; a test holds both to be the same.

A step's `results` are what its compiled step reported, `action` the joint action that it chose: together with the agent
they are its reply, to the last bit.  `agent_states` is where an agent stands: a step moves it on only from the step
before, which is what keeps steps in order when several processes serve one agent.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    FetchedValue,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

__all__ = [
    "AGENTS",
    "AGENT_STATES",
    "API_KEYS",
    "AUDIT_HEAD",
    "AUDIT_LOG",
    "BROWSER_SESSIONS",
    "HEALTH_PROBE",
    "IDEMPOTENCY_KEYS",
    "METADATA",
    "MODELS",
    "MODEL_NAMES",
    "SIMULATIONS",
    "SIMULATION_CHUNKS",
    "STEPS",
    "SWITCHES",
    "WORKSPACES",
    "AnyRow",
]

METADATA = MetaData()

#: A row of a query, whatever its columns.
AnyRow = Row[*tuple[Any, ...]]


def _time(name: str, *, optional: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=optional)


WORKSPACES = Table(
    "workspaces",
    METADATA,
    Column("id", Uuid, primary_key=True, server_default=FetchedValue()),
    Column("name", Text, nullable=False),
    _time("created_at"),
)

API_KEYS = Table(
    "api_keys",
    METADATA,
    Column("id", Uuid, primary_key=True, server_default=FetchedValue()),
    Column("workspace_id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    _time("created_at"),
    _time("expires_at", optional=True),
    _time("revoked_at", optional=True),
    _time("last_used_at", optional=True),
)

BROWSER_SESSIONS = Table(
    "browser_sessions",
    METADATA,
    Column("digest", LargeBinary, primary_key=True),
    Column("key_id", Uuid, nullable=False),
    _time("created_at"),
    _time("expires_at"),
)

IDEMPOTENCY_KEYS = Table(
    "idempotency_keys",
    METADATA,
    Column("workspace_id", Uuid, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("operation", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("status", SmallInteger),
    Column("body", LargeBinary),
    _time("created_at"),
)

MODELS = Table(
    "models",
    METADATA,
    Column("workspace_id", Uuid, primary_key=True),
    Column("hash", Text, primary_key=True),
    Column("document", LargeBinary, nullable=False),
    _time("created_at"),
)

MODEL_NAMES = Table(
    "model_names",
    METADATA,
    Column("workspace_id", Uuid, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("hash", Text, nullable=False),
    Column("description", Text, nullable=False),
    _time("created_at"),
)

AGENTS = Table(
    "agents",
    METADATA,
    Column("id", Uuid, primary_key=True, server_default=FetchedValue()),
    Column("workspace_id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("model_hash", Text, nullable=False),
    Column("settings", JSONB, nullable=False),
    Column("seed", BigInteger, nullable=False),
    _time("created_at"),
)

AGENT_STATES = Table(
    "agent_states",
    METADATA,
    Column("agent_id", Uuid, primary_key=True),
    Column("next_step", BigInteger, nullable=False),
    Column("episode", Integer, nullable=False),
    Column("time", Integer, nullable=False),
    Column("action", Integer, nullable=False),
    Column("carry", LargeBinary, nullable=False),
    _time("updated_at"),
)

STEPS = Table(
    "steps",
    METADATA,
    Column("agent_id", Uuid, primary_key=True),
    Column("step", BigInteger, primary_key=True),
    Column("created_at", DateTime(timezone=True), primary_key=True),
    Column("episode", Integer, nullable=False),
    Column("time", Integer, nullable=False),
    Column("request_key", Text),
    Column("request_digest", LargeBinary, nullable=False),
    Column("request", LargeBinary, nullable=False),
    Column("action", Integer, nullable=False),
    Column("free_energy", Double, nullable=False),
    Column("results", LargeBinary, nullable=False),
    Column("carry", LargeBinary),
)

SIMULATIONS = Table(
    "simulations",
    METADATA,
    Column("id", Uuid, primary_key=True, server_default=FetchedValue()),
    Column("workspace_id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("num_agents", BigInteger, nullable=False),
    Column("num_steps", BigInteger, nullable=False),
    Column("num_episodes", BigInteger, nullable=False),
    Column("engine", Text, nullable=False),
    Column("chunk_agents", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("num_chunks", Integer, nullable=False),
    Column("chunks_done", Integer, nullable=False),
    Column("work_total", BigInteger, nullable=False),
    Column("work_done", BigInteger, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("job_id", BigInteger),
    Column("attempts", Integer, nullable=False),
    Column("deaths", Integer, nullable=False),
    Column("error", Text),
    Column("summary", JSONB),
    Column("version", BigInteger, nullable=False),
    _time("created_at"),
    _time("started_at", optional=True),
    _time("finished_at", optional=True),
)

SIMULATION_CHUNKS = Table(
    "simulation_chunks",
    METADATA,
    Column("simulation_id", Uuid, primary_key=True),
    Column("chunk", Integer, primary_key=True),
    Column("data", LargeBinary, nullable=False),
    _time("created_at"),
)

AUDIT_LOG = Table(
    "audit_log",
    METADATA,
    Column("seq", BigInteger, primary_key=True),
    Column("created_at", DateTime(timezone=True), primary_key=True),
    Column("workspace_id", Uuid),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("details", JSONB, nullable=False),
    Column("mac", LargeBinary, nullable=False),
)

AUDIT_HEAD = Table(
    "audit_head",
    METADATA,
    Column("one", Boolean, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("mac", LargeBinary, nullable=False),
    Column("key_id", LargeBinary),
)

SWITCHES = Table(
    "switches",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("position", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("changed_by", Text, nullable=False),
    _time("changed_at"),
)

HEALTH_PROBE = Table("health_probe", METADATA, Column("one", Boolean, primary_key=True), _time("written_at"))
