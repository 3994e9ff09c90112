"""Pages that are brought up to date while they are looked at.

The script asks for the part of the page that changes and is given nothing where it has not changed; where there is no
script the page asks the browser to load it anew.
"""

import hashlib
from typing import Any

from fastapi import Request, Response

from actinf.web.incidents.pages import page, text
from actinf.web.markup import is_part

__all__ = ["shown"]


def shown(request: Request, name: str, status: int = 200, **values: Any) -> Response:
    """A page, or the part of it that changes, where the script asks for that.

    Args:
        request: what was asked.
        name: of the templates, `<name>.html` and `<name>_part.html`.
        status: of the reply.
        values: for both templates.
    """
    if not is_part(request):
        return page(f"{name}.html", status, **values)
    # Lengths of time are written in minutes, so that a part stays the same for as long.
    part = text(f"{name}_part.html", **values)
    tag = f'"{hashlib.sha256(part.encode()).hexdigest()[:32]}"'
    headers = {"Cache-Control": "no-store", "ETag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(part, status, headers, media_type="text/html")
