"""The process: what is answered is kept, one serves a store, and it ends in order."""

import threading
from pathlib import Path

import httpx
from support.ports import wait_until
from support.responder_process import ResponderProcess, alert, message, responder_process
from support.responder_site import ResponderSite

from actinf.responder.store import alerts


def test_every_alert_that_was_answered_is_there_after_a_kill(tmp_path: Path) -> None:
    with responder_process(tmp_path, "--insecure-local") as process:
        answered: list[str] = []

        def send(writer: int) -> None:
            with process.client() as client:
                for number in range(10_000):
                    name = f"burst-{writer}-{number}"
                    try:
                        reply = client.post("/hooks/alertmanager", content=message(alert(name, severity="page")))
                    except httpx.TransportError:
                        return
                    assert reply.status_code == 200, reply.text
                    answered.append(name)

        writers = [threading.Thread(target=send, args=(writer,)) for writer in range(4)]
        for writer in writers:
            writer.start()
        wait_until(lambda: len(answered) > 200, "two hundred alerts are answered")
        process.kill()
        for writer in writers:
            writer.join()
        store = process.store()
        with store.reading() as connection:
            looked_at = [row["alert"] for row in connection.execute("SELECT alert FROM alert")]
            waiting = [row["alert"] for row in connection.execute("SELECT alert FROM inbox")]
        store.close()
        kept = "".join([*looked_at, *waiting])
        assert [name for name in answered if f'"{name}"' not in kept] == []

        process.start()

        def all_looked_at() -> bool:
            with store.reading() as connection:
                return alerts.waiting(connection) == 0

        wait_until(all_looked_at, "what was kept is looked at")
        with process.client() as client:
            found = client.get("/v1/incidents").json()["incidents"]
        store.close()
        # More than ten different ones at once are a storm, and the rest are one incident.
        assert 1 <= len(found) <= 11


def test_a_second_process_on_the_same_store_is_refused(serving: ResponderSite) -> None:
    other = ResponderProcess(serving.folder.parent, "--insecure-local")
    said = other.start_in_vain()
    assert "another process serves the store in" in said
    assert "--data-dir" in said


def test_it_ends_in_order(tmp_path: Path) -> None:
    with responder_process(tmp_path, "--insecure-local", measured=True) as process:
        with process.client() as client:
            client.post("/hooks/alertmanager", content=message(alert("Late", severity="page"))).raise_for_status()
        assert process.stop() == 0
        process.start()
        with process.client() as client:
            wait_until(lambda: client.get("/v1/incidents").json()["incidents"], "the incident is open")
        assert "Stopped: what was accepted is kept" in " ".join(process.log.read_text(encoding="utf-8").split())


def test_the_server_loads_neither_the_engine_nor_a_database(fresh_python) -> None:
    """The process that pages people lives in little memory, beside whatever has gone wrong."""
    done = fresh_python(
        "import sys\n"
        "from actinf.cli import respond\n"
        "from actinf.responder.server import process\n"
        "print([name for name in ('numba', 'numpy', 'sqlalchemy', 'psycopg', 'redis') if name in sys.modules])"
    )
    assert done.stdout.strip() == "[]"
