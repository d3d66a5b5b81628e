"""``train``: what verdicts teach, as a fit with its card; ``train compare``: a candidate beside what is released."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from api.commands.shape import ConfigOption, JsonOption, load_settings, say, telling

train = typer.Typer(invoke_without_command=True)
FLEET = typer.Option("--fleet", metavar="DIR", help="A fleet folder; may be repeated.")


@train.callback()
def fit(
    ctx: typer.Context,
    *,
    fleet: Annotated[list[Path] | None, FLEET] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Where to write the fit and its card.")] = None,
    config: ConfigOption = None,
) -> None:
    """Learn probabilities from recorded fleets and what was found at their appliances (verdicts.csv)."""
    if ctx.invoked_subcommand is not None:
        return
    if not fleet or out is None:
        raise typer.BadParameter("give --fleet DIR, once or more, and --out DIR", param_hint="--fleet")
    _fit(ctx, fleet, out, config)


def _fit(ctx: typer.Context, fleet: list[Path], out: Path, config: Path | None) -> None:
    """Learn, write, and say what was not learned."""
    from detectors.learning.card import write_fit  # noqa: PLC0415
    from detectors.learning.cases import gathered  # noqa: PLC0415
    from detectors.learning.fit_file import FILE_NAME  # noqa: PLC0415
    from detectors.learning.training import trained  # noqa: PLC0415
    from ingest.profiles import ProfileError, load_profiles  # noqa: PLC0415
    from ingest.recordings.recording import RecordingError  # noqa: PLC0415

    settings = load_settings(ctx, config).settings
    with telling(RecordingError, ProfileError, OSError):
        cases = gathered(fleet, load_profiles(settings.profiles_dir), alarms_per_year=settings.alarms_per_year)
        made = trained(cases)
        version = write_fit(made, cases, out)
    for name, why in made.left_out.items():
        say(f"not learned: {name}: {why}")
    say(f"fit {version} from {len(cases.cases)} units of findings: {out / FILE_NAME}, its card beside it")


@train.command()
def compare(
    ctx: typer.Context,
    candidate: Annotated[Path, typer.Argument(metavar="FIT", help="The candidate's file.")],
    *,
    fleet: Annotated[list[Path], FLEET],
    released: Annotated[Path | None, typer.Option(metavar="FIT", help="What is released; else evidence alone.")] = None,
    release_to: Annotated[
        Path | None, typer.Option("--release-to", metavar="FILE", help="Copy the candidate there if the rule holds.")
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Hold a candidate against what is released on fleets that neither has seen; exits 1 where it is not to be released."""
    from detectors.learning.card import comparison_as_json, comparison_as_text  # noqa: PLC0415
    from detectors.learning.cases import gathered, hash_of  # noqa: PLC0415
    from detectors.learning.comparing import compared  # noqa: PLC0415
    from detectors.learning.fit_file import read_fit  # noqa: PLC0415
    from ingest.profiles import ProfileError, load_profiles  # noqa: PLC0415
    from ingest.recordings.recording import RecordingError  # noqa: PLC0415

    settings = load_settings(ctx, config).settings
    with telling(RecordingError, ProfileError, OSError):
        new, old = read_fit(candidate), None if released is None else read_fit(released)
        learned = {*new.fleets, *(() if old is None else old.fleets)}
        for one in fleet:
            if hash_of(one) in learned:
                raise RecordingError(f"{one} is a fleet that one of the fits was learned from; compare on others.")
        cases = gathered(fleet, load_profiles(settings.profiles_dir), alarms_per_year=settings.alarms_per_year)
        found = compared(cases, new, old)
        if found.is_released and release_to is not None:
            beside = release_to.with_name(release_to.name + ".new")
            beside.write_bytes(candidate.read_bytes())
            beside.replace(release_to)
    typer.echo(json.dumps(comparison_as_json(found)) if as_json else comparison_as_text(found))
    if not found.is_released:
        raise typer.Exit(1)
