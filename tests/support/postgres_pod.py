"""`actinf postgres run` as a process: the server of an installation, with volumes that are folders."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from support.ports import free_port, wait_until
from support.postgres import folder_for_servers
from support.server_process import ServerProcess

from actinf.runtime.postgres_binaries import installed_binaries

PASSWORDS = {
    "ACTINF_DATABASE_OWNER_URL": "postgresql://actinf_owner:owns%20it@postgres:5432/actinf",
    "ACTINF_DATABASE_URL": "postgresql://actinf_service:serves@postgres:5432/actinf",
    "ACTINF_OPERATOR_PASSWORD": "looks",
    "ACTINF_BACKUP_PASSWORD": "copies",
}
PASSWORD_OF = {
    "actinf_owner": "owns it",
    "actinf_service": "serves",
    "actinf_operator": "looks",
    "actinf_backup": "copies",
}


class PostgresPod(ServerProcess):
    """The server, its volumes below `folder`, and the psql that is beside it."""

    def __init__(self, folder: Path, *flags: str, environment: dict[str, str] | None = None):
        self.volume, self.archive, self.sockets = folder / "data", folder / "archive", folder / "run"
        self.volume.mkdir(exist_ok=True)
        self.archive.mkdir(exist_ok=True)
        port = free_port()
        where = ["--data", self.volume, "--archive", self.archive, "--socket-folder", self.sockets]
        run = [sys.executable, "-m", "actinf.cli", "postgres", "run", *where, "--listen", f"127.0.0.1:{port}", *flags]
        variables = [f"{name}={value}" for name, value in {**PASSWORDS, **(environment or {})}.items()]
        super().__init__(
            ["env", *variables, *run],
            port=port,
            log=folder / "postgres.log",
        )

    def start(self) -> None:
        """Start it, and wait until the database is prepared."""
        told = self.said().count("is prepared")
        super().start()
        wait_until(lambda: self.said().count("is prepared") > told, "the database is prepared")

    def said(self) -> str:
        """What it wrote so far."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    @property
    def psql_program(self) -> Path:
        """The psql of the server's version."""
        return installed_binaries() / "psql"

    @property
    def local(self) -> str:
        """How user postgres connects from beside it."""
        return f"host={self.sockets} port={self.port} user=postgres dbname=actinf"

    def address(self, login: str) -> str:
        """How a login connects by network."""
        password = f":{quote(PASSWORD_OF[login])}" if login in PASSWORD_OF else ""
        return f"postgresql://{login}{password}@127.0.0.1:{self.port}/actinf"

    def psql(self, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Run the real psql as `kubectl exec postgres-0 --` does, with the variables of the pod."""
        environment = {"PGHOST": str(self.sockets), "PGPORT": str(self.port), "PGDATABASE": "actinf"}
        done = subprocess.run(
            [self.psql_program, "--no-psqlrc", *arguments],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0 or not check, done.stderr
        return done

    def ask(self, query: str, parameters: Sequence[Any] = ()) -> Any:
        """The first column of the first row, as user postgres."""
        with psycopg.connect(self.local, autocommit=True) as connection:
            cursor = connection.execute(query, parameters)
            row = cursor.fetchone() if cursor.description else None
        return row and row[0]


@contextlib.contextmanager
def postgres_pod(*flags: str) -> Iterator[PostgresPod]:
    """A server of one's own, prepared."""
    with folder_for_servers() as folder:
        pod = PostgresPod(folder, *flags)
        try:
            pod.start()
            yield pod
        finally:
            pod.stop()
