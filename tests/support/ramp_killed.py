"""Carries out the ramps of a store and kills itself where it is told to.

    python -m support.ramp_killed FOLDER KILL_AT      # the how-manieth moment, or the name of one; 0: never

It ends with 0 when no ramp goes on.  Where it dies it writes one line of JSON into FOLDER/kills.jsonl first.
"""

import json
import os
import random
import signal
import sys
import threading
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from support.ramping import SetMeasurements

from actinf.responder.incident.event import Event
from actinf.responder.parts import make_parts
from actinf.responder.ramp import driver as driver_module
from actinf.responder.ramp.driver import Driver
from actinf.responder.ramp.plan import Kind
from actinf.responder.ramp.state import Change, Ramp, State
from actinf.responder.settings import RespondSettings
from actinf.responder.store import ramps


class Killer:
    """Counts the moments at which a process may die."""

    def __init__(self, folder: Path, kill_at: str):
        self.folder, self.kill_at, self.count, self.step = folder, kill_at, 0, ""
        self._chance = random.Random(kill_at)

    def is_time(self, where: str) -> bool:
        self.count += 1
        return self.kill_at in (str(self.count), where)

    def may_die(self, where: str) -> None:
        if self.is_time(where):
            self.die(where)

    def may_die_during(self, where: str) -> None:
        """Die at some moment of what follows."""
        if self.is_time(where):
            threading.Timer(self._chance.uniform(0.0, 0.12), lambda: self.die(where)).start()

    def die(self, where: str) -> None:
        with (self.folder / "kills.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({"where": where, "step": self.step}) + "\n")
        os.kill(os.getpid(), signal.SIGKILL)


class KilledDriver(Driver):
    """A driver that may die before, within and after whatever it does."""

    killer: Killer

    def _advanced(self, ramp: Ramp) -> bool:
        current = ramp.current
        self.killer.step = "" if current is None else f"{current.number} {current.step.kind}"
        return super()._advanced(ramp)

    def _kept(self, read: Ramp, after: Ramp, *events: Event) -> Ramp | None:
        what = "an outcome" if events else "an intent"
        self.killer.may_die(f"before {what}")
        kept = super()._kept(read, after, *events)
        self.killer.may_die(f"after {what}")
        return kept

    def _make(self, ramp: Ramp, change: Change) -> str:
        self.killer.may_die("before an effect")
        self.killer.may_die_during("during an effect")
        made = super()._make(ramp, change)
        self.killer.may_die("after an effect")
        return made


class KilledTrials:
    """Trials whose beginning may be the end of who begins them."""

    def __init__(self, trials: Any, killer: Killer):
        self._trials, self._killer = trials, killer

    def begin(self, name: str, kind: Kind, within: timedelta) -> None:
        self._killer.may_die("before a trial begins")
        self._killer.may_die_during("while a trial begins")
        self._trials.begin(name, kind, within)
        self._killer.may_die("after a trial began")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._trials, name)


def main() -> int:
    folder, killer = Path(sys.argv[1]), Killer(Path(sys.argv[1]), sys.argv[2])
    parts = make_parts(RespondSettings.read(), environment=os.environ)
    driver_module.LOOKS_EVERY = timedelta(seconds=0.2)
    keep = ramps.keep

    def kept(*given: Any) -> Ramp | None:
        found = keep(*given)
        killer.may_die("within a transaction")
        return found

    ramps.keep = kept
    desk = replace(parts.desk, measurements=SetMeasurements())
    KilledDriver.killer = killer
    driver = KilledDriver(desk, parts.driver.cluster, KilledTrials(parts.driver.trials, killer), 5)
    (folder / "started").touch()
    while True:
        with parts.store.reading() as connection:
            there = ramps.going_on(connection)
        if not there:
            break
        if there[0].state is State.HELD:
            print(f"held at {killer.step}: {there[0].why}")
            return 3
        if not driver.once():
            time.sleep(0.05)
    parts.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
