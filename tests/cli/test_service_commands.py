"""The commands around the service, as who uses them for the first time meets them."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from support.ports import free_port, wait_until

from actinf.service import schema_version

from .conftest import Call

GROUPS = ["keys", "db", "audit", "switches"]
#: Each reads or changes what a service has.
COMMANDS = {
    "keys list": ["keys", "list"],
    "keys revoke": ["keys", "revoke", "abcdefgh"],
    "switches list": ["switches", "list"],
    "switches set": ["switches", "set", "cache", "open", "--reason", "a test"],
    "db check": ["db", "check"],
    "db downgrade": ["db", "downgrade", "--to", "base", "--yes"],
    "audit verify": ["audit", "verify"],
}


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_alone_tells_what_it_holds(actinf: Call, group: str) -> None:
    """It was printed as an error, line by line, and ended with 2."""
    answer = actinf(group)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == actinf(group, "--help").out
    assert "..." not in answer.out.partition("Commands:")[2], "the help of a command is cut off"


def test_a_wrong_name_in_a_group_is_answered_with_the_nearest(actinf: Call) -> None:
    answer = actinf("keys", "lst")
    assert answer.code == 2
    assert answer.err == "error: no command 'lst'; did you mean 'list'?\ntry: actinf keys --help\n"


def test_a_misspelt_variable_is_a_warning_of_one_line(
    actinf: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ACTINF_DATABSE_URL", "postgresql://u:hush@host/x")
    first, *others = actinf("db", "check", "--data-dir", tmp_path / "none").err.splitlines()
    assert first.startswith("warning: ACTINF_DATABSE_URL is set, but there is no such setting")
    assert first.endswith("did you mean ACTINF_DATABASE_URL?")
    assert "hush" not in first
    assert [line[:7] for line in others] == ["error: "]


@pytest.mark.parametrize("words", [*COMMANDS.values(), ["worker"]], ids=[*COMMANDS, "worker"])
def test_without_a_database_of_a_service_none_is_made(actinf: Call, tmp_path: Path, words: list[str]) -> None:
    """A worker made one for itself, which no service ever filled, and waited for ever."""
    folder = tmp_path / "none"
    answer = actinf(*words, "--data-dir", folder)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(f"error: there is no database of a service in {folder}: start `actinf serve` first")
    assert "--database-url" in answer.err
    assert not folder.exists()


@pytest.mark.parametrize("name", [name for name in COMMANDS if not name.startswith("audit")])
def test_a_database_that_is_away_is_said_to_be_away(actinf: Call, tmp_path: Path, name: str) -> None:
    """It was said to need an upgrade."""
    url = f"postgresql://me:hush@127.0.0.1:{free_port()}/lab"
    answer = actinf(*COMMANDS[name], "--database-url", url, "--data-dir", tmp_path)
    assert answer.code == 2
    assert re.match(r"error: the database 127\.0\.0\.1:\d+/lab cannot be reached: Connection refused", answer.err)
    assert "ACTINF_DATABASE_URL" in answer.err
    assert "upgrade" not in answer.err
    assert "hush" not in answer.err


def test_a_database_without_tables_is_said_to_need_an_upgrade(actinf: Call, tmp_path: Path, database_url: str) -> None:
    where = ["--database-url", database_url, "--data-dir", tmp_path]
    answer = actinf("db", "check", *where)
    assert answer.code == 1
    assert f"has no tables of actinf yet, and this release needs {schema_version.HEAD}: run `actinf db u" in answer.err
    answer = actinf("keys", "list", *where)
    assert answer.code == 2
    assert "run `actinf db upgrade`" in answer.err
    assert actinf("db", "upgrade", *where).code == 0
    assert actinf("keys", "list", *where).code == 0
    answer = actinf("db", "check", *where)
    assert answer.code == 0
    assert answer.err == f"the database is at {schema_version.HEAD}, and this release needs {schema_version.HEAD}\n"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE api_keys RENAME TO keys_of_tomorrow")
    assert "has not the tables of this release" in actinf("keys", "list", *where).err


def test_a_database_of_another_name_is_said_to_refuse(actinf: Call, tmp_path: Path, database_url: str) -> None:
    wrong = database_url.rpartition("/")[0] + "/no_such_database"
    answer = actinf("db", "check", "--database-url", wrong, "--data-dir", tmp_path)
    assert answer.code == 2
    assert 'refuses the connection: database "no_such_database" does not exist. Look at the login' in answer.err


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("serve", "stopped at once: what the API answered is kept, and simulations that were not finished go on"),
        ("worker", "stopped at once: what was not finished stays on the queue, for the next worker"),
    ],
)
def test_an_interrupted_service_says_what_is_kept(
    actinf: Call, monkeypatch: pytest.MonkeyPatch, command: str, said: str
) -> None:
    """It said that nothing was kept, as an interrupted run does."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(f"actinf.cli.{command}.read_settings", interrupted)
    answer = actinf(command)
    assert (answer.code, answer.out) == (130, "")
    assert answer.err.startswith(said)
    assert answer.err.count("\n") == 1


def test_a_worker_waits_for_a_database_that_is_away_and_ends_when_told(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    command = [sys.executable, "-m", "actinf.cli", "worker", "--data-dir", str(tmp_path), "--log-format", "text"]
    command += ["--database-url", f"postgresql://127.0.0.1:{free_port()}/lab"]
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
    try:
        wait_until(lambda: "waiting: the database 127.0.0.1" in log.read_text(), "it waits", seconds=60)
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
    said = log.read_text()
    assert "cannot be reached: Connection refused" in said
    assert "upgrade" not in said
    assert said.splitlines()[-1] == "Stopped: what was not finished stays on the queue, for the next worker."


def test_a_port_for_metrics_that_is_taken_is_one_error(tmp_path: Path, database_url: str) -> None:
    """In a process of its own: a worker takes the signals of its process for itself."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "actinf.cli", "worker", "--metrics-port", str(port)]
        command += ["--database-url", database_url, "--data-dir", str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert f"error: cannot serve /metrics on 127.0.0.1:{port}: Address already in use" in done.stderr
    assert "--metrics-port" in done.stderr
