"""Silences over HTTP: who may make and end them, and that what they hold back is told when they end."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.responder_in_thread import responder_in_thread
from support.responder_process import alert, message
from support.responder_site import ResponderSite

from actinf.responder.access.accounts import Access
from actinf.responder.access.roles import Role
from actinf.responder.clocks.steady import SteadyClock

SILENCE = {"matchers": ["component=disk"], "minutes": 60, "reason": "new disks"}
WINDOW = {"name": "swap", "matchers": ["component=disk"], "days": ["mon"], "opens": "02:00", "minutes": 60}
PRIVATE = {"matchers": ["incident_type=security"], "minutes": 5, "reason": "a test by us", "private": True}

As = Callable[..., httpx.Client]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ResponderSite]:
    folder: Path = tmp_path_factory.mktemp("guarded")
    with responder_in_thread(folder, alert_tokens="a-token-of-alerts") as process:
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


def until(found: Callable[[], Any]) -> Any:
    """What is found, waited for."""
    ends = time.monotonic() + 20
    while not (value := found()) and time.monotonic() < ends:
        time.sleep(0.05)
    return value


def fire(guarded: ResponderSite, **labels: str) -> None:
    with guarded.client() as sender:
        told = message(alert("DiskFull", severity="P1", **labels))
        headers = {"Authorization": "Bearer a-token-of-alerts", "Content-Type": "application/json"}
        sender.post("/hooks/alertmanager", content=told, headers=headers).raise_for_status()


def test_what_is_silenced_is_told_at_once_when_somebody_ends_the_silence(as_who: As, guarded: ResponderSite) -> None:
    ada = as_who("ada", Role.RESPONDER)
    made = ada.post("/v1/silences", json=SILENCE)
    assert (made.status_code, made.json()["by"], made.json()["holds"]) == (201, "ada", True)
    number = made.json()["id"]
    fire(guarded, component="disk")

    def held() -> list[str]:
        (one,) = [one for one in ada.get("/v1/silences").json()["silences"] if one["id"] == number]
        return [each["name"] for each in one["holds_back"]]

    assert until(held) == ["DiskFull"]
    assert ada.get("/v1/incidents").json()["incidents"] == []
    assert 'actinf_respond_alerts_quieted_total{by="silence"} 1.0' in ada.get("/metrics").text
    seen = ada.post("/v1/silences", params={"dry_run": True}, json=SILENCE).json()["would_hold_back"]
    assert [(one["name"], one["firing"], one["incident"]) for one in seen] == [("DiskFull", True, None)]
    ended = ada.post(f"/v1/silences/{number}/end").json()
    assert (ended["ended_by"], ended["holds"]) == ("ada", False)
    (incident,) = until(lambda: ada.get("/v1/incidents").json()["incidents"])
    assert incident["component"] == "disk"
    again = ada.post(f"/v1/silences/{number}/end")
    assert (again.status_code, again.json()["type"].rpartition("/")[2]) == (404, "no-such-silence")
    past = ada.get("/v1/silences", params={"past": True}).json()["silences"]
    assert [(one["id"], one["ended_by"]) for one in past] == [(number, "ada")]


def test_who_may_silence_and_who_may_announce(as_who: As) -> None:
    vic, ada, eve = as_who("vic", Role.VIEWER), as_who("ada", Role.RESPONDER), as_who("eve", Role.COMMANDER)
    assert vic.post("/v1/silences", json=SILENCE).status_code == 403
    assert vic.get("/v1/silences").status_code == 200
    refused = ada.post("/v1/maintenance", json=WINDOW)
    assert (refused.status_code, "needs the role commander" in refused.json()["detail"]) == (403, True)
    made = eve.post("/v1/maintenance", json=WINDOW)
    assert (made.status_code, made.json()["when"]) == (201, "every Monday at 02:00 for 1 h, UTC")
    assert [one["name"] for one in vic.get("/v1/maintenance").json()["maintenance"]] == ["swap"]
    assert vic.post("/v1/maintenance/swap/end").status_code == 403
    # What makes it louder is anybody's who may be called.
    assert ada.post("/v1/maintenance/swap/end").json()["ended_by"] == "ada"
    assert ada.post("/v1/maintenance/swap/end").status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("silences", {**SILENCE, "minutes": 1441}, "at most"),
        ("silences", {**SILENCE, "minutes": 0}, "minutes"),
        ("silences", {**SILENCE, "minutes": 10**30}, "minutes"),
        ("silences", {**SILENCE, "reason": ""}, "reason"),
        ("silences", {**SILENCE, "matchers": []}, "would quiet every alert"),
        ("silences", {**SILENCE, "matchers": ["component=~.*"]}, "would quiet every alert"),
        ("silences", {**SILENCE, "matchers": ["a=b"] * 21}, "matchers"),
        ("silences", {**SILENCE, "matchers": ["a=~(((("]}, "pattern"),
        ("silences", {**SILENCE, "matchers": ["a=~" + "(a|" * 400]}, ""),
        ("silences", {**SILENCE, "matchers": ["\u0000=\ud7ff"]}, "no matcher"),
        ("silences", {**SILENCE, "until": "2999-01-01T00:00:00Z"}, "until"),
        ("maintenance", {**WINDOW, "zone": "../../etc/passwd"}, "zone"),
        ("maintenance", {**WINDOW, "opens": "25:00"}, "opens"),
        ("maintenance", {**WINDOW, "name": "../x"}, "name"),
        ("maintenance", {"name": "x", "matchers": ["a=b"], "until": "2000-01-01T00:00:00Z"}, "over"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(as_who: As, path: str, body: dict[str, Any], said: str) -> None:
    admin = as_who("root", Role.ADMIN)
    answer = admin.post(f"/v1/{path}", json=body)
    assert answer.status_code == 422, answer.text
    assert said in answer.text
    assert admin.post(f"/v1/{path}", params={"dry_run": True}, json=body).status_code == 422


def test_what_is_private_is_silenced_and_seen_by_those_who_see_it_alone(as_who: As) -> None:
    ada, sol = as_who("ada", Role.RESPONDER), as_who("sol", Role.RESPONDER, security=True)
    refused = ada.post("/v1/silences", json=PRIVATE)
    assert (refused.status_code, "silenced by who sees them" in refused.json()["detail"]) == (403, True)
    assert ada.post("/v1/silences", params={"dry_run": True}, json=PRIVATE).status_code == 403
    number = sol.post("/v1/silences", json=PRIVATE).json()["id"]
    assert number in [one["id"] for one in sol.get("/v1/silences").json()["silences"]]
    assert number not in [one["id"] for one in ada.get("/v1/silences").json()["silences"]]
    assert ada.post(f"/v1/silences/{number}/end").status_code == 404
    assert sol.post(f"/v1/silences/{number}/end").status_code == 200
