"""Optimising an entry point once, as a whole, instead of each of its functions over and over.

Numba finishes every function that it compiles: all that the function calls is linked in, optimised in full and turned
into machine code, so that the function could be called on its own.  With a hundred functions that call each other six
deep most of the time goes into machine code that nobody ever runs.  The functions of an entry point are only ever run
as part of it.  Here they are linked and left as they are, and LLVM sees them once: when the entry point is finished.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from llvmlite import binding as llvm
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target
from numba.core.targetconfig import TargetConfig

__all__ = ["linked_as_a_whole"]


_HASHES: dict[type, int] = {}


class _PartLibrary(JITCodeLibrary):  # type: ignore[misc]
    """The code of a function that is only run as part of another: linked, but neither optimised nor made executable."""

    def finalize(self) -> None:
        self._raise_if_finalized()
        for library in dict.fromkeys(self._linking_libraries):
            self._reload_init.update(library._reload_init)
            self._final_module.link_in(library._get_module_for_linking(), preserve=True)
        self._finalized = True


def _machine_code_and_names(library: Any) -> tuple[str, str, tuple[bytes, bytes]]:
    """What the cache keeps of an entry point: not the bitcode by which others could link it, since nothing does.

    Reading that back took most of the time, and of the memory, that loading takes.  Numba looks into it for the names
    that the machine code defines: these are kept.
    """
    name, kind, (code, bitcode) = type(library).serialize_using_object_code(library)
    module = llvm.parse_bitcode(bitcode)
    hidden = (llvm.Linkage.internal, llvm.Linkage.private)
    functions = [f.name for f in module.functions if not f.is_declaration and f.linkage not in hidden]
    variables = [v.name for v in module.global_variables if not v.is_declaration and v.linkage not in hidden]
    names = [f'define void @"{defined}"() {{ ret void }}' for defined in functions]
    names += [f'@"{defined}" = global i8 0' for defined in variables]
    return name, kind, (code, llvm.parse_assembly("\n".join(names)).as_bitcode())


def _hash_of_flags(flags: Any) -> int:
    """As Numba has it: of the names of all flags, whatever they are set to; but made up once."""
    return _HASHES.setdefault(type(flags), hash(tuple(sorted(flags.options))))


def _equal_flags(flags: Any, other: Any) -> Any:
    """As Numba has it, without asking for flags that neither side has set."""
    if not isinstance(other, TargetConfig):
        return NotImplemented
    mine, theirs = flags._values, other._values
    return mine == theirs or all(getattr(flags, name) == getattr(other, name) for name in mine.keys() | theirs.keys())


@contextmanager
def linked_as_a_whole(entry: str) -> Iterator[None]:
    """While this lasts, only the function named `entry` becomes executable; what it calls is part of it.

    Holds Numba's compiler lock, so that no other thread's compilation is caught up in it.
    """
    codegen: Any = cpu_target.target_context.codegen()
    set_env = codegen.set_env
    slow = TargetConfig.__hash__, TargetConfig.__eq__  # overloads are looked up by all flags, a hundred thousand times

    def library_of(name: str, **options: Any) -> Any:
        if name != entry:
            return _PartLibrary(codegen, name, **options)
        library = codegen._library_class(codegen, name, **options)
        library.serialize_using_object_code = partial(_machine_code_and_names, library)
        return library

    def set_env_where_executable(name: str, env: Any) -> None:
        if codegen._engine.is_symbol_defined(name):
            set_env(name, env)

    with global_compiler_lock:
        codegen.create_library, codegen.set_env = library_of, set_env_where_executable
        TargetConfig.__hash__, TargetConfig.__eq__ = _hash_of_flags, _equal_flags
        try:
            yield
        finally:
            del codegen.create_library, codegen.set_env
            TargetConfig.__hash__, TargetConfig.__eq__ = slow
