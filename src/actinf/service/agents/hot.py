"""Agents ready to step, in the memory of this process.

A place holds at most one live agent, and a lock: the steps of one agent follow one another.  What is here may be
outdated, because another process has moved the agent on; the database tells so when a step is committed, and the agent
is read again.  Nothing here is needed: it may vanish at any time.

Where the database turns out to be of another lineage, because it was restored, all of it vanishes: an agent may then
stand elsewhere at the same number of steps.

An agent that is not here is looked for in the cache that the replicas share, then in the database.  What the cache says
may be outdated as well: an agent that turned out to stand elsewhere is read from the database alone.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from actinf.agent import Agent, Session, Snapshot
from actinf.agent.session import fingerprint
from actinf.errors import NotFound
from actinf.lab.experiment_file import read_agent
from actinf.service.agents import repository
from actinf.service.agents.cache import AgentCache, Standing
from actinf.service.lineage import Lineage
from actinf.service.models.library import ModelLibrary
from actinf.service.protection.admission import Admission
from actinf.service.protection.crew import Crew
from actinf.service.tables import AnyRow

__all__ = ["HotAgents", "Live", "Place"]

_LARGE_SESSION = 16 * 2**20  # bytes; to fill them would hold up the event loop


@dataclass(slots=True)
class Live:
    """An agent as it stands.

    Attributes:
        agent: what it is; shared by all with the same model and settings.
        session: where it stands.
        settings: the agent's settings, as plain values.
        next_step: the number of the step that comes next.
        last: the key and the digest of the last step's request and its reply; None where it is not known.
        lineage: number of the lineage under which it was read; a step is kept under that one alone.
        seconds: what its last step took; by estimate before the first here.
    """

    agent: Agent
    session: Session
    settings: Mapping[str, Any]
    next_step: int
    seconds: float
    last: tuple[str, bytes, int, bytes] | None = None
    lineage: int = 0


@dataclass(slots=True)
class Place:
    """Where an agent is kept.

    Attributes:
        live: the agent; None while nothing is known of it.
        doubted: whether what was known of it turned out to be wrong, so that only the database is to be believed.
    """

    id: UUID
    workspace: UUID
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    live: Live | None = None
    waiting: int = 0
    doubted: bool = False

    def forget(self) -> None:
        """Know nothing of the agent, and believe the database alone."""
        self.live, self.doubted = None, True


class HotAgents:
    """The agents that were used lately."""

    def __init__(
        self,
        engine: AsyncEngine,
        library: ModelLibrary,
        cache: AgentCache,
        lineage: Lineage,
        *,
        most: int,
        admission: Admission,
        crew: Crew,
    ):
        self._admission = admission
        self._crew = crew
        admission.gives_way(self._let_go)
        self._engine = engine
        self._cache = cache
        self._lineage = lineage
        lineage.tells(lambda _: self._forget_all())
        self._library = library
        self._most = most
        # By workspace as well: whoever asks for an agent of somebody else gets a place of their own, which stays empty.
        self._places: OrderedDict[tuple[UUID, UUID], Place] = OrderedDict()

    def __len__(self) -> int:
        return len(self._places)

    def place(self, workspace: UUID, agent: UUID) -> Place:
        """The place of an agent; another workspace never gets there."""
        place = self._places.get((workspace, agent))
        if place is not None:
            self._places.move_to_end((workspace, agent))
            return place
        place = Place(agent, workspace)
        self._places[workspace, agent] = place
        self._make_room()
        return place

    def _make_room(self) -> None:
        for key in list(self._places) if len(self._places) > self._most else ():
            if len(self._places) <= self._most:
                return
            place = self._places[key]
            if not place.lock.locked() and place.waiting == 0:
                del self._places[key]

    def _let_go(self) -> bool:
        """Forget the agent that was not used for longest; False where all are in use, or there are none."""
        for key, place in self._places.items():
            if not place.lock.locked() and place.waiting == 0:
                del self._places[key]
                return True
        return False

    async def _resumed(self, agent: Agent, snapshot: Snapshot) -> Session:
        """A session that stands where the snapshot was taken.

        Raises:
            ServiceUnavailable: there is no room for it now.
        """
        nbytes = self._library.estimate(agent).bytes_per_thread
        with self._admission.work(f"an agent of the model {agent.model.name!r}", nbytes):
            if nbytes < _LARGE_SESSION:
                session = agent.resume(snapshot)
            else:
                session = await self._crew.run(agent.resume, snapshot)
        self._admission.keep(session, session.nbytes)
        return session

    async def bring(self, place: Place) -> tuple[Live, bool]:
        """The live agent of a place; call it under the lock.

        Returns:
            The agent, and whether the database has just said that it stands there: else it may stand elsewhere.

        Raises:
            NotFound: there is no such agent in the workspace.
        """
        lineage = self._lineage.number  # before it is read: what is read while it changes is of either
        if place.live is None and not place.doubted:
            standing = await self._cache.find(place.workspace, place.id)
            place.live = None if standing is None else await self._of_standing(standing, lineage)
        if place.live is not None:
            return place.live, False
        try:
            async with self._engine.connect() as connection:
                row = await self.row_of(connection, place.workspace, place.id)
            place.live = await self.revived(row)
            place.live.lineage = lineage
        except NotFound:
            self._places.pop((place.workspace, place.id), None)
            raise
        place.doubted = False
        return place.live, True

    def stepped(self, place: Place, state: Snapshot) -> None:
        """Tell the other replicas where a step that was kept has left an agent; call it under the lock."""
        live = place.live
        if live is not None:
            self._cache.keep(
                place.id,
                Standing(
                    place.workspace,
                    live.agent.model.hash,
                    live.settings,
                    state.seed,
                    live.next_step,
                    state.episode,
                    state.time,
                    state.action,
                    state.carry,
                ),
            )

    @staticmethod
    async def row_of(connection: AsyncConnection, workspace: UUID, agent: UUID) -> AnyRow:
        """An agent as the database knows it now.

        Raises:
            NotFound: there is no such agent in the workspace.
        """
        row = await repository.find_agent(connection, workspace, agent)
        if row is None:
            raise not_there(agent)
        return row

    async def revived(self, row: AnyRow) -> Live:
        """The live agent of a row; nothing is kept of it.  It may take its time: hold no connection meanwhile."""
        model = await self._library.read(row.workspace_id, row.model_hash, bytes(row.document))
        agent = await self._library.agent(model, read_agent(row.settings))
        snapshot = Snapshot(fingerprint(agent), row.seed, 0, row.episode, row.time, row.action, bytes(row.carry))
        return await self._live(agent, snapshot, row.settings, row.next_step)

    async def _live(self, agent: Agent, snapshot: Snapshot, settings: Any, next_step: int) -> Live:
        seconds = self._library.estimate(agent).seconds_per_step
        return Live(agent, await self._resumed(agent, snapshot), settings, next_step, seconds)

    async def _of_standing(self, at: Standing, lineage: int) -> Live | None:
        """The live agent of an entry of the cache; None where its model is not known here, or it does not fit."""
        model = self._library.known(at.workspace, at.model)
        if model is None:
            return None
        agent = await self._library.agent(model, read_agent(at.settings))
        if len(at.carry) != agent.program.lengths["carry"] * np.dtype(agent.dtype).itemsize:
            return None
        snapshot = Snapshot(fingerprint(agent), at.seed, 0, at.episode, at.time, at.action, at.carry)
        live = await self._live(agent, snapshot, at.settings, at.next_step)
        live.lineage = lineage
        return live

    def _forget_all(self) -> None:
        """Know nothing of any agent; a step that is under way finds out when it is committed."""
        for place in self._places.values():
            place.forget()

    def outdated(self, workspace: UUID, agent: UUID) -> None:
        """Read an agent again before its next step; a step that is under way finds out when it is committed."""
        self._cache.drop(agent)
        place = self._places.get((workspace, agent))
        if place is not None and not place.lock.locked():
            place.forget()

    def forget(self, workspace: UUID, agent: UUID) -> None:
        """Let go of an agent."""
        self._cache.drop(agent)
        self._places.pop((workspace, agent), None)


def not_there(agent: UUID) -> NotFound:
    """The error for an agent that does not exist here."""
    return NotFound(f"there is no agent {agent} in this workspace: /v1/agents lists those that there are")
