"""`actinf respond watch` against a real responder that is really killed, and what it refuses."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.mail_server import MailServer
from support.ports import free_port, wait_until
from support.responder_in_thread import responder_in_thread
from support.responder_process import actinf_program, responder_process
from support.responder_site import ResponderSite
from support.webhook_receiver import SECRET, WebhookReceiver

FAST = ["--every", "0.3", "--silent", "1.5", "--repeat", "900"]


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    made = WebhookReceiver()
    yield made
    made.stop()


@pytest.fixture
def mail() -> Iterator[MailServer]:
    made = MailServer()
    yield made
    made.stop()


@contextlib.contextmanager
def watching(folder: Path, url: str, receiver: WebhookReceiver, mail: MailServer) -> Iterator[subprocess.Popen[bytes]]:
    """A watcher that runs; it is killed at the end if it still does."""
    environment = {
        **os.environ,
        "ACTINF_WATCH_WEBHOOK_URL": receiver.url,
        "ACTINF_WATCH_WEBHOOK_SECRET": SECRET,
        "ACTINF_WATCH_SMTP_URL": f"smtp://127.0.0.1:{mail.port}",
        "ACTINF_WATCH_MAIL_FROM": "watch@example.org",
    }
    command = [*actinf_program(), "respond", "watch", "--url", url, "--mail-to", "ops@example.org", *FAST]
    with (folder / "watch.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, "--data-dir", str(folder / "watch")], stdout=log, stderr=log, env=environment
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def heard(receiver: WebhookReceiver) -> list[str]:
    return [document["kind"] for _, document in receiver.requests]


def test_a_responder_that_is_killed_is_told_by_each_way_once_and_its_return(
    tmp_path: Path, receiver: WebhookReceiver, mail: MailServer
) -> None:
    port = str(free_port())
    with responder_process(tmp_path, "--insecure-local", "--port", port) as process:
        with watching(tmp_path, process.url, receiver, mail):
            wait_until(lambda: "is well" in log_of(tmp_path), "it looks")
            process.kill()
            wait_until(lambda: "told by mail" in log_of(tmp_path), "it is told")
            assert heard(receiver) == ["page"]
        # Killed itself, it goes on: nothing is told twice.
        with watching(tmp_path, process.url, receiver, mail) as watcher:
            wait_until(lambda: log_of(tmp_path).count("cannot be reached") == 2, "it looks again")
            process.start()
            wait_until(lambda: len(heard(receiver)) == 2 and len(mail.mails) == 2, "its return is told")
            watcher.send_signal(signal.SIGTERM)
            assert watcher.wait(20) == 0
    assert heard(receiver) == ["page", "resolved"]
    assert [str(one["Subject"]) for one in mail.mails] == [
        "The incident responder does not answer: nobody is paged",
        "The incident responder is back, after less than a minute",
    ]
    assert "token=in-the-address" not in log_of(tmp_path)


def test_one_that_answers_but_stands_still_is_told(tmp_path: Path, receiver: WebhookReceiver, mail: MailServer) -> None:
    with (
        responder_in_thread(tmp_path, insecure_local=True) as process,
        holding(process),
        watching(tmp_path, process.url, receiver, mail),
    ):
        wait_until(lambda: heard(receiver) == ["page"], "it is told", seconds=60)
    said = receiver.requests[0][1]
    assert said["subject"] == "The incident responder answers, but does not work: nobody is paged"
    assert "its store has not been written for" in {one["name"]: one["value"] for one in said["fields"]}["Seen"]


def test_the_responder_knows_that_it_is_watched(
    actinf: Any, tmp_path: Path, receiver: WebhookReceiver, mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACTINF_RESPOND_DATA_DIR", str(tmp_path / "store"))
    with responder_in_thread(tmp_path, insecure_local=True) as process:
        assert "WARN dead man's switch: nobody outside notices" in actinf("respond", "doctor").out
        with watching(tmp_path, process.url, receiver, mail):
            watched = "OK   dead man's switch: actinf respond watch asked"
            wait_until(lambda: watched in actinf("respond", "doctor").out, "the doctor says so")
        with process.client() as client:
            assert 'actinf_respond_heard_timestamp_seconds{outsider="watcher"} 1.' in client.get("/metrics").text


def test_a_trial_says_what_took_it(actinf: Any, receiver: WebhookReceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTINF_WATCH_WEBHOOK_SECRET", SECRET)
    said = actinf("respond", "watch", "--url", "http://127.0.0.1:1", "--webhook-url", receiver.url, "--try")
    assert (said.code, "webhook took it" in said.err, heard(receiver)) == (0, True, ["contact_test"])
    receiver.illness = 401
    said = actinf("respond", "watch", "--url", "http://127.0.0.1:1", "--webhook-url", receiver.url, "--try")
    assert (said.code, "answered 401" in said.err) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "ACTINF_WATCH_URL is not set, nor --url given: Address of the responder"),
        (["--url", "responder"], "--url is 'responder': expected an address like http://"),
        (["--url", "http://ada:secret@responder"], "without a user's name in it"),
        (["--url", "http://responder"], "nothing says whom to tell"),
        (["--url", "http://responder", "--webhook-url", "https://x"], "belong together"),
        (["--url", "http://responder", "--mail-to", "ops@example.org"], "say through which server"),
        (["--url", "http://responder", "--every", "0"], "--every is 0.0: expected a number above 0"),
    ],
)
def test_what_makes_no_sense_is_refused(actinf: Any, arguments: list[str], said: str) -> None:
    answer = actinf("respond", "watch", *arguments)
    assert (answer.code, said in answer.err) == (2, True), answer.err


def test_a_folder_is_used_by_one_watcher(
    actinf: Any, tmp_path: Path, receiver: WebhookReceiver, mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("ACTINF_WATCH_WEBHOOK_SECRET", SECRET)
    with watching(tmp_path, url, receiver, mail):
        wait_until(lambda: "Watching http" in log_of(tmp_path), "it runs")
        where = ["--url", url, "--webhook-url", receiver.url, "--data-dir", tmp_path / "watch"]
        said = actinf("respond", "watch", *where)
    assert (said.code, "another process watches with the folder" in said.err) == (2, True)


@contextlib.contextmanager
def holding(process: ResponderSite) -> Iterator[None]:
    """Hold the store of a responder, so that it cannot be written."""
    store = process.store()
    try:
        with store.writing():
            yield
    finally:
        store.close()


def log_of(folder: Path) -> str:
    return (folder / "watch.log").read_text(encoding="utf-8")
