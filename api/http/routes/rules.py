"""``/rules``: what the desk goes by, as it stands in its file."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from api.http.access import Manager
from api.http.context import Here

router = APIRouter(tags=["rules"])


@router.get("/rules")
def read_rules(here: Here, account: Manager) -> dict[str, Any]:
    """All rules in force, by part and key, defaults filled in; ``docs/rules.md`` has their units. Addresses are left out."""
    del account
    return here.desk.unit.rules.model_dump(mode="json", exclude={"people": {"__all__": {"address"}}})
