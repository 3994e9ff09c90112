"""What every test has around it: a folder of its own, no screen, and reproducible random examples.

And the real servers that tests may ask for, on free ports of 127.0.0.1: a server runs for the tests that name it only.

The kernels are compiled once into the user's cache and shared by all tests and all workers; a test that is about the
cache itself names another one with `ACTINF_CACHE_DIR` for a process that it starts.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from support.schedule import FromBothEnds, place, workers_for
from support.untraced import compile_untraced

if TYPE_CHECKING:
    from support.nginx import NginxServer
    from support.postgres import PostgresServer
    from support.redis import RedisServer
    from support.service import RunningService

os.environ["MPLBACKEND"] = "Agg"

# No deadline: the first example of a test may be the one that loads the kernels.
hypothesis.settings.register_profile("developer", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, database=None, print_blob=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "developer")


FreshPython = Callable[..., "subprocess.CompletedProcess[str]"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that wait come first, those that compute come last; what does the same a hundred times is not traced.

    Traced, a test of many random examples takes up to twice as long, and hardly reaches a line that others do not.
    """
    items.sort(key=lambda item: place(item.path))
    for item in items:
        if isinstance(item, pytest.Function) and getattr(item.function, "is_hypothesis_test", False):
            item.add_marker("no_cover")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Where lines are counted, they are not while Numba compiles."""
    if sys.gettrace() is not None:
        compile_untraced()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """What `-n auto` means, unless PYTEST_XDIST_AUTO_NUM_WORKERS says it."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    return workers_for(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FromBothEnds:
    """Of every run that has workers."""
    return FromBothEnds(config, log)


@pytest.fixture(autouse=True)
def folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test starts in an empty folder, so that a relative path never writes into the checkout."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def fresh_python(tmp_path: Path) -> FreshPython:
    """Run code in a new interpreter: `fresh_python("import actinf", NUMBA_BOUNDSCHECK="1").stdout`.

    Keywords are environment variables, added to those of this process; a failure raises with what was printed.
    """

    def run(code: str, *, timeout: float = 120, **environment: str) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", code],
            cwd=tmp_path,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert done.returncode == 0, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return run


@pytest.fixture(scope="session")
def postgres_server() -> "Iterator[PostgresServer]":
    """A PostgreSQL server for all tests of a process; it does not wait for the disk.  It must not be stopped."""
    from support.postgres import running_postgres

    with running_postgres() as server:
        yield server


@pytest.fixture
def database_url(postgres_server: "PostgresServer") -> Iterator[str]:
    """The address of an empty database, for one test."""
    from support.postgres import fresh_database

    with fresh_database(postgres_server) as url:
        yield url


@pytest.fixture(scope="module")
def service(postgres_server: "PostgresServer") -> "Iterator[RunningService]":
    """The API, with a database of its own."""
    from support.postgres import fresh_database
    from support.service import running_service

    with fresh_database(postgres_server) as url, running_service(url) as running:
        yield running


@pytest.fixture
def redis_server(tmp_path: Path) -> "Iterator[RedisServer]":
    """A Redis, or Valkey, for one test, which may stop, kill and start it."""
    from support.redis import RedisServer

    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def nginx_server(tmp_path: Path) -> "Iterator[Callable[..., NginxServer]]":
    """Start an nginx: `nginx_server(config, port=port)`, where `config` stands inside `http { … }`.  One for a test."""
    from support.nginx import NginxServer

    started: list[NginxServer] = []

    def start(config: str, *, port: int) -> NginxServer:
        server = NginxServer(tmp_path, config, port=port)
        started.append(server)
        server.start()
        return server

    yield start
    for server in started:
        server.stop()
