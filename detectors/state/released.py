"""Rows of 0.1.0, which had no labels: their layouts, from the names that the profiles had then (``released_0_1_0.json``).

A row of that version is the plain bytes of each array, arrays in the order of their names, under a checksum of names, types and
shapes. Three arrays may be narrower, as they were at first.
"""

from __future__ import annotations

import zlib
from functools import lru_cache
from pathlib import Path

import msgspec
import numpy as np

from detectors.state.columns import Axis, Column, places
from detectors.state.layout import Layout

NAMES = Path(__file__).parent / "released_0_1_0.json"
NARROWER = {"aux": "f4", "count": "u2", "was_on": "?"}


class _Names(msgspec.Struct):
    """The names of one kind's profile, in its order."""

    metric: tuple[str, ...]
    feature: tuple[str, ...]
    value: tuple[str, ...]
    fault_mode: tuple[str, ...]
    signed: tuple[str, ...]
    rule: tuple[str, ...]
    mode: tuple[str, ...]


class _Array(msgspec.Struct, frozen=True):
    """An array of a row: the part that owns it now, its type, its axes, and the columns that it holds one after another."""

    part: str
    type: str
    axes: tuple[Axis, ...] = ()
    columns: tuple[str, ...] = ()
    leading: tuple[int, ...] = ()
    codes: Axis | None = None

    def shape(self) -> tuple[int, ...]:
        """Its shape for one appliance."""
        return (*self.leading, *(len(axis.labels) for axis in self.axes))


def row_layout(kind: str, number: int) -> Layout | None:
    """The layout of a kind's rows with this checksum; None for any other."""
    return next((layout for checksum, layout in _layouts(kind) if checksum == number), None)


@lru_cache(maxsize=1)
def fleet_layouts() -> dict[str, Layout]:
    """By kind: the layout of what belonged to no single appliance."""
    layouts = {}
    for kind, names in _names().items():
        feature, context = Axis("feature", names.feature), Axis("context", ("first", "second"))
        shapes = {
            "context": {
                "cross": (feature, context, context), "covariance": (feature, context), "weight": (feature,),
                "squares": (feature,),
            },
            "statistics": {
                "products": (feature, feature), "pairs": (feature, feature), "lagged": (feature,), "squares": (feature,),
            },
        }  # fmt: skip
        layouts[kind] = Layout.of(
            (part, 1, [Column(name, "f8", axes) for name, axes in arrays.items()]) for part, arrays in shapes.items()
        )
    return layouts


@lru_cache(maxsize=1)
def _names() -> dict[str, _Names]:
    return msgspec.json.decode(NAMES.read_bytes(), type=dict[str, _Names])


@lru_cache(maxsize=32)
def _layouts(kind: str) -> tuple[tuple[int, Layout], ...]:
    """(checksum, layout) of the rows of a kind, with arrays as wide as they became, and as they were at first."""
    names = _names().get(kind)
    if names is None:
        return ()
    arrays = _arrays(names)
    narrow = {name: msgspec.structs.replace(one, type=NARROWER.get(name, one.type)) for name, one in arrays.items()}
    return tuple((_checksum(one), _layout(one)) for one in (arrays, narrow))


def _checksum(arrays: dict[str, _Array]) -> int:
    text = ";".join(f"{name}:{np.dtype(one.type).str}:{one.shape()}" for name, one in sorted(arrays.items()))
    return zlib.crc32(text.encode())


def _layout(arrays: dict[str, _Array]) -> Layout:
    parts = []
    for name, one in sorted(arrays.items()):
        columns = [Column(column, one.type, one.axes, codes=one.codes) for column in one.columns or (name,)]
        parts.append((one.part, 1, columns))
    return Layout.of(parts)


