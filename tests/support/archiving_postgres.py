"""A real PostgreSQL as it runs in a pod: its data on a volume with a pointer, its log archived beside it."""

import contextlib
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from support.ports import free_port

from actinf.runtime.postgres_binaries import reachable_binaries
from actinf.runtime.server_account import ServerAccount, account_without_rights
from actinf.runtime.server_account import account_for as owner_of
from actinf.upkeep import backup
from actinf.upkeep.backup.archive import Archive
from actinf.upkeep.backup.live import Live
from actinf.upkeep.backup.private_server import PrivateServer
from actinf.upkeep.database.current import current_data

SCRIPT = Path(backup.__file__).with_name("archive_wal.sh")


@dataclass
class ArchivingServer:
    """A volume, an archive, and a server on them that may be started, ended and killed.

    Attributes:
        folder: that both are in.
        binaries: the folder of PostgreSQL's programs.
        account: that the server runs as.
    """

    folder: Path
    binaries: Path
    account: ServerAccount
    port: int = field(default_factory=free_port)

    @property
    def volume(self) -> Path:
        return self.folder / "data"

    @property
    def archive(self) -> Archive:
        return Archive(root=self.folder / "archive")

    @property
    def data(self) -> Path:
        return current_data(self.volume)

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/actinf"

    def live(self, user: str = "postgres") -> Live:
        """The server as backups see it."""
        return Live(url=self.url.replace("postgres@", f"{user}@"), binaries=self.binaries)

    def make(self) -> None:
        """Make the folders and a cluster."""
        for name in ("data", "archive", "socket"):
            folder = self.folder / name
            folder.mkdir(mode=0o700)
            if self.account.is_other:
                shutil.chown(folder, self.account.uid, self.account.gid)
        self.archive.prepared()
        self.make_cluster()
        shutil.copy(SCRIPT, self.folder / SCRIPT.name)
        (self.folder / SCRIPT.name).chmod(0o644)

    def make_cluster(self) -> None:
        """Make a cluster in the data folder that a new volume uses."""
        options = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-sync", "--wal-segsize=1")
        done = self.account.run(self.binaries / "initdb", "--pgdata", self.volume / "main", *options)
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        """Start the server on the data folder that the pointer names, and wait for it."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": f'"{self.folder / "socket"}"',
            "archive_mode": "on",
            "archive_command": f"sh {self.folder / SCRIPT.name} %p %f {self.archive.wal}",
            "fsync": "off",
            "dynamic_shared_memory_type": "mmap",  # what a killed server leaves in /dev/shm stays there
            "max_wal_senders": "3",
            "timezone": "UTC",
        }
        self.account.run(
            *("/bin/sh", "-c", '"$@" </dev/null >>"$0" 2>&1 &', self.folder / "socket" / "log"),
            *(self.binaries / "postgres", "-D", self.data),
            *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
        )
        deadline = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(self.url.replace("/actinf", "/postgres"), connect_timeout=2).close()
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, (self.folder / "socket" / "log").read_text()
                time.sleep(0.02)
            else:
                return

    def stop(self) -> None:
        """End the server in order, if it runs."""
        PrivateServer.end(self.data.resolve(), signal.SIGINT)

    def kill(self) -> None:
        """End the server at once, as a machine that loses power does."""
        PrivateServer.end(self.data.resolve(), signal.SIGQUIT)

    @contextlib.contextmanager
    def connected(self) -> Iterator[psycopg.Connection]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            yield connection

    def ask(self, question: str) -> object:
        """The one value that a query answers."""
        with self.connected() as connection:
            row = connection.execute(question).fetchone()
        return None if row is None else row[0]

    def twin(self, folder: Path) -> "ArchivingServer":
        """A copy of the volume and the archive, of a server that has ended."""
        folder.mkdir(mode=0o711)
        for name in ("data", "archive", SCRIPT.name):
            subprocess.run(["/bin/cp", "-a", self.folder / name, folder], check=True)
        socket = folder / "socket"
        socket.mkdir(mode=0o700)
        if self.account.is_other:
            shutil.chown(socket, self.account.uid, self.account.gid)
        return ArchivingServer(folder=folder, binaries=self.binaries, account=self.account)


@contextlib.contextmanager
def archiving_server(folder: Path) -> Iterator[ArchivingServer]:
    """A server that runs, with an empty database `actinf`."""
    account = owner_of(folder)
    if account.is_other and account.uid == 0:
        account = account_without_rights()
    server = ArchivingServer(folder=folder, binaries=reachable_binaries(account, folder), account=account)
    server.make()
    server.start()
    try:
        with psycopg.connect(server.url.replace("/actinf", "/postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE actinf")
        yield server
    finally:
        server.kill()
