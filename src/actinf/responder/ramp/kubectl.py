"""A cluster by kubectl: each question and each change is one call of the program, bounded in time.

Arguments are vectors and never a line for a shell.  A change carries its own condition, so that it is the cluster that
decides whether what is changed is still what was seen.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from actinf.errors import ClusterRefused, ClusterTrouble
from actinf.responder.channels.neutral import line
from actinf.responder.ramp.cluster import Autoscaler, Pod, Standing

__all__ = ["Kubectl"]

_SECONDS = 20.0
_REQUEST = "--request-timeout=10s"
#: A line for each pod: its uid, and of its containers the restarts and the reason of the last end.
_PODS = (
    "jsonpath={range .items[*]}{.metadata.uid}{'\\t'}{.status.containerStatuses[*].restartCount}{'\\t'}"
    "{.status.containerStatuses[*].lastState.terminated.reason}{'\\n'}{end}"
)
#: How kubectl tells of an answer that is final.
_REFUSED = re.compile(
    r"\((Forbidden|Unauthorized|NotFound|Invalid|BadRequest|MethodNotAllowed)\)| is invalid: |denied the request"
    r"|You must be logged in|doesn't have a resource type"
)
_OUT_OF_MEMORY = "OOMKilled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kubectl:
    """A deployment in a cluster.

    Attributes:
        program: of kubectl, a path or a name that is looked for.
        deployment: its name.
        environment: all of it; the program inherits none.
        namespace, context: as kubectl has them; None: those that it takes by itself.
        seconds: how long a call may take.
    """

    program: str
    deployment: str
    environment: Mapping[str, str]
    namespace: str | None = None
    context: str | None = None
    seconds: float = _SECONDS

    @property
    def target(self) -> str:
        """As `Cluster.target`."""
        where = "".join(
            f", {what} {name}" for what, name in (("namespace", self.namespace), ("context", self.context)) if name
        )
        return f"deployment {self.deployment}{where}"

    def look(self) -> Standing:
        """As `Cluster.look`."""
        deployment = self._document("get", "deployment", self.deployment, "-o", "json")
        scalers = self._document("get", "horizontalpodautoscalers.autoscaling", "-o", "json")
        try:
            spec, status = deployment["spec"], deployment.get("status", {})
            scaler = self._autoscaler(scalers["items"])
            selector = ",".join(f"{name}={value}" for name, value in spec["selector"]["matchLabels"].items())
            replicas, ready = int(spec.get("replicas", 1)), _ready(deployment["metadata"], status)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ClusterTrouble(f"{self.target}: kubectl says nothing that can be read ({error!r})") from None
        return Standing(replicas=replicas, ready=ready, autoscaler=scaler, pods=self._pods(selector))

    def scale(self, autoscaler: str | None, now: int, wanted: int) -> None:
        """As `Cluster.scale`."""
        self._run(*_change(self.deployment, autoscaler, now, wanted))

    def command(self, autoscaler: str | None, now: int, wanted: int) -> str:
        """As `Cluster.command`."""
        arguments = _change(self.deployment, autoscaler, now, wanted)
        return shlex.join(["kubectl", *self._where(), *arguments])

    def _autoscaler(self, found: list[Mapping[str, Any]]) -> Autoscaler | None:
        own = [
            one
            for one in found
            if one["spec"]["scaleTargetRef"]["kind"] == "Deployment"
            and one["spec"]["scaleTargetRef"]["name"] == self.deployment
        ]
        if len(own) > 1:
            names = ", ".join(one["metadata"]["name"] for one in own)
            raise ClusterTrouble(f"{self.target} has several autoscalers, {names}: expected one, or none")
        if not own:
            return None
        spec = own[0]["spec"]
        return Autoscaler(
            name=own[0]["metadata"]["name"],
            least=int(spec.get("minReplicas", 1)),
            most=int(spec["maxReplicas"]),
            current=int(own[0].get("status", {}).get("currentReplicas", 0)),
        )

    def _pods(self, selector: str) -> Mapping[str, Pod]:
        found = {}
        for row in self._run("get", "pods", "-l", selector, "-o", _PODS).splitlines():
            uid, restarts, reasons = (*row.split("\t"), "", "")[:3]
            if uid:
                counted = sum(int(one) for one in restarts.split() if one.isdigit())
                found[uid] = Pod(restarts=counted, out_of_memory=_OUT_OF_MEMORY in reasons.split())
        return found

    def _document(self, *arguments: str) -> dict[str, Any]:
        said = self._run(*arguments)
        try:
            document = json.loads(said)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise ClusterTrouble(f"{self.target}: kubectl {arguments[0]} answers no JSON: {line(said, 80)}")
        return document

    def _where(self) -> list[str]:
        given = (("--context", self.context), ("--namespace", self.namespace))
        return [f"{flag}={value}" for flag, value in given if value]

    def _run(self, *arguments: str) -> str:
        command = [self.program, *self._where(), _REQUEST, *arguments]
        try:
            done = subprocess.run(
                command,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=self.seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise ClusterTrouble(f"{self.target}: kubectl {arguments[0]} has not ended in {self.seconds:g} s") from None
        except OSError as error:
            raise ClusterTrouble(
                f"kubectl cannot be run: {self.program}: {error.strerror}; ACTINF_RESPOND_KUBECTL names it"
            ) from None
        if done.returncode != 0:
            said = (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()[-1]
            # What is against the rules stays so; that it is another by now, or too busy, does not.
            if _REFUSED.search(done.stderr):
                raise ClusterRefused(f"{self.target}: kubectl {arguments[0]} is refused: {line(said, 300)}")
            raise ClusterTrouble(f"{self.target}: kubectl {arguments[0]} fails: {line(said, 300)}")
        return done.stdout


def _change(deployment: str, autoscaler: str | None, now: int, wanted: int) -> list[str]:
    if autoscaler is None:
        return ["scale", f"deployment/{deployment}", f"--current-replicas={now}", f"--replicas={wanted}"]
    patch = [
        {"op": "test", "path": "/spec/minReplicas", "value": now},
        {"op": "replace", "path": "/spec/minReplicas", "value": wanted},
    ]
    return ["patch", "horizontalpodautoscalers.autoscaling", autoscaler, "--type=json", "-p", json.dumps(patch)]


def _ready(metadata: Mapping[str, Any], status: Mapping[str, Any]) -> int:
    """Replicas that are ready; none as long as what the deployment says is of before its last change."""
    if int(status.get("observedGeneration", 0)) < int(metadata.get("generation", 0)):
        return 0
    return min(int(status.get("readyReplicas", 0)), int(status.get("updatedReplicas", 0)))
