"""`actinf respond serve` as a process of its own: to be asked, stopped, killed and started again."""

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import coverage
import httpx
from support.documentation import ROOT
from support.responder_site import ResponderSite

ACTINF = Path(sys.executable).with_name("actinf")
_LISTENS = re.compile(r"Incident responder on (http://\S+?),")


def actinf_program() -> list[str]:
    """The command `actinf`; measured, where these tests are."""
    if coverage.Coverage.current() is None:
        return [str(ACTINF)]
    flags = [f"--rcfile={ROOT / 'pyproject.toml'}", "--parallel-mode", f"--data-file={ROOT / '.coverage'}"]
    return [sys.executable, "-m", "coverage", "run", *flags, str(ACTINF)]


class ResponderProcess(ResponderSite):
    """One installation: a folder for its store, and the process that serves it.

    Attributes:
        url, folder: as of every responder; the address is another one after each start.
        log: what it wrote, of all its starts.

    Args:
        folder: for its files.
        flags: of the command.
        measured: whether coverage is told of what it ran, for a second of a core; what is killed tells nothing.
        others: variables that are not the responder's own.
        environment: its own variables, without their prefix.
    """

    def __init__(
        self,
        folder: Path,
        *flags: str,
        measured: bool = False,
        others: Mapping[str, str] | None = None,
        **environment: str,
    ):
        super().__init__(folder / "store")
        self.log = folder / "respond.log"
        command = ["respond", "serve", "--port", "0", "--data-dir", str(self.folder), *flags]
        self._command = [*(actinf_program() if measured else [str(ACTINF)]), *command]
        # The processes that serve the page and that advise are for those who look at them.
        told = {"STATUS_PORT": "none", "ADVICE": "false", **environment}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ACTINF_RESPOND_")}
        own = {f"ACTINF_RESPOND_{name}": value for name, value in told.items()}
        self._environment = {**inherited, **own, **(others or {})}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, "it was not started"
        return self._process.pid

    def start(self) -> None:
        """Start it, and wait until it answers."""
        begins = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._environment
            )
        until = time.monotonic() + 60
        while time.monotonic() < until and self._process.poll() is None:
            said = self.log.read_bytes()[begins:].decode(errors="replace")
            found = _LISTENS.search(said.replace("\n", " "))
            if found is not None:
                self.url = found[1]
                with contextlib.suppress(httpx.TransportError):
                    if httpx.get(f"{self.url}/live", timeout=5).status_code == 200:
                        return
            time.sleep(0.02)
        raise AssertionError(f"it does not answer:\n{self.log.read_text(errors='replace')[-4000:]}")

    def kill(self) -> None:
        """SIGKILL it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def end(self) -> None:
        """Stop it if it runs, so that what was measured of it is kept; kill it where it does not end."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(10)
        self.kill()

    def stop(self) -> int:
        """SIGTERM, and wait for the end; its exit code."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(30)

    def wait(self, seconds: float = 30) -> int:
        """Until it has ended by itself; its exit code."""
        assert self._process is not None
        return self._process.wait(seconds)

    def start_in_vain(self) -> str:
        """Start it where it cannot; what it said."""
        done = subprocess.run(self._command, capture_output=True, text=True, env=self._environment, timeout=60)
        assert done.returncode == 2, done.stderr
        return " ".join(done.stderr.split())

    def rss(self) -> int:
        """Bytes of memory that it takes now."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return int(status.split("VmRSS:")[1].split()[0]) * 1024


@contextlib.contextmanager
def responder_process(
    folder: Path,
    *flags: str,
    measured: bool = False,
    others: Mapping[str, str] | None = None,
    **environment: str,
) -> Iterator[ResponderProcess]:
    """A responder that answers; its own variables are given without their prefix, others as they are."""
    process = ResponderProcess(folder, *flags, measured=measured, others=others, **environment)
    process.start()
    try:
        yield process
    finally:
        process.end()


def alert(name: str, *, status: str = "firing", **labels: str) -> dict[str, Any]:
    """An alert as Alertmanager sends it."""
    return {
        "status": status,
        "labels": {"alertname": name, **labels},
        "annotations": {"summary": f"{name} fires"},
        "startsAt": datetime.now(UTC).isoformat(),
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus.example/graph",
    }


def message(*alerts: Mapping[str, Any]) -> bytes:
    """A message of Alertmanager."""
    return json.dumps({"version": "4", "groupKey": "{}", "truncatedAlerts": 0, "alerts": alerts}).encode()
