"""The API: who may do what, and what comes of it."""

import base64
import hashlib
import inspect
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from support.ports import wait_until
from support.responder_in_thread import responder_in_thread
from support.responder_site import ResponderSite
from support.responding import schedule_text

from actinf.errors import NoSuchIncident, OutOfTurn, SettingError
from actinf.responder.access.accounts import Access
from actinf.responder.access.roles import NEEDS, Role
from actinf.responder.clocks.steady import SteadyClock
from actinf.responder.duties import DUTY_CHANGES
from actinf.responder.office.remote import RemoteOffice
from actinf.responder.oncall.rotation import Schedule
from actinf.responder.publishing.page import page_of
from actinf.responder.verbs import VERBS, Acknowledge, OpenIncident, Reopen

OPEN = {"component": "Active Inference API", "impact": "Inference requests failing", "severity": "P1"}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ResponderSite]:
    """One that needs keys."""
    with responder_in_thread(tmp_path_factory.mktemp("guarded")) as process:
        yield process


@pytest.fixture(scope="module")
def access(guarded: ResponderSite) -> Iterator[Access]:
    store = guarded.store()
    yield Access(store, SteadyClock())
    store.close()


@pytest.fixture
def as_who(guarded: ResponderSite, access: Access):
    """A client for somebody with a role."""
    clients: list[httpx.Client] = []

    def made(handle: str, role: Role, *, security: bool = False) -> httpx.Client:
        access.set_account(handle, role, security=security, by="root")
        clients.append(guarded.client(access.create_key(handle, by="root").text))
        return clients[-1]

    yield made
    for client in clients:
        client.close()


def test_every_verb_and_every_change_of_duties_has_a_role() -> None:
    known = {*VERBS, *DUTY_CHANGES, "see", "open", "schedule", "silence", "maintenance", "catalogue", "change", "scan"}
    assert known <= set(NEEDS)
    assert not [one for one in (*VERBS.values(), *DUTY_CHANGES.values()) if inspect.isabstract(one)]


def test_an_incident_is_led_from_its_beginning_to_its_end(as_who) -> None:
    ada = as_who("ada", Role.RESPONDER)
    opened = ada.post("/v1/incidents", json=OPEN)
    assert opened.status_code == 201
    name = opened.json()["id"]
    assert ada.post(f"/v1/incidents/{name}/ack", json={}).json()["attended"] is True
    assessed = {"severity": "P0", "components": ["API"], "impact": "all", "findings": "the pods are gone"}
    assert ada.post(f"/v1/incidents/{name}/assess", json=assessed).json()["severity"] == "P0"
    assert ada.post(f"/v1/incidents/{name}/resolve", json={"how": "restarted"}).json()["status"] == "Resolved"
    shown = ada.get(f"/v1/incidents/{name}").json()
    assert {event["by"] for event in shown["timeline"] if event["kind"] not in ("escalated", "published")} == {"ada"}
    assert name not in [one["id"] for one in ada.get("/v1/incidents").json()["incidents"]]
    assert name in [one["id"] for one in ada.get("/v1/incidents", params={"which": "resolved"}).json()["incidents"]]


def test_what_is_grave_is_on_the_status_page_at_once(as_who, guarded: ResponderSite) -> None:
    name = as_who("ada", Role.RESPONDER).post("/v1/incidents", json=OPEN).json()["id"]
    page = guarded.folder / "status" / "site" / "status.json"
    wait_until(lambda: page.exists() and name in page.read_text(), f"{name} is on the page")
    (notice,) = [one for one in page_of(json.loads(page.read_bytes())).current if one.key == name]
    assert notice.updates[0].text.startswith("We are looking into problems with Inference API.")
    with guarded.client() as client:
        assert client.get("/health").json()["status_page"]["trouble"] == ""
        metrics = client.get("/metrics").text
    assert "actinf_respond_public_seconds_count 0.0" not in metrics
    assert "actinf_respond_status_page_written_timestamp_seconds 0.0" not in metrics


