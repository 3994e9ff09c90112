"""The anchors of the timelines: where their chain ended, signed, in a file of its own beside the store.

The chain shows what was changed within it; that its end was cut off shows against an anchor.  The process that does
what is due writes one whenever events were added since the last.  The file belongs, where there is another, on another
machine: whoever can write both the store and the anchors can cut both.
"""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path

from actinf.responder.store.database import Store
from actinf.runtime.anchor import Anchor, AnchorFile, AnchorWriter, read_anchors
from actinf.runtime.chain import GENESIS, moment

__all__ = ["SYSTEM", "Anchoring", "anchor_path", "anchors_of"]

_LOG = logging.getLogger(__name__)
_FILE = "responder.anchor"

#: What an anchor of timelines says of where it is from.
SYSTEM = "responder"


def anchor_path(folder: Path) -> Path:
    """Where the anchors of the store in a folder are."""
    return folder / _FILE


def anchors_of(folder: Path, key: bytes) -> AnchorFile | None:
    """The anchors of the store in a folder; None: nothing was anchored yet.

    Raises:
        SettingError: the file cannot be read.
    """
    path = anchor_path(folder)
    return read_anchors(path, key) if path.exists() else None


class Anchoring:
    """Writes anchors, for as long as no other process does.

    Args:
        store: whose timelines are anchored.
    """

    def __init__(self, store: Store):
        self._store = store
        self._writer = AnchorWriter(anchor_path(store.folder), store.key, private=True)
        self._is_failing = False

    def anchor(self, now: datetime) -> Anchor | None:
        """Anchor the end of the timelines; None: it is anchored already, or another process does it.

        That an anchor cannot be written stops nothing else: it is told in the log, and by `actinf respond doctor`.
        """
        try:
            written = self._anchor(now)
        except OSError as error:
            if not self._is_failing:
                _LOG.error("the timelines cannot be anchored in %s: %s", anchor_path(self._store.folder), error)
            self._is_failing = True
            return None
        self._is_failing = False
        return written

    def close(self) -> None:
        """Let another process write."""
        self._writer.close()

    def _anchor(self, now: datetime) -> Anchor | None:
        if not self._writer.open():
            return None
        last = self._writer.last
        with self._store.reading() as connection:
            head = connection.execute("SELECT seq, mac FROM event ORDER BY seq DESC LIMIT 1").fetchone()
            seq, mac = (head["seq"], head["mac"].hex()) if head else (0, GENESIS.hex())
            if last is None and seq == 0:
                return None
            if last is not None and (last.seq, last.mac) == (seq, mac):
                return None
            row = connection.execute("SELECT mac FROM event WHERE seq = ?", [last.seq if last else 0]).fetchone()
        follows = last is None or last.seq == 0 or (row is not None and row["mac"].hex() == last.mac)
        if not follows and last is not None:
            _LOG.error(
                "event %d, anchored at %s, is not in the timelines any more: actinf respond verify", last.seq, last.time
            )
        anchor = Anchor(seq=seq, mac=mac, time=moment(now), system=SYSTEM, follows=follows)
        self._writer.write(anchor)
        return anchor
