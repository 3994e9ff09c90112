"""What the cluster is asked for; its answers are those of its documentation."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from actinf.errors import BackupError
from actinf.upkeep.backup import cluster as of_cluster
from actinf.upkeep.backup.cluster import InCluster, NoCluster, service_account

OBJECTS = "/apis/operate.active-inference.com/v1/namespaces/lab/backups"
POD = "/api/v1/namespaces/lab/pods/postgres-0"
API = "/apis/apps/v1/namespaces/lab/deployments/active-inference-api"
WORKER = "/apis/apps/v1/namespaces/lab/deployments/active-inference-worker"


class Requests(list[tuple[str, str, Any]]):
    """What was asked, and who answers."""

    def cluster(self, answer: Callable[[str, str], httpx.Response]) -> InCluster:
        def handle(request: httpx.Request) -> httpx.Response:
            body = json.loads(request.content) if request.content else None
            self.append((request.method, request.url.path, body))
            return answer(request.method, request.url.path)

        client = httpx.Client(transport=httpx.MockTransport(handle), base_url="https://cluster")
        return InCluster(client, "lab", lambda _: None)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Requests:
    monkeypatch.setattr(of_cluster, "_POLL_SECONDS", 0.0)
    return Requests()


@pytest.mark.parametrize("there", [False, True])
def test_the_newest_backup_is_made_or_updated(asked: Requests, there: bool) -> None:
    cluster = asked.cluster(lambda method, _: httpx.Response(409 if there and method == "POST" else 200, json={}))
    cluster.publish({"verified": True, "sizeBytes": 7})
    assert [(method, path) for method, path, _ in asked] == [
        ("POST", OBJECTS),
        ("PATCH", f"{OBJECTS}/latest-backup/status"),
    ]
    assert asked[0][2]["kind"] == "Backup"
    assert asked[0][2]["metadata"] == {"name": "latest-backup"}
    assert asked[1][2]["status"] == {"verified": True, "sizeBytes": 7}


def test_a_refusal_says_who_lacks_the_right(asked: Requests) -> None:
    cluster = asked.cluster(lambda *_: httpx.Response(403, text="backups is forbidden"))
    with pytest.raises(BackupError, match=r"403: backups is forbidden.*active-inference-backup"):
        cluster.publish({})


def test_the_database_is_back_when_another_pod_of_its_name_is_ready(asked: Requests) -> None:
    def pod(uid: str, ready: str) -> httpx.Response:
        conditions = [{"type": "Ready", "status": ready}]
        return httpx.Response(200, json={"metadata": {"uid": uid}, "status": {"conditions": conditions}})

    gone = httpx.Response(404, json={"kind": "Status"})
    states = iter([pod("old", "True"), pod("old", "True"), gone, pod("new", "False"), pod("new", "True")])
    cluster = asked.cluster(lambda method, _: httpx.Response(200) if method == "DELETE" else next(states))
    cluster.restart_database()
    assert [method for method, _, _ in asked] == ["GET", "DELETE", "GET", "GET", "GET", "GET"]
    assert {path for _, path, _ in asked} == {POD}


def test_what_holds_state_in_memory_is_rolled_and_waited_for(asked: Requests) -> None:
    def deployment(generation: int, updated: int, **status: int) -> httpx.Response:
        said = {"observedGeneration": generation, "updatedReplicas": updated, "replicas": 2, "availableReplicas": 2}
        return httpx.Response(
            200, json={"metadata": {"generation": 4}, "spec": {"replicas": 2}, "status": {**said, **status}}
        )

    states = iter(
        [deployment(3, 2), deployment(3, 2), deployment(4, 1), deployment(4, 2, replicas=3), deployment(4, 2)]
    )

    def answer(method: str, path: str) -> httpx.Response:
        if path == WORKER:
            return httpx.Response(404)  # an installation without workers of their own
        return httpx.Response(200) if method == "PATCH" else next(states)

    asked.cluster(answer).restart_service()
    (patch,) = [body for method, path, body in asked if method == "PATCH" and path == API]
    assert list(patch["spec"]["template"]["metadata"]["annotations"]) == ["kubectl.kubernetes.io/restartedAt"]
    assert list(states) == []


def test_a_database_that_was_scaled_away_is_not_waited_for(asked: Requests) -> None:
    asked.cluster(lambda *_: httpx.Response(404, json={"kind": "Status"})).restart_database()
    assert [method for method, _, _ in asked] == ["GET"]


def test_what_does_not_become_ready_is_named(asked: Requests, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_cluster, "_MOST_SECONDS_TO_BE_READY", 0.0)
    with pytest.raises(BackupError, match="the pod postgres-0 was not ready"):
        asked.cluster(lambda *_: httpx.Response(200, json={"metadata": {"uid": "old"}})).restart_database()


def test_outside_a_cluster_it_is_said_what_there_is_to_do() -> None:
    said: list[str] = []
    nowhere = NoCluster(said.append)
    nowhere.publish({})
    nowhere.restart_database()
    nowhere.restart_service()
    assert "latest-backup was not written" in said[0]
    assert "uses the restored folder from its next start on" in said[1]
    assert "the API and its workers" in said[2]


def test_a_pod_without_its_service_account_is_told(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="automountServiceAccountToken"):
        service_account("10.0.0.1", "443", tmp_path)
