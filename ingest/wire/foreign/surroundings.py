"""What a codec is made with."""

from __future__ import annotations

from dataclasses import dataclass, field

from ingest.wire.foreign.discovery import Discovery


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all codecs of a process share, and what the operator set for one of them."""

    discovery: Discovery = field(default_factory=Discovery)
    is_learning: bool = True
    """Whether this codec takes in what devices say of themselves."""
    patterns: tuple[str, ...] = ()
    """More topics of this convention than it usually has, in the codec's own form."""
    mapped: frozenset[str] = frozenset()
    """The device names in the devices file."""
