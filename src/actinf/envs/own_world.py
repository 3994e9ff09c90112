"""A user's own world: a small class with three functions, run inside the compiled loop.

C cannot carry an exception.  Around each function stands a C function that notes, behind the draws, how many calls were
made and how the present one began; where the function raises, the notes stay as they are and no call is made any more.
After the loop the notes tell which call it was, and what was raised: a compiled function is called once more for that.
"""

import ctypes
import itertools
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numba import carray, cfunc, njit, types
from numba.core.dispatcher import Dispatcher

from actinf.envs.links import link
from actinf.envs.world import LinkedWorld, Mishap, World
from actinf.errors import SettingError
from actinf.kernels import layout as L
from actinf.kernels.buffers import BufferPlan
from actinf.kernels.compile import announced
from actinf.model import Control, Modality, Model

__all__ = ["OwnWorld"]

FUNCTIONS = ("begin", "observe", "move")
CALLED_WITH = {"begin": "nothing", "observe": "outcomes", "move": "actions"}
NOTE_CALLS, NOTE_FAILED, NOTE_KEY, NUM_NOTES = range(4)
MOST_SHOWN = 8
MOST_KEPT = 96
MOST_NOTED = 256
"""States of more numbers are not noted: it would take too long."""
SIGNATURE = types.void(
    types.CPointer(types.float64),
    types.intp,
    types.CPointer(types.float64),
    types.intp,
    types.CPointer(types.int64),
    types.intp,
)
C_TYPE = ctypes.CFUNCTYPE(
    None,
    ctypes.POINTER(ctypes.c_double),
    ctypes.c_int64,
    ctypes.POINTER(ctypes.c_double),
    ctypes.c_int64,
    ctypes.POINTER(ctypes.c_int64),
    ctypes.c_int64,
)


_COMPILED: dict[tuple[int, Any], Any] = {}
"""C functions around compiled ones, by which of the three it is and the function."""


