"""A server that is one child process, and which a test may stop, kill and start again."""

import signal
import subprocess
from pathlib import Path

from support.ports import is_open, wait_until


class ServerProcess:
    """A command that listens on a port of 127.0.0.1; it is ended by its own process id."""

    def __init__(self, command: list[str | Path], *, port: int, log: Path):
        self.command = [str(part) for part in command]
        self.port = port
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, "the server does not run"
        return self._process.pid

    def start(self) -> None:
        """Start it, and wait until it accepts connections."""
        assert self._process is None, "the server runs already"
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        self._process = process

        def accepts_or_has_ended() -> bool:
            return process.poll() is not None or is_open(self.port)

        wait_until(accepts_or_has_ended, f"{self.command[0]} listens on port {self.port}")
        if process.poll() is not None:
            self._process = None
            raise AssertionError(f"{self.command[0]} ended at once:\n{self.log.read_text(errors='replace')[-2000:]}")

    def stop(self) -> None:
        """Ask it to end, and wait for that; nothing where it does not run."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
            self._process = None

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send it a signal, and wait until it has ended by itself.

        Returns:
            Its exit code.
        """
        assert self._process is not None, "the server does not run"
        self._process.send_signal(number)
        code = self._process.wait(30)
        self._process = None
        return code

    def kill(self) -> None:
        """End it by SIGKILL; nothing where it does not run."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
