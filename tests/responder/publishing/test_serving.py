"""Which process serves the page, as the responder finds it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.ports import wait_until

from actinf.errors import SettingError
from actinf.responder.parts import make_parts
from actinf.responder.publishing.serving import FOLDER, PageServer, end_server, serving, who_serves
from actinf.responder.settings import RespondSettings

_ME = PageServer(pid=os.getpid(), address="http://127.0.0.1:8071", started_as=None, takes_subscriptions=True)
_HOLDS = """
import os, sys, signal, time
from pathlib import Path
from actinf.responder.publishing.serving import PageServer, serving
if sys.argv[2] == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
with serving(Path(sys.argv[1]), PageServer(pid=os.getpid(), address="x", started_as="y")):
    time.sleep(60)
"""


def test_one_process_serves_a_page_and_says_who_it_is(tmp_path: Path) -> None:
    assert who_serves(tmp_path) is None
    with serving(tmp_path, _ME):
        assert who_serves(tmp_path) == _ME
        with pytest.raises(SettingError, match=f"process {os.getpid()} serves the status page in .* already"):
            serving(tmp_path, _ME).__enter__()
    assert who_serves(tmp_path) is None


def test_what_stands_in_the_file_of_one_that_died_or_is_no_document_names_nobody(tmp_path: Path) -> None:
    with serving(tmp_path, _ME):
        pass
    assert who_serves(tmp_path) is None
    with serving(tmp_path, _ME):
        for text in ("", "[]", "{", '{"pid": 1, "address": "x", "started_as": null}', '{"pid": "x"}', "\x00" * 100):
            (tmp_path / "serve.lock").write_text(text, encoding="utf-8")
            assert who_serves(tmp_path) is None


@pytest.mark.parametrize("how", ["orderly", "stubborn"])
def test_one_is_ended_also_where_it_does_not_want_to(tmp_path: Path, how: str) -> None:
    process = subprocess.Popen([sys.executable, "-c", _HOLDS, str(tmp_path), how])
    try:
        wait_until(lambda: who_serves(tmp_path) is not None, "it holds the lock")
        server = who_serves(tmp_path)
        assert server is not None
        assert server.pid == process.pid
        end_server(tmp_path, server, patience=10.0 if how == "orderly" else 0.5)
        assert who_serves(tmp_path) is None
        assert process.wait(10) == -(signal.SIGTERM if how == "orderly" else signal.SIGKILL)
    finally:
        process.kill()
        process.wait()


def test_the_page_asks_for_addresses_where_what_serves_it_mails_and_links_lead_somewhere(tmp_path: Path) -> None:
    folder = tmp_path / FOLDER
    folder.mkdir()
    parts = make_parts(RespondSettings(data_dir=tmp_path, status_url="https://status.example.org"))
    without_address = make_parts(RespondSettings(data_dir=tmp_path))
    try:
        document = folder / "site" / "status.json"
        parts.writer.once()
        assert '"takes_subscriptions": false' in document.read_text(encoding="utf-8")
        with serving(folder, _ME):
            assert parts.writer.once()
            assert '"takes_subscriptions": true' in document.read_text(encoding="utf-8")
            assert not parts.writer.once()
            assert not without_address.page().takes_subscriptions
    finally:
        parts.close()
        without_address.close()
