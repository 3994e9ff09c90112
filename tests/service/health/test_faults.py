"""/health tells the truth about the database; the long form, with its times, is in tests/campaign."""

from support.database_faults import (
    DISK_FULL,
    HUNG,
    KILLED,
    READ_ONLY,
    Observed,
    postgres_on_a_small_disk,
    watch,
)
from support.postgres import running_postgres
from support.service import running_service


def holds(seen: Observed) -> None:
    assert seen.not_live == []
    assert seen.unready == [], "/ready speaks of this process alone"


def test_a_database_that_fails_is_noticed_and_needs_no_restart_when_it_is_back() -> None:
    # Durable: what was answered before a crash, such as the agent, has to be there afterwards.
    with running_postgres(durable=True) as server, running_service(server.url) as service:
        for fault in (KILLED, HUNG, READ_ONLY):
            holds(watch(service, server, fault, settled=0.5))


def test_a_full_disk_is_noticed() -> None:
    with postgres_on_a_small_disk() as server, running_service(server.url) as service:
        holds(watch(service, server, DISK_FULL, settled=0.5))
