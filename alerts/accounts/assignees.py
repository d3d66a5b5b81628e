"""Who may be given work: accounts that may come in. A name that nobody has is refused, so that no ticket waits for nobody.

Asked for may be the work of any account there ever was, also of one that is shut out.
"""

from __future__ import annotations

from sqlalchemy import select

from alerts.accounts.tables import accounts
from alerts.database import Transaction
from alerts.errors import InvalidError


def check_assignee(t: Transaction, name: str | None) -> None:
    """Raise :class:`InvalidError` where nobody of this name may be given work; ``None`` is nobody, which is allowed."""
    if name is None:
        return
    query = select(accounts.c.name).where(accounts.c.name == name, accounts.c.disabled.is_(False))
    if t.connection.execute(query).first() is None:
        raise InvalidError(f"assignee: there is no account {name!r} that may come in; `fettle users list` names them.")


def check_known(t: Transaction, name: str) -> None:
    """Raise :class:`InvalidError` where no account was ever called so."""
    if t.connection.execute(select(accounts.c.name).where(accounts.c.name == name)).first() is None:
        raise InvalidError(
            f"assignee: there is no account {name!r}, and no ticket is theirs; `fettle users list` names the accounts."
        )
