"""The client: where the service is, and what can be asked of it."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from actinf.client import operations
from actinf.client.asynchronous.agents import AsyncAgents
from actinf.client.asynchronous.audit import AsyncAudit
from actinf.client.asynchronous.keys import AsyncKeys
from actinf.client.asynchronous.models import AsyncModels
from actinf.client.asynchronous.simulations import AsyncSimulations
from actinf.client.batch import Batch
from actinf.client.next_step import NextStep
from actinf.client.replies import Health, Inferred, StepReply
from actinf.client.retries import Attempts, Retries
from actinf.errors import ActinfError, ServiceUnavailable, SettingError
from actinf.lab.extras import load_extra

if TYPE_CHECKING:
    import httpx

    from actinf.client.asynchronous.agents import AsyncRemoteAgent
    from actinf.client.asynchronous.connection import AsyncConnection
    from actinf.client.next_step import Observation
    from actinf.client.operations import ModelReference

__all__ = ["AsyncClient"]

_READY_EVERY_SECONDS = 0.1


class AsyncClient:
    """A client of the Active Inference API.

    What the service refuses is raised as the exception that the library itself has for it, with the service's message
    (`actinf.errors`).  A request that gets no answer, or is told to come back later (429, 502, 503, 504), is sent
    again; each that makes or changes something carries a key by which the service knows it, so that it is carried out
    once.  Use it in a `with` block, or close it.

    Args:
        url: the address of the service.
        key: a key that `actinf keys create` made; None: the service needs none.
        timeout: seconds that one answer may take.
        retries: how long, and at what distance, to try again.
        verify: the file of the certificates that sign the service's, or a context of one's own; True: those that the
            system trusts; False: any certificate, which lets anybody listen.
        transport: what carries requests instead of the network: a transport of httpx, for tests.

    Attributes:
        agents: make, find and list agents.
        models: keep, find and list models.
        simulations: have experiments computed, follow them, get their traces.
        keys: make, list and revoke keys.
        audit: what was done in the workspace.

    Raises:
        SettingError: when the address or the key cannot be one.
        MissingExtra: httpx is not installed.
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        timeout: float = 30.0,
        retries: Retries | None = None,
        verify: str | bool | ssl.SSLContext = True,
        transport: httpx.AsyncBaseTransport | None = None,
    ):
        purpose = "The client of the API"
        connection = load_extra("actinf.client.asynchronous.connection", extra="client", purpose=purpose)
        retries = Retries() if retries is None else retries
        how = {"timeout": timeout, "retries": retries, "verify": verify, "transport": transport}
        self._connection: AsyncConnection = connection.AsyncConnection(url, key, **how)
        self.agents = AsyncAgents(self._connection)
        self.models = AsyncModels(self._connection)
        self.simulations = AsyncSimulations(self._connection)
        self.keys = AsyncKeys(self._connection)
        self.audit = AsyncAudit(self._connection)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], **how: Any) -> Self:
        """A client of the service that `os.environ` names by `ACTINF_URL`, and `ACTINF_KEY` where keys are on.

        Args:
            environment: `os.environ`, read where the program starts.
            how: further arguments of the client.

        Raises:
            SettingError: `ACTINF_URL` is not there.
        """
        url = environment.get("ACTINF_URL", "")
        if not url:
            raise SettingError("ACTINF_URL is not set: expected the address of the service, http://127.0.0.1:8000")
        return cls(url, environment.get("ACTINF_KEY") or None, **how)

    @property
    def url(self) -> str:
        """The address of the service."""
        return self._connection.url

    async def step_many(
        self, steps: Iterable[NextStep | tuple[AsyncRemoteAgent | str, Observation]]
    ) -> list[StepReply | ActinfError]:
        """Give many agents their observations in one request.

        Args:
            steps: pairs of an agent and its observation, or `NextStep`, at most 1,000; several of the same agent are
                taken in this order, up to the first that fails.

        Returns:
            For each, in this order, its reply, or the error with which it alone was refused; a `Conflict` where an
            earlier step of its agent was.

        Raises:
            ActinfError: what refused all of them, as for any request.  Where the reply was lost, steps may have been
                taken: with a `key` in each `NextStep`, send the same again.
        """
        batch = Batch([step if isinstance(step, NextStep) else NextStep(*step) for step in steps])
        attempts = Attempts(self._connection.retries, now=time.monotonic)
        while True:
            batch.take(await self._connection.send(batch.asked()))
            wait = attempts.wait(batch.retry_after) if batch.open else None
            if wait is None:
                return batch.results
            await asyncio.sleep(wait)

    async def infer(
        self,
        model: ModelReference,
        observations: Sequence[Observation],
        actions: Sequence[Any] | None = None,
        *,
        inference: Any = None,
        dtype: str | None = None,
    ) -> Inferred:
        """Infer hidden states from a sequence of observations, without an agent; nothing is kept.

        Args:
            model: an `ai.Model`, its document, its hash, its name, or one that comes with the service.
            observations: one for each step, as for an agent, up to 10,000.
            actions: the actions executed between two observations, control → action, one fewer than there are
                observations; None: the model has only one.
            inference: `ai.Exact()`, which is what None means, or `ai.FixedPoint()`, or plain values.
            dtype: `"float64"`, which is what None means, or `"float32"`.

        Raises:
            ObservationError: names the observation that the model does not know, or excludes.
        """
        told = {"inference": inference, "dtype": dtype}
        return await self._connection.send(operations.infer(model, observations, actions, told))

    async def health(self) -> Health:
        """Whether the service works, and what it does without for now; needs no key."""
        return await self._connection.send(operations.health())

    async def wait_until_ready(self, seconds: float = 60.0) -> None:
        """Wait until the service is there and takes requests; needs no key.

        Args:
            seconds: how long to wait.

        Raises:
            ServiceUnavailable: it was not ready in that time.
        """
        until = time.monotonic() + seconds
        while True:
            said = "it is not ready yet"
            try:
                if await self._connection.send(operations.ready()):
                    return
            except ServiceUnavailable as error:
                said = str(error)
            if time.monotonic() >= until:
                raise ServiceUnavailable(f"{self.url} was not ready within {seconds:g} s: {said}")
            await asyncio.sleep(_READY_EVERY_SECONDS)

    async def aclose(self) -> None:
        """End the connections; what was asked before is not undone."""
        await self._connection.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"AsyncClient({self.url!r})"
