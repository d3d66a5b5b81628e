"""What a benchmark says: one figure, as the contract's JSON line."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value; ``ratio`` is the value in multiples of ``ratio_to``, measured in the same run."""

    name: str
    value: float
    unit: str
    n: int
    ratio_to: str | None = None
    ratio: float | None = None

    def to_json(self) -> str:
        """One line for ``make bench``."""
        return json.dumps(
            {
                "name": self.name,
                "value": round(self.value, 4),
                "unit": self.unit,
                "ratio_to": self.ratio_to,
                "ratio": None if self.ratio is None else round(self.ratio, 4),
                "n": self.n,
                "machine": machine(),
            }
        )


@cache
def machine() -> str:
    """Processor, cores and Python, in one line."""
    processor = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                processor = line.partition(":")[2].strip()
                break
    return f"{processor}, {os.cpu_count()} cores, {platform.python_implementation()} {platform.python_version()}"
