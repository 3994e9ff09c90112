"""Sends what was described, and sends it again where that is worth trying."""

import asyncio
import ssl
import time
from types import TracebackType
from typing import Self, TypeVar

import httpx

from actinf.client.exchange import address, close_when_forgotten, headers_with, is_here, lost, result_of
from actinf.client.operation import Operation
from actinf.client.retries import Attempts, Retries
from actinf.errors import NotFound, RateLimited, ServiceError, ServiceUnavailable

__all__ = ["AsyncConnection"]

T = TypeVar("T")


class AsyncConnection:
    """The connections to one service.

    Args:
        url: its address.
        key: lets in; None where the service needs none.
        timeout: seconds that one answer may take.
        retries: how long, and at what distance, to try again.
        verify: the file of the certificates that sign the service's; True: those that the system trusts.
        transport: what carries requests instead of the network, as httpx has them; for tests.

    Raises:
        SettingError: when the address or the key cannot be one.
    """

    def __init__(
        self,
        url: str,
        key: str | None,
        *,
        timeout: float,
        retries: Retries,
        verify: str | bool | ssl.SSLContext,
        transport: httpx.AsyncBaseTransport | None,
    ):
        self.url = address(url)
        self._timeout = timeout
        self.retries = retries
        self._reached = False
        context = ssl.create_default_context(cafile=verify) if isinstance(verify, str) else verify
        self._http = httpx.AsyncClient(
            base_url=self.url,
            headers=headers_with(key),
            timeout=timeout,
            verify=context,
            transport=transport,
            trust_env=not is_here(self.url),
        )
        close_when_forgotten(self, self._http)

    async def send(self, operation: Operation[T]) -> T:
        """Ask, and ask again while that may help.

        Raises:
            ActinfError: what the service refused.
            ServiceUnavailable: there was no answer until the time for retries was over; or, where the service was never
                reached before, nothing is there at all.
        """
        attempts = Attempts(self.retries, now=time.monotonic)
        while True:
            try:
                return await self._try(operation)
            except NotFound:
                if operation.gone_is_done and attempts.made > 1:
                    return operation.read(None)
                raise
            except (RateLimited, ServiceUnavailable) as error:
                wait = attempts.wait(error.retry_after) if self._reached else None
                if wait is None:
                    if attempts.made > 1:
                        error.add_note(f"tried {attempts.made} times within {self.retries.seconds:g} s")
                    raise
            await asyncio.sleep(wait)

    async def _try(self, operation: Operation[T]) -> T:
        try:
            reply = await self._http.request(
                operation.method,
                operation.path,
                params=operation.parameters,
                json=operation.body,
                headers=operation.headers,
            )
        except httpx.HTTPError as error:
            self._reached = self._reached or not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
            raise lost(self.url, operation, error, timeout=self._timeout) from error
        except ValueError as error:
            raise ServiceError(f"{operation.asked} cannot be written as JSON: {error}") from error
        self._reached = True
        return result_of(self.url, operation, reply)

    async def aclose(self) -> None:
        """End the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
