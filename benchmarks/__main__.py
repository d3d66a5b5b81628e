"""Print figures: ``python -m benchmarks [NAME...]``, all of them without a name.

A figure's file has ``FIGURES``, the names it prints, and ``measure()``, which yields them as :class:`Figure`.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path
from types import ModuleType


def main(names: list[str]) -> int:
    """Measure what was asked for; 2 for a name that no file has."""
    modules = _modules()
    known = {name: module for module in modules for name in module.FIGURES}
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"no figure is called {', '.join(unknown)}; there are: {', '.join(sorted(known))}", file=sys.stderr)
        return 2
    wanted = [module for module in modules if not names or any(name in names for name in module.FIGURES)]
    for module in wanted:
        for figure in module.measure():
            if not names or figure.name in names:
                print(figure.to_json(), flush=True)
    return 0


def _modules() -> list[ModuleType]:
    """All files of this folder that hold figures, in the order of their names."""
    found = []
    for entry in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if entry.name != "__main__":
            module = importlib.import_module(f"benchmarks.{entry.name}")
            if hasattr(module, "FIGURES"):
                found.append(module)
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
