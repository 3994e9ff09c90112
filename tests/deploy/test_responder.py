"""The responder in the chart: it needs nothing of the service, and has no right but what a ramp takes."""

from pathlib import Path

import pytest
from support.chart import EVERYTHING_ON, ChartRefused, Manifest, container_of, named, notes, rendered, variables_of

from actinf.responder.publishing.serving import FOLDER
from actinf.responder.settings import RespondSettings, unknown_respond_variables
from actinf.responder.subscribing.settings import unknown_status_variables


@pytest.fixture(scope="module")
def manifests() -> list[Manifest]:
    return rendered()


@pytest.fixture(scope="module")
def everything() -> list[Manifest]:
    return rendered(EVERYTHING_ON)


def test_the_responder_is_there_where_it_is_wanted_and_depends_on_nothing_of_the_service(manifests, everything) -> None:
    """It has to work while the API is scaled to nothing and the database is dead."""
    assert not [one for one in manifests if "responder" in one["metadata"]["name"] and one["kind"] == "Deployment"]
    spec = named(everything, "Deployment", "actinf-responder")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    pod = spec["template"]["spec"]
    assert "initContainers" not in pod
    assert (pod["serviceAccountName"], pod["automountServiceAccountToken"]) == ("actinf-responder", False)
    assert named(everything, "ServiceAccount", "actinf-responder")["automountServiceAccountToken"] is False
    responder = container_of(everything, "Deployment", "actinf-responder", "responder")
    assert responder["envFrom"] == [{"secretRef": {"name": "actinf-responder"}}]
    assert not any(name.startswith("ACTINF_") and "RESPOND" not in name for name in variables_of(responder))
    assert all("valueFrom" not in one for one in responder["env"])


