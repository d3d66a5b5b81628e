"""Causes of a ticket and their probabilities, and how a test moves them (Bayes' rule)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def weighed(causes: Mapping[str, float], tested: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Causes after the tests that were done."""
    found = dict(causes)
    for one in tested:
        found = moved(found, one["ratio"], tuple(one["modes"]))
    return found


def moved(causes: Mapping[str, float], ratio: float, modes: tuple[str, ...]) -> dict[str, float]:
    """The probabilities of the causes after a test that speaks for ``modes``; what is left to one is something else."""
    rest = max(1.0 - sum(causes.values()), 0.0)
    after = {mode: share * (ratio if mode in modes else 1.0) for mode, share in causes.items()}
    total = sum(after.values()) + rest
    return {mode: share / total for mode, share in after.items()} if total > 0 else dict(causes)


def spoken(fault_mode: str | None, causes: Mapping[str, float]) -> dict[str, Any]:
    """Causes as they stand in a ticket's columns."""
    others = sorted(((mode, share) for mode, share in causes.items() if mode != fault_mode), key=lambda one: -one[1])
    columns: dict[str, Any] = {"alternatives": [[mode, share] for mode, share in others]}
    return columns | ({} if fault_mode is None else {"probability": causes.get(fault_mode, 0.0)})


def said_after_tests(
    said: Mapping[str, Any], fault_mode: str, tested: Sequence[Mapping[str, Any]] | None
) -> dict[str, Any]:
    """What a finding says, in the columns of a ticket, weighed by the tests that were done there."""
    if not tested:
        return dict(said)
    others = {mode: float(share) for mode, share in said["alternatives"] if mode != fault_mode}
    causes = weighed({fault_mode: float(said["probability"]), **others}, tested)
    return dict(said) | spoken(fault_mode, causes)
