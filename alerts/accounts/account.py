"""Account: somebody, or something, that may come in, and as what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What an account may do; each role includes those before it."""

    PROVIDER = "provider"
    """A provider's own entrance: the tickets they were offered, and nothing else."""
    VIEWER = "viewer"
    TECHNICIAN = "technician"
    DISPATCHER = "dispatcher"
    MANAGER = "manager"
    ADMIN = "admin"


class SecretPurpose(StrEnum):
    """What a secret is for."""

    KEY = "key"
    LINK = "link"
    LOGIN = "login"


@dataclass(frozen=True, slots=True)
class Key:
    """An API key as it may be shown: how it begins, and since when it stands."""

    prefix: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody, or something, that may come in."""

    name: str
    role: Role
    disabled: bool = False
    keys: tuple[Key, ...] = ()
