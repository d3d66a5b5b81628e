"""Print the figures of quality: ``python -m benchmarks.quality [--data FOLDER] [nab|skab|pcad|hard|budget|peers|windows|feedback|training|ablation ...]``.

The public data is no part of this project: FOLDER holds ``nab/``, ``skab/`` and ``pcad/`` as their authors publish them. A
set that isn't there is left out, and said so on stderr. No threshold is chosen on labels, except where a figure's unit says so.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.quality import ablation, budget, feedback, hard, nab, pcad, peers, skab, training, windows

SETS: dict[str, Callable[[Path], Iterator[Figure]]] = {"nab": nab.measure, "skab": skab.measure, "pcad": pcad.measure}
MADE: dict[str, Callable[[], Iterator[Figure]]] = {
    "hard": hard.measure,
    "budget": budget.measure,
    "ablation": ablation.measure,
    "peers": peers.measure,
    "windows": windows.measure,
    "feedback": feedback.measure,
    "training": training.measure,
}


def main() -> int:
    """Measure what was asked for, else everything."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="where nab/, skab/ and pcad/ are")
    parser.add_argument("sets", nargs="*", choices=[*SETS, *MADE, []], help="which to measure")
    asked = parser.parse_args()
    for name in asked.sets or [*SETS, *MADE]:
        if name in MADE:
            figures = MADE[name]()
        elif asked.data is None or not (asked.data / name).is_dir():
            print(
                f"{name}: left out, there is no folder {name}/; give the public data by --data FOLDER", file=sys.stderr
            )
            continue
        else:
            figures = SETS[name](asked.data / name)
        for figure in figures:
            print(figure.to_json(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
