"""A store of an earlier release is brought up to this one when it is opened, with all that is in it."""

import sqlite3
from pathlib import Path

from actinf.responder.store import alerts, quiets
from actinf.responder.store.database import FILE, Store, moment_of
from actinf.responder.store.schema import STEPS


def test_a_store_of_the_first_version_opens_and_keeps_its_alerts(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE) as first:
        assert isinstance(STEPS[0], str)
        first.executescript(STEPS[0])
        first.execute("PRAGMA user_version = 1")
        first.execute(
            "INSERT INTO alert VALUES ('f', 'p', NULL, 1, '[]', 3, 0, 5, ?)",
            [
                '{"source": "s", "fingerprint": "f", "name": "Down", "status": "firing", "labels": {},'
                ' "annotations": {}, "starts_at": "2026-11-23T10:00:00+00:00", "ends_at": null, "generator_url": ""}'
            ],
        )
    first.close()
    store = Store(tmp_path)
    try:
        with store.reading() as connection:
            assert connection.execute("PRAGMA user_version").fetchone()[0] == len(STEPS)
            known = alerts.known(connection, "f")
            assert known is not None
            assert (known.alert.name, known.times, known.look_at, known.quieted_by) == ("Down", 3, moment_of(5), None)
            assert quiets.in_force(connection, moment_of(5)) == ([], [])
    finally:
        store.close()
