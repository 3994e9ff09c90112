"""The cluster that a responder runs in, by its API: with the account of its pod, and no program.

Whatever is asked is one request within a bounded time.  The account's token and the authority that the API's
certificate is signed with are read anew each time: the cluster renews them while the pod runs.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from actinf.errors import ClusterRefused, ClusterTrouble
from actinf.responder.channels.bounded import body_of
from actinf.responder.channels.deadline import Deadline
from actinf.responder.channels.neutral import line
from actinf.responder.ramp.cluster import Cluster, NoCluster, Standing
from actinf.responder.ramp.kubectl import typed
from actinf.responder.ramp.objects import change_of_bound, change_of_replicas, pods_of, selector_of, standing_of

__all__ = ["ACCOUNT", "InCluster", "in_this_cluster"]

#: Where a pod finds its token, the authority of the API's certificate, and its namespace.
ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")

_SECONDS = 10.0
_MOST_OF_A_REPLY = 16 * 1024 * 1024
#: Answers that are final: who asks may not, or what is asked cannot be.  The rest may be another in a moment.
_REFUSED = (400, 401, 403, 404, 405, 422)


def in_this_cluster(
    environment: Mapping[str, str], deployment: str, namespace: str | None, account: Path = ACCOUNT
) -> Cluster:
    """The cluster that this process runs in; where it runs in none, what says so whenever it is asked.

    Args:
        environment: of this process.
        deployment: the name of what is scaled.
        namespace: of it; None: that of the pod.
        account: where the pod has what it signs in with.
    """
    host, port = environment.get("KUBERNETES_SERVICE_HOST"), environment.get("KUBERNETES_SERVICE_PORT", "443")
    if not host:
        return NoCluster(
            "ACTINF_RESPOND_IN_CLUSTER is set, and this process runs in no pod of a cluster "
            "(KUBERNETES_SERVICE_HOST is not set): elsewhere ACTINF_RESPOND_KUBECTL names the program kubectl"
        )
    try:
        own = namespace or (account / "namespace").read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        return NoCluster(
            f"the account of this pod cannot be read, {error}: mount its token, and name its service account"
        )
    address = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    return InCluster(address=address, deployment=deployment, namespace=own, account=account)


@dataclass(frozen=True, slots=True, kw_only=True)
class InCluster:
    """A deployment in the cluster that this process runs in.

    Attributes:
        address: of the cluster's API.
        deployment: its name.
        namespace: of it.
        account: where the pod has its token, and the authority of the API's certificate.
        deadline: how long a request may take.
    """

    address: str
    deployment: str
    namespace: str
    account: Path = ACCOUNT
    deadline: Deadline = field(default_factory=lambda: Deadline(_SECONDS))

    @property
    def target(self) -> str:
        """As `Cluster.target`."""
        return f"deployment {self.deployment}, namespace {self.namespace}"

    def look(self) -> Standing:
        """As `Cluster.look`."""
        deployment = self._asked("GET", self._path("apps/v1", "deployments", self.deployment))
        scalers = self._asked("GET", self._path("autoscaling/v2", "horizontalpodautoscalers"))
        selector = selector_of(self.target, deployment)
        pods = self._asked("GET", self._path("v1", "pods"), params={"labelSelector": selector})
        return standing_of(self.target, self.deployment, deployment, scalers, pods_of(self.target, pods))

    def scale(self, autoscaler: str | None, now: int, wanted: int) -> None:
        """As `Cluster.scale`."""
        if autoscaler is None:
            path = self._path("apps/v1", "deployments", self.deployment, "scale")
            self._patch(path, change_of_replicas(now, wanted))
        else:
            path = self._path("autoscaling/v2", "horizontalpodautoscalers", autoscaler)
            self._patch(path, change_of_bound(now, wanted))

    def command(self, autoscaler: str | None, now: int, wanted: int) -> str:
        """As `Cluster.command`: what somebody would type who does it by hand."""
        return typed(self.deployment, autoscaler, now, wanted, f"--namespace={self.namespace}")

    def _path(self, version: str, *of: str) -> str:
        names = "/".join(quote(one, safe="") for one in of)
        return f"/{'api' if version == 'v1' else 'apis'}/{version}/namespaces/{quote(self.namespace, safe='')}/{names}"

    def _patch(self, path: str, change: list[dict[str, Any]]) -> None:
        headers = {"Content-Type": "application/json-patch+json"}
        self._asked("PATCH", path, content=json.dumps(change), headers=headers)

    def _asked(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        """What the API answers.

        Raises:
            ClusterTrouble: it does not, or refuses.
        """
        try:
            status, body = self.deadline.run(lambda: self._answer(method, path, **more))
        except (TimeoutError, httpx.TimeoutException):
            raise ClusterTrouble(
                f"{self.target}: the cluster does not answer within {self.deadline.seconds:g} s"
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise ClusterTrouble(f"{self.target}: the cluster cannot be asked: {line(str(error), 200)}") from None
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise ClusterTrouble(f"{self.target}: the cluster answers {status} and no JSON to {method} {path}")
        if 200 <= status < 300:
            return document
        said = line(str(document.get("message") or f"{method} {path}"), 300)
        if status in _REFUSED:
            raise ClusterRefused(f"{self.target}: the cluster refuses with {status}: {said}")
        raise ClusterTrouble(f"{self.target}: the cluster answers {status}: {said}")

    def _answer(self, method: str, path: str, **more: Any) -> tuple[int, bytes]:
        headers = {**more.pop("headers", {}), "Authorization": f"Bearer {self._token()}"}
        trusted = ssl.create_default_context(cafile=str(self.account / "ca.crt"))
        with (
            httpx.Client(
                base_url=self.address, verify=trusted, timeout=self.deadline.seconds, trust_env=False
            ) as client,
            client.stream(method, path, headers=headers, **more) as reply,
        ):
            return reply.status_code, body_of(reply, _MOST_OF_A_REPLY)

    def _token(self) -> str:
        """The token as it is now; what is none is never part of a message, for it may be half of one."""
        text = (self.account / "token").read_text(encoding="utf-8", errors="replace").strip()
        if not text or not text.isascii() or not text.isprintable() or " " in text:
            raise ValueError(f"{self.account / 'token'} holds no token")
        return text
