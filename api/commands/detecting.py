"""``backtest``: the live detectors over recorded readings, without looking ahead; ``evaluate``: findings against a truth."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.shape import (
    ConfigOption,
    DatesOption,
    DecimalOption,
    DropOption,
    EncodingOption,
    LongOption,
    MetricOption,
    MissingOption,
    TimeOption,
    ZoneOption,
    csv_options,
    doubt_about_kind,
    load_settings,
    read_files,
    say,
    telling,
)

if TYPE_CHECKING:
    from api.settings.settings import Settings
    from ingest.recordings.recording import CsvOptions


def backtest(
    ctx: typer.Context,
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE...", help="CSV files, one series in this order.")
    ] = None,
    *,
    kind: Annotated[str | None, typer.Option(metavar="K", help="Appliance kind of the files.")] = None,
    fleet: Annotated[Path | None, typer.Option(metavar="DIR", help="A fleet folder instead of files.")] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where to write what was found.")],
    calibrate: Annotated[
        int | None, typer.Option(metavar="ROWS", min=0, help="No alarm in the first so many rows.")
    ] = None,
    calibrate_until: Annotated[
        str | None, typer.Option("--calibrate-until", metavar="TIME", help="No alarm before this time.")
    ] = None,
    alarms_per_year: Annotated[
        float | None, typer.Option("--alarms-per-year", metavar="A", help="False alarms per appliance and year.")
    ] = None,
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
    """The live detectors over recorded readings, or over a fleet folder, without looking ahead."""
    loaded = load_settings(ctx, config, alarms_per_year=alarms_per_year)
    if (fleet is None) == (not files):
        raise typer.BadParameter("give either FILEs or --fleet DIR", param_hint="FILE...")
    if calibrate is not None and calibrate_until is not None:
        raise typer.BadParameter("give either --calibrate or --calibrate-until", param_hint="--calibrate")
    if fleet is not None:
        _backtest_fleet(fleet, out, loaded.settings)
        return
    if kind is None:
        raise typer.BadParameter("FILEs need --kind K (generic where no profile fits)", param_hint="--kind")
    options = csv_options(
        time=time, drop=drop, metric=metric, long=long, dates=dates,
        zone=zone, decimal=decimal, missing=missing, encoding=encoding,
    )  # fmt: skip
    quiet = Quiet(calibrate, None if calibrate_until is None else _moment(calibrate_until))
    _backtest_files(files or [], kind, out, options, quiet, loaded.settings)


def evaluate(
    *,
    fleet: Annotated[Path, typer.Option(metavar="DIR", help="A fleet folder with its truth/.")],
    findings: Annotated[Path, typer.Option(metavar="FILE", help="The findings.csv of a backtest over it.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")] = False,
) -> None:
    """Findings against a fleet's truth: early warnings, names, false alarms per sound year, beside what chance reaches."""
    from detectors.evaluation import figures  # noqa: PLC0415
    from detectors.evaluation.table import as_table  # noqa: PLC0415
    from ingest.recordings.recording import RecordingError  # noqa: PLC0415

    with telling(RecordingError):
        rows = figures.evaluate(fleet, findings)
    typer.echo(json.dumps(figures.as_json(rows)) if as_json else as_table(rows))


@dataclass(frozen=True, slots=True)
class Quiet:
    """How long no alarm is raised."""

    rows: int | None
    until_ms: int | None


def _backtest_files(
    files: list[Path], kind: str, out: Path, options: CsvOptions, quiet: Quiet, settings: Settings
) -> None:
    """Files as one series."""
    from detectors.backtest.recording import run_backtest, write_backtest  # noqa: PLC0415
    from ingest.profiles import ProfileError, load_profiles  # noqa: PLC0415
    from ingest.recordings.recording import RecordingError  # noqa: PLC0415

    recording = read_files(files, options)
    with telling(RecordingError, ProfileError):
        profiles = load_profiles(settings.profiles_dir)
        if doubt := doubt_about_kind(profiles, kind):
            say(doubt)
        result = run_backtest(
            recording,
            kind,
            profiles,
            calibrate_rows=quiet.rows,
            calibrate_until_ms=quiet.until_ms,
            alarms_per_year=settings.alarms_per_year,
        )
        write_backtest(result, recording, out)
    faults = f", and {result.data_faults} faults of the data" if result.data_faults else ""
    alarms, episodes = int(result.alarms.sum()), len(result.episodes)
    say(f"{len(recording)} rows, {alarms} of them alarms, in {episodes} episodes{faults}: {out}")


def _backtest_fleet(fleet: Path, out: Path, settings: Settings) -> None:
    """A fleet folder, peers and all."""
    from detectors.backtest.fleet import run_fleet_backtest, write_findings  # noqa: PLC0415
    from detectors.learning.fit_file import read_fits  # noqa: PLC0415
    from ingest.profiles import ProfileError, load_profiles  # noqa: PLC0415
    from ingest.recordings.recording import RecordingError  # noqa: PLC0415

    with telling(RecordingError, ProfileError):
        profiles = load_profiles(settings.profiles_dir)
        fits = read_fits(settings.fit_file)
        findings = run_fleet_backtest(fleet, profiles, alarms_per_year=settings.alarms_per_year, fits=fits)
        write_findings(findings, out)
    say(f"{len(findings.raised)} findings: {out / 'findings.csv'}")


def _moment(text: str) -> int:
    """A time of the command line in ms."""
    from ingest.recordings.recording import RecordingError  # noqa: PLC0415
    from ingest.recordings.times import parse_time  # noqa: PLC0415

    try:
        return parse_time(text)
    except (RecordingError, ValueError) as error:
        raise typer.BadParameter(f"{text!r} is no time; write one like 2026-01-31T12:00:00Z") from error
