"""A request that is sent twice is carried out once: by its key, whatever the process dies of."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import httpx
import pytest
from fastapi import Response
from support.responder_in_thread import responder_in_thread
from support.responder_process import ResponderProcess, responder_process
from support.responder_site import ResponderSite
from support.responding import Responding

from actinf.errors import NoSuchIncident, StoreError
from actinf.responder.access.accounts import Principal
from actinf.responder.access.roles import Role
from actinf.responder.incident import decisions
from actinf.responder.office.remote import RemoteOffice
from actinf.responder.record.evidence import kept_copy, written_down
from actinf.responder.server import incidents
from actinf.responder.server.context import Asking, Server
from actinf.responder.server.once import answered
from actinf.responder.store import repeats
from actinf.responder.verbs import CheckByMachine, Note, OpenIncident, RemoveEvidence
from actinf.runtime.idempotency_key import REPLAYED

OPEN = {"component": "Mailer", "impact": "mails wait", "severity": "P3"}


def post(client: httpx.Client, path: str, body: object, key: str, by: str = "ada") -> httpx.Response:
    return client.post(path, json=body, headers={"Idempotency-Key": key, "X-Actinf-User": by})


def test_the_same_request_is_answered_alike_and_done_once(serving: ResponderSite) -> None:
    with serving.client() as client:
        first, again = (post(client, "/v1/incidents", OPEN, "open-1") for _ in range(2))
        assert (first.status_code, again.status_code) == (201, 201)
        assert first.content == again.content
        assert "idempotent-replayed" not in first.headers
        assert again.headers["idempotent-replayed"] == "true"
        name = first.json()["id"]
        path = f"/v1/incidents/{name}/note"
        noted, twice = (post(client, path, {"text": "restarted"}, "note-1") for _ in range(2))
        assert noted.content == twice.content
        assert [one["kind"] for one in client.get(f"/v1/incidents/{name}").json()["timeline"]].count("note") == 1
        for verb in ("check-by-machine", "erase"):
            if verb == "erase":
                post(client, f"/v1/incidents/{name}/resolve", {}, "end").raise_for_status()
            body = {"reason": "asked for"} if verb == "erase" else {}
            done, repeated = (post(client, f"/v1/incidents/{name}/{verb}", body, verb) for _ in range(2))
            assert done.content == repeated.content
            assert repeated.headers["idempotent-replayed"] == "true"


def test_a_key_names_one_request_of_one_person(serving: ResponderSite) -> None:
    with serving.client() as client:
        name = post(client, "/v1/incidents", OPEN, "mine").json()["id"]
        for path, body in (
            ("/v1/incidents", {**OPEN, "impact": "else"}),
            (f"/v1/incidents/{name}/note", {"text": "x"}),
        ):
            refused = post(client, path, body, "mine")
            assert (refused.status_code, refused.json()["type"]) == (422, "/problems/idempotency-key-reused")
            assert "take a new key for a new request" in refused.json()["detail"]
        assert post(client, "/v1/incidents", OPEN, "mine", by="ben").json()["id"] != name


def test_what_was_refused_may_be_tried_again_with_its_key(serving: ResponderSite) -> None:
    with serving.client() as client:
        name = post(client, "/v1/incidents", OPEN, "to-reopen").json()["id"]
        path, body = f"/v1/incidents/{name}/reopen", {"reason": "it is back"}
        assert post(client, path, body, "again").status_code == 409
        post(client, f"/v1/incidents/{name}/resolve", {}, "resolved").raise_for_status()
        assert post(client, path, body, "again").status_code == 200


@pytest.mark.parametrize("key", ["", "x" * 201, "a b", "a\tb"])
def test_a_key_that_is_none_is_refused(serving: ResponderSite, key: str) -> None:
    with serving.client() as client:
        assert post(client, "/v1/incidents", OPEN, key).status_code == 422


def test_what_was_erased_is_not_answered_again(tmp_path: Path) -> None:
    with responder_in_thread(tmp_path, insecure_local=True) as process, process.client() as client:
        name = post(client, "/v1/incidents", OPEN, "open").json()["id"]
        post(client, f"/v1/incidents/{name}/note", {"text": "Mx Secret called"}, "note").raise_for_status()
        post(client, f"/v1/incidents/{name}/resolve", {}, "resolve").raise_for_status()
        post(client, f"/v1/incidents/{name}/erase", {"reason": "asked for"}, "erase").raise_for_status()
        store = process.store()
        with store.reading() as connection:
            kept = connection.execute("SELECT key FROM repeat").fetchall()
        store.close()
        assert [row["key"] for row in kept] == ["erase"]


class Cut(httpx.BaseTransport):
    """Kills the server when it has done what the first request asked for, and before the answer arrives."""

    def __init__(self, process: ResponderProcess) -> None:
        self._process = process
        self._way = httpx.HTTPTransport()
        self.requests = 0

    def close(self) -> None:
        self._way.close()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        url = httpx.URL(self._process.url).join(request.url.raw_path.decode())
        response = self._way.handle_request(
            httpx.Request(request.method, url, headers=request.headers, content=request.read())
        )
        response.read()
        if self.requests == 1:
            self._way.close()
            self._process.kill()
            self._process.start()
            raise httpx.ReadError("the connection was cut off")
        return response


def test_a_command_whose_answer_was_lost_with_the_server_is_done_once(tmp_path: Path) -> None:
    with responder_process(tmp_path, "--insecure-local") as process:
        cut = Cut(process)
        office = RemoteOffice("http://127.0.0.1:1", None, "ada", transport=cut)
        opened = office.open(OpenIncident(component="Mailer", impact="mails wait"))
        assert (cut.requests, list(office.names("all"))) == (2, [opened["id"]])
        office.close()
        again = Cut(process)
        office = RemoteOffice("http://127.0.0.1:1", None, "ada", transport=again)
        noted = office.act(opened["id"], Note(text="restarted"))
        assert (again.requests, [one["kind"] for one in noted["timeline"]].count("note")) == (2, 1)
        office.close()


class Here:
    """The server of a request, without its threads."""

    def __init__(self, at_hand: Responding) -> None:
        self.parts = SimpleNamespace(desk=at_hand.desk, store=at_hand.store, clock=at_hand.clock)
        self.machinery = SimpleNamespace(something_happened=lambda: None)

    async def do(self, work: Callable[[], Response]) -> Response:
        return work()


def asking(at_hand: Responding, role: Role = Role.ADMIN) -> Asking:
    return Asking(cast(Server, Here(at_hand)), Principal(handle="kim", role=role))


def test_a_file_of_evidence_is_deleted_only_once_that_stands(
    desk_at_hand: Responding, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, file = desk_at_hand.opened(), tmp_path / "pods.log"
    file.write_bytes(b"OOMKilled")
    kept = kept_copy(file, desk_at_hand.store.folder, name)
    written_down(desk_at_hand.desk, name, kept, source="", custody="", by="ada")

    def full(*_: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(repeats, "keep", full)
    act = incidents._operation(RemoveEvidence)
    with pytest.raises(StoreError):
        asyncio.run(act(name, RemoveEvidence(evidence="pods.log", reason="x"), asking(desk_at_hand), "remove"))
    (held,) = desk_at_hand.desk.incident(name).evidence
    assert (held.removed_at is None) == kept.path.exists()


def test_what_takes_long_is_answered_as_it_stands_when_its_key_is_kept(desk_at_hand: Responding) -> None:
    name, desk = desk_at_hand.opened(), desk_at_hand.desk

    def work() -> str:
        desk.act(name, lambda _: decisions.note("Mx Secret called"), by="ada")
        desk.act(name, lambda one: decisions.resolve(one, "x"), by="ada")
        desk.erase(name, "asked for", by="eve")  # as somebody else may, before the key is kept
        return name

    given = answered(asking(desk_at_hand), "key", "x", Note(text="x"), work, is_long=True)
    again = answered(asking(desk_at_hand), "key", "x", Note(text="x"), work, is_long=True)
    assert b"Secret" not in given.body
    assert given.body == again.body


def test_what_was_answered_is_told_again_only_to_who_may_still_see_it(desk_at_hand: Responding) -> None:
    name, act = desk_at_hand.opened(private=True), incidents._operation(Note)
    note = Note(text="x")
    asyncio.run(act(name, note, asking(desk_at_hand), "key"))
    assert asyncio.run(act(name, note, asking(desk_at_hand), "key")).headers[REPLAYED] == "true"
    with pytest.raises(NoSuchIncident):
        asyncio.run(act(name, note, asking(desk_at_hand, Role.RESPONDER), "key"))


def test_keys_are_known_for_a_day(desk_at_hand: Responding) -> None:
    name, done = desk_at_hand.opened(), []

    def send() -> Response:
        return answered(asking(desk_at_hand), "key", "x", Note(text="x"), lambda: done.append("once more") or name)

    send()
    desk_at_hand.clock.pass_(hours=23, minutes=59)
    assert send().headers[REPLAYED] == "true"
    desk_at_hand.clock.pass_(minutes=1)
    assert REPLAYED not in send().headers
    assert done == ["once more"] * 2
    with desk_at_hand.store.reading() as connection:
        assert connection.execute("SELECT count(*) FROM repeat").fetchone()[0] == 1


def test_what_waits_for_monitoring_keeps_no_thread_from_the_others(desk_at_hand: Responding) -> None:
    class Busy(Here):
        async def do(self, work: Callable[[], Response]) -> Response:
            raise AssertionError("one of the threads that everybody waits for was asked")

    name, who = desk_at_hand.opened(), asking(desk_at_hand).who
    act = incidents._operation(CheckByMachine)
    reply = asyncio.run(act(name, CheckByMachine(), Asking(cast(Server, Busy(desk_at_hand)), who), "key"))
    assert reply.status_code == 200
