"""Trials run beside the responder: begun once, and known to whoever asks afterwards."""

import contextlib
import json
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from support.ports import wait_until

from actinf.responder.ramp.plan import Kind
from actinf.responder.ramp.trials import Command, Fate, Processes, Verdict

_MINUTE = timedelta(minutes=1)


def trials(folder: Path, script: str, **environment: str) -> Processes:
    command = Command(arguments=("/bin/sh", "-c", script), folder=folder, environment=environment)
    return Processes(folder / "ramps", {Kind.SMOKE: command, Kind.LOAD: command})


def ended(there: Processes, name: str = "one") -> Verdict:
    wait_until(lambda: there.fate(name) not in (Fate.UNKNOWN, Fate.RUNS), what="the trial's end", seconds=20)
    found = there.fate(name)
    assert isinstance(found, Verdict), found
    return found


def test_a_trial_is_begun_once_and_its_last_line_is_the_verdict(tmp_path: Path) -> None:
    script = 'echo begun >> times; echo "checks: 7 ok"; echo "verdict: $ACTINF_URL"'
    there = trials(tmp_path, script, ACTINF_URL="http://a")
    assert there.fate("one") is Fate.UNKNOWN
    for _ in range(3):
        there.begin("one", Kind.SMOKE, _MINUTE)
    assert ended(there) == Verdict(passed=True, said="verdict: http://a")
    there.begin("one", Kind.SMOKE, _MINUTE)
    assert (tmp_path / "times").read_text() == "begun\n"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 'p95 is 900 ms'; exit 1", "p95 is 900 ms"),
        ("exit 3", "exit code 3, and it said nothing"),
        ("printf '\\033[31mred\\033[0m\\007'; exit 1", "red"),
        ("head -c 3000000 /dev/zero | tr '\\0' x; exit 1", "x" * 20),
    ],
)
def test_a_failure_says_why(tmp_path: Path, script: str, said: str) -> None:
    there = trials(tmp_path, script)
    there.begin("one", Kind.LOAD, _MINUTE)
    found = ended(there)
    assert not found.passed
    assert found.said.startswith(said)
    assert len(found.said) <= 600
    assert (tmp_path / "ramps" / "one" / "verdict.json").stat().st_size < 40_000


def test_a_failure_says_what_failed_and_where_all_of_it_is(tmp_path: Path) -> None:
    lines = [
        "smoke test of http://a",
        "ok      3 ms  it is there",
        *(f"FAIL   {number} ms  check {number}: the reply is 500" for number in range(1, 6)),
        "7 checks in 0.1 s: 5 failed",
    ]
    (tmp_path / "says").write_text("\n".join(lines) + "\n")
    there = trials(tmp_path, "cat says; exit 1")
    there.begin("one", Kind.SMOKE, _MINUTE)
    found = ended(there)
    assert found.said == "; ".join(
        (
            *(f"FAIL {number} ms check {number}: the reply is 500" for number in (1, 2, 3)),
            "and 2 more",
            "7 checks in 0.1 s: 5 failed",
        )
    )
    assert Path(found.output).read_text().splitlines() == lines
    assert found.words == f"{found.said} (all that it said: {found.output})"


def test_of_a_long_output_beginning_and_end_are_kept(tmp_path: Path) -> None:
    there = trials(tmp_path, "echo first; head -c 3000000 /dev/zero | tr '\\0' x; echo; echo FAILED the last; exit 1")
    there.begin("one", Kind.LOAD, _MINUTE)
    found = ended(there)
    kept = Path(found.output).read_text()
    assert len(kept) < 1_100_000
    assert kept.startswith("first\n")
    assert "bytes are left out here" in kept
    assert kept.endswith("x\nFAILED the last\n")
    assert found.said == "FAILED the last"


def test_what_takes_too_long_is_ended_with_all_that_it_began(tmp_path: Path) -> None:
    there = trials(tmp_path, "echo waits; sleep 600 & echo $! > child; wait")
    there.begin("one", Kind.LOAD, timedelta(seconds=1))
    found = ended(there)
    assert not found.passed
    assert found.said.startswith("it had not ended after ")
    assert found.said.endswith(" s: waits")
    assert Path(found.output).read_text() == "waits\n"
    assert not runs(int((tmp_path / "child").read_text()))


