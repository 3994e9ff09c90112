"""The post-mortem as it would be written now."""

from __future__ import annotations

from fastapi import APIRouter, Response

from actinf.responder.record.postmortem import post_mortem
from actinf.responder.record.template import render
from actinf.responder.server.context import Asking, Server, ServerParts
from actinf.responder.server.incidents import require_visible
from actinf.web.incidents.pages import page
from actinf.web.incidents.prose import rendered
from actinf.web.incidents.visitors import Looker, Visitor

__all__ = ["router"]

router = APIRouter()


@router.get("/incidents/{name}/post-mortem")
async def show_post_mortem(name: str, server: ServerParts, visitor: Looker) -> Response:
    """The report, filled from the timeline."""
    report = await server.do(lambda: _report(server, visitor, name))
    return page("post_mortem.html", visitor=visitor, name=name, markup=rendered(report))


@router.get("/incidents/{name}/post-mortem.md")
async def download_post_mortem(name: str, server: ServerParts, visitor: Looker) -> Response:
    """The same as Markdown."""
    report = await server.do(lambda: _report(server, visitor, name))
    headers = {"Content-Disposition": f'attachment; filename="post-mortem-{name}.md"', "Cache-Control": "no-store"}
    return Response(report, headers=headers, media_type="text/markdown")


def _report(server: Server, visitor: Visitor, name: str) -> str:
    visitor.require("see")
    incident = require_visible(Asking(server, visitor.who), name)
    desk = server.parts.desk
    return render(post_mortem(incident, desk.timeline(name), desk.taken_up(name)))
