"""`run.json`: what was run, by which versions, on which machine, and the digest of what came out.

Together with the experiment file beside it, it is enough to run the same again and to say what differs when the bytes
do not come out the same.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from actinf.errors import TraceError
from actinf.kernels.compile import kernel_digest

__all__ = ["RECORD_FILE", "Machine", "RunRecord", "digest_of", "this_machine", "write_atomically"]

RECORD_FILE = "run.json"
"""The name of the record inside the folder of a run."""

_LIBRARIES = ("numpy", "numba", "llvmlite", "xarray", "h5netcdf", "h5py")


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What the numbers were computed with.

    Attributes:
        actinf: version of this package.
        python: version of the interpreter.
        libraries: version of each library that has a say in the numbers or the bytes.
        kernels: digest of what decides the machine code: the sources of the kernels, the compiler and the processor;
            empty in a record that does not know it.
        processor: name of the processor.
        architecture: what the compiled code was made for.
        cores: number of cores.
        system: operating system.
    """

    actinf: str
    python: str
    libraries: Mapping[str, str]
    processor: str
    architecture: str
    cores: int
    system: str
    kernels: str = ""

    def differences(self, other: Machine) -> list[str]:
        """What is not the same on the other machine, a phrase for each."""
        found = [
            f"{one.name} {getattr(self, one.name)} was {getattr(other, one.name)}"
            for one in fields(self)
            if one.name not in ("libraries", "cores", "kernels") and getattr(self, one.name) != getattr(other, one.name)
        ]
        names = sorted(set(self.libraries) | set(other.libraries))
        for name in names:
            now, then = self.libraries.get(name, "missing"), other.libraries.get(name, "missing")
            if now != then:
                found.append(f"{name} {now} was {then}")
        if self.kernels and other.kernels and self.kernels != other.kernels:
            why = "" if self._compiles_otherwise(other) else ": their source was changed"
            found.append(f"digest of the kernels {self.kernels} was {other.kernels}{why}")
        return found

    def _compiles_otherwise(self, other: Machine) -> bool:
        """Whether the same source would have another digest on the other machine."""
        return any(self.libraries.get(name) != other.libraries.get(name) for name in ("numba", "llvmlite")) or (
            self.python,
            self.processor,
            self.architecture,
        ) != (other.python, other.processor, other.architecture)


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """The record of one run.

    Attributes:
        name: what the run is called.
        command: the command line, or an empty list when it was run from Python.
        seed: of all random streams.
        model_hash: hash of the agents' model.
        world_hashes: hash of each world's process, in the order of the schedule.
        configuration: the whole experiment as in its file.
        threads: threads that were asked for, or `None` for all.
        machine: what it was computed with.
        started: when, in UTC.
        seconds: how long the simulation took.
        trace_sha256: digest of the trace.
        trace_bytes: its size.
    """

    name: str
    command: Sequence[str]
    seed: int
    model_hash: str
    world_hashes: Sequence[str]
    configuration: Mapping[str, Any]
    threads: int | None
    machine: Machine
    started: str
    seconds: float
    trace_sha256: str
    trace_bytes: int
    format: int = field(default=1)

    def write(self, folder: Path) -> Path:
        """Write it as `run.json`, in whole or not at all."""
        text = json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"
        return write_atomically(folder / RECORD_FILE, text)

    @classmethod
    def read(cls, folder: str | os.PathLike[str]) -> RunRecord:
        """Read the record of a run.

        Raises:
            TraceError: the folder holds no record, or one that cannot be read.
        """
        path = Path(folder) / RECORD_FILE
        try:
            plain = json.loads(path.read_text(encoding="utf-8"))
            return cls(**{**plain, "machine": Machine(**plain["machine"])})
        except (FileNotFoundError, NotADirectoryError):
            raise TraceError(f"{folder} is not the folder of a run: it has no {RECORD_FILE}") from None
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise TraceError(f"{path} cannot be read as the record of a run: {error}") from error


def this_machine(version: str) -> Machine:
    """What this process computes with; `version` is that of this package."""
    return Machine(
        actinf=version,
        python=platform.python_version(),
        libraries={name: _version(name) for name in _LIBRARIES},
        processor=_processor_name(),
        architecture=_architecture(),
        cores=os.cpu_count() or 1,
        system=f"{platform.system()} {platform.release()}",
        kernels=kernel_digest(),
    )


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomically(path: Path, text: str) -> Path:
    """Write a text so that the file is there in whole or not at all."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with partial.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    return path


def _version(library: str) -> str:
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return "missing"


def _processor_name() -> str:
    """The name that the processor gives itself, where the system tells it."""
    if sys.platform == "linux":
        try:
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
        except OSError:
            pass
    return platform.processor() or platform.machine()


def _architecture() -> str:
    """What compiled kernels are made for on this machine."""
    try:
        from llvmlite import binding
    except ImportError:
        return platform.machine()
    return f"{platform.machine()} {binding.get_host_cpu_name()}"
