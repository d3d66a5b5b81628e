"""The console's build, served as files: hashed assets, and the page for every path that only its script knows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import FileResponse

from api.http.problems import Problem

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

DIST = Path(__file__).parent.parent / "console" / "dist"
NOT_BUILT = "The console is not built; run `make console`. The API works without it, see /api/v1/openapi.json."
IMMUTABLE = {"cache-control": "public, max-age=31536000, immutable"}
FRESH = {"cache-control": "no-cache"}
NOT_OURS = ("api", "metrics", "livez", "readyz")


class ConsoleFiles:
    """ASGI app for every path that no route has taken."""

    def __init__(self, folder: Path = DIST) -> None:
        self._folder = folder.resolve()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a file or the page; 404 for what can't be the console's."""
        path = scope.get("path", "").lstrip("/")
        is_page_wanted = scope["type"] == "http" and scope["method"] in {"GET", "HEAD"}
        if not is_page_wanted or path.partition("/")[0] in NOT_OURS:
            raise HTTPException(404)
        await self._response(path)(scope, receive, send)

    def _response(self, path: str) -> FileResponse:
        """The file at a path, or the page."""
        index = self._folder / "index.html"
        if not index.is_file():
            raise Problem(503, NOT_BUILT)
        file = (self._folder / path).resolve() if "\0" not in path else index
        if path and file.is_relative_to(self._folder) and file.is_file():
            return FileResponse(file, headers=IMMUTABLE if path.startswith("assets/") else FRESH)
        if path.startswith("assets/"):
            raise HTTPException(404)
        return FileResponse(index, headers=FRESH)
