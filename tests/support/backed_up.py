"""Writing into a server that is backed up, and damaging what came of it."""

import random
import threading
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg
from support.archiving_postgres import ArchivingServer

from actinf.upkeep.backup.archive import Backup
from actinf.upkeep.backup.contents import contents
from actinf.upkeep.backup.manifest import TableContent

#: What a login for backups may do, and no more.
LOGIN = """
CREATE ROLE actinf_backup LOGIN REPLICATION IN ROLE pg_read_all_data, pg_maintain, pg_monitor;
GRANT EXECUTE ON FUNCTION pg_switch_wal() TO actinf_backup;
"""
STEP = """
INSERT INTO steps (agent_id, step, episode, time, request_digest, request, action, free_energy, results)
VALUES (%s, %s, 0, 0, 'd', 'r', 1, 0.5, 'x')
"""
AGENT = UUID("01997a3e-5d7c-7c39-9d51-6a1f6b1a2f10")


def add_steps(connection: psycopg.Connection, count: int, *, seed: int = 0) -> None:
    """Steps of nobody, each in a transaction of its own where the connection is in autocommit."""
    draw = random.Random(seed)
    for _ in range(count):
        connection.execute(STEP, (UUID(int=draw.getrandbits(128)), draw.randrange(10**9)))


def held(server: ArchivingServer) -> dict[str, TableContent]:
    """What the tables of a server hold."""
    with server.connected() as connection:
        return contents(connection)


@dataclass(frozen=True)
class BackedUp:
    """A server that has ended, and its backup."""

    server: ArchivingServer
    backup: Backup
    acknowledged_before: int
    acknowledged_after: int


class Writers:
    """Clients that insert, change and remove rows until the block ends, and count what was acknowledged."""

    def __init__(self, url: str, count: int):
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(url, seed)) for seed in range(count)]
        self._counts = [0] * count

    @property
    def inserted(self) -> int:
        return sum(self._counts)

    def __enter__(self) -> "Writers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _write(self, url: str, seed: int) -> None:
        with psycopg.connect(url) as connection:
            number = 0
            while not self._ended.is_set():
                connection.execute(STEP, (AGENT, seed * 10**9 + number))
                connection.execute("UPDATE audit_head SET seq = seq + 1")
                if number % 3 == 0:
                    connection.execute(
                        "INSERT INTO switches (name, position, reason, changed_by) VALUES (%s, 'auto', '', '')",
                        (f"{seed}-{number}",),
                    )
                    connection.execute("DELETE FROM switches WHERE name = %s", (f"{seed}-{number - 3}",))
                connection.commit()
                number += 1
                self._counts[seed] = number


def only_backup(server: ArchivingServer) -> Backup:
    (backup,) = server.archive.backups()
    return backup


def flip_a_byte(file: Path, at: int = -1000) -> None:
    """Change one byte of a file."""
    content = bytearray(file.read_bytes())
    content[at] ^= 1
    file.write_bytes(content)
