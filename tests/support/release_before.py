"""The code of this project before its newest migration, which has to run beside the code of today."""

import io
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import httpx
import pytest
from support.documentation import ROOT
from support.ports import free_port
from support.server_process import ServerProcess


def code_before(revision: str, folder: Path) -> Path:
    """Unpack the source of the commit before a migration came; skips the test where there is no such commit here.

    Returns:
        The folder that holds the package `actinf`.
    """
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("no git history here: the code of the release before is not to be had")

    def ask(*arguments: str) -> bytes:
        return subprocess.run([git, *arguments], cwd=ROOT, capture_output=True, check=True).stdout

    migration = f"src/actinf/service/migrations/versions/{revision}_*.py"
    added = ask("log", "--diff-filter=A", "--format=%H", "--", migration).decode().split()
    before = f"{added[-1]}^" if added else "HEAD"
    found = subprocess.run([git, "cat-file", "-e", f"{before}:src"], cwd=ROOT, check=False, capture_output=True)
    if found.returncode != 0:
        pytest.skip(f"a shallow clone: the commit before the migration {revision} is not in it")
    with tarfile.open(fileobj=io.BytesIO(ask("archive", before, "src"))) as archive:
        archive.extractall(folder / "before", filter="data")
    return folder / "before" / "src"


def steps_with(source: Path, database_url: str, data_dir: Path) -> list[int]:
    """Serve with that code, make an agent, step it twice, and return the numbers of the steps in its history."""
    port = free_port()
    flags = ["--port", str(port), "--database-url", database_url, "--data-dir", str(data_dir), "--insecure-local"]
    server = ServerProcess(
        ["env", f"PYTHONPATH={source}", sys.executable, "-m", "actinf.cli", "serve", *flags, "--workers", "0"],
        port=port,
        log=source.parent / "server.log",
    )
    where = subprocess.run(
        [sys.executable, "-c", "import actinf; print(actinf.__file__)"],
        env={**os.environ, "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert where.stdout.startswith(str(source)), "another actinf than the old one would be tested"
    server.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=180) as client:
            settings = {"model": "tmaze", "planner": {"exhaustive": {"horizon": 2}}}
            agent = client.post("/v1/agents", json=settings).raise_for_status().json()["id"]
            steps = f"/v1/agents/{agent}/steps"
            for observation in ({"where": "centre", "cue": "none"}, {"where": "cue", "cue": "left"}):
                client.post(steps, json={"observation": observation}).raise_for_status()
            return [step["step"] for step in client.get(steps).raise_for_status().json()["items"]]
    finally:
        server.stop()
