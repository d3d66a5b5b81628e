"""Foreign conventions, accepted beside our own: one codec per file, all behind :class:`ForeignCodec`.

A codec is sans-I/O: it says which topics it wants, which device a topic belongs to, and what a payload means in our
values. Identity, time windows and duplicates are admission's business. ``CODECS`` is what ``FETTLE_CODECS`` chooses
from; a new convention is one new file and one line there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from ingest.wire.foreign.devices import Device
from ingest.wire.foreign.tasmota import TasmotaCodec
from ingest.wire.message import Message


class ForeignCodec(Protocol):
    """Translates one foreign convention."""

    @property
    def name(self) -> str:
        """What ``FETTLE_CODECS`` calls it."""
        ...

    def subscriptions(self) -> tuple[str, ...]:
        """The topic filters to subscribe to."""
        ...

    def device_of(self, topic: str) -> str | None:
        """The name of the device that speaks under ``topic``, as the devices file writes it; ``None``: not mine."""
        ...

    def decode(self, topic: str, payload: bytes, device: Device) -> Message | None:
        """The value of a payload, or ``None`` where it is sound and carries nothing for us.

        Raises :class:`ingest.wire.dead_letter.Refused`.
        """
        ...


CODECS: Mapping[str, Callable[[], ForeignCodec]] = {"tasmota": TasmotaCodec}


def codecs_of(names: Sequence[str]) -> tuple[ForeignCodec, ...]:
    """The codecs of these names; raises ValueError naming the unknown one."""
    for name in names:
        if name not in CODECS:
            raise ValueError(f"unknown codec {name!r}; known: {', '.join(CODECS)}")
    return tuple(CODECS[name]() for name in names)
