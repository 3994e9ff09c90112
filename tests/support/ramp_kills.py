"""Ramps on the stand-in for Kubernetes, by the real kubectl, while whoever carries them out is killed."""

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from support.cluster import Cluster
from support.documentation import ROOT
from support.scaled import autoscaler, sleeping

from actinf.responder.desk import NewIncident
from actinf.responder.incident.severity import Severity
from actinf.responder.parts import make_parts
from actinf.responder.ramp.plan import Plan
from actinf.responder.ramp.requests import StartRamp
from actinf.responder.settings import RespondSettings

PLAN = "steps: [smoke, load, {replicas: 2}, {soak: 1s, within: 10m}, {replicas: 3}]"
#: Writes down each change and whether the cluster made it; the change is the real kubectl's.
RECORDING = """#!/bin/sh
case " $* " in *" scale "*|*" patch "*) ;; *) exec {kubectl} "$@";; esac
# Nobody may be there any more who reads what it says: that must not end it.
said=$({kubectl} "$@" 2>&1)
code=$?
printf '%s\\t%s\\n' "$code" "$*" >>{record}
trap '' PIPE
echo "$said" >&2
exit $code
"""


#: At which whoever carries a ramp out may die.
MOMENTS = (
    *(f"{when} {what}" for what in ("an intent", "an outcome", "an effect") for when in ("before", "after")),
    *("during an effect", "within a transaction"),
    *("before a trial begins", "while a trial begins", "after a trial began"),
)


@dataclass
class Outcome:
    """What a campaign found.

    Attributes:
        ramps: that were carried out; kills: how often who did that was killed, by where, and by which step.
        unfinished: ramps that did not come to their end.
        changes: that the cluster made; twice: of them, those of which one was made already; missing: that it never was
            told.
        refused: changes that came a second time, or too late, and that the cluster refused.
        trials: that ran; trials_twice: of them, those that ran more than once.
        steps_wrong: timelines on which a step stands twice, or not at all.
    """

    ramps: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    steps: Counter[str] = field(default_factory=Counter)
    unfinished: list[str] = field(default_factory=list)
    changes: int = 0
    twice: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    refused: int = 0
    trials: int = 0
    trials_twice: list[str] = field(default_factory=list)
    steps_wrong: list[str] = field(default_factory=list)


def run_campaign(cluster: Cluster, folder: Path, *, kills: int, seed: int, seconds: float = 900) -> Outcome:
    """Carry out ramps, with an autoscaler and without in turn, until so many kills are done and the last has ended."""
    outcome, chance, until = Outcome(), random.Random(seed), time.monotonic() + seconds
    while sum(outcome.kills.values()) < kills:
        assert time.monotonic() < until, f"not done in {seconds:g} s: {outcome}"
        outcome.ramps += 1
        scales = outcome.ramps % 2 == 0
        name = f"killed-{outcome.ramps}"
        one = folder / name
        one.mkdir(parents=True)
        cluster.apply(sleeping(name) + (f"---{autoscaler(name, least=1, most=3)}" if scales else ""))
        cluster.wait("condition=available", f"deployment/{name}")
        left = kills - sum(outcome.kills.values())
        _carried_out(cluster, one, name, outcome, chance, left, scales=scales)
        cluster.kubectl("delete", "deployment", name, "--wait=false")
        if scales:
            cluster.kubectl("delete", "hpa", name)
    return outcome


