"""Quantity: a number of the rules, with its unit and what it means, so that no number stands anywhere without both."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Rules(BaseModel):
    """A part of the rules: frozen, and without keys that nobody knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def quantity(default: float | None, unit: str, means: str, *, least: float = 0.0, most: float | None = None) -> Any:
    """A number with unit, meaning and limits."""
    return Field(default, ge=least, le=most, description=means, json_schema_extra={"unit": unit})
