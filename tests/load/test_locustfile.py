"""The load test as an operator types it: it ends by itself, says the verdict, and leaves no agent behind."""

import http.server
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.loopback import answering
from support.ports import free_port
from support.postgres import fresh_database
from support.service import RunningService, running_service

import actinf as ai

ROOT = Path(__file__).resolve().parent.parent.parent


def locust(url: str, *, key: str = "", seconds: int = 6, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = [str(Path(sys.executable).with_name("locust")), "-f", "tests/load/locustfile.py"]
    command += ["--users=10", "--spawn-rate=5", "-t", f"{seconds}s"]
    told = {**os.environ, "ACTINF_URL": url, "ACTINF_KEY": key, **environment}
    return subprocess.run(command, cwd=ROOT, env=told, capture_output=True, text=True, timeout=120, check=False)


def verdict_of(done: "subprocess.CompletedProcess[str]") -> str:
    return done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def service(postgres_server) -> Iterator[RunningService]:
    with fresh_database(postgres_server) as url, running_service(url) as running:
        yield running


def test_it_ends_by_itself_with_a_verdict_and_cleans_up(service: RunningService) -> None:
    # How fast it is says nothing on a machine that runs other tests as well; that it works without errors does.
    done = locust(service.url, key=service.key, ACTINF_LOAD_P95_MS="60000")
    assert done.returncode == 0, done.stdout + done.stderr
    assert verdict_of(done).startswith("verdict: passed: p95 ")
    assert "0.000% of" in verdict_of(done)
    with ai.Client(service.url, service.key) as client:
        assert list(client.agents.list()) == []


def test_too_slow_is_a_verdict(service: RunningService) -> None:
    done = locust(service.url, key=service.key, seconds=3, ACTINF_LOAD_P95_MS="0.001")
    assert done.returncode == 1
    assert "more than 0.001 ms" in verdict_of(done)


def test_without_an_address_it_says_where_it_looks_and_how_a_service_is_started() -> None:
    done = locust("", seconds=2, ACTINF_LOAD_P95_MS="60000", LOCUST_HOST=f"http://127.0.0.1:{free_port()}")
    assert done.returncode == 1
    assert done.stdout.count("`actinf serve` starts a service") == 1
    assert "100.000% of the requests failed" in verdict_of(done)


def test_with_a_key_that_is_none_it_says_what_to_set(service: RunningService) -> None:
    done = locust(service.url, key="ai_wrong", seconds=2)
    assert done.returncode == 1
    assert f"load test of {service.url} as load-test-" in done.stdout
    assert done.stdout.count("it wants a key: set ACTINF_KEY") == 1


@pytest.fixture
def failing() -> Iterator[str]:
    """A server that is slow, and answers every other request with 503."""

    class Handler(http.server.BaseHTTPRequestHandler):
        answered = 0

        def answer(self) -> None:
            type(self).answered += 1
            time.sleep(0.3)
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = b'{"id": "1", "action": {"location": "cue"}}'
            self.send_response(503 if self.answered % 2 else 204 if self.command == "DELETE" else 201)
            self.send_header("Content-Length", str(len(body) if self.command != "DELETE" else 0))
            self.end_headers()
            if self.command != "DELETE":
                self.wfile.write(body)

        do_GET = do_POST = do_DELETE = answer

        def log_message(self, *said: object) -> None:
            return

    with answering(Handler) as port:
        yield f"http://127.0.0.1:{port}"


def test_a_service_that_fails_and_is_slow_is_told_so_with_exit_code_1(failing: str) -> None:
    done = locust(failing, seconds=3)
    assert done.returncode == 1
    assert "more than 250 ms" in verdict_of(done)
    assert "more than 0.100%" in verdict_of(done)
