"""Who is to work on a ticket, as callers name them: an account, or a technician by their id.

Tickets are assigned to accounts, since by these people come in; a technician stands for the account that is theirs.
"""

from __future__ import annotations

from alerts.errors import InvalidError, UnknownError
from api.http.context import Context


def account_of(here: Context, named: str | None) -> str | None:
    """The account that is meant; what is no technician's id is taken for an account, and the desk says whether it is one."""
    if named is None:
        return None
    try:
        technician = here.desk.technicians.read(named)
    except UnknownError:
        return named
    if technician.account is None:
        raise InvalidError(f"assignee: the technician {named} has no account to come in by; give them one first.")
    return technician.account
