"""``notices``: what others were not told, and another try."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.shape import ConfigOption, JsonOption, open_unit, say, telling, write_line, write_table

if TYPE_CHECKING:
    from alerts.notices.desk import Notices
    from alerts.notices.notice import Delivery
    from alerts.subscriptions.dry_run import Told

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


@notices.command("dry-run")
def dry_run(
    ctx: typer.Context,
    *,
    rules: Annotated[
        Path | None, typer.Option("--rules", metavar="FILE", help="These rules, in place of those in force.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=365, help="The notices of so many days.")] = 7,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Who would have been told of the last days' notices, and how often; nothing is sent."""
    from dataclasses import asdict  # noqa: PLC0415
    from datetime import timedelta  # noqa: PLC0415

    from alerts.errors import DeskError  # noqa: PLC0415
    from alerts.rules.reading import load_rules  # noqa: PLC0415
    from alerts.subscriptions.desk import Subscriptions  # noqa: PLC0415

    with telling(DeskError):
        tried = None if rules is None else load_rules(rules)
        found = Subscriptions(open_unit(ctx, config)).try_rules(tried, over=timedelta(days=days))
    say(f"{found.notices} notices in {days} days, {found.untold} of them would reach nobody.")
    for one in found.people if as_json else ():
        write_line(json.loads(json.dumps(asdict(one), default=lambda moment: moment.isoformat())))
    if not as_json and found.people:
        rows = [(one.person, one.message_count, one.notices, _first(one)) for one in found.people]
        write_table(("person", "messages", "notices", "first"), rows)


def _first(told: Told) -> str:
    return f"{told.messages[0].at:%Y-%m-%d %H:%M}" if told.messages else ""


@notices.command("retry-parked")
def retry_parked(
    ctx: typer.Context,
    *,
    receiver: Annotated[str | None, typer.Option(metavar="NAME", help="Of this receiver alone.")] = None,
    config: ConfigOption = None,
) -> None:
    """Give all parked notices another day, beginning now."""
    from alerts.errors import DeskError  # noqa: PLC0415

    with telling(DeskError):
        count = _open(ctx, config).retry_parked(receiver=receiver)
    say(f"{count} notices are on their way again.")


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
