"""The way of a well-formed step to its endpoint, without the machinery that a general request needs.

Solving dependencies and reading parameters one by one costs several times what a step itself costs.  A request with one
JSON body, as every client sends it, is therefore read here: the key, the agent's id, the body, straight from its bytes.
Whatever looks unusual in any way goes the general way, which knows how to refuse it; there is one endpoint, and one set
of errors.
"""

import re
from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID

from fastapi import Request, Response
from pydantic import ValidationError

from actinf.service.context import identified
from actinf.service.json_route import JsonRoute
from actinf.service.steps.schemas import NewStep

__all__ = ["LeanRoute"]

#: Longer bodies are read the general way, with its bounds, beside the event loop.
_SHORT_BYTES = 16_384

_KEY = re.compile(r"[\x21-\x7e]{1,200}")

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class LeanRoute(JsonRoute):
    """The route of `take_step`; other endpoints of the same router are as ever."""

    def get_route_handler(self) -> Handler:
        """The handler that tries the short way first."""
        general = super().get_route_handler()
        if "POST" not in (self.methods or ()) or not self.path_format.endswith("/{agent}/steps"):
            return general
        endpoint = self.endpoint

        async def handle(request: Request) -> Response:
            headers = request.headers
            key = headers.get("idempotency-key")
            short = headers.get("content-length", "").isdecimal() and int(headers["content-length"]) <= _SHORT_BYTES
            plain = headers.get("content-type") == "application/json" and (key is None or _KEY.fullmatch(key))
            if not (short and plain):
                return await general(request)
            principal = await identified(request, headers.get("authorization"))  # who nobody knows costs no reading
            principal.needs("run")
            try:
                agent = UUID(request.path_params["agent"])
                body = NewStep.model_validate_json(await request.body())
            except (ValueError, ValidationError):
                return await general(request)
            reply: Response = await endpoint(agent, body, request, principal, key)
            return reply

        return handle