def test_a_trial_can_be_stopped(tmp_path: Path) -> None:
    there = trials(tmp_path, "trap 'echo cleaned up; exit 1' TERM; echo $$ > child; sleep 600 & wait")
    there.begin("one", Kind.LOAD, _MINUTE)
    wait_until((tmp_path / "child").exists, what="the command's begin", seconds=20)
    there.stop("one")
    found = ended(there)
    assert (found.passed, found.said) == (False, "it was stopped: cleaned up")
    there.stop("one")
    there.stop("never begun")


def test_a_program_that_is_not_there_fails_the_trial(tmp_path: Path) -> None:
    command = Command(arguments=("no-such-program",), folder=tmp_path, environment={})
    there = Processes(tmp_path / "ramps", {Kind.SMOKE: command})
    there.begin("one", Kind.SMOKE, _MINUTE)
    said = "it could not be started: no-such-program: No such file or directory"
    assert ended(there) == Verdict(passed=False, said=said)


def test_what_a_trial_needs_is_looked_for_before_it_is_begun(tmp_path: Path) -> None:
    def missing(folder: Path, *arguments: str) -> str:
        command = Command(arguments=arguments, folder=folder, environment={})
        return Processes(tmp_path, {Kind.SMOKE: command}).missing(Kind.SMOKE)

    (tmp_path / "try.py").touch()
    assert missing(tmp_path, "sh", "try.py") == ""
    assert "is no folder: ACTINF_RESPOND_RAMP_FOLDER names it" in missing(tmp_path / "nowhere", "sh")
    assert "no-such-program, is not to be found: ACTINF_RESPOND_RAMP_SMOKE" in missing(tmp_path, "no-such-program")
    assert "tests/try.py of the smoke test is not in" in missing(tmp_path, "sh", "tests/try.py")
    (tmp_path / "own").write_text("#!/bin/sh\n")
    assert "./own, is not to be found" in missing(tmp_path, "./own")
    (tmp_path / "own").chmod(0o755)
    assert missing(tmp_path, "./own") == missing(tmp_path, "/bin/sh") == ""


def test_a_trial_outlives_who_began_it(tmp_path: Path) -> None:
    """Begun by a process that is killed at once; another asks for the verdict."""
    folders = [str(Path(__file__).parent), str(Path(__file__).parents[2])]
    program = "\n".join(
        (
            "import os, sys",
            f"sys.path[:0] = {folders!r}",
            "import test_trials as there",
            f"begun = there.trials(there.Path({str(tmp_path)!r}), 'sleep 0.5; echo done')",
            "begun.begin('one', there.Kind.SMOKE, there._MINUTE)",
            "os.kill(os.getpid(), 9)",
        )
    )
    process = os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", program])
    assert process == -signal.SIGKILL
    assert ended(trials(tmp_path, "exit 1")) == Verdict(passed=True, said="done")


def test_a_trial_that_was_killed_is_lost_once_nothing_of_it_runs(tmp_path: Path) -> None:
    there = trials(tmp_path, "echo $$ > child; sleep 600")
    there.begin("one", Kind.LOAD, _MINUTE)
    wait_until((tmp_path / "child").exists, what="the command's begin", seconds=20)
    looks_after = int(json.loads((tmp_path / "ramps" / "one" / "process.json").read_text())["pid"])
    os.kill(looks_after, signal.SIGKILL)
    wait_until(lambda: not runs(looks_after), what="its end", seconds=20)
    assert there.fate("one") is Fate.RUNS
    os.killpg(int((tmp_path / "child").read_text()), signal.SIGKILL)
    wait_until(lambda: there.fate("one") is Fate.LOST, what="the trial to be lost", seconds=20)


def test_secrets_of_the_responder_are_kept_from_trials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTINF_RESPOND_SLACK_TOKEN", "xoxb-secret")
    looks_after = 'tr "\\0" "\\n" </proc/$PPID/environ | grep -c SLACK'
    script = f'echo "token ${{ACTINF_RESPOND_SLACK_TOKEN:-none}}, key $ACTINF_KEY, above $({looks_after})"'
    there = trials(tmp_path, script, ACTINF_KEY="its own", PATH="/usr/bin:/bin")
    there.begin("one", Kind.SMOKE, _MINUTE)
    assert ended(there).said == "token none, key its own, above 0"


def runs(pid: int) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
