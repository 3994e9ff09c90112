"""The console as a whole, added to the application that responds to incidents."""

from fastapi import FastAPI, Response

from actinf.runtime.problem_documents import Problem
from actinf.web.incidents import (
    accounts,
    contacts,
    erasing,
    evidence,
    findings,
    home,
    incident,
    oncall,
    opening,
    own_account,
    post_mortem,
    ramp,
    runbooks,
    schedule,
    silences,
    trying,
    visitors,
)
from actinf.web.incidents.assets import ASSETS
from actinf.web.incidents.pages import page
from actinf.web.refusals import show_problems_to_people

__all__ = ["add_console"]


def add_console(app: FastAPI) -> None:
    """Serve the pages beside the API: everything but what is under /v1 and /hooks, and none of it in its document.

    The API takes keys alone and never a cookie; the pages take the cookie alone, and change something only for a form
    that one of them showed.
    """
    # `/incidents/new` comes before `/incidents/{name}`, `/oncall/…` before `/oncall/{change}`, and what has a page of
    # its own before what else is done with an incident.
    own = (own_account, accounts, visitors)
    pages = (
        home,
        opening,
        erasing,
        evidence,
        ramp,
        incident,
        post_mortem,
        schedule,
        trying,
        oncall,
        silences,
        findings,
        contacts,
        runbooks,
        *own,
    )
    for router in (*(one.router for one in pages), ASSETS.router):
        app.include_router(router, include_in_schema=False)
    show_problems_to_people(app, _shown, sign_in="/login", cookie=visitors.COOKIE)


def _shown(problem: Problem) -> Response:
    return page("problem.html", problem.status, problem=problem, visitor=None)
