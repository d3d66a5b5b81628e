"""Points on earth in bodies and answers."""

from __future__ import annotations

from pydantic import Field

from alerts.place import Place
from api.http.documents import Document
from api.http.request import Request


class Point(Document):
    """A point on earth."""

    latitude: float
    longitude: float


class PointRequest(Request):
    """A point on earth, in degrees."""

    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)


def point_of(body: PointRequest | None) -> Place | None:
    """The place that was sent."""
    return None if body is None else Place(body.latitude, body.longitude)
