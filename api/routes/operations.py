"""``/parts``, ``/kpis``, ``/incidents``, ``/dead-letters``, ``/audit``: what managers and operators look at."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(tags=["operations"])
