"""Reasons of conditions: a code with what stands in it, for whoever words it in the reader's language, and the same as an English sentence.

What stands in a sentence stands in its values by its name: a feature, fault modes, a span, numbers. No reason is put together elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ingest.profiles.definition import Feature, Profile


class ReasonCode(StrEnum):
    """Why something is said of an appliance."""

    NOTHING = "nothing"
    LEARNING = "learning"
    SERIES = "series"
    SILENT = "silent"
    NO_ROOM = "no_room"
    USUAL = "usual"
    BEFORE = "before"
    ALONE = "alone"
    ABOVE = "above"
    BELOW = "below"
    FAULTS = "faults"
    UNKNOWN = "unknown"
    NOT_BEFORE = "not_before"
    ENDED = "ended"


SENTENCES: Mapping[ReasonCode, str] = {
    ReasonCode.NOTHING: "No readings have been looked at yet.",
    ReasonCode.LEARNING: "learning, {span} {done} of {of}",
    ReasonCode.SERIES: "learning, {done} % of {of} samples",
    ReasonCode.SILENT: "none of the metrics needed was reported in the last {span}",
    ReasonCode.NO_ROOM: "no room: {of:,} appliances of this kind are looked at, and it has no profile; write one for it",
    ReasonCode.USUAL: "as usual for this appliance over the last {span}s",
    ReasonCode.BEFORE: "as before",
    ReasonCode.ALONE: "as before; metrics are not compared with each other: it takes {of} calm rows of all of them, which move",
    ReasonCode.ABOVE: "{feature} is above what is usual here",
    ReasonCode.BELOW: "{feature} is below what is usual here",
    ReasonCode.FAULTS: "{faults}",
    ReasonCode.UNKNOWN: "clearly not as usual, for no known cause",
    ReasonCode.NOT_BEFORE: "clearly not as before, cause unknown",
    ReasonCode.ENDED: "what stood has ended; judged anew at the end of the {span}",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a condition is said."""

    code: ReasonCode
    values: Mapping[str, str | int | list[str]] = field(default_factory=dict)
    text: str = ""
    """The English sentence."""


def reason(code: ReasonCode, **values: str | int) -> Reason:
    """A reason whose values read as they are."""
    return Reason(code, values, SENTENCES[code].format(**values))


def of_feature(feature: Feature, *, is_above: bool) -> Reason:
    """A feature is not where it usually is."""
    code = ReasonCode.ABOVE if is_above else ReasonCode.BELOW
    name = feature.label.get("en", feature.name)
    return Reason(code, {"feature": feature.name}, SENTENCES[code].format(feature=name))


def of_faults(names: Iterable[str], profile: Profile) -> Reason:
    """Faults stand, or something does for no known cause."""
    known = [name for name in names if name in profile.fault_modes]
    if not known:
        return reason(ReasonCode.UNKNOWN)
    titles = "; ".join(profile.fault_modes[name].title["en"] for name in known)
    return Reason(ReasonCode.FAULTS, {"faults": known}, titles)
