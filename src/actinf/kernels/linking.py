"""Optimising an entry point once, as a whole, instead of each of its functions over and over.

Numba finishes every function that it compiles: all that the function calls is linked in, optimised in full and turned
into machine code, so that the function could be called on its own.  With a hundred functions that call each other six
deep most of the time goes into machine code that nobody ever runs.  The functions of an entry point are only ever run
as part of it.  Here they are linked and left as they are, and LLVM sees them once: when the entry point is finished.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target

__all__ = ["linked_as_a_whole"]


class _PartLibrary(JITCodeLibrary):  # type: ignore[misc]
    """The code of a function that is only run as part of another: linked, but neither optimised nor made executable."""

    def finalize(self) -> None:
        self._raise_if_finalized()
        for library in dict.fromkeys(self._linking_libraries):
            self._reload_init.update(library._reload_init)
            self._final_module.link_in(library._get_module_for_linking(), preserve=True)
        self._finalized = True


@contextmanager
def linked_as_a_whole(entry: str) -> Iterator[None]:
    """While this lasts, only the function named `entry` becomes executable; what it calls is part of it.

    Holds Numba's compiler lock, so that no other thread's compilation is caught up in it.
    """
    codegen: Any = cpu_target.target_context.codegen()
    set_env = codegen.set_env

    def library_of(name: str, **options: Any) -> Any:
        kind = codegen._library_class if name == entry else _PartLibrary
        return kind(codegen, name, **options)

    def set_env_where_executable(name: str, env: Any) -> None:
        if codegen._engine.is_symbol_defined(name):
            set_env(name, env)

    with global_compiler_lock:
        codegen.create_library, codegen.set_env = library_of, set_env_where_executable
        try:
            yield
        finally:
            del codegen.create_library, codegen.set_env
