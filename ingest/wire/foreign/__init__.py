"""Foreign conventions, accepted beside our own: one codec per file, all behind :class:`ForeignCodec`.

A codec is sans-I/O: it says which topics it wants, which device a topic belongs to, and what a payload means in our
values. Identity, time windows and duplicates are admission's business. ``CODECS`` is what ``FETTLE_CODECS`` chooses
from; a new convention is one new file and one line there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from ingest.wire.foreign.devices import Device
from ingest.wire.foreign.discovery import Discovery
from ingest.wire.foreign.homeassistant import HomeAssistantCodec
from ingest.wire.foreign.shelly import ShellyCodec
from ingest.wire.foreign.tasmota import TasmotaCodec
from ingest.wire.foreign.zigbee2mqtt import Zigbee2MqttCodec
from ingest.wire.message import Message


class ForeignCodec(Protocol):
    """Translates one foreign convention. One thread decodes with it, message after message as they came."""

    @property
    def name(self) -> str:
        """What ``FETTLE_CODECS`` calls it."""
        ...

    @property
    def revision(self) -> int:
        """Another number when a topic may belong to another device than before."""
        ...

    def subscriptions(self) -> tuple[str, ...]:
        """The topic filters to subscribe to."""
        ...

    def device_of(self, topic: str) -> str | None:
        """The name of the device that speaks under ``topic``, as the devices file writes it.

        ``None``: not mine. Empty: mine and no device's, so that nobody is registered by it.
        """
        ...

    def decode(self, topic: str, payload: bytes, device: Device) -> Message | None:
        """The value of a payload, or ``None`` where it is sound and carries nothing for us.

        Raises :class:`ingest.wire.dead_letter.Refused`.
        """
        ...


CODECS: Mapping[str, Callable[[Discovery, bool], ForeignCodec]] = {
    "tasmota": lambda _discovery, _is_learning: TasmotaCodec(),
    "shelly": lambda _discovery, _is_learning: ShellyCodec(),
    "zigbee2mqtt": lambda _discovery, _is_learning: Zigbee2MqttCodec(),
    "homeassistant": lambda discovery, is_learning: HomeAssistantCodec(discovery, is_learning=is_learning),
}
"""In the order in which they are asked whose a topic is."""


def codecs_of(
    names: Sequence[str], discovery: Discovery | None = None, *, is_learning: bool = True
) -> tuple[ForeignCodec, ...]:
    """The codecs of these names; raises ValueError naming the unknown one.

    ``discovery`` is what all decoders of a process share, and ``is_learning`` whether these codecs add to it.
    """
    for name in names:
        if name not in CODECS:
            raise ValueError(f"unknown codec {name!r}; known: {', '.join(CODECS)}")
    shared = Discovery() if discovery is None else discovery
    return tuple(make(shared, is_learning) for name, make in CODECS.items() if name in names)
