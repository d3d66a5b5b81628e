"""``users``: who may log in, and their API keys."""

from __future__ import annotations

import random
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.shape import ConfigOption, JsonOption, load_settings, say, telling, write_line, write_table

if TYPE_CHECKING:
    from pathlib import Path

    from alerts.accounts.desk import Accounts

users = typer.Typer(no_args_is_help=True, help="Accounts: who may log in, and their API keys.")


class RoleName(StrEnum):
    """The roles, each including those before it."""

    VIEWER = "viewer"
    TECHNICIAN = "technician"
    DISPATCHER = "dispatcher"
    MANAGER = "manager"
    ADMIN = "admin"


def _open_accounts(ctx: typer.Context, config: Path | None) -> Accounts:
    """The accounts of the configured database, brought up to this version."""
    settings = load_settings(ctx, config).settings
    from alerts.accounts.desk import Accounts  # noqa: PLC0415
    from alerts.database import UnitOfWork  # noqa: PLC0415
    from api.service.desk_database import open_desk_database  # noqa: PLC0415
    from ingest.clock import SystemClock  # noqa: PLC0415

    return Accounts(UnitOfWork(open_desk_database(settings), SystemClock(), random.SystemRandom()))


@users.command()
def add(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    *,
    role: Annotated[RoleName, typer.Option(metavar="R", help="viewer, technician, dispatcher, manager or admin.")],
    key: Annotated[bool, typer.Option("--key", help="Print an API key, alone, on stdout.")] = False,
    password: Annotated[bool, typer.Option("--password", help="Ask for a password, for the login page.")] = False,
    config: ConfigOption = None,
) -> None:
    """Make an account; with --key for one that exists, only a further key."""
    from alerts.accounts.account import Role  # noqa: PLC0415
    from alerts.errors import DeskError  # noqa: PLC0415

    secret = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True) if password else None
    with telling(DeskError):
        accounts = _open_accounts(ctx, config)
        known = {account.name: account for account in accounts.all()}.get(name)
        if known is None or not key or known.role != role.value:
            accounts.add(name, Role(role.value), password=secret)
            say(f"Account {name} with role {role.value} is made.")
            if not (key or password):
                say("Nobody can use it yet: the same command with --key gives it an API key.")
        if key:
            sys.stdout.write(accounts.issue_key(name) + "\n")


@users.command("list")
def list_users(ctx: typer.Context, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """All accounts."""
    from alerts.errors import DeskError  # noqa: PLC0415

    with telling(DeskError):
        rows = _open_accounts(ctx, config).all()
    if as_json:
        for row in rows:
            write_line({"name": row.name, "role": row.role.value, "disabled": row.disabled})
        return
    write_table(("name", "role", "disabled"), [(row.name, row.role, "yes" if row.disabled else "") for row in rows])
