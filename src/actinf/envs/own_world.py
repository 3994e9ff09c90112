"""A user's own world: a small class with three functions, run inside the compiled loop."""

import ctypes
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numba import carray, cfunc, types
from numba.core.dispatcher import Dispatcher

from actinf.envs.links import link
from actinf.envs.world import LinkedWorld, World
from actinf.errors import SettingError
from actinf.kernels import layout as L
from actinf.kernels.buffers import BufferPlan
from actinf.kernels.compile import announced
from actinf.model import Control, Modality, Model

__all__ = ["OwnWorld"]

FUNCTIONS = ("begin", "observe", "move")
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
        failures: list[BaseException] = []
        calls = self._compile() if all(kinds) else self._wrap(failures)

        def check() -> None:
            if failures:
                raise failures[0]

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
            own_size=self.state_size + self.num_draws,
            keep=tuple(calls),
            check=check,
        )

    def _compile(self) -> list[Any]:
        with announced(f"compiling the world {self.name} for this process"):
            return [_compiled_call(getattr(self, function)) for function in FUNCTIONS]

    def _wrap(self, failures: list[BaseException]) -> list[Any]:
        message = f"the world {self.name} is plain Python, which is slower: decorate its functions with @numba.njit"
        warnings.warn(message, stacklevel=4)
        return [_python_call(getattr(self, function), failures) for function in FUNCTIONS]


def _compiled_call(function: Any) -> Any:
    """A C function around a compiled one."""

    def call(state: Any, n: int, draws: Any, k: int, codes: Any, c: int) -> None:
        function(carray(state, (n,)), carray(draws, (k,)), carray(codes, (c,)))

    return cfunc(SIGNATURE)(call)


def _python_call(function: Callable[..., None], failures: list[BaseException]) -> Any:
    """A C function around a Python one; what it raises is kept, since C cannot carry it."""

    def call(state: Any, n: int, draws: Any, k: int, codes: Any, c: int) -> None:
        if failures:
            return
        try:
            function(_array(state, n), _array(draws, k), _array(codes, c))
        except BaseException as error:  # noqa: BLE001  (C cannot carry it: `check` raises it again after the loop)
            failures.append(error)

    return C_TYPE(call)


def _array(pointer: Any, length: int) -> Any:
    kind = np.float64 if isinstance(pointer, ctypes.POINTER(ctypes.c_double)) else np.int64
    return np.ctypeslib.as_array(pointer, (length,)) if length else np.zeros(0, dtype=kind)
