"""``/appliances/{id}/telemetry``: one appliance's series as columns, small enough to draw."""

from __future__ import annotations

import math
from typing import Annotated

from fastapi import APIRouter, Query

from api.http.access import Viewer
from api.http.context import Here
from api.http.documents import Telemetry
from api.http.problems import Problem
from api.http.times import parse_range
from ingest.profiles import profile_for
from ingest.store import StoreUnavailable
from ingest.store.downsample import downsample

router = APIRouter(tags=["appliances"])

DAY_MS = 86_400_000
POINTS_DEFAULT = 2000
POINTS_MAX = 50_000
METRICS_MAX = 64
CELLS_MAX = 2_000_000
MODE_LENGTH_MAX = 200
NO_CONTROL_CHARACTERS = r"^[^\x00-\x1f\x7f]+$"


@router.get("/appliances/{appliance_id}/telemetry")
def telemetry(
    here: Here,
    account: Viewer,
    appliance_id: str,
    *,
    metric: Annotated[list[str] | None, Query(max_length=METRICS_MAX, description="default: all")] = None,
    start: Annotated[str | None, Query(description="RFC 3339 or ms; default 24 h before the end")] = None,
    end: Annotated[str | None, Query(description="RFC 3339 or ms; default now")] = None,
    mode: Annotated[
        str | None,
        Query(
            max_length=MODE_LENGTH_MAX, pattern=NO_CONTROL_CHARACTERS, description="only samples reported in this mode"
        ),
    ] = None,
    points: Annotated[int, Query(ge=2, le=POINTS_MAX, description="at most so many rows")] = POINTS_DEFAULT,
) -> Telemetry:
    """Columns of [start, end): as stored where that is few enough, else minimum and maximum of equal buckets."""
    span = parse_range(start, end, now_ms=here.clock.now_ms(), span_ms=DAY_MS)
    appliance = here.desk.by(account.name).appliances.read(appliance_id)
    interval_s = appliance.interval_s or profile_for(appliance.kind, here.profiles).usual_interval_s
    names = None if metric is None else tuple(dict.fromkeys(metric))
    try:
        if names is None:
            _check_columns(len(here.store.latest(appliance.kind, appliance_id)))
        series = here.store.read(
            appliance.kind, appliance_id, names, start_ms=span.start_ms, end_ms=span.end_ms, mode=mode
        )
    except StoreUnavailable as error:
        raise Problem(503, f"The telemetry store can't answer now: {error}", headers={"retry-after": "5"}) from error
    columns = downsample(
        series, start_ms=span.start_ms, end_ms=span.end_ms, points=points, usual_interval_ms=round(interval_s * 1000)
    )
    _check_cells(len(columns.ts_ms), len(columns.values))
    return Telemetry(
        ts=columns.ts_ms.tolist(),
        series={
            name: [None if math.isnan(v) else v for v in values.tolist()] for name, values in columns.values.items()
        },
    )


def _check_columns(count: int) -> None:
    """All metrics at once only where they are few enough."""
    if count > METRICS_MAX:
        raise Problem(422, f"metric: this appliance has {count} metrics; name at most {METRICS_MAX} of them.")


def _check_cells(rows: int, columns: int) -> None:
    """No answer of more numbers than a reader can use and the service should hold."""
    if rows * columns > CELLS_MAX:
        raise Problem(
            422,
            f"points: {rows} rows of {columns} metrics are more than {CELLS_MAX} numbers; ask for at most"
            f" {CELLS_MAX // columns} points, or for fewer metrics.",
        )
