"""What the cluster is asked for; its answers are those of its documentation."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from actinf.errors import BackupError
from actinf.upkeep.backup import cluster as of_cluster
from actinf.upkeep.backup.cluster import HELD, InCluster, NoCluster, service_account

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


class Deployments:
    """Deployments of a cluster in which things take a moment, and fail now and then."""

    def __init__(self, replicas: int | None, *, annotations: dict[str, str] | None = None):
        self.api: Any = {
            "metadata": {"generation": 1, "annotations": dict(annotations or {})},
            "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": "active-inference-api"}}},
            "status": {"observedGeneration": 1},
        }
        self.pods = iter([2, 1, 0])
        self.asked = 0

    def __call__(self, method: str, path: str) -> httpx.Response:
        self.asked += 1
        if self.asked % 3 == 0:
            return httpx.Response(503, text="the leader is being elected")
        if path == WORKER:
            return httpx.Response(404)  # an installation without workers of their own
        if path.endswith("/pods"):
            return httpx.Response(200, json={"items": [{"status": {"phase": "Running"}}] * next(self.pods)})
        if method == "GET":
            seen = json.loads(json.dumps(self.api))
            wanted = self.api["spec"]["replicas"]
            ready = {"updatedReplicas": wanted, "replicas": wanted, "availableReplicas": wanted}
            self.api["status"] = {"observedGeneration": self.api["metadata"]["generation"], **ready}
            return httpx.Response(200, json=seen)
        return httpx.Response(200)

    def patched(self, change: Any) -> None:
        self.api["metadata"]["generation"] += 1
        for name, value in change["metadata"]["annotations"].items():
            if value is None:
                del self.api["metadata"]["annotations"][name]
            else:
                self.api["metadata"]["annotations"][name] = value
        self.api["spec"].update(change["spec"])


@pytest.fixture
def with_deployments(asked: Requests) -> Callable[[Deployments], InCluster]:
    def make(there: Deployments) -> InCluster:
        def answer(method: str, path: str) -> httpx.Response:
            reply = there(method, path)
            if method == "PATCH" and reply.is_success:
                there.patched(asked[-1][2])
            return reply

        return asked.cluster(answer)

    return make


def test_what_works_with_the_database_is_stopped_to_its_last_pod(
    with_deployments: Callable[[Deployments], InCluster],
) -> None:
    there = Deployments(3)
    with_deployments(there).stop_service()
    assert there.api["spec"]["replicas"] == 0
    assert there.api["metadata"]["annotations"] == {HELD: "3"}
    assert list(there.pods) == []  # a pod that is about to end still works


@pytest.mark.parametrize(("replicas", "held", "after"), [(0, "3", 3), (5, "3", 5), (0, "0", 0), (2, None, 2)])
def test_what_was_stopped_gets_its_replicas_back_whoever_stopped_it(
    with_deployments: Callable[[Deployments], InCluster], replicas: int, held: str | None, after: int
) -> None:
    """By an earlier try that was killed as well; what somebody scaled meanwhile stays as it is."""
    there = Deployments(replicas, annotations={} if held is None else {HELD: held})
    with_deployments(there).start_service()
    assert there.api["spec"]["replicas"] == after
    assert there.api["metadata"]["annotations"] == {}


@pytest.mark.parametrize(("replicas", "held"), [(0, "3"), (3, "7")])
def test_who_stops_what_an_earlier_try_stopped_keeps_its_replicas(
    with_deployments: Callable[[Deployments], InCluster], replicas: int, held: str
) -> None:
    there = Deployments(replicas, annotations={HELD: held})
    with_deployments(there).stop_service()
    assert there.api["metadata"]["annotations"] == {HELD: "3"}


def test_a_cluster_that_does_not_answer_for_a_while_is_asked_again(asked: Requests) -> None:
    conditions = [{"type": "Ready", "status": "True"}]
    new = httpx.Response(200, json={"metadata": {"uid": "new"}, "status": {"conditions": conditions}})
    old = httpx.Response(200, json={"metadata": {"uid": "old"}})
    busy = httpx.Response(503)
    answers = iter([busy, old, busy, httpx.Response(409), *[busy] * 7, new])
    asked.cluster(lambda *_: next(answers)).restart_database()
    assert list(answers) == []
    deletions = [body for method, _, body in asked if method == "DELETE"]
    assert deletions == [{"preconditions": {"uid": "old"}}] * 2  # never the one that was made since


def test_a_cluster_that_does_not_answer_at_all_is_named(asked: Requests) -> None:
    with pytest.raises(BackupError, match=r"does not answer GET .*postgres-0, asked 5 times: 503"):
        asked.cluster(lambda *_: httpx.Response(503)).restart_database()


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
    nowhere.stop_service()
    nowhere.start_service()
    assert "latest-backup was not written" in said[0]
    assert "uses the restored folder from its next start on" in said[1]
    assert "stop the API and its workers" in said[2]
    assert "start the API and its workers again" in said[3]


def test_a_pod_without_its_service_account_is_told(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="automountServiceAccountToken"):
        service_account("10.0.0.1", "443", tmp_path)
