"""`actinf incident` as real processes: several at once, and one that a server answers."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support.responder_in_thread import responder_in_thread
from support.responding import schedule_text

ACTINF = Path(sys.executable).with_name("actinf")
OPEN = ("incident", "open", "--component", "API", "--impact", "fails", "--severity", "P1", "--json")


def called(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ACTINF_")}
    return subprocess.run(
        [str(ACTINF), *words], capture_output=True, text=True, env={**kept, "ACTINF_USER": "ada", **environment}
    )


def plain(*words: str, **environment: str) -> Any:
    done = called(*words, **environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_incidents_that_are_opened_at_once_have_ids_of_their_own(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as at_once:
        opened = list(at_once.map(lambda _: plain(*OPEN, ACTINF_RESPOND_DATA_DIR=str(tmp_path)), range(4)))
    assert len({one["id"] for one in opened}) == 4
    listed = plain("incident", "list", "--json", ACTINF_RESPOND_DATA_DIR=str(tmp_path))
    assert {one["id"] for one in listed} == {one["id"] for one in opened}


def test_what_a_command_loads_is_not_looked_through_for_garbage(tmp_path: Path, fresh_python: Any) -> None:
    code = (
        "import gc\n"
        "from actinf.cli.app import run\n"
        "assert run(['incident', 'list']) == 0\n"
        "assert gc.get_freeze_count() > 10_000 and gc.isenabled()\n"
    )
    fresh_python(code, ACTINF_RESPOND_DATA_DIR=str(tmp_path), ACTINF_USER="ada")


def test_the_same_commands_go_to_a_server(tmp_path: Path) -> None:
    with responder_in_thread(tmp_path, insecure_local=True) as server:
        there = {"ACTINF_RESPOND_URL": server.url}
        (tmp_path / "schedule.yaml").write_text(schedule_text())
        assert called("oncall", "schedule", "--set", str(tmp_path / "schedule.yaml"), **there).returncode == 0
        opened = called(*OPEN[:-1], **there)
        assert "  paging   nobody: no channel reaches them" in opened.stdout
        assert "no server runs" not in opened.stderr
        name = opened.stdout.split()[0]
        acknowledged = called("incident", "ack", "latest", **there)
        assert acknowledged.stdout.splitlines()[0] == "acknowledged by ada: nobody else is paged"
        # What looks at the server's store itself leaves to the server what is due.
        beside = plain("incident", "show", name, "--json", ACTINF_RESPOND_DATA_DIR=str(server.folder))
        assert beside["lead"] == "ada"
        refused = called("incident", "reopen", name, "--reason", "it is back", **there)
        assert (refused.returncode, refused.stderr) == (2, f"error: {name} is open\n")
    away = called("incident", "list", **there)
    assert away.returncode == 2
    assert "cannot be reached" in away.stderr
    assert "Without ACTINF_RESPOND_URL the store of this machine is used" in away.stderr


@pytest.mark.parametrize("words", [("--help",), ("open", "--help"), ("evidence",)])
def test_help_needs_no_store(words: tuple[str, ...], tmp_path: Path) -> None:
    done = called("incident", *words, ACTINF_RESPOND_DATA_DIR=str(tmp_path / "none"))
    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / "none").exists()
