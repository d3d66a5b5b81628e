"""``inspect``: what would be read from recorded readings, before anything is done with them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from api.commands.shape import (
    ConfigOption,
    DatesOption,
    DecimalOption,
    DropOption,
    EncodingOption,
    JsonOption,
    LongOption,
    MetricOption,
    MissingOption,
    TimeOption,
    ZoneOption,
    csv_options,
    load_settings,
    read_files,
    say,
    telling,
    write_line,
    write_table,
)

METRIC_COLUMNS = ("metric", "column", "unit", "readings", "not_reported", "impossible", "min", "median", "max")


def inspect(
    ctx: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files, one series in this order.")],
    *,
    as_json: JsonOption = False,
    time: TimeOption = None,
    drop: DropOption = None,
    metric: MetricOption = None,
    long: LongOption = None,
    dates: DatesOption = None,
    zone: ZoneOption = "UTC",
    decimal: DecimalOption = None,
    missing: MissingOption = None,
    encoding: EncodingOption = None,
    config: ConfigOption = None,
) -> None:
    """What would be read from files: metrics, units, times, gaps, first rows, and the kind that fits."""
    settings = load_settings(ctx, config).settings
    options = csv_options(
        time=time,
        drop=drop,
        metric=metric,
        long=long,
        dates=dates,
        zone=zone,
        decimal=decimal,
        missing=missing,
        encoding=encoding,
    )
    recording = read_files(files, options)
    from ingest.profiles import ProfileError, load_profiles  # noqa: PLC0415
    from ingest.recordings.inspection import inspect_recording  # noqa: PLC0415

    with telling(ProfileError):
        profiles = load_profiles(settings.profiles_dir)
    told = inspect_recording(recording, profiles, zone=zone)
    if as_json:
        write_line(told)
    else:
        _write(told)


def _write(told: dict[str, Any]) -> None:
    """For people: the metrics as a table, the first rows as another."""
    write_table(METRIC_COLUMNS, [[_cell(one[name]) for name in METRIC_COLUMNS] for one in told["metrics"]])
    typer.echo()
    names = [one["metric"] for one in told["metrics"]]
    rows = [
        [row["written"], row["ts"], *(_cell(row["metrics"].get(name)) for name in names)] for row in told["first_rows"]
    ]
    write_table(("written", "ts", *names), rows)
    typer.echo()
    typer.echo(
        f"{told['samples']} samples from {told['first']} to {told['last']}, usually every {told['interval_s']:g} s"
    )
    typer.echo(f"time zone: {told['zone']}")
    for gap in told["longest_gaps"]:
        typer.echo(f"gap: {gap['start']} to {gap['end']}")
    if told["gaps"] > len(told["longest_gaps"]):
        typer.echo(f"and {told['gaps'] - len(told['longest_gaps'])} shorter gaps")
    if told["back_in_time"]:
        typer.echo(f"time goes back {told['back_in_time']} times")
    if told["modes"]:
        typer.echo(f"modes: {', '.join(told['modes'][:20])}")
    if told["cycles"]:
        typer.echo(f"cycles: {told['cycles']}")
    for sentence in told["doubts"]:
        typer.echo(sentence)
    typer.echo(f"kind: {told['kind']}")
    say("Nothing was stored; fettle backtest and fettle replay read the files in this way.")


def _cell(value: object) -> str:
    """A number short enough to read, a dash for nothing."""
    if value is None or value == "":
        return "-"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
