"""A storm of alerts on a responder of its own: how long webhooks wait, how much memory it takes, how soon it pages."""

import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
from support.alert_storm import storm
from support.responder_process import ResponderProcess, alert, message, responder_process
from support.responding import schedule_text
from support.webhook_receiver import SECRET, WebhookReceiver

#: p99 of a webhook, seconds; from a firing alert to the page, seconds; memory, bytes.
SLOWEST, PAGED_WITHIN, MOST_MEMORY = 0.25, 30.0, 150 * 10**6


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
        process.set_schedule(schedule_text().replace("email: ada@", "phone: +49 30 1000001, email: ada@"))
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
