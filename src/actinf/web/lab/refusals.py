"""Problems as pages: whoever looks with a browser reads the same words as a program does, and no more."""

from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from actinf.runtime.problem_documents import PROBLEM_JSON, Problem
from actinf.web.lab.pages import page, wants_a_page

__all__ = ["show_problems_to_people"]

Handler = Callable[[Request, Exception], Coroutine[Any, Any, Response]]


def show_problems_to_people(app: FastAPI) -> None:
    """Let the problems of an application be pages where a browser asks for one."""
    handlers: dict[Any, Any] = dict(app.exception_handlers)
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, _for_people(handler))


def _for_people(handler: Handler) -> Handler:
    async def answer(request: Request, error: Exception) -> Response:
        response = await handler(request, error)
        if response.media_type != PROBLEM_JSON or not wants_a_page(request):
            return response
        problem = Problem.model_validate_json(bytes(response.body))
        if problem.status == 401:
            there = request.url.path if request.method == "GET" else "/"
            ended = "&ended=1" if request.cookies else ""
            return RedirectResponse(f"/sign-in?next={quote(there)}{ended}", 303)
        return page("problem.html", problem.status, problem=problem, visit=None)

    return answer
