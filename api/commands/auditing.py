"""``audit``: whether what was written down of who did what is whole."""

from __future__ import annotations

import typer

from api.commands.shape import ConfigOption, Failure, open_unit, say, telling

audit = typer.Typer(no_args_is_help=True, help="Who did what, when: is the record whole?")


@audit.callback()
def about() -> None:
    """Who did what, when: is the record whole?"""


@audit.command()
def verify(ctx: typer.Context, *, config: ConfigOption = None) -> None:
    """Check that no entry of the audit was changed, removed from the middle, or put in later."""
    from alerts.audit.desk import Audit  # noqa: PLC0415
    from alerts.errors import DeskError  # noqa: PLC0415

    with telling(DeskError):
        bad = Audit(open_unit(ctx, config, is_for_looking=True)).verify()
    if bad is not None:
        raise Failure(f"entry {bad} of the audit does not fit the one before it: it, or what stood there, was changed.")
    say("Every entry of the audit fits the one before it.")
