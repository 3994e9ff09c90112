"""What kubectl follows: the logs of a container, and a command that runs in it over a WebSocket."""

import asyncio
import contextlib
import datetime as dt
import fcntl
import json
import os
import pty
import struct
import termios
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.websockets import WebSocket, WebSocketDisconnect
from support.cluster.errors import BadRequest, NotFound
from support.cluster.kubelet import Kubelet
from support.cluster.lives import ContainerLife
from support.cluster.sandbox import entered
from support.cluster.store import name_of

POLL = 0.05  # seconds
STDIN, STDOUT, STDERR, ERROR, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255
PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")


class Streams:
    """Logs and commands of the pods of a kubelet."""

    def __init__(self, kubelet: Kubelet):
        self._kubelet = kubelet

    def _container(self, pod: dict, name: str | None) -> ContainerLife:
        life = self._kubelet.life_of(pod)
        if life is None:
            raise NotFound("pods", name_of(pod))
        if name is None and len(life.containers) > 1:
            choice = " ".join(each.name for each in life.containers)
            raise BadRequest(f"a container name must be specified for pod {name_of(pod)}, choose one of: [{choice}]")
        everybody = [*life.containers, *life.inits]
        found = next((each for each in everybody if name in {None, each.name}), None)
        if found is None:
            raise BadRequest(f"container {name} is not valid for pod {name_of(pod)}")
        return found

    # ------------------------------------------------------------------------------------------------------ logs

    def logs(self, pod: dict, query: Mapping[str, str]) -> Response:
        """The log of a container, from where the query says, and what follows where it says so.

        Raises:
            BadRequest: there is no such container, or no log yet, or none of a run before.
        """
        container = self._container(pod, query.get("container"))
        previous = query.get("previous") == "true"
        path = container.log(previous=previous)
        if path is None:
            what = f'container "{container.name}" in pod "{name_of(pod)}"'
            if previous:
                raise BadRequest(f"previous terminated {what} not found")
            reason = container.status()["state"].get("waiting", {}).get("reason", "ContainerCreating")
            raise BadRequest(f"{what} is waiting to start: {reason}")
        lines, end = _read(path, 0)
        lines = [line for line in lines if _is_wanted(line, query)]
        if query.get("tailLines"):
            lines = lines[len(lines) - min(int(query["tailLines"]), len(lines)) :]
        with_time = query.get("timestamps") == "true"
        text = b"".join(_shown(line, with_time) for line in lines)
        if query.get("limitBytes"):
            text = text[: int(query["limitBytes"])]
        if query.get("follow") != "true" or previous:
            return PlainTextResponse(text)
        return StreamingResponse(self._follow(container, path, text, end, with_time), media_type="text/plain")

    async def _follow(
        self, container: ContainerLife, path: Path, text: bytes, end: int, with_time: bool
    ) -> AsyncIterator[bytes]:
        number = container.restarts
        yield text
        while True:
            goes_on = container.restarts == number and container.process is not None and container.process.runs
            lines, end = _read(path, end)
            if lines:
                yield b"".join(_shown(line, with_time) for line in lines)
            elif not goes_on:
                return
            else:
                await asyncio.sleep(POLL)

    # ------------------------------------------------------------------------------------------------------ exec

    def running(self, pod: dict, name: str | None) -> ContainerLife:
        """The container in which a command is to run.

        Raises:
            BadRequest: it does not run.
        """
        container = self._container(pod, name)
        if container.process is None or not container.process.runs:
            raise BadRequest(f'unable to upgrade connection: container not found ("{container.name}")')
        return container

    async def execute(self, pod: dict, socket: WebSocket) -> None:
        """Run a command in a container; its streams are the channels of the socket."""
        query = socket.query_params
        offered = socket.scope["subprotocols"]
        try:
            container = self.running(pod, query.get("container"))
        except (BadRequest, NotFound) as refusal:
            await socket.send_denial_response(JSONResponse(refusal.status, refusal.code))
            return
        await socket.accept(subprotocol=next((each for each in PROTOCOLS if each in offered), None))
        process = container.process
        working_directory = container.manifest.get("workingDir", "/")
        argv = entered(process.pid, query.getlist("command"), working_directory=working_directory)
        session = _Session(socket, argv, process.environment, query)
        await session.run()


