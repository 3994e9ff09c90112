"""What backups want of Kubernetes: to show the newest one as an object, and to start again what a restore outdates.

Outside a cluster nothing of it is done, and what there is to do by hand is said.
"""

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import httpx

from actinf.errors import BackupError

__all__ = ["DEPLOYMENTS", "Cluster", "InCluster", "NoCluster", "service_account"]

GROUP, VERSION, PLURAL, KIND = "operate.active-inference.com", "v1", "backups", "Backup"
LATEST = "latest-backup"
DATABASE_POD = "postgres-0"
#: What keeps state of the database in memory.
DEPLOYMENTS = ("active-inference-api", "active-inference-worker")

_SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_POLL_SECONDS = 1.0
_MOST_SECONDS_TO_BE_READY = 600.0


class Cluster(Protocol):
    """Where the service runs."""

    def publish(self, status: Mapping[str, Any]) -> None:
        """Show the newest backup.

        Args:
            status: takenAt, sizeBytes, sha256, manifest, verifiedRestoreAt, verified.

        Raises:
            BackupError: it cannot be shown.
        """

    def restart_database(self) -> None:
        """Start the database again, and wait until it is ready.

        Raises:
            BackupError: it is not.
        """

    def restart_service(self) -> None:
        """Start again whatever keeps state of the database in memory, and wait until it is ready.

        Raises:
            BackupError: it is not.
        """


@dataclass(frozen=True)
class NoCluster:
    """No cluster: says what is to be done by hand.

    Attributes:
        say: is told.
    """

    say: Callable[[str], None]

    def publish(self, status: Mapping[str, Any]) -> None:  # noqa: ARG002 -- there is nobody to show it to
        """Say that nothing is shown."""
        self.say(f"this is no pod of a cluster: the object {LATEST} was not written")

    def restart_database(self) -> None:
        """Say that the server has to be started again."""
        self.say("start the database again: it uses the restored folder from its next start on")

    def restart_service(self) -> None:
        """Say that the API and its workers have to be started again."""
        self.say("then start the API and its workers again: what they hold in memory is of the database before")


def service_account(host: str, port: str, folder: Path = _SERVICE_ACCOUNT) -> tuple[httpx.Client, str]:
    """A client of the cluster that this pod is in, and the pod's namespace.

    Args:
        host, port: of the cluster's API, as a pod's environment says.
        folder: where the pod has its token, the authority of the API's certificate, and its namespace.

    Raises:
        BackupError: these are not to be read.
    """
    try:
        token = (folder / "token").read_text(encoding="utf-8").strip()
        namespace = (folder / "namespace").read_text(encoding="utf-8").strip()
        address = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
        client = httpx.Client(
            base_url=address,
            verify=_trusting(folder / "ca.crt"),
            headers={"Authorization": f"Bearer {token}"},
            timeout=10.0,
            trust_env=False,
        )
    except OSError as error:
        raise BackupError(
            f"the pod's service account cannot be read ({error}): set automountServiceAccountToken, or leave out "
            "the variable KUBERNETES_SERVICE_HOST"
        ) from None
    return client, namespace


def _trusting(authority: Path) -> Any:
    return ssl.create_default_context(cafile=str(authority))


class InCluster:
    """A cluster, by its API.

    Args:
        client: of the API, with the rights of the service account.
        namespace: that everything is in.
        say: is told what goes on.
    """

    def __init__(self, client: httpx.Client, namespace: str, say: Callable[[str], None]):
        self._client = client
        self._namespace = namespace
        self._say = say

    def publish(self, status: Mapping[str, Any]) -> None:
        """Show the newest backup, as the object `latest-backup`.

        Raises:
            BackupError: the cluster refuses, or does not answer.
        """
        objects = f"/apis/{GROUP}/{VERSION}/namespaces/{self._namespace}/{PLURAL}"
        name = {"apiVersion": f"{GROUP}/{VERSION}", "kind": KIND, "metadata": {"name": LATEST}}
        made = self._ask("POST", objects, json={**name, "spec": {}}, allowed=(409,))
        self._patch(f"{objects}/{LATEST}/status", {**name, "status": dict(status)})
        self._say(f"{'updated' if made.status_code == 409 else 'made'} the object {LATEST}")

    def restart_database(self) -> None:
        """Delete the database's pod, which its StatefulSet makes anew, and wait until that one is ready.

        Raises:
            BackupError: the cluster refuses, or the pod is not ready in time.
        """
        pod = f"/api/v1/namespaces/{self._namespace}/pods/{DATABASE_POD}"
        before = self._ask("GET", pod, allowed=(404,)).json().get("metadata", {}).get("uid")
        if before is None:
            self._say(f"there is no pod {DATABASE_POD} to restart: it uses the restored data when there is one again")
            return
        self._say(f"deleting the pod {DATABASE_POD}, which is made anew on the restored data")
        self._ask("DELETE", pod, allowed=(404,))

        def is_new_and_ready() -> bool:
            said = self._ask("GET", pod, allowed=(404,)).json()
            conditions = said.get("status", {}).get("conditions", [])
            ready = any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
            return ready and said.get("metadata", {}).get("uid") != before

        self._wait(is_new_and_ready, f"the pod {DATABASE_POD}")

    def restart_service(self) -> None:
        """Restart the deployments of the API and of its workers, as `kubectl rollout restart` does, and wait.

        Raises:
            BackupError: the cluster refuses, or they are not ready in time.
        """
        deployments = f"/apis/apps/v1/namespaces/{self._namespace}/deployments"
        now = datetime.now(UTC).isoformat(timespec="seconds")
        told = {"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": now}}}}}
        there = [name for name in DEPLOYMENTS if self._ask("GET", f"{deployments}/{name}", allowed=(404,)).is_success]
        for name in there:
            self._say(f"restarting the deployment {name}")
            self._patch(f"{deployments}/{name}", told)
        for name in there:
            self._wait(
                lambda path=f"{deployments}/{name}": _rolled_out(self._ask("GET", path).json()),  # type: ignore[misc]
                f"the deployment {name}",
            )

    def _patch(self, path: str, change: Mapping[str, Any]) -> None:
        self._ask("PATCH", path, json=change, headers={"Content-Type": "application/merge-patch+json"})

    def _ask(self, method: str, path: str, *, allowed: tuple[int, ...] = (), **more: Any) -> httpx.Response:
        try:
            answer = self._client.request(method, path, **more)
        except httpx.HTTPError as error:
            raise BackupError(f"the cluster does not answer {method} {path}: {error}") from error
        if not answer.is_success and answer.status_code not in allowed:
            raise BackupError(
                f"the cluster answers {method} {path} with {answer.status_code}: {answer.text.strip()[:300]}. The "
                "service account needs the rights that the chart gives to active-inference-backup or -restore"
            )
        return answer

    def _wait(self, is_done: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + _MOST_SECONDS_TO_BE_READY
        while not is_done():
            if time.monotonic() > deadline:
                raise BackupError(f"{what} was not ready after {_MOST_SECONDS_TO_BE_READY:.0f} s: kubectl describe it")
            time.sleep(_POLL_SECONDS)


def _rolled_out(deployment: Mapping[str, Any]) -> bool:
    wanted = deployment["spec"].get("replicas", 1)
    status = deployment.get("status", {})
    return bool(
        status.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 0)
        and status.get("updatedReplicas", 0) == wanted
        and status.get("replicas", 0) == wanted
        and status.get("availableReplicas", 0) == wanted
    )
