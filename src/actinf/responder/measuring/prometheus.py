"""Measurements by Prometheus: its HTTP API, within a bounded time and a bounded answer."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import httpx

from actinf.errors import NotMeasured
from actinf.responder.channels.bounded import body_of
from actinf.responder.channels.deadline import Deadline
from actinf.responder.measuring.port import Sample

__all__ = ["Prometheus"]

_MOST_OF_A_REPLY = 4 * 1024 * 1024


class Prometheus:
    """A Prometheus.

    Args:
        url: of it, as https://prometheus.example.org.
        seconds: how long an answer is waited for, all of it.
    """

    def __init__(self, url: str, *, seconds: float = 5.0):
        parts = urlsplit(url)
        # Without a name and a password, which the address may hold.
        self._named = f"Prometheus at {parts.hostname}" + (f":{parts.port}" if parts.port else "")
        self._url = f"{url.rstrip('/')}/api/v1/query"
        self._seconds = seconds
        self._deadline = Deadline(seconds)
        self._client = httpx.Client(timeout=seconds, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))

    def ask(self, query: str) -> tuple[Sample, ...]:
        """As `Measurements.ask`."""
        try:
            status, body = self._deadline.run(lambda: self._asked(query))
        except (TimeoutError, httpx.TimeoutException):
            raise NotMeasured(f"{self._named} does not answer within {self._seconds:g} s") from None
        except (httpx.HTTPError, OSError) as error:
            raise NotMeasured(f"{self._named} cannot be asked: {type(error).__name__}") from None
        try:
            reply = json.loads(body)
            if reply["status"] != "success":
                raise NotMeasured(f"{self._named} refuses the query: {str(reply.get('error'))[:200]}")
            return tuple(_samples(reply["data"]))
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
            raise NotMeasured(f"{self._named} answers {status} and nothing that Prometheus would say") from None

    def _asked(self, query: str) -> tuple[int, bytes]:
        with self._client.stream("GET", self._url, params={"query": query}) as reply:
            return reply.status_code, body_of(reply, _MOST_OF_A_REPLY)


def _samples(data: Any) -> list[Sample]:
    if data["resultType"] == "scalar":
        return [Sample({}, float(data["result"][1]))]
    if data["resultType"] != "vector":
        raise ValueError(data["resultType"])
    return [
        Sample({str(name): str(value) for name, value in one["metric"].items()}, float(one["value"][1]))
        for one in data["result"]
    ]
