"""``/livez``, ``/readyz``, ``/metrics``: for whoever keeps the service running; open without login."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from api.http.context import Here

router = APIRouter(tags=["health"])

PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8"


@router.get("/livez", response_class=PlainTextResponse)
async def livez() -> str:
    """The process answers; it needs no thread, so that nothing that is slow elsewhere delays it."""
    return "ok\n"


@router.get("/readyz")
def readyz(here: Here) -> JSONResponse:
    """Whether everything the service needs is there; 503 with the reasons otherwise."""
    reasons = list(here.not_ready())
    return JSONResponse({"ready": not reasons, "reasons": reasons}, status_code=503 if reasons else 200)


@router.get("/metrics")
def metrics(here: Here) -> Response:
    """What Prometheus reads."""
    return Response(here.metrics(), media_type=PROMETHEUS_TEXT)
