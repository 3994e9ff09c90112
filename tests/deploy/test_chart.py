"""The chart: accepted by Helm and by Kubernetes' own schemas, with the names that people on call type."""

import re
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from support.chart import (
    CHART,
    EVERYTHING_ON,
    ChartRefused,
    Manifest,
    container_of,
    containers,
    named,
    notes,
    pod_specs,
    rendered,
    variables_of,
)
from support.kube_tools import helm

KUBERNETES = "1.32"
OTHER_VALUES: dict[str, dict[str, Any]] = {
    "as it comes": {},
    "with an autoscaler": {"autoscaling": {"enabled": True, "maxReplicas": 8}, "postgres": {"maxConnections": 200}},
    "with everything on": EVERYTHING_ON,
    "with nothing that can be left out": {
        "backup": {"enabled": False},
        "network": {"policies": False},
        "access": {"clusterWide": False},
        "nginx": {"service": {"type": "ClusterIP"}},
    },
}


@pytest.fixture(scope="module")
def manifests() -> list[Manifest]:
    return rendered()


@pytest.fixture(scope="module")
def everything() -> list[Manifest]:
    return rendered(OTHER_VALUES["with everything on"])


# ---------------------------------------------------------------------------------------------------- is it accepted


def test_helm_finds_nothing_to_complain_about() -> None:
    done = subprocess.run([helm(), "lint", "--strict", CHART], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("values", OTHER_VALUES.values(), ids=OTHER_VALUES)
def test_kubernetes_knows_every_field_of_every_object(values: dict[str, Any]) -> None:
    """The schemas are strict: a field that is misspelt, or in the wrong place, is an error and not passed over."""
    for manifest in rendered(values):
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


def test_the_schemas_would_notice() -> None:
    wrong = named(rendered(), "Deployment", "active-inference-api")
    wrong["spec"]["template"]["spec"]["containers"][0]["readinesProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError, match="readinesProbe"):
        kubernetes_validate.validate(wrong, KUBERNETES, strict=True)


def test_what_is_not_needed_is_left_out() -> None:
    kinds = {manifest["kind"] for manifest in rendered(OTHER_VALUES["with nothing that can be left out"])}
    assert kinds.isdisjoint({"CronJob", "NetworkPolicy", "ClusterRole", "ClusterRoleBinding", "Namespace"})


# ------------------------------------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({"api": {"replicas": "three"}}, "api.replicas"),
        ({"api": {"replcas": 3}}, "replcas"),
        ({"api": {"drainSeconds": 1}}, "api.drainSeconds"),
        ({"api": {"env": {"DATABASE_URL": "x"}}}, "api.env"),
        ({"api": {"retentionDays": 7}}, "api.retentionDays is 7"),
        ({"api": {"memoryOfWorkBytes": 1_000_000_000}}, "api.memoryOfWorkBytes is 1000000000"),
        ({"api": {"resources": {"limits": {"memory": "a lot"}}}}, "api.resources.limits.memory"),
        ({"image": {"tag": "latest"}}, "image.tag"),
        ({"image": {"digest": "sha256:abc"}}, "image.digest"),
        ({"hosts": {"api": "not a host"}}, "hosts.api"),
        ({"hosts": {"cache": "database.internal"}}, "hosts: each needs a name of its own"),
        ({"secrets": {"name": ""}}, "secrets.name"),
        ({"autoscaling": {"enabled": True, "maxReplicas": 2}}, "autoscaling.maxReplicas is 2"),
        ({"worker": {"concurrency": 0}}, "worker.concurrency"),
        ({"postgres": {"sharedBuffers": "256 MB"}}, "postgres.sharedBuffers"),
        ({"postgres": {"sharedBuffers": "3GB"}}, "postgres.sharedBuffers is 3GB"),
        ({"postgres": {"sharedMemory": "4Gi"}}, "of what postgres.sharedMemory, 4Gi, leaves"),
        ({"postgres": {"sharedMemory": "a lot"}}, "postgres.sharedMemory"),
        ({"postgres": {"storage": {"data": "20 GB"}}}, "postgres.storage.data"),
        ({"postgres": {"resources": {"requests": {"cpu": 3}}}}, "postgres.resources.requests.cpu is 3"),
        ({"cache": {"maxMemory": "250mb"}}, "cache.maxMemory is 250mb"),
        ({"nginx": {"internalNetworks": ["everywhere"]}}, "nginx.internalNetworks.0"),
        ({"backup": {"schedule": "at night"}}, "backup.schedule"),
        ({"access": {"changers": [{"kind": "Robot", "name": "r"}]}}, "access.changers.0.kind"),
        ({"debug": {"enabled": True, "namespace": "active-inference"}}, "debug.namespace"),
        ({"responder": {"enabled": "yes"}}, "responder.enabled"),
        ({"responder": {"publicUrl": "incidents.example.org"}}, "responder.publicUrl"),
        ({"responder": {"secret": ""}}, "responder.secret"),
        ({"responder": {"env": {"ACTINF_PORT": 1}}}, "responder.env"),
        ({"responder": {"env": {"ACTINF_RESPOND_PORT": 1}}}, "ACTINF_RESPOND_PORT (fixed)"),
        ({"responder": {"env": {"ACTINF_RESPOND_SLACK_TOKEN": "x"}}}, "ACTINF_RESPOND_SLACK_TOKEN (the secret actinf-"),
        ({"responder": {"resources": {"requests": {"memory": "1Gi"}}}}, "responder.resources.requests.memory is 1Gi"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_by_its_name(values: dict[str, Any], names: str) -> None:
    with pytest.raises(ChartRefused, match=re.escape(names)):
        rendered(values)


def test_a_setting_that_the_chart_makes_itself_is_refused_among_those_that_are_more() -> None:
    """It was set twice: a rate limit was passed over, and a pool was larger than the connections were counted for."""
    manifests = rendered({"api": {"env": {"ACTINF_HOT_AGENTS": 100}}})
    api = container_of(manifests, "Deployment", "active-inference-api", "api")
    worker = container_of(manifests, "Deployment", "active-inference-worker", "worker")
    ours = (variables_of(api) | variables_of(worker)).keys() - {"ACTINF_HOT_AGENTS"}
    with pytest.raises(ChartRefused) as refused:
        rendered({"api": {"env": dict.fromkeys(ours, 1)}})
    assert {name for name in ours if f"{name} (" not in str(refused.value)} == set()
    assert "ACTINF_POOL_SIZE (api.poolSize)" in str(refused.value)


def test_more_connections_than_the_database_has_are_refused_with_the_numbers() -> None:
    """Found out by a rollout in the middle of an incident, it would be found out too late."""
    with pytest.raises(ChartRefused) as refused:
        rendered({"api": {"replicas": 12}})
    assert "can ask the database for 170 connections" in str(refused.value)
    assert "(api.replicas 12 + 1 in a rollout) x (api.poolSize 8 + 3) + (worker.replicas 2 + 1) x 9" in str(
        refused.value
    )
    assert "postgres.maxConnections 120 leaves 112" in str(refused.value)
    assert "raise it to 178" in str(refused.value)
    rendered({"api": {"replicas": 12}, "postgres": {"maxConnections": 178}})
    with pytest.raises(ChartRefused, match="can ask the database for 170 connections"):
        rendered({"api": {"replicas": 12}, "postgres": {"maxConnections": 177}})


def test_the_connections_suffice_for_as_many_replicas_as_people_scale_to_by_hand() -> None:
    """`kubectl scale --replicas=5` must not be what brings the database down."""
    with pytest.raises(ChartRefused, match=r"api\.mostReplicas 5"):
        rendered({"api": {"replicas": 1}, "postgres": {"maxConnections": 100}})


# ------------------------------------------------------------------------------- the names that people on call type


def test_pods_of_the_api_are_found_by_their_label_and_their_container_by_its_name(manifests) -> None:
    """A patch that names another container adds one."""
    deployment = named(manifests, "Deployment", "active-inference-api")
    assert deployment["spec"]["template"]["metadata"]["labels"]["app"] == "active-inference-api"
    assert deployment["spec"]["selector"] == {"matchLabels": {"app": "active-inference-api"}}
    assert [one["name"] for one in deployment["spec"]["template"]["spec"]["containers"]] == ["api"]


def test_raising_the_memory_of_the_api_to_2_gibibytes_raises_it(manifests) -> None:
    assert (
        container_of(manifests, "Deployment", "active-inference-api", "api")["resources"]["limits"]["memory"] == "1Gi"
    )


def test_a_restart_takes_no_replica_away_before_another_is_ready(manifests) -> None:
    spec = named(manifests, "Deployment", "active-inference-api")["spec"]
    assert spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert spec["revisionHistoryLimit"] > 0  # `rollout undo` has somewhere to go
    api = container_of(manifests, "Deployment", "active-inference-api", "api")
    assert {"startupProbe", "readinessProbe", "livenessProbe", "lifecycle"} <= api.keys()
    drain = float(variables_of(api)["ACTINF_DRAIN_SECONDS"])
    pause = float(api["lifecycle"]["preStop"]["exec"]["command"][1])
    probe = api["readinessProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] < drain  # seen not ready while it still accepts
    assert spec["template"]["spec"]["terminationGracePeriodSeconds"] > pause + drain + 25


def test_the_api_is_told_no_replicas_where_an_autoscaler_decides() -> None:
    """An upgrade in the middle of the day would otherwise scale down to what the values say."""
    manifests = rendered(OTHER_VALUES["with an autoscaler"])
    assert "replicas" not in named(manifests, "Deployment", "active-inference-api")["spec"]
    scaler = named(manifests, "HorizontalPodAutoscaler", "active-inference-api")["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (3, 8)
    assert scaler["scaleTargetRef"]["name"] == "active-inference-api"


def test_the_database_has_shared_memory_for_queries_that_several_processes_work_on(manifests) -> None:
    """A container's own 64 MiB are used up by one of them."""
    postgres = container_of(manifests, "StatefulSet", "postgres", "postgres")
    (name,) = (mount["name"] for mount in postgres["volumeMounts"] if mount["mountPath"] == "/dev/shm")
    volumes = named(manifests, "StatefulSet", "postgres")["spec"]["template"]["spec"]["volumes"]
    (volume,) = (one for one in volumes if one["name"] == name)
    assert volume["emptyDir"] == {"medium": "Memory", "sizeLimit": "512Mi"}


def test_the_database_is_the_pod_postgres_0_and_psql_lands_in_the_services_database(manifests) -> None:
    stateful = named(manifests, "StatefulSet", "postgres")["spec"]
    assert stateful["replicas"] == 1
    assert stateful["template"]["metadata"]["annotations"] == {"kubectl.kubernetes.io/default-container": "postgres"}
    postgres = container_of(manifests, "StatefulSet", "postgres", "postgres")
    assert variables_of(postgres)["PGDATABASE"] == "actinf"
    mounted = [mount["mountPath"] for mount in postgres["volumeMounts"]]
    assert variables_of(postgres)["PGHOST"] in mounted


def test_the_database_can_be_given_4_gibibytes_and_two_processors_as_typed(manifests) -> None:
    """The line raises requests alone: Kubernetes refuses requests above the limits."""
    limits = container_of(manifests, "StatefulSet", "postgres", "postgres")["resources"]["limits"]
    assert limits == {"memory": "4Gi", "cpu": "2"}


def test_the_data_outlives_the_pod_the_set_and_the_release(manifests) -> None:
    stateful = named(manifests, "StatefulSet", "postgres")["spec"]
    assert stateful["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    assert [claim["metadata"]["name"] for claim in stateful["volumeClaimTemplates"]] == ["data"]
    archive = named(manifests, "PersistentVolumeClaim", "archive")
    assert archive["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}


def test_every_service_has_a_port_that_answers_health(manifests) -> None:
    health = {
        "active-inference-api": 8000,
        "active-inference-worker": 9100,
        "postgres": 8080,
        "cache": 8080,
        "nginx": 80,
    }
    services = {one["metadata"]["name"]: one["spec"] for one in manifests if one["kind"] == "Service"}
    assert services.keys() == health.keys()
    templates = {template["metadata"]["labels"]["app"]: template for _, template in pod_specs(manifests)}
    for name, port in health.items():
        [where] = [one["targetPort"] for one in services[name]["ports"] if one["port"] == port]
        ports = [each for one in containers(templates[name]) for each in one.get("ports", [])]
        assert where in [each["name"] for each in ports]
        assert services[name]["selector"] == {"app": name}


def test_prometheus_finds_each_pod_by_its_label_and_the_name_of_a_port(everything) -> None:
    """deploy/prometheus/prometheus.yml keeps these, and no others."""
    scraped = {"active-inference-api": "http", "active-inference-worker": "metrics"}
    scraped |= {"postgres": "health", "cache": "health", "nginx": "metrics", "actinf-responder": "http"}
    assert scraped.keys() <= {template["metadata"]["labels"]["app"] for _, template in pod_specs(everything)}
    for _, template in pod_specs(everything):
        app = template["metadata"]["labels"]["app"]
        if app in scraped:
            ports = [port["name"] for one in containers(template) for port in one.get("ports", [])]
            assert ports.count(scraped[app]) == 1


def test_the_last_backup_is_an_object_that_can_be_asked_for_in_the_singular(manifests) -> None:
    definition = named(manifests, "CustomResourceDefinition", "backups.operate.active-inference.com")["spec"]
    assert definition["names"]["singular"] == "backup"
    fields = definition["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"]["properties"]
    assert {"takenAt", "sizeBytes", "sha256", "manifest", "verifiedRestoreAt", "verified"} <= fields.keys()


def test_backups_are_taken_by_an_account_that_may_say_so_and_no_other_pod_has_a_token(everything) -> None:
    tokens = {where for where, one in pod_specs(everything) if one["spec"]["automountServiceAccountToken"]}
    assert tokens == {"CronJob postgres-backup"}
    pod = named(everything, "CronJob", "postgres-backup")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["serviceAccountName"] == "active-inference-backup"


def test_the_account_of_every_night_can_say_which_backup_is_the_last_and_nothing_else(everything) -> None:
    """What may patch the API's deployment decides what runs there: only a restore has to, and has its own account."""
    [nightly] = named(everything, "Role", "active-inference-backup")["rules"]
    assert (nightly["apiGroups"], nightly["resources"]) == (
        ["operate.active-inference.com"],
        ["backups", "backups/status"],
    )
    of_a_restore = named(everything, "Role", "active-inference-restore")["rules"]
    assert nightly in of_a_restore
    looks = {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}  # whether the last pod is gone
    assert looks in of_a_restore
    assert all(rule["resourceNames"] for rule in of_a_restore if rule not in (nightly, looks))
    for account in ("active-inference-backup", "active-inference-restore"):
        binding = named(everything, "RoleBinding", account)
        assert (binding["roleRef"]["name"], [one["name"] for one in binding["subjects"]]) == (account, [account])


def test_jobs_of_backups_are_found_by_their_label(manifests) -> None:
    """`kubectl get jobs -l app=postgres-backup`: the labels of a CronJob are not those of the jobs that it makes."""
    template = named(manifests, "CronJob", "postgres-backup")["spec"]["jobTemplate"]
    assert template["metadata"]["labels"]["app"] == "postgres-backup"
    restore = yaml.safe_load((CHART.parent / "restore-job.yaml").read_text(encoding="utf-8"))
    assert restore["metadata"]["labels"]["app"] == "postgres-backup"


# ------------------------------------------------------------------------------------------------- safe by default


def test_every_container_is_restricted_and_says_what_it_takes(everything) -> None:
    for where, template in pod_specs(everything):
        for container in containers(template):
            assert container["resources"]["requests"].keys() == {"cpu", "memory"}, where
            assert container["resources"]["limits"].keys() == {"cpu", "memory"}, where
            assert container["securityContext"]["readOnlyRootFilesystem"] is True, where
        if where == "StatefulSet debug":
            continue
        pod = template["spec"]["securityContext"]
        assert (pod["runAsNonRoot"], pod["runAsUser"], pod["seccompProfile"]) == (
            True,
            10001,
            {"type": "RuntimeDefault"},
        )
        for container in containers(template):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, where


def test_privileges_are_in_the_namespace_for_tools_alone_and_it_says_so(everything) -> None:
    tools = named(everything, "StatefulSet", "debug")
    assert tools["metadata"]["namespace"] == "debug"
    labels = named(everything, "Namespace", "debug")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "privileged"
    assert not [one for one in rendered() if one["kind"] == "Namespace"]


def test_nobody_of_ours_may_make_a_pod_where_privileges_are_allowed(everything) -> None:
    """There a pod may have the disk of its node: to make one, or something that makes one, is to be root on it."""
    rules = [
        rule
        for one in everything
        if one["kind"] in ("Role", "ClusterRole") and one["metadata"].get("namespace") == "debug"
        for rule in one["rules"]
    ]
    changing = [rule for rule in rules if not set(rule["verbs"]) <= {"get", "list", "watch"}]
    assert changing == [
        {"apiGroups": [""], "resources": ["pods/exec"], "resourceNames": ["debug-0"], "verbs": ["get", "create"]}
    ]


def test_responders_see_everything_but_secrets_and_change_nothing(everything) -> None:
    sees = named(everything, "Role", "active-inference-responder")["rules"]
    assert {verb for rule in sees for verb in rule["verbs"]} == {"get", "list", "watch"}
    seen = {resource for rule in sees for resource in rule["resources"]}
    assert {"pods", "pods/log", "events", "deployments", "backups"} <= seen
    assert seen.isdisjoint({"secrets", "pods/exec", "*"})


def test_responders_see_what_an_installation_has_or_brings_about_and_no_other_kinds(everything) -> None:
    """A right that nobody uses is one that somebody else may."""
    manifests = [*everything, *rendered(OTHER_VALUES["with an autoscaler"])]
    made = {f"{one['kind'].lower()}s" for one in manifests} | {"networkpolicies"}
    brought_about = {"pods", "pods/log", "pods/status", "events", "endpoints", "endpointslices", "replicasets", "jobs"}
    brought_about |= {"deployments/scale", "statefulsets/scale", "controllerrevisions", "backups"}
    rules = named(everything, "Role", "active-inference-responder")["rules"]
    assert {resource for rule in rules for resource in rule["resources"]} - made - brought_about == set()


def test_no_secret_stands_in_any_object(everything) -> None:
    assert "Secret" not in {one["kind"] for one in everything}
    secret = {"ACTINF_DATABASE_URL", "ACTINF_CACHE_URL", "ACTINF_AUDIT_KEY", "ACTINF_SENTRY_DSN", "CACHE_PASSWORD"}
    given = [each for _, one in pod_specs(everything) for each in containers(one)]
    by_reference = [
        each["valueFrom"]["secretKeyRef"] for one in given for each in one.get("env", []) if "valueFrom" in each
    ]
    assert {one["name"] for one in by_reference} == {"actinf-secrets"}
    whole = {each["secretRef"]["name"] for one in given for each in one.get("envFrom", [])}
    assert whole == {"actinf-responder", "actinf-status"}
    assert secret.isdisjoint(each["name"] for one in given for each in one.get("env", []) if "value" in each)


def test_nothing_talks_unless_it_is_said(manifests) -> None:
    policies = [one for one in manifests if one["kind"] == "NetworkPolicy"]
    nothing = named(policies, "NetworkPolicy", "nothing")["spec"]
    assert nothing == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_what_holds_the_backups_reaches_the_clusters_api_and_not_the_internet(tmp_path: Path) -> None:
    """A rule that names ports and no address is for every address; where none is known, the notes say so."""
    addresses = ["10.96.0.1/32", "192.0.2.10/32"]
    values = {"network": {"kubernetesAddresses": addresses}}
    egress = named(rendered(values), "NetworkPolicy", "postgres-backup")["spec"]["egress"]
    assert [one for one in egress if not one.get("to")] == []
    assert [one["to"] for one in egress if {"port": 6443, "protocol": "TCP"} in one["ports"]] == [
        [{"ipBlock": {"cidr": address}} for address in addresses]
    ]
    assert "network.kubernetesAddresses" not in notes(tmp_path, values)
    assert "reach every address on the ports 443, 6443" in notes(tmp_path)


def test_the_api_is_reached_by_nginx_its_replicas_and_prometheus_alone(manifests) -> None:
    """It believes them from where a request is (api.trustedProxies): whoever else reaches it may say what it likes."""
    lets_in = [
        (policy["metadata"]["name"], rule["from"])
        for policy in manifests
        if policy["kind"] == "NetworkPolicy"
        for rule in policy["spec"].get("ingress", [])
        if 8000 in [port["port"] for port in rule["ports"]]
    ]
    [(name, [pods, prometheus])] = lets_in
    assert name == "api"
    assert pods["podSelector"]["matchExpressions"][0]["values"] == ["nginx", "active-inference-api"]
    assert prometheus == {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}


def test_the_debug_tools_reach_what_answers_health_where_they_are_on(everything, manifests) -> None:
    """They are in a namespace of their own, whose pods no rule let in: they saw nothing."""
    debug = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "debug"}}}

    def ports(of: list[Manifest]) -> set[int]:
        rules = [rule for one in of if one["kind"] == "NetworkPolicy" for rule in one["spec"].get("ingress", [])]
        return {port["port"] for rule in rules if debug in rule.get("from", []) for port in rule["ports"]}

    assert ports(everything) == {5432, 8000, 8080, 9100, 9113}
    assert ports(manifests) == set()


def test_those_who_change_may_put_the_debug_image_beside_a_container(manifests) -> None:
    """`kubectl debug --target` adds a container to a pod and attaches to it."""
    rules = named(manifests, "Role", "active-inference-changer")["rules"]
    given = {(resource, verb) for rule in rules for resource in rule["resources"] for verb in rule["verbs"]}
    assert {("pods/ephemeralcontainers", "patch"), ("pods/attach", "create")} <= given


def test_a_pod_in_quarantine_is_chosen_by_no_rule_that_lets_it_talk(manifests) -> None:
    """Rules add up, so that none can take back what another allows: each has to leave the label out."""
    labels = {"app": "active-inference-api", "quarantine": "true"}

    def chooses(selector: Manifest) -> bool:
        fits = all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())
        for wanted in selector.get("matchExpressions", []):
            value = labels.get(wanted["key"])
            fits &= value is None if wanted["operator"] == "DoesNotExist" else value in wanted["values"]
        return fits

    policies = [one for one in manifests if one["kind"] == "NetworkPolicy"]
    assert [one["metadata"]["name"] for one in policies if chooses(one["spec"]["podSelector"])] == ["nothing"]
    # Nor may it come back as somebody's client.
    for policy in policies:
        for rule in policy["spec"].get("ingress", []):
            by_app = [
                one["podSelector"] for one in rule.get("from", []) if one.get("podSelector", {}).get("matchExpressions")
            ]
            assert not any(chooses(one) for one in by_app), policy["metadata"]["name"]


def test_what_pods_listen_on_is_said_by_address_and_port(everything) -> None:
    """Whoever reads the manifest knows the ports, and each is the one that the container opens."""
    told = {
        "api": ("ACTINF_HOST", "ACTINF_PORT"),
        "worker": ("ACTINF_HOST", "ACTINF_METRICS_PORT"),
    }
    for _, template in pod_specs(everything):
        for container in containers(template):
            ports = [str(one["containerPort"]) for one in container.get("ports", [])]
            if container["name"] in told:
                host, port = (variables_of(container)[name] for name in told[container["name"]])
                assert (host, [port]) == ("0.0.0.0", ports)
            elif ports and container["name"] != "nginx":
                words = " ".join(container["command"])
                assert "0.0.0.0" in words
                assert ports[0] in words


def test_the_internal_names_lead_to_nginx_for_our_own_pods_where_its_address_is_fixed(everything) -> None:
    aliases = {
        where: one["spec"].get("hostAliases") for where, one in pod_specs(everything) if where != "StatefulSet debug"
    }
    wanted = [{"ip": "10.96.0.10", "hostnames": ["database.internal", "cache.internal"]}]
    assert set(map(str, aliases.values())) == {str(wanted)}
    assert named(everything, "Service", "nginx")["spec"]["clusterIP"] == "10.96.0.10"
