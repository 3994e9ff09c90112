"""Who may do what: roles of service accounts, from outside by kubectl and from inside a pod over TLS."""

import os

import pytest
from support.cluster import Cluster
from support.cluster_manifests import pod

READER = """
apiVersion: v1
kind: ServiceAccount
metadata: {name: reader}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader}
rules:
- {apiGroups: [""], resources: [pods, pods/log, events], verbs: [get, list, watch]}
- {apiGroups: [""], resources: [configmaps], resourceNames: [own], verbs: [get, patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{kind: ServiceAccount, name: reader}]
"""


@pytest.fixture(scope="module", autouse=True)
def reader_is_there(cluster: Cluster) -> None:
    cluster.apply(READER)
    script = "echo hello; exec sleep 1000"
    cluster.apply(pod("asked", script, more="  serviceAccountName: reader"))
    cluster.wait("condition=ready", "pod/asked")


def test_a_role_allows_what_it_names_and_nothing_else(cluster: Cluster) -> None:
    as_reader = ("--kubeconfig", str(cluster.kubeconfig_of("reader")))

    assert "asked" in cluster.kubectl(*as_reader, "get", "pods")
    assert cluster.kubectl(*as_reader, "logs", "asked") == "hello\n"
    assert cluster.kubectl(*as_reader, "auth", "can-i", "list", "pods") == "yes\n"
    assert cluster.run_kubectl(*as_reader, "auth", "can-i", "delete", "pods").stdout == "no\n"
    for forbidden in (["delete", "pod", "asked"], ["get", "secrets"], ["exec", "asked", "--", "true"]):
        refused = cluster.run_kubectl(*as_reader, *forbidden)
        assert refused.returncode == 1
        assert 'User "system:serviceaccount:default:reader" cannot' in refused.stderr


def test_a_pod_asks_the_api_with_the_token_of_its_account(cluster: Cluster) -> None:
    cluster.apply("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: own}\ndata: {word: before}")
    folder = "/var/run/secrets/kubernetes.io/serviceaccount"
    ask = (
        f'curl -sS --cacert {folder}/ca.crt -H "Authorization: Bearer $(cat {folder}/token)" '
        "https://$KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT/api/v1/namespaces/$(cat " + folder + "/namespace)"
    )

    change = ' -X PATCH -H \'Content-Type: application/merge-patch+json\' -d \'{"data":{"word":"after"}}\''
    cluster.kubectl("exec", "asked", "--", "sh", "-c", f"{ask}/configmaps/own{change}")
    refused = cluster.kubectl("exec", "asked", "--", "sh", "-c", f"{ask}/secrets")

    assert cluster.get("configmap", "own")["data"] == {"word": "after"}
    assert '"reason":"Forbidden"' in refused


def test_a_cluster_takes_its_processes_with_it(cluster: Cluster) -> None:
    """Its pods have their own process ids, and process 1 of each dies with the one that started it."""
    listed = cluster.kubectl("get", "pod", "asked", "-o", "jsonpath={.status.containerStatuses[0].containerID}")
    pid = int(listed.removeprefix("stand-in://"))
    os.kill(pid, 0)

    cluster.kubectl("delete", "pod", "asked")

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
