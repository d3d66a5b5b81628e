"""``appliances``: which appliances there are, and their credentials at the broker."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.shape import ConfigOption, JsonOption, load_settings, say, telling, write_line, write_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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
    config: ConfigOption = None,
) -> None:
    """Register an appliance; prints its broker password, once."""
    from ingest.clock import SystemClock  # noqa: PLC0415

    with _registry(ctx, config) as registry:
        credentials = registry.add(appliance_id, kind, now_ms=SystemClock().now_ms())
        _write_passwords(broker_passwords, [credentials])
    say(f"{appliance_id} is registered; its user name at the broker is its id, its password is shown this once:")
    sys.stdout.write(credentials.password + "\n")


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
        made = registry.import_csv(file, now_ms=SystemClock().now_ms())
        _write_passwords(broker_passwords, made)
    sys.stdout.write("id,password\n" + "".join(f"{one.appliance_id},{one.password}\n" for one in made))
    say(f"{len(made)} appliances are registered.")


@appliances.command("list")
def list_all(ctx: typer.Context, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """All appliances, retired ones included."""
    from ingest.clock import from_ms  # noqa: PLC0415

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
    if as_json:
        for row in rows:
            write_line(row)
        return
    write_table(("id", "kind", "first_seen", "retired"), [[value or "" for value in row.values()] for row in rows])


@appliances.command()
def retire(
    ctx: typer.Context,
    appliance_id: Annotated[str, typer.Argument(metavar="ID")],
    *,
    broker_passwords: PasswordsOption = None,
    config: ConfigOption = None,
) -> None:
    """Take an appliance out of service: from now on its messages are refused."""
    from ingest.books.registry import write_password_lines  # noqa: PLC0415
    from ingest.clock import SystemClock  # noqa: PLC0415

    with _registry(ctx, config) as registry:
        registry.retire(appliance_id, now_ms=SystemClock().now_ms())
        if broker_passwords is not None:
            write_password_lines(broker_passwords, [(appliance_id, None)])
    say(f"{appliance_id} is retired.")


@contextlib.contextmanager
def _registry(ctx: typer.Context, config: Path | None) -> Iterator[Registry]:
    """The registry of the data folder; also beside a running service, which notices."""
    settings = load_settings(ctx, config).settings
    from ingest.books.books import FILE_NAME, Books, BooksError  # noqa: PLC0415
    from ingest.books.registry import Registry, RegistryError  # noqa: PLC0415

    with telling(BooksError, RegistryError):
        books = Books.open(settings.data_dir / FILE_NAME)
        try:
            yield Registry(books)
        finally:
            books.close()


def _write_passwords(path: Path | None, made: Iterable[Credentials]) -> None:
    """Put the hashes into mosquitto's file, where one is given."""
    from ingest.books.registry import write_password_lines  # noqa: PLC0415

    if path is not None:
        write_password_lines(path, [(one.appliance_id, one.password_hash) for one in made])
