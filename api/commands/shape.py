"""What all commands share: the option for the settings file, and how an expected failure ends.

A failure is one sentence on stderr and exit code 1; wrong use is typer's own, exit code 2.
"""

from __future__ import annotations

import difflib
import json
import os
import random
import stat
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.settings.masking import keep_out, without_secrets

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from alerts.customers.sealed_unit import SealedUnit
    from alerts.database import UnitOfWork
    from api.settings.settings import Settings
    from api.settings.sources import Loaded
    from ingest.profiles.definition import Profile
    from ingest.recordings.recording import CsvOptions, Recording

ConfigOption = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Settings file (default: fettle.toml if there is one).")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object per line.")]
TimeOption = Annotated[
    str | None,
    typer.Option("--time", metavar="COLUMN", help="Time column (default: ts, timestamp, time, datetime or ctime)."),
]
DropOption = Annotated[list[str] | None, typer.Option("--drop", metavar="COLUMN", help="Leave a column out.")]
MetricOption = Annotated[
    list[str] | None, typer.Option("--metric", metavar="COLUMN=NAME", help="Call a column's metric NAME.")
]
LongOption = Annotated[
    str | None, typer.Option("--long", metavar="ENTITY,VALUE", help="One reading per row: these columns hold it.")
]
DatesOption = Annotated[
    str | None, typer.Option("--dates", metavar="dm|md", help="1/2/2026: day/month or month/day (default: as it fits).")
]
ZoneOption = Annotated[
    str,
    typer.Option("--zone", metavar="ZONE", help="Where times without a zone were taken, as Europe/Berlin or +01:00."),
]
DecimalOption = Annotated[
    str | None, typer.Option("--decimal", metavar=".|,", help="Decimal sign of the numbers (default: as it fits).")
]
MissingOption = Annotated[
    list[str] | None, typer.Option("--missing", metavar="WORD", help="A further word for 'not reported'.")
]
EncodingOption = Annotated[
    str | None, typer.Option("--encoding", metavar="NAME", help="Encoding of the files (default: UTF-8, or by mark).")
]


class Failure(Exception):  # noqa: N818  (it ends a command, it is no accident)
    """The command could not do its work; the sentence says why and what to do."""


@contextmanager
def telling(*errors: type[Exception]) -> Iterator[None]:
    """Turn the expected errors of a room, and those of the operating system, into a :class:`Failure`."""
    expected: tuple[type[Exception], ...] = (*errors, OSError)
    try:
        yield
    except BrokenPipeError:
        raise  # whoever read our output has enough; the framework ends the command without a word
    except expected as error:
        raise Failure(sentence(error)) from error


def sentence(error: Exception) -> str:
    """An error's text on one line."""
    if isinstance(error, OSError) and error.strerror:
        name = f"{error.filename}: " if error.filename else ""
        return f"{name}{error.strerror}."
    return without_secrets(" ".join(str(error).split())) or type(error).__name__


def load_settings(ctx: typer.Context, config: Path | None, **overrides: Any) -> Loaded:
    """The settings of file and environment; ``--config`` may stand before or behind the command."""
    from api.settings.sources import SettingsError, load  # noqa: PLC0415  (pydantic costs .4 s, and --help needs none of it)

    root: Any = ctx.find_root().params
    with telling(SettingsError):
        loaded = load(config or root.get("config"), **{k: v for k, v in overrides.items() if v is not None})
    keep_out(loaded.settings.secrets())
    return loaded


WHO = "command line"
"""Who acts where somebody types a command."""


def keep_to_ourselves() -> None:
    """Let every file and folder that this process makes from now on be for its own user only, as the data folder's are."""
    os.umask(stat.S_IRWXG | stat.S_IRWXO)


def need_data(settings: Settings) -> None:
    """Raise :class:`Failure` where nothing has been kept yet, for commands that only look: a mistyped folder isn't made."""
    if not settings.has_desk:
        raise Failure(
            f"There is nothing in {settings.data_dir} yet: `fettle serve` fills it, or FETTLE_DATA_DIR names another folder."
        )


def open_unit(ctx: typer.Context, config: Path | None, *, is_for_looking: bool = False) -> UnitOfWork:
    """The configured database of the desk, brought up to this version; one to be looked at must be there."""
    settings = load_settings(ctx, config).settings
    if is_for_looking:
        need_data(settings)
    keep_to_ourselves()
    from alerts.database import UnitOfWork  # noqa: PLC0415
    from alerts.errors import InvalidError  # noqa: PLC0415
    from alerts.rules.reading import load_rules  # noqa: PLC0415
    from api.service.desk_database import open_desk_database  # noqa: PLC0415
    from ingest.clock import SystemClock  # noqa: PLC0415

    with telling(InvalidError):
        rules = load_rules(settings.rules_file)
    return UnitOfWork(open_desk_database(settings), SystemClock(), random.SystemRandom(), WHO, rules)


