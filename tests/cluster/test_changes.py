"""What an operator changes: scale, patch, restart, undo, delete and apply, by the real kubectl."""

import contextlib
import json
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator

import pytest
from support.cluster import Cluster
from support.cluster_manifests import pod, web

IMAGES = "jsonpath={.spec.template.spec.containers[*].image}"


def rolled_out(cluster: Cluster, what: str) -> str:
    return cluster.kubectl("rollout", "status", what, "--timeout=60s")


@pytest.fixture
def api(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[str]:
    """A Deployment of its own for a test; its name."""
    name = request.node.name.removeprefix("test_").replace("_", "-")[:40]
    # Who has just been sent there gets an answer: a pod is told to end a moment after nobody new is sent.
    drain = "        lifecycle: {preStop: {sleep: {seconds: 1}}}"
    cluster.apply(web(name, replicas=1, more=drain if "lose_no_request" in request.node.name else ""))
    rolled_out(cluster, f"deployment/{name}")
    yield name
    cluster.kubectl("delete", "deployment,service", name, "--wait=false")


def test_scale_up_down_and_to_zero(cluster: Cluster, api: str) -> None:
    cluster.kubectl("scale", f"deployment/{api}", "--replicas=3")
    assert "successfully rolled out" in rolled_out(cluster, f"deployment/{api}")
    assert len(cluster.pods(f"app={api}")) == 3
    assert cluster.get("deployment", api)["status"]["availableReplicas"] == 3

    cluster.kubectl("scale", f"deployment/{api}", "--replicas=0")
    cluster.wait("delete", "pod", "-l", f"app={api}")
    assert cluster.pods(f"app={api}") == []
    assert cluster.kubectl("get", "deployment", api, "--no-headers").split()[1] == "0/0"


def test_a_pod_under_another_label_is_kept_and_replaced(cluster: Cluster, api: str) -> None:
    """It belongs to no deployment any more: so evidence is kept, while others serve."""
    [kept] = cluster.pods(f"app={api}")
    cluster.kubectl("label", "pod", kept, f"app=of-{api}", "--overwrite")
    cluster.wait("condition=ready", "pod", "-l", f"app={api}")
    assert kept not in cluster.pods(f"app={api}")
    assert cluster.pods(f"app=of-{api}") == [kept]
    assert "ownerReferences" not in cluster.get("pod", kept)["metadata"]
    cluster.kubectl("delete", "pod", kept)
    assert len(cluster.pods(f"app={api}")) == 1


def test_restart_and_undo_lose_no_request(cluster: Cluster, api: str) -> None:
    """With `maxUnavailable: 0` a pod goes only when its successor is ready."""
    answers = set()
    first = cluster.pods(f"app={api}")
    address = f"http://{cluster.address(api)}/"
    with asked_all_the_time(address, answers):
        cluster.kubectl("rollout", "restart", f"deployment/{api}")
        rolled_out(cluster, f"deployment/{api}")
        cluster.kubectl("set", "env", f"deployment/{api}", "BODY=two")
        rolled_out(cluster, f"deployment/{api}")
        cluster.kubectl("rollout", "undo", f"deployment/{api}")
        rolled_out(cluster, f"deployment/{api}")

    assert answers == {"one\n", "two\n"}
    assert set(first).isdisjoint(cluster.pods(f"app={api}"))
    revisions = cluster.kubectl("rollout", "history", f"deployment/{api}").splitlines()[2:]
    # The second revision was wanted again, and is the fourth now.
    assert [line.split()[0] for line in revisions if line] == ["1", "3", "4"]


@contextlib.contextmanager
def asked_all_the_time(address: str, answers: set[str]) -> Iterator[None]:
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            try:
                with urllib.request.urlopen(address, timeout=5) as reply:
                    answers.add(reply.read().decode())
            except OSError as error:
                answers.add(repr(error))
            time.sleep(0.02)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_a_rollout_that_cannot_succeed_leaves_the_old_pods(cluster: Cluster, api: str) -> None:
    cluster.kubectl("set", "image", f"deployment/{api}", f"{api}={api}:does-not-exist")

    waited = cluster.run_kubectl("rollout", "status", f"deployment/{api}", "--timeout=2s")

    assert waited.returncode == 1
    assert "timed out waiting" in waited.stderr
    states = cluster.kubectl("get", "pods", "-l", f"app={api}", "--no-headers")
    assert sorted(line.split()[2] for line in states.splitlines()) == ["ImagePullBackOff", "Running"]
    cluster.kubectl("rollout", "undo", f"deployment/{api}")
    rolled_out(cluster, f"deployment/{api}")
    assert cluster.kubectl("get", "deployment", api, "-o", IMAGES) == f"{api}:1"


def test_a_patch_merges_containers_by_their_name(cluster: Cluster, api: str) -> None:
    resources = {"limits": {"memory": "300Mi"}, "requests": {"memory": "128Mi"}}
    spec = {"containers": [{"name": api, "resources": resources}]}

    cluster.kubectl("patch", "deployment", api, "-p", json.dumps({"spec": {"template": {"spec": spec}}}))

    rolled_out(cluster, f"deployment/{api}")
    containers = cluster.get("deployment", api)["spec"]["template"]["spec"]["containers"]
    assert len(containers) == 1
    assert containers[0]["resources"]["limits"] == {"memory": "300Mi", "cpu": "500m"}
    assert containers[0]["command"] == ["/bin/sh", "-c"]
    cluster.kubectl("patch", "deployment", api, "--type=merge", "-p", '{"metadata":{"labels":{"seen":"yes"}}}')
    replace = '[{"op":"replace","path":"/metadata/labels/seen","value":"no"}]'
    cluster.kubectl("patch", "deployment", api, "--type=json", "-p", replace)
    assert cluster.kubectl("get", "deployment", api, "-L", "seen", "--no-headers").split()[-1] == "no"


def test_a_deleted_pod_is_replaced(cluster: Cluster, api: str) -> None:
    before = cluster.pods(f"app={api}")

    cluster.kubectl("delete", "pod", *before)

    rolled_out(cluster, f"deployment/{api}")
    after = cluster.pods(f"app={api}")
    assert len(after) == 1
    assert after != before


def test_apply_says_what_it_did_and_refuses_what_is_wrong(cluster: Cluster, api: str) -> None:
    assert f"deployment.apps/{api} unchanged" in cluster.apply(web(api, replicas=1))
    assert f"deployment.apps/{api} configured" in cluster.apply(web(api, replicas=2))
    rolled_out(cluster, f"deployment/{api}")
    assert len(cluster.pods(f"app={api}")) == 2

    wrong = web(api).replace("readinessProbe", "readynessProbe")
    refused = cluster.run_kubectl("apply", "-f", "-", stdin=wrong)
    assert refused.returncode == 1
    assert "readynessProbe" in refused.stderr
    other = (
        web(api)
        .replace("matchLabels: {app: ", "matchLabels: {more: x, app: ")
        .replace("labels: {app: ", "labels: {more: x, app: ")
    )
    immutable = cluster.run_kubectl("apply", "-f", "-", stdin=other)
    assert "spec.selector: Invalid value: field is immutable" in immutable.stderr


def test_dry_runs_and_diffs_change_nothing(cluster: Cluster, api: str) -> None:
    more = web(api, replicas=4)

    assert "(server dry run)" in cluster.kubectl("apply", "--dry-run=server", "-f", "-", stdin=more)
    difference = cluster.run_kubectl("diff", "-f", "-", stdin=more)

    assert difference.returncode == 1
    assert "+  replicas: 4" in difference.stdout
    assert cluster.get("deployment", api)["spec"]["replicas"] == 1


def test_deleting_a_deployment_takes_its_pods(cluster: Cluster) -> None:
    cluster.apply(web("going", replicas=1))
    rolled_out(cluster, "deployment/going")

    cluster.kubectl("delete", "deployment", "going")

    cluster.wait("delete", "pod", "-l", "app=going")
    assert cluster.kubectl("get", "replicasets", "-l", "app=going", "--no-headers") == ""


def test_an_autoscaler_holds_its_bounds(cluster: Cluster, api: str) -> None:
    """A scale by hand is undone, until the bounds themselves are changed; zero is left alone."""
    cluster.apply(f"""
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {{name: {api}}}
spec:
  scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: {api}}}
  minReplicas: 2
  maxReplicas: 3
""")
    cluster.wait("jsonpath={.spec.replicas}=2", f"deployment/{api}")
    cluster.kubectl("scale", f"deployment/{api}", "--replicas=5")
    cluster.wait("jsonpath={.spec.replicas}=3", f"deployment/{api}")
    cluster.kubectl("patch", "hpa", api, "-p", '{"spec":{"minReplicas":1}}')
    cluster.kubectl("scale", f"deployment/{api}", "--replicas=1")
    rolled_out(cluster, f"deployment/{api}")
    assert cluster.get("deployment", api)["spec"]["replicas"] == 1
    assert f"Deployment/{api}" in cluster.kubectl("get", "hpa", api)
    assert "SuccessfulRescale" in cluster.kubectl("describe", "hpa", api)


def test_a_disruption_budget_stops_an_eviction(cluster: Cluster, api: str) -> None:
    cluster.apply(f"""
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {{name: {api}}}
spec: {{minAvailable: 1, selector: {{matchLabels: {{app: {api}}}}}}}
""")
    cluster.wait("jsonpath={.status.currentHealthy}=1", f"pdb/{api}")

    name = cluster.pods(f"app={api}")[0]
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": "default"}}
    path = f"/api/v1/namespaces/default/pods/{name}/eviction"
    refused = cluster.run_kubectl("create", "--raw", path, "-f", "-", stdin=json.dumps(eviction))

    assert "would violate the pod's disruption budget" in refused.stderr


def test_a_watcher_sees_changes_as_they_come(cluster: Cluster) -> None:
    with subprocess.Popen(
        cluster.shell_command("exec kubectl get pods -w --no-headers -l app=watched"),
        env=cluster.environment | {"PATH": "/usr/bin:/bin:/usr/sbin"},
        stdout=subprocess.PIPE,
        text=True,
    ) as watcher:
        cluster.apply(pod("watched", "sleep 0.2").replace("name: watched", "name: watched, labels: {app: watched}"))
        seen = []
        while "Running" not in seen:
            seen.append(watcher.stdout.readline().split()[2])
        watcher.terminate()
        watcher.stdout.close()
    assert seen[0] in {"Pending", "ContainerCreating"}
    cluster.kubectl("delete", "pod", "watched")
