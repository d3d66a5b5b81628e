"""The file of a fit: one ``.npz`` of plain arrays with a header of JSON; reading it runs nothing that it holds (no pickle).

Members: ``header`` (JSON in UTF-8: schema, names of modes and inputs, counts), and arrays by ``PART/NAME``. A forecast ``PART`` has its
trees as ``roots, feature, threshold, missing_left, left, right, is_leaf, value`` (a place per node, all trees behind each other; ``base``
stands in the header) and its steps as ``x, y``; ``others`` has steps alone; ``edges/INPUT`` and ``shares/INPUT`` say what the
inputs were like. The version of a fit is the beginning of the file's SHA-256.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.layering.fits import DEPTH_MAX, Fit, Fits, Forecast, Steps, Trees
from ingest.recordings.recording import RecordingError

SCHEMA = 1
FILE_NAME = "fit.npz"
TREE_ARRAYS = ("roots", "feature", "threshold", "missing_left", "left", "right", "is_leaf", "value")
VERSION_DIGITS = 12
BYTES_MAX = 64 * 1024 * 1024

Arrays = dict[str, NDArray[Any]]


class FitError(RecordingError):
    """A file that is no fit that this version can use."""


def packed(fit: Fit) -> bytes:
    """The bytes of a fit's file; equal fits have equal bytes."""
    arrays: Arrays = {}
    header: dict[str, Any] = {
        "schema": SCHEMA, "forecasts": {}, "quiet_30d": fit.quiet_30d, "fleets": list(fit.fleets),
    }  # fmt: skip
    forecasts = {f"mode/{name}": one for name, one in fit.modes.items()}
    if fit.failing is not None:
        forecasts["failing"] = fit.failing
    for part, one in sorted(forecasts.items()):
        header["forecasts"][part] = {"inputs": list(one.trees.inputs), "base": one.trees.base}
        arrays |= {f"{part}/{name}": getattr(one.trees, name) for name in TREE_ARRAYS}
        arrays |= {f"{part}/x": one.steps.x, f"{part}/y": one.steps.y}
    if fit.others is not None:
        arrays |= {"others/x": fit.others.x, "others/y": fit.others.y}
    arrays |= {f"edges/{name}": one for name, one in fit.edges.items()}
    arrays |= {f"shares/{name}": one for name, one in fit.shares.items()}
    text = json.dumps(header, sort_keys=True).encode()
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, header=np.frombuffer(text, np.uint8), **arrays)
    return buffer.getvalue()


def version_of(content: bytes) -> str:
    """The version of a fit by its file's content."""
    return hashlib.sha256(content).hexdigest()[:VERSION_DIGITS]


def read_fit(file: Path) -> Fit:
    """A fit; raises :class:`FitError` where the file isn't one."""
    try:
        if file.stat().st_size > BYTES_MAX:
            raise FitError(f"{file} is larger than {BYTES_MAX >> 20} MiB; no fit is.")
        content = file.read_bytes()
    except OSError as error:
        raise FitError(f"{file} can't be read: {error.strerror}.") from error
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as opened:
            arrays = {name: opened[name] for name in opened.files}
        return _unpacked(arrays, version_of(content))
    except (ValueError, KeyError, TypeError, OSError, EOFError, zipfile.BadZipFile, UnicodeDecodeError) as error:
        raise FitError(f"{file} is no fit of `fettle train`: {error}.") from error


def read_fits(released: Path | None, candidate: Path | None = None) -> Fits:
    """The fits of a service; None for a file that isn't set."""
    return Fits(*(None if file is None else read_fit(file) for file in (released, candidate)))


def _unpacked(arrays: Mapping[str, NDArray[Any]], version: str) -> Fit:
    """The fit of a file's arrays."""
    header = json.loads(arrays["header"].tobytes().decode())
    if header["schema"] != SCHEMA:
        raise ValueError(f"its schema is {header['schema']}, and {SCHEMA} is known")
    forecasts = {part: _forecast(arrays, part, one) for part, one in header["forecasts"].items()}
    return Fit(
        version,
        {part.removeprefix("mode/"): one for part, one in forecasts.items() if part.startswith("mode/")},
        _steps(arrays, "others") if "others/x" in arrays else None,
        forecasts.get("failing"),
        float(header["quiet_30d"]),
        tuple(map(str, header["fleets"])),
        {name.removeprefix("edges/"): one for name, one in arrays.items() if name.startswith("edges/")},
        {name.removeprefix("shares/"): one for name, one in arrays.items() if name.startswith("shares/")},
    )


def _forecast(arrays: Mapping[str, NDArray[Any]], part: str, about: Mapping[str, Any]) -> Forecast:
    """One forecast; what would lead a tree out of its nodes, or round in circles, is refused."""
    inputs = tuple(map(str, about["inputs"]))
    of = {name: arrays[f"{part}/{name}"] for name in TREE_ARRAYS}
    trees = Trees(inputs=inputs, base=float(about["base"]), **of)
    nodes = len(trees.feature)
    each = (trees.threshold, trees.missing_left, trees.left, trees.right, trees.is_leaf, trees.value)
    if any(one.shape != (nodes,) for one in each):
        raise ValueError(f"the trees of {part} have arrays of different lengths")
    for places, count in (
        (trees.roots, nodes),
        (trees.left, nodes),
        (trees.right, nodes),
        (trees.feature, len(inputs)),
    ):
        if places.dtype.kind not in "iu" or (len(places) and not 0 <= places.min() <= places.max() < count):
            raise ValueError(f"the trees of {part} lead to places that are not there")
    inner = np.flatnonzero(~trees.is_leaf)
    if (np.minimum(trees.left[inner], trees.right[inner]) <= inner).any() or nodes > DEPTH_MAX * 10_000:
        raise ValueError(f"the trees of {part} lead back to themselves")
    return Forecast(trees, _steps(arrays, part))


def _steps(arrays: Mapping[str, NDArray[Any]], part: str) -> Steps:
    """Steps that never fall, between 0 and 1."""
    x, y = arrays[f"{part}/x"].astype(float), arrays[f"{part}/y"].astype(float)
    is_rising = (
        x.shape == y.shape and x.ndim == 1 and len(x) > 0 and (np.diff(x) >= 0).all() and (np.diff(y) >= 0).all()
    )
    if not is_rising or not np.isfinite(x).all() or not (y >= 0).all() or not (y <= 1).all():
        raise ValueError(f"the steps of {part} don't rise from 0 to 1")
    return Steps(x, y)
