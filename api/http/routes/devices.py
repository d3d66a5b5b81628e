"""``/devices``: what foreign devices said, and what of it was not read."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from pathlib import Path

from fastapi import APIRouter
from pydantic import BaseModel

from api.http.access import Viewer
from api.http.context import Here
from api.http.documents import Document, show
from ingest.wire.foreign.devices import DevicesError, load_devices
from ingest.wire.foreign.traces import FILE_NAME, Account, Told, UnreadTopic, read_told
from ingest.wire.foreign.unheard import Unheard, unheard_rows

router = APIRouter(tags=["operations"])


class LeftOut(BaseModel):
    """One thing that was not read: how often, why, and what it said last."""

    what: str
    reason: str
    count: int
    said: str


class ForeignDevice(BaseModel):
    """A device as its convention names it, the appliance that it is, and what of it is not read."""

    name: str
    convention: str
    appliance_id: str
    kind: str
    last_seen_at: datetime | None
    messages: int
    readings: int
    left_out: list[LeftOut]
    advice: list[str]


class Topic(BaseModel):
    """A topic that is heard and read by no codec."""

    topic: str
    count: int
    last_seen_at: datetime | None
    sentence: str


class UnheardRow(Document):
    """A row of the devices file that matches nothing that was heard."""

    name: str
    appliance_id: str
    sentence: str


class Devices(BaseModel):
    """All foreign devices, the one heard last first, all topics that nobody reads, and rows of the devices file that match nothing."""

    devices: list[ForeignDevice]
    unread_topics: list[Topic]
    unheard: list[UnheardRow]


@router.get("/devices")
def list_devices(here: Here, _account: Viewer) -> Devices:
    """What was heard of foreign devices, and what of it was not read."""
    return _shown(read_told(here.settings.data_dir / FILE_NAME), here.settings.devices_file)


def _shown(told: Told, devices_file: Path | None) -> Devices:
    """What is told, as the API says it; a devices file that was spoilt since the start is the doctor's business."""
    unheard: list[Unheard] = []
    if devices_file is not None:
        with contextlib.suppress(DevicesError):
            unheard = unheard_rows(load_devices(devices_file), told)
    return Devices(
        devices=[_device(one) for one in reversed(told.devices)],
        unread_topics=[_topic(one) for one in reversed(told.topics)],
        unheard=[show(UnheardRow, one) for one in unheard],
    )


def _device(one: Account) -> ForeignDevice:
    """One device."""
    left_out = [LeftOut(what=o.what, reason=o.reason, count=o.count, said=o.said) for o in one.left_out]
    return ForeignDevice(
        name=one.name,
        convention=one.convention,
        appliance_id=one.appliance_id,
        kind=one.kind,
        last_seen_at=_time(one.last_ms),
        messages=one.messages,
        readings=one.readings,
        left_out=left_out,
        advice=one.advice,
    )


def _topic(one: UnreadTopic) -> Topic:
    """One topic."""
    return Topic(topic=one.topic, count=one.count, last_seen_at=_time(one.last_ms), sentence=one.sentence)


def _time(ms: int) -> datetime | None:
    """A time, nothing where none is known."""
    return datetime.fromtimestamp(ms / 1000, UTC) if ms > 0 else None
