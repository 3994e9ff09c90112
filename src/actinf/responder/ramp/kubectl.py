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
from actinf.responder.ramp.cluster import Pod, Standing
from actinf.responder.ramp.objects import OUT_OF_MEMORY, change_of_bound, selector_of, standing_of

__all__ = ["Kubectl", "typed"]

_SECONDS = 20.0
_REQUEST = "--request-timeout=10s"
#: A line for each pod: its uid, and of its containers the restarts and the reason of the last end.
_PODS = (
    "jsonpath={range .items[*]}{.metadata.uid}{'\\t'}{.status.containerStatuses[*].restartCount}{'\\t'}"
    "{.status.containerStatuses[*].lastState.terminated.reason}{'\\n'}{end}"
)
#: How kubectl tells of an answer that is final.
_REFUSED = re.compile(
    r"\((Forbidden|Unauthorized|NotFound|Invalid|BadRequest|MethodNotAllowed)\)| is invalid: |\" is forbidden: "
    r"|denied the request|You must be logged in|doesn't have a resource type"
)


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
        pods = self._pods(selector_of(self.target, deployment))
        return standing_of(self.target, self.deployment, deployment, scalers, pods)

    def scale(self, autoscaler: str | None, now: int, wanted: int) -> None:
        """As `Cluster.scale`."""
        self._run(*_change(self.deployment, autoscaler, now, wanted))

    def command(self, autoscaler: str | None, now: int, wanted: int) -> str:
        """As `Cluster.command`."""
        return typed(self.deployment, autoscaler, now, wanted, *self._where())

    def _pods(self, selector: str) -> Mapping[str, Pod]:
        found = {}
        for row in self._run("get", "pods", "-l", selector, "-o", _PODS).splitlines():
            uid, restarts, reasons = (*row.split("\t"), "", "")[:3]
            if uid:
                counted = sum(int(one) for one in restarts.split() if one.isdigit())
                found[uid] = Pod(restarts=counted, out_of_memory=OUT_OF_MEMORY in reasons.split())
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


def typed(deployment: str, autoscaler: str | None, now: int, wanted: int, *where: str) -> str:
    """What changes a deployment, as somebody would type it.

    Args:
        deployment, autoscaler, now, wanted: as `actinf.responder.ramp.cluster.Cluster.scale` takes them.
        where: flags that say in which cluster and namespace.
    """
    return shlex.join(["kubectl", *where, *_change(deployment, autoscaler, now, wanted)])


def _change(deployment: str, autoscaler: str | None, now: int, wanted: int) -> list[str]:
    if autoscaler is None:
        return ["scale", f"deployment/{deployment}", f"--current-replicas={now}", f"--replicas={wanted}"]
    patch = json.dumps(change_of_bound(now, wanted))
    return ["patch", "horizontalpodautoscalers.autoscaling", autoscaler, "--type=json", "-p", patch]
