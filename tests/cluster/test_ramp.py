"""What a ramp asks of a cluster, by the real kubectl."""

from pathlib import Path

import pytest
from support.cluster import Cluster
from support.ports import wait_until

from actinf.errors import ClusterTrouble
from actinf.responder.ramp.kubectl import Kubectl

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, labels: {{app: {name}}}}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      containers: [{{name: api, image: "sleeps:1", command: [sleep, "100000"]}}]
"""
AUTOSCALER = """
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {{name: of-{name}}}
spec:
  scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: {name}}}
  minReplicas: 2
  maxReplicas: 4
"""


@pytest.fixture
def of(cluster: Cluster):
    def made(name: str) -> Kubectl:
        cluster.apply(DEPLOYMENT.format(name=name))
        return Kubectl(program=str(cluster.kubectl_program), deployment=name, environment=cluster.environment)

    return made


def wait_for_ready(asked: Kubectl, count: int) -> None:
    wait_until(lambda: asked.look().ready == count, what=f"{count} ready replicas", seconds=30)


def test_replicas_are_set_where_they_are_what_they_were(of) -> None:
    asked = of("ramp-plain")
    wait_for_ready(asked, 1)
    assert asked.look().autoscaler is None
    asked.scale(None, 1, 2)
    wait_for_ready(asked, 2)
    with pytest.raises(ClusterTrouble, match=r"kubectl scale fails: .*Expected replicas to be 1, was 2"):
        asked.scale(None, 1, 3)
    standing = asked.look()
    assert (standing.replicas, len(standing.pods)) == (2, 2)
    assert all(pod.restarts == 0 and not pod.out_of_memory for pod in standing.pods.values())


def test_with_an_autoscaler_its_lower_bound_is_set(of, cluster: Cluster) -> None:
    asked = of("ramp-scaled")
    cluster.apply(AUTOSCALER.format(name="ramp-scaled"))
    wait_for_ready(asked, 2)
    scaler = asked.look().autoscaler
    assert scaler is not None
    assert (scaler.name, scaler.least, scaler.most) == ("of-ramp-scaled", 2, 4)
    asked.scale(scaler.name, 2, 3)
    wait_for_ready(asked, 3)
    with pytest.raises(ClusterTrouble, match=r"kubectl patch (is refused|fails): "):
        asked.scale(scaler.name, 2, 4)
    assert asked.look().least_or_replicas == 3


def test_what_cannot_be_asked_says_why(of, tmp_path: Path) -> None:
    asked = of("ramp-there")
    missing = Kubectl(program=asked.program, deployment="ramp-missing", environment=asked.environment)
    with pytest.raises(ClusterTrouble, match=r"deployment ramp-missing: kubectl get is refused: .*not found"):
        missing.look()
    with pytest.raises(ClusterTrouble, match="kubectl cannot be run: /no/kubectl: No such file"):
        Kubectl(program="/no/kubectl", deployment="x", environment={}).look()
    hangs = tmp_path / "kubectl"
    hangs.write_text("#!/bin/sh\nexec sleep 60\n")
    hangs.chmod(0o755)
    with pytest.raises(ClusterTrouble, match=r"kubectl get has not ended in 0\.2 s"):
        Kubectl(program=str(hangs), deployment="x", environment={}, seconds=0.2).look()
    hangs.write_text("#!/bin/sh\necho surprise\n")
    with pytest.raises(ClusterTrouble, match="kubectl get answers no JSON: surprise"):
        Kubectl(program=str(hangs), deployment="x", environment={}).look()
