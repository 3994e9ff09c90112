"""What is asked for measurements, and the one who has none."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from actinf.errors import NotMeasured

__all__ = ["Measurements", "NoMeasurements", "Sample"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One series at this moment.

    Attributes:
        labels: which one it is.
        value: may be no number, where nothing happened that could be counted.
    """

    labels: Mapping[str, str]
    value: float


class Measurements(Protocol):
    """Answers queries in PromQL."""

    def ask(self, query: str) -> tuple[Sample, ...]:
        """The series that a query has now; empty: nothing of the kind is measured.

        Args:
            query: PromQL that gives a vector or a scalar.

        Raises:
            NotMeasured: there is no answer in time, or none that can be read.
        """
        ...


class NoMeasurements:
    """Nobody measures."""

    def ask(self, query: str) -> tuple[Sample, ...]:  # noqa: ARG002 -- there is nothing to ask
        """As `Measurements.ask`: never an answer."""
        raise NotMeasured("no Prometheus is set up: give its address, ACTINF_RESPOND_PROMETHEUS_URL")
