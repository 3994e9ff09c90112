"""How soon /health tells the truth, for each fault of the database, three times."""

import pytest
from support.database_faults import (
    DISK_FULL,
    HUNG,
    KILLED,
    READ_ONLY,
    SHUT_DOWN,
    Fault,
    postgres_on_a_small_disk,
    watch,
)
from support.postgres import running_postgres
from support.service import running_service

TIMES = 3


@pytest.mark.parametrize("fault", [KILLED, HUNG, SHUT_DOWN, READ_ONLY, DISK_FULL], ids=lambda fault: fault.name)
def test_a_fault_is_told_within_five_seconds_and_its_end_within_ten(fault: Fault) -> None:
    server_of = postgres_on_a_small_disk() if fault is DISK_FULL else running_postgres(durable=True)
    with server_of as server, running_service(server.url) as service:
        seen = [watch(service, server, fault, settled=8.0) for _ in range(TIMES)]
    noticed, recovered = max(one.noticed for one in seen), max(one.recovered for one in seen)
    slowest = max(one.slowest for one in seen)
    print(f"\n{fault.name}: 503 after {noticed:.2f} s, 200 after {recovered:.2f} s, slowest answer {slowest:.3f} s")
    assert noticed <= 5
    assert recovered <= 10
    assert slowest <= 1
    assert not any(one.not_live or one.unready for one in seen)
