"""The process that serves the status page, beside that of the responder."""

import os
import signal
from pathlib import Path

import httpx
from support.ports import wait_until
from support.responder_process import ResponderProcess
from support.status_site import answers, status_process

from actinf.responder.publishing.serving import FOLDER, PageServer, who_serves
from actinf.responder.publishing.unattended import SERVICE


def _served(process: ResponderProcess) -> PageServer:
    page = process.folder / FOLDER
    wait_until(lambda: answers(page), "the page is served", seconds=30)
    server = who_serves(page)
    assert server is not None
    return server


def _shows_the_page(server: PageServer) -> bool:
    return SERVICE in httpx.get(server.address).text


def test_the_page_stays_up_when_the_responder_is_killed_and_goes_with_it_when_it_ends(tmp_path: Path) -> None:
    process = ResponderProcess(tmp_path, "--insecure-local", STATUS_PORT="0", SLACK_URL="http://127.0.0.1:9/secret")
    process.start()
    try:
        first = _served(process)
        wait_until(lambda: _shows_the_page(first), "the page is there")
        # What strangers talk to knows nothing of the responder's settings.
        assert b"ACTINF_RESPOND_" not in Path(f"/proc/{first.pid}/environ").read_bytes()

        process.kill()
        assert _shows_the_page(first)

        # The next responder takes it over: nobody saw a gap.
        process.start()
        health = f"{process.url}/health"
        assert httpx.get(health).json()["status_page"] == {"address": first.address, "trouble": ""}
        assert who_serves(process.folder / FOLDER) == first

        # Killed, it is started again, and that it died is said.
        os.kill(first.pid, signal.SIGKILL)
        second = _served(process)
        assert second.pid != first.pid
        wait_until(lambda: _shows_the_page(second), "the page is there again")
        assert "died" in httpx.get(health).json()["status_page"]["trouble"]
        assert httpx.get(health).json()["status"] == "degraded"

        assert process.stop() == 0
        assert who_serves(process.folder / FOLDER) is None
    finally:
        process.end()


def test_one_of_other_settings_is_replaced_and_one_that_somebody_started_is_left_alone(tmp_path: Path) -> None:
    process = ResponderProcess(tmp_path, "--insecure-local", STATUS_PORT="0")
    process.start()
    try:
        first = _served(process)
        process.kill()
        process._environment["ACTINF_STATUS_MOST_CONNECTIONS"] = "50"
        process.start()

        def replaced() -> bool:
            found = who_serves(process.folder / FOLDER)
            return found is not None and found != first

        wait_until(replaced, "the page is served with the new settings", seconds=30)
        process.stop()
        with status_process(process.folder / FOLDER) as (address, _):
            process.start()
            wait_until(lambda: "left alone" in process.log.read_text(errors="replace"), "it is seen", seconds=30)
            process.stop()
            assert httpx.get(f"{address}/live").status_code == 200
    finally:
        process.end()
