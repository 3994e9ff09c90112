"""Twenty rolling restarts behind a real nginx, at a fifth of the capacity: nothing fails, and little is noticed."""

from collections.abc import Callable

from support.nginx import NginxServer
from support.rolling_restart import capacity_of, pair_behind_nginx, seen_undisturbed, seen_while_restarting

RESTARTS = 20


def test_restarts_fail_nothing_and_slow_little(nginx_server: Callable[..., NginxServer]) -> None:
    with pair_behind_nginx(nginx_server) as pair:
        agents = pair.agents(16)
        capacity_of(pair, agents, 3)
        capacity = capacity_of(pair, agents, 10)
        rate = capacity / 5
        calm = seen_undisturbed(pair, agents, rate, 30)
        rough = seen_while_restarting(pair, agents, rate, RESTARTS)
    ratio = rough.quantile(0.99) / calm.quantile(0.99)
    print(
        f"\ncapacity {capacity:,.0f} steps/s, load {rate:,.0f} steps/s, {RESTARTS} restarts: {len(rough.latencies):,} "
        f"steps, {len(rough.failures)} failures; p50 {calm.quantile(0.5) * 1e3:.1f} ms undisturbed, "
        f"{rough.quantile(0.5) * 1e3:.1f} ms while restarting; p99 {calm.quantile(0.99) * 1e3:.1f} ms undisturbed, "
        f"{rough.quantile(0.99) * 1e3:.1f} ms while restarting, {ratio:.1f} times"
    )
    assert calm.failures == []
    assert rough.failures == []
    assert ratio <= 5
