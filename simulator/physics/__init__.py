"""Physics: one file per appliance kind, equations on whole groups of appliances at once.

Here stands only what a fleet file must name: the parameters and the fault modes of each kind.
"""

from __future__ import annotations

from simulator.physics import refrigerator, washing_machine

PARAMETERS = {"refrigerator": refrigerator.PARAMETERS, "washing_machine": washing_machine.PARAMETERS}
FAULT_MODES = {"refrigerator": refrigerator.FAULT_MODES, "washing_machine": washing_machine.FAULT_MODES}
