"""What the service says of itself, and that its words lead where they say."""

import re
from typing import TYPE_CHECKING

import httpx
import pytest
from markupsafe import escape

from actinf.runtime.problem_kinds import PROBLEM_KINDS

if TYPE_CHECKING:
    from support.service import RunningService

HTML = {"accept": "text/html"}


def test_the_reference_shows_every_operation_and_loads_nothing_from_elsewhere(service: "RunningService") -> None:
    page = httpx.get(f"{service.url}/docs")
    assert page.headers["content-type"].startswith("text/html")
    document = httpx.get(f"{service.url}/openapi.json").json()
    for path in document["paths"]:
        assert path in page.text
    assert "<script" not in page.text
    assert re.findall(r'(?:src|href)="(?:https?:)?//', page.text) == []
    assert httpx.get(f"{service.url}/docs/manual.css").headers["content-type"].startswith("text/css")


def test_the_reference_keeps_the_order_of_the_document_and_says_something_of_everything(
    service: "RunningService",
) -> None:
    page = httpx.get(f"{service.url}/docs").text
    tags = httpx.get(f"{service.url}/openapi.json").json()["tags"]
    assert re.findall(r'<h2 id="([^"]+)"', page) == [tag["name"] for tag in tags]
    for tag in tags:
        assert str(escape(tag["description"])) in page
    assert re.findall(r"<td>\s*</td>", page) == []
    assert "Successful Response" not in page
    for shown in ("&#34;num_policies&#34;", "&#34;total_F&#34;"):  # of replies
        assert shown in page


def test_the_type_of_a_problem_leads_to_what_it_means(service: "RunningService", api: httpx.Client) -> None:
    problem = api.get("/v1/agents/00000000-0000-0000-0000-000000000000").json()
    told = httpx.get(service.url + problem["type"]).json()
    assert (told["type"], told["status"], told["title"]) == (problem["type"], 404, problem["title"])
    page = httpx.get(service.url + problem["type"], headers=HTML)
    assert told["title"] in page.text
    assert httpx.get(f"{service.url}/problems/tmaze").status_code == 404


@pytest.mark.parametrize("headers", [{}, HTML])
def test_all_kinds_of_problems_are_listed(service: "RunningService", headers: dict[str, str]) -> None:
    told = httpx.get(f"{service.url}/problems", headers=headers)
    assert all(f"/problems/{kind}" in told.text for kind in PROBLEM_KINDS)
