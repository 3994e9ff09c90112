"""Contacts and vendors over HTTP and on pages: names for all, numbers for who may call, changes for commanders."""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from support.duties import EXAMPLE
from support.in_process import InProcess

from actinf.responder.access.accounts import Access, Session
from actinf.responder.access.roles import Role
from actinf.responder.contacts.directory import KEY_FILE
from actinf.responder.oncall.rotation import Schedule
from actinf.responder.parts import Parts, make_parts
from actinf.responder.server.app import create_app
from actinf.responder.settings import RespondSettings
from actinf.responder.store import contact_trials, office
from actinf.web.incidents.console import add_console

FAY = {"name": "Fay <b>Sutherland</b>", "role": "CTO", "means": [{"phone": "+49 30 7654399", "when": "at night"}]}
CLOUD = {
    "name": "Cloud",
    "kind": "cloud",
    "for": ["api"],
    "phone": "0800 1234599",
    "priority_case": "\u202e<script>1</script>",
}
PASSWORD = "correct horse battery"
NUMBERS = ("7654399", "1234599")


class Browser(InProcess):
    """Somebody who signed in."""

    def __init__(self, app: FastAPI, session: Session):
        headers = {"origin": "http://testserver", "accept": "text/html"}
        super().__init__(app, headers=headers, cookies={"actinf_responder": session.token})
        self._token = session.form_token

    def send(self, path: str, **fields: str) -> httpx.Response:
        return self.post(path, data={"token": self._token, **fields})


As = Callable[[str, Role], InProcess]
Signed = Callable[[str, Role], Browser]


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    made = make_parts(RespondSettings(data_dir=tmp_path_factory.mktemp("store")))
    made.desk.set_schedule(Schedule.from_text(EXAMPLE), by="eve")
    yield made
    made.close()


@pytest.fixture(scope="module")
def app(parts: Parts) -> FastAPI:
    return create_app(parts, pages=(add_console,))


@pytest.fixture(scope="module")
def as_who(parts: Parts, app: FastAPI) -> As:
    """A program of an account of some role."""
    access = Access(parts.store, parts.clock)

    def made(handle: str, role: Role) -> InProcess:
        access.set_account(handle, role, by="local")
        return InProcess(app, headers={"authorization": f"Bearer {access.create_key(handle, by='local').text}"})

    return made


@pytest.fixture(scope="module")
def signed_in(parts: Parts, app: FastAPI) -> Signed:
    """A browser of somebody who signed in."""
    access = Access(parts.store, parts.clock)

    def made(handle: str, role: Role) -> Browser:
        access.set_account(handle, role, by="local")
        access.set_password(handle, PASSWORD, by="local")
        return Browser(app, access.sign_in(handle, PASSWORD))

    return made


@pytest.fixture(autouse=True)
def filled(as_who: As) -> InProcess:
    eve = as_who("eve", Role.COMMANDER)
    assert eve.put("/v1/contacts", json={"contacts": {"fay": FAY}}).status_code == 200
    assert eve.put("/v1/vendors/cloud", json={"vendor": CLOUD}).status_code == 200
    return eve


def opened(client: InProcess, **given: Any) -> str:
    asked = {"component": "api", "impact": "Requests fail", "severity": "P1", **given}
    name: str = client.post("/v1/incidents", json=asked).json()["id"]
    return name


def test_who_only_looks_sees_names(as_who: As, filled: InProcess) -> None:
    vic = as_who("vic", Role.VIEWER)
    listed = vic.get("/v1/contacts").json()["contacts"]
    assert [(one["handle"], one["means"]) for one in listed] == [("fay", ["phone"])]
    assert vic.get("/v1/vendors").json()["vendors"][0]["for"] == ["api"]
    for path in ("contacts/fay", "contacts-file", "vendors/cloud", "vendors-file", f"incidents/{opened(filled)}/call"):
        refused = vic.get(f"/v1/{path}")
        assert (refused.status_code, refused.json()["title"]) == (403, "Not allowed"), path
    for method, path in (("PUT", "contacts/vic"), ("DELETE", "contacts/fay"), ("PUT", "vendors/cloud")):
        assert vic.request(method, f"/v1/{path}", json={"contact": FAY, "vendor": CLOUD}).status_code in (403, 422)


