"""Problems as pages: whoever looks with a browser reads the same words as a program does, and no more."""

import html
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from actinf.runtime.problem_documents import PROBLEM_JSON, Problem
from actinf.web.markup import wants_a_page

__all__ = ["own_path", "show_problems_to_people"]

_AGAIN = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>actinf</title>
<meta http-equiv="refresh" content="0; url={address}"></head>
<body><p><a href="{address}">Go on</a></p></body></html>
"""

Handler = Callable[[Request, Exception], Coroutine[Any, Any, Response]]


def show_problems_to_people(app: FastAPI, shown: Callable[[Problem], Response], *, sign_in: str, cookie: str) -> None:
    """Let the problems of an application be pages where a browser asks for one.

    Args:
        app: the application, which makes problem documents already.
        shown: the page that shows a problem.
        sign_in: the path of the page that asks who somebody is, to which nobody known is led.
        cookie: by which somebody was known, whose session has ended where it is still sent.
    """
    handlers: dict[Any, Any] = dict(app.exception_handlers)
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, _for_people(handler, shown, sign_in, cookie))


def _for_people(handler: Handler, shown: Callable[[Problem], Response], sign_in: str, cookie: str) -> Handler:
    async def answer(request: Request, error: Exception) -> Response:
        response = await handler(request, error)
        if response.media_type != PROBLEM_JSON or not wants_a_page(request):
            return response
        problem = Problem.model_validate_json(bytes(response.body))
        if problem.status == 401 and _comes_from_elsewhere(request):
            return _asked_again(request)
        if problem.status == 401:
            asked = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
            there = asked if request.method == "GET" else "/"
            ended = "&ended=1" if cookie in request.cookies else ""
            return RedirectResponse(f"{sign_in}?next={quote(there)}{ended}", 303)
        return shown(problem)

    return answer


def _comes_from_elsewhere(request: Request) -> bool:
    """Whether somebody followed a link of another site, with which a browser sends no cookie that is `Strict`."""
    return request.method == "GET" and request.headers.get("sec-fetch-site") == "cross-site"


def _asked_again(request: Request) -> Response:
    """A page that asks for the same once more, by itself: the cookie comes then, where there is one."""
    address = quote(request.url.path) + (f"?{request.url.query}" if request.url.query else "")
    return HTMLResponse(_AGAIN.format(address=html.escape(address)), headers={"Cache-Control": "no-store"})


def own_path(path: str) -> str:
    """Where somebody goes who has signed in: a path of this address, whatever was asked for."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
