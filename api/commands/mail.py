"""``mail-in``: one piece of mail on standard input, as a mail server's pipe hands it over."""

from __future__ import annotations

import sys

import typer

from api.commands.shape import ConfigOption, load_settings, open_sealed, say, telling

TRY_AGAIN = 75
"""What mail servers read as: keep it, and try again later (EX_TEMPFAIL)."""


def mail_in(ctx: typer.Context, *, config: ConfigOption = None) -> None:
    """Take one mail from standard input: a reply joins its ticket. Ends with 75 where it should come again later."""
    from alerts.errors import DeskError, UnavailableError  # noqa: PLC0415
    from alerts.letters.desk import Letters  # noqa: PLC0415
    from alerts.letters.parsing import LETTER_BYTES_MAX, parse  # noqa: PLC0415

    raw = sys.stdin.buffer.read(LETTER_BYTES_MAX)
    if not raw.strip():
        raise typer.BadParameter("there is no mail on standard input.")
    own = load_settings(ctx, config).settings.mail_reply_to
    with telling(DeskError):
        try:
            taken = Letters(open_sealed(ctx, config)).take(parse(raw, own=own))
        except UnavailableError as error:
            say(str(error))
            raise typer.Exit(TRY_AGAIN) from error
    typer.echo(taken.value)
