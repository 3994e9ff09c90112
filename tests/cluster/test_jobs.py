"""Jobs, CronJobs, and objects of kinds that are declared, by the real kubectl."""

import pytest
from support.cluster import Cluster

JOB = """
apiVersion: batch/v1
kind: Job
metadata: {{name: {name}}}
spec:
  backoffLimit: {limit}
  ttlSecondsAfterFinished: {lifetime}
  template:
    spec:
      restartPolicy: {policy}
      containers: [{{name: main, image: "shell:1", command: [/bin/sh, -c, "{script}"]}}]
"""


def job(name: str, script: str, *, limit: int = 1, lifetime: int = 1000, policy: str = "Never") -> str:
    return JOB.format(name=name, script=script, limit=limit, lifetime=lifetime, policy=policy)


def test_a_job_completes(cluster: Cluster) -> None:
    cluster.apply(job("counts", "echo counted"))

    cluster.wait("condition=complete", "job/counts")

    assert cluster.kubectl("logs", "job/counts") == "counted\n"
    assert cluster.kubectl("get", "job", "counts", "--no-headers").split()[1:3] == ["Complete", "1/1"]
    assert "unchanged" in cluster.apply(job("counts", "echo counted"))
    refused = cluster.run_kubectl("apply", "-f", "-", stdin=job("counts", "echo otherwise"))
    assert "spec.template: Invalid value: field is immutable" in refused.stderr


def test_a_finished_job_goes_by_itself_and_can_be_applied_again(cluster: Cluster) -> None:
    manifest = job("goes", "exit 0", lifetime=0)
    assert "created" in cluster.apply(manifest)

    cluster.wait("delete", "job/goes")

    assert "created" in cluster.apply(manifest)


@pytest.mark.parametrize("policy", ["Never", "OnFailure"])
def test_a_job_that_fails_too_often_is_failed(cluster: Cluster, policy: str) -> None:
    name = f"fails-{policy.lower()}"
    cluster.apply(job(name, "exit 2", policy=policy))

    cluster.wait("condition=failed", f"job/{name}")

    assert "BackoffLimitExceeded" in cluster.kubectl("describe", "job", name)


def test_a_job_is_made_from_a_cron_job(cluster: Cluster) -> None:
    indented = "\n".join("    " + line for line in job("x", "echo $WORD", lifetime=1000).splitlines()[4:])
    indented = indented.replace("echo $WORD", "echo by hand")
    cluster.apply(f"""
apiVersion: batch/v1
kind: CronJob
metadata: {{name: nightly}}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
{indented}
""")

    cluster.kubectl("create", "job", "--from=cronjob/nightly", "nightly-by-hand")

    cluster.wait("condition=complete", "job/nightly-by-hand")
    assert cluster.kubectl("logs", "job/nightly-by-hand") == "by hand\n"
    owner = cluster.get("job", "nightly-by-hand")["metadata"]["ownerReferences"][0]
    assert (owner["kind"], owner["name"]) == ("CronJob", "nightly")
    cluster.wait("jsonpath={.status.lastSuccessfulTime}", "cronjob/nightly")
    assert cluster.kubectl("get", "cronjob", "nightly", "--no-headers").split()[:2] == ["nightly", "0"]


def test_objects_of_a_declared_kind(cluster: Cluster) -> None:
    cluster.apply("""
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: copies.operate.example.com}
spec:
  group: operate.example.com
  scope: Namespaced
  names: {plural: copies, singular: copy, kind: Copy, shortNames: [cp]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    additionalPrinterColumns: [{name: Size, type: integer, jsonPath: .status.sizeBytes}]
    schema:
      openAPIV3Schema:
        type: object
        properties: {status: {type: object, properties: {sizeBytes: {type: integer}}}}
""")
    cluster.wait("condition=established", "crd/copies.operate.example.com")
    cluster.apply("apiVersion: operate.example.com/v1\nkind: Copy\nmetadata: {name: latest}\nstatus: {sizeBytes: 1}")
    # The status of a kind that has one is written through its own door, and through no other.
    assert "status" not in cluster.get("copy", "latest")

    patch = ("patch", "copy", "latest", "--subresource=status", "--type=merge", "-p")
    cluster.kubectl(*patch, '{"status":{"sizeBytes":12345}}')

    assert "sizeBytes: 12345" in cluster.kubectl("get", "copy", "latest", "-o", "yaml")
    assert cluster.kubectl("get", "cp").splitlines()[1].split()[:2] == ["latest", "12345"]
    assert "sizeBytes: Invalid value" in cluster.run_kubectl(*patch, '{"status":{"sizeBytes":"much"}}').stderr
    cluster.kubectl("delete", "crd", "copies.operate.example.com")
    assert "(NotFound)" in cluster.run_kubectl("get", "copies").stderr