def _carried_out(
    cluster: Cluster, folder: Path, name: str, outcome: Outcome, chance: random.Random, left: int, *, scales: bool
) -> None:
    environment = _environment(cluster, folder, name)
    incident = _started(environment, folder, name)
    killed = 0
    while True:
        # Near, so that many deaths fit into a ramp, and far enough to get on; now and then where nobody has died yet.
        seen = {json.loads(line)["where"] for line in _lines(folder / "kills.jsonl")} | set(outcome.kills)
        at = str(chance.choice((chance.randint(1, 9), *(one for one in MOMENTS if one not in seen))))
        command = [sys.executable, "-m", "support.ramp_killed", str(folder), at if killed < left else "0"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode == 0:
            break
        assert done.returncode == -9, f"{name}: {done.stdout}{done.stderr}"
        killed += 1
    for line in _lines(folder / "kills.jsonl"):
        death = json.loads(line)
        outcome.kills[death["where"]] += 1
        outcome.steps[death["step"]] += 1
    _judge(folder, name, incident, outcome, scales=scales)
    if not scales:
        # What the cluster itself counted: the deployment was made, and changed twice.
        counted = cluster.get("deployment", name)["metadata"]["generation"]
        outcome.twice += [] if counted == 3 else [f"{name}: of generation {counted}"]


def _environment(cluster: Cluster, folder: Path, name: str) -> dict[str, str]:
    wrapper, record = folder / "kubectl", folder / "changes.tsv"
    wrapper.write_text(RECORDING.format(kubectl=cluster.kubectl_program, record=record), encoding="utf-8")
    wrapper.chmod(0o755)
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("ACTINF_", "KUBE"))}
    trial = f"sh -c 'echo {{}} >>{folder}/trials; sleep 0.4'"
    settings = {
        "DATA_DIR": str(folder / "store"),
        "KUBECTL": str(wrapper),
        "RAMP_DEPLOYMENT": name,
        "RAMP_SMOKE": trial.format("smoke"),
        "RAMP_LOAD": trial.format("load"),
        "RAMP_FOLDER": str(folder),
    }
    return {
        **inherited,
        **cluster.environment,
        "PYTHONPATH": str(ROOT / "tests"),
        **{f"ACTINF_RESPOND_{key}": value for key, value in settings.items()},
    }


def _started(environment: dict[str, str], folder: Path, name: str) -> str:
    """An incident with a ramp that was begun, and that nobody carries out yet."""
    settings = RespondSettings(
        data_dir=folder / "store",
        kubectl=environment["ACTINF_RESPOND_KUBECTL"],
        ramp_deployment=name,
        ramp_smoke=environment["ACTINF_RESPOND_RAMP_SMOKE"],
        ramp_load=environment["ACTINF_RESPOND_RAMP_LOAD"],
    )
    parts = make_parts(settings, environment=environment)
    try:
        new = NewIncident(severity=Severity.P1, reasons=("a try",), component="api", impact="it fails")
        incident = parts.desk.open(new, by="ada").id
        parts.ramping.start(incident, StartRamp(plan=Plan.from_text(PLAN).document()), by="ada")
    finally:
        parts.close()
    return incident


def _judge(folder: Path, name: str, incident: str, outcome: Outcome, *, scales: bool) -> None:
    wanted = 6 if scales else 5
    parts = make_parts(RespondSettings(data_dir=folder / "store"))
    found = parts.ramping.document(incident)
    kinds = [one.event for one in parts.desk.timeline(incident) if one.event.kind.startswith("ramp")]
    parts.close()
    if found["state"] != "done":
        outcome.unfinished.append(f"{name}: {found['state']}: {found['why']}")
    told = [one.kind if one.kind != "ramp step" else f"ramp step {one.number}" for one in kinds]  # type: ignore[attr-defined]
    if told != ["ramp began", *(f"ramp step {number}" for number in range(1, wanted + 1)), "ramp done"]:
        outcome.steps_wrong.append(f"{name}: {told}")
    rows = [line.split("\t") for line in _lines(folder / "changes.tsv")]
    made = Counter(arguments for code, arguments in rows if code == "0")
    outcome.refused += sum(code != "0" for code, _ in rows)
    outcome.changes += sum(made.values())
    outcome.twice += [f"{name}: {arguments}" for arguments, count in made.items() if count > 1]
    if len(made) != (3 if scales else 2):
        outcome.missing.append(f"{name}: {list(made)}")
    ran = Counter(_lines(folder / "trials"))
    outcome.trials += sum(ran.values())
    outcome.trials_twice += [f"{name}: {trial} {count} times" for trial, count in ran.items() if count != 1]
    outcome.trials_twice += [f"{name}: {trial} never" for trial in ("smoke", "load") if trial not in ran]


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []
