"""Steps at a steady rate through real connections, each request with its status and its latency.

Requests are due at fixed times whether or not the ones before were answered, and latency is counted from when a request
was due: a service that stands still for a second is seen by all requests of that second.
"""

import asyncio
import json
import time
from dataclasses import dataclass, field


@dataclass
class Seen:
    """What a load saw: latencies in seconds of what was answered by 201, and what failed."""

    latencies: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def quantile(self, q: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(q * len(ordered)))]


class _Connection:
    """One connection that is kept as long as the other side keeps it."""

    def __init__(self, port: int):
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def post(self, path: str, body: bytes) -> int:
        """The status of the reply."""
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        )
        self._writer.write(head.encode() + b"\r\n\r\n" + body)
        reply = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = int(reply.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        await self._reader.readexactly(length)
        if b"connection: close" in reply:
            self.close()
        return int(reply.split(b" ", 2)[1])

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None


class SteadyLoad:
    """Steps of some agents, each over its own connection.

    Args:
        port: of 127.0.0.1.
        agents: their ids; as many connections are open.
        rate: steps a second of all together; None for as many as there are answers for.
    """

    def __init__(self, port: int, agents: list[str], rate: float | None):
        self._port = port
        self._agents = agents
        self._rate = rate
        self._ended = False
        self.seen = Seen()

    def end(self) -> None:
        """Send no more."""
        self._ended = True

    async def run(self) -> Seen:
        """Send until told to end."""
        period = 0.0 if self._rate is None else len(self._agents) / self._rate
        start = time.perf_counter()
        await asyncio.gather(
            *(
                self._send(agent, start + number * period / len(self._agents), period)
                for number, agent in enumerate(self._agents)
            )
        )
        return self.seen

    async def _send(self, agent: str, due: float, period: float) -> None:
        connection, path = _Connection(self._port), f"/v1/agents/{agent}/steps"
        body = json.dumps({"observation": {}}).encode()
        while not self._ended:
            now = time.perf_counter()
            if period and due > now:
                await asyncio.sleep(due - now)
            started = due if period else now
            try:
                status = await asyncio.wait_for(connection.post(path, body), 30)
            except (OSError, EOFError, TimeoutError) as error:
                self.seen.failures.append(repr(error))
                connection.close()
            else:
                if status == 201:
                    self.seen.latencies.append(time.perf_counter() - started)
                else:
                    self.seen.failures.append(f"status {status}")
            due += period
        connection.close()