def _arrays(names: _Names) -> dict[str, _Array]:
    """All arrays of 0.1.0 by their names then."""
    metric, feature, value = (Axis(n, getattr(names, n)) for n in ("metric", "feature", "value"))
    mode, signed = Axis("fault_mode", names.fault_mode), Axis("fault_mode", names.signed)
    named = Axis("fault_mode", names.fault_mode[: names.fault_mode.index("unknown") + 1])
    rule = Axis("rule", names.rule)
    fields = Axis("field", ("mean", "variance", "cusum_up", "cusum_down", "short", "last"))
    of, side, up = Axis("of", ("length", "power")), Axis("side", ("longer", "shorter")), Axis("side", ("up", "down"))
    usual = Axis("usual", ("length", "power", "length_width", "power_width", "longest"))
    reference = ("weight", "mean", "context", "second", "squares", "products", "variance")
    arrays = {
        "number": _Array("order", "u4"),
        "last_ts": _Array("order", "i8"),
        "previous_mode": _Array("order", "i1", columns=("last_mode",), codes=Axis("mode", names.mode)),
        "seen": _Array("point_bank", "u4"),
        "bank": _Array("point_bank", "f4", (fields, metric)),
        "data_faults": _Array("hygiene", "?", (Axis("data_fault", names.fault_mode[-5:-1]),)),
        "standing": _Array("standing", "u1", (mode,)),
        "raised": _Array("standing", "i8", (mode,)),
        "code_count": _Array("error_codes", "u1", (named,)),
        "code_last_s": _Array("error_codes", "u4", (named,)),
        "rows_seen": _Array("context", "u2"),
        "reference": _Array("context", "f4", (feature,), columns=reference, leading=(7,)),
        "ring": _Array("context", "f2", (places("row", 7), value)),
        "score": _Array("gone", "f4"),
        "run_raised": _Array("plug", "?", columns=("raised",)),
        "run_known": _Array("runs", "f2", (of, places("run", 32)), columns=("known",)),
        "run_usual": _Array("runs", "f4", (usual,), columns=("usual",)),
        "run_cusum": _Array("runs", "f4", (of, side), columns=("cusum",)),
        "run_z": _Array("runs", "f4", (of,), columns=("z",)),
        "slow_single": _Array("cusum", "f2", (up, feature)),
        "sum": _Array("units", "f8", (value,)),
        "aux": _Array("units", "f8", (value,)),
        "count": _Array("units", "u4", (value,)),
    }
    arrays |= _plain_arrays({"metric": metric, "feature": feature, "signed": signed, "rule": rule})
    return arrays


def _plain_arrays(axis: dict[str, Axis]) -> dict[str, _Array]:
    """Those that were one column each, under the name that the column still has."""
    metric, feature, signed, rule = ((axis[name],) for name in ("metric", "feature", "signed", "rule"))
    arrays: dict[str, _Array] = {}
    plain: tuple[tuple[str, str, tuple[Axis, ...], str], ...] = (
        ("hygiene", "u1", metric, "bad_run spike_count"),
        ("hygiene", "u2", metric, "same_run longest_run counted changed"),
        ("hygiene", "?", metric, "spike_pending"),
        ("hygiene", "u4", metric, "spike_since_s"),
        ("rules", "u4", rule, "beyond_since_s beyond_last_s"),
        ("units", "i8", (), "unit_key unit_start previous_ts last_on"),
        ("units", "u2", (), "unit_samples"),
        ("units", "f4", (), "unit_top on_reference"),
        ("units", "u1", (), "was_on"),
        ("cusum", "f2", feature, "z_before z_smooth"),
        ("cusum", "f4", signed, "slow_mode"),
        ("cusum", "f2", signed, "fast_before"),
        ("cusum", "u4", signed, "onset_mode"),
        ("cusum", "u4", feature, "onset_single"),
        ("predictions", "u1", (), "calm_rows doubtful_rows"),
        ("conditions", "u1", (), "health condition"),
    )
    for part, kind, axes, together in plain:
        arrays |= {name: _Array(part, kind, axes) for name in together.split()}
    for kind, together in (
        ("i8", "since on_ts ts kept_ts onset"),
        ("?", "whole"),
        ("f4", "energy usual_w observed_s"),
        ("u4", "count kept"),
    ):
        arrays |= {f"run_{name}": _Array("runs", kind, columns=(name,)) for name in together.split()}
    return arrays
