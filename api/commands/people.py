"""``users``: who may log in, and their API keys."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.shape import ConfigOption, JsonOption, open_unit, say, telling, write_line, write_table

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


PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from the first line of stdin.")
]
Name = Annotated[str, typer.Argument(metavar="NAME")]
RoleOption = Annotated[RoleName, typer.Option(metavar="R", help="viewer, technician, dispatcher, manager or admin.")]


def _open_accounts(ctx: typer.Context, config: Path | None) -> Accounts:
    """The accounts of the configured database."""
    from alerts.accounts.desk import Accounts  # noqa: PLC0415

    return Accounts(open_unit(ctx, config))


def _password(*, from_stdin: bool) -> str:
    """A password from stdin, or from whoever sits there."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


@users.command()
def add(
    ctx: typer.Context,
    name: Name,
    *,
    role: RoleOption,
    key: Annotated[bool, typer.Option("--key", help="Print an API key, alone, on stdout.")] = False,
    password: Annotated[bool, typer.Option("--password", help="Ask for a password, for the login page.")] = False,
    password_stdin: PasswordStdin = False,
    config: ConfigOption = None,
) -> None:
    """Make an account; with --key for one that exists, only a further key."""
    from alerts.accounts.account import Role  # noqa: PLC0415
    from alerts.errors import DeskError  # noqa: PLC0415

    secret = _password(from_stdin=password_stdin) if password or password_stdin else None
    with telling(DeskError):
        accounts = _open_accounts(ctx, config)
        known = {account.name: account for account in accounts.all()}.get(name)
        if known is None or not key or known.role != role.value:
            accounts.add(name, Role(role.value), password=secret)
            say(f"Account {name} with role {role.value} is made.")
            if not key and secret is None:
                say("Nobody can use it yet: the same command with --key gives it an API key.")
        if key:
            sys.stdout.write(accounts.issue_key(name) + "\n")


@users.command()
def passwd(
    ctx: typer.Context, name: Name, *, password_stdin: PasswordStdin = False, config: ConfigOption = None
) -> None:
    """Give an account a new password; its browsers are logged out."""
    from alerts.errors import DeskError  # noqa: PLC0415

    secret = _password(from_stdin=password_stdin)
    with telling(DeskError):
        _open_accounts(ctx, config).change(name, password=secret)
    say(f"{name} has a new password.")


@users.command()
def role(
    ctx: typer.Context,
    name: Name,
    role_name: Annotated[RoleName, typer.Argument(metavar="R")],
    *,
    config: ConfigOption = None,
) -> None:
    """Give an account another role."""
    from alerts.accounts.account import Role  # noqa: PLC0415
    from alerts.errors import DeskError  # noqa: PLC0415

    with telling(DeskError):
        _open_accounts(ctx, config).change(name, role=Role(role_name.value))
    say(f"{name} is {role_name.value} now.")


@users.command()
def disable(ctx: typer.Context, name: Name, *, config: ConfigOption = None) -> None:
    """Shut an account out: its keys rest, its browsers are logged out."""
    _set_disabled(ctx, name, config, disabled=True)
    say(f"{name} is shut out.")


@users.command()
def enable(ctx: typer.Context, name: Name, *, config: ConfigOption = None) -> None:
    """Let an account in again; its keys work as before."""
    _set_disabled(ctx, name, config, disabled=False)
    say(f"{name} may come in again.")


def _set_disabled(ctx: typer.Context, name: str, config: Path | None, *, disabled: bool) -> None:
    from alerts.errors import DeskError  # noqa: PLC0415

    with telling(DeskError):
        _open_accounts(ctx, config).change(name, disabled=disabled)


@users.command()
def revoke(
    ctx: typer.Context,
    prefix: Annotated[str, typer.Argument(metavar="PREFIX", help="How the key begins: fettle_ and eight characters.")],
    *,
    config: ConfigOption = None,
) -> None:
    """End one API key."""
    from alerts.errors import DeskError  # noqa: PLC0415

    with telling(DeskError):
        owner = _open_accounts(ctx, config).revoke_key(prefix)
    say(f"The key {prefix} of {owner} is ended.")


@users.command("list")
def list_users(ctx: typer.Context, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """All accounts."""
    from alerts.errors import DeskError  # noqa: PLC0415

    with telling(DeskError):
        rows = _open_accounts(ctx, config).all()
    if as_json:
        for row in rows:
            keys = [key.prefix for key in row.keys]
            write_line({"name": row.name, "role": row.role.value, "disabled": row.disabled, "keys": keys})
        return
    write_table(
        ("name", "role", "disabled", "keys"),
        [(row.name, row.role, "yes" if row.disabled else "", " ".join(key.prefix for key in row.keys)) for row in rows],
    )