def test_refusals_say_what_is_wrong(as_who, guarded: ResponderSite) -> None:
    ada, vic = as_who("ada", Role.RESPONDER), as_who("vic", Role.VIEWER)
    name = ada.post("/v1/incidents", json=OPEN).json()["id"]
    refused = vic.post(f"/v1/incidents/{name}/ack", json={})
    assert (refused.status_code, "needs the role responder" in refused.json()["detail"]) == (403, True)
    assert ada.post(f"/v1/incidents/{name}/close", json={"reason": "x"}).status_code == 403
    assert ada.get("/v1/incidents/2000-01-01-001").status_code == 404
    assert ada.post(f"/v1/incidents/{name}/reopen", json={"reason": "x"}).status_code == 409
    wrong = ada.post("/v1/incidents", json={**OPEN, "severity": "P9"})
    assert (wrong.status_code, wrong.json()["errors"][0]["where"]) == (422, ["body", "severity"])
    assert ada.post("/v1/incidents", json={**OPEN, "incident_type": "fire"}).status_code == 422
    assert ada.get("/v1/incidents", params={"since": "yesterday"}).status_code == 422
    with guarded.client() as nobody, guarded.client("ar_abcdefgh_" + "x" * 43) as stranger:
        for client in (nobody, stranger):
            assert client.get("/v1/incidents").status_code == 401
        kind = client.get("/v1/incidents").json()["type"]
        assert "actinf respond keys create" in nobody.get(kind).json()["meaning"]


def test_a_key_that_was_revoked_lets_nobody_in(access: Access, guarded: ResponderSite) -> None:
    access.set_account("eve", Role.ADMIN, by="root")
    key = access.create_key("eve", by="root")
    with guarded.client(key.text) as client:
        assert client.get("/v1/me").json() == {"handle": "eve", "role": "admin", "security": False}
        access.revoke_key(key.prefix, by="root")
        assert "was revoked" in client.get("/v1/me").json()["detail"]


def test_evidence_is_for_those_who_see_the_incident_and_for_no_browser_to_show(as_who) -> None:
    ada, ben, vic = as_who("ada", Role.RESPONDER), as_who("ben", Role.COMMANDER), as_who("vic", Role.VIEWER)
    name = ada.post("/v1/incidents", json={**OPEN, "incident_type": "security"}).json()["id"]
    page = b"<script>alert(1)</script>"
    kept = ada.post(f"/v1/incidents/{name}/evidence", params={"name": "a\r\nX-Evil: 1.html"}, content=page).json()
    address = f"/v1/incidents/{name}/evidence/{kept['sha256']}"
    sent = ada.get(address)
    assert (sent.status_code, sent.content) == (200, page)
    assert sent.headers["content-type"] == "application/octet-stream"
    assert sent.headers["content-disposition"].startswith("attachment;")
    assert sent.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in sent.headers["content-security-policy"]
    assert "x-evil" not in sent.headers
    digest = base64.b64encode(hashlib.sha256(page).digest()).decode()
    assert sent.headers["repr-digest"] == f"sha-256=:{digest}:"
    for client in (ben, vic):
        for path in (address, f"/v1/incidents/{name}/evidence"):
            assert client.get(path).status_code == 404
        assert client.post(f"/v1/incidents/{name}/evidence-remove", json={}).status_code in (403, 422)
    assert ada.get(f"/v1/incidents/{name}/evidence/..%2f..%2fresponder.key").status_code == 404
    assert ada.get(f"/v1/incidents/{name}/evidence/responder.key").json()["type"].endswith("/no-such-evidence")
    removal = {"evidence": kept["sha256"], "reason": "asked for"}
    assert ada.post(f"/v1/incidents/{name}/evidence-remove", json=removal).status_code == 403


def test_a_private_incident_is_seen_by_those_who_are_concerned_alone(as_who) -> None:
    ada, ben, sol = (
        as_who("ada", Role.RESPONDER),
        as_who("ben", Role.COMMANDER),
        as_who("sol", Role.VIEWER, security=True),
    )
    public = ben.post("/v1/incidents", json=OPEN).json()["id"]
    name = ada.post("/v1/incidents", json={**OPEN, "incident_type": "security"}).json()["id"]

    def sees(client: httpx.Client) -> bool:
        listed = name in [one["id"] for one in client.get("/v1/incidents").json()["incidents"]]
        assert listed == (client.get(f"/v1/incidents/{name}").status_code == 200)
        return listed

    assert (sees(ada), sees(ben), sees(sol), sees(as_who("root", Role.ADMIN))) == (True, False, True, True)
    listed = [name in client.get("/v1/incidents/names").json()["names"] for client in (ada, ben, sol)]
    assert listed == [True, False, True]
    assert ben.get("/v1/incidents", params={"after": name}).status_code == 404
    assert [client.get(f"/v1/incidents/{name}/advice").status_code for client in (ada, ben, sol)] == [200, 404, 200]
    assert ben.post(f"/v1/incidents/{name}/looked", json={"step": "ask", "outcome": "ours"}).status_code == 404
    assert ben.post(f"/v1/incidents/{name}/note", json={"text": "x"}).status_code == 404
    assert ben.post(f"/v1/incidents/{public}/merge", json={"into": name}).status_code == 404
    # Whoever leads it is concerned.
    ada.post(f"/v1/incidents/{name}/assign", json={"to": "ben"}).raise_for_status()
    assert sees(ben)


