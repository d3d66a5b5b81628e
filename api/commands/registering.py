"""``appliances``: which appliances there are, and their credentials at the broker."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.shape import (
    ConfigOption,
    Failure,
    JsonOption,
    doubt_about_kind,
    keep_to_ourselves,
    load_kinds,
    load_settings,
    need_data,
    open_unit,
    say,
    telling,
    write_line,
    write_rows,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from alerts.appliances.desk import Appliances
    from ingest.books.registry import Credentials, Registry

appliances = typer.Typer(no_args_is_help=True, help="Which appliances there are, and their credentials at the broker.")

PasswordsOption = Annotated[
    Path | None,
    typer.Option("--broker-passwords", metavar="FILE", help="Write the hash into this password file of mosquitto."),
]


@appliances.command()
def add(
    ctx: typer.Context,
    appliance_id: Annotated[str, typer.Argument(metavar="ID")],
    *,
    kind: Annotated[str, typer.Option(metavar="K", help="Appliance kind.")],
    broker_passwords: PasswordsOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask about a kind that has no profile.")] = False,
    config: ConfigOption = None,
) -> None:
    """Register an appliance; prints its broker password, once."""
    from ingest.clock import SystemClock  # noqa: PLC0415

    doubt = None if yes else doubt_about_kind(load_kinds(ctx, config), kind)
    if doubt is not None and sys.stdin.isatty() and not typer.confirm(f"{doubt}\nRegister it as {kind}?", err=True):
        raise Failure("Nothing was registered.")
    with _registry(ctx, config) as registry:
        known = _desk_appliances(ctx, config)
        credentials = registry.add(appliance_id, kind, now_ms=SystemClock().now_ms())
        known.register((appliance_id, kind))
        _write_passwords(broker_passwords, [credentials])
    if doubt is not None and not sys.stdin.isatty():
        say(doubt)
    say(f"{appliance_id} is registered; its user name at the broker is its id, its password is shown this once:")
    sys.stdout.write(credentials.password + "\n")


@appliances.command()
def assign(
    ctx: typer.Context,
    appliance_id: Annotated[str, typer.Argument(metavar="ID")],
    *,
    kind: Annotated[str, typer.Option(metavar="K", help="The kind that the id is for.")],
    config: ConfigOption = None,
) -> None:
    """Give an id that somebody else took to the kind that it is for; whoever had it is refused from now on."""
    from api.service.retirement import assign as assign_both  # noqa: PLC0415

    with _registry(ctx, config) as registry:
        now = assign_both(registry, _desk_appliances(ctx, config), appliance_id, kind)
    say(f"{appliance_id} is a {now.kind} from now on.")


@appliances.command()
def erase(
    ctx: typer.Context,
    appliance_id: Annotated[str, typer.Argument(metavar="ID")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    config: ConfigOption = None,
) -> None:
    """Drop a retired appliance's readings, events and dead letters for good; tickets and audit stay."""
    from api.service.retirement import erase as erase_all  # noqa: PLC0415
    from ingest.store import StoreError  # noqa: PLC0415
    from ingest.store.opening import open_store  # noqa: PLC0415

    settings = load_settings(ctx, config).settings
    if not yes and not (
        sys.stdin.isatty() and typer.confirm(f"Drop all readings of {appliance_id} for good?", err=True)
    ):
        raise Failure("Nothing was dropped; --yes drops it without a question.")
    token = settings.store_token.get_secret_value() if settings.store_token else None
    with telling(StoreError), _registry(ctx, config) as registry:
        store = open_store(settings.store_url, token=token, data_dir=settings.data_dir)
        try:
            gone = erase_all(
                registry, _desk_appliances(ctx, config), store, appliance_id, retention_days=settings.retention_days
            )
        finally:
            store.close()
    say(
        f"{appliance_id}: readings, {gone.events} events and {gone.dead_letters} dead letters are gone; "
        f"the journal drops what it received after {gone.journal_until_days:g} days."
    )


@appliances.command("import")
def import_file(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="A CSV with the columns id and kind.")],
    *,
    broker_passwords: PasswordsOption = None,
    config: ConfigOption = None,
) -> None:
    """Register all appliances of a CSV; prints id,password lines, once."""
    from ingest.clock import SystemClock  # noqa: PLC0415

    with _registry(ctx, config) as registry:
        known = _desk_appliances(ctx, config)
        made = registry.import_csv(file, now_ms=SystemClock().now_ms())
        known.register(*((one.appliance_id, one.kind) for one in made))
        _write_passwords(broker_passwords, made)
    sys.stdout.write("id,password\n" + "".join(f"{one.appliance_id},{one.password}\n" for one in made))
    say(f"{len(made)} appliances are registered.")


