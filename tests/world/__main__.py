"""``python -m tests.world``: replay one seed and say what happened, or try many."""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor

from tests.world.seeds import first_broken


def main() -> int:
    """Replay one seed, or many; the first that breaks a promise in each process is told."""
    parser = argparse.ArgumentParser(description="The simulated world, seed by seed.")
    parser.add_argument("--seed", type=int, help="replay this one")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    asked = parser.parse_args()
    seeds = [asked.seed] if asked.seed is not None else list(range(asked.first, asked.first + asked.count))
    if asked.jobs == 1:
        found = [first_broken(seeds)]
    else:
        with ProcessPoolExecutor(asked.jobs) as pool:
            found = list(pool.map(first_broken, [seeds[job :: asked.jobs] for job in range(asked.jobs)]))
    broken = [sentence for sentence in found if sentence]
    sys.stdout.write("\n".join(broken or [f"{len(seeds)} seeds, nothing broken"]) + "\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