def test_who_responds_may_bring_a_scan_but_only_those_who_deal_with_security_read_it(as_who) -> None:
    run = {"tool": {"driver": {"name": "Trivy"}}, "results": [{"ruleId": "CVE-77", "message": {"text": "bad"}}]}
    report = {"version": "2.1.0", "runs": [run]}
    responder, sol = as_who("ada", Role.RESPONDER), as_who("sol", Role.VIEWER, security=True)
    assert as_who("vera", Role.VIEWER).post("/v1/scans?target=shop", json=report).status_code == 403
    taken = responder.post("/v1/scans", params={"target": "shop"}, json=report)
    assert (taken.status_code, taken.json()["scans"][0]["listed"]) == (200, 1)
    hidden = responder.get("/v1/findings")
    assert (hidden.status_code, "CVE-77" in hidden.text) == (403, False)
    assert [one["rule"] for one in sol.get("/v1/findings").json()["findings"]] == ["CVE-77"]
    assert responder.post("/v1/scans", json=report).status_code == 400, "it does not say what was scanned"


def test_what_was_seen_is_said_and_what_is_next_is_asked(as_who) -> None:
    ada, vic = as_who("ada", Role.RESPONDER), as_who("vic", Role.VIEWER)
    name = ada.post("/v1/incidents", json={**OPEN, "incident_type": "api_down"}).json()["id"]
    seen = {"step": "pods", "outcome": "restarting", "note": "three of five"}
    assert vic.post(f"/v1/incidents/{name}/looked", json=seen).status_code == 403
    assert ada.post(f"/v1/incidents/{name}/looked", json=seen).json()["looks"][0]["note"] == "three of five"
    refused = ada.post(f"/v1/incidents/{name}/looked", json={**seen, "outcome": "green"})
    assert (refused.status_code, "expected one of ready" in refused.json()["detail"]) == (422, True)
    advice = vic.get(f"/v1/incidents/{name}/advice").json()
    assert advice["absent"] == "it is switched off (ACTINF_RESPOND_ADVICE)"
    assert [one["step"] for one in advice["looked"]] == ["pods"]
    assert [one["step"] for one in advice["checks"]][:2] == ["health", "releases"]
    assert vic.get(f"/v1/incidents/{name}/advice", params={"patience": 11}).status_code == 422
    ended = ada.post(f"/v1/incidents/{name}/resolve", json={"how": "x", "cause": "memory"}).json()
    assert (ended["status"], ended["cause"]) == ("Resolved", "memory")


def test_a_list_comes_in_pages(as_who) -> None:
    ben = as_who("ben", Role.COMMANDER)
    for _ in range(3):
        ben.post("/v1/incidents", json=OPEN).raise_for_status()
    whole = ben.get("/v1/incidents").json()
    assert whole["next"] is None
    first = ben.get("/v1/incidents", params={"limit": 2}).json()
    rest = ben.get("/v1/incidents", params={"after": first["next"]}).json()
    assert [one["id"] for page in (first, rest) for one in page["incidents"]] == [
        one["id"] for one in whole["incidents"]
    ]
    for wrong in ({"limit": 0}, {"limit": 1001}, {"limit": "all"}, {"after": "x" * 41}, {"which": "every"}):
        assert ben.get("/v1/incidents", params=wrong).status_code == 422
    assert ben.get("/v1/incidents", params={"after": "2000-01-01-001"}).status_code == 404


