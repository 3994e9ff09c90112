"""The job that restores: a manifest that Kubernetes takes, and a command line that the command takes."""

from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml

import actinf
from actinf.cli.backup import command as backup

FILE = Path(__file__).resolve().parents[2] / "deploy" / "restore-job.yaml"


def job() -> Any:
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))


def container() -> Any:
    (only,) = job()["spec"]["template"]["spec"]["containers"]
    return only


def test_kubernetes_takes_the_manifest() -> None:
    kubernetes_validate.validate(job(), "1.31", strict=True)


def test_it_runs_a_command_that_exists_with_variables_that_it_reads() -> None:
    program, group, name = container()["command"]
    assert (program, group) == ("actinf", "backup")
    read = {str(option.envvar) for option in backup.commands[name].params if getattr(option, "envvar", None)}
    # The password and the key of the audit log come by the environment alone.
    given = {one["name"] for one in container()["env"]} - {"ACTINF_BACKUP_PASSWORD", "ACTINF_AUDIT_KEY"}
    assert given <= read


def test_it_has_the_account_that_may_start_everything_anew() -> None:
    assert job()["spec"]["template"]["spec"]["serviceAccountName"] == "active-inference-restore"


def test_its_image_is_of_this_release() -> None:
    assert container()["image"] == f"actinf:{actinf.__version__.replace('.dev', '-dev')}"


def test_it_may_be_applied_again_soon_and_has_no_more_rights_than_it_needs() -> None:
    spec = job()["spec"]
    assert spec["ttlSecondsAfterFinished"] <= 120
    assert spec["template"]["spec"]["restartPolicy"] == "Never"
    assert spec["template"]["spec"]["securityContext"]["runAsNonRoot"] is True
    assert container()["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
