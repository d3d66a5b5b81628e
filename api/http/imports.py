"""Files that are handed in whole: a CSV comes, a line of JSON per row goes back as the work goes on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi.responses import StreamingResponse
from starlette.requests import Request

from alerts.importing import Outcome
from alerts.importing import RowReport as DeskReport
from api.http.documents import Document, show
from api.http.problems import Problem
from api.http.spreadsheet import MEDIA_TYPE

TAKES_CSV: dict[str, Any] = {"requestBody": {"content": {"text/csv": {"schema": {"type": "string"}}}, "required": True}}
"""How a route says in the API's description that it takes such a file."""


class RowReport(Document):
    """What became of a row of an imported file."""

    line: int
    external_id: str | None
    outcome: Outcome
    id: str | None
    detail: str


async def csv_text(request: Request) -> str:
    """The text of the file that was handed in; 422 where it is no UTF-8."""
    try:
        return (await request.body()).decode("utf-8")
    except UnicodeDecodeError as error:
        raise Problem(422, f"The file is no UTF-8: byte {error.start} can't be read. Save it as UTF-8.") from error


def told_as_it_goes(reports: Iterable[DeskReport]) -> StreamingResponse:
    """One JSON object per row."""
    lines = (show(RowReport, report).model_dump_json() + "\n" for report in reports)
    return StreamingResponse(lines, media_type="application/x-ndjson")


def csv_file(lines: Iterable[str], name: str) -> StreamingResponse:
    """A CSV to keep."""
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(lines, media_type=MEDIA_TYPE, headers=headers)
