"""Arrays say what they hold: each public function of the detectors that takes or gives some names their shapes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOM = Path(__file__).parents[2] / "detectors"
ELSEWHERE = {"backtest", "evaluation", "series"}
"""Folders whose functions work on rows of a table or of one series only."""
ARRAY = re.compile(r"NDArray|\b(Floats|Bools|Numbers|Readings|Keys|Records)\b")
SHAPE = re.compile(r"\((N|B|F|G|S|n|[a-z]+)(, ([A-Z0-9]|[a-z ]+|\.\.\.)( \+ 1)?)*,?\)")


def without_shape(file: str, text: str) -> Iterator[str]:
    """Public functions and methods with arrays whose docstring names no shape, like (N,) or (B, F)."""
    tree = ast.parse(text)
    owners = [tree.body, *(one.body for one in tree.body if isinstance(one, ast.ClassDef) and one.name[0] != "_")]
    for node in (node for body in owners for node in body if isinstance(node, ast.FunctionDef)):
        if node.name[0] != "_" and has_arrays(node) and not SHAPE.search(ast.get_docstring(node) or ""):
            yield f"{file}:{node.lineno} {node.name}"


def has_arrays(node: ast.FunctionDef) -> bool:
    """Whether it takes arrays other than the rows of appliances, or gives some; arrays by name don't count."""
    taken = [one.annotation for one in (*node.args.args, *node.args.kwonlyargs) if one.arg != "rows"]
    told = [ast.unparse(one) for one in (*taken, node.returns) if one is not None]
    return any(ARRAY.search(one) for one in told if not one.startswith("Mapping"))


def test_arrays_name_their_shape() -> None:
    """A reader of a signature learns what the dimensions are."""
    files = [path for path in ROOM.rglob("*.py") if not ELSEWHERE & set(path.relative_to(ROOM).parts)]

    assert len(files) > 30
    assert not [one for path in files for one in without_shape(str(path.relative_to(ROOM)), path.read_text("utf-8"))]


def test_an_array_without_a_shape_is_seen() -> None:
    """So a blind rule fails here."""
    said, unsaid = (
        f'def score(z: Floats) -> Floats:\n    """The score of {rows}."""\n' for rows in ("rows (N,)", "all rows")
    )

    assert not list(without_shape("a.py", said))
    assert list(without_shape("a.py", unsaid))
