"""A whole cluster on one event loop: the store, the controllers, the kubelet and the two doors of its API."""

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
import traceback
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn
from support.cluster.access import Access
from support.cluster.admission import Admission
from support.cluster.api import Api
from support.cluster.controllers import CONTROLLERS
from support.cluster.kubelet import Host, Kubelet
from support.cluster.metrics import Metrics
from support.cluster.network import Network
from support.cluster.node import PORT, Node
from support.cluster.sandbox import SEARCHED
from support.cluster.store import Store
from support.cluster.streams import Streams
from support.cluster.usage import Usage
from support.cluster.volumes import NODE, PROGRAMS, Surroundings, Volumes

NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
# Changes come in bunches; and some things happen only because time passes.
SETTLE = 0.01  # seconds
TICK = 0.5  # seconds
# An image of this tag cannot be pulled, so that a failing rollout can be shown.
MISSING_TAG = "does-not-exist"
GRACE_AT_THE_END = 3.0  # seconds


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a cluster is to be.

    Attributes:
        folder: for all its files
        programs: folders that come first on the PATH of all containers: what the image would hold
        environment: variables that all containers get: what the image would set
        back_off: seconds before the second restart of a container, doubled for each further one; a real kubelet
            begins with 10
    """

    folder: Path
    programs: tuple[Path, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    back_off: float = 1.0


class ClusterProcess:
    """All parts of a cluster, in the process that runs them."""

    def __init__(self, options: Options):
        folder = options.folder
        self.store = Store()
        self.network = Network()
        self.access = Access(self.store)
        self._certificates = _certificates(folder, self.network.api_address)
        programs = [f"{PROGRAMS}/{number}" for number in range(len(options.programs))]
        surroundings = Surroundings(
            folder=folder,
            programs=options.programs,
            path=":".join([*programs, str(Path(sys.executable).parent), SEARCHED]),
            environment=options.environment,
            api_address=self.network.api_address,
            certificate=self._certificates and self._certificates[0],
        )
        self.volumes = Volumes(self.store, self.access, surroundings)
        host = Host(
            store=self.store,
            network=self.network,
            volumes=self.volumes,
            folder=folder,
            back_off=options.back_off,
            pulls=lambda image: not image.endswith(f":{MISSING_TAG}"),
        )
        self.kubelet = Kubelet(host)
        self.usage = Usage(self.kubelet)
        self.metrics = Metrics(self.store, self.kubelet, self.usage)
        admission = Admission(self.store, self.network.take)
        api = Api(self.store, self.access, admission, Streams(self.kubelet), self.metrics)
        self.application = api.application()
        self._node = Node(self.store, self.access, self.metrics, self.volumes).application()
        self._servers: list[uvicorn.Server] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> int:
        """Open the API, and look after everything from now on: the port for kubectl."""
        self._furnish()
        plain = uvicorn.Config(self.application, host="127.0.0.1", port=0, **SERVER)
        servers = [plain]
        if self._certificates is not None:
            tls = dict(zip(("ssl_certfile", "ssl_keyfile"), self._certificates))
            servers.append(uvicorn.Config(self.application, **tls, **SERVER))
            servers.append(uvicorn.Config(self._node, host=self.network.api_address, port=PORT, **tls, **SERVER))
        for config in servers:
            server = uvicorn.Server(config)
            server.install_signal_handlers = lambda: None
            sockets = [self.network.api_socket] if config.app is self.application and config is not plain else None
            self._servers.append(server)
            self._tasks.append(asyncio.create_task(server._serve(sockets)))
        while not all(server.started for server in self._servers):
            await asyncio.sleep(0.005)
        self._tasks.append(asyncio.create_task(self._look_after()))
        self._tasks.append(asyncio.create_task(self.usage.run()))
        return self._servers[0].servers[0].sockets[0].getsockname()[1]

    def _furnish(self) -> None:
        """What a new cluster holds: its namespaces with their service account, and its node."""
        for name in NAMESPACES:
            labels = {"kubernetes.io/metadata.name": name}
            metadata = {"name": name, "labels": labels}
            namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata, "status": {"phase": "Active"}}
            self.store.create("namespaces", namespace)
        amounts = {"cpu": str(os.cpu_count()), "memory": "64Gi", "pods": "110"}
        info = {"kubeletVersion": "v1.32.4", "osImage": "stand-in", "containerRuntimeVersion": "processes://1"}
        ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "", "lastTransitionTime": None}
        roomy = {"type": "MemoryPressure", "status": "False", "reason": "KubeletHasSufficientMemory", "message": ""}
        where = [{"type": "InternalIP", "address": self.network.api_address}, {"type": "Hostname", "address": NODE}]
        node = {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": NODE, "labels": {"kubernetes.io/hostname": NODE}},
            "spec": {},
            "status": {
                "capacity": amounts,
                "allocatable": amounts,
                "nodeInfo": info,
                "conditions": [roomy | {"lastTransitionTime": None}, ready],
                "addresses": where,
                "daemonEndpoints": {"kubeletEndpoint": {"Port": PORT}},
            },
        }
        self.store.create("nodes", node)

    async def _look_after(self) -> None:
        while True:
            self.store.changed.clear()
            await self._sync()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.store.changed.wait(), TICK)
            await asyncio.sleep(SETTLE)

    async def _sync(self) -> None:
        """Once through all that looks after the objects; a part that fails does not keep the others from their work."""
        for sync in CONTROLLERS:
            try:
                sync(self.store)
            except Exception:  # noqa: BLE001 -- the edge of a controller
                traceback.print_exc()
        await self.network.sync(self.store)
        self.kubelet.sync()

    async def close(self) -> None:
        """End all pods, then the API."""
        look_after = self._tasks[len(self._servers)]
        look_after.cancel()
        await self.kubelet.close(GRACE_AT_THE_END)
        for server in self._servers:
            server.should_exit = server.force_exit = True
        for task in self._tasks[len(self._servers) :]:
            task.cancel()
        await asyncio.wait(self._tasks, timeout=2)
        self.network.close()


SERVER = {"ws": "wsproto", "log_config": None, "lifespan": "off", "timeout_graceful_shutdown": 0, "access_log": False}


def _certificates(folder: Path, address: str) -> tuple[Path, Path] | None:
    """A certificate for the API as pods see it, signed by itself, and its key; None where there is no openssl."""
    openssl = shutil.which("openssl")
    if openssl is None:
        return None
    certificate, key = folder / "ca.crt", folder / "ca.key"
    kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    names = f"subjectAltName=IP:{address},DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc"
    subject = ["-subj", "/CN=stand-in", "-addext", names]
    subprocess.run(
        [openssl, "req", *kind, *subject, "-keyout", key, "-out", certificate], check=True, capture_output=True
    )
    return certificate, key
