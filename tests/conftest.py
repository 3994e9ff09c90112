"""What every test has around it: a folder of its own, no screen, and reproducible random examples.

The kernels are compiled once into the user's cache and shared by all tests and all workers; a test that is about the
cache itself names another one with `ACTINF_CACHE_DIR` for a process that it starts.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest

os.environ["MPLBACKEND"] = "Agg"

# No deadline: the first example of a test may be the one that loads the kernels.
hypothesis.settings.register_profile("developer", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, database=None, print_blob=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "developer")

FreshPython = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(autouse=True)
def folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test starts in an empty folder, so that a relative path never writes into the checkout."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def fresh_python(tmp_path: Path) -> FreshPython:
    """Run code in a new interpreter: `fresh_python("import actinf", NUMBA_BOUNDSCHECK="1").stdout`.

    Keywords are environment variables, added to those of this process; a failure raises with what was printed.
    """

    def run(code: str, *, timeout: float = 120, **environment: str) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", code],
            cwd=tmp_path,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert done.returncode == 0, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return run
