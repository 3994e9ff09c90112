"""What a cluster measures of itself: `kubectl top`, and what kube-state-metrics and cAdvisor export to Prometheus.

The names and labels are theirs; of their hundreds of series there are those that alerts and dashboards are made of.
"""

import datetime as dt
from collections.abc import Iterable, Iterator

from support.cluster.kubelet import Kubelet
from support.cluster.selectors import quantity
from support.cluster.store import Store, name_of, namespace_of, timestamp
from support.cluster.usage import Usage
from support.cluster.volumes import NODE

Sample = tuple[str, dict[str, str], float]

WAITING = ("ContainerCreating", "CrashLoopBackOff", "CreateContainerConfigError", "ImagePullBackOff", "ErrImagePull")
PHASES = ("Pending", "Running", "Succeeded", "Failed", "Unknown")


class Metrics:
    """The figures of one cluster."""

    def __init__(self, store: Store, kubelet: Kubelet, usage: Usage):
        self._store = store
        self._kubelet = kubelet
        self._usage = usage
        self._oom_events: dict[tuple[str, str], int] = {}

    # ------------------------------------------------------------------------------------------- metrics.k8s.io

    def of_pod(self, pod: dict) -> dict | None:
        """What `kubectl top` shows of a pod; None as long as nothing was measured."""
        life = self._kubelet.life_of(pod)
        containers = []
        for each in life.containers if life else ():
            used = self._usage.of(life.uid, each.name, each.restarts)
            if used is not None:
                amounts = {"cpu": f"{int(used.rate * 1e9)}n", "memory": f"{int(used.memory // 1024)}Ki"}
                containers.append({"name": each.name, "usage": amounts})
        if not containers:
            return None
        metadata = {"name": name_of(pod), "namespace": namespace_of(pod), "labels": pod["metadata"].get("labels", {})}
        return self._measured("PodMetrics", metadata) | {"containers": containers}

    def of_node(self) -> dict:
        pods = filter(None, map(self.of_pod, self._store.list("pods")))
        usages = [each["usage"] for pod in pods for each in pod["containers"]]
        cpu, memory = (sum(quantity(usage[name]) for usage in usages) for name in ("cpu", "memory"))
        usage = {"cpu": f"{int(cpu * 1e9)}n", "memory": f"{int(memory // 1024)}Ki"}
        return self._measured("NodeMetrics", {"name": NODE}) | {"usage": usage}

    def _measured(self, kind: str, metadata: dict) -> dict:
        version = "metrics.k8s.io/v1beta1"
        return {"kind": kind, "apiVersion": version, "metadata": metadata, "timestamp": timestamp(), "window": "1s"}

    # -------------------------------------------------------------------------------------------------- cAdvisor

    def of_containers(self) -> str:
        return as_text(self._container_samples())

    def _container_samples(self) -> Iterator[Sample]:
        for life, each in self._kubelet.containers():
            labels = {
                "namespace": life.key[0],
                "pod": life.key[1],
                "container": each.name,
                "image": each.manifest.get("image", ""),
                "node": NODE,
            }
            yield "container_oom_events_total", labels, each.oom_kills
            limits = each.manifest.get("resources", {}).get("limits", {})
            yield "container_spec_memory_limit_bytes", labels, quantity(limits.get("memory"))
            used = self._usage.of(life.uid, each.name, each.restarts)
            if used is not None and each.process is not None:
                yield "container_memory_working_set_bytes", labels, used.memory
                yield "container_memory_usage_bytes", labels, used.memory
                yield "container_memory_rss", labels, used.memory
                yield "container_cpu_usage_seconds_total", labels | {"cpu": "total"}, used.cpu_seconds
                yield "container_start_time_seconds", labels, each.process.started.timestamp()

    # ---------------------------------------------------------------------------------------- kube-state-metrics

    def of_objects(self) -> str:
        return as_text(self._object_samples())

    def _object_samples(self) -> Iterator[Sample]:
        for pod in self._store.list("pods"):
            yield from _of_pod(pod)
        for deployment in self._store.list("deployments.apps"):
            yield from _of_deployment(deployment)
        for each in self._store.list("statefulsets.apps"):
            labels = {"namespace": namespace_of(each), "statefulset": name_of(each)}
            status = each.get("status", {})
            yield "kube_statefulset_replicas", labels, each["spec"]["replicas"]
            yield "kube_statefulset_status_replicas", labels, status.get("replicas", 0)
            yield "kube_statefulset_status_replicas_ready", labels, status.get("readyReplicas", 0)
        for each in self._store.list("jobs.batch"):
            labels = {"namespace": namespace_of(each), "job_name": name_of(each)}
            begun = each.get("status", {}).get("startTime")
            if begun:
                yield "kube_job_status_start_time", labels, dt.datetime.fromisoformat(begun).timestamp()
            for name in ("active", "succeeded", "failed"):
                yield f"kube_job_status_{name}", labels, each.get("status", {}).get(name, 0)
            kinds = [one["type"] for one in each.get("status", {}).get("conditions", ()) if one["status"] == "True"]
            yield "kube_job_failed", labels | {"condition": "true"}, "Failed" in kinds
            yield "kube_job_complete", labels | {"condition": "true"}, "Complete" in kinds
        for each in self._store.list("cronjobs.batch"):
            labels = {"namespace": namespace_of(each), "cronjob": name_of(each)}
            yield "kube_cronjob_spec_suspend", labels, each["spec"]["suspend"]
            for field, name in (("lastScheduleTime", "last_schedule"), ("lastSuccessfulTime", "last_successful")):
                moment = each.get("status", {}).get(field)
                if moment:
                    yield f"kube_cronjob_status_{name}_time", labels, dt.datetime.fromisoformat(moment).timestamp()
        for each in self._store.list("horizontalpodautoscalers.autoscaling"):
            labels = {"namespace": namespace_of(each), "horizontalpodautoscaler": name_of(each)}
            name = "kube_horizontalpodautoscaler"
            yield f"{name}_spec_min_replicas", labels, each["spec"]["minReplicas"]
            yield f"{name}_spec_max_replicas", labels, each["spec"]["maxReplicas"]
            yield f"{name}_status_current_replicas", labels, each.get("status", {}).get("currentReplicas", 0)
            yield f"{name}_status_desired_replicas", labels, each.get("status", {}).get("desiredReplicas", 0)
        for each in self._store.list("persistentvolumeclaims"):
            labels = {"namespace": namespace_of(each), "persistentvolumeclaim": name_of(each)}
            amount = quantity(each["spec"]["resources"]["requests"]["storage"])
            yield "kube_persistentvolumeclaim_resource_requests_storage_bytes", labels, amount
        for each in self._store.list("nodes"):
            conditions = {one["type"]: one["status"].lower() for one in each["status"]["conditions"]}
            for condition, holds in conditions.items():
                for status in ("true", "false", "unknown"):
                    labels = {"node": name_of(each), "condition": condition, "status": status}
                    yield "kube_node_status_condition", labels, holds == status


