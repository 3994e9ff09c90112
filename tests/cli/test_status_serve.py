"""`actinf status serve` and `actinf status subscribers`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import httpx
import pytest
from click.testing import CliRunner, Result
from support.mailed import page_with
from support.status_site import publish, status_process

from actinf.cli.status_serve import child
from actinf.cli.status_subscribers import command as subscribers
from actinf.errors import SettingError
from actinf.responder.settings import RespondSettings

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    (tmp_path / "status").mkdir()

    def command(*arguments: str, **more: Any) -> Result:
        told = [*arguments, "--data-dir", str(tmp_path / "status")]
        return CliRunner().invoke(subscribers, told, standalone_mode=False, **more)

    return command


def test_who_agreed_elsewhere_is_added_and_whoever_asks_is_erased(run: Run) -> None:
    done = run("add", "ada@example.org", "bob@example.com", "--already-agreed", "contract 7")
    assert (done.return_value, done.output) == (0, "2 subscribers added.\n")
    (ada, bob) = json.loads(run("list", "--json").output)
    assert (ada["address"], ada["agreed"], bob["address"]) == ("ada@example.org", "contract 7", "bob@example.com")
    assert "ada@example.org" in run("list").output
    assert "Erased." in run("remove", "Ada@example.org").output
    assert "Nothing was known" in run("remove", "eve@example.org").output
    assert "ada@" not in run("list").output
    back = run("add", "-", "--already-agreed", "an old list", input="ada@example.org\n\nnonsense\ncarl@example.org\n")
    assert back.return_value == 1
    assert "1 subscriber added." in back.output
    assert "'ada@example.org' left, and is not brought back" in back.output
    assert "'nonsense' is no address" in back.output
    assert json.loads(run("count", "--json").output) == {"confirmed": 2, "paused": 0, "waiting": 0, "unsent": 0}
    assert "2 subscribers, 0 of them paused" in run("count").output


def test_parts_are_those_of_the_page(run: Run, tmp_path: Path) -> None:
    publish(tmp_path / "status", {"index.html": "page"}, page_with())
    wrong = run("add", "ada@example.org", "--already-agreed", "x", "--part", "apo")
    assert isinstance(wrong.exception, SettingError)
    assert "no part 'apo': expected one of api, console" in str(wrong.exception)
    run("add", "ada@example.org", "--already-agreed", "x", "--part", "api")
    assert json.loads(run("list", "--json").output)[0]["components"] == ["api"]


def test_how_they_agreed_has_to_be_said(run: Run) -> None:
    assert isinstance(run("add", "ada@example.org").exception, click.MissingParameter)
    assert "say how they agreed" in str(run("add", "ada@example.org", "--already-agreed", " ").exception)


def test_how_they_agreed_is_shown_as_it_was_said(run: Run) -> None:
    run("add", "ada@example.org", "--already-agreed", "form [/x] [b]7")
    assert "form [/x] [b]7" in run("list").output


def test_where_there_is_no_page_nobody_is_kept(tmp_path: Path) -> None:
    done = CliRunner().invoke(subscribers, ["count", "--data-dir", str(tmp_path / "nowhere")], standalone_mode=False)
    assert "there is no status page in" in str(done.exception)
    assert not (tmp_path / "nowhere").exists()


def test_a_responder_hands_on_what_concerns_the_page_and_none_of_its_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACTINF_RESPOND_SLACK_TOKEN", "xoxb-secret")
    monkeypatch.setenv("ACTINF_KEY", "ak_secret")
    monkeypatch.setenv("ACTINF_STATUS_LOG_LEVEL", "error")
    settings = RespondSettings(status_port=8999, log_format="text")
    command = child(settings, tmp_path)
    ours = [name for name in command.environment if name.startswith("ACTINF_")]
    assert ours == ["ACTINF_STATUS_LOG_LEVEL"], "neither the responder's settings nor those of the service"
    assert command.environment["ACTINF_STATUS_LOG_LEVEL"] == "error"
    assert command.command[-6:] == ("--port", "8999", "--data-dir", str(tmp_path / "status"), "--log-format", "text")
    before = command.digest
    monkeypatch.setenv("ACTINF_STATUS_MOST_CONNECTIONS", "50")
    assert child(settings, tmp_path).digest != before
    assert child(RespondSettings(status_port="none"), tmp_path) is None


def test_the_page_is_served_until_it_is_told_to_end(tmp_path: Path) -> None:
    folder = tmp_path / "status"
    folder.mkdir()
    publish(folder, {"index.html": "how it is"}, page_with())
    with status_process(folder, SMTP_URL="smtp://127.0.0.1:9", MAIL_FROM="status@example.org") as (address, process):
        assert httpx.get(address).text == "how it is"
        assert httpx.get(f"{address}/health").json()["status"] == "ok"
        process.terminate()
        assert process.wait(20) == 0
    assert "Stopped: nobody sees the page any more." in (tmp_path / "status.log").read_text(encoding="utf-8")