class OwnWorld(World):
    """A world that is stated as code: subclass it, name what it shows and what moves it, and write three functions.

    The functions are static methods.  All of them are given `state`, float64 (state_size,), which is the world's to use
    and is cleared when an episode begins; and `draws`, float64 (num_draws,), uniform random numbers on [0, 1) of the
    world's own stream, fresh at each call.

        begin(state, draws, nothing)       begin an episode
        observe(state, draws, outcomes)    write the index of what is shown into outcomes, int64 (modalities,); −1 hides
        move(state, draws, actions)        move on after the actions, int64 (controls,), were taken

    With all three decorated by `@numba.njit` the world runs at the speed of the compiled loop: it is compiled once per
    process, and that is said.  As plain Python it does the same, slower, and a warning says so.

    Attributes:
        modalities: name → outcomes, as the agent's model names them.
        controls: name → actions, likewise.
        state_size: numbers that the world needs to remember.
        num_draws: random numbers that each call may use.
    """

    modalities: ClassVar[Mapping[str, Sequence[str]]] = {}
    controls: ClassVar[Mapping[str, Sequence[str]]] = {}
    state_size: ClassVar[int] = 1
    num_draws: ClassVar[int] = 4

    begin: Callable[..., None]
    observe: Callable[..., None]
    move: Callable[..., None]

    def __init__(self, *, name: str = ""):
        self.name = name or type(self).__name__
        missing = [function for function in FUNCTIONS if not callable(getattr(self, function, None))]
        if missing:
            raise SettingError(f"the world {self.name} has no function {missing[0]!r}: write it as a static method")
        if not self.modalities:
            raise SettingError(f"the world {self.name} shows nothing: name what it shows in `modalities`")
        for size in ("state_size", "num_draws"):
            if not isinstance(getattr(self, size), int) or getattr(self, size) < 0:
                raise SettingError(f"the world {self.name} has {size}={getattr(self, size)!r}: expected a whole number")

    @property
    def compiled(self) -> bool:
        """Whether all functions are compiled ones."""
        return all(isinstance(getattr(self, function), Dispatcher) for function in FUNCTIONS)

    def linked(self, model: Model) -> LinkedWorld:
        """The world as the kernels run it for agents with this model; compiles it, or says that it is plain Python.

        Raises:
            ModelError: when the names of the world and of the model do not fit; every mistake is listed.
            SettingError: when some functions are compiled and others are not.
        """
        modalities = [Modality(name, tuple(outcomes)) for name, outcomes in self.modalities.items()]
        controls = [Control(name, name, tuple(actions)) for name, actions in self.controls.items()]
        links = link(modalities, controls, model)
        kinds = [isinstance(getattr(self, function), Dispatcher) for function in FUNCTIONS]
        if any(kinds) and not all(kinds):
            plain = FUNCTIONS[kinds.index(False)]
            raise SettingError(
                f"the world {self.name} has compiled functions, but {plain!r} is not: decorate it with @njit"
            )
        functions = [getattr(self, function) for function in FUNCTIONS]
        notes = _Notes(self.name, self.state_size, self.num_draws, (0, len(modalities), len(controls)), functions)
        calls = self._compile(functions) if all(kinds) else self._wrap(notes)
        plan = BufferPlan()
        links.put(plan, links.actions)
        addresses: list[Any] = [
            call.address if all(kinds) else ctypes.cast(call, ctypes.c_void_p).value for call in calls
        ]
        plan.put(L.OWN_CALLS, addresses)
        plan.put(L.OWN_SIZES, [self.state_size, self.num_draws, len(modalities), len(controls)])
        return LinkedWorld(
            plan.ints(),
            np.zeros(0),
            num_factors=0,
            scratch=max(len(modalities), len(controls)),
            memory_size=notes.end + notes.noted + self.num_draws + max(notes.num_codes),
            keep=tuple(calls),
            check=notes.mishap,
        )

    def _compile(self, functions: Sequence[Any]) -> list[Any]:
        """The C functions around the compiled ones, made when they are first asked for and kept for the next run."""
        missing = [pair for pair in enumerate(functions) if pair not in _COMPILED]
        if missing:
            with announced(f"compiling the world {self.name} for this process"):
                for which, function in missing:
                    _COMPILED[which, function] = _compiled_call(function, which)
        found = [_COMPILED[pair] for pair in enumerate(functions)]
        while len(_COMPILED) > MOST_KEPT:
            del _COMPILED[next(iter(_COMPILED))]
        return found

    def _wrap(self, notes: "_Notes") -> list[Any]:
        message = f"the world {self.name} is plain Python, which is slower: decorate its functions with @numba.njit"
        warnings.warn(message, stacklevel=4)
        return [_python_call(which, notes) for which in range(len(FUNCTIONS))]


@dataclass
class _Notes:
    """What is noted in the memory of a block: calls made, which failed, the key of what it raised, and its arguments.

    Attributes:
        world: name of the world.
        num_states, num_draws: numbers of state and of draws, which lie before the notes.
        num_codes: whole numbers that each function is given.
        functions: the three functions.
        raised: what functions in plain Python raised, by key.
    """

    world: str
    num_states: int
    num_draws: int
    num_codes: tuple[int, int, int]
    functions: Sequence[Any]
    raised: dict[int, BaseException] = field(default_factory=dict)
    keys: Any = field(default_factory=itertools.count)

    @property
    def noted(self) -> int:
        """How many numbers of the state are noted: all or none."""
        return self.num_states if self.num_states <= MOST_NOTED else 0

    @property
    def end(self) -> int:
        """Where the arguments of a call are noted."""
        return self.num_states + self.num_draws + NUM_NOTES

    def mishap(self, memory: Any) -> Mishap | None:
        """What a function raised, in a block with this memory."""
        notes = memory[self.num_states + self.num_draws : self.end]
        which = int(notes[NOTE_FAILED]) - 1
        if which < 0:
            return None
        function = FUNCTIONS[which]
        ends = np.cumsum([self.noted, self.num_draws, self.num_codes[which]])
        state, draws, codes = np.split(memory[self.end :], ends)[:3]
        arguments = {"state": state, "draws": draws, CALLED_WITH[function]: codes.astype(np.int64)}
        error = self.raised.get(int(notes[NOTE_KEY]))
        if error is None and self.noted == self.num_states:
            error = _raised_by(self.functions[which], *arguments.values())
        if error is None:
            what = "an exception, of which compiled code cannot tell more: to see it, run the world without @njit"
        else:
            given = ", ".join(f"{name}={_listed(values)}" for name, values in arguments.items() if len(values))
            what = f"{type(error).__name__}: {error}".removesuffix(": ") + (
                f"; it was called with {given}" if given else ""
            )
        said = f"the function {function!r} of the world {self.world} raised {what}"
        return Mishap(int(notes[NOTE_CALLS]), said, error)


