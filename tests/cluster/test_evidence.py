"""What deploy/collect-evidence keeps of pods that have several of everything, by the real kubectl."""

import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cluster import Cluster
from support.documentation import ROOT

PODS = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: nginx}
spec:
  replicas: 2
  selector: {matchLabels: {app: nginx}}
  template:
    metadata: {labels: {app: nginx}}
    spec:
      terminationGracePeriodSeconds: 1
      volumes: [{name: log, emptyDir: {}}]
      initContainers:
      - {name: first, image: "shell:1", command: [/bin/sh, -c, "echo said by the one that ran first"]}
      containers:
      - name: nginx
        image: shell:1
        command: [/bin/sh, -c]
        args: ["cd /var/log/nginx; hostname > access.log; echo moved away > access.log.1; exec sleep 1000"]
        volumeMounts: [{name: log, mountPath: /var/log/nginx}]
---
apiVersion: v1
kind: Pod
metadata: {name: replica, labels: {app: active-inference-api}}
spec:
  terminationGracePeriodSeconds: 1
  volumes: [{name: data, emptyDir: {}}]
  containers:
  - name: api
    image: shell:1
    command: [/bin/sh, -c, "echo the head > /data/audit.anchor; exec sleep 1000"]
    volumeMounts: [{name: data, mountPath: /data}]
"""


@pytest.fixture(scope="module")
def evidence(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("evidence")
    cluster.apply(PODS)
    cluster.kubectl("rollout", "status", "deployment/nginx", "--timeout=60s")
    cluster.wait("condition=ready", "pod/replica")
    subprocess.run(
        [ROOT / "deploy" / "collect-evidence", folder],
        env={**os.environ, **cluster.environment},
        capture_output=True,
        check=False,
    )
    yield folder
    cluster.kubectl("delete", "deployment/nginx", "pod/replica")


def test_every_proxys_log_is_kept_with_the_one_before_it(evidence: Path) -> None:
    """`kubectl exec deployment/…` asks one pod of them, and the log is moved away when it is large."""
    logs = sorted((evidence / "proxy").iterdir())
    assert len([one for one in logs if one.name.endswith(".access.log")]) == 2
    assert [one.read_text() for one in logs if one.name.endswith(".access.log.1")] == ["moved away\n"] * 2


def test_the_logs_of_containers_that_ran_first_are_kept(evidence: Path) -> None:
    first = sorted((evidence / "logs").glob("nginx-*.first.txt"))
    assert ["said by the one that ran first" in one.read_text() for one in first] == [True, True]
    assert len(sorted((evidence / "logs").glob("nginx-*.nginx.txt"))) == 2


def test_the_anchors_of_the_audit_log_are_kept_which_go_with_their_pod(evidence: Path) -> None:
    assert (evidence / "anchors" / "replica.audit.anchor").read_text() == "the head\n"


def test_what_is_not_to_be_had_is_named_and_what_is_kept_has_its_sum(evidence: Path) -> None:
    [missing] = (evidence / "missing.txt").read_text().splitlines()
    assert missing.startswith("audit_log.csv: ")
    sums = [line.split("  ") for line in (evidence / "SHA256SUMS").read_text().splitlines()]
    kept = {f"./{one.relative_to(evidence)}" for one in evidence.rglob("*") if one.is_file()}
    assert {name for _, name in sums} == kept - {"./SHA256SUMS"}
    assert all(hashlib.sha256((evidence / name).read_bytes()).hexdigest() == wanted for wanted, name in sums)
