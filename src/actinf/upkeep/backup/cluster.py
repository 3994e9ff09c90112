"""What backups want of Kubernetes: to show the newest one as an object, and to stop for a restore what works meanwhile.

How many replicas there were is kept at the deployment itself, in the same change that stops them: whoever comes after a
restore that was killed brings them back.

Outside a cluster nothing of it is done, and what there is to do by hand is said.
"""

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx

from actinf.errors import BackupError

__all__ = ["DEPLOYMENTS", "HELD", "Cluster", "InCluster", "NoCluster", "service_account"]

GROUP, VERSION, PLURAL, KIND = "operate.active-inference.com", "v1", "backups", "Backup"
LATEST = "latest-backup"
DATABASE_POD = "postgres-0"
#: What works with the database, and keeps state of it in memory.
DEPLOYMENTS = ("active-inference-api", "active-inference-worker")
#: The annotation of a deployment that is stopped for a restore: its replicas of before.
HELD = "operate.active-inference.com/replicas-before-restore"

_SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_POLL_SECONDS = 1.0
_MOST_SECONDS_TO_BE_READY = 600.0
_TRIES = 5
_TOO_BUSY = (429, 500, 502, 503, 504)


class _NoAnswer(BackupError):
    """The cluster did not answer just then."""


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

    def stop_service(self) -> None:
        """End whatever works with the database, and wait until none of it is left.

        Raises:
            BackupError: some of it is.
        """

    def start_service(self) -> None:
        """Start again what was stopped, if anything was, and wait until it is ready.

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

    def stop_service(self) -> None:
        """Say that the API and its workers should not work."""
        self.say("stop the API and its workers, where they run: what they acknowledge from now on is lost")

    def start_service(self) -> None:
        """Say that the API and its workers may work."""
        self.say("then start the API and its workers again, where they were stopped")


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
        # Asked for again, it must not be the new one that goes.
        self._ask("DELETE", pod, json={"preconditions": {"uid": before}}, allowed=(404, 409))

        def is_new_and_ready() -> bool:
            said = self._ask("GET", pod, allowed=(404,)).json()
            conditions = said.get("status", {}).get("conditions", [])
            ready = any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
            return ready and said.get("metadata", {}).get("uid") != before

        self._wait(is_new_and_ready, f"the pod {DATABASE_POD} was not ready")

    def stop_service(self) -> None:
        """Scale the deployments of the API and of its workers to nothing, and wait until their last pod is gone.

        An autoscaler leaves alone what has no replicas.

        Raises:
            BackupError: the cluster refuses, or a pod does not end.
        """
        there = self._deployments()
        for name, deployment in there.items():
            replicas = deployment["spec"].get("replicas", 1)
            before = str(replicas) if replicas else _held(deployment) or "0"
            self._say(f"stopping the deployment {name}, which has {replicas} replicas")
            self._patch(self._path(name), {"metadata": {"annotations": {HELD: before}}, "spec": {"replicas": 0}})
        for name, deployment in there.items():
            labels = ",".join(f"{key}={value}" for key, value in deployment["spec"]["selector"]["matchLabels"].items())
            self._wait(
                lambda name=name, labels=labels: self._is_gone(name, labels),  # type: ignore[misc]
                f"the last pod of the deployment {name} was not gone",
            )

    def start_service(self) -> None:
        """Give the deployments the replicas that they had before `stop_service`, and wait until they are ready.

        Raises:
            BackupError: the cluster refuses, or they are not ready in time.
        """
        stopped = {name: one for name, one in self._deployments().items() if _held(one) is not None}
        for name, deployment in stopped.items():
            # Whoever gave it replicas meanwhile knew why.
            replicas = deployment["spec"].get("replicas", 1) or int(_held(deployment) or 0)
            self._say(f"starting the deployment {name}, with {replicas} replicas")
            self._patch(self._path(name), {"metadata": {"annotations": {HELD: None}}, "spec": {"replicas": replicas}})
        for name in stopped:
            self._wait(
                lambda name=name: _rolled_out(self._ask("GET", self._path(name)).json()),  # type: ignore[misc]
                f"the deployment {name} was not ready",
            )

    def _deployments(self) -> dict[str, Any]:
        """Those that there are: an installation may have no workers of their own."""
        answers = {name: self._ask("GET", self._path(name), allowed=(404,)) for name in DEPLOYMENTS}
        return {name: answer.json() for name, answer in answers.items() if answer.is_success}

    def _path(self, deployment: str) -> str:
        return f"/apis/apps/v1/namespaces/{self._namespace}/deployments/{deployment}"

    def _is_gone(self, deployment: str, labels: str) -> bool:
        """Whether no pod is left; the deployment does not count those that are about to end, and still work."""
        if not _rolled_out(self._ask("GET", self._path(deployment)).json()):
            return False
        pods = self._ask("GET", f"/api/v1/namespaces/{self._namespace}/pods", params={"labelSelector": labels}).json()
        return all(one.get("status", {}).get("phase") in ("Succeeded", "Failed") for one in pods["items"])

    def _patch(self, path: str, change: Mapping[str, Any]) -> None:
        self._ask("PATCH", path, json=change, headers={"Content-Type": "application/merge-patch+json"})

    def _ask(self, method: str, path: str, *, allowed: tuple[int, ...] = (), **more: Any) -> httpx.Response:
        """An answer of the cluster.  Whatever is asked of it here may be asked twice."""
        said = ""
        for attempt in range(_TRIES):
            time.sleep(_POLL_SECONDS if attempt else 0.0)
            try:
                answer = self._client.request(method, path, **more)
            except httpx.HTTPError as error:
                said = f"{type(error).__name__}: {error}"
                continue
            if answer.is_success or answer.status_code in allowed:
                return answer
            said = f"{answer.status_code}: {answer.text.strip()[:300]}"
            if answer.status_code not in _TOO_BUSY:
                raise BackupError(
                    f"the cluster answers {method} {path} with {said}. The service account needs the rights that the "
                    "chart gives to active-inference-backup, and where it restores to active-inference-restore"
                )
        raise _NoAnswer(f"the cluster does not answer {method} {path}, asked {_TRIES} times: {said}")

    def _wait(self, is_done: Callable[[], bool], what: str) -> None:
        """Wait; that the cluster does not answer for a while is no reason to give up."""
        deadline = time.monotonic() + _MOST_SECONDS_TO_BE_READY
        said = "kubectl describe it"
        while True:
            try:
                if is_done():
                    return
            except _NoAnswer as error:
                said = str(error)
            if time.monotonic() > deadline:
                raise BackupError(f"{what} after {_MOST_SECONDS_TO_BE_READY:.0f} s: {said}")
            time.sleep(_POLL_SECONDS)


def _held(deployment: Mapping[str, Any]) -> str | None:
    """The replicas that a deployment had before it was stopped for a restore; None: it was not."""
    held: str | None = (deployment["metadata"].get("annotations") or {}).get(HELD)
    return held


def _rolled_out(deployment: Mapping[str, Any]) -> bool:
    wanted = deployment["spec"].get("replicas", 1)
    status = deployment.get("status", {})
    return bool(
        status.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 0)
        and status.get("updatedReplicas", 0) == wanted
        and status.get("replicas", 0) == wanted
        and status.get("availableReplicas", 0) == wanted
    )
