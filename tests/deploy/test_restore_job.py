"""The job that restores: made by the chart, a manifest that Kubernetes takes, a command line that the command takes."""

from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml
from support.chart import named, rendered

import actinf
from actinf.cli.backup import command as backup

FILE = Path(__file__).resolve().parents[2] / "deploy" / "restore-job.yaml"


def job() -> Any:
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))


def container() -> Any:
    (only,) = job()["spec"]["template"]["spec"]["containers"]
    return only


def of_an_installation(**values: Any) -> str:
    text: str = named(rendered(values), "ConfigMap", "restore-job")["data"]["restore-job.yaml"]
    return text


def test_kubernetes_takes_the_manifest() -> None:
    kubernetes_validate.validate(job(), "1.31", strict=True)


def test_the_file_is_what_the_chart_makes_of_its_defaults() -> None:
    """Edit deploy/chart/files/restore-job.yaml, and copy what it becomes in the ConfigMap of `helm template`."""
    assert FILE.read_text(encoding="utf-8") == of_an_installation()


def test_that_of_an_installation_has_its_image_its_secrets_and_its_limits() -> None:
    """With those of the defaults it waits for ever for an image, on the night when it is needed."""
    image = {"repository": "registry.example.org/actinf", "tag": "0.1.0", "pullSecrets": ["mirror"]}
    limits = {"limits": {"cpu": "3", "memory": "5Gi"}}
    made = yaml.safe_load(of_an_installation(image=image, secrets={"name": "mine"}, backup={"resources": limits}))
    kubernetes_validate.validate(made, "1.31", strict=True)
    pod = made["spec"]["template"]["spec"]
    (only,) = pod["containers"]
    assert only["image"] == "registry.example.org/actinf:0.1.0"
    assert pod["imagePullSecrets"] == [{"name": "mirror"}]
    given = [one["valueFrom"] for one in only["env"] if "valueFrom" in one]
    assert {one["secretKeyRef"]["name"] for one in given if "secretKeyRef" in one} == {"mine"}
    assert only["resources"]["limits"] == limits["limits"]


def test_it_runs_a_command_that_exists_with_variables_that_it_reads() -> None:
    program, group, name = container()["command"]
    assert (program, group) == ("actinf", "backup")
    read = {str(option.envvar) for option in backup.commands[name].params if getattr(option, "envvar", None)}
    # The password and the key of the audit log come by the environment alone.
    given = {one["name"] for one in container()["env"]} - {"ACTINF_BACKUP_PASSWORD", "ACTINF_AUDIT_KEY"}
    assert given <= read


def test_it_has_the_account_that_may_start_everything_anew() -> None:
    assert job()["spec"]["template"]["spec"]["serviceAccountName"] == "active-inference-restore"


def test_all_tries_of_one_job_are_one_restore() -> None:
    """By the label that Kubernetes gives to the pods of a job; a second try would set the database back once more."""
    (run,) = (one["valueFrom"] for one in container()["env"] if one["name"] == "ACTINF_RESTORE_RUN")
    assert run == {"fieldRef": {"fieldPath": "metadata.labels['batch.kubernetes.io/controller-uid']"}}
    assert job()["spec"]["backoffLimit"] >= 1


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
