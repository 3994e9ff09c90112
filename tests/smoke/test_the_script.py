"""The smoke test as an operator types it: its exit code, what it says, and that it leaves nothing behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.lossy_proxy import LOST_AFTER, PASSED, lossy_proxy
from support.ports import free_port
from support.postgres import fresh_database
from support.service import RunningService, running_service

import actinf as ai

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPT = ["tests/smoke/test_basic_functionality.py"]


@pytest.fixture(scope="module")
def service(postgres_server) -> Iterator[RunningService]:
    with fresh_database(postgres_server) as url, running_service(url) as running:
        yield running


def start(url: str, key: str | None) -> "subprocess.Popen[str]":
    environment = {**os.environ, "ACTINF_URL": url, "ACTINF_KEY": key or ""}
    command = [sys.executable, "-I", *SCRIPT]  # -I: nothing of the project is within reach
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def smoke(url: str, key: str | None) -> tuple[int, str]:
    with start(url, key) as process:
        printed, _ = process.communicate(timeout=90)
    return process.returncode, printed


def left_behind(service: RunningService) -> list[str]:
    with ai.Client(service.url, service.key) as client:
        names = [one.name for one in client.agents.list()] + [one.name for one in client.models.list()]
    return [name for name in names if name.startswith("smoke-test")]


def test_it_says_line_by_line_that_all_is_well_and_leaves_nothing(service: RunningService) -> None:
    code, printed = smoke(service.url, service.key)
    assert code == 0, printed
    first, *lines, last = printed.splitlines()
    assert service.url in first
    assert {line.split()[0] for line in lines} == {"ok"}
    assert len(lines) == 14
    assert "0 failed" in last
    assert left_behind(service) == []


def test_it_fails_where_nothing_answers() -> None:
    code, printed = smoke(f"http://127.0.0.1:{free_port()}", None)
    assert code == 1
    assert "FAIL" in printed
    assert "refused" in printed


def test_it_fails_with_a_wrong_key_and_says_what_is_wrong(service: RunningService) -> None:
    code, printed = smoke(service.url, "ai_wrong")
    assert code == 1
    assert "status 401, expected 200" in printed


@pytest.mark.parametrize("lost", [4, 5, 7, 8, 14])
def test_after_a_failure_in_the_middle_nothing_is_left(service: RunningService, lost: int) -> None:
    """The reply of one request is lost, that which makes the model, or the agent, among them."""
    with lossy_proxy(service.url, lambda number: LOST_AFTER if number == lost else PASSED) as proxy:
        code, printed = smoke(proxy.url, service.key)
    assert code == 1
    assert "FAIL" in printed
    assert left_behind(service) == []


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_in_the_middle_it_cleans_up(service: RunningService, told: signal.Signals) -> None:
    with start(service.url, service.key) as process:
        assert process.stdout is not None
        printed = ""
        while "agent is made" not in printed:
            printed += process.stdout.readline()
        process.send_signal(told)
        printed += process.communicate(timeout=90)[0]
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
