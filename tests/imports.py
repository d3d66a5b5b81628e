"""What every file of the project imports: the whole tree is parsed once for all tests that ask."""

from __future__ import annotations

import ast
import gc
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROOMS = ("ingest", "detectors", "alerts", "api", "simulator")


@dataclass(frozen=True, slots=True)
class Import:
    """One import: the importing file, its line, and the module that is named."""

    file: str
    line: int
    module: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} imports {self.module}"


@cache
def parsed(text: str) -> ast.Module:
    """The syntax tree of a file's text, parsed once.

    No garbage is collected meanwhile: what other tests have left behind may run code of its own when it goes, and then
    CPython 3.11 takes the parser's depth for wrong (SystemError).
    """
    gc.disable()
    try:
        return ast.parse(text)
    finally:
        gc.enable()


@cache
def nodes(text: str) -> tuple[ast.AST, ...]:
    """Every node of a file's syntax tree, walked through once for all rules."""
    return tuple(ast.walk(parsed(text)))


@cache
def source(path: Path) -> str:
    """The text of a file of the project, read once."""
    return path.read_text("utf-8")


@cache
def python_files(*folders: str) -> tuple[Path, ...]:
    """Every Python file of the given folders that git would keep."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *folders],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return tuple(ROOT / name for name in listed.stdout.splitlines() if name.endswith(".py") and (ROOT / name).is_file())


def imports_of(file: str, text: str) -> list[Import]:
    """The absolute imports of one file, also those inside functions and under ``TYPE_CHECKING``."""
    found = []
    for node in nodes(text):
        if isinstance(node, ast.Import):
            found += [Import(file, node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found.append(Import(file, node.lineno, node.module))
    return found


@cache
def imports_of_rooms() -> tuple[Import, ...]:
    """Every import of every room."""
    return tuple(
        one for path in python_files(*ROOMS) for one in imports_of(str(path.relative_to(ROOT)), path.read_text("utf-8"))
    )
