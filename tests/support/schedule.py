"""Which worker of pytest-xdist runs which file of tests, so that the cores are busy from the beginning to the end.

A file stays together: what its tests share is started once.  Half of the suite waits for servers, to start, to end
or to be found dead; the other half computes.  So there are three workers to two cores, and one in three begins with
what computes while the others begin with what waits.  They meet in the middle, where the short files are.
"""

from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

#: One cluster serves all files of its folder, so that they stay together as well.
TOGETHER = "tests/cluster/"

TESTS = Path(__file__).parents[1]
#: The folders of tests that start servers or processes, those that wait most first.
WAITING = ("service", "upkeep", "web", "deploy", "smoke", "runtime", "client", "cluster", "load", "cli", "docs")
#: The folders of tests that compute, those that compute most last.
COMPUTING = ("kernels", "learning", "lab", "planning", "inference", "envs", "agent")


def place(path: Path) -> int:
    """Where a file of tests stands in the order: below 0 it waits, above 0 it computes, 0 is neither."""
    folder = path.relative_to(TESTS).parts[0] if path.is_relative_to(TESTS) else ""
    if folder in WAITING:
        return WAITING.index(folder) - len(WAITING)
    return COMPUTING.index(folder) + 1 if folder in COMPUTING else 0


def workers_for(cores: int) -> int:
    """How many workers keep so many cores busy."""
    return cores + cores // 2


class FromBothEnds(LoadFileScheduling):
    """Hands out files in their order, and to every third worker from the end of it."""

    def __init__(self, config: pytest.Config, log: Any = None):
        config.option.loadscopereorder = False  # the order says more than the number of tests in a file
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return TOGETHER if nodeid.startswith(TOGETHER) else super()._split_scope(nodeid)

    def _assign_work_unit(self, node: WorkerController) -> None:
        if self.nodes.index(node) % 3 == 2:
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        super()._assign_work_unit(node)
