"""What the node's kubelet answers over TLS: the figures of its containers, and of the volumes that they mount."""

import os

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from support.cluster.access import Access, Action
from support.cluster.errors import Refusal
from support.cluster.metrics import Metrics, Sample, as_text
from support.cluster.store import Store, namespace_of
from support.cluster.volumes import NODE, Volumes

PORT = 10250


class Node:
    """The endpoints.  A token says who asks, and a role has to allow `get` of `nodes/metrics`."""

    def __init__(self, store: Store, access: Access, metrics: Metrics, volumes: Volumes):
        self._store = store
        self._access = access
        self._metrics = metrics
        self._volumes = volumes

    def application(self) -> Starlette:
        return Starlette(routes=[Route("/metrics", self._of_kubelet), Route("/metrics/cadvisor", self._of_containers)])

    async def _of_kubelet(self, request: Request) -> Response:
        return self._refused(request) or PlainTextResponse(as_text(self._volume_samples()))

    async def _of_containers(self, request: Request) -> Response:
        return self._refused(request) or PlainTextResponse(self._metrics.of_containers())

    def _refused(self, request: Request) -> Response | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            asker = self._access.asker_of(token if scheme == "Bearer" else "")
            self._access.check(asker, Action("get", "", "nodes/metrics", name=NODE))
        except Refusal as refusal:
            return JSONResponse(refusal.status, refusal.code)
        return None

    def _volume_samples(self) -> list[Sample]:
        """Of each claim that is mounted; all of them lie on the disk of this machine."""
        samples = []
        for claim in self._store.list("persistentvolumeclaims"):
            namespace, name = namespace_of(claim), claim["metadata"]["name"]
            folder = self._volumes.claim_folder(namespace, name)
            if not folder.is_dir():
                continue
            disk = os.statvfs(folder)
            labels = {"namespace": namespace, "persistentvolumeclaim": name}
            for what, blocks in (
                ("capacity", disk.f_blocks),
                ("available", disk.f_bavail),
                ("used", disk.f_blocks - disk.f_bfree),
            ):
                samples.append((f"kubelet_volume_stats_{what}_bytes", labels, float(blocks * disk.f_frsize)))
        return samples
