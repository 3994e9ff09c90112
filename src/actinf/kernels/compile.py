"""Compiling the kernels once per installation, and finding them again in the next process.

Numba can cache what it compiles, but it looks only at the file of the function itself: an edit in a function that is
*called* goes unnoticed and the old machine code runs on.  Here the cache lives in one folder per state of the world:
its name is a digest of every kernel source of the package, the versions of Numba, llvmlite and Python, and the
processor. Only entry points are cached; the functions that they call are part of their machine code.

The folder is `$ACTINF_CACHE_DIR`, else `$XDG_CACHE_HOME/actinf`, else `~/.cache/actinf`; where none of them can be
written (a read-only installation, a container without a home) a folder in the temporary directory serves.  Several
processes that start at once compile once: the first takes a lock, the others wait for it and load what it made.  The
two floating-point types have a lock each, so that both are compiled in the time of one.
"""

import hashlib
import os
import pickle
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import llvmlite
import numba
from llvmlite import binding as llvm
from numba.core import caching

from actinf.kernels.linking import linked_as_a_whole

__all__ = ["EntryPoint", "announced", "cache_folder", "entry_point", "inlined", "inner", "strict"]

PACKAGE = Path(__file__).resolve().parent.parent
KERNEL_PACKAGES = ("kernels", "inference", "planning", "learning", "agent")

# Re-association lets LLVM vectorise sums.  Nothing that assumes the absence of NaN or infinity is allowed.
FAST = {"reassoc", "contract", "arcp", "nsz"}

# Functions that only other kernels call need no wrappers for Python; and nothing here allocates, so that no references
# need counting.  Together this halves the time to compile.
INNER = {"nogil": True, "error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True, "_nrt": False}

inner: Callable[..., Any] = numba.njit(fastmath=FAST, **INNER)
"""Decorator of a function that is only called by other kernels."""

inlined: Callable[..., Any] = numba.njit(fastmath={"contract"}, forceinline=True, **INNER)
"""The same for the innermost loops: part of their caller, and vectorised as they are written."""

strict: Callable[..., Any] = numba.njit(fastmath=False, **INNER)
"""The same for functions whose result depends on the order of their operations.

It has to be said: a function that does not say it takes the rules of whoever happens to call it first.
"""


@contextmanager
def announced(what: str) -> Iterator[None]:
    """Say on the standard error stream that something slow is under way, and how long it took."""
    print(f"actinf: {what} …", end="", file=sys.stderr, flush=True)
    started = time.perf_counter()
    yield
    print(f" {time.perf_counter() - started:.1f} s", file=sys.stderr, flush=True)


def _processor() -> tuple[str, str, str]:
    """The processor that Numba compiles for: this machine's, unless NUMBA_CPU_NAME and NUMBA_CPU_FEATURES name one.

    With both, what one machine compiled is found on every other: an image carries its kernels.
    """
    name, features = numba.config.CPU_NAME, numba.config.CPU_FEATURES
    return (
        llvm.get_process_triple(),
        llvm.get_host_cpu_name() if name is None else name,
        llvm.get_host_cpu_features().flatten() if features is None else features,
    )


@cache
def kernel_digest(package: Path = PACKAGE) -> str:
    """Hex digest of everything that decides what the machine code is."""
    digest = hashlib.sha256()
    for folder in KERNEL_PACKAGES:
        for source in sorted((package / folder).glob("*.py")):
            text = source.read_bytes()
            if b"kernels.compile import" in text or source.parent.name == "kernels":
                digest.update(f"{folder}/{source.name}:{len(text)}\n".encode())
                digest.update(text)
    versions = (numba.__version__, llvmlite.__version__, platform.python_version(), sys.byteorder)
    digest.update(repr((versions, _processor())).encode())
    return digest.hexdigest()[:24]


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


@cache
def cache_folder() -> Path:
    """The folder that holds the machine code of exactly these kernels on exactly this processor."""
    named = os.environ.get("ACTINF_CACHE_DIR")
    candidates = [Path(named)] if named else []
    xdg = os.environ.get("XDG_CACHE_HOME")
    candidates.append(Path(xdg) / "actinf" if xdg else Path("~").expanduser() / ".cache" / "actinf")
    name = f"kernels-{kernel_digest()}"
    for candidate in candidates:
        complete = candidate / name
        if (complete.is_dir() and any(complete.glob("*.ready"))) or _writable(complete):
            return complete
    fallback = Path(tempfile.gettempdir()) / f"actinf-{os.getuid() if hasattr(os, 'getuid') else 'user'}" / name
    fallback.mkdir(parents=True, exist_ok=True, mode=0o700)
    if (
        hasattr(os, "getuid") and fallback.parent.stat().st_uid != os.getuid()
    ):  # somebody else's folder: do not load code
        fallback = Path(tempfile.mkdtemp(prefix="actinf-"))
    return fallback


class _Locator(caching._CacheLocator):  # type: ignore[misc]
    """Tells Numba's cache where to put a kernel, and that its folder's name says all about its age."""

    def __init__(self, function: Callable[..., Any]):
        self._function = function

    def get_cache_path(self) -> str:
        return str(cache_folder())

    def get_source_stamp(self) -> str:
        return kernel_digest()

    def get_disambiguator(self) -> str:
        return str(self._function.__module__)

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], _py_file: str) -> "_Locator":
        return cls(py_func)


