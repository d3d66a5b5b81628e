"""``billing import-`` and ``export-`` of credit notes, claims to makers and outcomes: three files, handled alike."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from api.commands.billing import FileArgument, billing
from api.commands.files import DryRunOption, hand_out, take_file
from api.commands.shape import ConfigOption, JsonOption, open_unit, telling

if TYPE_CHECKING:
    from alerts.billing.amends import Amends

__all__ = ["billing"]


@dataclass(frozen=True, slots=True)
class _Noun:
    """One of the files: its name on the command line, and what reads and writes it, by their names."""

    name: str
    columns: str
    take: str
    read: str
    write: str
    what: str


NOUNS = (
    _Noun("credit-notes", "CREDITS", "take_credits", "credit_notes", "write_credits", "credit notes to receipts"),
    _Noun("claims", "CLAIMS", "take_claims", "claims", "write_claims", "claims to makers, as they stand"),
    _Noun("outcomes", "OUTCOMES", "take_outcomes", "outcomes", "write_outcomes", "trade-ins and recycled appliances"),
)


def _open(ctx: typer.Context, config: Path | None) -> Amends:
    from alerts.billing.amends import Amends  # noqa: PLC0415

    return Amends(open_unit(ctx, config))


def _offer(noun: _Noun) -> None:
    @billing.command(f"import-{noun.name}", help=f"Take {noun.what} over, known again by external_id.")
    def take(
        ctx: typer.Context,
        file: FileArgument,
        *,
        dry_run: DryRunOption = False,
        as_json: JsonOption = False,
        config: ConfigOption = None,
    ) -> None:
        from alerts.billing import amends_rows  # noqa: PLC0415

        over: Any = getattr(_open(ctx, config), noun.take)
        columns = getattr(amends_rows, noun.columns)
        take_file(file, columns, lambda rows: over(rows, is_dry_run=dry_run), kept=not dry_run, as_json=as_json)

    @billing.command(f"export-{noun.name}", help=f"Print {noun.what} as the CSV that can be taken over.")
    def export(ctx: typer.Context, *, config: ConfigOption = None) -> None:
        from alerts.billing import amends_rows  # noqa: PLC0415
        from alerts.errors import DeskError  # noqa: PLC0415
        from alerts.page import all_pages  # noqa: PLC0415

        with telling(DeskError):
            read: Any = getattr(_open(ctx, config), noun.read)
            write: Any = getattr(amends_rows, noun.write)
            hand_out(write(all_pages(lambda cursor: read(cursor=cursor))))


for _noun in NOUNS:
    _offer(_noun)