def _listed(values: Any) -> str:
    shown = ", ".join(repr(value) for value in values[:MOST_SHOWN].tolist())
    return f"[{shown}]" if len(values) <= MOST_SHOWN else f"[{shown}, … {len(values):,} in all]"


def _raised_by(function: Any, state: Any, draws: Any, codes: Any) -> Exception | None:
    """What a function raises that raised before inside the loop, where it could not be told."""
    try:
        function(state.copy(), draws.copy(), codes)
    except Exception as error:  # noqa: BLE001 -- it is handed on
        return error
    return None


def _compiled_call(function: Any, which: int) -> Any:
    """A C function around a compiled one."""

    @njit
    def raises(state: Any, draws: Any, codes: Any) -> Any:
        try:
            function(state, draws, codes)
        except Exception:  # noqa: BLE001 -- C cannot carry it: `mishap` tells of it after the loop
            return True
        return False

    def call(state: Any, n: int, draws: Any, k: int, codes: Any, c: int) -> None:
        noted = n if n <= MOST_NOTED else 0
        memory = carray(draws, (k + NUM_NOTES + noted + k + c,))
        if memory[k + NOTE_FAILED] != 0.0:
            return
        at = k + NUM_NOTES
        for i in range(noted):
            memory[at + i] = state[i]
        for i in range(k):
            memory[at + noted + i] = draws[i]
        for i in range(c):
            memory[at + noted + k + i] = codes[i]
        if raises(carray(state, (n,)), carray(draws, (k,)), carray(codes, (c,))):
            memory[k + NOTE_FAILED] = which + 1
        else:
            memory[k + NOTE_CALLS] += 1.0

    return cfunc(SIGNATURE)(call)


def _python_call(which: int, of: _Notes) -> Any:
    """A C function around a Python one."""
    function, noted = of.functions[which], of.noted

    def call(state: Any, n: int, draws: Any, k: int, codes: Any, c: int) -> None:
        memory = _array(draws, k + NUM_NOTES + noted + k + c)
        if memory[k + NOTE_FAILED] != 0.0:
            return
        arguments = (_array(state, n), _array(draws, k), _array(codes, c))
        memory[k + NUM_NOTES :] = np.concatenate([arguments[0][:noted], *arguments[1:]])
        try:
            function(*arguments)
        except BaseException as error:  # noqa: BLE001 -- C cannot carry it: `mishap` tells of it after the loop
            key = next(of.keys) + 1
            of.raised[key] = error
            memory[k + NOTE_KEY], memory[k + NOTE_FAILED] = key, which + 1
        else:
            memory[k + NOTE_CALLS] += 1.0

    return C_TYPE(call)


def _array(pointer: Any, length: int) -> Any:
    kind = np.float64 if isinstance(pointer, ctypes.POINTER(ctypes.c_double)) else np.int64
    return np.ctypeslib.as_array(pointer, (length,)) if length else np.zeros(0, dtype=kind)
