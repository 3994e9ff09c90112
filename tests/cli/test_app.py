"""The command line as a whole: quick to start, and every end has an exit code and one clear line."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from actinf.cli.app import app

from .conftest import Call


def test_help_lists_the_commands_a_line_each(actinf: Call) -> None:
    answer = actinf("--help")
    assert answer.code == 0
    for name in ("run", "rerun", "check", "explain", "list", "bench"):
        assert f"  {name} " in answer.out


def test_without_arguments_help_is_the_answer(actinf: Call) -> None:
    """It was printed as an error, line by line, and ended with 2."""
    answer = actinf()
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == actinf("--help").out


def test_what_is_needed_in_the_first_five_minutes_of_an_incident_stands_first(actinf: Call) -> None:
    first, *_ = actinf("incident", "--help").out.partition("Options:")[2].split("\n\n")[1:]
    title, *lines = first.splitlines()
    assert title == "The first five minutes:"
    assert [line.split()[0] for line in lines] == ["open", "ack", "show", "assess", "call", "advise"]


def test_each_command_stands_in_one_section_of_its_group() -> None:
    def astray(group: click.Group, name: str) -> list[str]:
        context, found = click.Context(group, info_name=name), []
        placed = [one for members in getattr(group, "sections", {}).values() for one in members]
        if placed and sorted(placed) != sorted(group.list_commands(context)):
            found.append(f"{name}: {sorted(placed)} are not its commands, once each")
        for one in group.list_commands(context):
            command = group.get_command(context, one)
            found += astray(command, f"{name} {one}") if isinstance(command, click.Group) else []
        return found

    assert astray(app, "actinf") == []


@pytest.mark.parametrize("words", [["help"], ["run"], ["--nonsense"], ["check"], ["run", "tmaze", "--agents", "many"]])
def test_wrong_use_is_told_on_standard_error_and_ends_with_two(actinf: Call, words: list[str]) -> None:
    answer = actinf(*words)
    assert (answer.code, answer.out) == (2, "")
    error, hint = answer.err.splitlines()
    assert error.startswith("error: ")
    assert hint.startswith("try: actinf ")


def test_help_imports_nothing_heavy(fresh_python: Callable[..., "subprocess.CompletedProcess[str]"]) -> None:
    code = (
        "import sys\n"
        "from actinf.cli.app import run\n"
        "assert run(['--help']) == 0\n"
        "heavy = {'numpy', 'numba', 'matplotlib', 'xarray', 'yaml', 'h5py'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    fresh_python(code)


@pytest.mark.parametrize("name", ["run", "rerun", "check", "explain", "list", "bench"])
def test_help_of_a_command_imports_no_kernel_and_no_plot(
    fresh_python: Callable[..., "subprocess.CompletedProcess[str]"], name: str
) -> None:
    code = (
        "import sys\n"
        "from actinf.cli.app import run\n"
        f"assert run([{name!r}, '--help']) == 0\n"
        "heavy = {'numba', 'matplotlib', 'xarray', 'h5py'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    fresh_python(code)


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_a_missing_extra_is_named_with_the_command_that_installs_it(
    fresh_python: Callable[..., "subprocess.CompletedProcess[str]"], missing: str
) -> None:
    code = (
        "import sys\n"
        f"sys.modules[{missing!r}] = None\n"
        "sys.argv = ['actinf', '--help']\n"
        "from actinf.cli import main\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as end:\n"
        "    assert end.code == 2, end.code\n"
        "else:\n"
        "    raise AssertionError('no exit')\n"
    )
    done = fresh_python(code)
    assert done.stderr.count("\n") == 1
    assert "pip install '.[all]'" in done.stderr


def test_an_unknown_command_is_answered_with_the_nearest(actinf: Call) -> None:
    answer = actinf("rnu", "tmaze")
    assert answer.code == 2
    assert "no command 'rnu'; did you mean 'run'?" in answer.err


def test_an_unknown_option_is_one_error(actinf: Call) -> None:
    answer = actinf("run", "tmaze", "--agnets", "3")
    assert answer.code == 2
    assert answer.err.startswith("error: ")
    assert "--agents" in answer.err
    assert "actinf run --help" in answer.err


@pytest.mark.parametrize(
    ("words", "lacking"),
    [
        (["open"], "--component and --impact"),
        (["open", "--impact", "x"], "--component"),
        (["ack"], "INCIDENT (an id, the end of one as 001, or latest)"),
        (["severity", "001", "--reason", "x"], "SEVERITY (P0, P1, P2, P3)"),
    ],
)
def test_all_that_a_command_lacks_is_said_at_once(actinf: Call, words: list[str], lacking: str) -> None:
    """It was said one by one, and of an incident not how it is named."""
    error, hint = actinf("incident", *words).err.splitlines()
    assert (error, hint) == (f"error: missing: {lacking}", f"try: actinf incident {words[0]} --help")


def test_the_version_is_told(actinf: Call) -> None:
    import actinf as package

    assert actinf("--version").out.strip() == f"actinf {package.__version__}"


def test_python_m_is_the_same_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "actinf.cli", "--version"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0
    assert done.stdout.startswith("actinf ")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_says_one_line_and_leaves_nothing(
    small: Path, tmp_path: Path, number: signal.Signals
) -> None:
    command = [sys.executable, "-m", "actinf.cli", "run", str(small), "--agents", "20000000", "--steps", "20"]
    command += ["--record", "action", "--out", str(tmp_path / "runs" / "mine")]
    heeding = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.executable, sys.argv[1:])"
    )
    process = subprocess.Popen(  # a suite that was started in the background hands on that interrupts are ignored
        [sys.executable, "-c", heeding, *command],
        stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=tmp_path,
    )  # fmt: skip
    deadline = time.monotonic() + 100
    while time.monotonic() < deadline and not list((tmp_path / "runs").glob(".mine*/.trace*")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    time.sleep(0.3)
    os.kill(process.pid, number)
    try:
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert out == ""
    assert err.splitlines()[-1] == "interrupted: nothing was kept of the unfinished work"
    assert "Traceback" not in err
    assert list((tmp_path / "runs").iterdir()) == []


def test_output_that_nobody_reads_is_not_an_error() -> None:
    command = f"{sys.executable} -m actinf.cli list | head -n 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""


def test_a_run_that_records_too_little_to_explain_it_is_kept_all_the_same(
    actinf: Call, small: Path, tmp_path: Path
) -> None:
    """It was thrown away when the report came to an agent that could not be replayed."""
    folder = tmp_path / "mine"
    assert actinf("run", small, "--record", "obs", "--out", folder).code == 0
    assert "were not recorded" in (folder / "report.html").read_text("utf-8")
    answer = actinf("explain", folder)
    assert answer.code == 2
    assert "was not recorded, and without it no agent can be replayed: record 'obs' and 'action'" in answer.err


def test_no_summary_of_a_command_is_cut_off() -> None:
    """Click ends a long one with an ellipsis, within a line of 80 columns: its command needs a short one."""

    def cut(group: click.Group, name: str) -> list[str]:
        context = click.Context(group, info_name=name)
        names, found = group.list_commands(context), []
        room = 78 - 6 - max(map(len, names))  # as click reckons it
        for one in names:
            command = group.get_command(context, one)
            assert command is not None
            # The first level is told by summaries of its own.
            if group is not app and command.get_short_help_str(limit=room).endswith("..."):
                found.append(f"{name} {one}")
            if isinstance(command, click.Group):
                found += cut(command, f"{name} {one}")
        return found

    assert cut(app, "actinf") == []
