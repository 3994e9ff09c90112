"""What Prometheus scrapes of a cluster: the node's own port over TLS, by who may, and what is told of the objects."""

import re
import subprocess

import pytest
from support.cluster import Cluster
from support.cluster_manifests import pod

WATCHER = """
apiVersion: v1
kind: ServiceAccount
metadata: {name: watcher}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: watcher}
rules:
- {apiGroups: [""], resources: [nodes/metrics], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: watcher}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: watcher}
subjects: [{kind: ServiceAccount, name: watcher, namespace: default}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: measured}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""

JOB = """
apiVersion: batch/v1
kind: Job
metadata: {name: told}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: main, image: shell:1, command: ["true"]}]
"""


@pytest.fixture(scope="module", autouse=True)
def something_is_there(cluster: Cluster) -> None:
    cluster.apply(WATCHER)
    more = "  volumes: [{name: data, persistentVolumeClaim: {claimName: measured}}]"
    mounts = "    volumeMounts: [{name: data, mountPath: /data}]"
    cluster.apply(pod("measured", "exec sleep 1000", more=more, of_container=mounts))
    cluster.wait("condition=ready", "pod/measured")


def from_the_node(cluster: Cluster, path: str, *, account: str = "") -> tuple[int, str]:
    """The status and the text of the kubelet's answer, to whoever holds the token of an account."""
    [node] = cluster.get("nodes")["items"]
    [address] = [one["address"] for one in node["status"]["addresses"] if one["type"] == "InternalIP"]
    port = node["status"]["daemonEndpoints"]["kubeletEndpoint"]["Port"]
    token = cluster.kubectl("get", "--raw", f"/stand-in/tokens/default/{account}") if account else ""
    command = ["curl", "-sS", "--cacert", cluster.folder / "ca.crt", "-w", "\n%{http_code}"]
    command += ["-H", f"Authorization: Bearer {token}"] if token else []
    done = subprocess.run(
        [*command, f"https://{address}:{port}{path}"], capture_output=True, text=True, check=True, timeout=30
    )
    text, _, status = done.stdout.rpartition("\n")
    return int(status), text


def test_the_kubelet_tells_who_may_know_and_nobody_else(cluster: Cluster) -> None:
    for path in ("/metrics", "/metrics/cadvisor"):
        assert from_the_node(cluster, path)[0] == 401
        assert from_the_node(cluster, path, account="default")[0] == 403
        assert from_the_node(cluster, path, account="watcher")[0] == 200


def test_the_kubelet_tells_of_containers_and_of_volumes_that_are_mounted(cluster: Cluster) -> None:
    _, of_containers = from_the_node(cluster, "/metrics/cadvisor", account="watcher")
    _, of_volumes = from_the_node(cluster, "/metrics", account="watcher")

    assert re.search(r'container_cpu_usage_seconds_total\{namespace="default",pod="measured",', of_containers)
    claim = r'\{namespace="default",persistentvolumeclaim="measured"\} (\d+)'
    capacity = re.search(f"kubelet_volume_stats_capacity_bytes{claim}", of_volumes)
    available = re.search(f"kubelet_volume_stats_available_bytes{claim}", of_volumes)
    assert capacity is not None
    assert available is not None
    assert 0 < int(available[1]) < int(capacity[1])


def test_the_state_of_nodes_and_the_start_of_jobs_are_told(cluster: Cluster) -> None:
    cluster.apply(JOB)
    cluster.wait("condition=complete", "job/told")

    said = cluster.kubectl("get", "--raw", "/metrics/kube-state-metrics")

    assert re.search(r'kube_job_status_start_time\{namespace="default",job_name="told"\} \d{10}', said)
    labels = 'node="stand-in",condition="MemoryPressure"'
    assert f'kube_node_status_condition{{{labels},status="true"}} 0\n' in said
    assert f'kube_node_status_condition{{{labels},status="false"}} 1\n' in said
