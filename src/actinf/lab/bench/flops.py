"""A floor under planning time: the floating-point operations that one step needs, at the speed of a matrix product.

What is counted is the work of a policy tree that shares prefixes, touches non-zero entries only, rolls independent
factors forward apart and has H[A] ready: two operations for every non-zero entry that a belief meets, and three for
each predicted outcome (its logarithm counted as one).  Where the last level can fuse A and B into one table, the
cheaper of the two ways counts.  Inference is left out.  A tree does not reach it: logarithms cost more than one
operation, and small products never run at full speed.  An engine that also recognises equal beliefs can go below it.
"""

from __future__ import annotations

import subprocess
import sys
from math import prod

import numpy as np

from actinf.lab.bench.models import BenchModel

__all__ = ["count", "single_core_speed"]

_PRODUCT = """
import time
import numpy as np
a = np.ones((1500, 1500), np.float32)
best = 1e9
for _ in range(7):
    start = time.perf_counter()
    a @ a
    best = min(best, time.perf_counter() - start)
print(2 * 1500**3 / best)
"""


def count(model: BenchModel) -> float:
    """Floating-point operations of planning one step."""
    actions = model.num_actions
    total = 0.0
    for level in range(1, model.horizon + 1):
        last = level == model.horizon
        moves = {
            f: actions[f] ** level * 2 * np.count_nonzero(B) / B.shape[-1] if actions[f] > 1 or level == 1 else 0.0
            for f, B in enumerate(model.B)
        }
        apart, fused = sum(moves.values()), 0.0
        for A, factors in zip(model.A, model.A_dependencies, strict=True):
            nodes = prod(actions[f] for f in factors) ** level
            joint = prod(model.num_states[f] for f in factors)
            predicted = 3.0 * A.shape[0]
            entropy = 2.0 * joint
            apart += nodes * (2 * np.count_nonzero(A) + predicted + entropy)
            fused += nodes * (2.0 * A.shape[0] * joint + predicted + entropy)
        total += min(apart, fused) if last else apart
    return total


def single_core_speed() -> float:
    """Floating-point operations a second of a large float32 matrix product on one core."""
    command = [
        "env",
        "OPENBLAS_NUM_THREADS=1",
        "MKL_NUM_THREADS=1",
        "OMP_NUM_THREADS=1",
        sys.executable,
        "-c",
        _PRODUCT,
    ]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
