"""Stylesheets, scripts and icons: read once, and kept by browsers for ever under the digest of them all."""

import hashlib
from pathlib import Path

from fastapi import APIRouter, Response

from actinf.errors import NotFound

__all__ = ["Assets"]

_SHARED = Path(__file__).with_name("static")
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class Assets:
    """The files that the pages of one console use: those that all consoles share, and its own.

    Args:
        folder: of its own files.

    Attributes:
        router: serves them.
    """

    def __init__(self, folder: Path):
        paths = {path.name: path for where in (_SHARED, folder) for path in sorted(where.iterdir())}
        self._files = {name: path.read_bytes() for name, path in paths.items()}
        self._digest = hashlib.sha256(b"\0".join(self._files.values())).hexdigest()[:16]
        self.router = APIRouter()
        self.router.add_api_route("/assets/{digest}/{name}", self._serve, methods=["GET"])

    def path(self, name: str) -> str:
        """Where a file is served; another content has another path."""
        return f"/assets/{self._digest}/{name}"

    async def _serve(self, digest: str, name: str) -> Response:
        """A file that pages use.  Under an old digest it is given as it is now, and not kept."""
        if name not in self._files:
            raise NotFound(f"there is no {name[:100]!r} among the files of the console")
        cached = "public, max-age=31536000, immutable" if digest == self._digest else "no-store"
        return Response(self._files[name], media_type=_TYPES[Path(name).suffix], headers={"Cache-Control": cached})
