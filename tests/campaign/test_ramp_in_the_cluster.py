"""A ramp of the responder as the chart installs it: by the API of the cluster, with the rights of its own account."""

import json
from collections.abc import Iterator

import pytest
import yaml
from support.chart import rendered
from support.cluster import Cluster, running_cluster
from support.operated import responder_secret
from support.ports import wait_until
from support.scaled import autoscaler, sleeping

#: With a smoke test that needs no service.
RAMP = {
    "ramp": {"enabled": True},
    "env": {"ACTINF_RESPOND_RAMP_SMOKE": "echo 12 checks ok", "ACTINF_RESPOND_RAMP_FOLDER": "/tmp"},
}
TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token"
IN_ITS_POD = ("exec", "-i", "deployment/actinf-responder", "-c", "responder", "--", "actinf")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The responder with its account and its rights, what it scales, and something beside that."""
    with running_cluster(tmp_path_factory.mktemp("cluster"), back_off=0.3) as cluster:
        everything = rendered({"responder": {"enabled": True, **RAMP}}, namespace=cluster.namespace)
        names = ("actinf-responder", "actinf-status")
        ours = [one for one in everything if one["metadata"]["name"] in names]
        cluster.apply(yaml.safe_dump_all([responder_secret(), *ours]))
        cluster.apply("---".join(map(sleeping, ("active-inference-api", "beside-it"))))
        for name in ("actinf-responder", "active-inference-api"):
            cluster.kubectl("rollout", "status", f"deployment/{name}", "--timeout=90s")
        yield cluster


def test_it_brings_the_service_back(installed: Cluster) -> None:
    doctor = installed.run_kubectl(*IN_ITS_POD, "respond", "doctor").stdout
    assert "deployment active-inference-api, namespace default: 1 of 1 replicas ready, no autoscaler" in doctor
    opened = ("incident", "open", "--component", "api", "--impact", "it fails", "--severity", "P1", "--json")
    name = json.loads(installed.kubectl(*IN_ITS_POD, *opened))["id"]
    dry = installed.kubectl(*IN_ITS_POD, "incident", "ramp", "start", name, "--dry-run")
    assert "load" not in dry, "where there is no load test, the runbook's plan goes without"
    assert "kubectl --namespace=default scale deployment/active-inference-api --current-replicas=1 --replicas=3" in dry
    ramped(installed, name, '{"steps": ["smoke", {"replicas": 2}]}')
    assert replicas(installed) == 2
    # With an autoscaler its lower bound is raised, and given back at the end.
    installed.apply(autoscaler("active-inference-api", least=2, most=5))
    ramped(installed, name, '{"steps": ["smoke", {"replicas": 4}]}')
    assert replicas(installed) == 4
    assert installed.get("hpa", "active-inference-api")["spec"]["minReplicas"] == 2


def ramped(cluster: Cluster, incident: str, plan: str) -> None:
    cluster.kubectl(*IN_ITS_POD, "incident", "ramp", "start", incident, "--plan", "-", stdin=plan)

    def state() -> str:
        shown = cluster.kubectl(*IN_ITS_POD, "incident", "ramp", "show", incident, "--json")
        return str(json.loads(shown)["state"])

    wait_until(lambda: state() == "done", "the ramp's end", seconds=90)


def replicas(cluster: Cluster) -> int:
    return int(cluster.get("deployment", "active-inference-api")["spec"]["replicas"])


@pytest.mark.parametrize(
    "asked",
    [
        ("scale", "deployment/beside-it", "--replicas=2"),
        ("patch", "deployment", "active-inference-api", "-p", '{"spec": {"paused": true}}'),
        ("get", "secrets"),
        ("delete", "pods", "--all"),
        ("patch", "role", "actinf-responder", "-p", '{"rules": []}'),
    ],
)
def test_it_may_do_nothing_else(installed: Cluster, asked: tuple[str, ...]) -> None:
    account = installed.kubeconfig_of("actinf-responder")
    refused = installed.run_kubectl("--kubeconfig", str(account), *asked)
    assert (refused.returncode, "is forbidden" in refused.stderr) == (1, True), refused


def test_what_strangers_talk_to_has_no_token(installed: Cluster) -> None:
    for container, code in (("responder", 0), ("status-page", 1)):
        found = ("exec", "deployment/actinf-responder", "-c", container, "--", "test", "-e", TOKEN)
        assert installed.run_kubectl(*found).returncode == code, container


def test_a_right_that_is_taken_away_holds_the_ramp(installed: Cluster) -> None:
    """It is asked three times, and then a person; once the right is given again, it goes on."""
    opened = ("incident", "open", "--component", "api", "--impact", "it fails", "--severity", "P1", "--json")
    name = json.loads(installed.kubectl(*IN_ITS_POD, *opened))["id"]
    rules = installed.get("role", "actinf-responder")["rules"]
    give(installed, [one for one in rules if one["verbs"] != ["patch"]])
    plan = '{"steps": ["smoke", {"replicas": 5}]}'
    installed.kubectl(*IN_ITS_POD, "incident", "ramp", "start", name, "--plan", "-", stdin=plan)

    def shown() -> dict:
        return dict(json.loads(installed.kubectl(*IN_ITS_POD, "incident", "ramp", "show", name, "--json")))

    wait_until(lambda: shown()["state"] == "held", "the ramp is held", seconds=60)
    assert 'cannot patch resource "horizontalpodautoscalers"' in shown()["why"]
    assert "refused 3 times" in shown()["why"]
    give(installed, rules)
    installed.kubectl(*IN_ITS_POD, "incident", "ramp", "resume", name)
    wait_until(lambda: shown()["state"] == "done", "the ramp's end", seconds=90)


def give(cluster: Cluster, rules: list[dict]) -> None:
    cluster.kubectl("patch", "role", "actinf-responder", "--type=merge", "-p", json.dumps({"rules": rules}))