def test_what_the_responder_knows_outlives_its_pod_and_the_release(everything) -> None:
    claim = named(everything, "PersistentVolumeClaim", "actinf-responder")
    assert claim["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    assert (claim["spec"]["accessModes"], claim["spec"]["storageClassName"]) == (["ReadWriteOnce"], "fast")
    responder = container_of(everything, "Deployment", "actinf-responder", "responder")
    folder = variables_of(responder)["ACTINF_RESPOND_DATA_DIR"]
    assert {"name": "data", "mountPath": folder} in responder["volumeMounts"]


def test_every_variable_of_the_responder_is_one_that_it_reads(everything) -> None:
    variables = variables_of(container_of(everything, "Deployment", "actinf-responder", "responder"))
    assert unknown_respond_variables(list(variables)) == []
    assert variables["ACTINF_RESPOND_PUBLIC_URL"] == "https://incidents.example.org"
    assert variables["ACTINF_RESPOND_WATCHDOG"] == "Watchdog"


def test_every_secret_of_the_responder_is_refused_among_its_values() -> None:
    secret = [
        f"ACTINF_RESPOND_{name.upper()}"
        for name, field in RespondSettings.model_fields.items()
        if "SecretStr" in str(field.annotation)
    ]
    with pytest.raises(ChartRefused) as refused:
        rendered({"responder": {"env": dict.fromkeys(secret, "x")}})
    assert {name for name in secret if f"{name} (the secret actinf-responder)" not in str(refused.value)} == set()


def test_the_responder_is_reached_by_the_monitoring_and_whom_one_names_and_reaches_its_providers(everything) -> None:
    policy = named(everything, "NetworkPolicy", "responder")["spec"]
    monitoring = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
    assert policy["ingress"] == [
        {"from": [monitoring, {"ipBlock": {"cidr": "192.0.2.0/24"}}], "ports": [{"protocol": "TCP", "port": 8070}]},
        {"from": [{"ipBlock": {"cidr": "198.51.100.0/24"}}], "ports": [{"protocol": "TCP", "port": 8071}]},
    ]
    assert {port["port"] for rule in policy["egress"] for port in rule["ports"]} == {9090, 443, 465, 587, 6443, 8443}
    assert not {5432, 6379, 8000} & {port["port"] for rule in policy["egress"] for port in rule["ports"]}


def test_a_ramp_may_scale_the_api_and_nothing_else(everything) -> None:
    """To patch a deployment is to say what it runs: its scale is all that is given, and to one container alone."""
    rules = named(everything, "Role", "actinf-responder")["rules"]
    changes = [one for one in rules if not set(one["verbs"]) <= {"get", "list"}]
    assert sorted(resource for one in changes for resource in one["resources"]) == [
        *("deployments/scale", "horizontalpodautoscalers")
    ]
    assert all((one["verbs"], one["resourceNames"]) == (["patch"], ["active-inference-api"]) for one in changes)
    assert not [one for one in rules if {"secrets", "configmaps", "*"} & set(one["resources"])]
    (subject,) = named(everything, "RoleBinding", "actinf-responder")["subjects"]
    assert subject["name"] == "actinf-responder"
    pod = named(everything, "Deployment", "actinf-responder")["spec"]["template"]["spec"]
    holders = {
        one["name"] for one in pod["containers"] if "account" in {mount["name"] for mount in one["volumeMounts"]}
    }
    assert holders == {"responder"}
    variables = variables_of(container_of(everything, "Deployment", "actinf-responder", "responder"))
    ramp = {name.removeprefix("ACTINF_RESPOND_"): value for name, value in variables.items() if "RAMP" in name}
    assert ramp == {
        "RAMP_URL": "https://api.example.org",
        "RAMP_MOST_REPLICAS": "5",
        "RAMP_FOLDER": "/opt/active-inference",
        "RAMP_LOAD": "none",
    }
    assert variables["ACTINF_RESPOND_IN_CLUSTER"] == "true"
    # Its smoke test comes in where users do, and it reaches the API of the cluster and no other address there.
    allowed = named(everything, "NetworkPolicy", "nginx")["spec"]["ingress"][0]["from"]
    assert {"podSelector": {"matchLabels": {"app": "actinf-responder"}}} in allowed
    (to,) = [rule for rule in named(everything, "NetworkPolicy", "responder")["spec"]["egress"]
             if {"protocol": "TCP", "port": 6443} in rule["ports"]]  # fmt: skip
    assert to["to"] == [{"ipBlock": {"cidr": "10.96.0.1/32"}}]


def test_a_responder_that_ramps_nothing_has_no_right_and_no_token() -> None:
    plain = rendered({"responder": {"enabled": True}})
    assert not [one for one in plain if one["kind"] == "Role" and one["metadata"]["name"] == "actinf-responder"]
    pod = named(plain, "Deployment", "actinf-responder")["spec"]["template"]["spec"]
    assert "account" not in {one["name"] for one in pod["volumes"]}
    responder = container_of(plain, "Deployment", "actinf-responder", "responder")
    assert not [name for name in variables_of(responder) if "RAMP" in name or "IN_CLUSTER" in name]


def test_an_image_with_a_load_test_has_it_tried() -> None:
    own = {"ACTINF_RESPOND_RAMP_LOAD": "locust --headless", "ACTINF_RESPOND_RAMP_FOLDER": "/srv"}
    values = {"responder": {"enabled": True, "ramp": {"enabled": True}, "env": own}}
    responder = container_of(rendered(values), "Deployment", "actinf-responder", "responder")
    named_so = [one for one in responder["env"] if one["name"] in own]
    assert {one["name"]: one["value"] for one in named_so} == own
    assert len(named_so) == len(own)
    assert variables_of(responder)["ACTINF_RESPOND_RAMP_URL"] == "https://api.active-inference.com"


def test_what_strangers_talk_to_has_the_page_and_nothing_of_the_responder(everything) -> None:
    page = container_of(everything, "Deployment", "actinf-responder", "status-page")
    variables = variables_of(page)
    assert page["envFrom"] == [{"secretRef": {"name": "actinf-status"}}]
    assert unknown_status_variables(list(variables)) == []
    assert not any(name.startswith("ACTINF_RESPOND_") for name in variables)
    assert page["volumeMounts"] == [{"name": "status", "mountPath": variables["ACTINF_STATUS_DATA_DIR"]}]
    assert named(everything, "PersistentVolumeClaim", "actinf-status")["metadata"]["annotations"] == {
        "helm.sh/resource-policy": "keep"
    }
    # The responder writes the page where the other reads it, and starts no server for it of its own.
    responder = container_of(everything, "Deployment", "actinf-responder", "responder")
    folder = variables_of(responder)["ACTINF_RESPOND_DATA_DIR"]
    assert {"name": "status", "mountPath": f"{folder}/{FOLDER}"} in responder["volumeMounts"]
    assert variables_of(responder)["ACTINF_RESPOND_STATUS_PORT"] == "none"
    service = named(everything, "Service", "actinf-status")["spec"]
    assert service["ports"] == [{"name": "page", "port": 80, "targetPort": "page"}]
    assert service["publishNotReadyAddresses"] is True


def test_nobody_can_subscribe_where_mails_would_lead_nowhere() -> None:
    with pytest.raises(ChartRefused, match="by mailFrom and url beside it"):
        rendered({"responder": {"statusPage": {"mailSecret": "actinf-status"}}})


def test_the_notes_say_whether_anybody_answers_to_incidents(tmp_path: Path) -> None:
    assert "Nobody answers to incidents" in notes(tmp_path)
    said = notes(tmp_path, {"responder": {"enabled": True}})
    assert "http://actinf-responder.default.svc:8070/hooks/alertmanager" in said
    assert "Nobody answers" not in said
