"""Trials: the remote tests of the profiles, as the simulated appliances do them; one file per kind.

``TRIALS``: kind → name of the test in the kind's profile → what does it.
"""

from __future__ import annotations

from collections.abc import Mapping

from simulator.trials import air_conditioner, dishwasher, dryer, oven, refrigerator, washing_machine, water_heater
from simulator.trials.trial import TrialMaker

TRIALS: Mapping[str, Mapping[str, TrialMaker]] = {
    "dishwasher": dishwasher.TRIALS,
    "dryer": dryer.TRIALS,
    "oven": oven.TRIALS,
    "refrigerator": refrigerator.TRIALS,
    "washing_machine": washing_machine.TRIALS,
    "air_conditioner": air_conditioner.TRIALS,
    "water_heater": water_heater.TRIALS,
}
