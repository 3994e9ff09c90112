"""Errors arrive at a Sentry with what finds them and nothing that was sent; a Sentry that is dead is not noticed."""

import json
from typing import Any

import httpx
import psycopg
from support.ports import wait_until
from support.sentry_stub import SentryStub
from support.serving import Serving, serving

from actinf.runtime.logs import REQUEST_ID
from actinf.runtime.sentry import without_values


def break_something(installation: Serving) -> dict[str, Any]:
    """Make a request fail by a mistake of ours: there is a step that no release can have written."""
    with httpx.Client(base_url=installation.url, timeout=60) as client:
        made = client.post("/v1/agents", json={"model": "tmaze", "name": "very-private"}).raise_for_status().json()
        step = f"/v1/agents/{made['id']}/steps"
        client.post(step, json={"observation": {"cue": "none"}}).raise_for_status()
        with psycopg.connect(installation.database.start(), autocommit=True) as connection:
            connection.execute("UPDATE steps SET request = %s", [b'"very-private" is no observation'])
        reply = client.get(f"{step}?very-private=1", headers={"X-Request-ID": "request-of-the-test"})
    assert reply.status_code == 500
    assert reply.headers["X-Request-ID"] == "request-of-the-test"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    return dict(reply.json())


def test_an_error_is_reported_with_its_request_and_without_what_was_sent() -> None:
    stub = SentryStub()
    settings = {"ACTINF_SENTRY_DSN": stub.dsn, "ACTINF_ENVIRONMENT": "of-the-test"}
    try:
        with serving("--workers", "0", **settings) as installation:
            installation.start()
            installation.wait_until_ready()
            problem = break_something(installation)
            wait_until(lambda: stub.events, "the event has arrived")
            logged = [line for line in installation.log.read_text().splitlines() if '"a request failed"' in line]
    finally:
        stub.stop()
    (event,) = stub.events
    assert event["tags"] == {"request_id": "request-of-the-test", "process": "api"}
    assert event["release"].startswith("actinf@")
    assert event["environment"] == "of-the-test"
    assert event["exception"]["values"][-1]["type"] == "JSONDecodeError"
    assert event["exception"]["values"][-1]["stacktrace"]["frames"]
    raw = b"".join(stub.raw).decode()
    assert "very-private" not in raw
    assert problem["request_id"] == "request-of-the-test"
    (line,) = logged
    told = json.loads(line)
    assert told["request_id"] == "request-of-the-test"
    assert "JSONDecodeError" in told["exception"]


def test_a_sentry_that_never_answers_keeps_no_request_and_no_end_waiting() -> None:
    stub = SentryStub(dead=True)
    try:
        with serving("--workers", "0", ACTINF_SENTRY_DSN=stub.dsn) as installation:
            installation.start()
            installation.wait_until_ready()
            break_something(installation)
            wait_until(lambda: stub.asked, "the event is being sent")
            # The stub answers nothing until the test is over: whoever waited for it would not get here.
            for _ in range(20):
                assert httpx.get(f"{installation.url}/v1/agents", timeout=30).status_code == 200
            installation.signal(15)
            assert installation.wait() == 0
    finally:
        stub.stop()


def test_an_event_keeps_no_value() -> None:
    token = REQUEST_ID.set("an-id")
    try:
        event = without_values(
            {
                "request": {"url": "secret", "headers": {"Authorization": "secret"}, "data": "secret"},
                "extra": {"key": "secret"},
                "breadcrumbs": {"values": ["secret"]},
                "user": {"ip_address": "secret"},
                "logentry": {"message": "failed: %s", "params": ["secret"], "formatted": "failed: secret"},
                "exception": {
                    "values": [
                        {"type": "KeyError", "value": "secret", "stacktrace": {"frames": [{"vars": {"a": "secret"}}]}}
                    ]
                },
            }
        )
    finally:
        REQUEST_ID.reset(token)
    assert "secret" not in json.dumps(event)
    assert event["logentry"] == {"message": "failed: %s"}
    assert event["exception"]["values"][0]["type"] == "KeyError"
    assert event["tags"] == {"request_id": "an-id"}
