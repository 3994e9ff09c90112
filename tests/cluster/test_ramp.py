"""What a ramp asks of a cluster, by the real kubectl and by the API itself: both do the same."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.cluster import Cluster
from support.ports import wait_until
from support.scaled import autoscaler, sleeping

from actinf.errors import ClusterRefused, ClusterTrouble
from actinf.responder.ramp.cluster import Cluster as Ramped
from actinf.responder.ramp.in_cluster import in_this_cluster
from actinf.responder.ramp.kubectl import Kubectl

#: What the chart gives the responder, for any deployment.
ACCOUNT = """
apiVersion: v1
kind: ServiceAccount
metadata: {name: ramps}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: ramps}
rules:
  - {apiGroups: [apps], resources: [deployments], verbs: [get]}
  - {apiGroups: [apps], resources: [deployments/scale], verbs: [patch]}
  - {apiGroups: [autoscaling], resources: [horizontalpodautoscalers], verbs: [list, patch]}
  - {apiGroups: [""], resources: [pods], verbs: [list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: ramps}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: ramps}
subjects: [{kind: ServiceAccount, name: ramps, namespace: default}]
"""
Asked = Callable[[str], Ramped]


def account_of(cluster: Cluster, name: str, folder: Path) -> Path:
    """The folder that a pod of a service account finds."""
    account = folder / "account"
    account.mkdir()
    (account / "token").write_text(cluster.kubectl("get", "--raw", f"/stand-in/tokens/{cluster.namespace}/{name}"))
    (account / "ca.crt").write_bytes((cluster.folder / "ca.crt").read_bytes())
    (account / "namespace").write_text(cluster.namespace)
    return account


@pytest.fixture(params=["kubectl", "API"])
def of(request: pytest.FixtureRequest, cluster: Cluster, tmp_path: Path) -> Asked:
    by_api = request.param == "API"
    account = None
    if by_api:
        cluster.apply(ACCOUNT)
        account = account_of(cluster, "ramps", tmp_path)

    def made(name: str) -> Ramped:
        name = f"{name}-by-{request.param.lower()}"
        cluster.apply(sleeping(name))
        if account is not None:
            return in_this_cluster({"KUBERNETES_SERVICE_HOST": cluster.api_address}, name, None, account)
        return Kubectl(program=str(cluster.kubectl_program), deployment=name, environment=cluster.environment)

    return made


def wait_for_ready(asked: Ramped, count: int) -> None:
    wait_until(lambda: asked.look().ready == count, what=f"{count} ready replicas", seconds=30)


def test_replicas_are_set_where_they_are_what_they_were(of: Asked) -> None:
    asked = of("ramp-plain")
    wait_for_ready(asked, 1)
    assert asked.look().autoscaler is None
    asked.scale(None, 1, 2)
    wait_for_ready(asked, 2)
    with pytest.raises(ClusterTrouble, match=r"kubectl scale fails: .*Expected replicas to be 1, was 2|refuses with 4"):
        asked.scale(None, 1, 3)
    standing = asked.look()
    assert (standing.replicas, len(standing.pods)) == (2, 2)
    assert all(pod.restarts == 0 and not pod.out_of_memory for pod in standing.pods.values())


def test_with_an_autoscaler_its_lower_bound_is_set(of: Asked, cluster: Cluster) -> None:
    asked = of("ramp-scaled")
    name = asked.target.split()[1].rstrip(",")
    cluster.apply(autoscaler(name, least=2, most=4))
    wait_for_ready(asked, 2)
    scaler = asked.look().autoscaler
    assert scaler is not None
    assert (scaler.name, scaler.least, scaler.most) == (name, 2, 4)
    asked.scale(scaler.name, 2, 3)
    wait_for_ready(asked, 3)
    with pytest.raises(ClusterTrouble, match=r"kubectl patch (is refused|fails): |refuses with 4"):
        asked.scale(scaler.name, 2, 4)
    assert asked.look().least_or_replicas == 3


def test_without_the_right_it_is_refused(cluster: Cluster, tmp_path: Path) -> None:
    """By both ways, so that a ramp is held at once and says which right is missing."""
    cluster.apply("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: nobody}")
    where = {"KUBERNETES_SERVICE_HOST": cluster.api_address}
    by_api = in_this_cluster(where, "x", None, account_of(cluster, "nobody", tmp_path))
    environment = cluster.environment | {"KUBECONFIG": str(cluster.kubeconfig_of("nobody"))}
    by_kubectl = Kubectl(program=str(cluster.kubectl_program), deployment="x", environment=environment)
    for asked in (by_api, by_kubectl):
        with pytest.raises(ClusterRefused, match='"system:serviceaccount:default:nobody" cannot get resource'):
            asked.look()
        with pytest.raises(ClusterRefused, match="nobody"):
            asked.scale(None, 1, 2)


def test_what_cannot_be_asked_says_why(cluster: Cluster, tmp_path: Path) -> None:
    missing = Kubectl(program=str(cluster.kubectl_program), deployment="ramp-missing", environment=cluster.environment)
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
