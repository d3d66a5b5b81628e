"""The console's build, served as files: hashed assets, and the page for every path that only its script knows.

Beside a file of words lie its compressed forms, made once when it was built; the best one that the browser takes is sent.
"""

from __future__ import annotations

from mimetypes import guess_type
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse

from api.http.problems import Problem

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

DIST = Path(__file__).parent.parent / "console" / "dist"
NOT_BUILT = "The console is not built; run `make console`. The API works without it, see /api/v1/openapi.json."
IMMUTABLE = {"cache-control": "public, max-age=31536000, immutable"}
FRESH = {"cache-control": "no-cache"}
FORMS = {"br": ".br", "gzip": ".gz"}
"""Content encodings with the ending of their files, the smallest first."""
NOT_OURS = ("api", "metrics", "livez", "readyz", "demo")


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
        encodings = accepted(Headers(scope=scope).get("accept-encoding", ""))
        await self._response(path, encodings)(scope, receive, send)

    def _response(self, path: str, encodings: frozenset[str]) -> FileResponse:
        """The file at a path, or the page, in a form that the browser takes."""
        index = self._folder / "index.html"
        if not index.is_file():
            raise Problem(503, NOT_BUILT)
        file = (self._folder / path).resolve() if "\0" not in path else index
        if path and file.is_relative_to(self._folder) and file.is_file():
            return in_best_form(file, encodings, IMMUTABLE if path.startswith("assets/") else FRESH)
        if path.startswith("assets/"):
            raise HTTPException(404)
        return in_best_form(index, encodings, FRESH)


def accepted(header: str) -> frozenset[str]:
    """The encodings that an Accept-Encoding header takes; one with weight 0 is refused."""
    words = [part.replace(" ", "").lower().partition(";") for part in header.split(",")]
    return frozenset(
        name for name, _, weight in words if weight.removeprefix("q=") not in {"0", "0.0", "0.00", "0.000"}
    )


def in_best_form(file: Path, encodings: frozenset[str], headers: dict[str, str]) -> FileResponse:
    """The smallest form of a file that is there and is taken; its type is that of the file itself."""
    for encoding, ending in FORMS.items():
        form = file.with_name(file.name + ending)
        if encoding in encodings and form.is_file():
            media_type = guess_type(file.name)[0]
            told = {**headers, "content-encoding": encoding, "vary": "accept-encoding"}
            return FileResponse(form, headers=told, media_type=media_type)
    return FileResponse(file, headers={**headers, "vary": "accept-encoding"})
