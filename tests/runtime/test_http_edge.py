"""What servers do with every request: an id, the safe headers, a line in the log."""

import logging
from typing import Any

import pytest

from actinf.runtime.http_edge import SAFE_HEADERS, add_headers, identity_of, route_of, tell


def scope(*headers: tuple[bytes, bytes], **more: Any) -> dict[str, Any]:
    return {"type": "http", "method": "GET", "path": "/x", "headers": list(headers), **more}


@pytest.mark.parametrize("given", [b"short", b"x" * 65, b"with space here", b"line\nbreak-here", "ä".encode() * 8])
def test_an_id_that_could_be_something_else_is_not_taken(given: bytes) -> None:
    found = identity_of(scope((b"x-request-id", given)))
    assert (len(found), found.isalnum()) == (16, True)


def test_the_id_of_a_proxy_is_kept_and_others_differ() -> None:
    assert identity_of(scope((b"x-request-id", b"from-the-proxy"))) == "from-the-proxy"
    assert identity_of(scope()) != identity_of(scope())


def test_headers_that_a_reply_has_are_its_own_and_the_rest_is_added() -> None:
    message = {"type": "http.response.start", "headers": [(b"x-frame-options", b"SAMEORIGIN")]}
    add_headers(message, "an-id-of-it", unless_given=SAFE_HEADERS, more=[(b"connection", b"close")])
    names = [name for name, _ in message["headers"]]
    assert (len(names), len(set(names))) == (len(SAFE_HEADERS) + 2, len(SAFE_HEADERS) + 2)
    found = dict(message["headers"])
    assert (found[b"x-frame-options"], found[b"x-request-id"], found[b"connection"]) == (
        b"SAMEORIGIN", b"an-id-of-it", b"close",
    )  # fmt: skip


def test_a_route_is_named_as_it_was_declared() -> None:
    class Route:
        path = "/v1/agents/{agent}"

    assert (route_of(scope(route=Route())), route_of(scope()), route_of(scope(route=None))) == (
        "/v1/agents/{agent}", "other", "other",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("status", "quiet", "level"), [(200, False, "INFO"), (200, True, "DEBUG"), (503, False, "ERROR")]
)
def test_a_line_says_what_was_asked_and_how_it_ended(
    status: int, quiet: bool, level: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "actinf.access")
    tell(scope(client=("192.0.2.1", 5), path="/" + "x" * 500), status, 0.0125, quiet=quiet, key="k")
    (record,) = caplog.records
    assert (record.levelname, vars(record)["status"], vars(record)["duration_ms"]) == (level, status, 12.5)
    assert (vars(record)["remote"], vars(record)["key"], len(vars(record)["path"])) == ("192.0.2.1", "k", 200)
