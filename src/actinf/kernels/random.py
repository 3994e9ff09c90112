"""Counter-based random numbers: Philox-4×64-10 of Salmon, Moraes, Dror and Shaw (2011), "Parallel random numbers: as
easy as 1, 2, 3", section 4.3 and table 2.

A block is a pure function of a key and a counter, so that agent 7 draws the same numbers alone and among a million,
on one thread and on two.  The key is (seed, agent); the counter is (episode, step, stream, block).  One block gives
four uniform numbers.  The streams keep the agent's draws and the world's draws apart.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from actinf.kernels.compile import inner

__all__ = ["AGENT_STREAM", "WORLD_MOVE_STREAM", "WORLD_OBSERVE_STREAM", "philox", "uniform"]

AGENT_STREAM = 0
WORLD_MOVE_STREAM = 1
WORLD_OBSERVE_STREAM = 2

MULTIPLIER_0 = np.uint64(0xD2E7470EE14C6C93)
MULTIPLIER_1 = np.uint64(0xCA5A826395121157)
WEYL_0 = np.uint64(0x9E3779B97F4A7C15)
WEYL_1 = np.uint64(0xBB67AE8584CAA73B)
ROUNDS = 10


@intrinsic
def multiply_high(typingctx: Any, a: Any, b: Any) -> Any:
    """The upper 64 bits of the 128-bit product of two unsigned 64-bit numbers."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        wide = ir.IntType(128)
        product = builder.mul(builder.zext(arguments[0], wide), builder.zext(arguments[1], wide))
        return builder.trunc(builder.lshr(product, ir.Constant(wide, 64)), ir.IntType(64))

    return types.uint64(types.uint64, types.uint64), codegen


@inner
def philox(key_0: int, key_1: int, counter_0: int, counter_1: int, counter_2: int, counter_3: int) -> Any:
    """The block of four unsigned 64-bit numbers at a key and a counter."""
    k0, k1 = np.uint64(key_0), np.uint64(key_1)
    x0, x1, x2, x3 = np.uint64(counter_0), np.uint64(counter_1), np.uint64(counter_2), np.uint64(counter_3)
    for _ in range(ROUNDS):
        high_0, low_0 = multiply_high(MULTIPLIER_0, x0), MULTIPLIER_0 * x0
        high_1, low_1 = multiply_high(MULTIPLIER_1, x2), MULTIPLIER_1 * x2
        x0, x1, x2, x3 = high_1 ^ x1 ^ k0, low_1, high_0 ^ x3 ^ k1, low_0
        k0 += WEYL_0
        k1 += WEYL_1
    return x0, x1, x2, x3


@inner
def uniform(seed: int, agent: int, episode: int, step: int, stream: int, draw: int) -> float:
    """Draw number `draw` of a stream: uniform on [0, 1) with 53 bits."""
    x0, x1, x2, x3 = philox(seed, agent, episode, step, stream, draw >> 2)
    lane = draw & 3
    word = x0 if lane == 0 else (x1 if lane == 1 else (x2 if lane == 2 else x3))
    return float(word >> np.uint64(11)) * (1.0 / 9007199254740992.0)