def test_before_there_is_a_schedule_nobody_is_on_call(tmp_path: Path) -> None:
    with responder_in_thread(tmp_path, insecure_local=True) as new, new.client() as client:
        assert client.get("/v1/schedule").json() == {"schedule": None}
        assert client.get("/v1/oncall").json()["posts"] == []


def test_the_schedule_is_set_and_changed(as_who) -> None:
    ada, kim = as_who("ada", Role.RESPONDER), as_who("kim", Role.COMMANDER)
    document = Schedule.from_text(schedule_text()).document()
    assert ada.put("/v1/schedule", json={"schedule": document}).status_code == 403
    assert kim.put("/v1/schedule", json={"schedule": document}).json() == {"schedule": document}
    assert ada.get("/v1/schedule").json() == {"schedule": document}
    first = ada.get("/v1/oncall").json()["posts"][0]
    assert (first["level"], first["person"]["handle"], first["why"]) == (1, "ada", "rotation")
    taken = ada.post("/v1/schedule/override", json={"level": 1, "who": "ben", "until": "2100-01-01T00:00:00Z"})
    number = taken.json()["schedule"]["overrides"][0]["number"]
    assert ada.get("/v1/oncall").json()["posts"][0]["person"]["handle"] == "ben"
    assert ada.post("/v1/schedule/cancel", json={"number": number}).status_code == 200
    empty = kim.put("/v1/schedule", json={"schedule": {**document, "levels": []}})
    assert (empty.status_code, "levels" in empty.json()["detail"]) == (422, True)


def test_a_calendar_is_taken_in_by_who_may_set_the_schedule(as_who) -> None:
    content = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"
    assert as_who("ada", Role.RESPONDER).post("/v1/schedule/import", content=content).status_code == 403
    commander = as_who("eve", Role.COMMANDER)
    commander.put("/v1/schedule", json={"schedule": Schedule.from_text(schedule_text()).document()})
    taken = commander.post("/v1/schedule/import", params={"level": "1", "known_as": ["Ada L.=ada"]}, content=content)
    assert (taken.status_code, taken.json()["shifts"]) == (200, 0)
    for params, content_sent, told in (
        ({"known_as": ["ada"]}, content, "expected NAME=HANDLE"),
        ({"level": "9"}, content, "no level or duty"),
        ({}, "hello", "calendar.ics is no calendar"),
    ):
        refused = commander.post("/v1/schedule/import", params=params, content=content_sent)
        assert (refused.status_code, told in refused.json()["detail"]) == (422, True), refused.text


def test_of_a_change_who_responds_may_tell_and_everybody_sees_it(as_who) -> None:
    ada, eve = as_who("ada", Role.RESPONDER), as_who("eve", Role.VIEWER)
    body = {"kind": "scale", "what": "workers to 5"}
    assert eve.post("/v1/changes", json=body).status_code == 403
    told = ada.post("/v1/changes", json=body)
    assert (told.status_code, told.json()["by"]) == (201, "ada")
    assert told.json() in eve.get("/v1/changes").json()["changes"]
    for wrong in ({"kind": "party", "what": "x"}, {"kind": "scale", "what": " "}, {"kind": "scale"}):
        assert ada.post("/v1/changes", json=wrong).status_code == 422


def test_the_catalogue_is_set_by_who_may_and_only_where_it_makes_sense(as_who) -> None:
    ada, kim = as_who("ada", Role.RESPONDER), as_who("kim", Role.COMMANDER)
    shipped = ada.get("/v1/catalogue").json()
    assert "api" in shipped["catalogue"]["components"]
    assert ada.put("/v1/catalogue", json=shipped).status_code == 403
    assert kim.put("/v1/catalogue", json=shipped).json() == shipped
    for wrong in (
        {},
        {"components": {}},
        {"components": {"a": {"name": ["x"]}}},
        {"components": {"a": {"name": "b" * 999}}},
    ):
        refused = kim.put("/v1/catalogue", json={"catalogue": wrong})
        assert (refused.status_code, refused.json()["type"]) == (422, "/problems/setting")
    assert ada.get("/v1/catalogue").json() == shipped


def test_where_no_key_is_needed_somebody_acts_as_who_they_say(serving: ResponderSite) -> None:
    with serving.client() as client:
        opened = client.post("/v1/incidents", json=OPEN, headers={"X-Actinf-User": "grace"}).json()
        assert opened["timeline"][0]["by"] == "grace"
        assert client.get("/v1/me", headers={"X-Actinf-User": "not a handle"}).json()["handle"] == "local"


