"""How many users meet failures."""

from dataclasses import dataclass
from types import SimpleNamespace

from actinf.service.edge import Edge
from actinf.service.failing import FailingUsers
from actinf.service.measures import REGISTRY


@dataclass
class Count:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def test_each_user_counts_once_and_for_five_minutes() -> None:
    count = Count()
    failing = FailingUsers(count)
    for second, actor in ((0, "ada"), (100, "ben"), (200, "ada")):
        count.now = second
        failing.failed(actor)
    assert failing.number() == 2
    count.now = 401
    assert REGISTRY.get_sample_value("actinf_users_failing") == 1
    count.now = 501
    assert failing.number() == 0


def test_only_a_5xx_of_somebody_with_a_key_counts() -> None:
    edge = Edge(lambda *_: None)  # type: ignore[arg-type,return-value]
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/v1/agents",
        "principal": SimpleNamespace(actor="key:ada", workspace="w"),
    }
    edge._tell(scope, 404, 0.1)
    edge._tell({**scope, "principal": SimpleNamespace(actor="key:ben", workspace="w")}, 500, 0.1)
    edge._tell({name: value for name, value in scope.items() if name != "principal"}, 500, 0.1)
    assert REGISTRY.get_sample_value("actinf_users_failing") == 1
