"""Jobs, which end, and CronJobs, which make them."""

import copy
import datetime as dt
import zoneinfo

from croniter import croniter
from support.cluster.controllers import pods
from support.cluster.events import record
from support.cluster.store import Object, Store, name_of, namespace_of, owner_reference, seconds_since, timestamp

KIND = "jobs.batch"
CRON = "cronjobs.batch"


def sync(store: Store) -> None:
    for job in store.list(KIND):
        _sync_job(store, job)
    for cron_job in store.list(CRON):
        _sync_cron_job(store, cron_job)


# ------------------------------------------------------------------------------------------------------------- jobs


def finished(job: Object) -> str | None:
    """`Complete`, `Failed`, or None while it goes on."""
    conditions = job.get("status", {}).get("conditions", ())
    ends = (each["type"] for each in conditions if each["status"] == "True" and each["type"] in {"Complete", "Failed"})
    return next(ends, None)


def _sync_job(store: Store, job: Object) -> None:
    spec, status = job["spec"], job.get("status", {})
    if finished(job):
        lifetime = spec.get("ttlSecondsAfterFinished")
        ended = next(each for each in status["conditions"] if each["type"] in {"Complete", "Failed"})
        if lifetime is not None and seconds_since(ended["lastTransitionTime"]) >= lifetime:
            store.delete(KIND, job)
        return
    existing = store.owned_by("pods", job)
    succeeded = sum(pod["status"].get("phase") == "Succeeded" for pod in existing)
    failed = sum(pod["status"].get("phase") == "Failed" for pod in existing)
    active = [pod for pod in existing if not pods.has_ended(pod)]
    figures = {"succeeded": succeeded or None, "failed": failed or None, "active": len(active) or None}
    figures["ready"] = sum(_is_running(pod) for pod in active)
    wanted = spec.get("completions") or 1
    if spec["suspend"]:
        for pod in active:
            store.delete("pods", pod)
        what = pods.condition("Suspended", True, "JobSuspended", "Job suspended", before=status)
        store.set_status(KIND, job, **figures, conditions=[what])
        return
    started = status.get("startTime") or timestamp()
    if succeeded >= wanted:
        end = {"completionTime": timestamp(), "conditions": [pods.condition("Complete", True, "CompletionsReached")]}
        store.set_status(KIND, job, **figures, startTime=started, **end)
        record(store, KIND, job, "Completed", "Job completed", source="job-controller")
        return
    restarts = sum(each["restartCount"] for pod in active for each in pod["status"].get("containerStatuses", ()))
    reason = "BackoffLimitExceeded" if failed + restarts > spec["backoffLimit"] else None
    if seconds_since(started) >= spec.get("activeDeadlineSeconds", float("inf")):
        reason = "DeadlineExceeded"
    if reason:
        for pod in active:
            store.delete("pods", pod)
        what = {
            "BackoffLimitExceeded": "Job has reached the specified backoff limit",
            "DeadlineExceeded": "Job was active longer than specified deadline",
        }[reason]
        condition = pods.condition("Failed", True, reason, what)
        store.set_status(KIND, job, **figures | {"active": None}, startTime=started, conditions=[condition])
        record(store, KIND, job, reason, what, source="job-controller")
        return
    for _ in range(min(spec["parallelism"], wanted - succeeded) - len(active)):
        labels = {
            f"{prefix}{name}": value
            for name, value in (("controller-uid", job["metadata"]["uid"]), ("job-name", name_of(job)))
            for prefix in ("", "batch.kubernetes.io/")
        }
        pods.make(store, KIND, job, spec["template"], labels=labels)
    store.set_status(KIND, job, **figures, startTime=started, conditions=None)


def _is_running(pod: Object) -> bool:
    return any(each["type"] == "Ready" and each["status"] == "True" for each in pod["status"].get("conditions", ()))


# -------------------------------------------------------------------------------------------------------- cron jobs


def _sync_cron_job(store: Store, cron_job: Object) -> None:
    spec, status = cron_job["spec"], cron_job.get("status", {})
    jobs = store.owned_by(KIND, cron_job)
    running = [job for job in jobs if not finished(job)]
    _forget_old(store, jobs, spec)
    complete = [job for job in jobs if finished(job) == "Complete"]
    successes = [job["status"]["completionTime"] for job in complete]
    known = status.get("lastSuccessfulTime")
    last = max([*successes, *([known] if known else [])], default=None)
    active = [
        {"apiVersion": "batch/v1", "kind": "Job", "name": name_of(job), "namespace": namespace_of(job)}
        for job in running
    ]
    store.set_status(CRON, cron_job, active=active or None, lastSuccessfulTime=last)
    due = _due(cron_job)
    if spec["suspend"] or due is None:
        return
    if running and spec["concurrencyPolicy"] == "Forbid":
        return
    if running and spec["concurrencyPolicy"] == "Replace":
        for job in running:
            store.delete(KIND, job)
    name = f"{name_of(cron_job)}-{int(due.timestamp()) // 60}"
    if store.find(KIND, namespace_of(cron_job), name) is None:
        store.create(KIND, job_of(store, cron_job, name))
        record(store, CRON, cron_job, "SuccessfulCreate", f"Created job {name}", source="cronjob-controller")
    store.set_status(CRON, cron_job, lastScheduleTime=timestamp(due.astimezone(dt.UTC)))


def _due(cron_job: Object) -> dt.datetime | None:
    """The latest moment of the schedule that has passed and was not served."""
    zone = zoneinfo.ZoneInfo(cron_job["spec"].get("timeZone") or "UTC")
    since = cron_job.get("status", {}).get("lastScheduleTime") or cron_job["metadata"]["creationTimestamp"]
    now = dt.datetime.now(zone)
    latest = croniter(cron_job["spec"]["schedule"], now).get_prev(dt.datetime)
    return latest if latest > dt.datetime.fromisoformat(since) else None


def job_of(store: Store, cron_job: Object, name: str) -> Object:
    template = copy.deepcopy(cron_job["spec"]["jobTemplate"])
    metadata = template.get("metadata", {}) | {
        "name": name,
        "namespace": namespace_of(cron_job),
        "ownerReferences": [owner_reference(store.kind(CRON), cron_job)],
    }
    spec = template["spec"]
    labels = spec["template"].setdefault("metadata", {}).setdefault("labels", {})
    labels["batch.kubernetes.io/job-name"] = labels["job-name"] = name
    spec["selector"] = {"matchLabels": {"batch.kubernetes.io/job-name": name}}
    if "parallelism" not in spec and "completions" not in spec:
        spec["completions"] = 1
    spec = {"parallelism": 1, "backoffLimit": 6, "suspend": False, "completionMode": "NonIndexed"} | spec
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}


def _forget_old(store: Store, jobs: list[Object], spec: Object) -> None:
    for end, limit in (("Complete", "successfulJobsHistoryLimit"), ("Failed", "failedJobsHistoryLimit")):
        ended = sorted((job for job in jobs if finished(job) == end), key=lambda job: job["status"]["startTime"])
        for job in ended[: max(len(ended) - spec[limit], 0)]:
            store.delete(KIND, job)
