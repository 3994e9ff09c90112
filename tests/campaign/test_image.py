"""The scripts of the container file, run in its order by a user without rights, and then what they made.

No container engine is needed for it, and none is tried: what a kernel does around a container is not shown here.
"""

import json
import re
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.image import Stage, Unprivileged, copy_of_the_source, stages
from support.postgres import folder_for_servers

# Each is typed in the runbook, or by the chart, into a container of this image.
TYPED = ("actinf", "psql", "postgres", "initdb", "pg_basebackup", "pg_verifybackup", "pg_isready")
OF_THE_SYSTEM = ("bash", "curl", "grep", "df", "sleep", "top")


@pytest.fixture(scope="module")
def image() -> Iterator["Installed"]:
    with folder_for_servers() as folder:
        yield Installed(folder)


class Installed:
    """The folder /opt/actinf of the image, somewhere else."""

    def __init__(self, folder: Path):
        self.prefix = folder / "opt"
        source = copy_of_the_source(folder / "src")
        self.user = Unprivileged(folder)
        places = {"/src": str(source), "/wheels": str(folder / "wheels"), "/opt/actinf": str(self.prefix)}

        def here(text: str) -> str:
            pattern = "|".join(sorted(map(re.escape, places), key=len, reverse=True))
            return re.sub(rf"^(?:{pattern})", lambda match: places[match[0]], text)

        for command in stages()["build"].runs:
            print(self.user.run(*map(here, command), **self._variables(stages()["build"], here)).stdout)
        self.variables = self._variables(stages()["base"], here)
        self.variables["PATH"] = ":".join(map(here, self.variables["PATH"].split(":")))
        self.variables["HOME"] = str(folder / "home")
        self.variables["MPLCONFIGDIR"] = str(folder / "home" / "matplotlib")
        # In the image nobody can write here.
        self.user.run("chmod", "-R", "a-w", self.prefix)

    @staticmethod
    def _variables(stage: Stage, here) -> dict[str, str]:
        return {name: here(value) for name, value in stage.variables.items()}

    def run(self, *words: str) -> str:
        return self.user.run(*words, **self.variables).stdout


def test_the_programs_are_those_of_the_image(image) -> None:
    for name in TYPED:
        assert image.run("bash", "-c", f"command -v {name}").startswith(str(image.prefix)), name
        assert image.run(name, "--version").strip(), name
    for name in OF_THE_SYSTEM:
        assert image.run("bash", "-c", f"command -v {name}").strip(), name
    assert "(PostgreSQL) 18" in image.run("pg_basebackup", "--version")


def test_nothing_that_only_develops_or_installs_is_in_it(image) -> None:
    installed = image.run("python", "-c", "import importlib.metadata as m; print(*(d.name for d in m.distributions()))")
    assert {"pip", "pytest", "ruff", "locust", "playwright"}.isdisjoint(installed.lower().split())
    assert {"actinf", "fastapi"} <= set(installed.lower().split())


def test_the_service_starts_without_compiling_and_does_what_is_typed_into_it(image) -> None:
    """The kernels that the image brought are found, though nobody can write where they are."""
    user, data = image.user, image.user.folder / "data"
    command = user.command("actinf", "serve", "--insecure-local", "--port", "0", "--workers", "0", "--data-dir", data)
    log = user.folder / "serve.log"
    with log.open("wb") as file:
        serving = subprocess.Popen(
            command, env={**user.environment, **image.variables}, stdout=file, stderr=subprocess.STDOUT, cwd=user.folder
        )
    try:
        url = _address(log, serving)
        assert json.loads(image.run("curl", "-sS", "-f", f"{url}/health"))["status"] == "ok"
        port, password = ((data / "postgres" / name).read_text().strip() for name in ("port", "password"))
        address = f"postgresql://postgres:{password}@127.0.0.1:{port}/actinf"
        assert "PostgreSQL 18" in image.run("psql", address, "-c", "SELECT version();")
        assert "memory" in image.run("actinf", "switches", "list", "--data-dir", str(data))
        with urllib.request.urlopen(f"{url}/ready", timeout=10) as answer:
            assert json.load(answer) == {"ready": True, "missing": []}
    finally:
        serving.terminate()
        serving.wait(60)
    assert "compiling" not in log.read_text()
    assert serving.returncode == 0


def test_the_responder_of_the_image_takes_an_incident_and_says_what_is_in_the_way_of_a_page(image) -> None:
    data = str(image.user.folder / "responder")
    image.variables["ACTINF_RESPOND_DATA_DIR"] = data
    image.run("actinf", "incident", "open", "--severity", "P1", "--component", "API", "--impact", "requests fail")
    assert json.loads(image.run("actinf", "incident", "list", "--json"))
    findings = json.loads(image.run("sh", "-c", "actinf respond doctor --json || true"))["findings"]
    assert {"store", "record", "clock"} <= {one["what"] for one in findings if one["state"] == "OK"}
    assert image.run("actinf", "oncall", "export.ics", "--help")
    image.run("python", "-c", "import actinf.responder.server.process, slack_sdk, icalendar, argon2")


def _address(log: Path, serving: "subprocess.Popen[bytes]") -> str:
    until = time.monotonic() + 120
    while time.monotonic() < until and serving.poll() is None:
        found = re.search(r"http://127\.0\.0\.1:\d+", log.read_text())
        if found is not None:
            break
        time.sleep(0.1)
    else:
        raise AssertionError(f"the service did not start:\n{log.read_text()}")
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"{found[0]}/ready", timeout=10):
                return found[0]
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"the service was not ready:\n{log.read_text()}")
