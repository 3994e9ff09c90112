"""The console as a whole, added to the application that serves the API."""

from fastapi import FastAPI, Response

from actinf.runtime.problem_documents import Problem
from actinf.web.lab import addresses, agents, home, runs, visitors
from actinf.web.lab.assets import ASSETS
from actinf.web.lab.pages import page
from actinf.web.lab.pictures import Gallery
from actinf.web.refusals import show_problems_to_people

__all__ = ["add_console"]


def add_console(app: FastAPI) -> None:
    """Serve the pages of the console beside the API: everything but what is under /v1, and none of it in its document.

    The API takes keys alone and never a cookie, so that no page of another site can use it in a visitor's name; the
    pages take the cookie alone, and change something only for a request that one of them sent.
    """
    for router in (home.router, agents.router, runs.router, addresses.router, visitors.router, ASSETS.router):
        app.include_router(router, include_in_schema=False)
    app.state.gallery = Gallery()
    show_problems_to_people(app, _shown, sign_in="/sign-in", cookie=visitors.COOKIE)


def _shown(problem: Problem) -> Response:
    return page("problem.html", problem.status, problem=problem, visit=None)