def test_a_command_line_that_goes_to_a_server_does_the_same(
    access: Access, guarded: ResponderSite, tmp_path: Path
) -> None:
    access.set_account("ada", Role.RESPONDER, by="root")
    office = RemoteOffice(guarded.url, access.create_key("ada", by="root").text, "nobody")
    name = str(office.open(OpenIncident(component="API", impact="fails", down=True))["id"])
    assert office.act(name, Acknowledge())["lead"] == "ada"
    file = tmp_path / "heap.dump"
    file.write_bytes(b"x" * 5_000_000)  # more than a webhook may have
    kept = office.keep_evidence(name, file, source="pod api-0", custody="ada has it")
    assert (kept["kind"], kept["size"], kept["by"]) == ("evidence", 5_000_000, "ada")
    export = office.export(name)
    assert [one["sha256"] for one in export["evidence"]] == [kept["sha256"]]
    assert name in office.names()
    with pytest.raises(OutOfTurn):
        office.act(name, Reopen(reason="x"))
    with pytest.raises(NoSuchIncident):
        office.incident("2000-01-01-001")
    with pytest.raises(SettingError):
        office.open(OpenIncident(component=" ", impact="fails"))
    office.close()


def test_the_operations_are_described(serving: ResponderSite) -> None:
    with serving.client() as client:
        paths = client.get("/openapi.json").json()["paths"]
    assert {f"/v1/incidents/{{incident}}/{verb}" for verb in VERBS} <= set(paths)
    assert all(operation["summary"] for path in paths.values() for operation in path.values())


def test_the_public_is_told_over_http_by_who_may(as_who) -> None:
    ada, vic, eve = as_who("ada", Role.RESPONDER), as_who("vic", Role.VIEWER), as_who("eve", Role.COMMANDER)
    name = ada.post("/v1/incidents", json={**OPEN, "severity": "P3"}).json()["id"]
    assert vic.post(f"/v1/incidents/{name}/publish", json={"override": "x"}).status_code == 403
    assert ada.post(f"/v1/incidents/{name}/publish", json={}).status_code == 409
    told = ada.post(f"/v1/incidents/{name}/publish", json={"override": "many ask", "text": "We look."}).json()
    assert told["public"]["notice"]["updates"][0]["text"] == "We look."
    assert name in [one["key"] for one in vic.get("/v1/status").json()["current"]]
    since, until = (datetime.now(UTC) + timedelta(hours=hours) for hours in (1, 2))
    work = {"title": "Upgrade", "since": since.isoformat(), "until": until.isoformat(), "components": ["api"]}
    assert ada.post("/v1/status/maintenance", json=work).status_code == 403
    assert eve.post("/v1/status/maintenance", json={**work, "until": since.isoformat()}).status_code == 422
    made = eve.post("/v1/status/maintenance", json=work)
    assert (made.status_code, made.json()["state"]) == (201, "scheduled")
    path = f"/v1/status/maintenance/{made.json()['number']}"
    assert ada.post(f"{path}/start", json={}).json()["state"] == "under way"
    assert ada.post(f"{path}/burn", json={}).status_code == 422
    assert ada.post(f"{path}/end", json={"text": "done"}).json()["state"] == "completed"
    assert vic.get("/v1/status/maintenance").json() == {"maintenance": []}
    assert len(vic.get("/v1/status/maintenance", params={"past": True}).json()["maintenance"]) == 1


def test_what_is_private_is_on_no_page_but_what_somebody_wrote(as_who) -> None:
    sec, vic = as_who("sec", Role.RESPONDER, security=True), as_who("vic", Role.VIEWER)
    opened = {**OPEN, "severity": "P0", "impact": "zzsecretzz", "private": True}
    name = sec.post("/v1/incidents", json=opened).json()["id"]
    assert vic.post(f"/v1/incidents/{name}/publish", json={}).status_code in (403, 404)
    assert name not in vic.get("/v1/status").text
    body = {"override": "zzreasonzz", "title": "Accounts", "text": "We look."}
    assert sec.post(f"/v1/incidents/{name}/publish", json=body).status_code == 200
    page = vic.get("/v1/status").text
    assert name in page
    assert "zz" not in page
