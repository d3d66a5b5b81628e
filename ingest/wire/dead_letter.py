"""Why a message can't be accepted: the reasons, in the order in which they are tried.

A message has exactly one reason, the first that holds. A dead letter keeps the first 4 KiB of the payload.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

KEPT_BYTES = 4096
PAYLOAD_BYTES_MAX = 60 * 1024
DEPTH_MAX = 8
DETAIL_CHARACTERS_MAX = 300


class RefusalReason(StrEnum):
    """The reasons, first to last."""

    UNKNOWN_TOPIC = "unknown_topic"
    TOO_LARGE = "too_large"
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    TOO_DEEP = "too_deep"
    SCHEMA = "schema"
    IDENTITY_MISMATCH = "identity_mismatch"
    UNKNOWN_APPLIANCE = "unknown_appliance"
    TIME_OUT_OF_RANGE = "time_out_of_range"
    EQUIVOCATION = "equivocation"
    POISON = "poison"


@dataclass(frozen=True, slots=True)
class Identity:
    """The (boot, seq) of a message as far as it could be read; both ``None`` where the client counts nothing."""

    boot: str | None = None
    seq: int | None = None
    is_readable: bool = True
    """Whether the payload could be read so far that an absent boot means a client without boot."""


UNREADABLE = Identity(is_readable=False)


class Refused(Exception):  # noqa: N818 - a refusal is an expected outcome, no error of ours
    """A message that can't be accepted: one reason, a sentence of detail, and its identity where it could be read."""

    def __init__(self, reason: RefusalReason, detail: str, identity: Identity = UNREADABLE) -> None:
        """Name the reason."""
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail[:DETAIL_CHARACTERS_MAX]
        self.identity = identity

    def of(self, identity: Identity) -> Refused:
        """The same refusal with the identity of the message."""
        return Refused(self.reason, self.detail, identity)
