"""The command line: ``fettle COMMAND``.

Promises: 0 on success, 1 on failure, 2 on wrong use; one sentence on stderr that says what to do; data on stdout, talk
on stderr; never a traceback for bad input. Commands import what they need only when they run, so ``--help`` is quick.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from api.commands import (
    articles,
    auditing,
    billing,
    caring,
    customers,
    detecting,
    evidence,
    inspecting,
    listing_devices,
    looking,
    mail,
    measuring,
    people,
    recording,
    refusals,
    registering,
    repairs,
    ruling,
    running,
    silencing,
    stock,
    supposing,
    tasks,
    technicians,
    telling,
    tickets,
    training,
    visits,
)
from api.commands.shape import ConfigOption, Failure, say
from api.settings.masking import without_secrets

app = typer.Typer(
    name="fettle",
    help="Keeps connected home appliances in fine fettle: telemetry in, one repair ticket out, before anyone drives.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _tell_version(*, is_asked: bool) -> None:
    """Print the version of what is installed, and end."""
    if is_asked:
        from importlib.metadata import version  # noqa: PLC0415

        typer.echo(f"fettle {version('fettle')}")
        raise typer.Exit


@app.callback()
def options(
    *,
    config: ConfigOption = None,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=lambda asked: _tell_version(is_asked=asked), is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Keeps connected home appliances in fine fettle: telemetry in, one repair ticket out, before anyone drives."""
    del config, version  # the commands find the file in the context


app.command()(running.demo)
app.command()(running.serve)
for role in (running.ingest, running.detect, running.desk, running.api):
    app.command()(role)
app.command()(running.simulate)
app.command()(running.replay)
app.command()(detecting.backtest)
app.command()(detecting.evaluate)
app.add_typer(training.train, name="train")
app.command()(looking.status)
app.command()(looking.doctor)
app.command()(inspecting.settings)
app.command()(evidence.evidence)
app.command("what-if")(supposing.what_if)
app.command()(ruling.rules)
app.command()(inspecting.ledger)
app.add_typer(refusals.dead_letters, name="dead-letters")
app.command()(inspecting.migrate)
app.command()(listing_devices.devices)
app.command()(recording.inspect)
app.add_typer(people.users, name="users")
app.add_typer(registering.appliances, name="appliances")
app.add_typer(customers.customers, name="customers")
app.add_typer(technicians.technicians, name="technicians")
app.add_typer(billing.billing, name="billing")
app.add_typer(stock.stock, name="stock")
app.add_typer(tickets.tickets, name="tickets")
app.add_typer(visits.visits, name="visits")
app.add_typer(articles.articles, name="articles")
app.add_typer(repairs.repairs, name="repairs")
app.add_typer(tasks.tasks, name="tasks")
app.add_typer(caring.care, name="care")
app.add_typer(measuring.kpis, name="kpis")
app.add_typer(telling.notices, name="notices")
app.command("mail-in")(mail.mail_in)
app.add_typer(silencing.silences, name="silences")
app.add_typer(auditing.audit, name="audit")


def main() -> None:
    """Run the command line."""
    try:
        app()
    except Failure as failure:
        say(f"fettle: {without_secrets(str(failure))}")
        sys.exit(1)
