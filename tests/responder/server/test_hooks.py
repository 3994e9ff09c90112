"""Webhooks: who may send, what is refused, and that each refusal is counted."""

import hashlib
import hmac
import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from support.ports import wait_until
from support.responder_in_thread import responder_in_thread
from support.responder_process import alert, message
from support.responder_site import ResponderSite

from actinf.responder.intake.authentic import sign

TOKEN, SENTRY, SECRET = "token-of-sixteen-letters", "sentry-secret-of-sixteen", "hook-secret-of-sixteen"


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ResponderSite]:
    """One that knows its senders."""
    with responder_in_thread(
        tmp_path_factory.mktemp("closed"),
        alert_tokens=TOKEN,
        sentry_secrets=SENTRY,
        hook_secrets=SECRET,
        scan_tokens=TOKEN,
    ) as process:
        yield process


@pytest.fixture
def client(closed: ResponderSite) -> Iterator[httpx.Client]:
    with closed.client() as client:
        yield client


def counted(client: httpx.Client, name: str, **labels: str) -> float:
    for line in client.get("/metrics").text.splitlines():
        if line.startswith(name) and all(f'{key}="{value}"' in line for key, value in labels.items()):
            return float(line.rpartition(" ")[2])
    return 0.0


def signed(client: httpx.Client, path: str, document: dict[str, Any], at: datetime | None = None) -> httpx.Response:
    body = json.dumps(document).encode()
    return client.post(path, content=body, headers=sign(body, at or datetime.now(UTC), SECRET))


CHANGE = {"kind": "deploy", "what": "1.4.2 to production", "by": "ci"}


@pytest.mark.parametrize(
    ("path", "headers", "body", "status", "why"),
    [
        ("alertmanager", {}, message(), 401, "missing"),
        ("alertmanager", {"Authorization": "Bearer wrong"}, message(), 401, "wrong"),
        ("alertmanager", {"Authorization": f"Bearer {TOKEN}"}, b"{", 400, "malformed"),
        ("alertmanager", {"Authorization": f"Bearer {TOKEN}"}, b"\xff", 400, "malformed"),
        ("alertmanager", {"Authorization": f"Bearer {TOKEN}"}, b'{"version": "3"}', 400, "malformed"),
        ("sentry", {}, b"{}", 401, "missing"),
        ("sentry", {"Sentry-Hook-Signature": "wrong"}, b"{}", 401, "wrong"),
        ("sarif", {}, b"{}", 401, "missing"),
        ("sarif", {"Authorization": "Bearer wrong"}, b"{}", 401, "wrong"),
        ("sarif", {"Authorization": f"Bearer {TOKEN}"}, b'{"version": "2.0.0"}', 400, "malformed"),
        ("signed/ci", {}, b"{}", 401, "missing"),
        ("signed/ci", {"X-Actinf-Timestamp": "1", "X-Actinf-Signature": "v1=00"}, b"{}", 401, "wrong"),
        ("signed/a%20b", {}, b"{}", 400, "malformed"),
        ("change", sign(b"{}", datetime.now(UTC) - timedelta(hours=1), SECRET), b"{}", 401, "stale"),
    ],
)
def test_what_is_not_signed_or_makes_no_sense_is_refused_and_counted(
    client: httpx.Client, path: str, headers: dict[str, str], body: bytes, status: int, why: str
) -> None:
    hook = path.partition("/")[0]
    before = counted(client, "actinf_respond_hooks_refused_total", hook=hook, why=why)
    reply = client.post(f"/hooks/{path}", content=body, headers=headers)
    assert (reply.status_code, reply.headers["content-type"]) == (status, "application/problem+json")
    assert TOKEN not in reply.text
    assert counted(client, "actinf_respond_hooks_refused_total", hook=hook, why=why) == before + 1


def test_a_body_that_is_too_large_is_refused_before_it_is_read(closed: ResponderSite) -> None:
    port = int(closed.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"POST /hooks/alertmanager HTTP/1.1\r\nHost: here\r\nContent-Length: 3145728\r\n\r\n")
        assert b" 413 " in connection.recv(100)


def test_a_body_without_a_length_is_read_no_further_than_the_bound(client: httpx.Client) -> None:
    pieces = iter([b"x" * 2**20] * 3)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert client.post("/hooks/alertmanager", content=pieces, headers=headers).status_code == 413


