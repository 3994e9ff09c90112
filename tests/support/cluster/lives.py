"""The life of a container in its pod: started, probed, restarted, ended."""

import asyncio
import contextlib
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from support.cluster.containers import CannotStart, Container
from support.cluster.probes import attempt, repeat
from support.cluster.sandbox import Sandbox
from support.cluster.store import name_of, timestamp
from support.cluster.volumes import NotYet, Volumes, expand, own_address

LONGEST_BACK_OFF = 300.0
# A container that ran this long begins anew with the first back-off.
RAN_WELL = 600.0


@dataclass(frozen=True, kw_only=True)
class Place:
    """What the containers of a pod have in common.

    Attributes:
        pod: the pod as it stands now
        tell: records an event about the pod: reason, message
        publish: is called when a state has changed
        back_off: the first wait before a restart, in seconds
        pulls: whether an image is to be had
    """

    pod: Callable[[], dict]
    volumes: Volumes
    folder: Path
    tell: Callable[[str, str], None]
    publish: Callable[[], None]
    back_off: float
    pulls: Callable[[str], bool]


class ContainerLife:
    """One container of a manifest, through all its starts."""

    def __init__(self, manifest: dict, place: Place, *, restarts: Callable[[int], bool]):
        self.manifest = manifest
        self.name = manifest["name"]
        self.folder = place.folder / manifest["name"]
        self.folder.mkdir(parents=True, exist_ok=True)
        self.process: Container | None = None
        self.restarts = 0
        self.oom_kills = 0
        self.ready = False
        self.started = False
        self.stopping = False
        self._place = place
        self._restarts_after = restarts
        self._state: dict = {"waiting": {"reason": "ContainerCreating"}}
        self._last_state: dict = {}
        self._stop = asyncio.Event()

    # ---------------------------------------------------------------------------------------------------- status

    def status(self) -> dict:
        image = self.manifest.get("image", "")
        status = {
            "name": self.name,
            "image": image,
            "imageID": f"stand-in://{image}",
            "ready": self.ready,
            "started": self.started,
            "restartCount": self.restarts,
            "state": self._state,
            "lastState": self._last_state,
        }
        if self.process is not None:
            status["containerID"] = f"stand-in://{self.process.pid}"
        return status

    @property
    def exit_code(self) -> int | None:
        """Of the run that ended, if it has ended for good."""
        return self._state.get("terminated", {}).get("exitCode")

    def log(self, *, previous: bool) -> Path | None:
        """The log of the latest run, or of the one before it."""
        numbers = sorted(int(path.stem) for path in self.folder.glob("*.log"))
        if previous:
            if "running" in self._state or "terminated" in self._state:
                numbers = [number for number in numbers if number < self.restarts]
            else:
                # It waits for its next start: the run before is the one that ended last.
                numbers = numbers[-1:]
        return self.folder / f"{numbers[-1]}.log" if numbers else None

    def _become(self, state: dict, **others: bool) -> None:
        self._state = state
        self.ready = others.get("ready", False)
        self.started = others.get("started", False)
        self._place.publish()

    def _wait_for(self, reason: str, message: str = "") -> None:
        waiting = {"reason": reason} | ({"message": message} if message else {})
        if self._state != {"waiting": waiting}:
            self._become({"waiting": waiting})

    # ------------------------------------------------------------------------------------------------------ life

    async def run(self) -> None:
        """Start it, and again whenever its pod's policy says so, until it has ended for good."""
        crashes = 0
        while not self.stopping:
            process = await self._begin()
            if process is None:
                return
            probes = asyncio.create_task(self._probe(process))
            code = await process.wait()
            probes.cancel()
            await asyncio.gather(probes, return_exceptions=True)
            self._end(process, code)
            if self.stopping or not self._restarts_after(code):
                return
            crashes = 1 if _age(process) > RAN_WELL else crashes + 1
            if crashes > 1:
                await self._back_off(crashes)
            self._last_state = self._state if "terminated" in self._state else self._last_state
            if not self.stopping:
                self.restarts += 1

    async def _back_off(self, crashes: int) -> None:
        seconds = min(self._place.back_off * 2 ** (crashes - 2), LONGEST_BACK_OFF)
        pod = self._place.pod()
        what = f"restarting failed container={self.name} pod={name_of(pod)}_{pod['metadata']['namespace']}"
        self._last_state = self._state
        self._wait_for("CrashLoopBackOff", f"back-off {seconds:g}s {what}")
        self._place.tell("BackOff", f"Back-off restarting failed container {self.name} in pod {name_of(pod)}")
        await self._pause(seconds)

    async def _pause(self, seconds: float) -> None:
        """Sleep, but not past the end of the pod."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)

    async def _begin(self) -> Container | None:
        """Start it as soon as all that it needs is there; None where the pod ends before."""
        while not self.stopping:
            image = self.manifest.get("image", "")
            try:
                if not self._place.pulls(image):
                    raise NotYet("ImagePullBackOff", f'Back-off pulling image "{image}"')
                process = await self._start()
            except NotYet as why:
                if why.reason != "ContainerCreating":
                    self._place.tell("Failed", f"Error: {why}")
                else:
                    self._place.tell("FailedMount", f"MountVolume.SetUp failed: {why}")
                self._wait_for(why.reason, str(why))
                await self._pause(self._place.back_off)
            except CannotStart as why:
                self._place.tell("Failed", f"Error: {why}")
                self._wait_for("RunContainerError", str(why))
                await self._pause(self._place.back_off)
            else:
                self._place.tell("Started", f"Started container {self.name}")
                self.process = process
                self._become({"running": {"startedAt": timestamp(process.started)}})
                return process
        return None

    async def _start(self) -> Container:
        pod, volumes = self._place.pod(), self._place.volumes
        argv = [*(self.manifest.get("command") or ()), *(self.manifest.get("args") or ())]
        if not self.manifest.get("command"):
            raise NotYet("CreateContainerError", "no command specified: the stand-in has no images, so name one")
        places = volumes.prepare(pod, self._place.folder)
        environment = volumes.environment(pod, self.manifest)
        sandbox = Sandbox(
            scratch=self._place.folder / "scratch",
            mounts=tuple(volumes.mounts(pod, self.manifest, self._place.folder, places)),
            hostname=name_of(pod),
            writable=not self.manifest.get("securityContext", {}).get("readOnlyRootFilesystem", False),
            working_directory=self.manifest.get("workingDir", "/"),
        )
        argv = [own_address(expand(word, environment), pod) for word in argv]
        self._place.tell("Pulled", f'Container image "{self.manifest.get("image", "")}" already present on machine')
        self._place.tell("Created", f"Created container: {self.name}")
        return await Container.start(
            argv, sandbox=sandbox, environment=environment, folder=self.folder, number=self.restarts
        )

    def _end(self, process: Container, code: int) -> None:
        reason = "OOMKilled" if process.killed_for_memory else "Completed" if code == 0 else "Error"
        self.oom_kills += process.killed_for_memory
        ended = {
            "exitCode": code,
            "reason": reason,
            "startedAt": timestamp(process.started),
            "finishedAt": timestamp(),
            "containerID": f"stand-in://{process.pid}",
        }
        self._become({"terminated": ended})

    # ---------------------------------------------------------------------------------------------------- probes

    async def _probe(self, process: Container) -> None:
        startup = self.manifest.get("startupProbe")
        if startup:
            begun = asyncio.Event()
            task = asyncio.create_task(self._watch("Startup", startup, process, passed=begun.set, fatal=True))
            try:
                await begun.wait()
            finally:
                task.cancel()
        self.started = True
        readiness, liveness = self.manifest.get("readinessProbe"), self.manifest.get("livenessProbe")
        if not readiness:
            self.ready = True
        self._place.publish()
        async with asyncio.TaskGroup() as group:
            if readiness:
                group.create_task(
                    self._watch("Readiness", readiness, process, passed=lambda: self._set_ready(True), fatal=False)
                )
            if liveness:
                group.create_task(self._watch("Liveness", liveness, process, passed=lambda: None, fatal=True))

    def _set_ready(self, ready: bool) -> None:
        if self.ready != ready:
            self.ready = ready
            self._place.publish()

    async def _watch(
        self, what: str, probe: dict, process: Container, *, passed: Callable[[], None], fatal: bool
    ) -> None:
        ends: list[asyncio.Task[None]] = []

        def failed(why: str, enough: bool) -> None:
            self._place.tell("Unhealthy", f"{what} probe failed: {why}")
            if enough and not fatal:
                self._set_ready(False)
            elif enough and not ends:
                self._place.tell("Killing", f"Container {self.name} failed {what.lower()} probe, will be restarted")
                ends.append(asyncio.create_task(process.end(self._grace())))

        await repeat(probe, lambda: attempt(probe, self._place.pod(), process), passed=passed, failed=failed)

    def _grace(self) -> float:
        return self._place.pod()["spec"].get("terminationGracePeriodSeconds", 30)

    # ------------------------------------------------------------------------------------------------------- end

    async def stop(self, grace: float) -> None:
        """End it for good: its hook first, then SIGTERM, and SIGKILL when the time is over."""
        self.stopping = True
        self._stop.set()
        process = self.process
        if process is None or not process.runs:
            return
        self._place.tell("Killing", f"Stopping container {self.name}")
        loop = asyncio.get_running_loop()
        end = loop.time() + grace
        hook = self.manifest.get("lifecycle", {}).get("preStop")
        if hook and grace > 0:
            await self._run_hook(hook, process, grace)
        await process.end(max(end - loop.time(), 0))

    async def _run_hook(self, hook: dict, process: Container, seconds: float) -> None:
        if "sleep" in hook:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), min(hook["sleep"]["seconds"], seconds))
            return
        well, why = await attempt(hook | {"timeoutSeconds": seconds}, self._place.pod(), process)
        if not well:
            command = shlex.join(hook.get("exec", {}).get("command", ()))
            self._place.tell("FailedPreStopHook", f"PreStopHook failed: {command} {why}".strip())


def _age(process: Container) -> float:
    import datetime as dt

    return (dt.datetime.now(dt.UTC) - process.started).total_seconds()
