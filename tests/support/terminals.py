"""Terminals of people on call: kubectl, curl and the rest find an installation of the tests, and nothing else."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from select import select

from support.documentation import ROOT
from support.operated import Operated
from support.runbook import Terminal, Typed

_SECONDS_TO_STOP = 10.0

#: It reads where a command lies, and runs it as if it were typed: variables, the folder and `$?` stay.
#: Ctrl-C ends what runs, and not the shell.
_SHELL = r"""
trap : INT
exec 8<&0 9>&1
code=0
while IFS= read -r -u 8 place; do
    (exit "$code")
    . "$place/line" <"$place/keys" >"$place/said" 2>&1 8<&- 9>&-
    code=$?
    printf '%s\n' "$code" >&9
done
"""


def environment_of(operated: Operated) -> dict[str, str]:
    """The variables of a shell from which the installation is reached, by nobody's rights but the administrator's."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("KUBE", "ACTINF_"))}
    return {
        **ours,
        **operated.cluster.environment,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}:{operated.cluster.kubectl_program.parent}",
        "HOME": str(operated.home),
        "SSL_CERT_FILE": str(operated.authority),
        "REQUESTS_CA_BUNDLE": str(operated.authority),
    }


def terminal_of(operated: Operated, scratch: Path) -> Terminal:
    """The founding runbook's shell: the proxy's log is where it says, and its placeholders are known."""
    cluster = operated.cluster
    environment = environment_of(operated) | {
        "ACTINF_URL": "https://api.active-inference.com",
        "ACTINF_KEY": operated.key,
        "PGPASSWORD": operated.operator_password,
    }
    log = cluster.pod_volume(cluster.pods("app=nginx")[0], "log")

    def command(line: str) -> list[str]:
        return cluster.shell_command(line, mounts={"/var/log/nginx": log})

    def places() -> dict[str, str]:
        host = cluster.address("postgres").split(":")[0]
        return {
            "<pod-name>": cluster.pods("app=active-inference-api")[0],
            "<service-name>": "active-inference-api",
            "<port>": "8000",
            "<ip-address>": host,
            "<host>": host,
            "<user>": "actinf_operator",
            "<database>": "actinf",
            "<query>": "SELECT count(*) FROM critical_table",
            "<scratch>": str(scratch),
            "<operator-password>": operated.operator_password,
        }

    return Terminal(command=command, environment=environment, places=places, scratch=scratch)


def make_it_look_used(operated: Operated, terminal: Terminal) -> None:
    """Steps, a refused key, a container that was restarted, a backup."""
    cluster = operated.cluster
    smoke = terminal.type("python tests/smoke/test_basic_functionality.py", seconds=60)
    assert smoke.code == 0, smoke.output
    wrong = "curl -s -H 'Authorization: Bearer ai_none' https://api.active-inference.com/v1/agents"
    refused = terminal.type(wrong, seconds=10)
    assert "401" in refused.output, refused.output
    cluster.kubectl("create", "job", "--from=cronjob/postgres-backup", "first")
    cluster.wait("condition=complete", "job/first", seconds=90)


def checkout(folder: Path) -> Path:
    """A checkout of this project, in which commands may leave files."""
    folder.mkdir()
    for entry in ROOT.iterdir():
        if entry.name not in (".git", "build", "dist"):
            (folder / entry.name).symlink_to(entry)
    return folder


@dataclass(kw_only=True)
class Shell:
    """One shell into which one command after another is pasted; what one sets, the next one finds.

    Attributes:
        operated: what its commands find
        environment: its first variables
        folder: where it starts
        scratch: a folder for its files
    """

    operated: Operated
    environment: Mapping[str, str]
    folder: Path
    scratch: Path
    _process: "subprocess.Popen[str] | None" = None
    _number: int = field(default=0)

    def type(self, line: str, *, keys: str = "", folder: str = "", seconds: float, ends: float = 0) -> Typed:
        """Paste a command, and wait for its end, or end it as Ctrl-C does; as `Terminal.type`."""
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        assert not folder, "a shell is where its commands have led it"
        self._number += 1
        place = self.scratch / str(self._number)
        place.mkdir()
        (place / "line").write_text(line + "\n", encoding="utf-8")
        (place / "keys").write_text(keys, encoding="utf-8")
        began = time.monotonic()
        process.stdin.write(f"{place}\n")
        process.stdin.flush()
        code = self._told(ends or seconds)
        if code is None:
            code = 0 if ends else 124
            os.killpg(process.pid, signal.SIGINT)
            if self._told(_SECONDS_TO_STOP) is None:
                self.close()
        said = (place / "said").read_text(encoding="utf-8", errors="replace")
        return Typed(code, said, time.monotonic() - began)

    def _running(self) -> "subprocess.Popen[str]":
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                self.operated.cluster.shell_command(_SHELL),
                cwd=self.folder,
                env=dict(self.environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        return self._process

    def _told(self, seconds: float) -> int | None:
        """The exit code of what runs, or of the shell where that has ended; None where it goes on for longer."""
        process = self._process
        assert process is not None
        assert process.stdout is not None
        if not select([process.stdout], [], [], seconds)[0]:
            return None
        told = process.stdout.readline()
        return int(told) if told else process.wait()

    def close(self) -> None:
        """End it, with all that it started."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        self._process.wait()
        self._process = None


@contextlib.contextmanager
def shell_of(operated: Operated, account: str, scratch: Path) -> Iterator[Shell]:
    """A shell in a checkout, with the rights of a service account of the chart."""
    scratch.mkdir()
    environment = environment_of(operated) | {"KUBECONFIG": str(operated.cluster.kubeconfig_of(account))}
    # What a page does not set is not there.
    environment = {name: value for name, value in environment.items() if not name.startswith("PG")}
    shell = Shell(operated=operated, environment=environment, folder=checkout(scratch / "checkout"), scratch=scratch)
    try:
        yield shell
    finally:
        shell.close()
        shutil.rmtree(scratch / "checkout")
