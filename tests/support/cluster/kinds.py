"""Which kinds of objects there are, and the documents by which kubectl finds out."""

from collections.abc import Iterator
from dataclasses import dataclass, field

VERSION = {"major": "1", "minor": "32", "gitVersion": "v1.32.4", "platform": "linux/amd64", "gitTreeState": "stand-in"}
ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind as the API serves it.

    Attributes:
        columns: further columns of `kubectl get`, for kinds that a CustomResourceDefinition declares
        has_status: whether the status is written through a subresource of its own, and through nothing else
    """

    group: str
    version: str
    plural: str
    kind: str
    short: tuple[str, ...] = ()
    namespaced: bool = True
    subresources: tuple[str, ...] = ()
    in_all: bool = False
    verbs: tuple[str, ...] = ALL_VERBS
    columns: tuple[dict, ...] = field(default=(), hash=False)

    @property
    def name(self) -> str:
        """`pods`, `deployments.apps`: the name under which the store and error messages know it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def has_status(self) -> bool:
        return "status" in self.subresources

    def path(self) -> str:
        return f"apis/{self.api_version}" if self.group else f"api/{self.version}"


def _kinds() -> Iterator[Kind]:
    def core(plural: str, kind: str, short: str = "", subresources: str = "", **more: object) -> Kind:
        return of("", "v1", plural, kind, short, subresources, **more)

    def of(group: str, version: str, plural: str, kind: str, short: str = "", subresources: str = "", **more) -> Kind:
        names = {"short": tuple(short.split()), "subresources": tuple(subresources.split())}
        return Kind(group=group, version=version, plural=plural, kind=kind, **names, **more)

    yield core("pods", "Pod", "po", "status log exec eviction", in_all=True)
    yield core("services", "Service", "svc", "status", in_all=True)
    yield core("configmaps", "ConfigMap", "cm")
    yield core("secrets", "Secret")
    yield core("serviceaccounts", "ServiceAccount", "sa")
    yield core("namespaces", "Namespace", "ns", "status", namespaced=False)
    yield core("nodes", "Node", "no", "status", namespaced=False)
    yield core("events", "Event", "ev")
    yield core("endpoints", "Endpoints", "ep")
    yield core("persistentvolumeclaims", "PersistentVolumeClaim", "pvc", "status")
    yield core("persistentvolumes", "PersistentVolume", "pv", "status", namespaced=False)
    yield core("replicationcontrollers", "ReplicationController", "rc", "status")
    yield core("resourcequotas", "ResourceQuota", "quota", "status")
    yield core("limitranges", "LimitRange", "limits")
    yield of("apps", "v1", "deployments", "Deployment", "deploy", "status scale", in_all=True)
    yield of("apps", "v1", "replicasets", "ReplicaSet", "rs", "status scale", in_all=True)
    yield of("apps", "v1", "statefulsets", "StatefulSet", "sts", "status scale", in_all=True)
    yield of("apps", "v1", "controllerrevisions", "ControllerRevision")
    yield of("batch", "v1", "jobs", "Job", "", "status", in_all=True)
    yield of("batch", "v1", "cronjobs", "CronJob", "cj", "status", in_all=True)
    yield of("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", "hpa", "status", in_all=True)
    yield of("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", "pdb", "status")
    yield of("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", "netpol")
    yield of("networking.k8s.io", "v1", "ingresses", "Ingress", "ing", "status")
    yield of("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice")
    yield of("storage.k8s.io", "v1", "storageclasses", "StorageClass", "sc", namespaced=False)
    yield of("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", "pc", namespaced=False)
    rbac = "rbac.authorization.k8s.io"
    yield of(rbac, "v1", "roles", "Role")
    yield of(rbac, "v1", "rolebindings", "RoleBinding")
    yield of(rbac, "v1", "clusterroles", "ClusterRole", namespaced=False)
    yield of(rbac, "v1", "clusterrolebindings", "ClusterRoleBinding", namespaced=False)
    crd = ("customresourcedefinitions", "CustomResourceDefinition", "crd crds", "status")
    yield of("apiextensions.k8s.io", "v1", *crd, namespaced=False)
    review = ("selfsubjectaccessreviews", "SelfSubjectAccessReview")
    yield of("authorization.k8s.io", "v1", *review, namespaced=False, verbs=("create",))
    yield of("metrics.k8s.io", "v1beta1", "pods", "PodMetrics", verbs=("get", "list"))
    yield of("metrics.k8s.io", "v1beta1", "nodes", "NodeMetrics", namespaced=False, verbs=("get", "list"))


BUILT_IN = tuple(_kinds())
SUBRESOURCE_KINDS = {"scale": ("autoscaling", "v1", "Scale"), "eviction": ("policy", "v1", "Eviction")}


