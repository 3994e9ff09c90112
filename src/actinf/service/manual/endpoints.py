"""`/docs` and `/problems`: plain pages without a script, made of the OpenAPI document and the kinds of problems."""

import json
import re
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from actinf.errors import NotFound
from actinf.runtime.problem_kinds import PROBLEM_KINDS, ProblemKind

__all__ = ["router"]

router = APIRouter(include_in_schema=False)

_TEMPLATES = Environment(
    loader=PackageLoader("actinf.service.manual", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
_QUOTED = re.compile("`([^`]+)`")


def _coded(text: str) -> Markup:
    """A text as it is, with what stands between backticks set as code."""
    return Markup(_QUOTED.sub(r"<code>\1</code>", str(escape(text))))


_TEMPLATES.filters["coded"] = _coded
_CSS = Path(__file__).with_name("manual.css").read_bytes()


@router.get("/docs/manual.css")
async def stylesheet() -> Response:
    """How the pages look."""
    return Response(_CSS, media_type="text/css", headers={"Cache-Control": "max-age=3600"})


@router.get("/docs")
async def reference(request: Request) -> HTMLResponse:
    """Every operation, with an example of what it takes."""
    document = request.app.openapi()
    groups: dict[str, list[dict[str, Any]]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            shown = _shown(method.upper(), path, operation)
            groups[operation["tags"][0]].append(shown)
    about = {tag["name"]: tag["description"] for tag in document["tags"]}
    return HTMLResponse(_TEMPLATES.get_template("reference.html").render(document=document, groups=groups, about=about))


def _shown(method: str, path: str, operation: dict[str, Any]) -> dict[str, Any]:
    """An operation as the page tells it."""
    said, *more = operation.get("description", operation["summary"]).split("\n\n")
    return {
        "id": operation["operationId"],
        "method": method,
        "path": path,
        "said": said,
        "more": more,
        "parameters": operation.get("parameters", []),
        "body": _example(operation.get("requestBody", {})),
        "reply": _example(operation["responses"].get("201") or operation["responses"].get("200", {})),
        "replies": [(status, one["description"]) for status, one in operation["responses"].items()],
    }


def _example(part: dict[str, Any]) -> str:
    """The first example of what is sent or replied as JSON; empty where there is none."""
    content = part.get("content", {}).get("application/json", {})
    given = (
        [content["example"]] if "example" in content else [one["value"] for one in content.get("examples", {}).values()]
    )
    return json.dumps(given[0], indent=2, ensure_ascii=False) if given else ""


@router.get("/problems")
async def problems(request: Request) -> Response:
    """All kinds of problems."""
    return _told(request, list(PROBLEM_KINDS.values()), [one.plain() for one in PROBLEM_KINDS.values()])


@router.get("/problems/{kind}")
async def problem(kind: str, request: Request) -> Response:
    """One kind of problem: where the `type` of a problem document leads.

    Raises:
        NotFound: there is none of that name.
    """
    if kind not in PROBLEM_KINDS:
        raise NotFound(f"there is no kind of problem {kind[:80]!r}: /problems lists them all")
    return _told(request, [PROBLEM_KINDS[kind]], PROBLEM_KINDS[kind].plain())


def _told(request: Request, kinds: list[ProblemKind], plain: Any) -> Response:
    """As a page for browsers, as JSON for programs."""
    if "text/html" in request.headers.get("accept", ""):
        return HTMLResponse(_TEMPLATES.get_template("problems.html").render(problems=kinds))
    return JSONResponse(plain)
