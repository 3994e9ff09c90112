"""A PostgreSQL on a copy of somebody's files that only this process reaches: to recover it, and to ask what it holds.

It listens on a socket in a folder that is closed to others, takes none of the settings of the server that it is a copy
of, and archives only where it is told to.
"""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

from actinf.errors import BackupError
from actinf.runtime.postgres_cluster import SUPERUSER, end_of
from actinf.runtime.postmaster import discard_stale_file, find_postmaster, lives
from actinf.runtime.server_account import ServerAccount

__all__ = ["MOST_WAL_BYTES", "PrivateServer", "control_data", "private_server"]

_SCRIPTS = Path(__file__).parent
_POLL_SECONDS = 0.02
_MOST_SECONDS_TO_SHOW_UP = 20.0
_MOST_SECONDS_TO_STOP = 120.0
# What a server that recovers must not have less of than the one whose log it reads.
_AT_LEAST_AS_MANY = {
    "max_connections setting": "max_connections",
    "max_worker_processes setting": "max_worker_processes",
    "max_wal_senders setting": "max_wal_senders",
    "max_prepared_xacts setting": "max_prepared_transactions",
    "max_locks_per_xact setting": "max_locks_per_transaction",
}
#: How much of its log it keeps beside its data, as a rule.
MOST_WAL_BYTES = 256 * 2**20
_SETTINGS = {
    "listen_addresses": "",
    # In its own folder: /dev/shm is small in a container, and keeps what a server that was ended at once left there.
    "dynamic_shared_memory_type": "mmap",
    "shared_buffers": "128MB",
    "max_wal_size": f"{MOST_WAL_BYTES // 2**20}MB",
    "shared_preload_libraries": "",
    "logging_collector": "off",
    "log_destination": "stderr",
    "lc_messages": "C",
    "autovacuum": "off",
    "hot_standby": "on",
    "wal_level": "replica",
    "archive_mode": "off",
    "ssl": "off",
    "timezone": "UTC",
}


def control_data(data: Path, account: ServerAccount, binaries: Path) -> dict[str, str]:
    """What the control file of a data directory says, by the names that pg_controldata gives it.

    Raises:
        BackupError: there is none that can be read.
    """
    done = account.run(binaries / "pg_controldata", "--pgdata", data)
    said = dict(line.split(":", 1) for line in done.stdout.splitlines() if ":" in line)
    if done.returncode != 0 or "Database system identifier" not in said:
        raise BackupError(f"{data} holds no PostgreSQL that can be read: {done.stderr.strip() or done.stdout.strip()}")
    if "warning" in done.stderr.lower():
        raise BackupError(f"the control file of {data} is damaged: {done.stderr.strip()}")
    return {name.strip(): value.strip() for name, value in said.items()}


