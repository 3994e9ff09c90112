"""What an operator reads: get, describe, logs, top and exec, by the real kubectl."""

import json
import os
import pty
import re
import subprocess
import time

import pytest
from support.cluster import Cluster
from support.cluster_manifests import pod, web


@pytest.fixture(scope="module", autouse=True)
def web_runs(cluster: Cluster) -> None:
    cluster.apply(web())
    cluster.kubectl("rollout", "status", "deployment/web", "--timeout=60s")


def test_get_shows_the_pods_of_a_label(cluster: Cluster) -> None:
    lines = cluster.kubectl("get", "pods", "-l", "app=web").splitlines()

    assert lines[0].split() == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert [line.split()[1:4] for line in lines[1:]] == [["1/1", "Running", "0"]] * 2
    assert "No resources found" in cluster.run_kubectl("get", "pods", "-l", "app=other").stderr


def test_get_shows_all_namespaces(cluster: Cluster) -> None:
    cluster.kubectl("create", "namespace", "elsewhere")
    cluster.kubectl("apply", "-n", "elsewhere", "-f", "-", stdin=pod("apart", "sleep 1000"))
    cluster.wait("condition=ready", "pod/apart", "-n", "elsewhere")

    lines = cluster.kubectl("get", "pods", "--all-namespaces").splitlines()

    assert lines[0].split()[:2] == ["NAMESPACE", "NAME"]
    assert {line.split()[0] for line in lines[1:]} == {"default", "elsewhere"}
    cluster.kubectl("delete", "namespace", "elsewhere")
    assert "apart" not in cluster.kubectl("get", "pods", "-A")


def test_get_prints_yaml_and_a_jsonpath(cluster: Cluster) -> None:
    name = cluster.pods("app=web")[0]

    resources = cluster.kubectl("get", "pods", name, "-o", "jsonpath={.spec.containers[*].resources}")

    assert json.loads(resources) == {
        "limits": {"memory": "256Mi", "cpu": "500m"},
        "requests": {"memory": "64Mi", "cpu": "500m"},
    }
    assert "\nkind: Deployment\n" in cluster.kubectl("get", "deployment", "web", "-o", "yaml")


def test_describe_ends_with_the_events(cluster: Cluster) -> None:
    said = cluster.kubectl("describe", "pod", cluster.pods("app=web")[0])

    assert "Controlled By:  ReplicaSet/web-" in said
    events = said[said.index("\nEvents:") :]
    for reason in ("Scheduled", "Pulled", "Created", "Started"):
        assert reason in events
    described = cluster.kubectl("describe", "deployment/web")
    assert "2 desired | 2 updated | 2 total | 2 available | 0 unavailable" in described
    assert "ScalingReplicaSet" in described


def test_logs_of_a_deployment_are_those_of_one_pod(cluster: Cluster) -> None:
    done = cluster.run_kubectl("logs", "deployment/web", "--tail=100")

    assert re.match(r"started one on 127\.\d+\.\d+\.\d+\n", done.stdout)
    assert "Found 2 pods, using pod/web-" in done.stderr
    every = cluster.kubectl("logs", "deployment/web", "--all-pods=true", "--prefix")
    assert {re.match(r"\[pod/(\S+)/web\]", line)[1] for line in every.splitlines()} == set(cluster.pods("app=web"))


def test_logs_are_cut_and_carry_the_time(cluster: Cluster) -> None:
    cluster.apply(pod("numbers", "for n in 1 2 3 4 5; do echo $n; done; sleep 1000"))
    cluster.wait("condition=ready", "pod/numbers")
    cluster.shell("until [ $(kubectl logs numbers | wc -l) = 5 ]; do sleep 0.1; done")

    assert cluster.kubectl("logs", "numbers", "--tail=2") == "4\n5\n"
    assert re.match(r"\d{4}-\d\d-\d\dT[\d:.]+Z 1\n", cluster.kubectl("logs", "numbers", "--timestamps"))
    assert cluster.kubectl("logs", "numbers", "--since=1h") == "1\n2\n3\n4\n5\n"


