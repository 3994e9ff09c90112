"""An application that is asked in this process: no server, no port, and none of its threads."""

import asyncio
from typing import Any

import httpx
from fastapi import FastAPI

__all__ = ["InProcess"]


class InProcess:
    """Asks an application, one request after another.

    Args:
        app: the application; its lifespan does not begin.
        headers, cookies: of every request.
    """

    def __init__(self, app: FastAPI, *, headers: dict[str, str] | None = None, cookies: dict[str, str] | None = None):
        self._app = app
        self._given = {"headers": headers or {}, "cookies": cookies or {}}

    def request(self, method: str, path: str, **given: Any) -> httpx.Response:
        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://testserver", **self._given) as client:
                return await client.request(method, path, **given)

        return asyncio.run(asked())

    def get(self, path: str, **given: Any) -> httpx.Response:
        return self.request("GET", path, **given)

    def post(self, path: str, **given: Any) -> httpx.Response:
        return self.request("POST", path, **given)

    def put(self, path: str, **given: Any) -> httpx.Response:
        return self.request("PUT", path, **given)