class _Session:
    """One `kubectl exec`."""

    def __init__(self, socket: WebSocket, argv: list[str], environment: dict[str, str], query: Mapping[str, str]):
        self._socket = socket
        self._argv = argv
        self._environment = environment
        self._terminal = query.get("tty") in {"true", "1"}
        self._has_stdin = query.get("stdin") in {"true", "1"}

    async def run(self) -> None:
        if self._terminal:
            ours, theirs = pty.openpty()
            streams = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
            environment = self._environment | {"TERM": "xterm"}
        else:
            pipe = asyncio.subprocess.PIPE
            streams = {"stdin": pipe if self._has_stdin else asyncio.subprocess.DEVNULL, "stdout": pipe, "stderr": pipe}
            environment = self._environment

        process = await asyncio.create_subprocess_exec(
            *(["/usr/bin/setsid", "--ctty", "--wait", *self._argv] if self._terminal else self._argv),
            env=environment,
            **streams,
        )
        if self._terminal:
            os.close(theirs)
            writing = [asyncio.create_task(self._send_terminal(ours))]
        else:
            pairs = ((STDOUT, process.stdout), (STDERR, process.stderr))
            writing = [asyncio.create_task(self._send(channel, stream)) for channel, stream in pairs]
        reading = asyncio.create_task(self._receive(process, ours if self._terminal else None))
        waiting = asyncio.create_task(process.wait())
        try:
            await asyncio.wait([reading, waiting], return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                # Whoever typed it has gone.
                process.kill()
            code = await waiting
            await asyncio.wait(writing, timeout=5)
            with contextlib.suppress(WebSocketDisconnect, RuntimeError, OSError):
                await self._socket.send_bytes(bytes([ERROR]) + json.dumps(_outcome(code)).encode())
                await self._socket.close()
        finally:
            for task in [reading, waiting, *writing]:
                task.cancel()
            if process.returncode is None:
                process.kill()
            if self._terminal:
                os.close(ours)

    async def _send(self, channel: int, stream: asyncio.StreamReader) -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError, OSError):
            while data := await stream.read(32768):
                await self._socket.send_bytes(bytes([channel]) + data)

    async def _send_terminal(self, terminal: int) -> None:
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[bytes] = asyncio.Queue()

        def readable() -> None:
            try:
                data = os.read(terminal, 32768)
            except OSError:  # nobody holds the other side any more
                data = b""
            if not data:
                loop.remove_reader(terminal)
            queue.put_nowait(data)

        loop.add_reader(terminal, readable)
        try:
            while data := await queue.get():
                await self._socket.send_bytes(bytes([STDOUT]) + data)
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            loop.remove_reader(terminal)

    async def _receive(self, process: asyncio.subprocess.Process, terminal: int | None) -> None:
        """Hand on what is typed, until the socket is closed."""
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            while True:
                message = await self._socket.receive_bytes()
                channel, data = message[0], message[1:]
                if channel == STDIN and terminal is not None:
                    os.write(terminal, data)
                elif channel == STDIN and process.stdin is not None:
                    process.stdin.write(data)
                    with contextlib.suppress(OSError):
                        await process.stdin.drain()
                elif channel == CLOSE and data[:1] == bytes([STDIN]) and terminal is None and process.stdin is not None:
                    process.stdin.close()
                elif channel == RESIZE and terminal is not None:
                    size = json.loads(data)
                    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", size["Height"], size["Width"], 0, 0))


def _outcome(code: int) -> dict:
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    code = code if code > 0 else 128 - code
    causes = [{"reason": "ExitCode", "message": str(code)}]
    message = f"command terminated with non-zero exit code: exit status {code}"
    failure = {"status": "Failure", "message": message, "reason": "NonZeroExitCode", "details": {"causes": causes}}
    return {"metadata": {}} | failure


def _read(path: Path, start: int) -> tuple[list[bytes], int]:
    """The whole lines of a log file after a place, and the place after them."""
    with path.open("rb") as file:
        file.seek(start)
        data = file.read()
    whole = data.rfind(b"\n") + 1
    return data[:whole].split(b"\n")[:-1], start + whole


def _is_wanted(line: bytes, query: Mapping[str, str]) -> bool:
    moment = dt.datetime.fromisoformat(line.split(b" ", 1)[0].decode()[:26] + "+00:00")
    if query.get("sinceSeconds"):
        return moment >= dt.datetime.now(dt.UTC) - dt.timedelta(seconds=int(query["sinceSeconds"]))
    if query.get("sinceTime"):
        return moment >= dt.datetime.fromisoformat(query["sinceTime"])
    return True


def _shown(line: bytes, with_time: bool) -> bytes:
    moment, _, mark, text = line.split(b" ", 3)
    return (moment + b" " if with_time else b"") + text + (b"\n" if mark == b"F" else b"")
