"""Sends what was described, and sends it again where that is worth trying."""

import ssl
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, BinaryIO, Self, TypeVar

import httpx

from actinf.client.exchange import address, close_when_forgotten, headers_with, is_here, lost, result_of
from actinf.client.operation import Operation
from actinf.client.refusals import unreadable
from actinf.client.retries import Attempts, Retries
from actinf.client.server_events import EventLines, ServerEvent
from actinf.client.unsendable import refusal_of
from actinf.errors import NotFound, RateLimited, ServiceUnavailable

__all__ = ["Connection"]

T = TypeVar("T")

QUIET_SECONDS = 40.0
"""A stream that says nothing for so long is dead: the service speaks at least every 15 s."""

_LEAST_SECONDS = 0.5
"""What an answer is given where hardly any time is left."""


class Connection:
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
        transport: httpx.BaseTransport | None,
    ):
        self.url = address(url)
        self._timeout = timeout
        self.retries = retries
        self._reached = False
        context = ssl.create_default_context(cafile=verify) if isinstance(verify, str) else verify
        self._http = httpx.Client(
            base_url=self.url,
            headers=headers_with(key),
            timeout=timeout,
            verify=context,
            transport=transport,
            trust_env=not is_here(self.url),
        )
        close_when_forgotten(self, self._http)

    def send(self, operation: Operation[T], *, within: float | None = None) -> T:
        """Ask, and ask again while that may help.

        Args:
            operation: what is asked.
            within: seconds that all tries together may take, where that is less than one answer and the retries may.

        Raises:
            ActinfError: what the service refused; or what the request holds that JSON cannot say, such as NaN: then it
                was not sent.
            ServiceUnavailable: there was no answer until the time for retries was over; or, where the service was never
                reached before, nothing is there at all.
        """
        until = None if within is None else time.monotonic() + within

        def once(wanted: Operation[T]) -> T:
            return self._try(wanted, until)

        return self._repeated(operation, once, within)

    def download(self, operation: Operation[Any], file: BinaryIO) -> None:
        """Write what is answered into a file; where the connection breaks, once more from the beginning.

        Raises:
            ActinfError, ServiceUnavailable: as `send`.
        """

        def once(wanted: Operation[Any]) -> None:
            file.seek(0)
            file.truncate()
            try:
                with self._http.stream(wanted.method, wanted.path, params=wanted.parameters) as reply:
                    self._reached = True
                    if not reply.is_success:
                        reply.read()
                        result_of(self.url, wanted, reply)
                    for part in reply.iter_bytes():
                        file.write(part)
            except httpx.HTTPError as error:
                raise lost(self.url, wanted, error, timeout=self._timeout) from error

        self._repeated(operation, once)

    def _repeated(self, operation: Operation[T], once: Callable[[Operation[T]], T], within: float | None = None) -> T:
        attempts = Attempts(self.retries, now=time.monotonic, within=within)
        while True:
            try:
                return once(operation)
            except NotFound:
                if operation.gone_is_done and attempts.made > 1:
                    return operation.read(None)
                raise
            except (RateLimited, ServiceUnavailable) as error:
                wait = attempts.wait(error.retry_after) if self._reached else None
                if wait is None:
                    if attempts.made > 1:
                        error.add_note(f"tried {attempts.made} times within {attempts.seconds:g} s")
                    raise
            time.sleep(wait)

    def _try(self, operation: Operation[T], until: float | None) -> T:
        timeout = self._timeout if until is None else min(self._timeout, max(until - time.monotonic(), _LEAST_SECONDS))
        try:
            request = self._http.build_request(
                operation.method,
                operation.path,
                params=operation.parameters,
                json=operation.body,
                headers=operation.headers,
                timeout=timeout,
            )
        except (ValueError, TypeError) as error:
            raise refusal_of(operation.asked, operation.body, error) from error
        try:
            reply = self._http.send(request)
        except httpx.HTTPError as error:
            self._reached = self._reached or not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
            raise lost(self.url, operation, error, timeout=timeout) from error
        self._reached = True
        return result_of(self.url, operation, reply)

    def events(self, operation: Operation[Any], after: int) -> Iterator[ServerEvent]:
        """The events of a stream that come after a number, each once; where it breaks off, it is taken up again.

        Args:
            operation: what opens the stream.
            after: the number of the last event that is not wanted any more.

        Raises:
            ActinfError: what the service refused.
            ServiceUnavailable: it could not be reached again until the time for retries was over.
        """
        attempts = Attempts(self.retries, now=time.monotonic)
        while True:
            try:
                for event in self._events_once(operation, after):
                    attempts = Attempts(self.retries, now=time.monotonic)
                    if event.number is not None:
                        after = event.number
                    yield event
                lost_by: RateLimited | ServiceUnavailable = ServiceUnavailable(
                    f"{self.url} ended the answer to {operation.asked}", 0.0
                )
            except (RateLimited, ServiceUnavailable) as error:
                lost_by = error
            wait = attempts.wait(lost_by.retry_after)
            if wait is None:
                raise lost_by
            time.sleep(wait)

    def _events_once(self, operation: Operation[Any], after: int) -> Iterator[ServerEvent]:
        lines = EventLines()
        headers = {"Accept": "text/event-stream", "Last-Event-ID": str(after)}
        timeout = httpx.Timeout(self._timeout, read=max(self._timeout, QUIET_SECONDS))
        try:
            with self._http.stream(
                operation.method, operation.path, params=operation.parameters, headers=headers, timeout=timeout
            ) as reply:
                self._reached = True
                if reply.headers.get("content-type", "").partition(";")[0] != "text/event-stream":
                    reply.read()
                    result_of(self.url, operation, reply)
                for line in reply.iter_lines():
                    event = lines.take(line)
                    if event is not None:
                        yield event
        except httpx.HTTPError as error:
            raise lost(self.url, operation, error, timeout=self._timeout) from error
        except ValueError as error:
            raise unreadable(self.url, operation.asked, error) from error

    def close(self) -> None:
        """End the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
