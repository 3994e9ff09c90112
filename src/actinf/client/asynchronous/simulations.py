"""Simulations of a service: computed by its workers, followed, cancelled, and their traces fetched."""

from __future__ import annotations

import asyncio
import secrets
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actinf.client import operations
from actinf.client.asynchronous.paging import all_of
from actinf.client.progress import ProgressLine, not_ended_within
from actinf.client.replies import SimulationRecord, SimulationSummary
from actinf.errors import NotFound, ServiceError, SettingError, Stopped

if TYPE_CHECKING:
    import xarray as xr

    from actinf.client.asynchronous.connection import AsyncConnection
    from actinf.lab.experiment import Experiment
    from actinf.model import Model

__all__ = ["AsyncRun", "AsyncSimulations"]

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.05, 1.0


class AsyncSimulations:
    """The simulations of the workspace: `client.simulations`."""

    def __init__(self, connection: AsyncConnection):
        self._connection = connection

    async def create(
        self,
        experiment: str | Mapping[str, Any] | Model | Experiment,
        *,
        num_agents: int | None = None,
        num_steps: int | None = None,
        num_episodes: int | None = None,
        seed: int | None = None,
        record: Sequence[str] | None = None,
        name: str | None = None,
    ) -> AsyncRun:
        """Have an experiment computed by a worker; it is durable when this returns.

        Args:
            experiment: one that comes with the service, such as `"tmaze"`, an experiment document, or a model, which is
                then its own world.
            num_agents, num_steps, num_episodes, seed: None: what the experiment says.
            record: what the trace holds, as for `ai.simulate`; None: likewise.
            name: what it is called, for people.

        Raises:
            FileError, ModelError: with what is wrong in the experiment.
            BudgetError: no worker could do it.
        """
        told = {"num_agents": num_agents, "num_steps": num_steps, "num_episodes": num_episodes, "seed": seed}
        asked = operations.create_simulation(experiment, {**told, "record": record, "name": name})
        return AsyncRun(self._connection, await self._connection.send(asked))

    async def get(self, simulation: str) -> AsyncRun:
        """The simulation with an id.

        Raises:
            NotFound: there is none in the workspace.
        """
        return AsyncRun(self._connection, await self._connection.send(operations.read_simulation(simulation)))

    def list(self, *, status: str | None = None, page_size: int = 100) -> AsyncIterator[SimulationSummary]:
        """The simulations of the workspace, the newest first; pages are fetched as they are needed.

        Args:
            status: only those that are queued, running, succeeded, failed or cancelled.
            page_size: simulations in one request, up to 1,000.
        """
        return all_of(self._connection, lambda after: operations.list_simulations(status, after, page_size))


class AsyncRun:
    """A simulation that the service computes.

    Attributes:
        record: the simulation as it was when it was last asked for.
    """

    def __init__(self, connection: AsyncConnection, record: SimulationRecord):
        self._connection = connection
        self.record = record

    @property
    def id(self) -> str:
        """What names it in the service."""
        return self.record.id

    @property
    def status(self) -> str:
        """What it was when it was last asked for: queued, running, succeeded, failed or cancelled."""
        return self.record.status

    @property
    def summary(self) -> dict[str, Any] | None:
        """What came out, in sentences and numbers; None: it had not succeeded when it was last asked for."""
        return self.record.summary

    async def read(self) -> SimulationRecord:
        """How it stands now."""
        self.record = await self._connection.send(operations.read_simulation(self.id))
        return self.record

    async def changes(self) -> AsyncGenerator[SimulationRecord]:
        """How it stands, and again whenever that changes, until it has ended; over connections that break.

        Raises:
            NotFound: it was deleted.
        """
        async for event in self._connection.events(operations.simulation_events(self.id), -1):
            if event.name == "simulation":
                self.record = operations.read_simulation_record(event.data)
                yield self.record
                if self.record.has_ended:
                    return
            elif event.name == "deleted":
                raise NotFound(f"the simulation {self.id} was deleted")

    async def wait(
        self, *, timeout: float | None = None, progress: bool | Callable[[SimulationRecord], None] = False
    ) -> SimulationRecord:
        """Wait until it has succeeded.

        Args:
            timeout: seconds to wait; None: as long as it takes; 0: only look.
            progress: True shows how far it is, on the standard error; or what is called with every change.

        Raises:
            Unfinished: it has not ended in that time, which leaves it as it is: it goes on.  It is a TimeoutError.
            ServiceError: it failed; the message says why.
            Stopped: it was cancelled.
            NotFound: it was deleted.
        """
        if timeout is not None and not timeout >= 0:
            raise SettingError(f"wait(timeout={timeout!r}): expected seconds, 0 or more, or None")
        show = ProgressLine(sys.stderr).show if progress is True else progress
        async for record in self.changes() if timeout is None else self._looks(timeout):
            if show:
                show(record)
        if timeout is not None and not self.record.has_ended:
            raise not_ended_within(timeout, self.record)
        if self.status == "failed":
            raise ServiceError(f"the simulation {self.id} failed: {self.record.error}")
        if self.status == "cancelled":
            raise Stopped(f"the simulation {self.id} was cancelled")
        return self.record

    async def _looks(self, seconds: float) -> AsyncGenerator[SimulationRecord]:
        """How it stands, and again whenever that has changed, until it has ended or the time is over.

        A stream that has nothing to say cannot be left at a given moment by a client that blocks; asking again can.
        """
        until, pause, shown = time.monotonic() + seconds, _FIRST_PAUSE_SECONDS, -1
        while True:
            left = max(until - time.monotonic(), 0.0)
            self.record = await self._connection.send(operations.read_simulation(self.id), within=left)
            if self.record.version != shown:
                shown = self.record.version
                yield self.record
            if self.record.has_ended or left == 0:
                return
            await asyncio.sleep(min(pause, max(until - time.monotonic(), 0.0)))
            pause = min(1.5 * pause, _LONGEST_PAUSE_SECONDS)

    async def trace(self) -> xr.Dataset:
        """Its trace, read into memory; `save` keeps one that is larger.

        Raises:
            Conflict: it has not succeeded.
            MissingExtra: xarray or h5netcdf is not installed.
        """
        from actinf.lab.trace import open_trace

        with tempfile.TemporaryDirectory(prefix="actinf-") as folder:
            file = await self.save(Path(folder) / "trace.nc")
            with open_trace(file) as dataset:
                return dataset.load()

    async def save(self, path: str | Path) -> Path:
        """Fetch its trace as a NetCDF file, which `ai.open_trace` opens.

        Args:
            path: of the file; one that is there is replaced once the new one is whole.

        Returns:
            The path.

        Raises:
            Conflict: it has not succeeded.
        """
        target = Path(path)
        unfinished = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        try:
            with unfinished.open("wb") as file:
                await self._connection.download(operations.simulation_trace(self.id), file)
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)
        return target

    async def experiment(self) -> dict[str, Any]:
        """The experiment document that it computes; saved as JSON, `actinf run` runs it on any machine."""
        return await self._connection.send(operations.simulation_experiment(self.id))

    async def cancel(self) -> SimulationRecord:
        """End it, also in the middle; what it had computed is dropped."""
        self.record = await self._connection.send(operations.cancel_simulation(self.id))
        return self.record

    async def delete(self) -> None:
        """Remove it and its trace.

        Raises:
            Conflict: it is running.
        """
        await self._connection.send(operations.delete_simulation(self.id))

    def __repr__(self) -> str:
        return f"<AsyncRun {self.id} ({self.status}) at {self._connection.url}>"