def test_who_may_be_called_sees_numbers_and_keeps_their_own(as_who: As, filled: InProcess) -> None:
    ben = as_who("ben", Role.RESPONDER)
    assert ben.get("/v1/contacts/fay").json()["contact"] == FAY
    assert ben.get("/v1/vendors/cloud").json()["vendor"]["phone"] == "0800 1234599"
    assert ben.put("/v1/contacts/ben", json={"contact": {"name": "Ben", "role": "x"}}).json() == {
        "done": ["ben was made"]
    }
    for method, path in (("PUT", "contacts/fay"), ("DELETE", "contacts/ben"), ("DELETE", "vendors/cloud")):
        assert ben.request(method, f"/v1/{path}", json={"contact": FAY}).status_code == 403
    assert ben.get("/v1/contacts-file").status_code == 403
    call = ben.get(f"/v1/incidents/{opened(filled)}/call").json()
    assert [one["name"] for one in call["vendors"] if one["fits"]] == ["Cloud"]
    assert {one["title"].partition(":")[0] for one in call["people"]} == {"Level 1", "Level 2", "Level 3", "Level 4"}


def test_a_private_incident_tells_nobody_whom_to_call_for_it(as_who: As, filled: InProcess) -> None:
    name = opened(filled, private=True)
    assert as_who("ben", Role.RESPONDER).get(f"/v1/incidents/{name}/call").status_code == 404


def test_what_is_wrong_is_told_without_the_number(filled: InProcess) -> None:
    refused = filled.put("/v1/contacts/fay", json={"contact": {**FAY, "means": [{"phone": "+49 30 76543o1"}]}})
    assert refused.status_code == 422
    assert "contacts.fay.means[0].phone is not what it should be" in refused.json()["detail"]
    assert "76543" not in refused.text
    assert filled.put("/v1/contacts/Fay%0A", json={"contact": FAY}).status_code == 422
    assert filled.put("/v1/contacts/fay", json={"contact": ["x"]}).status_code == 422


def test_pages_are_neutral_and_show_numbers_to_who_may_call(signed_in: Signed, filled: InProcess) -> None:
    name = opened(filled)
    ben, vic = signed_in("ben", Role.RESPONDER), signed_in("vic", Role.VIEWER)
    for path in ("/contacts", "/contacts/fay", "/vendors/cloud", f"/incidents/{name}"):
        seen = ben.get(path)
        assert seen.status_code == 200, (path, seen.text[:500])
        assert not [one for one in ("<script>1", "<b>Sutherland", "\u202e") if one in seen.text]
    assert "tel:+49307654399" in ben.get("/contacts/fay").text
    assert "tel:08001234599" in ben.get(f"/incidents/{name}").text
    assert 'href="tel:+49301234567">Call Bob Jones</a>' in ben.get(f"/incidents/{name}").text
    for path in ("/contacts", f"/incidents/{name}"):
        seen = vic.get(path)
        assert seen.status_code == 200
        assert not [one for one in (*NUMBERS, "tel:", "mailto:") if one in seen.text]
    assert vic.get("/contacts/fay").status_code == 403
    assert vic.get("/vendors/cloud").status_code == 403


def test_a_page_changes_one_contact_and_no_other(signed_in: Signed, filled: InProcess) -> None:
    eve, ben = signed_in("eve", Role.COMMANDER), signed_in("ben", Role.RESPONDER)
    own = "contacts:\n  ben: {name: Ben, role: x, means: [{phone: +49 30 555555}]}\n"
    assert ben.send("/contacts/ben", text=own).status_code == 303
    assert "+49 30 555555" in ben.get("/contacts/ben").text
    assert ben.send("/contacts/fay", text=own).status_code == 403
    assert ben.send("/contacts/ben/remove").status_code == 403
    refused = eve.send("/contacts/fay", text=own)
    assert (refused.status_code, "expected fay alone" in refused.text) == (422, True)
    wrong = eve.send("/contacts/fay", text="contacts:\n  fay:\n    name: F\n    role: x\n    means: [{phone: a}]\n")
    assert "line 5: contacts.fay.means[0].phone is not what it should be" in wrong.text
    assert eve.send("/contacts/add", text="people: {}").status_code == 422
    assert eve.send("/contacts/add", text="vendors: {pg: {name: Pg}}").status_code == 303
    assert eve.send("/vendors/pg", text="vendors: {pg: {name: PgCo}}").status_code == 303
    assert eve.send("/vendors/pg/remove").status_code == 303
    assert eve.send("/contacts/ben/remove").status_code == 303
    assert eve.get("/contacts/ben").status_code == 404
    assert "How I am reached" in ben.get("/contacts").text
    assert "name: ben" in ben.get("/contacts/ben").text
    assert eve.post("/contacts/add", data={"text": own, "token": "x"}).status_code == 403