def test_a_message_that_comes_again_is_taken_once(client: httpx.Client) -> None:
    at = datetime.now(UTC)
    document = {"version": 1, "alerts": [{"name": "DiskFull", "severity": "P1"}], "changes": [CHANGE]}
    before = counted(client, "actinf_respond_alerts_accepted_total", hook="signed")
    assert signed(client, "/hooks/signed/ci", document, at).json() == {"alerts": 1, "changes": 1, "repeated": False}
    again = signed(client, "/hooks/signed/ci", document, at)
    assert (again.status_code, again.json()) == (200, {"alerts": 0, "changes": 0, "repeated": True})
    assert counted(client, "actinf_respond_alerts_accepted_total", hook="signed") == before + 1
    assert signed(client, "/hooks/change", CHANGE).json() == {"alerts": 0, "changes": 1, "repeated": False}


def test_the_report_of_a_scanner_may_be_larger_than_other_bodies(client: httpx.Client) -> None:
    finding = {"ruleId": "CVE-1", "level": "error", "message": {"text": "x" * 3 * 2**20}}
    run = {"tool": {"driver": {"name": "Trivy"}}, "results": [finding]}
    body = json.dumps({"version": "2.1.0", "runs": [run]})
    headers = {"Authorization": f"Bearer {TOKEN}"}
    reply = client.post("/hooks/sarif?target=shop&component=api", content=body, headers=headers)
    (scan,) = reply.json()["scans"]
    assert (scan["target"], scan["component"], scan["alerts"]) == ("shop", "Active Inference API", 1)
    refused = client.post("/hooks/sarif", content=body, headers=headers)
    assert (refused.status_code, "?target=NAME" in refused.json()["detail"]) == (400, True)
    assert client.post("/hooks/sarif", content=b" " * 11 * 2**20, headers=headers).status_code == 413


def test_sentry_is_known_by_its_signature(client: httpx.Client) -> None:
    issue = {"id": "7", "title": "ValueError", "level": "fatal", "project": {"slug": "api"}}
    body = json.dumps({"action": "created", "data": {"issue": issue}}).encode()
    headers = {
        "Sentry-Hook-Resource": "issue",
        "Sentry-Hook-Signature": hmac.new(SENTRY.encode(), body, hashlib.sha256).hexdigest(),
    }
    assert client.post("/hooks/sentry", content=body, headers=headers).json()["alerts"] == 1


def test_a_webhook_that_nobody_may_send_names_the_setting(tmp_path_factory: pytest.TempPathFactory) -> None:
    with responder_in_thread(tmp_path_factory.mktemp("unset")) as process, process.client() as client:
        for path, setting in (
            ("alertmanager", "ALERT_TOKENS"),
            ("sentry", "SENTRY_SECRETS"),
            ("signed/x", "HOOK_SECRETS"),
            ("change", "HOOK_SECRETS"),
            ("sarif", "SCAN_TOKENS"),
        ):
            reply = client.post(f"/hooks/{path}", content=b"{}")
            assert reply.status_code == 403
            assert f"ACTINF_RESPOND_{setting}" in reply.json()["detail"]


def test_where_no_key_is_needed_no_other_site_is_let_in(serving: ResponderSite) -> None:
    with serving.client() as client:
        for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
            assert client.post("/hooks/alertmanager", content=message(), headers=headers).status_code == 403
            assert client.get("/v1/incidents", headers=headers).status_code == 403


def test_what_waits_is_bounded_and_the_rest_is_told_when_to_come_again(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with (
        responder_in_thread(tmp_path_factory.mktemp("full"), insecure_local=True, waiting_alerts="1000") as process,
        process.client() as client,
    ):
        many = message(*(alert(f"A{number}", severity="page") for number in range(1001)))
        reply = client.post("/hooks/alertmanager", content=many)
        assert (reply.status_code, reply.headers["Retry-After"]) == (429, "5")
        assert counted(client, "actinf_respond_hooks_refused_total", hook="alertmanager", why="too_many") == 1
        few = message(*(alert(f"A{number}", severity="page") for number in range(900)))
        assert client.post("/hooks/alertmanager", content=few).status_code == 200
        wait_until(lambda: counted(client, "actinf_respond_alerts_waiting") == 0, "all were looked at")


def test_hostile_text_is_taken_and_harms_nothing(serving: ResponderSite) -> None:
    with serving.client() as client:
        for number, text in enumerate(
            ["<script>alert(1)</script>", "\x1b[31m", "a\nb", "@channel", "x" * 9000, "\ud800"]
        ):
            body = json.dumps(json.loads(message(alert(f"H{number}", severity="page", component=text)))).encode()
            assert client.post("/hooks/alertmanager", content=body).status_code == 200
