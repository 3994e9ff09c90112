"""What an adapter knows of the server beside it."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from prometheus_client import Metric
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, UntypedMetricFamily
from prometheus_client.parser import text_string_to_metric_families

__all__ = ["Disk", "Seen", "Subject", "counter", "disk_metrics", "gauge", "metrics_of_file", "of_postgres"]

_Samples = dict[tuple[str, ...], float]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One look at a server.

    Attributes:
        answers: whether it answered at all.
        reason: why it does not work; None while it does.
        degraded: what is not as it should be, and does not keep it from working; a sentence each.
        facts: what was measured, for people.
        metrics: for Prometheus.
    """

    answers: bool = False
    reason: str | None = None
    degraded: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    metrics: list[Metric] = field(default_factory=list)


class Subject(Protocol):
    """A server that is looked at.

    Attributes:
        name: as messages call it: "the database".
        up: the metric that is 1 while it answers.
    """

    name: str
    up: str

    async def look(self) -> Seen:
        """Ask it how it is.  What keeps it from answering is a reason, not an exception."""
        ...

    async def leave(self) -> None:
        """Give up the connection."""
        ...


@dataclass(frozen=True, kw_only=True)
class Disk:
    """A folder's file system, in bytes."""

    folder: Path
    free: int
    size: int

    @classmethod
    def of(cls, folder: Path) -> "Disk | None":
        """As it is now; None where there is no such folder."""
        try:
            usage = shutil.disk_usage(folder)
        except OSError:
            return None
        return cls(folder=folder, free=usage.free, size=usage.total)


def disk_metrics(disks: list[Disk]) -> list[Metric]:
    """Their metrics, by path."""
    return [
        gauge(name, said, {(str(disk.folder),): float(getattr(disk, what)) for disk in disks}, ("path",))
        for name, said, what in (
            ("pg_disk_free_bytes", "Bytes that are free on the disk of a folder.", "free"),
            ("pg_disk_size_bytes", "Bytes of the disk of a folder.", "size"),
        )
    ]


def metrics_of_file(file: Path) -> list[Metric]:
    """The metrics that another program left in a file; none where it is not there.

    Raises:
        ValueError: it holds something else.
        OSError: it cannot be read.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    return list(text_string_to_metric_families(text))


def gauge(name: str, said: str, samples: float | _Samples, labels: tuple[str, ...] = ()) -> Metric:
    """A value that goes up and down."""
    return _filled(GaugeMetricFamily(name, said, labels=labels), samples)


def counter(name: str, said: str, samples: float | _Samples, labels: tuple[str, ...] = ()) -> Metric:
    """A value that only goes up; its name gets `_total`."""
    return _filled(CounterMetricFamily(name, said, labels=labels), samples)


def of_postgres(name: str, said: str, samples: float | _Samples, labels: tuple[str, ...] = ()) -> Metric:
    """A value that only goes up, under the name that postgres_exporter made known, which lacks `_total`."""
    return _filled(UntypedMetricFamily(name, said, labels=labels), samples)


def _filled(family: Any, samples: float | _Samples) -> Metric:
    for labels, value in (samples if isinstance(samples, dict) else {(): samples}).items():
        family.add_metric(labels, value)
    metric: Metric = family
    return metric
