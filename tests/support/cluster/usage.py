"""What containers use, from /proc; and the end of one that uses more memory than its limit."""

import asyncio
import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from support.cluster.kubelet import Kubelet
from support.cluster.selectors import quantity

PERIOD = 0.25  # seconds
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(kw_only=True)
class Used:
    """What one container uses.

    Attributes:
        memory: bytes that it alone holds, with what its processes share counted once
        cpu_seconds: since the container started
        rate: processors in use, over the last period
    """

    memory: float = 0.0
    cpu_seconds: float = 0.0
    rate: float = 0.0


class Usage:
    """Measures all containers, over and over."""

    def __init__(self, kubelet: Kubelet):
        self._kubelet = kubelet
        self._used: dict[tuple[str, str, int], Used] = {}
        self._measured = time.monotonic()

    def of(self, uid: str, container: str, restarts: int) -> Used | None:
        """What a run of a container of a pod uses; None before it was measured."""
        return self._used.get((uid, container, restarts))

    async def run(self) -> None:
        while True:
            self.measure()
            await asyncio.sleep(PERIOD)

    def measure(self) -> None:
        """Measure once, and kill what has grown past its limit, as the kernel does for a control group."""
        by_name_space = _by_name_space()
        now = time.monotonic()
        seconds, self._measured = max(now - self._measured, 1e-6), now
        used = {}
        for life, each in self._kubelet.containers():
            process = each.process
            if process is None or not process.runs:
                continue
            found = by_name_space.get(process.name_space, Used())
            key = (life.uid, each.name, each.restarts)
            before = self._used.get(key, Used())
            found.cpu_seconds = max(found.cpu_seconds, before.cpu_seconds)
            fresh = (found.cpu_seconds - before.cpu_seconds) / seconds
            # Smoothed over some periods, so that a reading is not the accident of a quarter of a second.
            found.rate = 0.8 * before.rate + 0.2 * fresh if key in self._used else fresh
            used[key] = found
            limit = quantity(each.manifest.get("resources", {}).get("limits", {}).get("memory"))
            if limit and found.memory > limit:
                process.killed_for_memory = True
                process.send(signal.SIGKILL)
        self._used = used


def _by_name_space() -> dict[str, Used]:
    """What the processes of each process-id name space use together."""
    together: dict[str, Used] = {}
    shared: dict[str, float] = {}
    ours = str(Path("/proc/self/ns/pid").readlink())
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError, IndexError, ValueError):
            name_space = str(Path(entry.path, "ns/pid").readlink())
            if name_space == ours:
                continue
            fields = Path(entry.path, "stat").read_text().rpartition(")")[2].split()
            memory = _memory(Path(entry.path, "status").read_text())
            used = together.setdefault(name_space, Used())
            used.cpu_seconds += sum(map(int, fields[11:15])) / TICKS
            used.memory += memory["RssAnon"]
            shared[name_space] = max(shared.get(name_space, 0.0), memory["RssShmem"])
    for name_space, amount in shared.items():
        together[name_space].memory += amount
    return together


def _memory(status: str) -> dict[str, float]:
    """The resident memory of a process, by its kind, in bytes."""
    found = {"RssAnon": 0.0, "RssShmem": 0.0}
    for line in status.splitlines():
        name, _, rest = line.partition(":")
        if name in found:
            found[name] = float(rest.split()[0]) * 1024
    return found