def open_sealed(ctx: typer.Context, config: Path | None) -> SealedUnit:
    """The same database with the keys that contacts are sealed by."""
    from alerts.customers.sealed_unit import SealedUnit  # noqa: PLC0415
    from api.service.contact_keys import contact_keys  # noqa: PLC0415

    return SealedUnit(open_unit(ctx, config), contact_keys(load_settings(ctx, config).settings))


def load_kinds(ctx: typer.Context, config: Path | None) -> Mapping[str, Profile]:
    """The appliance kinds of this installation, those of its own folder among them."""
    from ingest.profiles import ProfileError, load_profiles  # noqa: PLC0415

    with telling(ProfileError):
        return load_profiles(load_settings(ctx, config).settings.profiles_dir)


def doubt_about_kind(profiles: Collection[str], kind: str) -> str | None:
    """What is to be said of a kind without profile, ``generic`` aside; None about one that has one.

    >>> doubt_about_kind(["oven"], "owen")
    "There is no profile of the kind 'owen': it is handled as generic, without named faults. Did you mean oven?"
    """
    if kind in profiles or kind == "generic":
        return None
    near = difflib.get_close_matches(kind, sorted(profiles), n=1)
    meant = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(sorted(profiles))}."
    return f"There is no profile of the kind {kind!r}: it is handled as generic, without named faults. {meant}"


def say(text: str) -> None:
    """Talk, on stderr."""
    typer.echo(text, err=True)


def write_line(row: object) -> None:
    """One JSON object on one line of stdout."""
    sys.stdout.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")


def renames(pairs: list[str] | None) -> dict[str, str]:
    """``COLUMN=NAME`` words as a mapping; wrong use where one has no equals sign."""
    mapping = {}
    for pair in pairs or ():
        column, equals, name = pair.rpartition("=")
        if not equals or not column or not name:
            raise typer.BadParameter(f"{pair!r} is not COLUMN=NAME", param_hint="--metric")
        mapping[column] = name
    return mapping


def csv_options(
    *,
    time: str | None,
    drop: list[str] | None,
    metric: list[str] | None,
    long: str | None,
    dates: str | None,
    zone: str,
    decimal: str | None,
    missing: list[str] | None,
    encoding: str | None,
) -> CsvOptions:
    """The words of the command line on how to read recorded readings; wrong use where one makes no sense."""
    if dates not in {None, "dm", "md"}:
        raise typer.BadParameter(f"{dates!r} is neither dm nor md", param_hint="--dates")
    if decimal not in {None, ".", ","}:
        raise typer.BadParameter(f"{decimal!r} is neither . nor ,", param_hint="--decimal")
    columns = tuple(name.strip() for name in long.rsplit(",", 1)) if long else None
    if columns is not None and (len(columns) != 2 or not all(columns)):
        raise typer.BadParameter(f"{long!r} is not ENTITY,VALUE", param_hint="--long")
    names = renames(metric)
    from ingest.recordings.recording import CsvOptions  # noqa: PLC0415  (arrays cost .1 s, and --help needs none)

    return CsvOptions(
        time=time,
        drop=tuple(drop or ()),
        names=names,
        long=(columns[0], columns[1]) if columns else None,
        day_first=None if dates is None else dates == "dm",
        zone=zone,
        decimal=decimal,
        missing=tuple(missing or ()),
        encoding=encoding,
    )


def read_files(files: list[Path], options: CsvOptions) -> Recording:
    """Recorded readings; what was left out or guessed is said."""
    from ingest.recordings.reading import read_recording  # noqa: PLC0415
    from ingest.recordings.recording import RecordingError  # noqa: PLC0415

    with telling(RecordingError):
        recording = read_recording(files, options)
    for note in recording.notes:
        say(note)
    if recording.left_out:
        say(f"Left out: {', '.join(recording.left_out)}.")
    return recording


def write_rows(columns: Sequence[str], rows: Sequence[Mapping[str, object]], *, as_json: bool) -> None:
    """Each row whole as JSON, or these columns of them as a table, in which nothing is blank."""
    if as_json:
        for row in rows:
            write_line(row)
        return
    write_table(columns, [["" if row[name] is None else row[name] for name in columns] for row in rows])


def write_table(titles: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Rows under titles, in columns as wide as needed, on stdout."""
    texts = [[str(cell) for cell in row] for row in (titles, *rows)]
    widths = [max(len(row[column]) for row in texts) for column in range(len(titles))]
    for row in texts:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(line.rstrip() + "\n")
