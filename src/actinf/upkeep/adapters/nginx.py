"""How nginx is: it answers, its certificate is valid, and what its access log says in numbers."""

import asyncio
import re
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from prometheus_client import Metric

from actinf.errors import SettingError
from actinf.runtime.logs import first_line
from actinf.upkeep.adapters.access_log import AccessLog
from actinf.upkeep.adapters.certificate import expiry_of
from actinf.upkeep.adapters.seen import Seen, counter, gauge

__all__ = ["NginxSubject"]

_TIMEOUT_SECONDS = 1.0
_CERTIFICATE_EVERY_SECONDS = 30.0
_STATUS = re.compile(
    r"Active connections: (\d+)\s+server accepts handled requests\s+(\d+) (\d+) (\d+)\s+"
    r"Reading: (\d+) Writing: (\d+) Waiting: (\d+)"
)


class NginxSubject:
    """An nginx, asked for its own status, for its certificate, and read in its log.

    Args:
        status: http://… of its module `stub_status`.
        tls: https://HOST:PORT where it listens; None: nothing is said of a certificate.
        server_name: the name for which it shows the certificate; None: the one in `tls`.
        log: its access log.

    Raises:
        SettingError: one of them is no address.
    """

    name = "nginx"
    up = "nginx_up"

    def __init__(self, status: str, *, tls: str | None, server_name: str | None, log: Path):
        self._status = _address(status, "http")
        self._tls = None if tls is None else urlsplit(_address(tls, "https"))
        self._server_name = server_name
        self._log = AccessLog(log)
        self._client = httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, trust_env=False)
        self._expiry: tuple[float, float | None] = (float("-inf"), None)

    async def look(self) -> Seen:
        """Ask for the status, look at the certificate now and then, and count what was added to the log."""
        try:
            await asyncio.to_thread(self._log.read)
            unread = None
        except OSError as error:
            unread = f"its access log cannot be read: {first_line(error)}"
        try:
            reply = (await self._client.get(self._status)).raise_for_status()
        except httpx.HTTPError as error:
            return Seen(reason=f"nginx does not answer: {first_line(error)}", metrics=self._counted())
        told = _STATUS.search(reply.text)
        if told is None:
            said = f"{self._status} is not the status of nginx: expected what its module stub_status says"
            return Seen(reason=said, metrics=self._counted())
        expiry = await self._certificate()
        degraded = [] if unread is None else [unread]
        if self._tls is not None and expiry is None:
            degraded.append("it shows no certificate")
        elif expiry is not None and expiry < time.time():
            degraded.append("its certificate has ended")
        metrics = [*self._counted(), *_metrics([int(number) for number in told.groups()])]
        if expiry is not None:
            metrics.append(
                gauge("probe_ssl_earliest_cert_expiry", "When the certificate ends, since the epoch.", expiry)
            )
        facts = {"connections": int(told[1]), "certificate_ends": expiry}
        return Seen(answers=True, degraded=degraded, facts=facts, metrics=metrics)

    async def leave(self) -> None:
        """Give up the connection; the next look opens another."""
        await self._client.aclose()
        self._client = httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, trust_env=False)

    async def _certificate(self) -> float | None:
        when, expiry = self._expiry
        if self._tls is not None and time.monotonic() - when > _CERTIFICATE_EVERY_SECONDS:
            host, port = str(self._tls.hostname), self._tls.port or 443
            try:
                expiry = await asyncio.to_thread(expiry_of, host, port, self._server_name or host)
            except (OSError, ValueError):
                expiry = None
            self._expiry = (time.monotonic(), expiry)
        return expiry

    def _counted(self) -> list[Metric]:
        statuses: dict[tuple[str, ...], float] = {(status,): count for status, count in self._log.statuses.items()}
        words: dict[tuple[str, ...], float] = {(word,): count for word, count in self._log.words.items()}
        return [
            counter("actinf_access_log_requests", "Lines of the access log by status.", statuses, ("status",)),
            counter("actinf_access_log_flagged", "Lines that the log gives one of these words.", words, ("word",)),
        ]


def _metrics(told: list[int]) -> list[Metric]:
    """Under the names of nginx-prometheus-exporter."""
    active, accepted, handled, requests, reading, writing, waiting = map(float, told)
    return [
        gauge("nginx_connections_active", "Connections that are open.", active),
        counter("nginx_connections_accepted", "Connections that were accepted.", accepted),
        counter("nginx_connections_handled", "Connections that were handled.", handled),
        counter("nginx_http_requests", "Requests.", requests),
        gauge("nginx_connections_reading", "Connections whose request is being read.", reading),
        gauge("nginx_connections_writing", "Connections that are being answered.", writing),
        gauge("nginx_connections_waiting", "Connections that are idle.", waiting),
    ]


def _address(text: str, scheme: str) -> str:
    try:
        parsed = urlsplit(text)
        good = parsed.scheme == scheme and bool(parsed.hostname) and (parsed.port is None or parsed.port > 0)
    except ValueError:
        good = False
    if not good:
        raise SettingError(f"{text!r} is no address of nginx: expected {scheme}://HOST:PORT/…")
    return text
