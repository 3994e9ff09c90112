"""A responder is killed, and somebody outside hears of it within two minutes, with what is set by default."""

import os
import subprocess
import time
from pathlib import Path

from support.ports import wait_until
from support.responder_process import actinf_program, responder_process
from support.webhook_receiver import SECRET, WebhookReceiver


def test_a_death_is_told_within_two_minutes(tmp_path: Path) -> None:
    receiver = WebhookReceiver()
    with responder_process(tmp_path, "--insecure-local") as process, (tmp_path / "watch.log").open("wb") as log:
        environment = {**os.environ, "ACTINF_WATCH_WEBHOOK_SECRET": SECRET}
        command = [*actinf_program(), "respond", "watch", "--url", process.url, "--webhook-url", receiver.url]
        watcher = subprocess.Popen(
            [*command, "--data-dir", str(tmp_path / "watch")], stdout=log, stderr=log, env=environment
        )
        try:
            wait_until(lambda: "is well" in (tmp_path / "watch.log").read_text(), "it looks")
            process.kill()
            killed = time.monotonic()
            wait_until(lambda: receiver.requests, "it is told", seconds=180)
            took = time.monotonic() - killed
        finally:
            watcher.kill()
            watcher.wait()
            receiver.stop()
    print(f"killed, and told after {took:.0f} s")
    assert took <= 120
