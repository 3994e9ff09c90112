"""The kubelet: each pod of the store becomes processes of this machine."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from support.cluster import events
from support.cluster.lives import ContainerLife, Place
from support.cluster.network import MACHINE, Network, write_in_place
from support.cluster.store import Store, name_of, namespace_of, timestamp
from support.cluster.volumes import NODE, NotYet, Volumes


@dataclass(frozen=True, kw_only=True)
class Host:
    """What a kubelet needs of the cluster."""

    store: Store
    network: Network
    volumes: Volumes
    folder: Path
    back_off: float
    pulls: Callable[[str], bool]


class PodLife:
    """A pod from the moment it has an address to its removal."""

    def __init__(self, host: Host, pod: dict):
        self.uid = pod["metadata"]["uid"]
        self.key = (namespace_of(pod), name_of(pod))
        self.address = host.network.take()
        self.folder = host.folder / "pods" / f"{namespace_of(pod)}_{name_of(pod)}_{self.uid[:8]}"
        self._host = host
        self._given = pod
        self._ending: asyncio.Task[None] | None = None
        self._grace = float("inf")
        (self.folder / "scratch").mkdir(parents=True)
        place = Place(
            pod=self._pod,
            volumes=host.volumes,
            folder=self.folder,
            tell=self.tell,
            publish=self.publish,
            back_off=host.back_off,
            pulls=host.pulls,
        )
        policy = pod["spec"].get("restartPolicy", "Always")
        again = {"Always": _always, "OnFailure": bool, "Never": _never}[policy]
        once = _never if policy == "Never" else bool
        self.inits = [ContainerLife(each, place, restarts=once) for each in pod["spec"].get("initContainers") or ()]
        self.containers = [ContainerLife(each, place, restarts=again) for each in pod["spec"]["containers"]]
        self._set_up(pod)
        self.task = asyncio.create_task(self._run())

    def _pod(self) -> dict:
        found = self._host.store.find("pods", *self.key)
        if found is not None and found["metadata"]["uid"] == self.uid:
            self._given = found
        return self._given

    def tell(self, reason: str, message: str) -> None:
        events.record(self._host.store, "pods", self._pod(), reason, message, source="kubelet")

    def _set_up(self, pod: dict) -> None:
        def edit(new: dict) -> None:
            new["spec"]["nodeName"] = NODE
            new["status"] = new.get("status", {}) | {
                "hostIP": self._host.network.api_address,
                "podIP": self.address,
                "podIPs": [{"ip": self.address}],
                "startTime": timestamp(),
            }

        self._host.store.change("pods", pod, edit)
        where = f"Successfully assigned {namespace_of(pod)}/{name_of(pod)} to {NODE}"
        events.record(self._host.store, "pods", pod, "Scheduled", where, source="default-scheduler")
        # Nobody answers there: a name that the hosts file does not know is unknown, and not asked for outside.
        (self.folder / "resolv.conf").write_text(f"nameserver {self._host.network.api_address}\noptions attempts:1\n")
        self.write_hosts()
        self.publish()

    def write_hosts(self) -> None:
        pod = self._pod()
        aliases = pod["spec"].get("hostAliases") or ()
        text = MACHINE + f"{self.address} {name_of(pod)}\n"
        text += "".join(f"{each['ip']} {' '.join(each['hostnames'])}\n" for each in aliases)
        write_in_place(self.folder / "hosts", text + self._host.network.names(self._host.store, namespace_of(pod)))

    def renew_volumes(self) -> None:
        """Show what ConfigMaps and Secrets hold now."""
        with contextlib.suppress(NotYet):
            self._host.volumes.prepare(self._pod(), self.folder)

    # ---------------------------------------------------------------------------------------------------- status

    def publish(self) -> None:
        """Store the status of the pod."""
        pod = self._pod()
        if pod is None:
            return
        initialized = all(each.exit_code == 0 for each in self.inits)
        ready = bool(self.containers) and all(each.ready for each in self.containers)
        phase = self._phase()
        why = "ContainersNotReady" if phase == "Running" else "PodCompleted" if phase == "Succeeded" else phase
        conditions = [
            _condition(pod, "PodReadyToStartContainers", True),
            _condition(pod, "Initialized", initialized),
            _condition(pod, "Ready", ready and self._ending is None, why),
            _condition(pod, "ContainersReady", ready, why),
            _condition(pod, "PodScheduled", True),
        ]
        status = {"phase": phase, "conditions": conditions}
        status["containerStatuses"] = [each.status() for each in self.containers]
        if not initialized:
            for each in status["containerStatuses"]:
                each["state"] = {"waiting": {"reason": "PodInitializing"}}
        if self.inits:
            status["initContainerStatuses"] = [each.status() | {"ready": each.exit_code == 0} for each in self.inits]
        self._host.store.set_status("pods", pod, **status)

    def _phase(self) -> str:
        if not all(each.exit_code == 0 for each in self.inits):
            gone = any(each.exit_code not in {None, 0} and not _may_restart(self._given, each) for each in self.inits)
            return "Failed" if gone else "Pending"
        codes = [each.exit_code for each in self.containers]
        if all(code is not None for code in codes) and not any(
            _may_restart(self._given, each) for each in self.containers
        ):
            return "Succeeded" if not any(codes) else "Failed"
        began = any(each.process is not None for each in self.containers)
        return "Running" if began else "Pending"

    # ------------------------------------------------------------------------------------------------------ life

    async def _run(self) -> None:
        for each in self.inits:
            await each.run()
            if each.exit_code != 0:
                return
        async with asyncio.TaskGroup() as group:
            for each in self.containers:
                group.create_task(each.run())
        self.publish()

    def end(self, grace: float) -> None:
        """End all containers within a time; a shorter one replaces a longer one that was given before."""
        if grace < self._grace:
            self._grace = grace
            if self._ending is not None:
                self._ending.cancel()
            self._ending = asyncio.create_task(self._end(grace))

    async def _end(self, grace: float) -> None:
        self.publish()
        await asyncio.gather(*(each.stop(grace) for each in [*self.inits, *self.containers]))
        await asyncio.wait([self.task])
        self._host.network.give_back(self.address)
        pod = self._host.store.find("pods", *self.key)
        if pod is not None and pod["metadata"]["uid"] == self.uid:
            self._host.store.remove("pods", pod)

    @property
    def gone(self) -> bool:
        return self._ending is not None and self._ending.done()


def _always(code: int) -> bool:
    return code >= 0


def _never(code: int) -> bool:
    return code < 0


def _may_restart(pod: dict, life: ContainerLife) -> bool:
    policy = pod["spec"].get("restartPolicy", "Always")
    if "deletionTimestamp" in pod["metadata"] or life.stopping:
        return False
    return policy == "Always" or (policy == "OnFailure" and life.exit_code != 0)


def _condition(pod: dict, kind: str, holds: bool, reason: str = "") -> dict:
    status = "True" if holds else "False"
    before = next((each for each in pod.get("status", {}).get("conditions", ()) if each["type"] == kind), None)
    if before is not None and before["status"] == status:
        return before
    condition = {"type": kind, "status": status, "lastProbeTime": None, "lastTransitionTime": timestamp()}
    return condition if holds or not reason else condition | {"reason": reason}


class Kubelet:
    """All pods of the cluster, on its one node."""

    def __init__(self, host: Host):
        self._host = host
        self.lives: dict[str, PodLife] = {}

    def sync(self) -> None:
        """Start pods that are new, end those that are to go, and show all of them how the others are reached now."""
        store = self._host.store
        pods = {pod["metadata"]["uid"]: pod for pod in store.list("pods")}
        for uid, pod in pods.items():
            if uid not in self.lives and "deletionTimestamp" not in pod["metadata"]:
                self.lives[uid] = PodLife(self._host, pod)
            elif "deletionTimestamp" in pod["metadata"]:
                if uid in self.lives:
                    self.lives[uid].end(pod["metadata"]["deletionGracePeriodSeconds"])
                else:
                    store.remove("pods", pod)
        for uid in self.lives.keys() - pods.keys():
            self.lives[uid].end(0)
        for uid in [uid for uid, life in self.lives.items() if life.gone]:
            del self.lives[uid]
        for life in self.lives.values():
            life.write_hosts()
            life.renew_volumes()

    def life_of(self, pod: dict) -> PodLife | None:
        return self.lives.get(pod["metadata"]["uid"])

    def containers(self) -> list[tuple[PodLife, ContainerLife]]:
        return [(life, each) for life in self.lives.values() for each in [*life.inits, *life.containers]]

    async def close(self, grace: float) -> None:
        """End all pods."""
        for life in self.lives.values():
            life.end(grace)
        endings = [life._ending for life in self.lives.values() if life._ending is not None]
        if endings:
            await asyncio.wait(endings)
