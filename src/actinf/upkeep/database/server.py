"""PostgreSQL as the one program of a container: made at the first start, prepared at every start, ended in order.

This process is the parent of the server, and the first of its container.  It translates what the container is told: an
end asked for by SIGTERM sends clients away (`fast`), where PostgreSQL by itself would wait for them until it is killed.
What an operator sets by ALTER SYSTEM wins over what is written here at each start.
"""

import ctypes
import os
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from actinf.errors import DatabaseError
from actinf.runtime.logs import first_line
from actinf.runtime.postgres_binaries import discard_other_copies, reachable_binaries
from actinf.runtime.postgres_cluster import DATABASE, SUPERUSER, make_cluster, refuse_other_version
from actinf.runtime.postmaster import discard_stale_file, find_postmaster
from actinf.runtime.preparation import Passwords, make_database, prepare
from actinf.runtime.server_account import ServerAccount, account_for
from actinf.upkeep.address import Address
from actinf.upkeep.database.current import current_data

__all__ = ["ServerSettings", "run_server"]

_SETTINGS_FILE = "actinf.conf"
_ARCHIVER = "archive-wal"
_SECONDS_BETWEEN_TRIES = 0.2
_PR_SET_PDEATHSIG = 1

# Whoever is in the pod is the operator already; by network nobody comes without a password, and no superuser at all.
_ACCESS = f"""\
# Written at each start by `actinf postgres run`.
# TYPE   DATABASE     USER           ADDRESS  METHOD
local    all          all                     trust
local    replication  all                     trust
host     all          {SUPERUSER}       all      reject
host     replication  actinf_backup  all      scram-sha-256
host     all          all            all      scram-sha-256
"""


@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """What a server is told at its start.

    Attributes:
        volume: the folder of the data folders and of the pointer that says which one is used.
        archive: the folder whose `wal/` takes the finished segments of the log of changes.
        listen: where it listens for the network.
        socket_folder: of the Unix socket, by which the programs beside it come without a password.
        max_connections: all together; 8 of them are kept for superusers, operators, backups and the health adapter.
        shared_buffers: memory for pages, in PostgreSQL's words.
        passwords: of the logins.
    """

    volume: Path
    archive: Path
    listen: Address
    socket_folder: Path
    max_connections: int = 100
    shared_buffers: str = "128MB"
    passwords: Passwords = field(default_factory=Passwords)

    @property
    def superuser(self) -> str:
        """How the superuser connects, from within; the database is still to be named."""
        return psycopg.conninfo.make_conninfo(host=str(self.socket_folder), port=self.listen.port, user=SUPERUSER)


def run_server(settings: ServerSettings, say: Callable[[str], None]) -> int:
    """Run PostgreSQL until it ends, or is told to; the first time, make it.

    Args:
        settings: of this server.
        say: takes notes for whoever reads the log, each a sentence.

    Returns:
        The exit code: that of the server, or 128 and the number of the signal that ended it.

    Raises:
        DatabaseError: it cannot be started, and why.
        MissingExtra: the package that holds PostgreSQL is not installed.
    """
    try:
        data = current_data(settings.volume)
        account = account_for(data)
        _hand_over(settings, data, account)
        binaries = reachable_binaries(account, settings.volume)
        discard_other_copies(binaries, settings.volume)
        if not data.exists():
            say(f"making a new database in {data}")
            make_cluster(data, account, binaries, access=["--auth-local=trust", "--auth-host=scram-sha-256"])
        refuse_other_version(data, account, binaries)
        _refuse_second_server(data)
        discard_stale_file(data)
        _write_files(settings, data, account)
    except OSError as error:
        raise DatabaseError(f"PostgreSQL in {settings.volume} cannot be started: {error}") from error
    with _signals_kept() as passed_on:
        server = account.spawn(
            *(binaries / "postgres", "-D", data),
            *("-c", f"listen_addresses={settings.listen.host}", "-c", f"port={settings.listen.port}"),
            *("-c", f"unix_socket_directories={settings.socket_folder}", "-c", "unix_socket_permissions=0700"),
            before=_end_with(os.getpid()),
        )
        passed_on.to = server.pid
        ended = threading.Event()
        threading.Thread(target=_prepare, args=(settings, ended, say), name="preparation", daemon=True).start()
        code = _wait_for(server.pid)
        ended.set()
    return code


# ----------------------------------------------------------------------------------------------------- before the start


def _hand_over(settings: ServerSettings, data: Path, account: ServerAccount) -> None:
    """Make the folders, and see that the account can work in them."""
    for what, folder in (("data", settings.volume), ("archive", settings.archive)):
        if not folder.is_dir():
            raise DatabaseError(f"--{what} is {folder}, which is no folder: mount a volume there")
    wal = settings.archive / "wal"
    for folder in (wal, settings.socket_folder):
        folder.mkdir(parents=True, exist_ok=True)
    for folder in (settings.volume, settings.archive, wal, settings.socket_folder):
        if account.is_other and folder.stat().st_uid != account.uid:
            os.chown(folder, account.uid, account.gid)
        if (closed := account.first_closed_folder(folder)) is not None:
            raise DatabaseError(
                f"the server runs as user {account.name!r}, who cannot enter {closed} on the way to {folder}: let "
                f"others pass: chmod o+x {closed}"
            )
        if account.run("/bin/sh", "-c", 'test -w "$0"', folder).returncode != 0:
            raise DatabaseError(
                f"the server runs as user {account.name!r}, who cannot write {folder}: give the folder to that user, "
                "or set fsGroup where a volume is mounted there"
            )

    if account.is_other and data.exists() and data.stat().st_uid != account.uid:
        for path in (data, *data.rglob("*")):  # restored by root
            os.chown(path, account.uid, account.gid, follow_symlinks=False)
    if data.exists():
        # A volume that is mounted with fsGroup is opened to a group, upon which PostgreSQL refuses it.
        data.chmod(0o700)


