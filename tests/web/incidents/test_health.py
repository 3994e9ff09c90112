"""What is wrong with the responder itself is said on its pages."""

from pathlib import Path

from actinf.responder.access.accounts import Access
from actinf.responder.parts import make_parts
from actinf.responder.server.context import Server
from actinf.responder.server.machinery import Machinery
from actinf.responder.server.watchdog import Watchdog
from actinf.responder.settings import RespondSettings
from actinf.web.incidents.health import health_of


def test_that_no_alert_arrives_is_said_for_as_long_as_it_lasts(tmp_path: Path) -> None:
    parts = make_parts(RespondSettings(data_dir=tmp_path, watchdog="Watchdog"))
    machinery, seconds = Machinery(parts), [0.0]
    server = Server(parts, machinery, Access(parts.store, parts.clock))
    machinery.watchdog = Watchdog(
        "Watchdog", 120, parts.store, parts.clock, lambda: None, counted=lambda: seconds[0]
    )  # fmt: skip

    def said() -> list[str]:
        with parts.store.reading() as connection:
            found = health_of(server, connection, None)
        return [one for one in found.grave if "watchdog" in one and "stands still" not in one]

    try:
        assert said() == []
        seconds[0] = 300.0
        machinery.watchdog.once()
        assert said() == ["Alerts do not arrive: the watchdog was not heard for 5 min; look after Prometheus"]
    finally:
        server.close()
        parts.close()
