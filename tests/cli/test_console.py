"""What the user reads: results and notes apart, progress on a terminal and elsewhere."""

import io
import time

import pytest
from rich.console import Console

from actinf.cli.console import Screen


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """A screen's standard error as if it were a terminal."""
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=100)
    monkeypatch.setattr("actinf.cli.console.Console", lambda **_: console)
    return written


def test_errors_go_to_standard_error_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    Screen().fail("file.yaml:3: one\nfile.yaml:9: two", hint="actinf check --help")
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == ["error: file.yaml:3: one", "error: file.yaml:9: two", "try: actinf check --help"]


def test_what_a_message_holds_is_not_read_as_markup(capsys: pytest.CaptureFixture[str]) -> None:
    Screen().fail("[bold]A[0] has [3, 4]")
    assert capsys.readouterr().err == "error: [bold]A[0] has [3, 4]\n"


def test_a_terminal_is_shown_a_bar(terminal: io.StringIO) -> None:
    with Screen().progress("simulating") as progress:
        progress(1, 2)
        progress(2, 2)
    assert "simulating" in terminal.getvalue()
    assert "100%" in terminal.getvalue()


def test_a_terminal_is_shown_what_goes_on(terminal: io.StringIO) -> None:
    with Screen().waiting("drawing") as now:
        now("beliefs")
        time.sleep(0.2)
    assert "drawing" in terminal.getvalue()


def test_elsewhere_a_line_is_said_after_a_second_and_then_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    with Screen().progress("simulating") as progress:
        for second in (0.5, 1.5, 2.0, 3.0, 7.0):
            clock[0] = second
            progress(int(10 * second), 100)
    assert capsys.readouterr().err.splitlines() == ["simulating: 15%", "simulating: 70%"]


def test_what_is_announced_is_said_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with Screen().waiting("drawing", announced=True) as now, Screen().waiting("reading"):
        now("beliefs")
    assert capsys.readouterr().err == "drawing\n"


def test_quiet_leaves_errors(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen(quiet=True)
    screen.say("a note")
    with screen.progress("simulating") as progress, screen.waiting("drawing", announced=True):
        progress(1, 1)
    screen.fail("wrong")
    assert capsys.readouterr().err == "error: wrong\n"
