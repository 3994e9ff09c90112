"""The pictures of a run, as its report has them: drawn once, beside the event loop, one run at a time.

Each is an SVG that follows the reader's light or dark theme.  It is shown as an image, which can load and run nothing.
"""

import asyncio
import shutil
import tempfile
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

import numpy as np

from actinf.lab.chunks import ChunkedRun
from actinf.lab.plots.style import THEME, to_svg
from actinf.lab.report.pictures import Picture, pictures_of
from actinf.lab.trace import open_trace
from actinf.service.protection.crew import Crew

__all__ = ["MOST_VALUES", "Drawn", "Gallery", "num_values"]

#: The most numbers of a trace that is drawn.
MOST_VALUES = 50_000_000
_MOST_RUNS = 32
_FONT = '"DejaVu Sans", system-ui, sans-serif'


@dataclass(frozen=True, slots=True)
class Drawn:
    """One picture: its name in the address, what it shows in words, sentences below it, its size, and the SVG."""

    name: str
    label: str
    caption: tuple[str, ...]
    width: int
    height: int
    svg: bytes


class Gallery:
    """The pictures of the runs that were looked at lately."""

    def __init__(self) -> None:
        self._drawn: OrderedDict[UUID, list[Drawn]] = OrderedDict()
        self._one_at_a_time = asyncio.Semaphore(1)

    async def of(
        self, run: UUID, planned: ChunkedRun, trace: Callable[[], Awaitable[BinaryIO]], crew: Crew
    ) -> list[Drawn]:
        """The pictures of a run.

        Args:
            run: which one; workspaces are kept apart by whoever calls.
            planned: what was computed.
            trace: gives its trace, an open NetCDF file; called where nothing is drawn yet.
            crew: draws.
        """
        if run not in self._drawn:
            async with self._one_at_a_time:
                if run not in self._drawn:
                    self._drawn[run] = await crew.run(_draw, planned, await trace())
        self._drawn.move_to_end(run)
        pictures = self._drawn[run]
        while len(self._drawn) > _MOST_RUNS:
            self._drawn.popitem(last=False)
        return pictures


def num_values(planned: ChunkedRun) -> int:
    """How many numbers the trace of a run has."""
    return sum(int(np.prod(variable.shape)) for variable in planned.layout.variables)


def _draw(planned: ChunkedRun, file: BinaryIO) -> list[Drawn]:
    experiment = planned.experiment
    agent = experiment.agent.build(experiment.model)
    with tempfile.TemporaryDirectory(prefix="actinf-pictures-") as folder, file:
        path = Path(folder) / "trace.nc"
        with path.open("wb") as copy:
            shutil.copyfileobj(file, copy)
        with open_trace(path) as trace:
            return [_drawn(picture) for picture in pictures_of(experiment, agent, trace)]


def _drawn(picture: Picture) -> Drawn:
    width, height = (round(96 * inches) for inches in picture.figure.get_size_inches())
    return Drawn(picture.name, picture.label, tuple(picture.caption), width, height, _document(picture))


def _document(picture: Picture) -> bytes:
    """A figure as an SVG document of its own."""
    svg = to_svg(picture.figure, picture.name, picture.label)
    light = ";".join(f"--{name}:{colour}" for name, colour, _ in THEME.values())
    dark = ";".join(f"--{name}:{colour}" for name, _, colour in THEME.values())
    style = (
        f"<style>svg{{color-scheme:light dark;--font:{_FONT};{light}}}"
        f"@media (prefers-color-scheme:dark){{svg{{{dark}}}}}</style>"
    )
    opening, closing, rest = svg.partition(">")
    opening = opening.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    return f"{opening}{closing}{style}{rest}".encode()
