"""``billing``: everything of money as files, handled alike, and what providers are owed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.commands.files import DryRunOption, hand_out, take_file
from api.commands.shape import ConfigOption, JsonOption, open_sealed, open_unit, telling

if TYPE_CHECKING:
    from alerts.billing.amends import Amends
    from alerts.billing.desk import Billing

billing = typer.Typer(no_args_is_help=True, help="Money: price list, coverages, and what providers are owed.")

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="CSV in UTF-8.")]
DayArgument = Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="As 2026-11-30, included.")]


def _open(ctx: typer.Context, config: Path | None) -> Billing:
    from alerts.billing.desk import Billing  # noqa: PLC0415

    return Billing(open_sealed(ctx, config))


def _open_amends(ctx: typer.Context, config: Path | None) -> Amends:
    from alerts.billing.amends import Amends  # noqa: PLC0415

    return Amends(open_unit(ctx, config))


@dataclass(frozen=True, slots=True)
class _File:
    """A file of money: its name on the command line, and what is said of printing it and of taking it over.

    ``word`` stands in the names of what reads and writes it (``take_prices``, ``write_prices``, ``PRICES``), which are imported
    when the command is run; ``read`` is the desk's method that gives its rows.
    """

    name: str
    word: str
    read: str
    printed: str
    taken: str | None = None
    """None: it is only printed."""
    is_paged: bool = False
    opened: Callable[[typer.Context, Path | None], Billing | Amends] = _open
    rows: str = "alerts.billing.csv_rows"


_OF_AMENDS: dict[str, Any] = {"is_paged": True, "opened": _open_amends, "rows": "alerts.billing.amends_rows"}
FILES = (
    _File(
        *("prices", "prices", "prices"),
        "Print the price list as the CSV that can be taken over.",
        "Take a price list over: external_id, code, region, amount, currency, valid_from, valid_to, tax.",
    ),
    _File(
        *("taxes", "taxes", "taxes"),
        "Print tax rates as the CSV that can be taken over.",
        "Take tax rates over: external_id, tax, region, percent, is_included, valid_from, valid_to.",
    ),
    _File(
        *("coverages", "coverages", "coverages"),
        "Print coverages as the CSV that can be taken over.",
        "Take warranties, contracts and recalls over.",
    ),
    _File(
        *("invoices", "invoices", "invoices"),
        "Print invoices as the CSV that can be taken over, with what we counted beside each.",
        "Take invoices of another system over: for a receipt_id, or of a provider_id from start to end.",
        is_paged=True,
    ),
    _File(
        *("receipts", "receipts", "all_receipts"),
        "Print the receipts of all tickets as CSV, for whoever writes the invoices.",
        is_paged=True,
    ),
    _File(
        *("credit-notes", "credits", "credit_notes"),
        "Print credit notes to receipts as the CSV that can be taken over.",
        "Take credit notes to receipts over, known again by external_id.",
        **_OF_AMENDS,
    ),
    _File(
        *("claims", "claims", "claims"),
        "Print claims to makers as the CSV that can be taken over.",
        "Take claims to makers over as they stand, known again by external_id.",
        **_OF_AMENDS,
    ),
    _File(
        *("outcomes", "outcomes", "outcomes"),
        "Print trade-ins and recycled appliances as the CSV that can be taken over.",
        "Take trade-ins and recycled appliances over, known again by external_id.",
        **_OF_AMENDS,
    ),
)


def _offer_import(of: _File) -> None:
    @billing.command(f"import-{of.name}", help=of.taken)
    def take(
        ctx: typer.Context,
        file: FileArgument,
        *,
        dry_run: DryRunOption = False,
        as_json: JsonOption = False,
        config: ConfigOption = None,
    ) -> None:
        take_over: Any = getattr(of.opened(ctx, config), f"take_{of.word}")
        columns = getattr(import_module(of.rows), of.word.upper())
        take_file(file, columns, lambda rows: take_over(rows, is_dry_run=dry_run), kept=not dry_run, as_json=as_json)


def _offer_export(of: _File) -> None:
    @billing.command(f"export-{of.name}", help=of.printed)
    def export(ctx: typer.Context, *, config: ConfigOption = None) -> None:
        from alerts.errors import DeskError  # noqa: PLC0415
        from alerts.page import all_pages  # noqa: PLC0415

        with telling(DeskError):
            read: Any = getattr(of.opened(ctx, config), of.read)
            write: Any = getattr(import_module(of.rows), f"write_{of.word}")
            hand_out(write(all_pages(lambda cursor: read(cursor=cursor)) if of.is_paged else read()))


for _file in FILES:
    if _file.taken is not None:
        _offer_import(_file)
    _offer_export(_file)


@billing.command()
def statement(
    ctx: typer.Context,
    provider_id: Annotated[str, typer.Argument(metavar="PROVIDER")],
    start: DayArgument,
    end: DayArgument,
    *,
    time_zone: Annotated[str, typer.Option("--zone", help="Whose days, as Europe/Berlin.")] = "UTC",
    config: ConfigOption = None,
) -> None:
    """Print what a provider is owed for some days as CSV, the total in the last line."""
    from alerts.billing.csv_rows import write_statement  # noqa: PLC0415
    from alerts.errors import DeskError  # noqa: PLC0415

    with telling(DeskError):
        found = _open(ctx, config).settle(provider_id, start.date(), end.date(), time_zone)
        hand_out(write_statement(found))
