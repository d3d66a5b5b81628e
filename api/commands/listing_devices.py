"""``devices``: what foreign devices said, and what of it was not read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from api.commands.shape import ConfigOption, JsonOption, load_settings, telling, write_line, write_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.wire.foreign.traces import Told

COLUMNS = ("device", "appliance", "messages", "readings", "not read", "why", "times", "said last")


def devices(ctx: typer.Context, *, as_json: JsonOption = False, config: ConfigOption = None) -> None:
    """Foreign devices that were heard, what of any appliance is not read, topics that no codec reads, rows that match nothing."""
    from ingest.wire.foreign.traces import FILE_NAME, read_told  # noqa: PLC0415

    loaded = load_settings(ctx, config)
    from ingest.wire.foreign.devices import DevicesError, load_devices  # noqa: PLC0415
    from ingest.wire.foreign.unheard import unheard_rows  # noqa: PLC0415

    with telling(OSError, DevicesError):
        told = read_told(loaded.settings.data_dir / FILE_NAME)
        file = loaded.settings.devices_file
        unheard = [] if file is None else unheard_rows(load_devices(file), told)
    if not as_json:
        rows = [(one.name, one.appliance_id, 0, 0, "", "only in the devices file", "", one.sentence) for one in unheard]
        write_table(COLUMNS, [*_rows(told), *rows])
        return
    from msgspec import to_builtins  # noqa: PLC0415

    for one in (*told.devices, *told.topics):
        write_line(to_builtins(one))
    for row in unheard:
        write_line({"name": row.name, "appliance_id": row.appliance_id, "unheard": row.sentence})


def _rows(told: Told) -> Iterator[tuple[object, ...]]:
    """A line for each device, for each thing of it that is not read, for each advice, and for each unread topic."""
    for one in told.devices:
        yield (one.name, one.appliance_id, one.messages, one.readings, "", "", "", "")
        for left_out in one.left_out:
            yield (one.name, "", "", "", left_out.what, left_out.reason, left_out.count, left_out.said)
        for sentence in one.advice:
            yield (one.name, "", "", "", "", "advice", "", sentence)
    for topic in told.topics:
        yield (topic.topic, "", topic.count, 0, "topic", "read by no codec", topic.count, topic.sentence)