def declared_by(crd: dict) -> Iterator[Kind]:
    """The kinds that a CustomResourceDefinition declares, one for each version that it serves."""
    spec = crd["spec"]
    names = spec["names"]
    for version in spec["versions"]:
        if version.get("served", True):
            yield Kind(
                group=spec["group"],
                version=version["name"],
                plural=names["plural"],
                kind=names["kind"],
                short=tuple(names.get("shortNames", ())),
                namespaced=spec.get("scope", "Namespaced") == "Namespaced",
                subresources=tuple(version.get("subresources", {})),
                columns=tuple(version.get("additionalPrinterColumns", ())),
            )


class Kinds:
    """All kinds: those of Kubernetes, and those that are declared while the cluster runs."""

    def __init__(self) -> None:
        self._declared: dict[str, tuple[Kind, ...]] = {}

    def __iter__(self) -> Iterator[Kind]:
        yield from BUILT_IN
        for kinds in self._declared.values():
            yield from kinds

    def declare(self, crd: dict) -> None:
        self._declared[crd["metadata"]["name"]] = tuple(declared_by(crd))

    def forget(self, crd: dict) -> None:
        self._declared.pop(crd["metadata"]["name"], None)

    def find(self, group: str, version: str, plural: str) -> Kind | None:
        wanted = (group, version, plural)
        return next((kind for kind in self if (kind.group, kind.version, kind.plural) == wanted), None)

    def named(self, api_version: str, kind: str) -> Kind | None:
        return next((each for each in self if (each.api_version, each.kind) == (api_version, kind)), None)

    def groups(self) -> dict[str, list[str]]:
        """The versions of each named group, in the order in which they are preferred."""
        groups: dict[str, list[str]] = {}
        for kind in self:
            if kind.group and kind.version not in groups.setdefault(kind.group, []):
                groups[kind.group].append(kind.version)
        return groups

    # ------------------------------------------------------------------------------------------------- discovery

    def group_list(self) -> dict:
        return {
            "kind": "APIGroupList",
            "apiVersion": "v1",
            "groups": [
                {
                    "name": group,
                    "versions": [{"groupVersion": f"{group}/{version}", "version": version} for version in versions],
                    "preferredVersion": {"groupVersion": f"{group}/{versions[0]}", "version": versions[0]},
                }
                for group, versions in self.groups().items()
            ],
        }

    def resource_list(self, group: str, version: str) -> dict | None:
        kinds = [kind for kind in self if (kind.group, kind.version) == (group, version)]
        if not kinds:
            return None
        resources = []
        for kind in kinds:
            resources.append(
                {
                    "name": kind.plural,
                    "singularName": kind.kind.lower(),
                    "namespaced": kind.namespaced,
                    "kind": kind.kind,
                    "verbs": list(kind.verbs),
                    "shortNames": list(kind.short),
                    "categories": ["all"] if kind.in_all else [],
                }
            )
            for name in kind.subresources:
                of_group, of_version, of_kind = SUBRESOURCE_KINDS.get(name, (kind.group, kind.version, kind.kind))
                resources.append(
                    {
                        "name": f"{kind.plural}/{name}",
                        "singularName": "",
                        "namespaced": kind.namespaced,
                        "group": of_group,
                        "version": of_version,
                        "kind": of_kind,
                        "verbs": ["get", "patch", "update", "create"],
                    }
                )
        version_name = f"{group}/{version}" if group else version
        return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version_name, "resources": resources}

    # --------------------------------------------------------------------------------------------------- openapi

    def openapi_index(self) -> dict:
        """As much of /openapi/v3 as `kubectl apply` asks for before it sends anything."""
        paths = sorted({kind.path() for kind in self})
        return {"paths": {path: {"serverRelativeURL": f"/openapi/v3/{path}?hash=stand-in"} for path in paths}}

    def openapi_document(self, path: str) -> dict:
        """Says of each kind that the server itself checks the fields of what it is sent (`fieldValidation`)."""
        parameters = [{"name": "fieldValidation", "in": "query", "schema": {"type": "string"}}]
        paths = {}
        schemas = {}
        for kind in self:
            if kind.path() == path:
                described = {"group": kind.group, "version": kind.version, "kind": kind.kind}
                operation = {"x-kubernetes-group-version-kind": described, "parameters": parameters, "responses": {}}
                paths[f"/{path}/{kind.plural}/{{name}}"] = {"patch": operation, "post": operation, "put": operation}
                schemas[kind.kind] = {"type": "object", "x-kubernetes-group-version-kind": [described]}
        info = {"title": "stand-in", "version": VERSION["gitVersion"]}
        return {"openapi": "3.0.0", "info": info, "paths": paths, "components": {"schemas": schemas}}
