"""``dead-letters``: messages that could not be accepted, and having them judged again."""

from __future__ import annotations

from typing import Annotated

import typer

from api.commands.inspecting import open_books
from api.commands.shape import ConfigOption, JsonOption, load_settings, open_unit, say, telling, write_line, write_table

dead_letters = typer.Typer(help="Messages that could not be accepted, and having them judged again.")

ReasonOption = Annotated[str | None, typer.Option("--reason", metavar="REASON", help="One reason only.")]


@dead_letters.callback(invoke_without_command=True)
def list_letters(
    ctx: typer.Context, *, reason: ReasonOption = None, as_json: JsonOption = False, config: ConfigOption = None
) -> None:
    """Messages that could not be accepted, each with its reason."""
    if ctx.invoked_subcommand is not None:
        return
    from ingest.books.books import BooksError  # noqa: PLC0415
    from ingest.wire.dead_letter import RefusalReason  # noqa: PLC0415

    _check(reason)
    wanted = None if reason is None else RefusalReason(reason)
    with telling(BooksError), open_books(ctx, config) as books:
        letters = books.dead_letters(reason=wanted)
        if as_json:
            for letter in letters:
                write_line({"number": letter.number, **letter.as_json()})
            return
        rows = [
            (letter.number, line["received_at"], line["reason"], line["topic"], line["detail"])
            for letter in letters
            for line in (letter.as_json(),)
        ]
        write_table(("number", "received_at", "reason", "topic", "detail"), rows)


@dead_letters.command()
def replay(
    ctx: typer.Context,
    numbers: Annotated[list[int] | None, typer.Argument(metavar="NUMBER...", min=1)] = None,
    *,
    reason: ReasonOption = None,
    config: ConfigOption = None,
) -> None:
    """Judge these again, or all of one reason, after what they were refused for was mended; the service does it."""
    from alerts.errors import DeskError  # noqa: PLC0415
    from api.service.replaying import replay_letters, replay_reason  # noqa: PLC0415
    from ingest.books.books import BooksError  # noqa: PLC0415
    from ingest.wire.dead_letter import RefusalReason  # noqa: PLC0415

    _check(reason)
    if bool(numbers) == (reason is not None):
        raise typer.BadParameter("give either numbers or --reason", param_hint="NUMBER")
    folder = load_settings(ctx, config).settings.data_dir
    with telling(DeskError, BooksError):
        unit = open_unit(ctx, config, is_for_looking=True)
        if reason is None:
            found = replay_letters(folder, unit, numbers or [])
        else:
            found = replay_reason(folder, unit, RefusalReason(reason))
    under_way = found.named - found.asked
    say(
        f"{found.asked} dead letters are judged again as soon as the service runs"
        + (f"; {under_way} were asked for before." if under_way else ".")
    )


def _check(reason: str | None) -> None:
    """Refuse a reason that there is not."""
    from ingest.wire.dead_letter import RefusalReason  # noqa: PLC0415

    if reason is not None and reason not in set(RefusalReason):
        raise typer.BadParameter(f"{reason!r} is none of {', '.join(RefusalReason)}", param_hint="--reason")
