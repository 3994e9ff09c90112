"""The responder under a storm: how long a webhook waits, how much memory it takes, how long until somebody is paged.

    python benchmarks/respond.py [--seconds 60] [--rate 1000] [--markdown FILE]

The process is `actinf respond serve` with a real disk under it; alerts come one by one and in messages of twenty, with
the pages going to a provider on this machine.  Exit status: 0, or 1 where a target is missed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from support.alert_storm import storm
from support.responder_process import ResponderProcess, alert, message, responder_process
from support.responding import schedule_text
from support.webhook_receiver import SECRET, WebhookReceiver

#: p99 of a webhook, seconds; from a firing alert to the page, seconds; memory, bytes.
SLOWEST, PAGED_WITHIN, MOST_MEMORY = 0.25, 30.0, 150 * 10**6
PHONES = [("email: ada@", "phone: +49 30 1000001, email: ada@")]


@dataclass(frozen=True)
class Measured:
    """One storm."""

    per_message: int
    accepted: int
    refused: int
    p50: float
    p99: float
    paged: float
    memory: int
    incidents: int
    failures: int

    @property
    def met(self) -> bool:
        return self.p99 <= SLOWEST and self.paged <= PAGED_WITHIN and self.memory <= MOST_MEMORY and not self.failures


def measure(seconds: float, rate: float, per_message: int) -> Measured:
    """A fresh responder, and one storm; in the middle of it an alert that has to be paged."""
    receiver = WebhookReceiver()
    with (
        tempfile.TemporaryDirectory() as folder,
        responder_process(
            Path(folder), "--insecure-local", PAGER_URL=receiver.url, PAGER_SECRET=SECRET, LOG_LEVEL="warning"
        ) as process,
    ):
        text = schedule_text()
        for old, new in PHONES:
            text = text.replace(old, new)
        process.set_schedule(text)
        watched = _Watched(process, receiver, seconds / 2)
        watched.start()
        seen = storm(int(process.url.rpartition(":")[2]), rate=rate, seconds=seconds, per_message=per_message, roots=5)
        watched.join()
        with process.client() as client:
            incidents = len(client.get("/v1/incidents", params={"which": "all"}).json()["incidents"])
    receiver.stop()
    return Measured(
        per_message=per_message,
        accepted=seen.accepted,
        refused=seen.refused,
        p50=seen.quantile(0.5),
        p99=seen.quantile(0.99),
        paged=watched.paged,
        memory=watched.memory,
        incidents=incidents,
        failures=len(seen.failures),
    )


class _Watched(threading.Thread):
    """Beside a storm: the most memory that the process took, and one P0 alert and its page."""

    def __init__(self, process: ResponderProcess, receiver: WebhookReceiver, after: float):
        super().__init__(daemon=True)
        self._process, self._receiver, self._after = process, receiver, after
        self.memory, self.paged = 0, float("inf")

    def run(self) -> None:
        began = time.monotonic()
        fired: float | None = None
        while self.paged == float("inf") or time.monotonic() < began + 2 * self._after:
            self.memory = max(self.memory, self._process.rss())
            if fired is None and time.monotonic() > began + self._after:
                fired = time.monotonic()
                body = message(alert("TheRealOne", severity="critical", component="the real one"))
                httpx.post(f"{self._process.url}/hooks/alertmanager", content=body, timeout=30)
            if fired is not None and self.paged == float("inf"):
                if any("the real one" in str(one) for _, one in list(self._receiver.requests)):
                    self.paged = time.monotonic() - fired
                elif time.monotonic() > fired + 2 * PAGED_WITHIN:
                    return
            time.sleep(0.02)


def table(found: list[Measured]) -> str:
    """What was measured, in Markdown."""
    lines = [
        "| Alerts in a message | Accepted | Refused | p50 | p99 | From the alert to the page | Memory | Incidents |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {one.per_message} | {one.accepted:,} | {one.refused:,} | {one.p50 * 1000:.0f} ms | {one.p99 * 1000:.0f} ms "
        f"| {one.paged:.1f} s | {one.memory / 10**6:.0f} MB | {one.incidents} |"
        for one in found
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="of each storm")
    parser.add_argument("--rate", type=float, default=1000.0, help="alerts a second")
    parser.add_argument("--markdown", type=Path, help="file to write the table to")
    given = parser.parse_args()
    found = [measure(given.seconds, given.rate, per_message) for per_message in (1, 20)]
    told = table(found)
    print(told)
    if given.markdown is not None:
        given.markdown.write_text(told, encoding="utf-8")
    return 0 if all(one.met for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
