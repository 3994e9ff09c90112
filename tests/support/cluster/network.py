"""Addresses out of 127.0.0.0/8, names in hosts files, and a forwarder for each port of each service."""

import asyncio
import contextlib
import itertools
import random
import socket
from pathlib import Path

from support.cluster.selectors import labels_of
from support.cluster.store import Store, name_of, namespace_of

API_PORT = 443
MACHINE = "127.0.0.1 localhost\n"


class Network:
    """The addresses of one cluster: .1 is the API's, pods and services take theirs from the rest.

    The address .1 is kept by listening on it, so that clusters that run at once take different networks.
    """

    def __init__(self) -> None:
        self._guard = socket.socket()
        for _ in range(1000):
            self._prefix = f"127.{random.randint(64, 250)}.{random.randint(0, 255)}"
            with contextlib.suppress(OSError):
                self._guard.bind((self.api_address, API_PORT))
                break
        else:
            raise RuntimeError("no free network in 127.64.0.0 to 127.250.255.0: every one tried has a listener")
        self._taken: set[str] = set()
        self._next = itertools.cycle(range(2, 255))
        self._forwarders: dict[tuple[str, str, int], asyncio.Server] = {}
        self._turns: dict[tuple[str, str], itertools.count] = {}
        self._connections: set[asyncio.Task] = set()

    @property
    def api_address(self) -> str:
        return f"{self._prefix}.1"

    @property
    def api_socket(self) -> socket.socket:
        """The bound socket on which the API listens for pods."""
        return self._guard

    def take(self) -> str:
        """An address that nobody has."""
        for _ in range(253):
            address = f"{self._prefix}.{next(self._next)}"
            if address not in self._taken:
                self._taken.add(address)
                return address
        raise RuntimeError(f"all addresses of {self._prefix}.0/24 are taken")

    def give_back(self, address: str) -> None:
        self._taken.discard(address)

    # ------------------------------------------------------------------------------------------------- services

    async def sync(self, store: Store) -> None:
        """Listen where services want it, and nowhere else."""
        wanted = {}
        for service in store.list("services"):
            address = service["spec"].get("clusterIP")
            if address not in {None, "", "None"}:
                self._taken.add(address)
                for port in service["spec"].get("ports") or ():
                    wanted[service["metadata"]["uid"], address, port["port"]] = (service, port)
        for key in self._forwarders.keys() - wanted.keys():
            self._forwarders.pop(key).close()
        for key in wanted.keys() - self._forwarders.keys():
            service, port = wanted[key]
            handler = self._handler(store, namespace_of(service), name_of(service), port["port"])
            with contextlib.suppress(OSError):
                self._forwarders[key] = await asyncio.start_server(handler, key[1], key[2])

    def _handler(self, store: Store, namespace: str, name: str, number: int):
        async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            self._connections.add(task)
            try:
                targets = targets_of(store, namespace, name, number)
                turn = next(self._turns.setdefault((namespace, name), itertools.count()))
                if targets:
                    there_reader, there_writer = await asyncio.open_connection(*targets[turn % len(targets)])
                    await asyncio.gather(_pump(reader, there_writer), _pump(there_reader, writer))
            except OSError:
                pass
            finally:
                self._connections.discard(task)
                writer.close()

        return forward

    def close(self) -> None:
        for server in self._forwarders.values():
            server.close()
        for task in self._connections:
            task.cancel()
        self._guard.close()

    # ---------------------------------------------------------------------------------------------------- names

    def names(self, store: Store, namespace: str) -> str:
        """The lines of a hosts file as a pod of a namespace sees the services."""
        lines = []
        for service in store.list("services"):
            where, name = namespace_of(service), name_of(service)
            long = [f"{name}.{where}", f"{name}.{where}.svc", f"{name}.{where}.svc.cluster.local"]
            names = " ".join([name, *long] if where == namespace else long)
            address = service["spec"].get("clusterIP")
            if address not in {None, "", "None"}:
                lines.append(f"{address} {names}")
                continue
            for pod in pods_of(store, service):
                of_pod = " ".join(f"{name_of(pod)}.{each}" for each in names.split())
                lines.append(f"{pod['status']['podIP']} {names} {of_pod}")
        return "\n".join(lines) + "\n"


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:
        writer.close()


def is_ready(pod: dict) -> bool:
    conditions = pod.get("status", {}).get("conditions", ())
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
    return ready and "deletionTimestamp" not in pod["metadata"]


def pods_of(store: Store, service: dict) -> list[dict]:
    """The pods behind a service: those that are ready, or all that have an address where it publishes those."""
    selector = service["spec"].get("selector")
    if not selector:
        return []
    of_namespace = store.list("pods", namespace_of(service))
    chosen = [pod for pod in of_namespace if selector.items() <= labels_of(pod).items()]
    if service["spec"].get("publishNotReadyAddresses"):
        return [pod for pod in chosen if pod.get("status", {}).get("podIP")]
    return [pod for pod in chosen if is_ready(pod)]


def port_number(pod: dict, port: int | str) -> int | None:
    """The number of a port that may be named in the pod."""
    if isinstance(port, int) or str(port).isdigit():
        return int(port)
    containers = [*pod["spec"]["containers"], *(pod["spec"].get("initContainers") or ())]
    ports = (each for container in containers for each in container.get("ports") or ())
    return next((each["containerPort"] for each in ports if each.get("name") == port), None)


def targets_of(store: Store, namespace: str, name: str, number: int) -> list[tuple[str, int]]:
    """The addresses that a port of a service stands for at this moment."""
    service = store.find("services", namespace, name)
    if service is None:
        return []
    port = next((each for each in service["spec"]["ports"] if each["port"] == number), None)
    if port is None:
        return []
    pairs = [(pod["status"]["podIP"], port_number(pod, port["targetPort"])) for pod in pods_of(store, service)]
    return [(address, target) for address, target in pairs if target is not None]


def write_in_place(path: Path, text: str) -> None:
    """Change a file that is bound into containers: its inode stays, so they see the new text."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        with path.open("r+" if path.exists() else "w", encoding="utf-8") as file:
            file.write(text)
            file.truncate()
