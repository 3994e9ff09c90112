"""Two replicas on one durable database behind a real nginx, restarted one after another while steps are taken."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
from support.documentation import ROOT
from support.nginx import NginxServer
from support.ports import free_port
from support.postgres import folder_for_servers, running_postgres
from support.serving import Serving
from support.steady_load import Seen, SteadyLoad

from actinf.service import schema_version

EXAMPLE = ROOT / "deploy" / "nginx" / "actinf.conf.example"


@dataclass(frozen=True)
class Pair:
    """Two replicas, and the port of the proxy before them."""

    replicas: list[Serving]
    port: int

    def agents(self, count: int) -> list[str]:
        """New agents."""
        with httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=60) as client:
            made = [client.post("/v1/agents", json={"model": "tmaze"}).raise_for_status() for _ in range(count)]
        return [reply.json()["id"] for reply in made]


@contextlib.contextmanager
def pair_behind_nginx(nginx_server: Callable[..., NginxServer]) -> Iterator[Pair]:
    """Two replicas behind the proxy that the example configures."""
    with running_postgres(durable=True) as postgres, contextlib.ExitStack() as stack:
        schema_version.upgrade(postgres.url)
        replicas = []
        for _ in range(2):
            folder: Path = stack.enter_context(folder_for_servers())
            flags = ("--database-url", postgres.url, "--workers", "0", "--log-level", "info")
            # The longest that the example's proxy keeps an idle connection is 1 s.
            more = {"ACTINF_AUDIT_KEY": "ab" * 32, "ACTINF_DRAIN_SECONDS": "1.5", "ACTINF_RATE_LIMIT": "100000000"}
            replica = Serving(folder, *flags, **more)
            stack.callback(replica.stop)
            replica.start()
            replicas.append(replica)
        for replica in replicas:
            replica.wait_until_ready()
        port = free_port()
        config = EXAMPLE.read_text(encoding="utf-8")
        for old, new in ((8001, replicas[0].port), (8002, replicas[1].port), (8000, port)):
            assert config.count(f"127.0.0.1:{old}") == 1
            config = config.replace(f"127.0.0.1:{old}", f"127.0.0.1:{new}")
        nginx_server(config, port=port)
        yield Pair(replicas, port)


def capacity_of(pair: Pair, agents: list[str], seconds: float) -> float:
    """Steps a second, with as many clients as agents, each of which sends the next when it has its answer."""

    async def measured() -> float:
        load = SteadyLoad(pair.port, agents, rate=None)
        asyncio.get_running_loop().call_later(seconds, load.end)
        seen = await load.run()
        assert seen.failures == []
        return len(seen.latencies) / seconds

    return asyncio.run(measured())


def seen_undisturbed(pair: Pair, agents: list[str], rate: float, seconds: float) -> Seen:
    """What a steady load sees while nothing happens."""

    async def watched() -> Seen:
        load = SteadyLoad(pair.port, agents, rate)
        asyncio.get_running_loop().call_later(seconds, load.end)
        return await load.run()

    return asyncio.run(watched())


def seen_while_restarting(pair: Pair, agents: list[str], rate: float, restarts: int) -> Seen:
    """What a steady load sees while the replicas are restarted in turn; they have to end with exit code 0."""

    def restart() -> None:
        for number in range(restarts):
            replica = pair.replicas[number % 2]
            replica.signal(signal.SIGTERM)
            code = replica.wait()
            assert code == 0, f"exit code {code}:\n{replica.log.read_text(errors='replace')[-3000:]}"
            replica.start()
            replica.wait_until_ready()

    async def watched() -> Seen:
        load = SteadyLoad(pair.port, agents, rate)
        running = asyncio.create_task(load.run())
        try:
            await asyncio.to_thread(restart)
        finally:
            load.end()
        return await running

    return asyncio.run(watched())
