"""Forms that are sent twice, by a double click or because the answer was lost, do their work once."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from support.service import RunningService

AGENT = {"model": "tmaze", "inference": "exact", "horizon": "2", "gamma": "16", "choice": "marginal_action"}
RUN = {"experiment": "tmaze", "num_agents": "10", "num_steps": "2"}
FORMS = {"agents": ("/agents", "/v1/agents", AGENT), "runs": ("/runs", "/v1/simulations", RUN)}


@pytest.fixture
def visitor(service: "RunningService") -> Iterator[httpx.Client]:
    """A browser that signed in, but for its window."""
    with httpx.Client(base_url=service.url, headers={"Origin": service.url, "Accept": "text/html"}) as client:
        assert client.post("/sign-in", data={"key": service.key}).status_code == 303
        yield client


def key_in(page: str, action: str) -> str:
    found = re.search(rf'action="{action}" novalidate>\s*<input type="hidden" name="key" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def num_named(service: "RunningService", path: str, name: str) -> int:
    with service.client() as api:
        return [one["name"] for one in api.get(path).raise_for_status().json()["items"]].count(name)


@pytest.mark.parametrize("kind", FORMS)
def test_a_form_that_is_sent_twice_at_once_makes_one(
    service: "RunningService", visitor: httpx.Client, kind: str
) -> None:
    action, path, values = FORMS[kind]
    form = values | {"name": f"twice {kind}", "key": key_in(visitor.get("/").text, action)}
    with ThreadPoolExecutor(4) as senders:
        replies = list(senders.map(lambda _: visitor.post(action, data=form), range(4)))
    assert {reply.status_code for reply in replies} == {303}
    assert len({reply.headers["location"] for reply in replies}) == 1
    assert num_named(service, path, form["name"]) == 1
    anew = form | {"key": key_in(visitor.get("/").text, action)}
    assert visitor.post(action, data=anew).headers["location"] != replies[0].headers["location"]


@pytest.mark.parametrize("kind", FORMS)
def test_a_form_that_is_sent_again_filled_in_otherwise_says_so_and_can_be_sent_once_more(
    service: "RunningService", visitor: httpx.Client, kind: str
) -> None:
    """As after going back to it, when the browser shows the page as it was left."""
    action, path, values = FORMS[kind]
    form = values | {"name": f"first {kind}", "key": key_in(visitor.get("/").text, action)}
    assert visitor.post(action, data=form).status_code == 303
    other = form | {"name": f"second {kind}"}
    refused = visitor.post(action, data=other)
    assert refused.status_code == 422
    assert "This form was sent before, filled in otherwise" in refused.text
    assert f'value="second {kind}"' in refused.text
    assert visitor.post(action, data=other | {"key": key_in(refused.text, action)}).status_code == 303
    assert (num_named(service, path, form["name"]), num_named(service, path, other["name"])) == (1, 1)


def test_an_episode_that_is_begun_twice_by_one_form_is_one(service: "RunningService", visitor: httpx.Client) -> None:
    with service.client() as api:
        agent = api.post("/v1/agents", json={"model": "tmaze"}).raise_for_status().json()["id"]
        found = re.search(r'name="key" value="([^"]+)"', visitor.get(f"/agents/{agent}").text)
        assert found is not None
        for form in ({"key": found[1]}, {"key": found[1]}, {"key": found[1], "forget": "on"}):
            assert visitor.post(f"/agents/{agent}/episodes", data=form).status_code == 303
        assert api.get(f"/v1/agents/{agent}").json()["episode"] == 1


def test_a_double_click_makes_one_agent(service: "RunningService", open_page: Any) -> None:
    page = open_page("/")
    page.fill("#name", "clicked twice")
    page.get_by_role("button", name="Make the agent").dblclick(no_wait_after=True)
    page.wait_for_url("**/agents/*")
    assert num_named(service, "/v1/agents", "clicked twice") == 1


def test_addresses_that_people_guess_lead_to_the_page_that_is_meant(
    service: "RunningService", visitor: httpx.Client
) -> None:
    with service.client() as api:
        made = api.post("/v1/simulations", json={"experiment": "tmaze", "num_agents": 1, "num_steps": 1}).json()["id"]
    for path, there in {
        "/agents": "/",
        "/runs": "/",
        "/simulations": "/",
        f"/simulations/{made}": f"/runs/{made}",
    }.items():
        assert visitor.get(path).headers["location"] == there
        assert visitor.get(path, follow_redirects=True).status_code == 200
        told = visitor.get(path, headers={"Accept": "application/json"})
        assert told.status_code == 404
        assert "programs ask for /v1/" in told.json()["detail"]