def test_without_the_key_pages_say_so_and_all_else_is_there(signed_in: Signed, filled: InProcess, parts: Parts) -> None:
    name, ben = opened(filled), signed_in("ben", Role.RESPONDER)
    file = parts.store.folder / KEY_FILE
    content = file.read_bytes()
    file.unlink()
    try:
        refused = filled.get("/v1/contacts/fay")
        assert (refused.status_code, refused.json()["title"]) == (503, "Contacts cannot be opened")
        assert filled.get("/v1/contacts").json()["contacts"][0]["handle"] == "fay"
        page = ben.get(f"/incidents/{name}")
        assert (page.status_code, "the key of the contacts is not at" in page.text) == (200, True)
        assert "tel:+49301234567" in page.text, "as the schedule says"
        assert ben.get("/contacts").status_code == 200
        assert ben.get("/contacts/fay").status_code == 503
    finally:
        file.write_bytes(content)
    assert filled.get("/v1/contacts/fay").status_code == 200


def test_a_test_is_answered_by_its_link_without_an_account_and_by_a_tap_alone(
    signed_in: Signed, as_who: As, filled: InProcess, app: FastAPI, parts: Parts
) -> None:
    eve, stranger = signed_in("eve", Role.COMMANDER), InProcess(app, headers={"accept": "text/html"})
    refused = eve.send("/contacts/fay/test")
    assert (refused.status_code, "no channel is set up" in refused.text) == (422, True)
    with parts.store.writing() as connection:
        digest = hashlib.sha256(b"ABCDEFGHJKMN").digest()
        contact_trials.begin(connection, "fay", digest, by="eve", now=parts.clock())
    assert "waits for an answer" in eve.get("/contacts/fay").text
    path = "/contacts/confirm/ABCDEFGHJKMN"
    for _ in range(2):  # whatever looks at links in mails does not answer for anybody
        assert "It has arrived" in stranger.get(path).text
    assert stranger.post(path).status_code == 403
    elsewhere = InProcess(app, headers={"origin": "https://evil.example.org", "accept": "text/html"})
    assert elsewhere.post(path).status_code == 403
    assert "waits for an answer" in eve.get("/contacts/fay").text
    own = InProcess(app, headers={"origin": "http://testserver", "accept": "text/html"})
    seen = own.post(path)
    assert (seen.status_code, "Thank you" in seen.text) == (200, True)
    assert not [one for one in ("fay", "Fay", "Sutherland") if one in seen.text], "it does not say whose it was"
    assert own.post("/contacts/confirm/AAAAAAAAAAAA").status_code == 404
    assert stranger.get("/contacts/confirm/<script>").status_code == 200
    assert "<script>" not in stranger.get("/contacts/confirm/<script>x").text
    listed = filled.get("/v1/contacts").json()["contacts"]
    assert [(one["test"]["state"], one["test"]["due"]) for one in listed if one["handle"] == "fay"] == [
        ("reached", False)
    ]
    assert eve.send("/contacts/fay/test", how="not reached").status_code == 303
    assert "not reached" in eve.get("/contacts").text
    ben = as_who("ben", Role.RESPONDER)
    assert ben.post("/v1/contacts/fay/tested", json={"reached": True}).status_code == 403
    assert ben.post("/v1/contacts/fay/test").status_code == 403
    assert filled.post("/v1/contacts/fay/tested", json={"reached": True}).status_code == 200
    assert ben.post("/v1/contacts/confirm", json={"code": "ABCD-EFGH-JKMN"}).json() == {"handle": "fay"}


def test_an_account_that_ends_takes_its_contact_with_it_but_for_who_is_on_call(
    as_who: As, filled: InProcess, parts: Parts
) -> None:
    for handle in ("gone", "bob"):
        as_who(handle, Role.RESPONDER)
        assert filled.put(f"/v1/contacts/{handle}", json={"contact": FAY}).status_code == 200
        Access(parts.store, parts.clock).remove(handle, by="eve")
    handles = parts.directory.handles()
    assert "gone" not in handles
    assert "bob" in handles
    with parts.store.reading() as connection:
        assert list(office.wrong_in(connection)) == []


def test_means_move_from_the_schedule_by_a_page(signed_in: Signed, filled: InProcess) -> None:
    eve = signed_in("eve", Role.COMMANDER)
    assert "sees how 5 people are reached" in eve.get("/contacts").text
    assert eve.send("/contacts/from-schedule").status_code == 303
    assert "Whoever sees the schedule" not in eve.get("/contacts").text
    assert "phone" not in filled.get("/v1/schedule").text
    assert "cannot be reached" not in eve.get("/oncall").text