def _of_pod(pod: dict) -> Iterator[Sample]:
    labels = {"namespace": namespace_of(pod), "pod": name_of(pod), "uid": pod["metadata"]["uid"]}
    status = pod.get("status", {})
    owner = next(iter(pod["metadata"].get("ownerReferences", ())), {"kind": "<none>", "name": "<none>"})
    of_owner = {"created_by_kind": owner["kind"], "created_by_name": owner["name"], "node": NODE}
    yield "kube_pod_info", labels | of_owner | {"pod_ip": status.get("podIP", "")}, 1
    named = {
        f"label_{key}".replace("-", "_").replace(".", "_").replace("/", "_"): value
        for key, value in (pod["metadata"].get("labels") or {}).items()
    }
    yield "kube_pod_labels", labels | named, 1
    for phase in PHASES:
        yield "kube_pod_status_phase", labels | {"phase": phase}, status.get("phase") == phase
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in status.get("conditions", ()))
    for condition in ("true", "false", "unknown"):
        yield "kube_pod_status_ready", labels | {"condition": condition}, condition == str(ready).lower()
    for each in pod["spec"]["containers"]:
        of_container = labels | {"container": each["name"], "node": NODE}
        for part in ("limits", "requests"):
            for resource, amount in each.get("resources", {}).get(part, {}).items():
                unit = {"memory": "byte", "cpu": "core"}.get(resource, "integer")
                of_resource = of_container | {"resource": resource, "unit": unit}
                yield f"kube_pod_container_resource_{part}", of_resource, quantity(amount)
    for each in status.get("containerStatuses", ()):
        of_container = labels | {"container": each["name"]}
        name = "kube_pod_container_status"
        yield f"{name}_restarts_total", of_container, each["restartCount"]
        yield f"{name}_ready", of_container, each["ready"]
        yield f"{name}_running", of_container, "running" in each["state"]
        yield f"{name}_terminated", of_container, "terminated" in each["state"]
        yield f"{name}_waiting", of_container, "waiting" in each["state"]
        waiting = each["state"].get("waiting", {}).get("reason")
        for reason in WAITING:
            if waiting == reason:
                yield f"{name}_waiting_reason", of_container | {"reason": reason}, 1
        for state, field in (("terminated", each["state"]), ("last_terminated", each["lastState"])):
            ended = field.get("terminated")
            if ended:
                yield f"{name}_{state}_reason", of_container | {"reason": ended["reason"]}, 1


def _of_deployment(deployment: dict) -> Iterator[Sample]:
    labels = {"namespace": namespace_of(deployment), "deployment": name_of(deployment)}
    status = deployment.get("status", {})
    yield "kube_deployment_spec_replicas", labels, deployment["spec"]["replicas"]
    yield "kube_deployment_metadata_generation", labels, deployment["metadata"]["generation"]
    yield "kube_deployment_status_observed_generation", labels, status.get("observedGeneration", 0)
    for name, field in (
        ("", "replicas"),
        ("_available", "availableReplicas"),
        ("_unavailable", "unavailableReplicas"),
        ("_updated", "updatedReplicas"),
        ("_ready", "readyReplicas"),
    ):
        yield f"kube_deployment_status_replicas{name}", labels, status.get(field, 0)
    for each in status.get("conditions", ()):
        for value in ("true", "false", "unknown"):
            of_condition = labels | {"condition": each["type"], "status": value}
            yield "kube_deployment_status_condition", of_condition, each["status"].lower() == value


def as_text(samples: Iterable[Sample]) -> str:
    """The samples in Prometheus' text format, each family in one piece."""
    families: dict[str, list[str]] = {}
    for name, labels, value in samples:
        shown = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
        families.setdefault(name, []).append(f"{name}{{{shown}}} {float(value):.17g}\n")
    kinds = {name: "counter" if name.endswith("_total") else "gauge" for name in families}
    return "".join(f"# TYPE {name} {kinds[name]}\n" + "".join(lines) for name, lines in families.items())


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
