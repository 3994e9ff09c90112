"""Drawing from a generative process with functions of its own, called by address from inside the compiled loop."""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

from actinf.kernels import layout as L
from actinf.kernels.compile import inner
from actinf.kernels.random import WORLD_MOVE_STREAM, WORLD_OBSERVE_STREAM, uniform
from actinf.kernels.views import part, section

__all__ = ["begin_own", "move_own", "observe_own", "shown_by_own"]

CALL_BEGIN, CALL_OBSERVE, CALL_MOVE = range(3)
SIZE_STATE, SIZE_DRAWS, SIZE_MODALITIES, SIZE_CONTROLS = range(4)


@intrinsic
def call_address(typingctx: Any, address: Any, state: Any, draws: Any, codes: Any) -> Any:
    """Call the C function void(double* state, int64 n, double* draws, int64 n, int64* codes, int64 n) at an address."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        word, real = ir.IntType(64), ir.DoubleType()
        kind = ir.FunctionType(
            ir.VoidType(), [real.as_pointer(), word, real.as_pointer(), word, word.as_pointer(), word]
        )
        function = builder.inttoptr(arguments[0], kind.as_pointer())
        given = []
        for at in (1, 2, 3):
            array = make_array(signature.args[at])(context, builder, arguments[at])
            given += [array.data, builder.extract_value(array.shape, 0)]
        builder.call(function, given)
        return context.get_dummy_value()

    return types.void(types.int64, state, draws, codes), codegen


@inner
def ask(world: Any, which: int, clock: Any, step: int, stream: int, own: Any, codes: Any) -> None:
    """Fill the draws of one call and make it."""
    sizes = section(world, world, L.OWN_SIZES)
    state = part(own, 0, sizes[SIZE_STATE])
    draws = part(own, sizes[SIZE_STATE], sizes[SIZE_STATE] + sizes[SIZE_DRAWS])
    for i in range(draws.shape[0]):
        draws[i] = uniform(clock[0], clock[1], clock[2], step, stream, i)
    call_address(section(world, world, L.OWN_CALLS)[which], state, draws, codes)


@inner
def begin_own(world: Any, clock: Any, own: Any, codes: Any) -> None:
    """Begin an episode: the state is cleared, then given to the world's `begin`."""
    sizes = section(world, world, L.OWN_SIZES)
    for i in range(sizes[SIZE_STATE]):
        own[i] = 0.0
    ask(world, CALL_BEGIN, clock, 0, WORLD_MOVE_STREAM, own, part(codes, 0, 0))


@inner
def observe_own(world: Any, clock: Any, own: Any, codes: Any, obs: Any) -> int:
    """Ask the world what it shows, in its own indices, and translate; −1 shows nothing.

    Returns the modality of which it showed what is no outcome, −1 where there is none.
    """
    theirs = part(codes, 0, section(world, world, L.OWN_SIZES)[SIZE_MODALITIES])
    for m in range(theirs.shape[0]):
        theirs[m] = -1
    ask(world, CALL_OBSERVE, clock, clock[3], WORLD_OBSERVE_STREAM, own, theirs)
    modality, start = section(world, world, L.LINK_MODALITY), section(world, world, L.LINK_OUTCOME_START)
    outcome = section(world, world, L.LINK_OUTCOME)
    wrong = -1
    for m in range(obs.shape[0]):
        shown = theirs[modality[m]]
        if shown < -1 or shown >= start[m + 1] - start[m]:
            wrong = m
        obs[m] = outcome[start[m] + shown] if 0 <= shown < start[m + 1] - start[m] else -1
    return wrong


@inner
def shown_by_own(world: Any, codes: Any, m: int) -> int:
    """What the world showed last of the agent's modality m, in its own indices."""
    shown: int = codes[section(world, world, L.LINK_MODALITY)[m]]
    return shown


@inner
def move_own(world: Any, clock: Any, action: int, num_actions: int, own: Any, codes: Any) -> None:
    """Tell the world what was done, in its own indices."""
    theirs = part(codes, 0, section(world, world, L.OWN_SIZES)[SIZE_CONTROLS])
    link = section(world, world, L.LINK_ACTION)
    for c in range(theirs.shape[0]):
        theirs[c] = link[c * num_actions + action]
    ask(world, CALL_MOVE, clock, clock[3] + 1, WORLD_MOVE_STREAM, own, theirs)