def _refuse_second_server(data: Path) -> None:
    other = find_postmaster(data)
    if other is not None:
        raise DatabaseError(f"a server runs on {data} already, process {other.pid}: stop that one first")


def _write_files(settings: ServerSettings, data: Path, account: ServerAccount) -> None:
    """Write what belongs to this release: settings, access, and the program that archives."""
    archiver = settings.volume / _ARCHIVER
    account.write(archiver, (Path(__file__).parent.parent / "backup" / "archive_wal.sh").read_text(encoding="utf-8"))
    lines = "".join(f"{name} = {_quoted(value)}\n" for name, value in _settings(settings, archiver).items())
    account.write(data / _SETTINGS_FILE, f"# Written at each start; ALTER SYSTEM wins over it.\n{lines}")
    account.write(data / "pg_hba.conf", _ACCESS)
    include = f"include_if_exists = '{_SETTINGS_FILE}'"
    written = account.read(data / "postgresql.conf")
    if include not in written:
        account.write(data / "postgresql.conf", f"{written}\n{include}\n")


def _settings(settings: ServerSettings, archiver: Path) -> dict[str, str]:
    wal = str(settings.archive / "wal")
    archive_command = " ".join(
        ["/bin/sh", shlex.quote(str(archiver)).replace("%", "%%"), '"%p"', '"%f"', shlex.quote(wal).replace("%", "%%")]
    )
    return {
        "max_connections": str(settings.max_connections),
        "superuser_reserved_connections": "3",
        "reserved_connections": "5",
        "shared_buffers": settings.shared_buffers,
        "password_encryption": "scram-sha-256",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "shared_preload_libraries": "pg_stat_statements",
        "track_io_timing": "on",
        "wal_level": "replica",
        "archive_mode": "on",
        "archive_command": archive_command,
        # A quiet server loses no more than this when its disk is lost.
        "archive_timeout": "30s",
        "log_line_prefix": "%m [%p] %q%u@%d %a ",
        "log_min_duration_statement": "500ms",
        "log_lock_waits": "on",
        "deadlock_timeout": "1s",
        "log_temp_files": "16MB",
        "log_autovacuum_min_duration": "10s",
        # What statements were given stays out of the log: it holds observations.
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
        # A client that vanished without a word is noticed within a minute, and so are its locks.
        "tcp_keepalives_idle": "30",
        "tcp_keepalives_interval": "10",
        "tcp_keepalives_count": "3",
    }


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


# ------------------------------------------------------------------------------------------------------- while it runs


class _PassedOn:
    """Where signals go; until there is a server they are kept."""

    def __init__(self) -> None:
        self._to: int | None = None
        self._kept: list[int] = []

    @property
    def to(self) -> int | None:
        """The server's process."""
        return self._to

    @to.setter
    def to(self, pid: int) -> None:
        self._to = pid
        for number in self._kept:
            os.kill(pid, number)

    def __call__(self, number: int, _frame: object) -> None:
        wanted = {signal.SIGTERM: signal.SIGINT}.get(signal.Signals(number), number)
        if self._to is None:
            self._kept.append(wanted)
            return
        with suppress(ProcessLookupError):  # it has ended by itself
            os.kill(self._to, wanted)


@contextmanager
def _signals_kept() -> Iterator[_PassedOn]:
    """Hand on what this process is told, as long as the block lasts."""
    passed_on = _PassedOn()
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP)
    before = {number: signal.signal(number, passed_on) for number in numbers}
    try:
        yield passed_on
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_with(parent: int) -> Callable[[], None]:
    """What lets a child end when its parent does, also by SIGKILL: nobody would hand it signals any more.

    Linux alone can do that; elsewhere the server stays, and the next start says so.
    """
    if not sys.platform.startswith("linux"):
        return lambda: None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def in_the_child() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return in_the_child


def _wait_for(server: int) -> int:
    """Wait until the server ends, and collect whoever else was left to the first process of the container."""
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == server:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _prepare(settings: ServerSettings, ended: threading.Event, say: Callable[[str], None]) -> None:
    """Make and prepare the database as soon as the server can be written; one that is being recovered cannot yet.

    What keeps it from being prepared is said, and the server goes on: a database that serves is worth more.
    """
    told = ""
    while not ended.wait(_SECONDS_BETWEEN_TRIES):
        try:
            make_database(f"{settings.superuser} dbname={SUPERUSER}", DATABASE)
            prepare(f"{settings.superuser} dbname={DATABASE}", passwords=settings.passwords)
        except (psycopg.Error, DatabaseError) as error:
            if ended.is_set() or _is_on_its_way(error):
                continue
            if str(error) != told:
                told = str(error)
                say(f"the database is not prepared yet: {first_line(error)}")
            ended.wait(10 * _SECONDS_BETWEEN_TRIES)
        else:
            say(f"the database {DATABASE} is prepared")
            return


def _is_on_its_way(error: Exception) -> bool:
    """Whether a server is starting, or recovers what it will soon have."""
    said = str(error)
    return isinstance(error, psycopg.errors.ReadOnlySqlTransaction) or any(
        words in said for words in ("starting up", "not yet accepting", "No such file", "Connection refused")
    )
