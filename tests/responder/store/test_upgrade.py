"""A store of an earlier version becomes one of this, with all that is in it."""

import sqlite3
from pathlib import Path

import pytest
from support.responding import responding

from actinf.errors import StoreError
from actinf.responder.catalogue.parts import Catalogue
from actinf.responder.store import schema
from actinf.responder.store.database import FILE, Store
from actinf.responder.verbs import OpenIncident


def version_of(folder: Path) -> int:
    connection = sqlite3.connect(folder / FILE)
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.close()
    return version


@pytest.mark.parametrize("version", range(1, len(schema.STEPS)))
def test_a_store_of_an_earlier_version_opens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: int) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr("actinf.responder.store.database.STEPS", schema.STEPS[:version])
        Store(tmp_path).close()
        assert version_of(tmp_path) == version
    at_hand = responding(tmp_path)
    assert at_hand.desk.catalogue() == Catalogue.shipped()
    assert OpenIncident(component="api", impact="fails").run(at_hand.desk, "ada").incident_type == "api_down"
    at_hand.store.close()
    assert version_of(tmp_path) == len(schema.STEPS)


def test_a_store_of_a_later_release_is_left_alone(tmp_path: Path) -> None:
    Store(tmp_path).close()
    connection = sqlite3.connect(tmp_path / FILE)
    connection.execute(f"PRAGMA user_version = {len(schema.STEPS) + 1}")
    connection.close()
    with pytest.raises(StoreError, match="was written by a later release"):
        Store(tmp_path)
