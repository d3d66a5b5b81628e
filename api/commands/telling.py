"""``notices``: what others were not told, and another try."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.shape import ConfigOption, JsonOption, open_unit, say, telling, write_line, write_table

if TYPE_CHECKING:
    from pathlib import Path

    from alerts.notices.desk import Notices
    from alerts.notices.notice import Delivery

notices = typer.Typer(help="Notices that did not reach their receiver, and another try.")

PAGE = 500


def _open(ctx: typer.Context, config: Path | None) -> Notices:
    """The notices of the configured database, brought up to this version."""
    from alerts.notices.desk import Notices  # noqa: PLC0415

    return Notices(open_unit(ctx, config, is_for_looking=True))


@notices.callback(invoke_without_command=True)
def list_parked(ctx: typer.Context, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """List the notices that were given up, newest first; receivers that miss or are off are told on stderr."""
    if ctx.invoked_subcommand is not None:
        return
    from alerts.errors import DeskError  # noqa: PLC0415
    from alerts.notices.notice import DeliveryState  # noqa: PLC0415

    with telling(DeskError):
        desk = _open(ctx, config)
        parked: list[Delivery] = []
        cursor: str | None = None
        while True:
            page = desk.page(state=DeliveryState.PARKED, cursor=cursor, limit=PAGE)
            parked.extend(page.items)
            if (cursor := page.next) is None:
                break
        receivers, waiting = desk.receivers(), desk.counts()[DeliveryState.WAITING]
    for one in receivers:
        if one.off_since is not None:
            say(
                f"{one.name} is switched off since {one.off_since:%Y-%m-%d %H:%M} ({one.said}): retry one of its notices."
            )
        elif one.misses:
            say(f"{one.name} has missed {one.misses} times in a row ({one.said}).")
    say(f"{len(parked)} parked, {waiting} waiting." + (" Try one again: fettle notices retry ID" if parked else ""))
    if as_json:
        for delivery in parked:
            write_line(_as_json(delivery))
    elif parked:
        columns = ("id", "at", "type", "subject", "receiver", "tries", "last error")
        write_table(columns, [_row(delivery) for delivery in parked])


@notices.command()
def retry(
    ctx: typer.Context,
    number: Annotated[int, typer.Argument(metavar="ID", min=1)],
    *,
    config: ConfigOption = None,
) -> None:
    """Give a parked notice another day, beginning now; a receiver that was switched off is on again."""
    from alerts.errors import DeskError  # noqa: PLC0415

    with telling(DeskError):
        delivery = _open(ctx, config).retry(number)
    say(f"Notice {number} is on its way to {delivery.target} again.")


def _row(delivery: Delivery) -> tuple[object, ...]:
    notice = delivery.notice
    at = f"{notice.at:%Y-%m-%d %H:%M}"
    return (
        delivery.number, at, notice.type, notice.subject_id, delivery.target, delivery.attempts,
        delivery.last_error or "",
    )  # fmt: skip


def _as_json(delivery: Delivery) -> dict[str, object]:
    notice = delivery.notice
    return {
        "id": delivery.number,
        "notice_id": notice.id,
        "at": notice.at.isoformat(),
        "type": notice.type,
        "subject_id": notice.subject_id,
        "receiver": delivery.target,
        "attempts": delivery.attempts,
        "last_error": delivery.last_error,
    }
