"""A profile in the order in which its state was stored, so that where a name stands in the file decides nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from detectors.state.layout import Layout
from detectors.units.values import feature_label
from ingest.profiles.definition import MetricKind, Profile


def in_stored_order(profile: Profile, before: Layout | None) -> Profile:
    """The same profile, features, metrics and fault modes in the order of a layout, and behind them what is new.

    Sums over features or modes are taken in this order, so that they are the same to the last digit after names were moved
    in the profile.
    """
    if before is None:
        return profile
    features = {feature_label(feature): feature for feature in profile.features}
    metrics, modes = profile.metrics, profile.fault_modes
    measured = [name for name, metric in metrics.items() if metric.kind is MetricKind.MEASUREMENT]
    turn = iter(_ordered(measured, before.labels("metric")))
    return replace(
        profile,
        features=tuple(features[label] for label in _ordered(features, before.labels("feature"))),
        metrics={name: metrics[name] for name in (next(turn) if name in measured else name for name in metrics)},
        fault_modes={name: modes[name] for name in _ordered(modes, before.labels("fault_mode"))},
    )


def _ordered(names: Iterable[str], before: Iterable[str]) -> list[str]:
    """Names that stood before in that order, then the others in their own."""
    names, known = list(names), list(before)
    return [name for name in known if name in names] + [name for name in names if name not in known]