class _CacheImpl(caching.CompileResultCacheImpl):  # type: ignore[misc]
    _locator_classes: ClassVar = [_Locator]


class _Lost(Exception):
    """What should have been in the cache is not there, or is damaged."""


class _Cache(caching.FunctionCache):  # type: ignore[misc]
    """Numba's cache, for which a damaged file is a missing one, and a folder that cannot be written no obstacle.

    Attributes:
        required: whether what is missing raises `_Lost`, instead of being compiled there and then.
    """

    _impl_class = _CacheImpl
    required = False

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            found = super().load_overload(sig, target_context)
        except (EOFError, OSError, pickle.UnpicklingError):
            found = None
        if found is None and self.required:
            raise _Lost
        return found

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep what was compiled; one process at a time, for the index tells of all signatures of a kernel."""
        with _lock(cache_folder() / "save.lock"):
            self._save(sig, data)

    def _save(self, sig: Any, data: Any) -> None:
        try:
            super().save_overload(sig, data)
        except EOFError:  # the index is damaged: begin a new one
            self.flush()
            super().save_overload(sig, data)
        except OSError:
            return


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold the file `path` for this process alone; where files cannot be locked, go on without."""
    try:
        handle = path.open("a+b")
    except OSError:
        yield
        return
    with handle:
        try:
            import fcntl
        except ImportError:
            yield
            return
        fcntl.flock(handle, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(handle, fcntl.LOCK_UN)


@contextmanager
def _interrupt_afterwards() -> Iterator[None]:
    """Let Ctrl-C wait for the end of a compilation: LLVM calls back into Python, where an exception would be lost."""
    asked: list[int] = []

    def put_off(number: int, _frame: object) -> None:
        if not asked:
            print(" stopping when this is done …", end="", file=sys.stderr, flush=True)
        asked.append(number)

    try:
        before = signal.signal(signal.SIGINT, put_off)
    except ValueError:  # not the main thread, which alone receives signals
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if asked:
        raise KeyboardInterrupt


class EntryPoint:
    """A kernel that Python calls: compiled for a floating-point type when that type is first asked for.

    The signature is given once, as a function of the floating-point type, so that no call can ever start a second
    compilation: a call with other types is a mistake of ours and fails.
    """

    def __init__(self, function: Callable[..., Any], signature: Callable[[Any], Any]):
        self.name = function.__name__
        self._function = function
        self._signature = signature
        self._compiled: dict[str, Any] = {}

    def compiled(self, dtype: str) -> Any:
        """The machine code for `dtype` ("float64" or "float32"), loaded from the cache or compiled now."""
        found = self._compiled.get(dtype)
        if found is None:
            found = self._compiled[dtype] = self._load_or_compile(dtype)
        return found

    def _load_or_compile(self, dtype: str) -> Any:
        dispatcher: Any = numba.njit(nogil=True, error_model="numpy", fastmath=FAST, no_cfunc_wrapper=True)(
            self._function
        )
        dispatcher._cache = _Cache(self._function)
        signature = self._signature(getattr(numba.types, dtype))
        folder = cache_folder()
        ready = folder / f"{self.name}-{dtype}.ready"
        if not self._load(dispatcher, signature, ready):
            with _lock(folder / f"{self.name}-{dtype}.lock"):
                if not self._load(dispatcher, signature, ready):
                    self._compile(dispatcher, signature, dtype, ready)
        dispatcher.disable_compile()
        return dispatcher

    @staticmethod
    def _load(dispatcher: Any, signature: Any, ready: Path) -> bool:
        """Take the machine code from the cache, if it is said to be there and is."""
        if not ready.exists():
            return False
        dispatcher._cache.required = True
        try:
            dispatcher.compile(signature)
        except _Lost:
            return False
        finally:
            dispatcher._cache.required = False
        return True

    def _compile(self, dispatcher: Any, signature: Any, dtype: str, ready: Path) -> None:
        saying = announced(f"compiling '{self.name}' for {dtype}, once per installation")
        with _interrupt_afterwards(), saying, linked_as_a_whole(self._function.__qualname__):
            dispatcher.compile(signature)
        with suppress(OSError):  # where nothing can be kept the next process compiles again, and says so
            ready.touch()


def entry_point(signature: Callable[[Any], Any]) -> Callable[[Callable[..., Any]], EntryPoint]:
    """Decorator: make a function an `EntryPoint` with `signature(float_type)`."""
    return lambda function: EntryPoint(function, signature)
