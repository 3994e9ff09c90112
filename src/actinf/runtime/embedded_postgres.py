"""A real PostgreSQL in a directory of one's own, for an actinf that nobody told of a database.

It is the PostgreSQL that production runs, so there is one dialect of SQL, and what is known about operating it holds at
home as well.  The server outlives the process that started it: who comes next adopts it.  Nothing here speaks the
protocol of PostgreSQL; its own programs do.  Backups and other machines are not looked after here.
"""

import contextlib
import fcntl
import os
import secrets
import signal
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from actinf.errors import DatabaseError, SettingError
from actinf.runtime.postgres_binaries import discard_other_copies, installed_binaries, reachable_binaries
from actinf.runtime.postgres_cluster import (
    DATABASE,
    SUPERUSER,
    disk_state,
    end_of,
    make_cluster,
    refuse_other_version,
)
from actinf.runtime.postmaster import Postmaster, discard_stale_file, find_postmaster, lives
from actinf.runtime.server_account import ServerAccount, account_for

__all__ = ["EmbeddedPostgres", "StopMode"]

StopMode = Literal["smart", "fast", "immediate"]

HOST = "127.0.0.1"

# Written into postgresql.conf when the cluster is made, where an operator may change them.
INITIAL_SETTINGS = {
    "max_connections": "60",
    "shared_buffers": "64MB",
    "shared_preload_libraries": "pg_stat_statements",
    "fsync": "on",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}
# For data that may be lost with the machine.
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

POLL = 0.02  # seconds
# Recovery after a crash may have much to do; a server that ends is noticed at once.
MOST_SECONDS_TO_START = 300.0
MOST_SECONDS_TO_STOP = 120.0
# The processes of a postmaster that was killed go when they notice it; until then its memory is taken.
MOST_SECONDS_FOR_PREDECESSOR = 15.0
PREDECESSOR_STAYS = ("pre-existing shared memory block", "Address already in use", "lock file")
LONGEST_SOCKET_PATH = 103  # bytes: macOS; Linux takes 107
LARGEST_LOG = 8 * 2**20  # bytes, at a start

SIGNALS = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}


