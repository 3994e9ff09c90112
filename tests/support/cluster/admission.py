"""What happens to an object between a request and the store: checks, and what Kubernetes fills in."""

import copy
from collections.abc import Callable

import jsonschema
from support.cluster import defaults
from support.cluster.errors import BadRequest, Invalid, NotFound, Refusal
from support.cluster.kinds import Kind
from support.cluster.requests import Target
from support.cluster.schemas import check_fields
from support.cluster.store import Object, Store, random_suffix


class Admission:
    """Lets objects in.

    Args:
        store: holds the namespaces and the CustomResourceDefinitions
        service_address: hands out the addresses of services
    """

    def __init__(self, store: Store, service_address: Callable[[], str]):
        self._store = store
        self._service_address = service_address

    def admit_new(self, kind: Kind, namespace: str, given: Object, *, strict: bool) -> Object:
        """A new object as it will be stored.

        Raises:
            Refusal: it cannot be.
        """
        if strict:
            check_fields({"apiVersion": kind.api_version, "kind": kind.kind} | given)
        new = _without_nulls(given) | {"apiVersion": kind.api_version, "kind": kind.kind}
        if kind.name == "jobs.batch" and "spec" not in new:
            new["spec"] = self._spec_of_cron_job(namespace, new)
        metadata = new.setdefault("metadata", {})
        if not metadata.get("name"):
            if not metadata.get("generateName"):
                raise Invalid(kind.name, "", "metadata.name: Required value: name or generateName is required")
            metadata["name"] = metadata["generateName"] + random_suffix()
        if kind.namespaced:
            if metadata.setdefault("namespace", namespace) != namespace:
                raise BadRequest("the namespace of the object does not match the namespace of the request")
            self._check_namespace(namespace)
        if kind.has_status and kind.name not in {"pods", "persistentvolumeclaims"}:
            new.pop("status", None)
        self._complete(kind, new)
        defaults.check_new(kind.name, new)
        self._check_declared(kind, new)
        return new

    def admit_change(self, target: Target, old: Object, after: Object, *, strict: bool) -> Object:
        """The next state of an object: a subresource changes its own part and nothing else.

        Raises:
            Refusal: the change is not allowed.
        """
        kind = target.kind
        new = copy.deepcopy(old)
        version = after.get("metadata", {}).get("resourceVersion")
        if target.subresource == "scale":
            replicas = after["spec"].get("replicas", 0)
            if not isinstance(replicas, int) or replicas < 0:
                raise Invalid(kind.name, target.name, "spec.replicas: must be greater than or equal to 0")
            new["spec"]["replicas"] = replicas
        elif target.subresource == "status":
            new["status"] = after.get("status", {})
        else:
            new = _without_nulls(after)
            if kind.has_status:
                new.pop("status", None)
                if "status" in old:
                    new["status"] = old["status"]
            if strict:
                check_fields({name: value for name, value in new.items() if name != "status"})
            self._complete(kind, new)
            defaults.check_new(kind.name, new)
            defaults.check_change(kind.name, old, new)
        self._check_declared(kind, new)
        if version:
            new["metadata"]["resourceVersion"] = version
        return new

    def _spec_of_cron_job(self, namespace: str, job: Object) -> Object:
        """The spec of a Job that kubectl makes from a CronJob, which owns it (see `protobuf`)."""
        owners = job.get("metadata", {}).get("ownerReferences") or [{"name": ""}]
        cron_job = self._store.find("cronjobs.batch", namespace, owners[0]["name"])
        if cron_job is None:
            raise Invalid("jobs.batch", job["metadata"].get("name", ""), "spec: Required value")
        return copy.deepcopy(cron_job["spec"]["jobTemplate"]["spec"])

    def _check_namespace(self, namespace: str) -> None:
        found = self._store.find("namespaces", "", namespace)
        if found is None:
            raise NotFound("namespaces", namespace)
        if found.get("status", {}).get("phase") == "Terminating":
            raise Refusal(403, "Forbidden", f"the namespace {namespace} is being terminated")

    def _complete(self, kind: Kind, new: Object) -> None:
        defaults.fill_in(kind.name, new)
        if kind.name == "namespaces":
            new.setdefault("status", {"phase": "Active"})
            new["metadata"].setdefault("labels", {})["kubernetes.io/metadata.name"] = new["metadata"]["name"]
        elif kind.name == "services" and "clusterIP" not in new["spec"]:
            new["spec"]["clusterIP"] = self._service_address()
        elif kind.name == "jobs.batch":
            labels = new["spec"]["template"]["metadata"].setdefault("labels", {})
            labels["batch.kubernetes.io/job-name"] = labels["job-name"] = new["metadata"]["name"]
            if "selector" not in new["spec"]:
                new["spec"]["selector"] = {"matchLabels": {"batch.kubernetes.io/job-name": new["metadata"]["name"]}}
        elif kind.name == "pods":
            new.setdefault("status", {"phase": "Pending", "qosClass": "Burstable"})

    def _check_declared(self, kind: Kind, new: Object) -> None:
        """Hold an object of a declared kind against the schema that its definition gives."""
        crds = self._store.list("customresourcedefinitions.apiextensions.k8s.io")
        crd = next((each for each in crds if each["metadata"]["name"] == kind.name), None)
        if crd is None:
            return
        version = next(each for each in crd["spec"]["versions"] if each["name"] == kind.version)
        schema = version.get("schema", {}).get("openAPIV3Schema", {})
        try:
            jsonschema.validate(new, schema)
        except jsonschema.ValidationError as error:
            where = ".".join(str(step) for step in error.path)
            raise Invalid(kind.name, new["metadata"]["name"], f"{where}: Invalid value: {error.message}") from None


def _without_nulls(value: object) -> object:
    """A copy without fields that are null: for Kubernetes they are not there (kubectl writes some)."""
    if isinstance(value, dict):
        return {name: _without_nulls(inner) for name, inner in value.items() if inner is not None}
    return [_without_nulls(inner) for inner in value] if isinstance(value, list) else value
