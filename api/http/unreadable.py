"""Why a body can't be read, as a sentence: it is no UTF-8, no JSON, too deep, or has a number of endless digits."""

from __future__ import annotations

import json

DEPTH_MAX = 64
"""Nothing that we ask for is deeper than a few levels."""


def why_unreadable(error: BaseException | None) -> str | None:
    """What is wrong with a body whose reading failed with this error; None where it is something else."""
    if isinstance(error, RecursionError):
        return f"it is nested deeper than {DEPTH_MAX} levels, and nothing was done"
    if isinstance(error, UnicodeDecodeError):
        return f"it is no UTF-8 at byte {error.start}, and nothing was done"
    if isinstance(error, json.JSONDecodeError):
        return f"it is no JSON (line {error.lineno}, column {error.colno}: {error.msg}), and nothing was done"
    if isinstance(error, ValueError):
        return "a number in it has more digits than anybody means, and nothing was done"
    return None
