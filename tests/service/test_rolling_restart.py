"""A rolling restart behind a real proxy fails no request; the long form, with its latencies, is in tests/campaign."""

from collections.abc import Callable

from support.nginx import NginxServer
from support.rolling_restart import pair_behind_nginx, seen_while_restarting


def test_no_request_fails_while_both_replicas_are_restarted(nginx_server: Callable[..., NginxServer]) -> None:
    with pair_behind_nginx(nginx_server) as pair:
        seen = seen_while_restarting(pair, pair.agents(8), rate=100.0, restarts=2)
    assert seen.failures == []
    assert len(seen.latencies) > 200
