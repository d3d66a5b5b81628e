"""Foreign conventions, accepted beside our own: one codec per file, all behind :class:`ForeignCodec`.

A codec is sans-I/O: it says which topics it wants, which device a topic belongs to, and what a payload means in our
values. Time windows and duplicates are admission's business. :data:`CODECS` is what ``FETTLE_CODECS`` chooses from; a new
convention is one new file with a function ``make``, and its name here. Where the broker has deploy/mosquitto.acl, its
topics stand there too, and its tests tell what they need of it: a case file and topics to try garbage on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from ingest.wire.foreign.devices import Device
    from ingest.wire.foreign.discovery import Discovery
    from ingest.wire.foreign.heard import Heard
    from ingest.wire.message import Message

CODECS = (
    "tasmota",
    "shelly",
    "zigbee2mqtt",
    "homeassistant",
)
"""The files of the conventions, in the order in which they are asked whose a topic is."""


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

    @property
    def roots(self) -> tuple[str, ...]:
        """What stands before the names of its devices and says nothing of them."""
        ...

    def subscriptions(self) -> tuple[str, ...]:
        """The topic filters to subscribe to."""
        ...

    def device_of(self, topic: str) -> str | None:
        """The name of the device that speaks under ``topic``, as the devices file writes it.

        ``None``: not mine. Empty: mine and no device's, so that nobody is registered by it.
        """
        ...

    def decode(self, topic: str, payload: bytes, device: Device, heard: Heard = ...) -> Message | None:
        """The value of a payload, or ``None`` where it is sound and carries nothing for us.

        What is left out is noted by ``heard``. Raises :class:`ingest.wire.dead_letter.Refused`.
        """
        ...


def codecs_of(
    names: Sequence[str],
    discovery: Discovery | None = None,
    *,
    is_learning: bool = True,
    topics: Mapping[str, Sequence[str]] | None = None,
    mapped: Sequence[str] = (),
) -> tuple[ForeignCodec, ...]:
    """The codecs of these names; raises ValueError naming the unknown one.

    ``discovery`` is what all decoders of a process share, and ``is_learning`` whether these codecs add to it. ``topics``
    are more topics by codec, ``mapped`` the names in the devices file.
    """
    from ingest.wire.foreign.discovery import Discovery  # noqa: PLC0415 - whoever wants the names alone need not wait
    from ingest.wire.foreign.surroundings import Surroundings  # noqa: PLC0415

    for name in names:
        if name not in CODECS:
            raise ValueError(f"unknown codec {name!r}; known: {', '.join(CODECS)}")
    shared = Discovery() if discovery is None else discovery
    made = []
    for name in CODECS:
        if name in names:
            patterns = tuple((topics or {}).get(name, ()))
            around = Surroundings(shared, is_learning, patterns, frozenset(mapped))
            made.append(cast("ForeignCodec", import_module(f"{__name__}.{name}").make(around)))
    return tuple(made)
