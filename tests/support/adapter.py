"""`actinf adapter` as a process of its own."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families
from support.ports import free_port, wait_until
from support.server_process import ServerProcess


class Adapter(ServerProcess):
    """What stands beside a server and tells how it is: `Adapter("cache", folder, ACTINF_CACHE_URL=…)`."""

    def __init__(self, kind: str, folder: Path, *flags: str | Path, **environment: str):
        port = free_port()
        variables = [f"{name}={value}" for name, value in environment.items()]
        run = [sys.executable, "-m", "actinf.cli", "adapter", kind, "--listen", f"127.0.0.1:{port}", *flags]
        super().__init__(["env", *variables, *run], port=port, log=folder / f"{kind}-adapter.log")

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=20)

    def health(self) -> httpx.Response:
        return self.get("/health")

    def wait_for(self, status: int, saying: str = "") -> dict[str, object]:
        """Ask until /health has this status and a reason with these words, and return what it said."""

        def is_so() -> bool:
            answer = self.health()
            return answer.status_code == status and saying in str(answer.json()["reason"])

        wait_until(is_so, f"/health says {status} {saying!r}", seconds=60)
        body: dict[str, object] = self.health().json()
        return body

    def metrics(self) -> dict[str, dict[tuple[str, ...], float]]:
        """All samples, by name and by the values of their labels."""
        answer = self.get("/metrics").raise_for_status()
        found: dict[str, dict[tuple[str, ...], float]] = {}
        for family in text_string_to_metric_families(answer.text):
            for sample in family.samples:
                found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
        return found


@contextlib.contextmanager
def running(adapter: Adapter) -> Iterator[Adapter]:
    adapter.start()
    try:
        yield adapter
    finally:
        adapter.stop()
