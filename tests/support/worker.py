"""Real worker processes for tests."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from support.ports import wait_until


class WorkerProcess:
    """`actinf worker` on a database, which a test may tell to end, or kill."""

    def __init__(self, database_url: str, log: Path):
        self.log = log
        command = [sys.executable, "-m", "actinf.cli", "worker", "--data-dir", str(log.parent), "--log-format", "json"]
        with log.open("ab") as file:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, "ACTINF_DATABASE_URL": database_url},
            )

    def wait_until_ready(self) -> None:
        """Until it waits for jobs."""
        wait_until(
            lambda: self.process.poll() is not None or "the worker waits for jobs" in self.log.read_text(),
            "the worker waits for jobs",
        )
        assert self.process.poll() is None, self.log.read_text()[-3000:]

    def end(self) -> int:
        """Tell it to end; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def kill(self) -> None:
        """End it by SIGKILL."""
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def running_worker(database_url: str, folder: Path) -> Iterator[WorkerProcess]:
    """A worker that is ready; killed at the end where it still runs."""
    worker = WorkerProcess(database_url, folder / "worker.log")
    try:
        worker.wait_until_ready()
        yield worker
    finally:
        worker.kill()
