"""The responder as the chart installs it, in a cluster that has neither the API nor the database: it needs neither."""

import httpx
import pytest
import yaml
from support.chart import rendered
from support.cluster import Cluster
from support.operated import RESPONDER_TOKEN, responder_secret
from support.ports import wait_until
from support.responder_process import alert, message


@pytest.fixture(scope="module")
def responder(cluster: Cluster) -> str:
    """Where its Service answers."""
    everything = rendered({"responder": {"enabled": True}}, namespace=cluster.namespace)
    names = ("actinf-responder", "actinf-status")
    ours = [one for one in everything if one["metadata"]["name"] in names and one["kind"] != "NetworkPolicy"]
    assert {one["kind"] for one in ours} == {"ServiceAccount", "PersistentVolumeClaim", "Deployment", "Service"}
    cluster.apply(yaml.safe_dump_all([responder_secret(), *ours]))
    cluster.kubectl("rollout", "status", "deployment/actinf-responder", "--timeout=90s")
    return f"http://{cluster.address('actinf-responder', 'http')}"


def incidents(cluster: Cluster) -> str:
    """What its own command says, in its pod."""
    return cluster.kubectl("exec", "deployment/actinf-responder", "--", "actinf", "incident", "list", "--json")


def test_an_alert_that_is_posted_to_its_service_opens_an_incident(cluster: Cluster, responder: str) -> None:
    body = message(alert("ApiDown", severity="P0", component="api", incident_type="api_down"))
    refused = httpx.post(f"{responder}/hooks/alertmanager", content=body, timeout=30)
    assert refused.status_code == 401
    taken = httpx.post(
        f"{responder}/hooks/alertmanager",
        content=body,
        headers={"Authorization": f"Bearer {RESPONDER_TOKEN}"},
        timeout=30,
    )
    assert (taken.status_code, taken.json()["alerts"]) == (200, 1)
    wait_until(lambda: '"component": "Active Inference API"' in incidents(cluster), "an incident is open")
    assert httpx.get(f"{responder}/health", timeout=30).json()["watchdog"] is not None


def test_what_it_knows_outlives_its_pod(cluster: Cluster, responder: str) -> None:
    [pod] = cluster.pods("app=actinf-responder")
    cluster.kubectl("delete", "pod", pod)
    cluster.kubectl("rollout", "status", "deployment/actinf-responder", "--timeout=90s")
    wait_until(lambda: cluster.pods("app=actinf-responder") not in ([], [pod]), "another pod is there")
    assert '"component": "Active Inference API"' in incidents(cluster)