@appliances.command("list")
def list_all(ctx: typer.Context, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """All appliances, retired ones included."""
    from ingest.clock import from_ms  # noqa: PLC0415

    need_data(load_settings(ctx, config).settings)
    with _registry(ctx, config) as registry:
        rows = [
            {
                "id": one.appliance_id,
                "kind": one.kind,
                "first_seen": from_ms(one.first_seen_ms).isoformat(),
                "retired": None if one.retired_ms is None else from_ms(one.retired_ms).isoformat(),
            }
            for one in registry.list()
        ]
    write_rows(("id", "kind", "first_seen", "retired"), rows, as_json=as_json)


@appliances.command()
def retire(
    ctx: typer.Context,
    appliance_id: Annotated[str, typer.Argument(metavar="ID")],
    *,
    broker_passwords: PasswordsOption = None,
    config: ConfigOption = None,
) -> None:
    """Take an appliance out of service: its messages are refused, it gets neither tickets nor sessions."""
    from api.service.retirement import retire as retire_both  # noqa: PLC0415
    from ingest.books.registry import write_password_lines  # noqa: PLC0415
    from ingest.clock import SystemClock  # noqa: PLC0415

    with _registry(ctx, config) as registry:
        retire_both(registry, _desk_appliances(ctx, config), appliance_id, now_ms=SystemClock().now_ms())
        if broker_passwords is not None:
            write_password_lines(broker_passwords, [(appliance_id, None)])
    say(f"{appliance_id} is retired.")


@appliances.command()
def revive(
    ctx: typer.Context,
    appliance_id: Annotated[str, typer.Argument(metavar="ID")],
    *,
    broker_passwords: PasswordsOption = None,
    config: ConfigOption = None,
) -> None:
    """Bring a retired appliance back; prints its new broker password, once."""
    from api.service.retirement import revive as revive_both  # noqa: PLC0415
    from ingest.clock import SystemClock  # noqa: PLC0415

    with _registry(ctx, config) as registry:
        back = revive_both(registry, _desk_appliances(ctx, config), appliance_id)
        credentials = registry.add(appliance_id, back.kind, now_ms=SystemClock().now_ms())
        _write_passwords(broker_passwords, [credentials])
    say(f"{appliance_id} is back in service; its new password at the broker is shown this once:")
    sys.stdout.write(credentials.password + "\n")


def _desk_appliances(ctx: typer.Context, config: Path | None) -> Appliances:
    """What the desk knows of appliances."""
    from alerts.desk import Desk  # noqa: PLC0415

    return Desk(open_unit(ctx, config), {}).appliances


@contextlib.contextmanager
def _registry(ctx: typer.Context, config: Path | None) -> Iterator[Registry]:
    """The registry of the data folder; also beside a running service, which notices."""
    settings = load_settings(ctx, config).settings
    from alerts.errors import DeskError  # noqa: PLC0415
    from api.service.retirement import open_registry  # noqa: PLC0415
    from ingest.books.books import BooksError  # noqa: PLC0415
    from ingest.books.registry import RegistryError  # noqa: PLC0415

    keep_to_ourselves()
    with telling(BooksError, RegistryError, DeskError), open_registry(settings.data_dir) as registry:
        yield registry


def _write_passwords(path: Path | None, made: Iterable[Credentials]) -> None:
    """Put the hashes into mosquitto's file, where one is given."""
    from ingest.books.registry import write_password_lines  # noqa: PLC0415

    if path is not None:
        write_password_lines(path, [(one.appliance_id, one.password_hash) for one in made])


@appliances.command("command-keys")
def print_command_keys(ctx: typer.Context, *, config: ConfigOption = None) -> None:
    """Print the public keys whose commands appliances may obey, the one that signs first."""
    from api.service.command_keys import CommandKeysError, command_keys  # noqa: PLC0415
    from ingest.wire.signature import key_id  # noqa: PLC0415

    settings = load_settings(ctx, config).settings
    with telling(CommandKeysError):
        keys = command_keys(settings.data_dir).public_keys
    for key in keys:
        write_line({"key": key_id(key), "public_key": key})
