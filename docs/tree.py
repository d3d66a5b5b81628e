"""Print docs/tree.md: the tree, one line per file, from the first lines of the docstrings."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROOMS = ("ingest", "detectors", "alerts", "api", "simulator", "benchmarks", "deploy", "docs")
HEAD = """# The tree

One line per file, made from the docstrings by `make docs`. Read it from top to bottom: that is
the way of the data.
"""


def first_sentence(path: Path) -> str:
    """The first line of a module's docstring."""
    doc = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    return doc.split("\n", 1)[0].strip()


def lines() -> list[str]:
    """The page, line by line."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *ROOMS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    out = [HEAD]
    for room in ROOMS:
        files = sorted(name for name in set(listed) if name.startswith(f"{room}/") and name.endswith(".py"))
        files = [name for name in files if (ROOT / name).is_file()]
        if not files:
            continue
        out.append(f"## {room}/\n")
        out += [f"- `{name}`: {first_sentence(ROOT / name)}" for name in files if first_sentence(ROOT / name)]
        out.append("")
    return out


if __name__ == "__main__":
    sys.stdout.write("\n".join(lines()))
