"""Every line of the founding runbook, typed into an installation that runs."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.operated import Operated, operated_system
from support.postgres import folder_for_servers
from support.runbook import Terminal, as_table, lines_of_the_runbook, tried


@pytest.fixture(scope="module")
def operated() -> Iterator[Operated]:
    with folder_for_servers() as folder, operated_system(folder) as system:
        yield system


def test_every_line_of_the_runbook_works_as_it_is_typed(operated: Operated, tmp_path: Path) -> None:
    terminal = terminal_of(operated, tmp_path)
    make_it_look_used(operated, terminal)
    outcomes = [tried(line, terminal, in_full=True) for line in lines_of_the_runbook()]
    print(f"\n{as_table(outcomes)}")
    failed = [f"row {one.line.row}: {one.line.line}\n    {one.why}" for one in outcomes if one.verdict == "fails"]
    assert not failed, "\n".join(failed)


def terminal_of(operated: Operated, scratch: Path) -> Terminal:
    """An operator's shell: kubectl, curl and the rest find the installation, and nothing else."""
    cluster = operated.cluster
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("KUBE", "ACTINF_"))},
        **cluster.environment,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(operated.home),
        "ACTINF_URL": "https://api.active-inference.com",
        "ACTINF_KEY": operated.key,
        "SSL_CERT_FILE": str(operated.authority),
        "REQUESTS_CA_BUNDLE": str(operated.authority),
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
