"""Packing: one appliance without a profile ↔ the bytes of its row in a checkpoint."""

from __future__ import annotations

import io
from typing import Any

import msgspec
import numpy as np

from detectors.series.channels import CHANNELS, HOURS, NUMBERS
from detectors.series.standing import Standing
from detectors.state import checkpoint
from detectors.state.checkpoint import Packed

VERSION = 2
"""Grows with every change of what a series keeps."""
_STANDING = (
    "last_ts", "interval_s", "raised_ms", "since_ms", "calm_rows", "stood_rows", "quiet_rows", "told", "stricter", "is_by_window", "said", "score",
    "odd", "data_raised", "data_told", "data_raised_ms",
)  # fmt: skip


def pack(kind: str, one: Standing) -> bytes:
    """One appliance as bytes: head and arrays, the size of the head in place of a layout's number."""
    scorer = one.scorer
    window, arrays = scorer.window.plain()
    plain = {
        "version": VERSION,
        "numbers": {key: getattr(one, key) for key in _STANDING},
        "names": scorer.names,
        "rows_seen": scorer.rows_seen,
        "told": scorer.told,
        "window": window,
    }
    buffer = io.BytesIO()
    named: dict[str, Any] = {f"tails/{key}": array for key, array in scorer.tails.items()}
    named |= {f"window/{key}": array for key, array in arrays.items()}
    np.savez(
        buffer,
        series=np.array(scorer.numbers, float).reshape(-1, len(NUMBERS)),
        hours=np.array(scorer.hours, float).reshape(-1, HOURS),
        **named,
    )
    head = msgspec.msgpack.encode(plain)
    return checkpoint.head(checkpoint.SERIES, len(head), kind) + head + buffer.getvalue()


def unpacked(group: Packed, body: bytes, learn_rows: int) -> Standing | None:
    """The appliance of a packed row of ``group``; None where the bytes are none of a series.

    Of a row of another version the series is learned anew, and what stands stands on.
    """
    if group.form not in (checkpoint.FIRST, checkpoint.SERIES):
        return None
    try:
        plain = msgspec.msgpack.decode(body[: group.number], type=dict[str, Any])
    except msgspec.MsgspecError:
        return None
    one = Standing(learn_rows)
    numbers = plain.get("numbers", {})
    for key in _STANDING:
        setattr(one, key, numbers.get(key, getattr(one, key)))
    if plain.get("version") != VERSION:
        return one
    with np.load(io.BytesIO(body[group.number :]), allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    if arrays["tails/counts"].shape[1] != len(CHANNELS):
        return one
    scorer = one.scorer
    scorer.names, scorer.rows_seen, scorer.told = plain["names"], plain["rows_seen"], plain["told"]
    scorer.numbers, scorer.hours = arrays["series"].tolist(), arrays["hours"].tolist()
    scorer.tails = {key.removeprefix("tails/"): array for key, array in arrays.items() if key.startswith("tails/")}
    mine = {key.removeprefix("window/"): array for key, array in arrays.items() if key.startswith("window/")}
    scorer.window.take(plain["window"], mine)
    return one
