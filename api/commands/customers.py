"""``customers``: found, taken over from a file, handed out, and the keys that seal them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.files import DryRunOption, hand_out, take_file
from api.commands.shape import WHO, ConfigOption, JsonOption, open_sealed, say, telling, write_line, write_table

if TYPE_CHECKING:
    from alerts.customers.desk import Customers as CustomerDesk

customers = typer.Typer(no_args_is_help=True, help="Customers: found, taken over from a file, handed out, sealed.")


def _open(ctx: typer.Context, config: Path | None) -> CustomerDesk:
    from alerts.customers.desk import Customers  # noqa: PLC0415

    return Customers(open_sealed(ctx, config))


@customers.command()
def find(
    ctx: typer.Context,
    words: Annotated[list[str], typer.Argument(metavar="WORDS", help="In name, phone, mail, ids, serial, address.")],
    *,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Find customers by words; all of them must fit."""
    from alerts.errors import DeskError  # noqa: PLC0415

    with telling(DeskError):
        found = _open(ctx, config).page(q=" ".join(words), limit=500)
    rows = [
        {
            "id": one.id,
            "external_id": one.external_id,
            "name": one.contact.name if one.contact else None,
            "phones": list(one.contact.phones) if one.contact else [],
            "language": one.language,
        }
        for one in found.items
    ]
    if as_json:
        for row in rows:
            write_line(row)
        return
    columns = ("id", "external_id", "name", "phones", "language")
    write_table(columns, [[_cell(row[name]) for name in columns] for row in rows])
    say(f"{len(rows)} found{', and more: add a word' if found.next else ''}.")


@customers.command("import")
def take_over(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV in UTF-8, external_id and name at least.")],
    *,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Take a file of customers over; one report line per row. The same file again changes nothing."""
    from alerts.customers.csv_rows import COLUMNS  # noqa: PLC0415

    desk = _open(ctx, config)
    take_file(file, COLUMNS, lambda lines: desk.take_over(lines, is_dry_run=dry_run), kept=not dry_run, as_json=as_json)


@customers.command()
def export(ctx: typer.Context, *, config: ConfigOption = None) -> None:
    """Print everybody as the CSV that can be imported."""
    from alerts.customers.csv_rows import write_lines  # noqa: PLC0415
    from alerts.errors import DeskError  # noqa: PLC0415

    with telling(DeskError):
        hand_out(write_lines(_open(ctx, config).files()))


@customers.command()
def erase(
    ctx: typer.Context,
    customer_id: Annotated[str, typer.Argument(metavar="ID")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    config: ConfigOption = None,
) -> None:
    """Erase who a customer was, for good."""
    from alerts.errors import DeskError  # noqa: PLC0415

    if not yes:
        typer.confirm(f"Erase contact, addresses and proofs of {customer_id} for good?", abort=True, err=True)
    with telling(DeskError):
        _open(ctx, config).erase(customer_id)
    say(f"{customer_id} is erased by {WHO}.")


@customers.command("new-key")
def print_key() -> None:
    """Print a fresh key; put it before the others in the key file, then run reseal."""
    from alerts.customers.sealing import new_key  # noqa: PLC0415

    typer.echo(new_key())


@customers.command()
def reseal(ctx: typer.Context, *, config: ConfigOption = None) -> None:
    """Seal everything with the first key of the file; the other keys may go afterwards."""
    from alerts.errors import DeskError  # noqa: PLC0415

    with telling(DeskError):
        count = _open(ctx, config).reseal()
    say(f"{count} customers are sealed with the first key.")


def _cell(value: object) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value or "")
