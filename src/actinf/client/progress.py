"""Tells people how far a simulation is: in one line, written anew with every change, or where it took too long."""

from typing import TextIO

from actinf.client.replies import SimulationRecord
from actinf.errors import Unfinished

__all__ = ["ProgressLine", "not_ended_within"]


class ProgressLine:
    """The line.

    Args:
        stream: where it is written: on a terminal over itself, elsewhere only when it has ended.
    """

    def __init__(self, stream: TextIO):
        self._stream = stream

    def show(self, record: SimulationRecord) -> None:
        """Write how far it is."""
        said = f"{record.name or record.id}: {_how_far(record)}"
        if record.has_ended:
            self._stream.write(f"\r{said}\033[K\n" if self._stream.isatty() else f"{said}\n")
        elif self._stream.isatty():
            self._stream.write(f"\r{said}\033[K")
        self._stream.flush()


def not_ended_within(seconds: float, record: SimulationRecord) -> Unfinished:
    """The error for a simulation that somebody would wait for no longer.

    Args:
        seconds: how long was waited.
        record: how it stands.
    """
    waits = ", for no worker has taken it up yet (actinf worker starts one)" if record.status == "queued" else ""
    return Unfinished(
        f"the simulation {record.id} has not ended within {seconds:g} s: it is {_how_far(record)}{waits}. It goes on: "
        f"wait() again, or look later by client.simulations.get({record.id!r}); cancel() ends it"
    )


def _how_far(record: SimulationRecord) -> str:
    progress = record.progress
    share = progress.steps_done / max(progress.steps_total, 1)
    return f"{record.status}, {share:.0%} of {progress.steps_total:,} agent-steps"
