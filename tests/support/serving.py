"""`actinf serve` as a process of its own, with its embedded database: to be killed and started again."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
from support.ports import free_port
from support.postgres import folder_for_servers

from actinf.runtime.embedded_postgres import EmbeddedPostgres

ACTINF = Path(sys.executable).with_name("actinf")


class Serving:
    """One installation: a data directory, a port, and the process that serves it.

    `keep()` starts the process again whenever it has died, as a service manager does.
    """

    def __init__(self, folder: Path, *flags: str, **environment: str):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database = EmbeddedPostgres(directory=folder / "postgres")
        self.log = folder / "serve.log"
        self._command = [str(ACTINF), "serve", "--port", str(self.port), "--data-dir", str(folder), "--insecure-local"]
        self._command += flags
        self._environment = {**os.environ, "ACTINF_DRAIN_SECONDS": "0", **environment}
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = threading.Event()
        self.starts = 0

    @property
    def pid(self) -> int:
        """Of the process that serves."""
        assert self._process is not None, "it was not started"
        return self._process.pid

    def start(self) -> None:
        """Start the process; do not wait."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._environment
            )
        self.starts += 1

    def wait_until_ready(self, seconds: float = 120, *, path: str = "/ready") -> None:
        """Until it takes requests; with `path="/health"`, until the database works as well."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{self.url}{path}", timeout=5).status_code == 200:
                    return
            time.sleep(0.05)
        raise AssertionError(f"not ready:\n{self.log.read_text(errors='replace')[-4000:]}")

    def kill(self) -> None:
        """SIGKILL the process that serves."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def signal(self, number: int) -> None:
        """Send the process a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def wait(self, seconds: float = 60) -> int:
        """Until the process has ended; its exit code."""
        assert self._process is not None
        return self._process.wait(seconds)

    def kill_database(self) -> None:
        """SIGKILL the postmaster."""
        pid = self.database.pid
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def keep(self) -> threading.Thread:
        """Start the process again whenever it has died."""

        def run() -> None:
            while not self._ended.wait(0.05):
                if self._process is None or self._process.poll() is not None:
                    self.start()

        keeper = threading.Thread(target=run, name="service manager", daemon=True)
        keeper.start()
        return keeper

    def stop(self) -> None:
        """End everything."""
        self._ended.set()
        time.sleep(0.1)
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                self.kill()
        self.database.stop(mode="immediate")


@contextlib.contextmanager
def serving(*flags: str, **environment: str) -> Iterator[Serving]:
    """An installation in a folder of its own, not yet started."""
    with folder_for_servers() as folder:
        installation = Serving(folder, *flags, **environment)
        try:
            yield installation
        finally:
            installation.stop()
