"""Compiled once per installation, found again, never stale: the cache of the kernels."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from numba.core import event

import actinf as ai
from actinf.kernels import compile as kernels
from actinf.kernels.compile import kernel_digest

PACKAGE = Path(kernels.__file__).resolve().parent.parent
DECORATED = re.compile(r"^@(inner|inlined|strict|intrinsic|entry_point)\b", re.MULTILINE)
WITH_KERNELS = sorted(
    str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py") if DECORATED.search(path.read_text("utf-8"))
)

# A kernel that takes a moment to compile, in place of the real ones that take half a minute.
TINY = """
import sys, os
from numba import types
from actinf.kernels.compile import entry_point, inner, cache_folder

@inner
def grown(x):
    return x + 1

@entry_point(lambda real: real(real))
def tiny(x):
    return grown(x)

for dtype in sys.argv[1:]:
    print(tiny.compiled(dtype)(1.0), tiny.compiled(dtype)(2.0))
"""

# As if the folder were on a read-only disk; permissions would not stop a test that runs as root.
READ_ONLY = """
import os, sys

def refuse(event, arguments):
    if event == "open":
        path, mode, flags = arguments
        writes = (mode or "") and set(mode or "") & set("wax+") or (flags or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    elif event in ("os.mkdir", "os.rename", "os.remove"):
        path, writes = arguments[0], True
    else:
        return
    if writes and str(path).startswith(os.environ["ACTINF_CACHE_DIR"]):
        raise PermissionError(30, "Read-only file system", str(path))

sys.addaudithook(refuse)
"""


@pytest.fixture
def copy_of_the_package(tmp_path: Path) -> Path:
    target = tmp_path / "actinf"
    shutil.copytree(PACKAGE, target, ignore=shutil.ignore_patterns("__pycache__"))
    return target


def start(script: str, cache: Path, folder: Path, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
    path = folder / "tiny_kernel.py"
    if not path.exists() or path.read_text("utf-8") != script:  # another process may be reading it
        path.write_text(script, "utf-8")
    return subprocess.Popen(
        [sys.executable, "-W", "error", str(path), *arguments],
        env={**os.environ, "ACTINF_CACHE_DIR": str(cache), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process: "subprocess.Popen[str]") -> tuple[str, str]:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out, err


def test_there_are_kernels_to_look_after() -> None:
    assert {"kernels/views.py", "inference/apart.py", "agent/step.py", "agent/loop.py"} <= set(WITH_KERNELS)


@pytest.mark.parametrize("name", WITH_KERNELS)
def test_an_edit_in_any_kernel_is_another_digest(name: str, copy_of_the_package: Path) -> None:
    """Numba looks only at the file of the function that it caches: an edit in one that is called would go unnoticed."""
    before = kernel_digest(copy_of_the_package)
    source = copy_of_the_package / name
    source.write_text(source.read_text("utf-8") + "\n# changed\n", "utf-8")
    kernel_digest.cache_clear()
    assert kernel_digest(copy_of_the_package) != before


def test_an_edit_elsewhere_compiles_nothing(copy_of_the_package: Path) -> None:
    before = kernel_digest(copy_of_the_package)
    for name in ("model/model.py", "errors.py", "lab/run_record.py", "envs/own_world.py", "agent/session.py"):
        source = copy_of_the_package / name
        source.write_text(source.read_text("utf-8") + "\n# changed\n", "utf-8")
    kernel_digest.cache_clear()
    assert kernel_digest(copy_of_the_package) == before


def test_the_digest_does_not_depend_on_where_the_package_lies(copy_of_the_package: Path) -> None:
    assert kernel_digest(copy_of_the_package) == kernel_digest()


def test_kernels_for_a_named_processor_are_found_on_every_machine(fresh_python) -> None:
    """An image is compiled on one machine and runs on others."""
    script = """
from llvmlite import binding
{other}
from actinf.kernels.compile import kernel_digest
print(kernel_digest())
"""
    other = "binding.get_host_cpu_name = lambda: 'another'"
    here, there = script.format(other=""), script.format(other=other)
    named = {"NUMBA_CPU_NAME": "x86-64-v3", "NUMBA_CPU_FEATURES": "+avx2,+fma"}
    assert fresh_python(here, **named).stdout == fresh_python(there, **named).stdout
    assert fresh_python(here).stdout != fresh_python(there).stdout
    assert fresh_python(here).stdout != fresh_python(here, **named).stdout


def test_processes_that_start_at_once_compile_once(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    processes = [start(TINY, cache, tmp_path, "float64") for _ in range(4)]
    results = [finished(process) for process in processes]
    assert [out for out, _ in results] == ["2.0 3.0\n"] * 4
    said = [err for _, err in results if err]
    assert len(said) == 1
    assert re.fullmatch(r"actinf: compiling 'tiny' for float64, once per installation … \d+\.\d s\n", said[0])


def test_both_types_compiled_at_once_are_both_kept(tmp_path: Path) -> None:
    """One index tells of both, and neither may write over what the other wrote."""
    cache = tmp_path / "cache"
    for process in [start(TINY, cache, tmp_path, dtype) for dtype in ("float64", "float32")]:
        assert "compiling 'tiny'" in finished(process)[1]
    assert finished(start(TINY, cache, tmp_path, "float64", "float32")) == ("2.0 3.0\n" * 2, "")


def test_the_next_process_finds_what_was_compiled(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert "compiling" in finished(start(TINY, cache, tmp_path, "float64"))[1]
    assert finished(start(TINY, cache, tmp_path, "float64")) == ("2.0 3.0\n", "")
    out, err = finished(start(TINY, cache, tmp_path, "float64", "float32"))
    assert out == "2.0 3.0\n" * 2
    assert err.startswith("actinf: compiling 'tiny' for float32")


def test_a_read_only_cache_is_used_as_it_is(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    finished(start(TINY, cache, tmp_path, "float64"))
    assert finished(start(READ_ONLY + TINY, cache, tmp_path, "float64")) == ("2.0 3.0\n", "")


def test_what_a_read_only_cache_lacks_is_compiled_anew_each_time(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    finished(start(TINY, cache, tmp_path, "float64"))
    for _ in range(2):
        out, err = finished(start(READ_ONLY + TINY, cache, tmp_path, "float64", "float32"))
        assert out == "2.0 3.0\n" * 2
        assert "compiling 'tiny' for float32" in err


def test_where_no_cache_can_be_written_the_temporary_folder_serves(tmp_path: Path) -> None:
    """A container without a home: ACTINF_CACHE_DIR and the home lie below a file, where nothing can be made."""
    (tmp_path / "file").write_text("")
    nowhere, temporary = tmp_path / "file" / "below", tmp_path / "temporary"
    temporary.mkdir()
    environment = {"HOME": str(nowhere), "XDG_CACHE_HOME": str(nowhere), "TMPDIR": str(temporary)}
    assert "compiling" in finished(start(TINY, nowhere, tmp_path, "float64", **environment))[1]
    assert list(temporary.glob("actinf-*/kernels-*/tiny-float64.ready"))
    assert finished(start(TINY, nowhere, tmp_path, "float64", **environment)) == ("2.0 3.0\n", "")


def test_a_cache_whose_files_were_lost_or_damaged_is_made_anew(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    finished(start(TINY, cache, tmp_path, "float64"))
    for path in cache.rglob("*.nbc"):
        path.unlink()
    processes = [start(TINY, cache, tmp_path, "float64") for _ in range(2)]
    results = [finished(process) for process in processes]
    assert [out for out, _ in results] == ["2.0 3.0\n"] * 2
    assert sorted("compiling 'tiny'" in said for _, said in results) == [False, True]
    for path in cache.rglob("*.nbi"):
        path.write_bytes(b"")
    out, said = finished(start(TINY, cache, tmp_path, "float64"))
    assert out == "2.0 3.0\n"
    assert "compiling 'tiny'" in said
    assert finished(start(TINY, cache, tmp_path, "float64")) == ("2.0 3.0\n", "")


def test_a_model_of_a_new_shape_compiles_nothing() -> None:
    """Buffers are data: whatever the factors, modalities, controls, settings and horizon, the code is the same."""
    ai.simulate(ai.Agent(ai.Model.load("tmaze")), num_agents=1, num_steps=1)
    ai.Agent(ai.Model.load("tmaze")).start().step({})
    with event.install_recorder("numba:compile") as recorded:
        for seed, factors in enumerate([(2,), (7, 3), (2, 2, 2, 2)]):
            model = ai.envs.random_model(
                num_states=factors, num_obs=(3,) * (seed + 1), num_actions=(2,) * len(factors), seed=seed
            )
            for settings in (
                {},
                {"inference": ai.Exact(), "choice": ai.BestPolicy(), "alpha": 1.0},
                {
                    "learning": ai.Learning(A=True, B=True, D=True, E=True),
                    "planner": ai.Exhaustive(horizon=2, novelty=True),
                },
            ):  # type: dict[str, Any]
                agent = ai.Agent(model, **settings)
                agent.start().step([0] * (seed + 1)).explain()
                ai.simulate(agent, num_agents=2, num_steps=2)
    assert recorded.buffer == []


def test_an_entry_point_called_with_other_types_fails_instead_of_compiling() -> None:
    from actinf.agent.loop import run_job

    with pytest.raises(TypeError):
        run_job.compiled("float64")(1, 2, 3)


def test_an_entry_point_is_loaded_once_per_process() -> None:
    from actinf.agent.loop import run_job

    assert run_job.compiled("float64") is run_job.compiled("float64")
