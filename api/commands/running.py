"""``demo``, ``serve``, ``simulate``, ``replay``: the commands that run until they are done or stopped."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

from api.commands.shape import (
    ConfigOption,
    DatesOption,
    DecimalOption,
    DropOption,
    EncodingOption,
    Failure,
    LongOption,
    MetricOption,
    MissingOption,
    TimeOption,
    ZoneOption,
    csv_options,
    keep_to_ourselves,
    load_settings,
    say,
    telling,
)


def demo(
    *,
    appliances: Annotated[int, typer.Option(min=1, max=100_000, help="How many appliances.")] = 200,
    speed: Annotated[float, typer.Option(min=1, help="How many times faster than life time runs.")] = 600,
    duration_s: Annotated[
        float | None, typer.Option("--for", min=1, metavar="SECONDS", help="End by itself after this long a live part.")
    ] = None,
    summary: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the summary there.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same fleet.")] = 1,
) -> None:
    """Everything in one process on embedded parts, with a simulated fleet."""
    from api.demo.demo import run_demo  # noqa: PLC0415
    from api.service import log_setup  # noqa: PLC0415

    keep_to_ourselves()
    log_setup.configure("auto", level=logging.WARNING)  # people watch a line of progress here
    with telling():
        code = run_demo(appliances=appliances, speed=speed, duration_s=duration_s, summary=summary, seed=seed)
    raise typer.Exit(code or 0)


def serve(
    ctx: typer.Context,
    *,
    embedded_broker: Annotated[
        bool,
        typer.Option("--embedded-broker", help="For a try-out: start a broker on loopback, open to this machine."),
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Everything in one process on the configured parts."""
    loaded = load_settings(ctx, config)
    from api.service import log_setup  # noqa: PLC0415
    from api.service.service import Service, ServiceError, run_until_signal  # noqa: PLC0415

    keep_to_ourselves()
    log_setup.configure(loaded.settings.log_format)
    with telling(ServiceError):
        if not embedded_broker:
            run_until_signal(Service(loaded.settings))
            return
        from api.service.tryout import service_with_broker  # noqa: PLC0415  (the broker's library is not always needed)

        with service_with_broker(loaded.settings) as (service, broker):
            say(f"Broker    {broker.old_url()} (MQTT 3.1.1), {broker.url()} (MQTT 5); for a try-out only.")
            run_until_signal(service)


def ingest(ctx: typer.Context, config: ConfigOption = None) -> None:
    """One role alone: broker to journal, admission and store."""
    _run_role(ctx, config, "ingest")


def detect(ctx: typer.Context, config: ConfigOption = None) -> None:
    """One role alone: the detectors."""
    _run_role(ctx, config, "detect")


def desk(ctx: typer.Context, config: ConfigOption = None) -> None:
    """One role alone: directory, timers and notices."""
    _run_role(ctx, config, "desk")


def api(ctx: typer.Context, config: ConfigOption = None) -> None:
    """One role alone: HTTP and console."""
    _run_role(ctx, config, "api")


def _run_role(ctx: typer.Context, config: Path | None, name: str) -> None:
    """Run one role until a signal."""
    loaded = load_settings(ctx, config)
    from api.service import log_setup  # noqa: PLC0415
    from api.service.role import ServiceRole  # noqa: PLC0415
    from api.service.service import Service, ServiceError, run_until_signal  # noqa: PLC0415

    keep_to_ourselves()
    log_setup.configure(loaded.settings.log_format)
    with telling(ServiceError):
        run_until_signal(Service(loaded.settings, roles=(ServiceRole(name),)))


def simulate(
    ctx: typer.Context,
    *,
    fleet: Annotated[
        str, typer.Option(metavar="NAME|FILE", help="demo, household, easy, hard, wild, or a fleet file.")
    ] = "household",
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same fleet.")] = 1,
    days: Annotated[float, typer.Option(min=0, help="Begin this many days before now; --out: fill so many.")] = 0,
    appliances: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many appliances.")] = 200,
    speed: Annotated[float, typer.Option(min=0, help="How fast the past is caught up; 0 = as fast as taken.")] = 0,
    start: Annotated[str | None, typer.Option(metavar="TIME", help="Begin then instead (RFC 3339).")] = None,
    credentials: Annotated[Path | None, typer.Option(metavar="FILE", help="CSV of id,password for the broker.")] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write a fleet folder instead of speaking to a broker.")
    ] = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="Only what sensors read, nothing that appliances compute.")
    ] = False,
    desk: Annotated[
        bool, typer.Option("--desk", help="The after-sales world, worked by the desk and by naive rules; no broker.")
    ] = False,
    worlds: Annotated[int, typer.Option(min=1, max=100, help="--desk: this many, of the seed and those after it.")] = 3,
    config: ConfigOption = None,
) -> None:
    """A simulated fleet against any broker, or into a fleet folder; or people, to try the desk on."""
    if desk:
        from api.commands.trying_the_desk import run_desk_trial  # noqa: PLC0415

        run_desk_trial(seed=seed, days=days, worlds=worlds)
        return
    loaded = load_settings(ctx, config)
    from api.commands.simulate import run_simulate  # noqa: PLC0415
    from ingest.profiles import ProfileError  # noqa: PLC0415

    with telling(ValueError, ProfileError):
        run_simulate(
            fleet=fleet,
            seed=seed,
            days=days,
            appliances=appliances,
            speed=speed,
            start=start,
            credentials=credentials,
            out=out,
            settings=loaded.settings,
            is_raw=raw,
        )


def replay(
    ctx: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="CSV files, one series in this order.")],
    *,
    kind: Annotated[str, typer.Option(metavar="K", help="Appliance kind.")],
    appliance_id: Annotated[str, typer.Option("--id", metavar="ID", help="The appliance that speaks.")],
    speed: Annotated[float, typer.Option(min=0, help="Times faster than recorded; 0 = as fast as acknowledged.")] = 0,
    original_times: Annotated[bool, typer.Option("--original-times", help="Leave the times as recorded.")] = False,
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
    """Recorded readings, published over MQTT as an appliance would."""
    loaded = load_settings(ctx, config)
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
    _refuse_missing(files)
    from api.commands.replay import run_replay  # noqa: PLC0415

    with telling(ValueError):
        run_replay(
            files=files,
            kind=kind,
            appliance_id=appliance_id,
            speed=speed,
            original_times=original_times,
            options=options,
            settings=loaded.settings,
        )


def _refuse_missing(files: list[Path]) -> None:
    """Say which file is not there before anything is opened."""
    for file in files:
        if not file.is_file():
            raise Failure(f"{file} is no file; give CSV files of recorded readings.")
