"""A storm of alerts: webhooks are answered in time, somebody is paged, memory stays bounded, few incidents open."""

import pytest
from support.alert_storm import storm
from support.measured_storm import MOST_MEMORY, PAGED_WITHIN, SLOWEST, measure
from support.ports import wait_until
from support.responder_process import responder_process


@pytest.mark.parametrize("per_message", [1, 20])
def test_a_thousand_alerts_a_second_for_a_minute(per_message: int) -> None:
    found = measure(60, 1000, per_message)
    print(found)
    assert (found.accepted, found.refused, found.failures) == (60_000, 0, 0)
    assert found.p99 <= SLOWEST
    assert found.paged <= PAGED_WITHIN
    assert found.memory <= MOST_MEMORY
    # Five causes, and the one that was real.
    assert found.incidents <= 7


def test_what_is_beyond_all_bounds_is_refused_and_memory_stays_bounded(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with (
        responder_process(
            tmp_path_factory.mktemp("beyond"), "--insecure-local", WAITING_ALERTS="5000", LOG_LEVEL="warning"
        ) as process,
        process.client() as client,
    ):
        seen = storm(int(process.url.rpartition(":")[2]), rate=30_000, seconds=10, per_message=100, roots=5)
        print(f"accepted {seen.accepted}, refused {seen.refused} messages, RSS {process.rss() / 1e6:.0f} MB")
        assert seen.failures == []
        assert seen.refused > 0
        assert process.rss() <= MOST_MEMORY
        wait_until(
            lambda: "actinf_respond_alerts_waiting 0.0" in client.get("/metrics").text, "all was looked at", seconds=120
        )
        assert client.get("/health").status_code == 200
