"""What the API answers about the visit gate on a ticket: the action, and all of its arithmetic."""

from __future__ import annotations

from pydantic import Field

from api.http.document_shape import Document


class WeighedAction(Document):
    """What one action is expected to cost."""

    action: str = Field(description="notice, fix_first, remote or visit")
    price: float
    success: float = Field(description="how often it ends the matter, as a share")
    cost: float = Field(description="its price, and what it leaves undone")


class GateOdds(Document):
    """The shares that the arithmetic is made of; null where an action can't be tried."""

    probability: float
    fails_soon: float = Field(description="the share that fails within look_again_days, by the failure window")
    visit_success: float
    remote_success: float | None
    fix_first_success: float | None
    look_again_days: float


class GatePrices(Document):
    """The money that the arithmetic is made of."""

    failure: float = Field(description="what the failure costs, by the danger of its mode")
    visit: float
    remote: float
    fix_first: float


class Gate(Document):
    """What the visit gate says, with its arithmetic; the least cost is chosen.

    loss = probability * fails_soon * failure; visit = price + (1 - success) * loss; fix_first and remote = price +
    (1 - success) * the lesser of visit and loss.
    """

    action: str = Field(description="notice, fix_first, remote or visit: what costs least")
    cost: float
    currency: str
    at_ms: int
    is_watched: bool = Field(description="the mode has caused too many visits in vain: nobody is sent")
    weighed: list[WeighedAction]
    odds: GateOdds
    prices: GatePrices
