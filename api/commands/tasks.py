"""``tasks``: what other departments are asked to do for a ticket."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.shape import ConfigOption, JsonOption, open_unit, say, telling, write_rows

if TYPE_CHECKING:
    from alerts.tasks.desk import Tasks

tasks = typer.Typer(no_args_is_help=True, help="Tasks: what other departments are asked to do for a ticket.")
COLUMNS = ("id", "ticket", "department", "state", "asked_by", "due_at", "text", "answer")


def _open(ctx: typer.Context, config: Path | None) -> Tasks:
    from alerts.tasks.desk import Tasks  # noqa: PLC0415

    return Tasks(open_unit(ctx, config))


@tasks.command("list")
def list_tasks(
    ctx: typer.Context,
    *,
    department: Annotated[str | None, typer.Option("--department", help="Only of this one.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Answered ones too.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Open tasks, the newest first."""
    from alerts.errors import DeskError  # noqa: PLC0415
    from alerts.page import all_pages  # noqa: PLC0415
    from alerts.tasks.task import TaskState  # noqa: PLC0415

    state = None if everything else TaskState.OPEN
    with telling(DeskError):
        desk = _open(ctx, config)
        found = list(all_pages(lambda cursor: desk.page(department=department, state=state, cursor=cursor)))
    rows = [
        {
            "id": one.id,
            "ticket": one.ticket_number,
            "department": one.department,
            "state": one.state.value,
            "asked_by": one.asked_by,
            "due_at": "" if one.due_at is None else one.due_at.isoformat(),
            "text": one.text,
            "answer": one.answer or "",
        }
        for one in found
    ]
    write_rows(COLUMNS, rows, as_json=as_json)


@tasks.command()
def ask(
    ctx: typer.Context,
    ticket: Annotated[str, typer.Argument(metavar="TICKET", help="Its id or number.")],
    department: Annotated[str, typer.Argument(metavar="DEPARTMENT")],
    text: Annotated[str, typer.Argument(metavar="TEXT")],
    *,
    config: ConfigOption = None,
) -> None:
    """Ask a department for something on a ticket."""
    from alerts.errors import DeskError  # noqa: PLC0415
    from alerts.tasks.task import NewTask  # noqa: PLC0415

    with telling(DeskError):
        made = _open(ctx, config).ask(ticket, NewTask(department, text))
    say(f"Task {made.id} for {made.department}, on ticket {made.ticket_number}.")


@tasks.command()
def answer(
    ctx: typer.Context,
    task_id: Annotated[str, typer.Argument(metavar="TASK")],
    text: Annotated[str | None, typer.Argument(metavar="TEXT")] = None,
    *,
    decline: Annotated[bool, typer.Option("--decline", help="It won't be done.")] = False,
    config: ConfigOption = None,
) -> None:
    """Say that a task is done, or that it won't be."""
    from alerts.errors import DeskError  # noqa: PLC0415
    from alerts.tasks.task import TaskStep  # noqa: PLC0415

    with telling(DeskError):
        found = _open(ctx, config).answer(task_id, TaskStep.DECLINE if decline else TaskStep.DO, text)
    say(f"Task {found.id} is {found.state.value}.")
