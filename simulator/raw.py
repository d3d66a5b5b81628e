"""Raw: the same fleet whose appliances tell only what a sensor reads, and nothing that they would have to compute themselves.

Which metrics are computed is said by the profiles (``is_computed``). So detectors can be judged by what any appliance could
tell.
"""

from __future__ import annotations

from dataclasses import replace

from ingest.profiles import load_profiles
from simulator.specification import FleetSpecification


def raw(specification: FleetSpecification) -> FleetSpecification:
    """The fleet without what appliances compute; everything else is drawn as before."""
    computed = [
        metric.name for profile in load_profiles().values() for metric in profile.metrics.values() if metric.is_computed
    ]
    absent = {**specification.sensors.absent, **dict.fromkeys(computed, 1.0)}
    return replace(specification, sensors=replace(specification.sensors, absent=absent))