@dataclass(frozen=True, kw_only=True)
class EmbeddedPostgres:
    """A PostgreSQL server on 127.0.0.1, with its data, its password, its port and its log in one directory.

    As root the server runs under another account (see `server_account`), which then owns the directory.

    Attributes:
        directory: holds `data/`, `password`, `port`, `server.log` and a Unix socket; made where it is missing
        durable: whether a commit waits for the disk.  False makes a machine that loses power lose data; it is for data
            that nobody wants back.
    """

    directory: Path
    durable: bool = True

    def __post_init__(self) -> None:
        # One spelling, by which the server's process is recognised whoever started it.
        object.__setattr__(self, "directory", Path(self.directory).expanduser().resolve())

    @property
    def data(self) -> Path:
        """The data directory of PostgreSQL."""
        return self.directory / "data"

    @property
    def log(self) -> Path:
        """What the server writes; at a start that finds it large, it is moved to `server.log.1`."""
        return self.directory / "server.log"

    @property
    def binaries(self) -> Path:
        """The folder of psql, pg_dump, pg_basebackup and the others, of the same version as the server.

        Raises:
            MissingExtra: the package that holds them is not installed.
        """
        return installed_binaries()

    @property
    def is_made(self) -> bool:
        """Whether there is a cluster, running or not; also where this user may not look: `start` then says why."""
        try:
            return self.data.exists()
        except PermissionError:
            return True

    @property
    def pid(self) -> int | None:
        """The process of the server, or None where none runs.

        Raises:
            DatabaseError: the server's own record of it makes no sense.
        """
        postmaster = find_postmaster(self.data)
        return None if postmaster is None else postmaster.pid

    @property
    def running(self) -> bool:
        """Whether the server's process lives; it may be starting or stopping.

        Raises:
            DatabaseError: as for `pid`.
        """
        return self.pid is not None

    def start(self) -> str:
        """Start the server, or adopt the one that runs, and wait until it answers; the first time, make it.

        Any number of processes may do this at once: one server results.

        Returns:
            The address of the database `actinf`, with the superuser's password: `postgresql://…`.

        Raises:
            DatabaseError: it cannot be started; the message says why, with the end of the server's log.
            MissingExtra: the package that holds PostgreSQL is not installed.
        """
        account = account_for(self.directory)
        try:
            self._prepare_directory(account)
            with self._locked():
                self._refuse_foreign_directory()
                binaries = reachable_binaries(account, self.directory)
                if not self.data.exists():
                    self._make_cluster(account, binaries)
                refuse_other_version(self.data, account, binaries)
                postmaster = self._adopt() or self._launch(account, binaries)
                password = self._password(account)
                self._make_database(account, binaries, postmaster, password)
                return f"postgresql://{SUPERUSER}:{password}@{HOST}:{postmaster.port}/{DATABASE}"
        except OSError as error:
            raise DatabaseError(
                f"PostgreSQL in {self.directory} cannot be started: {error}{disk_state(self.directory)}"
            ) from error

    def stop(self, *, mode: StopMode = "fast") -> None:
        """Stop the server, and wait until it has ended; nothing happens where none runs.

        Args:
            mode: `smart` waits until all clients have gone, `fast` sends them away, and `immediate` leaves the rest to
                the recovery of the next start.

        Raises:
            SettingError: no such mode.
            DatabaseError: it did not end in time, or may not be stopped by this user.
        """
        if mode not in SIGNALS:
            raise SettingError(f"mode={mode!r} is no way to stop PostgreSQL: expected one of {', '.join(SIGNALS)}")
        if not self.data.exists():
            return
        try:
            with self._locked():
                postmaster = find_postmaster(self.data)
                if postmaster is None:
                    return
                with contextlib.suppress(ProcessLookupError):  # it has ended by itself
                    os.kill(postmaster.pid, SIGNALS[mode])
                self._wait_until_gone(postmaster.pid)
        except OSError as error:
            raise DatabaseError(f"PostgreSQL in {self.directory} cannot be stopped: {error}") from error

    # ------------------------------------------------------------------------------------------------ the directory

    def _prepare_directory(self, account: ServerAccount) -> None:
        """Make the directory with what is missing above it, for nobody but the account."""
        missing = [folder for folder in reversed(self.directory.parents) if not folder.exists()]
        for folder in missing:
            folder.mkdir(exist_ok=True)
            if account.is_other:
                folder.chmod(0o711)  # passed through by the account, and listed by nobody else
        self.directory.mkdir(exist_ok=True)
        if not self.data.exists():
            self._refuse_foreign_directory()  # before it changes hands
        if account.is_other:
            os.chown(self.directory, account.uid, account.gid)
        self.directory.chmod(0o700)
        if account.is_other and (closed := account.first_closed_folder(self.directory)) is not None:
            raise DatabaseError(
                f"PostgreSQL does not run as root but as user {account.name!r}, who cannot enter {closed} on the "
                f"way to {self.directory}: choose another data directory, or let others pass: chmod o+x {closed}"
            )

    def _refuse_foreign_directory(self) -> None:
        """Raise DatabaseError where the directory holds what is not ours."""
        if self.data.exists():
            if not (self.data / "PG_VERSION").is_file():
                raise DatabaseError(
                    f"{self.data} holds no PostgreSQL cluster (no file PG_VERSION): move it away, or choose another "
                    "data directory"
                )
            return
        foreign = sorted(entry.name for entry in self.directory.iterdir() if not _is_ours(entry.name))
        if foreign:
            raise DatabaseError(
                f"{self.directory} holds {foreign[0]!r} and no PostgreSQL cluster: choose a data directory that is "
                "empty, or does not exist"
            )

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Nobody else starts or stops this server meanwhile; the system gives the lock back if this process dies."""
        file = os.open(self.directory / "lock", os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        finally:
            os.close(file)

    # -------------------------------------------------------------------------------------------------- the cluster

    def _make_cluster(self, account: ServerAccount, binaries: Path) -> None:
        """Make the data directory, with a password that only its account can read."""
        password = self.directory / "password"
        password.unlink(missing_ok=True)
        account.write(password, secrets.token_urlsafe(32) + "\n")
        access = ["--auth=scram-sha-256", f"--pwfile={password}"]
        make_cluster(self.data, account, binaries, access=access, settings=INITIAL_SETTINGS, durable=self.durable)

    def _make_database(self, account: ServerAccount, binaries: Path, postmaster: Postmaster, password: str) -> None:
        """Create the database where it is missing, which also proves that the server answers, and to our password."""
        done = account.run(
            binaries / "psql",
            *("--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1"),
            *(f"--host={HOST}", f"--port={postmaster.port}", f"--username={SUPERUSER}", "--dbname=postgres"),
            environment={"PGPASSWORD": password, "PGCONNECT_TIMEOUT": "30"},
            standard_input=f"SELECT 'CREATE DATABASE {DATABASE}' WHERE NOT EXISTS "
            f"(SELECT FROM pg_database WHERE datname = '{DATABASE}') \\gexec\n",
        )
        if done.returncode != 0:
            raise DatabaseError(
                f"PostgreSQL in {self.directory} runs (process {postmaster.pid}), but does not do as it is asked: "
                f"{done.stderr.strip()}\n{self._what_the_log_says()}"
            )

    def _password(self, account: ServerAccount) -> str:
        file = self.directory / "password"
        try:
            return account.read(file).strip()
        except FileNotFoundError:
            raise DatabaseError(
                f"{file}, which holds the password of the server's user {SUPERUSER!r}, is missing: put it back from a "
                "backup; nothing else knows it"
            ) from None

    # --------------------------------------------------------------------------------------------------- the server

    def _adopt(self) -> Postmaster | None:
        """The server that runs already, once it is ready; None where there is none, or it was about to end."""
        found = find_postmaster(self.data)
        return None if found is None else self._wait_until_ready(found.pid)

    def _launch(self, account: ServerAccount, binaries: Path) -> Postmaster:
        """Start a server, and wait until it is ready."""
        if self.log.exists() and self.log.stat().st_size > LARGEST_LOG:
            self.log.replace(self.log.with_name("server.log.1"))
        discard_stale_file(self.data)
        discard_other_copies(binaries, self.directory)
        deadline = time.monotonic() + MOST_SECONDS_FOR_PREDECESSOR
        while True:
            written = self.log.stat().st_size if self.log.exists() else 0
            pid, complaint = self._spawn(account, binaries)
            postmaster = self._wait_until_ready(pid)
            if postmaster is not None:
                return postmaster
            said = self._log_from(written) or complaint
            if time.monotonic() > deadline or not any(words in said for words in PREDECESSOR_STAYS):
                raise DatabaseError(
                    f"PostgreSQL did not start in {self.directory}; it said:\n{end_of(said)}"
                    f"{disk_state(self.directory)}"
                )
            time.sleep(5 * POLL)

    def _spawn(self, account: ServerAccount, binaries: Path) -> tuple[int, str]:
        """Start the server's process; returns its id, and what the shell had to say where it could not.

        The shell ends at once, so that the server is no child of this process, which may end before it and need not
        collect it; and it is in a session of its own: Ctrl-C in a terminal stops the API, which then stops the server.
        """
        settings = {
            "listen_addresses": HOST,
            "port": str(self._port(account)),
            "unix_socket_directories": self._socket_directory(),
            **({} if self.durable else NOT_DURABLE),
        }
        done = account.run(
            *("/bin/sh", "-c", '"$@" </dev/null >>"$0" 2>&1 & echo $!', self.log, binaries / "postgres"),
            *("-D", self.data),
            *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
        )
        return int(done.stdout), done.stderr

    def _port(self, account: ServerAccount) -> int:
        """The port of the last time if it is free, else one that is; kept, so that addresses stay valid."""
        file = self.directory / "port"
        try:
            kept = int(account.read(file))
        except (FileNotFoundError, ValueError):
            kept = 0
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, kept))
            except (OSError, OverflowError):
                probe.bind((HOST, 0))
            port: int = probe.getsockname()[1]
        if port != kept:
            account.write(file, f"{port}\n")
        return port

    def _socket_directory(self) -> str:
        """Where the Unix socket goes, in PostgreSQL's spelling; nowhere if the system could not take its path."""
        longest = self.directory / ".s.PGSQL.65535"
        if len(os.fsencode(longest)) > LONGEST_SOCKET_PATH or '"' in str(self.directory):
            return ""
        return f'"{self.directory}"'

    def _wait_until_ready(self, pid: int) -> Postmaster | None:
        """Wait until a server takes connections; None where it ends before."""
        deadline = time.monotonic() + MOST_SECONDS_TO_START
        while lives(pid):
            found = find_postmaster(self.data)
            if found is not None and found.pid == pid and found.is_ready:
                return found
            if time.monotonic() > deadline:
                raise DatabaseError(
                    f"PostgreSQL in {self.directory} (process {pid}) was not ready after {MOST_SECONDS_TO_START:.0f} s "
                    f"and goes on trying: wait, and start again\n{self._what_the_log_says()}"
                )
            time.sleep(POLL)
        return None

    def _wait_until_gone(self, pid: int) -> None:
        deadline = time.monotonic() + MOST_SECONDS_TO_STOP
        while lives(pid):
            if time.monotonic() > deadline:
                raise DatabaseError(
                    f"PostgreSQL in {self.directory} (process {pid}) had not ended after {MOST_SECONDS_TO_STOP:.0f} s: "
                    f"stop it with mode='immediate'\n{self._what_the_log_says()}"
                )
            time.sleep(POLL)

    # --------------------------------------------------------------------------------------------- what a failure says

    def _log_from(self, position: int) -> str:
        try:
            with self.log.open("rb") as file:
                file.seek(position)
                return file.read().decode("utf-8", errors="replace")
        except OSError:
            return ""

    def _what_the_log_says(self) -> str:
        size = self.log.stat().st_size if self.log.exists() else 0
        return f"The end of {self.log}:\n{end_of(self._log_from(max(0, size - 8192)))}"


def _is_ours(name: str) -> bool:
    """Whether an entry of the directory is one of those that stand there before there is a cluster."""
    known = {"data", "data.partial", "lock", "password", "port", "server.log", "server.log.1", "lost+found"}
    return name in known or name.startswith(("server-", ".s.PGSQL."))
