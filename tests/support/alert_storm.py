"""A storm of alerts at a steady rate, as Alertmanager would send it, and what became of each request.

Requests are due at fixed times whether or not those before were answered, and latency counts from when one was due.
"""

import asyncio
import json
import time
from dataclasses import dataclass, field

from support.responder_process import alert

_CONNECTIONS = 64


@dataclass
class Storm:
    """What a storm saw.

    Attributes:
        latencies: seconds, of requests that were answered with 200.
        refused: how many were answered with 429.
        failures: what else came back.
        accepted: alerts that were answered with 200.
    """

    latencies: list[float] = field(default_factory=list)
    refused: int = 0
    failures: list[str] = field(default_factory=list)
    accepted: int = 0

    def quantile(self, q: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(q * len(ordered)))]


def storm(port: int, *, rate: float, seconds: float, per_message: int, roots: int) -> Storm:
    """Send alerts: firing and resolved ones of a thousand pods, which a few causes are behind.

    Args:
        port: of 127.0.0.1.
        rate: alerts a second.
        seconds: how long.
        per_message: alerts in one request.
        roots: how many causes there are.
    """
    return asyncio.run(_storm(port, rate / per_message, seconds, per_message, roots))


async def _storm(port: int, rate: float, seconds: float, per_message: int, roots: int) -> Storm:
    seen, begun, total = Storm(), time.perf_counter() + 0.2, int(rate * seconds)
    numbers = iter(range(total))

    async def send() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in numbers:
            due = begun + number / rate
            body = _body(number, per_message, roots)
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            head = f"POST /hooks/alertmanager HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            reply = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(reply.partition(b"content-length: ")[2].partition(b"\r\n")[0]))
            status = int(reply.split(b" ", 2)[1])
            if status == 200:
                seen.latencies.append(time.perf_counter() - due)
                seen.accepted += per_message
            elif status == 429:
                seen.refused += 1
                assert b"retry-after" in reply
            else:
                seen.failures.append(f"{status} after {time.perf_counter() - begun:.1f} s")
        writer.close()

    await asyncio.gather(*(send() for _ in range(_CONNECTIONS)))
    return seen


def _body(number: int, per_message: int, roots: int) -> bytes:
    alerts = []
    for at in range(number * per_message, (number + 1) * per_message):
        status = "resolved" if (at // 1000) % 3 == 2 else "firing"
        labels = {"severity": "page", "component": f"part-{at % roots}", "pod": f"pod-{at % 1000}", "namespace": "prod"}
        alerts.append(alert(f"Broken{at % roots}", status=status, **labels))
    return json.dumps({"version": "4", "groupKey": "{}", "truncatedAlerts": 0, "alerts": alerts}).encode()
