"""Tells people how far a simulation is: one line, written anew with every change."""

from typing import TextIO

from actinf.client.replies import SimulationRecord

__all__ = ["ProgressLine"]


class ProgressLine:
    """The line.

    Args:
        stream: where it is written: on a terminal over itself, elsewhere only when it has ended.
    """

    def __init__(self, stream: TextIO):
        self._stream = stream

    def show(self, record: SimulationRecord) -> None:
        """Write how far it is."""
        progress = record.progress
        share = progress.steps_done / max(progress.steps_total, 1)
        said = f"{record.name or record.id}: {record.status}, {share:.0%} of {progress.steps_total:,} agent-steps"
        if record.has_ended:
            self._stream.write(f"\r{said}\033[K\n" if self._stream.isatty() else f"{said}\n")
        elif self._stream.isatty():
            self._stream.write(f"\r{said}\033[K")
        self._stream.flush()
