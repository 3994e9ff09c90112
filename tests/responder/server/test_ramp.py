"""Ramps over HTTP: who may begin and direct them, and that a server carries them out."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from support.paper_kubectl import PaperKubectl
from support.ports import wait_until
from support.responder_in_thread import responder_in_thread
from support.responder_site import ResponderSite

from actinf.errors import ClusterTrouble, NoSuchRamp, OutOfTurn
from actinf.responder.access.accounts import Access
from actinf.responder.access.roles import Role
from actinf.responder.clocks.steady import SteadyClock
from actinf.responder.office.remote import RemoteOffice
from actinf.responder.ramp.requests import Direction, DirectRamp, StartRamp

OPEN = {"component": "Active Inference API", "impact": "Inference requests failing", "severity": "P1"}
As = Callable[..., httpx.Client]


@pytest.fixture(scope="module")
def kubectl(tmp_path_factory: pytest.TempPathFactory) -> PaperKubectl:
    return PaperKubectl(tmp_path_factory.mktemp("cluster"))


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, kubectl: PaperKubectl) -> Iterator[ResponderSite]:
    folder: Path = tmp_path_factory.mktemp("guarded")
    given = {"kubectl": str(kubectl.program), "ramp_smoke": "echo 7 checks ok", "ramp_load": "echo verdict: passed"}
    with responder_in_thread(folder, **given) as process:
        yield process


@pytest.fixture
def as_who(guarded: ResponderSite) -> Iterator[As]:
    store = guarded.store()
    access = Access(store, SteadyClock())
    clients: list[httpx.Client] = []

    def made(handle: str, role: Role, *, security: bool = False) -> httpx.Client:
        access.set_account(handle, role, security=security, by="local")
        clients.append(guarded.client(access.create_key(handle, by="local").text))
        return clients[-1]

    yield made
    for client in clients:
        client.close()
    store.close()


@pytest.fixture(autouse=True)
def one_replica(kubectl: PaperKubectl) -> None:
    kubectl.replicas = 1


def test_a_server_carries_it_out_and_asks_where_nothing_is_measured(as_who: As, kubectl: PaperKubectl) -> None:
    cmd, ada = as_who("cmd", Role.COMMANDER), as_who("ada", Role.RESPONDER)
    path = f"/v1/incidents/{ada.post('/v1/incidents', json=OPEN).json()['id']}/ramp"
    assert cmd.get(path).json()["type"].endswith("no-such-ramp")
    preview = cmd.post(path, params={"dry_run": True}, json={}).json()
    assert (preview["problems"], kubectl.replicas) == ([], 1)
    assert ada.post(path, json={}).status_code == 403
    assert cmd.post(path, json={}).json()["state"] == "runs"
    again = cmd.post(path, json={})
    assert (again.status_code, "another ramp goes on" in again.json()["detail"]) == (409, True)
    wait_until(lambda: kubectl.replicas == 3, "three replicas")
    wait_until(lambda: current(cmd, path)["kind"] == "soak" and current(cmd, path)["began_at"], "the soak's begin")
    # Whoever is called may stop it; what goes on is for those who answer for it.
    assert ada.post(f"{path}/pause", json={"reason": "I look"}).json()["state"] == "paused"
    refused = ada.post(f"{path.removesuffix('/ramp')}/resolve", json={})
    said = f"ramp {cmd.get(path).json()['id']} is paused, at step 4"
    assert (refused.status_code, said in refused.json()["detail"]) == (409, True)
    for direction in ("resume", "pass", "rollback"):
        assert ada.post(f"{path}/{direction}", json={"reason": "x"}).status_code == 403
    assert cmd.post(f"{path}/resume", json={}).json()["state"] == "runs"
    assert cmd.post(f"{path}/pass", json={}).status_code == 422
    assert cmd.post(f"{path}/pass", json={"reason": "the dashboards are green"}).status_code == 200
    wait_until(lambda: cmd.get(path).json()["state"] == "done", "the ramp's end")
    assert kubectl.replicas == 5
    shown = cmd.get(path).json()
    assert "actinf incident resolve" in shown["remaining"][-1]["command"]
    told = [one for one in cmd.get(path.removesuffix("/ramp")).json()["timeline"] if one["kind"].startswith("ramp")]
    assert [one["kind"] for one in told] == [
        *("ramp began", "ramp step", "ramp step", "ramp step", "ramp paused", "ramp resumed"),
        *("ramp step", "ramp step", "ramp done"),
    ]
    assert (told[6]["by"], told[6]["word"]) == ("cmd", "the dashboards are green")


def current(client: httpx.Client, path: str) -> dict:
    return next(one for one in client.get(path).json()["steps"] if one["ended_at"] is None)


def test_what_is_private_is_not_told_by_its_ramp(as_who: As) -> None:
    sec, cmd = as_who("sec", Role.COMMANDER, security=True), as_who("cmd", Role.COMMANDER)
    name = sec.post("/v1/incidents", json={**OPEN, "incident_type": "security"}).json()["id"]
    path = f"/v1/incidents/{name}/ramp"
    assert sec.post(path, json={}).status_code == 200
    hidden = [
        cmd.get(path),
        cmd.post(path, json={}),
        cmd.post(path, params={"dry_run": True}, json={}),
        cmd.post(f"{path}/abort", json={}),
    ]
    assert [one.status_code for one in hidden] == [404] * 4
    assert {one.json()["type"].rpartition("/")[2] for one in hidden} == {"no-such-incident"}
    # That one goes on is told where another is begun for the same deployment, and no more of it than that.
    other = cmd.post("/v1/incidents", json=OPEN).json()["id"]
    refused = cmd.post(f"/v1/incidents/{other}/ramp", json={})
    assert refused.status_code == 409
    assert name not in refused.text
    assert sec.post(f"{path}/abort", json={}).json()["state"] == "aborted"


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        ({"down": True}, 422, "has to be said twice"),
        ({"plan": {"steps": ["smoke", {"replicas": 9}]}}, 422, "more than the database has connections for, 5"),
        ({"plan": {"steps": ["load"]}}, 422, "the first step is load test"),
        ({"plan": {"steps": "smoke"}}, 422, "a list of steps"),
        ({"plan": {"steps": [{"replicas": {"$(reboot)": 1}}]}}, 422, "a whole number from 1"),
        ({"plan": {"steps": ["smoke"] * 5000}}, 422, "at most 20 are taken"),
        ({"plan": []}, 422, "plan"),
        ({"force": True}, 422, "force"),
    ],
)
def test_what_makes_no_sense_is_refused(as_who: As, body: dict, status: int, why: str) -> None:
    cmd = as_who("cmd", Role.COMMANDER)
    name = cmd.post("/v1/incidents", json=OPEN).json()["id"]
    refused = cmd.post(f"/v1/incidents/{name}/ramp", json=body)
    assert (refused.status_code, why in refused.text) == (status, True), refused.text
    assert cmd.post(f"/v1/incidents/{name}/ramp/explode", json={}).status_code == 422


def test_the_office_of_a_server_says_the_same(as_who: As, guarded: ResponderSite, kubectl: PaperKubectl) -> None:
    cmd = as_who("cmd", Role.COMMANDER)
    office = RemoteOffice(guarded.url, cmd.headers["authorization"].removeprefix("Bearer "), "cmd")
    name = cmd.post("/v1/incidents", json=OPEN).json()["id"]
    with pytest.raises(NoSuchRamp, match="has no ramp"):
        office.ramp(name)
    assert office.preview_ramp(name, StartRamp())["there"]["replicas"] == 1
    assert office.start_ramp(name, StartRamp())["state"] == "runs"
    assert office.direct_ramp(name, Direction.ABORT, DirectRamp(reason="enough"))["state"] == "aborted"
    with pytest.raises(OutOfTurn, match="is aborted"):
        office.direct_ramp(name, Direction.PAUSE, DirectRamp())
    kubectl.program.chmod(0o644)
    try:
        with pytest.raises(ClusterTrouble, match="kubectl cannot be run"):
            office.preview_ramp(name, StartRamp())
    finally:
        kubectl.program.chmod(0o755)
    office.close()
