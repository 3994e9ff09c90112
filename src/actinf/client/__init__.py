"""The client of the Active Inference API: agents, models and keys of a service, as objects of Python.

`Client` waits for each answer; `AsyncClient` is the same for programs that wait for many things at once.  Requests are
described in `operations` and their replies in `replies`, once for both; the modules of `blocking` are written from
those of `asynchronous`.  httpx, from the extra `client`, is needed when a client is made.
"""

from actinf.client.asynchronous.agents import AsyncAgents, AsyncRemoteAgent
from actinf.client.asynchronous.audit import AsyncAudit
from actinf.client.asynchronous.client import AsyncClient
from actinf.client.asynchronous.keys import AsyncKeys
from actinf.client.asynchronous.models import AsyncModels
from actinf.client.asynchronous.simulations import AsyncRun, AsyncSimulations
from actinf.client.blocking.agents import Agents, RemoteAgent
from actinf.client.blocking.audit import Audit
from actinf.client.blocking.client import Client
from actinf.client.blocking.keys import Keys
from actinf.client.blocking.models import Models
from actinf.client.blocking.simulations import Run, Simulations
from actinf.client.next_step import NextStep
from actinf.client.replies import (
    AgentRecord,
    AgentSummary,
    AuditEntry,
    Health,
    Inferred,
    KeyRecord,
    ModelRecord,
    ModelSummary,
    ModelVersion,
    NewAgent,
    NewKey,
    Progress,
    SimulationRecord,
    SimulationSummary,
    StepReply,
    TakenStep,
    Terms,
)
from actinf.client.retries import Retries

__all__ = [
    "AgentRecord",
    "AgentSummary",
    "Agents",
    "AsyncAgents",
    "AsyncAudit",
    "AsyncClient",
    "AsyncKeys",
    "AsyncModels",
    "AsyncRemoteAgent",
    "AsyncRun",
    "AsyncSimulations",
    "Audit",
    "AuditEntry",
    "Client",
    "Health",
    "Inferred",
    "KeyRecord",
    "Keys",
    "ModelRecord",
    "ModelSummary",
    "ModelVersion",
    "Models",
    "NewAgent",
    "NewKey",
    "NextStep",
    "Progress",
    "RemoteAgent",
    "Retries",
    "Run",
    "SimulationRecord",
    "SimulationSummary",
    "Simulations",
    "StepReply",
    "TakenStep",
    "Terms",
]
