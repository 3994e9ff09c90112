"""A cluster that is asked by its API: whatever it answers, and however a pod is set up, there is a reason."""

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import certifi
import pytest

from actinf.errors import ClusterRefused, ClusterTrouble
from actinf.responder.channels.deadline import Deadline
from actinf.responder.ramp.cluster import Autoscaler, NoCluster, Pod, Standing
from actinf.responder.ramp.in_cluster import InCluster, in_this_cluster

DEPLOYMENT = {
    "metadata": {"name": "api", "generation": 2},
    "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "api", "tier": "web"}}},
    "status": {"observedGeneration": 2, "readyReplicas": 2, "updatedReplicas": 3},
}
SCALER = {
    "metadata": {"name": "of-api"},
    "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "api"}, "minReplicas": 2, "maxReplicas": 5},
    "status": {"currentReplicas": 3},
}
KILLED = {"restartCount": 2, "lastState": {"terminated": {"reason": "OOMKilled"}}}
PODS = [
    {"metadata": {"uid": "a"}, "status": {"containerStatuses": [{"restartCount": 1}, KILLED]}},
    {"metadata": {"uid": "b"}, "status": {"phase": "Pending"}},
]
TOKEN = "eyJ-the-first"


class Api:
    """The API of a cluster that answers as it is told; `asked` has what it was asked, and by whom."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str, bytes]] = []
        self.answers: Callable[[str], tuple[int, object]] = self.well

    @staticmethod
    def well(path: str) -> tuple[int, object]:
        if "/deployments/" in path:
            return 200, DEPLOYMENT
        return 200, {"items": [SCALER] if "horizontalpodautoscalers" in path else PODS}


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def cluster(api: Api, tmp_path: Path) -> Iterator[InCluster]:
    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            api.asked.append((self.command, self.path, self.headers["Authorization"], body))
            status, said = api.answers(self.path)
            raw = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_PATCH = do_GET

        def log_message(self, *_: object) -> None:
            pass

    (tmp_path / "token").write_text(TOKEN + "\n")
    shutil.copy(certifi.where(), tmp_path / "ca.crt")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # whoever asked does not wait any more
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    serving.start()
    address = f"http://127.0.0.1:{server.server_port}"
    yield InCluster(address=address, deployment="api", namespace="lab", account=tmp_path)
    server.shutdown()
    serving.join()
    server.server_close()


def test_it_sees_how_a_deployment_stands(api: Api, cluster: InCluster) -> None:
    assert cluster.look() == Standing(
        replicas=3,
        ready=2,
        autoscaler=Autoscaler(name="of-api", least=2, most=5, current=3),
        pods={"a": Pod(restarts=3, out_of_memory=True), "b": Pod(restarts=0, out_of_memory=False)},
    )
    assert [path for _, path, _, _ in api.asked] == [
        "/apis/apps/v1/namespaces/lab/deployments/api",
        "/apis/autoscaling/v2/namespaces/lab/horizontalpodautoscalers",
        "/api/v1/namespaces/lab/pods?labelSelector=app%3Dapi%2Ctier%3Dweb",
    ]


def test_a_change_carries_its_own_condition(api: Api, cluster: InCluster) -> None:
    cluster.scale(None, 1, 3)
    cluster.scale("of-api", 2, 3)
    sent = [(method, path, json.loads(body)) for method, path, _, body in api.asked]
    assert sent == [
        (
            "PATCH",
            f"/apis/{kind}",
            [
                {"op": "test", "path": f"/spec/{what}", "value": now},
                {"op": "replace", "path": f"/spec/{what}", "value": 3},
            ],
        )
        for kind, what, now in (
            ("apps/v1/namespaces/lab/deployments/api/scale", "replicas", 1),
            ("autoscaling/v2/namespaces/lab/horizontalpodautoscalers/of-api", "minReplicas", 2),
        )
    ]
    assert (
        cluster.command(None, 1, 3) == "kubectl --namespace=lab scale deployment/api --current-replicas=1 --replicas=3"
    )


def test_a_token_that_was_renewed_is_used_from_then_on(api: Api, cluster: InCluster) -> None:
    cluster.look()
    (cluster.account / "token").write_text("eyJ-the-second")
    cluster.look()
    assert [who for _, _, who, _ in api.asked] == [f"Bearer {TOKEN}"] * 3 + ["Bearer eyJ-the-second"] * 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 409, 429, 500, 503])
def test_a_no_is_told_from_a_not_now(api: Api, cluster: InCluster, status: int) -> None:
    api.answers = lambda _: (status, {"kind": "Status", "message": "because\nof \x1b[31mthis"})
    with pytest.raises(ClusterTrouble) as failed:
        cluster.scale(None, 1, 3)
    assert isinstance(failed.value, ClusterRefused) is (status in (400, 401, 403, 404, 422))
    assert str(failed.value).startswith("deployment api, namespace lab: the cluster ")
    assert f"{status}: because of this" in str(failed.value)


@pytest.mark.parametrize(
    "said",
    [b"", b"<html>", b"[]", b"null", b"[" * 100_000, b"x" * 1_000_000, {}, {"items": 3}, {"items": [3]},
     {"metadata": {"name": "api"}, "spec": {"replicas": "many", "selector": {"matchLabels": {}}}, "items": []}],
)  # fmt: skip
def test_nonsense_is_trouble(api: Api, cluster: InCluster, said: object) -> None:
    api.answers = lambda _: (200, said)
    with pytest.raises(ClusterTrouble) as failed:
        cluster.look()
    assert not isinstance(failed.value, ClusterRefused)
    assert len(str(failed.value)) < 500


def test_several_autoscalers_are_none_that_could_be_set(api: Api, cluster: InCluster) -> None:
    api.answers = lambda path: (200, {"items": [SCALER, SCALER]}) if "horizontal" in path else Api.well(path)
    with pytest.raises(ClusterTrouble, match="has several autoscalers, of-api, of-api"):
        cluster.look()


@pytest.mark.parametrize("token", ["", "eyJ-one\neyJ-two", "eyJ-\x00", "eyJ-é"])
def test_what_is_no_token_is_sent_nowhere_and_told_to_nobody(api: Api, cluster: InCluster, token: str) -> None:
    (cluster.account / "token").write_text(token)
    with pytest.raises(ClusterTrouble, match="token holds no token") as failed:
        cluster.look()
    assert "eyJ" not in str(failed.value)
    assert api.asked == []


def test_who_does_not_answer_is_not_waited_for(api: Api, cluster: InCluster) -> None:
    let_go = threading.Event()
    api.answers = lambda _: (200 if let_go.wait(20) else 504, {})
    hurried = InCluster(
        address=cluster.address, deployment="api", namespace="lab", account=cluster.account, deadline=Deadline(0.2)
    )
    with pytest.raises(ClusterTrouble, match=r"does not answer within 0\.2 s"):
        hurried.look()
    let_go.set()


@pytest.mark.parametrize("missing", ["token", "ca.crt"])
def test_an_account_that_cannot_be_read_says_so(cluster: InCluster, missing: str) -> None:
    (cluster.account / missing).unlink()
    with pytest.raises(ClusterTrouble, match=r"the cluster cannot be asked: .*No such file"):
        cluster.look()


def test_what_it_is_in_is_said_by_the_pod(tmp_path: Path) -> None:
    pod = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "6443"}
    missing = in_this_cluster(pod, "api", None, tmp_path)
    assert isinstance(missing, NoCluster)
    with pytest.raises(ClusterTrouble, match="the account of this pod cannot be read"):
        missing.look()
    (tmp_path / "namespace").write_text("lab\n")
    found = in_this_cluster(pod, "api", None, tmp_path)
    assert found.target == "deployment api, namespace lab"
    assert isinstance(found, InCluster)
    assert found.address == "https://10.0.0.1:6443"
    six = in_this_cluster({"KUBERNETES_SERVICE_HOST": "fd00::1"}, "api", "other", tmp_path)
    assert isinstance(six, InCluster)
    assert (six.address, six.namespace) == ("https://[fd00::1]:443", "other")
    with pytest.raises(ClusterTrouble, match="runs in no pod of a cluster"):
        in_this_cluster({}, "api", None, tmp_path).look()
