"""StatefulSets and what they keep, by the real kubectl."""

import json

import pytest
from support.cluster import Cluster

POSTGRES = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: keeper}
spec:
  serviceName: keeper
  replicas: 1
  selector: {matchLabels: {app: keeper}}
  template:
    metadata: {labels: {app: keeper}}
    spec:
      terminationGracePeriodSeconds: 5
      volumes:
      - {name: config, configMap: {name: keeper, defaultMode: 0444}}
      - {name: socket, emptyDir: {}}
      initContainers:
      - {name: first, image: "shell:1", command: [/bin/sh, -c, "echo begun >> /data/starts"], \
volumeMounts: [{name: data, mountPath: /data}]}
      containers:
      - name: keeper
        image: shell:1
        command: [/bin/sh, -c]
        args: ["trap 'exit 0' TERM; touch /run/actinf/ready; while :; do sleep 0.05; done"]
        readinessProbe: {exec: {command: [test, -e, /run/actinf/ready]}, periodSeconds: 1}
        volumeMounts:
        - {name: data, mountPath: /data}
        - {name: config, mountPath: /config}
        - {name: socket, mountPath: /run/actinf}
      - {name: health, image: "shell:1", command: [sleep, "1000"], \
volumeMounts: [{name: socket, mountPath: /run/actinf}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Service
metadata: {name: keeper}
spec: {clusterIP: None, selector: {app: keeper}, ports: [{port: 5432}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: keeper}
data: {listen.conf: "listen 0.0.0.0:8443; from 10.0.0.0/8 or 0.0.0.0/0\\n"}
"""


@pytest.fixture(scope="module", autouse=True)
def keeper_runs(cluster: Cluster) -> None:
    cluster.apply(POSTGRES)
    cluster.kubectl("rollout", "status", "statefulset/keeper", "--timeout=60s")


def test_a_pod_comes_back_under_its_name_and_with_its_volume(cluster: Cluster) -> None:
    before = cluster.get("pod", "keeper-0")["metadata"]["uid"]
    starts = (cluster.volume("data-keeper-0") / "starts").read_text()

    cluster.kubectl("delete", "pod", "keeper-0")

    cluster.kubectl("rollout", "status", "statefulset/keeper", "--timeout=60s")
    cluster.wait("condition=ready", "pod/keeper-0")
    assert cluster.get("pod", "keeper-0")["metadata"]["uid"] != before
    read = cluster.kubectl("exec", "-it", "keeper-0", "-c", "keeper", "--", "cat", "/data/starts")
    assert read == starts + "begun\n"
    assert cluster.kubectl("get", "pvc", "data-keeper-0", "--no-headers").split()[1] == "Bound"


def test_containers_of_a_pod_share_volumes_and_a_name(cluster: Cluster) -> None:
    assert cluster.kubectl("exec", "keeper-0", "-c", "health", "--", "ls", "/run/actinf") == "ready\n"
    address = cluster.get("pod", "keeper-0")["status"]["podIP"]
    seen = cluster.kubectl("exec", "keeper-0", "-c", "health", "--", "getent", "ahosts", "keeper-0.keeper")
    assert seen.split()[0] == address
    # Without a container's name the first one is meant, and kubectl says so.
    done = cluster.run_kubectl("exec", "keeper-0", "--", "hostname")
    assert (done.stdout, "Defaulted container" in done.stderr) == ("keeper-0\n", True)


def test_all_addresses_are_the_pod_s_own(cluster: Cluster) -> None:
    address = cluster.get("pod", "keeper-0")["status"]["podIP"]

    text = cluster.kubectl("exec", "keeper-0", "-c", "keeper", "--", "cat", "/config/listen.conf")

    assert text == f"listen {address}:8443; from 10.0.0.0/8 or 0.0.0.0/0\n"
    refused = cluster.run_kubectl("exec", "keeper-0", "-c", "keeper", "--", "touch", "/config/listen.conf")
    assert "Read-only file system" in refused.stderr


def test_a_changed_config_map_shows_in_the_container(cluster: Cluster) -> None:
    cluster.kubectl("patch", "configmap", "keeper", "-p", '{"data":{"more.conf":"more"}}')

    seen = "until kubectl exec keeper-0 -c keeper -- cat /config/more.conf; do sleep 0.1; done"
    assert cluster.shell(seen, seconds=20).stdout == "more"


def test_a_patch_of_resources_restarts_the_pod_and_undo_takes_it_back(cluster: Cluster) -> None:
    """The line of the founding runbook: the container is found by its name, its other fields stay."""
    resources = {"requests": {"memory": "4Gi", "cpu": "2000m"}}
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "keeper", "resources": resources}]}}}}
    before = cluster.get("pod", "keeper-0")["metadata"]["uid"]

    cluster.kubectl("patch", "statefulset", "keeper", "-p", json.dumps(patch))
    cluster.kubectl("rollout", "status", "statefulset/keeper", "--timeout=60s")

    pod = cluster.get("pod", "keeper-0")
    assert pod["metadata"]["uid"] != before
    assert [each["name"] for each in pod["spec"]["containers"]] == ["keeper", "health"]
    assert pod["spec"]["containers"][0]["resources"] == resources
    cluster.kubectl("rollout", "undo", "statefulset/keeper")
    cluster.kubectl("rollout", "status", "statefulset/keeper", "--timeout=60s")
    assert cluster.get("pod", "keeper-0")["spec"]["containers"][0]["resources"] == {}


def test_the_parts_that_cannot_change_are_refused(cluster: Cluster) -> None:
    patch = {"spec": {"serviceName": "other"}}

    refused = cluster.run_kubectl("patch", "statefulset", "keeper", "-p", json.dumps(patch))

    assert "updates to statefulset spec for fields other than" in refused.stderr