class PrivateServer:
    """A server on a data directory that is nobody else's.

    Args:
        data: the directory; it is changed.
        account: whose it is.
        binaries: the folder of PostgreSQL's programs.
        durable: whether its writes wait for the disk; False for what is thrown away.
    """

    def __init__(self, data: Path, account: ServerAccount, binaries: Path, *, durable: bool):
        self._data = data.resolve()
        self._account = account
        self._binaries = binaries
        self._durable = durable
        self._folder = Path(tempfile.mkdtemp(prefix="actinf-"))
        if account.is_other:
            os.chown(self._folder, account.uid, account.gid)
        for name, text in {"postgresql.conf": "", "ident.conf": "", "hba.conf": "local all all trust\n"}.items():
            account.write(self._folder / name, text)

    @property
    def data(self) -> Path:
        """Its data directory."""
        return self._data

    def recover(
        self, target: Mapping[str, str], *, sources: Sequence[Path] = (), archive_to: Path | None = None
    ) -> None:
        """Start it to recover from the log.

        Args:
            target: recovery_target…, as PostgreSQL calls them.
            sources: folders that it gets the log from, beside its own; the first that has a file gives it.
            archive_to: folder that it archives its log to, once it is promoted; None: nowhere.
        """
        self._account.write(self._data / "recovery.signal", "")
        folders = " ".join(_quoted(folder) for folder in sources)
        fetch = f"sh {_quoted(self._script('fetch_wal.sh'))} %f %p {folders}" if folders else "false"
        settings = {**target, "restore_command": fetch}
        if archive_to is not None:
            script = _quoted(self._script("archive_wal.sh"))
            settings |= {"archive_mode": "on", "archive_command": f"sh {script} %p %f {_quoted(archive_to)}"}
        self._start(settings)

    def wait_until_paused(self, seconds: float) -> None:
        """Wait until it stands at its target.

        Raises:
            BackupError: it did not get there.
        """
        self._wait_for("SELECT pg_is_in_recovery() AND pg_get_wal_replay_pause_state() = 'paused'", seconds)

    def wait_until_promoted(self, seconds: float) -> None:
        """Wait until recovery has ended and it takes writes.

        Raises:
            BackupError: it did not get there.
        """
        self._wait_for("SELECT NOT pg_is_in_recovery()", seconds)

    def url(self, database: str) -> str:
        """The address of a database of it, with all rights."""
        return f"postgresql://{SUPERUSER}@/{database}?host={self._folder}&port=5432"

    @contextmanager
    def connected(self, database: str) -> Iterator[psycopg.Connection[Any]]:
        """A connection, in autocommit."""
        with psycopg.connect(self.url(database), autocommit=True, options="-c statement_timeout=0") as connection:
            yield connection

    def log(self) -> str:
        """What it said."""
        with suppress(OSError):
            return (self._folder / "server.log").read_text(encoding="utf-8", errors="replace")
        return ""

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """Stop it, where it runs.

        Raises:
            BackupError: it did not end.
        """
        self.end(self._data, number)

    @staticmethod
    def end(data: Path, number: signal.Signals) -> None:
        """Stop the server on a data directory, whoever started it, where one runs.

        Raises:
            BackupError: it did not end.
        """
        postmaster = find_postmaster(data)
        if postmaster is None:
            return
        with suppress(ProcessLookupError):
            os.kill(postmaster.pid, number)
        deadline = time.monotonic() + _MOST_SECONDS_TO_STOP
        while lives(postmaster.pid):
            if time.monotonic() > deadline:
                raise BackupError(f"the server on {data} (process {postmaster.pid}) does not end: kill it")
            time.sleep(_POLL_SECONDS)

    def close(self) -> None:
        """Stop it at once, and remove what is not its data."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self._folder, ignore_errors=True)

    # ------------------------------------------------------------------------------------------------------------------

    def _start(self, more: Mapping[str, str]) -> None:
        discard_stale_file(self._data)
        said = control_data(self._data, self._account, self._binaries)
        settings = {
            **_SETTINGS,
            **{setting: said[name] for name, setting in _AT_LEAST_AS_MANY.items()},
            "config_file": str(self._folder / "postgresql.conf"),
            "hba_file": str(self._folder / "hba.conf"),
            "ident_file": str(self._folder / "ident.conf"),
            "unix_socket_directories": f'"{self._folder}"',
            "port": "5432",
            "fsync": "on" if self._durable else "off",
            "full_page_writes": "on" if self._durable else "off",
            **more,
        }
        (self._folder / "server.log").unlink(missing_ok=True)
        self._account.run(
            *("/bin/sh", "-c", '"$@" </dev/null >>"$0" 2>&1 &', self._folder / "server.log"),
            *(self._binaries / "postgres", "-D", self._data),
            *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
        )

    def _script(self, name: str) -> Path:
        """A script of ours where the account can read it."""
        copy = self._folder / name
        if not copy.exists():
            self._account.write(copy, (_SCRIPTS / name).read_text(encoding="utf-8"))
        return copy

    def _wait_for(self, question: str, seconds: float) -> None:
        begun = time.monotonic()
        seen = False
        while (waited := time.monotonic() - begun) < seconds:
            postmaster = find_postmaster(self._data)
            if postmaster is None and (seen or waited > _MOST_SECONDS_TO_SHOW_UP or "FATAL" in self.log()):
                raise BackupError(f"the server on {self._data} ended in recovery; it said:\n{end_of(self.log())}")
            seen = seen or postmaster is not None
            if postmaster is not None and postmaster.is_ready and self._says(question):
                return
            time.sleep(_POLL_SECONDS)
        raise BackupError(
            f"the server on {self._data} did not get there within {seconds:.0f} s; it said:\n{end_of(self.log())}"
        )

    def _says(self, question: str) -> bool:
        try:
            with psycopg.connect(self.url("postgres"), autocommit=True, connect_timeout=3) as connection:
                return connection.execute(question).fetchone() == (True,)
        except psycopg.OperationalError:  # it is about to start, or to end
            return False


def _quoted(path: Path) -> str:
    """A path in a command of the server's configuration, where % stands for something."""
    text = str(path).replace("%", "%%").replace("'", "'\\''")
    return f"'{text}'"


@contextmanager
def private_server(data: Path, account: ServerAccount, binaries: Path, *, durable: bool) -> Iterator[PrivateServer]:
    """A private server that is gone when the block ends."""
    server = PrivateServer(data, account, binaries, durable=durable)
    try:
        yield server
    finally:
        server.close()
