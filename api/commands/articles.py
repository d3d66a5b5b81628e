"""``articles``: what is known of fault modes, searched, and as CSV."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.files import DryRunOption, hand_out, take_file
from api.commands.shape import ConfigOption, JsonOption, load_kinds, open_unit, say, telling, write_rows

if TYPE_CHECKING:
    from alerts.knowledge.desk import Knowledge

articles = typer.Typer(no_args_is_help=True, help="Articles: what is known of fault modes, and what has helped.")


def _open(ctx: typer.Context, config: Path | None) -> Knowledge:
    from alerts.knowledge.desk import Knowledge  # noqa: PLC0415

    return Knowledge(open_unit(ctx, config), load_kinds(ctx, config))


@articles.command("list")
def list_articles(
    ctx: typer.Context,
    *,
    q: Annotated[str | None, typer.Option("--q", help="Words that all must be found in it.")] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Articles with their cases, the last made first."""
    from alerts.errors import DeskError  # noqa: PLC0415
    from alerts.knowledge.reading import ArticleFilter  # noqa: PLC0415

    with telling(DeskError):
        found = list(_open(ctx, config).all(ArticleFilter(q)))
    rows = [
        {
            "id": one.id,
            "kind": one.kind,
            "fault_mode": one.fault_mode,
            "model": one.model,
            "status": one.status.value,
            "version": one.version,
            "cases": one.cases.closed,
            "helps": "stopped" if one.cases.stopped_helping else None,
            "title": next(iter(one.text.title.values())),
        }
        for one in found
    ]
    columns = ("id", "kind", "fault_mode", "model", "status", "version", "cases", "helps", "title")
    write_rows(columns, rows, as_json=as_json)


@articles.command("import")
def import_articles(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV in UTF-8.")],
    *,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Take over articles: fault_mode, kind, model, owner, status, title_en, title_zh, body_en, body_zh, customer_en, customer_zh."""
    from alerts.knowledge.csv_rows import ARTICLES  # noqa: PLC0415

    desk = _open(ctx, config)
    take_file(file, ARTICLES, lambda lines: desk.take(lines, is_dry_run=dry_run), kept=not dry_run, as_json=as_json)


@articles.command("shipped")
def take_shipped(ctx: typer.Context, *, config: ConfigOption = None) -> None:
    """Take the shipped articles over that are not there yet; what somebody wrote is left alone."""
    from alerts.errors import DeskError  # noqa: PLC0415

    with telling(DeskError):
        made = _open(ctx, config).add_shipped()
    say(f"{len(made)} articles.")


@articles.command("export")
def export_articles(ctx: typer.Context, *, config: ConfigOption = None) -> None:
    """Print articles as the CSV that can be taken over."""
    from alerts.errors import DeskError  # noqa: PLC0415
    from alerts.knowledge.csv_rows import write_articles  # noqa: PLC0415
    from alerts.knowledge.reading import ArticleFilter  # noqa: PLC0415

    with telling(DeskError):
        hand_out(write_articles(_open(ctx, config).all(ArticleFilter())))
