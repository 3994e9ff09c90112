"""The catalogue of parts, as it was saved; each state is kept."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime
from functools import lru_cache

from actinf.responder.catalogue.parts import Catalogue
from actinf.responder.store.database import ticks
from actinf.responder.store.office import digest_of

__all__ = ["catalogue", "set_catalogue"]


def catalogue(connection: sqlite3.Connection) -> Catalogue:
    """The catalogue that holds; where none was ever saved, the one that is shipped."""
    row = connection.execute("SELECT document FROM catalogue ORDER BY id DESC LIMIT 1").fetchone()
    return Catalogue.shipped() if row is None else _read(row["document"])


def set_catalogue(connection: sqlite3.Connection, catalogue: Catalogue, *, by: str, now: datetime) -> str:
    """Let this one hold from now on; its digest, for the log of the office."""
    document = json.dumps(catalogue.document())
    connection.execute(
        "INSERT INTO catalogue (saved_at, saved_by, document) VALUES (?, ?, ?)", [ticks(now), by, document]
    )
    return digest_of(document)


@lru_cache(maxsize=2)
def _read(document: str) -> Catalogue:
    # Each alert asks for it.
    return Catalogue.from_document(json.loads(document))
