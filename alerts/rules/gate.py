"""Rules of the visit gate: what things cost, how often they help, and how many visits in vain a fault mode may cause."""

from __future__ import annotations

from pydantic import Field

from alerts.rules.quantity import Rules, quantity


class Consequence(Rules):
    """What a failure costs that nobody prevented, by the danger that the profile gives its fault mode."""

    nuisance: float = quantity(60, "money", "danger 0: it is a nuisance", most=1e9)
    failure: float = quantity(250, "money", "danger 1: the appliance stands still", most=1e9)
    damage: float = quantity(1200, "money", "danger 2: spoiled food, water on the floor", most=1e9)
    hazard: float = quantity(50_000, "money", "danger 3: fire, gas, harm to people", most=1e9)

    def of(self, danger: int) -> float:
        """The cost of one danger."""
        return (self.nuisance, self.failure, self.damage, self.hazard)[max(0, min(danger, 3))]


class Gate(Rules):
    """What is done about a finding: the action whose expected cost is least."""

    currency: str = Field("EUR", pattern="^[A-Z]{3}$", description="of all money here")
    consequence: Consequence = Field(
        default_factory=Consequence, description="What a failure costs that nobody prevented"
    )
    visit_price: float = quantity(120, "money", "a technician at the door, parts left aside", most=1e9)
    visit_price_by_contract: dict[str, float] = Field(
        {}, description="another price where the ticket names this contract"
    )
    remote_price: float = quantity(12, "money", "a remote session", most=1e9)
    fix_first_price: float = quantity(2, "money", "asking the customer to do something first", most=1e9)
    visit_success: float = quantity(0.9, "share", "of real faults that a visit ends in time", most=1)
    remote_success: float = quantity(
        0.2, "share", "of cases that a remote session ends, before any were counted", most=1
    )
    success_weight: float = quantity(
        10, "cases", "so many counted cases weigh as much as that share", least=0.1, most=1e6
    )
    look_again_days: float = quantity(
        30, "days", "what fails later than this can be decided later", least=0.1, most=3650
    )
    without_window: float = quantity(
        0.5, "share", "of faults without a failure window that fail within these days", most=1
    )
    holds_notices: bool = Field(
        default=False, description="whether a finding for which no action is worth its price is shown without a ticket"
    )


class Budget(Rules):
    """How many visits in vain a fault mode of a model may cause; beyond that it is only watched."""

    false_share: float = quantity(0.4, "share", "of visits in vain that is borne", most=1)
    visits_at_least: int = quantity(8, "visits", "before so many nothing is concluded", least=1, most=100_000)
    over_days: float = quantity(180, "days", "over which they are counted", least=1, most=3650)
    watch_days: float = quantity(30, "days", "at least so long it is watched", most=3650)
    owner: str = Field("manager", description="who is told: a role")