def test_logs_follow_until_the_container_ends(cluster: Cluster) -> None:
    script = "trap 'echo goodbye; exit 0' TERM; echo hello; while :; do sleep 0.05; done"
    cluster.apply(pod("talks", script))
    cluster.wait("condition=ready", "pod/talks")
    environment = os.environ | cluster.environment
    with subprocess.Popen(
        [cluster.kubectl_program, "logs", "-f", "talks"], env=environment, stdout=subprocess.PIPE, text=True
    ) as follower:
        assert follower.stdout.readline() == "hello\n"
        cluster.kubectl("delete", "pod", "talks")
        assert follower.stdout.read() == "goodbye\n"
        assert follower.wait(10) == 0


def test_top_shows_what_pods_use(cluster: Cluster) -> None:
    script = "exec python3 -c \"import time; block = b'x' * 60_000_000; time.sleep(1000)\""
    cluster.apply(pod("large", script))
    cluster.wait("condition=ready", "pod/large")
    has_grown = "until kubectl top pod large --no-headers | grep -E ' [67][0-9]Mi'; do sleep 0.1; done"
    assert cluster.shell(has_grown, seconds=30).returncode == 0

    lines = cluster.kubectl("top", "pods", "--sort-by=memory").splitlines()

    assert lines[0].split() == ["NAME", "CPU(cores)", "MEMORY(bytes)"]
    assert lines[1].startswith("large ")
    assert len(cluster.kubectl("top", "pods", "-l", "app=web").splitlines()) == 3
    assert "stand-in" in cluster.kubectl("top", "nodes")
    cluster.kubectl("delete", "pod", "large")


def test_exec_runs_in_the_container(cluster: Cluster) -> None:
    name = cluster.pods("app=web")[0]

    assert cluster.kubectl("exec", name, "--", "hostname").strip() == name
    assert cluster.kubectl("exec", "-it", name, "--", "cat", "/scratch/index.html") == "one\n"
    assert cluster.kubectl("exec", "-i", name, "--", "sh", "-c", "cat; pwd", stdin="typed\n") == "typed\n/\n"
    failed = cluster.run_kubectl("exec", name, "--", "sh", "-c", "echo oh >&2; exit 7")
    assert (failed.returncode, failed.stderr.splitlines()[0]) == (7, "oh")
    # Process 1 is the container's own, and it sees no process of the machine.
    assert "http.server" in cluster.kubectl("exec", name, "--", "sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")


def test_exec_with_a_terminal_is_a_shell(cluster: Cluster) -> None:
    name = cluster.pods("app=web")[0]
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [cluster.kubectl_program, "exec", "-it", name, "--", "/bin/bash", "--norc"],
        env=os.environ | cluster.environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as shell:
        os.close(theirs)
        os.write(ours, b"test -t 0 && echo is a $((1 + 1)) terminal on $HOSTNAME; exit 3\n")
        seen = b""
        deadline = time.monotonic() + 20
        while f"is a 2 terminal on {name}".encode() not in seen and time.monotonic() < deadline:
            seen += os.read(ours, 1000)
        assert f"is a 2 terminal on {name}".encode() in seen
        assert shell.wait(20) == 3
    os.close(ours)


def test_the_names_of_services_lead_to_pods(cluster: Cluster) -> None:
    from_outside = cluster.shell("curl -fsS http://web/ && curl -fsS http://web.default.svc.cluster.local/")
    assert (from_outside.stdout, from_outside.stderr) == ("one\none\n", "")

    name = cluster.pods("app=web")[0]
    assert cluster.kubectl("exec", name, "--", "curl", "-fsS", "http://web:80/") == "one\n"
    unknown = cluster.run_kubectl("exec", name, "--", "curl", "-sS", "http://example.com/")
    assert "Could not resolve host" in unknown.stderr
    assert cluster.shell(f"curl -fsS http://{cluster.address('web')}/").stdout == "one\n"


def test_what_prometheus_scrapes(cluster: Cluster) -> None:
    of_objects = cluster.kubectl("get", "--raw", "/metrics/kube-state-metrics")
    of_containers = cluster.kubectl("get", "--raw", "/metrics/cadvisor")

    assert 'kube_deployment_status_replicas_available{namespace="default",deployment="web"} 2\n' in of_objects
    limits = re.findall(r'container_spec_memory_limit_bytes\{.*pod="web-.*\} (\d+)', of_containers)
    assert limits == ["268435456", "268435456"]
    working_set = re.findall(r'container_memory_working_set_bytes\{.*pod="web-.*\} (\d+)', of_containers)
    assert len(working_set) == 2
    assert all(int(amount) > 1_000_000 for amount in working_set)
