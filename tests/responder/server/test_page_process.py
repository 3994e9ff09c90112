"""The process that serves the status page, beside that of the responder."""

import hashlib
import itertools
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from support.ports import wait_until
from support.responder_process import ResponderProcess
from support.status_site import answers

import actinf
from actinf.responder.publishing.serving import FOLDER, PageServer, who_serves
from actinf.responder.publishing.unattended import SERVICE
from actinf.responder.server.page_process import PageCommand, PageProcess


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


class _Holding:
    """A program in the place of the server, which holds the page's lock and does nothing else; at once there."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.now = 0.0
        folder.mkdir()

    def process(self, **environment: str) -> PageProcess:
        command = (sys.executable, "-c", _HOLDS, str(self.folder))
        told = {"PATH": os.environ["PATH"], "ACTINF_STATUS_PORT": "0", **environment}
        return PageProcess(PageCommand(folder=self.folder, command=command, environment=told), lambda: self.now)

    def served(self) -> PageServer:
        wait_until(lambda: who_serves(self.folder) is not None, "it holds the lock")
        server = who_serves(self.folder)
        assert server is not None
        return server


_HOLDS = """
import os, sys, time
from pathlib import Path
from actinf.responder.publishing.serving import PageServer, serving
if "ACTINF_STATUS_BROKEN" in os.environ:
    sys.exit(2)
started_as = sys.argv[3] if sys.argv[2:] else None
with serving(Path(sys.argv[1]), PageServer(pid=os.getpid(), address="x", started_as=started_as)):
    time.sleep(60)
"""


@pytest.fixture
def holding(tmp_path: Path) -> _Holding:
    return _Holding(tmp_path / "status")


def test_what_an_earlier_responder_left_is_taken_over_where_it_was_started_alike(holding: _Holding) -> None:
    earlier, later = holding.process(), holding.process()
    earlier.look()
    left = holding.served()
    later.look()
    later.look()
    assert who_serves(holding.folder) == left
    later.end()  # as if it were its own
    assert who_serves(holding.folder) is None
    earlier.end()


def test_one_of_other_settings_is_replaced(holding: _Holding) -> None:
    earlier, later = holding.process(), holding.process(ACTINF_STATUS_MOST_CONNECTIONS="50")
    earlier.look()
    left = holding.served()
    later.look()
    wait_until(lambda: who_serves(holding.folder) not in (None, left), "another serves the page")
    later.end()
    earlier.end()


def test_what_the_list_of_processes_shows_gives_no_password_to_guess_at(tmp_path: Path) -> None:
    told = {"ACTINF_STATUS_SMTP_URL": "smtps://status:hunter2@mail.example.org"}
    one, other = (
        PageCommand(folder=tmp_path / name, command=("actinf",), environment=told) for name in ("one", "other")
    )
    plain = hashlib.sha256(repr((actinf.__version__, one.command, sorted(told.items()))).encode()).hexdigest()
    assert one.digest == PageCommand(folder=one.folder, command=("actinf",), environment=told).digest
    assert one.digest not in (other.digest, plain[: len(one.digest)])


def test_one_that_somebody_started_is_left_alone(holding: _Holding) -> None:
    own = subprocess.Popen([sys.executable, "-c", _HOLDS, str(holding.folder)])
    try:
        found = holding.served()
        page = holding.process()
        page.look()
        page.end()
        assert who_serves(holding.folder) == found
        assert (page.address, page.trouble) == ("x", "")
    finally:
        own.kill()
        own.wait()


def test_one_that_does_not_start_is_tried_less_and_less_often(holding: _Holding) -> None:
    page = holding.process(ACTINF_STATUS_BROKEN="1")
    starts = []
    for second in range(200):
        holding.now = float(second)
        before = page._began
        page.look()
        if page._process is not None:
            page._process.wait()
        if page._began != before or second == 0:
            starts.append(second)
    assert page.trouble == "the process that serves the status page ended with code 2"
    pauses = [later - earlier for earlier, later in itertools.pairwise(starts)]
    assert pauses == sorted(pauses)
    assert pauses[0] <= 2
    assert 60 <= pauses[-1] <= 62
    page.end()
    page.look()  # a turn that was under way when all ended
    assert page._process is None
