"""The controllers: each brings what there is nearer to what is wanted, and is called again whenever anything changed.

A controller looks at the store alone and keeps nothing in its head, so that it does not matter what it has missed.
"""

from collections.abc import Callable

from support.cluster.controllers import autoscalers, bookkeeping, deployments, jobs, replica_sets, stateful_sets
from support.cluster.store import Store

CONTROLLERS: tuple[Callable[[Store], None], ...] = (
    bookkeeping.sync,
    autoscalers.sync,
    deployments.sync,
    replica_sets.sync,
    stateful_sets.sync,
    jobs.sync,
)
