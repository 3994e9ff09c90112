"""What the API server fills in, and what it refuses to change afterwards."""

import hashlib
import json

from support.cluster.errors import Invalid

PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
PROBE = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}


def template_hash(template: dict) -> str:
    return hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:10]


def fill_in(kind: str, object_: dict) -> None:
    """Fill in what was left out, in place."""
    filler = FILLERS.get(kind)
    if filler is not None and isinstance(object_.get("spec"), dict):
        filler(object_["spec"])
    if kind == "secrets":
        object_.setdefault("type", "Opaque")
        _encode_string_data(object_)


def _encode_string_data(secret: dict) -> None:
    import base64

    for name, text in (secret.pop("stringData", None) or {}).items():
        secret.setdefault("data", {})[name] = base64.b64encode(text.encode()).decode()


def _set(target: dict, **values: object) -> None:
    for name, value in values.items():
        target.setdefault(name, value)


def pod_spec(spec: dict) -> None:
    _set(spec, restartPolicy="Always", terminationGracePeriodSeconds=30, dnsPolicy="ClusterFirst", securityContext={})
    _set(spec, schedulerName="default-scheduler", serviceAccountName="default", enableServiceLinks=True)
    spec["serviceAccount"] = spec["serviceAccountName"]
    for volume in spec.get("volumes") or ():
        for source in ("configMap", "secret"):
            if source in volume:
                _set(volume[source], defaultMode=0o644)
    for container in [*(spec.get("initContainers") or ()), *spec.get("containers", ())]:
        _container(container)


def _container(container: dict) -> None:
    _set(container, resources={}, imagePullPolicy="IfNotPresent", terminationMessagePath="/dev/termination-log")
    _set(container, terminationMessagePolicy="File")
    for port in container.get("ports") or ():
        _set(port, protocol="TCP")
    for name in PROBES:
        if container.get(name):
            _set(container[name], **PROBE)
            if "httpGet" in container[name]:
                _set(container[name]["httpGet"], path="/", scheme="HTTP")
    resources = container["resources"]
    if resources.get("limits"):
        # What is limited and not requested is requested in full.
        resources["requests"] = {**resources["limits"], **resources.get("requests", {})}


def _template(spec: dict) -> None:
    template = spec.setdefault("template", {})
    template.setdefault("metadata", {})
    pod_spec(template.setdefault("spec", {}))


def _deployment(spec: dict) -> None:
    _template(spec)
    _set(spec, replicas=1, revisionHistoryLimit=10, progressDeadlineSeconds=600, strategy={"type": "RollingUpdate"})
    _set(spec["strategy"], type="RollingUpdate")
    if spec["strategy"]["type"] == "RollingUpdate":
        rolling = spec["strategy"].setdefault("rollingUpdate", {})
        _set(rolling, maxSurge="25%", maxUnavailable="25%")
    else:
        spec["strategy"].pop("rollingUpdate", None)


def _stateful_set(spec: dict) -> None:
    _template(spec)
    _set(spec, replicas=1, revisionHistoryLimit=10, podManagementPolicy="OrderedReady", serviceName="")
    _set(spec, updateStrategy={"type": "RollingUpdate"})
    _set(spec, persistentVolumeClaimRetentionPolicy={"whenDeleted": "Retain", "whenScaled": "Retain"})
    for claim in spec.get("volumeClaimTemplates") or ():
        _set(claim, apiVersion="v1", kind="PersistentVolumeClaim", status={"phase": "Pending"})
        _claim(claim["spec"])


def _job(spec: dict) -> None:
    _template(spec)
    if "parallelism" not in spec and "completions" not in spec:
        spec["completions"] = 1
    _set(spec, parallelism=1, backoffLimit=6, suspend=False, completionMode="NonIndexed")
    _set(spec, podReplacementPolicy="TerminatingOrFailed")


def _cron_job(spec: dict) -> None:
    _set(spec, concurrencyPolicy="Allow", suspend=False, successfulJobsHistoryLimit=3, failedJobsHistoryLimit=1)
    template = spec.setdefault("jobTemplate", {}).setdefault("spec", {})
    _template(template)


def _service(spec: dict) -> None:
    _set(spec, type="ClusterIP", sessionAffinity="None", internalTrafficPolicy="Cluster", ipFamilies=["IPv4"])
    for port in spec.get("ports") or ():
        _set(port, protocol="TCP", targetPort=port["port"])


def _claim(spec: dict) -> None:
    _set(spec, volumeMode="Filesystem", storageClassName="stand-in")


FILLERS = {
    "pods": pod_spec,
    "deployments.apps": _deployment,
    "replicasets.apps": _template,
    "statefulsets.apps": _stateful_set,
    "jobs.batch": _job,
    "cronjobs.batch": _cron_job,
    "services": _service,
    "persistentvolumeclaims": _claim,
    "horizontalpodautoscalers.autoscaling": lambda spec: _set(spec, minReplicas=1),
}

# The parts of a spec that stay as they were made; None: all may change.
IMMUTABLE = {
    "deployments.apps": ("selector",),
    "replicasets.apps": ("selector",),
    "jobs.batch": ("template", "selector", "completions"),
    "persistentvolumeclaims": ("accessModes", "storageClassName", "volumeName"),
}
# Of a StatefulSet it is the other way round.
MAY_CHANGE = {
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
}


def check_change(kind: str, old: dict, new: dict) -> None:
    """Refuse what Kubernetes refuses to change.

    Raises:
        Invalid: naming the field.
    """
    name = new["metadata"]["name"]
    for field in IMMUTABLE.get(kind, ()):
        if old["spec"].get(field) != new["spec"].get(field):
            raise Invalid(kind, name, f"spec.{field}: Invalid value: field is immutable")
    if kind == "statefulsets.apps":
        fields = old["spec"].keys() | new["spec"].keys()
        if any(old["spec"].get(field) != new["spec"].get(field) for field in fields - MAY_CHANGE):
            allowed = "', '".join(sorted(MAY_CHANGE))
            what = f"Forbidden: updates to statefulset spec for fields other than '{allowed}' are forbidden"
            raise Invalid(kind, name, f"spec: {what}")


def check_new(kind: str, object_: dict) -> None:
    """Refuse an object without what its kind cannot do without.

    Raises:
        Invalid: naming the field.
    """
    name = object_["metadata"]["name"]
    spec = object_.get("spec") or {}
    if kind in {"deployments.apps", "replicasets.apps", "statefulsets.apps"}:
        selector = (spec.get("selector") or {}).get("matchLabels") or {}
        labels = spec["template"].get("metadata", {}).get("labels") or {}
        if not selector or any(labels.get(key) != value for key, value in selector.items()):
            what = (
                f"spec.template.metadata.labels: Invalid value: {labels}: `selector` does not match template `labels`"
            )
            raise Invalid(kind, name, what)
    template = spec if kind == "pods" else spec.get("template", {}).get("spec") if kind in FILLERS else None
    if template is not None and not template.get("containers"):
        raise Invalid(kind, name, "spec.containers: Required value")
    if kind == "jobs.batch" and template["restartPolicy"] == "Always":
        raise Invalid(
            kind, name, 'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'
        )
    volumes = {volume["name"] for volume in (template or {}).get("volumes") or ()}
    volumes |= {claim["metadata"]["name"] for claim in spec.get("volumeClaimTemplates") or ()}
    for container in (template or {}).get("containers", ()):
        for mount in container.get("volumeMounts") or ():
            if mount["name"] not in volumes:
                raise Invalid(kind, name, f'spec.containers.volumeMounts.name: Not found: "{mount["name"]}"')
