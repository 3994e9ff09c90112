"""The status page is up, and says what is grave within a minute, while all else is dead: no try may fail."""

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from support.responder_process import ResponderProcess, actinf_program, alert, message, responder_process
from support.serving import Serving, serving
from support.status_site import status_process

from actinf.responder.publishing.serving import FOLDER

TRIES = 20
WITHIN = 60.0


@pytest.fixture(scope="module")
def dead() -> Iterator[Serving]:
    """The API with its PostgreSQL, which answered, and were killed."""
    with serving("--log-level", "warning") as installation:
        installation.start()
        installation.wait_until_ready(path="/health")
        installation.kill()
        installation.kill_database()
        yield installation


@pytest.fixture
def responder(tmp_path: Path) -> Iterator[ResponderProcess]:
    process = ResponderProcess(tmp_path, "--insecure-local")
    yield process
    process.end()


def seconds_until_shown(address: str, name: str) -> float:
    """Seconds until the page has an incident, asked for as users do."""
    began = time.monotonic()
    while time.monotonic() - began < WITHIN:
        found = httpx.get(f"{address}/status.json", timeout=5)
        if found.status_code == 200 and name in [one["key"] for one in found.json()["current"]]:
            assert "Problems with" in httpx.get(address, timeout=5).text
            return time.monotonic() - began
        time.sleep(0.05)
    raise AssertionError(f"{name} is not on the page after {WITHIN:.0f} s")


def is_dead(url: str) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(url, timeout=5) is None
    return True


def opened_by_command(folder: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ACTINF_RESPOND_")}
    done = subprocess.run(
        [*actinf_program(), "incident", "open", "--severity", "P0", "--component", "api", "--impact", "x", "--json"],
        env=environment | {"ACTINF_RESPOND_DATA_DIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=True,
    )
    return str(json.loads(done.stdout)["id"])


def test_a_p0_is_published_by_command_while_all_else_is_dead(dead: Serving, responder: ResponderProcess) -> None:
    took = []
    responder.start()
    with status_process(responder.folder / FOLDER) as (address, page):
        for _ in range(TRIES):
            responder.kill()
            assert is_dead(f"{dead.url}/health")
            assert is_dead(f"{responder.url}/live")
            began = time.monotonic()
            name = opened_by_command(responder.folder)
            seconds_until_shown(address, name)
            took.append(time.monotonic() - began)
            assert page.poll() is None
            responder.start()
    print(f"a P0 by command, all else dead: {len(took)} of {TRIES}, the slowest after {max(took):.1f} s")
    assert (len(took), max(took) <= WITHIN) == (TRIES, True)


def test_a_p1_is_published_by_an_alert_while_the_service_is_dead(dead: Serving, tmp_path: Path) -> None:
    took = []
    came = alert("ApiDown", severity="P1", component="api", incident_type="api_down")
    for number in range(TRIES):  # each of its own, so that no incident of the one before takes the alert
        folder = tmp_path / str(number)
        folder.mkdir()
        with (
            responder_process(folder, "--insecure-local") as process,
            status_process(process.folder / FOLDER) as (address, page),
            process.client() as client,
        ):
            assert is_dead(f"{dead.url}/health")
            began = time.monotonic()
            client.post("/hooks/alertmanager", content=message(came)).raise_for_status()
            seconds_until_shown(address, opened_by_itself(client))
            took.append(time.monotonic() - began)
            assert page.poll() is None
    print(f"a P1 by an alert, API and PostgreSQL dead: {len(took)} of {TRIES}, the slowest after {max(took):.1f} s")
    assert (len(took), max(took) <= WITHIN) == (TRIES, True)


def opened_by_itself(client: httpx.Client) -> str:
    until = time.monotonic() + WITHIN
    while time.monotonic() < until:
        found = client.get("/v1/incidents").json()["incidents"]
        if found:
            return str(found[0]["id"])
        time.sleep(0.05)
    raise AssertionError("the alert opened no incident")
