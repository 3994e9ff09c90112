"""What is done with agents."""

import secrets
from contextlib import suppress
from typing import Any
from uuid import UUID

from actinf.agent import Agent
from actinf.errors import ActinfError, Conflict
from actinf.lab.experiment_file import agent_to_plain, read_agent
from actinf.service.access.principal import Principal
from actinf.service.agents import repository
from actinf.service.agents.hot import not_there
from actinf.service.agents.schemas import AgentPage, AgentShown, AgentSummary, NewAgent, Reset
from actinf.service.context import Asking, Parts
from actinf.service.models import service as models
from actinf.service.models.service import parts_of_model

__all__ = ["create", "delete", "listed", "make_ready", "reset", "shown"]

MOST_POLICIES_SHOWN = 4096


async def make_ready(parts: Parts, principal: Principal, wanted: NewAgent) -> None:
    """Have the agent built that is to be made, before a transaction is begun: it may take seconds, and hold a thread.

    What is wrong is told by `create`, which finds it again; a request that is sent twice may still be replayed.
    """
    with suppress(ActinfError):
        settings = read_agent(wanted.settings())
        if isinstance(wanted.model, str):
            async with parts.engine.connect() as connection:
                model, _ = await models.find(parts.library, connection, principal.workspace, wanted.model)
        else:
            model = await parts.library.stated(principal.workspace, wanted.model)
        await parts.library.agent(model, settings)


async def create(asking: Asking, wanted: NewAgent) -> AgentShown:
    """Make an agent.

    Raises:
        ModelError, SettingError, BudgetError: with what is wrong in the model or the settings.
        NotFound: there is no such model.
    """
    library, workspace = asking.parts.library, asking.principal.workspace
    settings = read_agent(wanted.settings())
    if isinstance(wanted.model, str):
        model, held = await models.find(library, asking.connection, workspace, wanted.model)
        if held is None:
            await models.keep(asking, None, model)
    else:
        model = await models.keep(asking, None, wanted.model)
    agent = await library.agent(model, settings)
    seed = wanted.seed if wanted.seed is not None else secrets.randbelow(2**63)
    with asking.parts.admission.work(f"an agent of the model {model.name!r}", library.estimate(agent).bytes_per_thread):
        start = await asking.parts.crew.run(lambda: agent.start(seed).snapshot())
    values = {
        "workspace_id": workspace,
        "name": wanted.name,
        "model_hash": model.hash,
        "settings": agent_to_plain(settings),
        "seed": seed,
    }
    identity = await repository.insert_agent(asking.connection, values, start)
    asking.record("agents.create", f"agent:{identity}", model=model.hash, name=wanted.name)
    return await shown(asking, identity)


async def shown(asking: Asking, identity: UUID) -> AgentShown:
    """An agent, whole.

    Raises:
        NotFound: there is none.
    """
    row = await repository.find_agent(asking.connection, asking.principal.workspace, identity)
    if row is None:
        raise not_there(identity)
    library = asking.parts.library
    model = await library.read(row.workspace_id, row.model_hash, bytes(row.document))
    agent = await library.agent(model, read_agent(row.settings))
    return AgentShown(
        id=row.id,
        name=row.name,
        model=row.model_hash,
        next_step=row.next_step,
        episode=row.episode,
        created_at=row.created_at,
        seed=row.seed,
        settings=row.settings,
        time=row.time,
        **parts_of_model(model),
        num_policies=agent.num_policies,
        policies=policy_names(agent),
    )


def policy_names(agent: Agent) -> list[str] | None:
    """The names of the policies, or None where they are too many to be shown."""
    return agent.policy_names() if agent.num_policies <= MOST_POLICIES_SHOWN else None


async def listed(asking: Asking, after: UUID | None, limit: int) -> AgentPage:
    """A page of agents."""
    rows = await repository.list_agents(asking.connection, asking.principal.workspace, after, limit + 1)
    items = [AgentSummary(**dict(row._mapping)) for row in rows[:limit]]
    return AgentPage(items=items, next=items[-1].id if len(rows) > limit else None)


async def reset(asking: Asking, identity: UUID, how: Reset) -> AgentShown:
    """Begin an agent's next episode.

    Raises:
        NotFound: there is none.
        Conflict: it was stepped at the same moment.
    """
    row = await repository.find_agent(asking.connection, asking.principal.workspace, identity)
    if row is None:
        raise not_there(identity)
    live = await asking.parts.hot.revived(row)
    before = live.session.snapshot()
    live.session.next_episode(carry_counts=how.carry_counts)
    after = live.session.snapshot()
    if not await repository.move_state(asking.connection, identity, live.next_step, before, after):
        raise Conflict(f"the agent {identity} was stepped at the same moment: try again")
    changes: dict[str, Any] = {"episode": after.episode, "carry_counts": how.carry_counts}
    asking.record("agents.reset", f"agent:{identity}", **changes)
    asking.once_committed(lambda: asking.parts.hot.outdated(asking.principal.workspace, identity))
    return await shown(asking, identity)


async def delete(asking: Asking, identity: UUID) -> None:
    """Remove an agent and its steps.

    Raises:
        NotFound: there is none.
    """
    if not await repository.delete_agent(asking.connection, asking.principal.workspace, identity):
        raise not_there(identity)
    asking.record("agents.delete", f"agent:{identity}")
    asking.once_committed(lambda: asking.parts.hot.forget(asking.principal.workspace, identity))
