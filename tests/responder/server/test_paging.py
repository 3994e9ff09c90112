"""From an alert that fires to somebody who is paged, and what tells the outside that nobody would be."""

import http.server
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from support.loopback import answering
from support.ports import free_port, wait_until
from support.responder_in_thread import responder_in_thread
from support.responder_process import alert, message, responder_process
from support.responding import schedule_text
from support.seeing import program
from support.server_process import ServerProcess
from support.webhook_receiver import SECRET, WebhookReceiver

TOKEN = "token-of-sixteen-letters"


@pytest.fixture
def provider() -> Iterator[WebhookReceiver]:
    receiver = WebhookReceiver()
    yield receiver
    receiver.stop()


def with_phone(text: str) -> str:
    return text.replace("email: ada@example.org", "phone: +49 30 1000001")


def alertmanager(folder: Path, url: str) -> ServerProcess:
    """A real Alertmanager that sends everything to a responder, with its token."""
    port, config = free_port(), folder / "alertmanager.yml"
    hook = {"url": f"{url}/hooks/alertmanager", "http_config": {"authorization": {"credentials": TOKEN}}}
    route = {"receiver": "responder", "group_wait": "0s", "group_by": ["alertname"]}
    config.write_text(
        yaml.safe_dump({"route": route, "receivers": [{"name": "responder", "webhook_configs": [hook]}]}), "utf-8"
    )
    command = [
        program("prometheus-alertmanager"),
        f"--config.file={config}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    return ServerProcess([*command], port=port, log=folder / "alertmanager.log")


def test_an_alert_of_a_real_alertmanager_pages_whoever_is_on_call(tmp_path: Path, provider: WebhookReceiver) -> None:
    with responder_process(
        tmp_path, "--insecure-local", ALERT_TOKENS=TOKEN, PAGER_URL=provider.url, PAGER_SECRET=SECRET
    ) as process:
        process.set_schedule(with_phone(schedule_text()))
        sender = alertmanager(tmp_path, process.url)
        sender.start()
        try:
            fires: dict[str, Any] = alert("ApiDown", severity="critical", component="Active Inference API")
            fired = {key: fires[key] for key in ("labels", "annotations", "startsAt")}
            httpx.post(f"http://127.0.0.1:{sender.port}/api/v2/alerts", json=[fired]).raise_for_status()
            wait_until(lambda: provider.requests, "somebody is paged")
            assert "Active Inference API" in str(provider.requests[0][1])
            with process.client() as client:
                [incident] = client.get("/v1/incidents").json()["incidents"]
                assert (incident["severity"], incident["component"]) == ("P0", "Active Inference API")
                timeline = client.get(f"/v1/incidents/{incident['id']}").json()["timeline"]
                assert [one["who"] for one in timeline if one["kind"] == "paged"] == ["ada"]
                assert (
                    'actinf_respond_deliveries_total{channel="pager",outcome="sent"} 1.0' in client.get("/metrics").text
                )
        finally:
            sender.stop()


def test_a_page_that_could_not_be_delivered_is_delivered_once_the_provider_is_back(
    tmp_path: Path, provider: WebhookReceiver
) -> None:
    provider.illness = 503
    with responder_in_thread(tmp_path, insecure_local=True, pager_url=provider.url, pager_secret=SECRET) as process:
        process.set_schedule(with_phone(schedule_text()))
        with process.client() as client:
            client.post("/hooks/alertmanager", content=message(alert("ApiDown", severity="page"))).raise_for_status()
            wait_until(lambda: provider.requests, "it is tried")
            wait_until(lambda: client.get("/health").json()["status"] == "degraded", "the channel is seen to fail")
            assert client.get("/health").status_code == 200
            provider.illness = None
            wait_until(lambda: provider.acted_on, "it is delivered")
            wait_until(lambda: client.get("/health").json()["status"] == "ok", "the channel is well again")
        assert len(provider.acted_on) == 1


class _Switch:
    """A dead-man's switch: when it was last asked."""

    def __init__(self) -> None:
        self.asked: list[float] = []

    def handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        asked = self.asked

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(time.monotonic())
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        return Handler


def test_signs_of_life_are_given_from_the_start(tmp_path: Path) -> None:
    switch = _Switch()
    with (
        answering(switch.handler()) as port,
        responder_process(tmp_path, "--insecure-local", HEARTBEAT_URL=f"http://127.0.0.1:{port}/secret") as process,
    ):
        wait_until(lambda: switch.asked, "a sign of life")
        assert "/secret" not in process.log.read_text(encoding="utf-8")


def test_the_store_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with responder_in_thread(tmp_path, insecure_local=True) as process, process.client() as client:
        assert client.get("/health").json()["status"] == "ok"
        store = process.store()
        held, done = threading.Event(), threading.Event()

        def hold() -> None:
            with store.writing():
                held.set()
                done.wait(60)

        holder = threading.Thread(target=hold)
        holder.start()
        assert held.wait(10)
        try:
            wait_until(lambda: client.get("/health").status_code == 503, "it is told")
            assert client.get("/live").status_code == 200
        finally:
            done.set()
            holder.join()
            store.close()
        wait_until(lambda: client.get("/health").status_code == 200, "it is well again")
