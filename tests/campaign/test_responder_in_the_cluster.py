"""The responder in an installation whose API is scaled to nothing and whose database is dead: it goes on."""

from collections.abc import Iterator

import httpx
import pytest
from support.operated import RESPONDER_TOKEN, Operated, operated_system
from support.ports import wait_until
from support.postgres import folder_for_servers
from support.responder_process import alert, message


@pytest.fixture(scope="module")
def installation() -> Iterator[Operated]:
    with folder_for_servers() as folder, operated_system(folder, responder={"enabled": True}) as system:
        yield system


def test_without_the_api_and_the_database_an_alert_opens_an_incident(installation: Operated) -> None:
    cluster = installation.cluster
    before = cluster.pods("app=actinf-responder")
    cluster.kubectl("patch", "hpa", "active-inference-api", "-p", '{"spec":{"minReplicas":0}}')
    cluster.kubectl("scale", "deployment/active-inference-api", "--replicas=0")
    cluster.kubectl("scale", "statefulset/postgres", "--replicas=0")
    wait_until(lambda: not cluster.pods("app=postgres"), "the database is gone", seconds=90)
    wait_until(lambda: not cluster.pods("app=active-inference-api"), "the API is gone", seconds=90)
    reply = httpx.post(
        f"http://{cluster.address('actinf-responder', 'http')}/hooks/alertmanager",
        content=message(alert("ApiDown", severity="P0", component="api", incident_type="api_down")),
        headers={"Authorization": f"Bearer {RESPONDER_TOKEN}"},
        timeout=30,
    )
    assert reply.status_code == 200

    def is_open() -> bool:
        command = ("actinf", "incident", "list", "--json")
        return '"component": "Active Inference API"' in cluster.kubectl(
            "exec", "deployment/actinf-responder", "--", *command
        )

    wait_until(is_open, "an incident is open")
    assert cluster.pods("app=actinf-responder") == before, "its pod was never started anew"
