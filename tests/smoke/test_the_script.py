"""The smoke test as an operator types it: its exit code, what it says, and that it leaves nothing behind."""

import contextlib
import os
import signal
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.lossy_proxy import LOST_AFTER, PASSED, lossy_proxy
from support.ports import free_port
from support.postgres import fresh_database
from support.service import RunningService, running_service
from support.worker import running_worker

import actinf as ai

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPT = ["tests/smoke/test_basic_functionality.py"]


@pytest.fixture(scope="module")
def service(postgres_server, tmp_path_factory) -> Iterator[RunningService]:
    folder = tmp_path_factory.mktemp("worker")
    with fresh_database(postgres_server) as url, running_service(url) as running, running_worker(url, folder):
        yield running


def start(url: str, key: str | None, **told: float | str) -> "subprocess.Popen[str]":
    """Start it; with constants of its own in place of some of the script's."""
    environment = {**os.environ, "ACTINF_URL": url, "ACTINF_KEY": key or ""}
    command = [sys.executable, "-I", *SCRIPT]  # -I: nothing of the project is within reach
    if told:
        run_otherwise = (
            "import sys; sys.path.insert(0, 'tests/smoke'); import test_basic_functionality as smoke; "
            f"vars(smoke).update({told!r}); sys.exit(smoke.main())"
        )
        command = [sys.executable, "-I", "-c", run_otherwise]
    # Tests that run in the background of a shell ignore Ctrl-C, and so would what they start.
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def smoke(url: str, key: str | None, **told: float | str) -> tuple[int, str]:
    with start(url, key, **told) as process:
        printed, _ = process.communicate(timeout=90)
    return process.returncode, printed


def left_behind(service: RunningService) -> list[str]:
    with ai.Client(service.url, service.key) as client:
        lists = client.agents.list(), client.models.list(), client.simulations.list()
        names = [one.name for made in lists for one in made]
    return [name for name in names if name.startswith("smoke-test")]


def test_it_says_line_by_line_that_all_is_well_and_leaves_nothing(service: RunningService) -> None:
    code, printed = smoke(service.url, service.key)
    assert code == 0, printed
    first, *lines, last = printed.splitlines()
    assert service.url in first
    assert {line.split()[0] for line in lines} == {"ok"}
    assert len(lines) == 15
    assert "0 failed" in last
    assert left_behind(service) == []


def test_it_fails_where_nothing_answers() -> None:
    code, printed = smoke(f"http://127.0.0.1:{free_port()}", None)
    assert code == 1
    assert "FAIL" in printed
    assert "refused" in printed
    assert "`actinf serve` starts a service" in printed


def test_without_an_address_it_says_where_it_looks() -> None:
    nearest = f"http://127.0.0.1:{free_port()}"
    code, printed = smoke("", None, NEAREST=nearest)
    assert code == 1
    assert printed.startswith(f"ACTINF_URL is not set: this looks at {nearest}; nor is ACTINF_KEY")


def test_where_no_worker_serves_it_fails_with_a_hint_and_leaves_nothing(postgres_server) -> None:
    with fresh_database(postgres_server) as url, running_service(url) as service:
        code, printed = smoke(service.url, service.key, SECONDS_FOR_A_WORKER=0.5)
        assert code == 1
        failed = [line for line in printed.splitlines() if line.startswith("FAIL")]
        assert len(failed) == 1, printed
        assert "no worker has taken it up within" in failed[0]
        assert "no worker serves this database; `actinf worker` starts one" in failed[0]
        assert left_behind(service) == []


@pytest.fixture
def trickling() -> Iterator[str]:
    """A server whose answer comes byte by byte, without an end."""
    ended = threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
            with contextlib.suppress(OSError):
                while not ended.wait(0.05):
                    self.request.sendall(b" ")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            ended.set()
            server.shutdown()
            thread.join()


def test_a_service_that_never_ends_its_answer_does_not_keep_it(trickling: str) -> None:
    """Each byte comes within the time for a reply, so that no timeout of a socket ever ends it."""
    code, printed = smoke(trickling, None, SECONDS=1)
    assert code == 1
    assert "the time is over" in printed


def test_it_fails_with_a_wrong_key_and_says_what_is_wrong(service: RunningService) -> None:
    code, printed = smoke(service.url, "ai_wrong")
    assert code == 1
    assert "status 401, expected 200" in printed
    assert "set ACTINF_KEY to a key of this service" in printed


@pytest.mark.parametrize("lost", [4, 5, 7, 8, 14, 16, 17])
def test_after_a_failure_in_the_middle_nothing_is_left(service: RunningService, lost: int) -> None:
    """The reply of one request is lost, that which makes the model, or the agent, among them."""
    with lossy_proxy(service.url, lambda number: LOST_AFTER if number == lost else PASSED) as proxy:
        code, printed = smoke(proxy.url, service.key)
    assert code == 1
    assert "FAIL" in printed
    assert left_behind(service) == []


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_in_the_middle_it_cleans_up(service: RunningService, told: signal.Signals) -> None:
    for _ in range(5):  # it takes a third of a second, and may have been through before the signal came
        with start(service.url, service.key) as process:
            assert process.stdout is not None
            printed = ""
            while "agent is made" not in printed:
                printed += process.stdout.readline()
            process.send_signal(told)
            printed += process.communicate(timeout=90)[0]
        if process.returncode != 0:
            break
    assert process.returncode == 130, printed
    assert "all that was made is taken away" in printed
    assert left_behind(service) == []


def test_when_its_reader_leaves_it_goes_on_and_cleans_up(service: RunningService) -> None:
    with start(service.url, service.key) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(90) == 0
    assert left_behind(service) == []
