"""A container: one process in a sandbox, with what it prints written down line by line."""

import asyncio
import contextlib
import datetime as dt
import os
import signal
from pathlib import Path

from support.cluster.sandbox import Sandbox, entered, is_closed

LONGEST_LINE = 16 * 1024  # bytes: a longer one is written in parts, as containerd does
POLL = 0.005  # seconds


class CannotStart(Exception):
    """The sandbox could not be made, or ended before the command began."""


class Container:
    """A process that runs, or has run.

    Attributes:
        pid: of its process 1, as the machine knows it
        log: `TIME stdout|stderr F|P TEXT`, a line each
        environment: the variables, which `exec` gets as well
        killed_for_memory: whether it was ended because it used more than its limit
    """

    def __init__(self, process: asyncio.subprocess.Process, pid: int, log: Path, environment: dict[str, str]):
        self._process = process
        self.pid = pid
        self.log = log
        self.environment = environment
        self.killed_for_memory = False
        self.started = dt.datetime.now(dt.UTC)
        # The processes of the container are those that share its process 1's name space.
        self.name_space = _name_space(pid)
        self._copying: list[asyncio.Task[None]] = []

    @classmethod
    async def start(
        cls, argv: list[str], *, sandbox: Sandbox, environment: dict[str, str], folder: Path, number: int
    ) -> "Container":
        """Start a command; its files lie in `folder`, the log under the number of the start.

        Raises:
            CannotStart: with what the sandbox printed.
        """
        sandbox.scratch.mkdir(parents=True, exist_ok=True)
        report = folder / f"{number}.pid"
        report.unlink(missing_ok=True)
        process = await asyncio.create_subprocess_exec(
            *sandbox.command(argv, report=report),
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        while not _has_begun(report):
            # One that has begun and ended already did start.
            if process.returncode is not None and not report.exists():
                message = (await process.stderr.read()).decode(errors="replace")
                raise CannotStart(message.strip() or f"the sandbox ended with {process.returncode}")
            await asyncio.sleep(POLL)
        container = cls(process, int(report.read_text()), folder / f"{number}.log", environment)
        streams = (("stdout", process.stdout), ("stderr", process.stderr))
        file = container.log.open("ab", buffering=0)
        container._copying = [asyncio.create_task(_copy(stream, name, file)) for name, stream in streams]
        return container

    @property
    def runs(self) -> bool:
        return self._process.returncode is None

    async def wait(self) -> int:
        """Wait for its end: the exit code, 128 and the number of the signal that ended it."""
        code = await self._process.wait()
        await asyncio.gather(*self._copying, return_exceptions=True)
        return code if code >= 0 else 128 - code

    def send(self, number: signal.Signals) -> None:
        if self.runs:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def end(self, grace: float) -> None:
        """Ask it to end, and kill it when the time is over."""
        self.send(signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), grace)
        while self.runs:
            self.send(signal.SIGKILL)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), 1)

    async def execute(self, argv: list[str], *, seconds: float) -> tuple[int, str]:
        """Run a command in it, for a probe or a hook: the exit code and what it printed; -1 when it takes too long."""
        process = await asyncio.create_subprocess_exec(
            *entered(self.pid, argv),
            env=self.environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(seconds):
                printed, _ = await process.communicate()
        except TimeoutError:
            process.kill()
            await process.wait()
            return -1, f"command timed out after {seconds} s"
        return process.returncode or 0, printed.decode(errors="replace")


def _has_begun(report: Path) -> bool:
    """Whether the sandbox is complete: a command that enters it earlier would run on the machine."""
    try:
        text = report.read_text()
        return text.endswith("\n") and is_closed(int(text))
    except OSError:
        # Not written yet; or written by a process that has gone since.
        return report.exists()


def _name_space(pid: int) -> str:
    with contextlib.suppress(OSError):
        return str(Path(f"/proc/{pid}/ns/pid").readlink())
    return ""


async def _copy(stream: asyncio.StreamReader, name: str, file) -> None:
    rest = b""
    while data := await stream.read(65536):
        *lines, rest = (rest + data).split(b"\n")
        moment = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
        mark = f"{moment} {name} ".encode()
        file.write(b"".join(mark + b"F " + line + b"\n" for line in lines))
        if len(rest) > LONGEST_LINE:
            file.write(mark + b"P " + rest + b"\n")
            rest = b""
    if rest:
        moment = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
        file.write(f"{moment} {name} P ".encode() + rest + b"\n")
