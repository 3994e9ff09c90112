"""Pods in which something goes wrong, and how an operator sees it."""

import re

from support.cluster import Cluster
from support.cluster_manifests import pod


def seen_when(cluster: Cluster, name: str, pattern: str) -> str:
    """What `get pods` says of a pod as soon as it says something like that."""
    line = f"until kubectl get pod {name} --no-headers | grep -E '{pattern}'; do sleep 0.1; done"
    done = cluster.shell(line, seconds=30)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_container_that_fails_is_restarted_ever_more_slowly(cluster: Cluster) -> None:
    cluster.apply(pod("fails", "echo attempt on $(hostname); exit 3"))

    seen_when(cluster, "fails", "CrashLoopBackOff +[2-9]")

    said = cluster.kubectl("describe", "pod", "fails")
    assert re.search(r"Last State: +Terminated\n +Reason: +Error\n +Exit Code: +3", said)
    assert "Back-off restarting failed container main in pod fails" in said
    assert cluster.kubectl("logs", "fails", "--previous") == "attempt on fails\n"
    # Following the log of a run that is over prints it and ends.
    assert cluster.kubectl("logs", "-f", "fails", "--previous") == "attempt on fails\n"
    cluster.kubectl("delete", "pod", "fails")


def test_the_previous_log_is_that_of_the_run_before(cluster: Cluster) -> None:
    script = "n=$(cat /data/n || echo 0) 2>/dev/null; n=$((n + 1)); echo $n > /data/n; echo run $n\n"
    script += "[ $n -ge 2 ] && exec sleep 1000; exit 1"
    more = "  volumes: [{name: data, emptyDir: {}}]"
    cluster.apply(pod("again", script, more=more, of_container="    volumeMounts: [{name: data, mountPath: /data}]"))

    seen_when(cluster, "again", "Running +1 ")

    assert cluster.kubectl("logs", "again") == "run 2\n"
    assert cluster.kubectl("logs", "again", "--previous") == "run 1\n"
    cluster.kubectl("delete", "pod", "again")


def test_a_container_past_its_memory_limit_is_killed(cluster: Cluster) -> None:
    script = "exec python3 -c \"block = [b'x' * 1_000_000 for _ in range(200)]; import time; time.sleep(1000)\""
    limits = "    resources: {limits: {memory: 100Mi}, requests: {memory: 50Mi}}"
    cluster.apply(pod("greedy", script, of_container=limits))

    seen_when(cluster, "greedy", "OOMKilled|CrashLoopBackOff")

    state = cluster.get("pod", "greedy")["status"]["containerStatuses"][0]
    ended = state["state"].get("terminated") or state["lastState"]["terminated"]
    assert (ended["reason"], ended["exitCode"]) == ("OOMKilled", 137)
    metrics = cluster.kubectl("get", "--raw", "/metrics/cadvisor")
    assert re.search(r'container_oom_events_total\{.*pod="greedy".*\} [1-9]', metrics)
    cluster.kubectl("delete", "pod", "greedy")


def test_a_liveness_probe_restarts_and_a_readiness_probe_does_not(cluster: Cluster) -> None:
    script = "touch /data/well; trap 'exit 0' TERM; while :; do sleep 0.1; done"
    probe = "{exec: {command: [test, -e, /data/well]}, periodSeconds: 1, failureThreshold: 2}"
    more = "  volumes: [{name: data, emptyDir: {}}]"
    mounts = "    volumeMounts: [{name: data, mountPath: /data}]\n"
    cluster.apply(pod("lives", script, more=more, of_container=f"{mounts}    livenessProbe: {probe}"))
    cluster.apply(pod("serves", script, more=more, of_container=f"{mounts}    readinessProbe: {probe}"))
    cluster.wait("condition=ready", "pod/lives", "pod/serves")

    cluster.kubectl("exec", "lives", "--", "rm", "/data/well")
    cluster.kubectl("exec", "serves", "--", "rm", "/data/well")

    seen_when(cluster, "lives", "1/1 +Running +1 ")
    seen_when(cluster, "serves", "0/1 +Running +0 ")
    assert "Container main failed liveness probe, will be restarted" in cluster.kubectl("describe", "pod", "lives")
    assert "Readiness probe failed" in cluster.kubectl("describe", "pod", "serves")
    cluster.kubectl("delete", "pod", "lives", "serves")


def test_a_startup_probe_holds_back_the_others(cluster: Cluster) -> None:
    script = "sleep 1; touch /data/begun; exec sleep 1000"
    more = "  volumes: [{name: data, emptyDir: {}}]"
    probes = """\
    volumeMounts: [{name: data, mountPath: /data}]
    startupProbe: {exec: {command: [test, -e, /data/begun]}, periodSeconds: 1, failureThreshold: 30}
    livenessProbe: {exec: {command: [test, -e, /data/begun]}, periodSeconds: 1, failureThreshold: 1}"""
    cluster.apply(pod("slow", script, more=more, of_container=probes))

    cluster.wait("condition=ready", "pod/slow")

    assert cluster.get("pod", "slow")["status"]["containerStatuses"][0]["restartCount"] == 0
    cluster.kubectl("delete", "pod", "slow")


def test_a_missing_secret_keeps_a_container_waiting(cluster: Cluster) -> None:
    env = "    env: [{name: WORD, valueFrom: {secretKeyRef: {name: words, key: word}}}]"
    cluster.apply(pod("waits", 'echo "the word is $WORD"; exec sleep 1000', of_container=env))
    seen_when(cluster, "waits", "CreateContainerConfigError")
    assert 'secret "words" not found' in cluster.kubectl("describe", "pod", "waits")

    cluster.kubectl("create", "secret", "generic", "words", "--from-literal=word=open")

    cluster.wait("condition=ready", "pod/waits")
    assert cluster.kubectl("logs", "waits") == "the word is open\n"
    cluster.kubectl("delete", "pod", "waits")


def test_a_pod_that_does_not_end_is_killed_after_its_grace(cluster: Cluster) -> None:
    script = "trap 'echo no' TERM; while :; do sleep 0.05; done"
    hook = "    lifecycle: {preStop: {exec: {command: [/bin/sh, -c, 'touch /data/hook']}}}\n"
    more = "  volumes: [{name: data, emptyDir: {}}]"
    mounts = "    volumeMounts: [{name: data, mountPath: /data}]"
    cluster.apply(pod("stubborn", script, more=more, of_container=hook + mounts))
    cluster.wait("condition=ready", "pod/stubborn")
    data = cluster.pod_volume("stubborn", "data")

    cluster.kubectl("delete", "pod", "stubborn")

    assert (data / "hook").exists()
    assert "not found" in cluster.run_kubectl("get", "pod", "stubborn").stderr


def test_what_a_pod_writes_never_reaches_the_machine(cluster: Cluster) -> None:
    script = "echo x > /new-file && mkdir /new-folder && echo wrote; exec sleep 1000"
    read_only = "    securityContext: {readOnlyRootFilesystem: true}"
    cluster.apply(pod("writes", script))
    cluster.apply(pod("reads", script, of_container=read_only))
    cluster.wait("condition=ready", "pod/writes", "pod/reads")

    written = "until kubectl logs writes | grep wrote && kubectl logs reads | grep Read-only; do sleep 0.1; done"
    assert cluster.shell(written, seconds=20).returncode == 0
    assert cluster.shell("ls /new-file /new-folder").returncode == 2
    assert cluster.kubectl("exec", "writes", "--", "ls", "-d", "/new-folder") == "/new-folder\n"
    cluster.kubectl("delete", "pod", "writes", "reads")
