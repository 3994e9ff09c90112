"""The engine's benchmark: against pymdp in an environment of its own, or alone.

`rows` says what is measured, `models` on what, `measure` how; `ours` and `peer_pymdp` are the processes that do it,
`reference` judges both, `flops` tells how fast it could be, `table` prints.
"""

from actinf.lab.bench.measure import Bench, Report
from actinf.lab.bench.rows import ROWS, select
from actinf.lab.bench.table import render

__all__ = ["ROWS", "Bench", "Report", "render", "select"]
