"""A request that is sent twice is carried out once: by its key, whatever the process dies of."""

from pathlib import Path

import httpx
import pytest
from support.responder_process import ResponderProcess, responder_process

from actinf.responder.office.remote import RemoteOffice
from actinf.responder.store.repeats import KEPT
from actinf.responder.verbs import Note, OpenIncident

OPEN = {"component": "Mailer", "impact": "mails wait", "severity": "P3"}


def post(client: httpx.Client, path: str, body: object, key: str, by: str = "ada") -> httpx.Response:
    return client.post(path, json=body, headers={"Idempotency-Key": key, "X-Actinf-User": by})


def test_the_same_request_is_answered_alike_and_done_once(serving: ResponderProcess) -> None:
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


def test_a_key_names_one_request_of_one_person(serving: ResponderProcess) -> None:
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


def test_what_was_refused_may_be_tried_again_with_its_key(serving: ResponderProcess) -> None:
    with serving.client() as client:
        name = post(client, "/v1/incidents", OPEN, "to-reopen").json()["id"]
        path, body = f"/v1/incidents/{name}/reopen", {"reason": "it is back"}
        assert post(client, path, body, "again").status_code == 409
        post(client, f"/v1/incidents/{name}/resolve", {}, "resolved").raise_for_status()
        assert post(client, path, body, "again").status_code == 200


@pytest.mark.parametrize("key", ["", "x" * 201, "a b", "a\tb"])
def test_a_key_that_is_none_is_refused(serving: ResponderProcess, key: str) -> None:
    with serving.client() as client:
        assert post(client, "/v1/incidents", OPEN, key).status_code == 422


def test_what_was_erased_is_not_answered_again(tmp_path: Path) -> None:
    with responder_process(tmp_path, "--insecure-local") as process, process.client() as client:
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


def test_keys_are_known_for_a_day() -> None:
    assert KEPT.total_seconds() == 24 * 3600
