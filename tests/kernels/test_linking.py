"""An entry point is optimised once, as a whole."""

from collections.abc import Callable
from itertools import product
from typing import Any

import numba
from numba import types
from numba.core.compiler import Flags
from numba.core.registry import cpu_target

from actinf.kernels.compile import inner
from actinf.kernels.linking import linked_as_a_whole


def two_functions() -> tuple[Any, Callable[[int], int]]:
    @inner
    def called_part(x):
        return x + 1

    def entry(x):
        return 2 * called_part(x)

    return called_part, entry


def test_what_an_entry_point_calls_is_part_of_it_and_no_machine_code_of_its_own() -> None:
    called_part, entry = two_functions()
    with linked_as_a_whole(entry.__qualname__):
        dispatcher = numba.njit(entry)
        dispatcher.compile(types.int64(types.int64))
    assert dispatcher(3) == 8
    engine = cpu_target.target_context.codegen()._engine
    (alone,) = called_part.overloads.values()
    (whole,) = dispatcher.overloads.values()
    assert engine.is_symbol_defined(whole.fndesc.llvm_func_name)
    assert not engine.is_symbol_defined(alone.fndesc.llvm_func_name)


def test_compilations_before_and_after_are_numbas_own() -> None:
    """A user's world is compiled in the same process, and may call what was once a part."""
    called_part, entry = two_functions()
    with linked_as_a_whole(entry.__qualname__):
        numba.njit(entry).compile(types.int64(types.int64))
    codegen = cpu_target.target_context.codegen()
    assert "create_library" not in vars(codegen)
    assert "set_env" not in vars(codegen)

    @numba.njit
    def afterwards(x):
        return called_part(x) + called_part(x + 1)

    assert afterwards(1) == 5


def test_flags_are_compared_as_numba_compares_them() -> None:
    """Set to its default is as good as not set."""
    unset, same, other = Flags(), Flags(), Flags()
    same.nrt = Flags.options["nrt"].default
    other.nrt = not same.nrt
    for one, two in product((unset, same, other), repeat=2):
        slow = one == two, hash(one) == hash(two)
        with linked_as_a_whole("nothing"):
            assert (one == two, hash(one) == hash(two)) == slow
            assert hash(one) != hash("something else")
    assert unset != "something else"
