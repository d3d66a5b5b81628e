"""Why somebody else than the customer pays for an appliance."""

from __future__ import annotations

from enum import StrEnum


class Basis(StrEnum):
    """Why somebody else than the customer pays, in the order in which it is asked."""

    RECALL = "recall"
    MANUFACTURER = "manufacturer"
    STATUTORY = "statutory"
    CONTRACT = "contract"
