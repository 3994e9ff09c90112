"""The stylesheet, the script and the icon: read once, and kept by browsers for ever under the digest of them all."""

import hashlib
from pathlib import Path

from fastapi import APIRouter, Response

from actinf.errors import NotFound

__all__ = ["asset_path", "router"]

router = APIRouter()

_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_ASSETS = {path.name: path.read_bytes() for path in sorted(Path(__file__).with_name("static").iterdir())}
_DIGEST = hashlib.sha256(b"\0".join(_ASSETS.values())).hexdigest()[:16]


def asset_path(name: str) -> str:
    """Where a file is served; another content has another path."""
    return f"/assets/{_DIGEST}/{name}"


@router.get("/assets/{digest}/{name}")
async def asset(digest: str, name: str) -> Response:
    """A file that pages use.  Under an old digest it is given as it is now, and not kept."""
    if name not in _ASSETS:
        raise NotFound(f"there is no {name[:100]!r} among the files of the console")
    cached = "public, max-age=31536000, immutable" if digest == _DIGEST else "no-store"
    return Response(_ASSETS[name], media_type=_TYPES[Path(name).suffix], headers={"Cache-Control": cached})
