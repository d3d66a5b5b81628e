"""Arrays say what they hold: each public function of the detectors that takes or gives some names their shapes and units.

And what is long says why it is so: what arithmetic does can be read from it, but not what it is for.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOM = Path(__file__).parents[2] / "detectors"
ARRAY = re.compile(r"NDArray|\b(Floats|Bools|Numbers|Readings|Keys|Records)\b")
SHAPE = re.compile(r"\(([BFGKMNS]|n|[a-z]+)(, ([A-Z0-9]|[a-z ]+|\.\.\.)( \+ 1)?)*,?\)")
BY_NAME = re.compile(r"(Mapping|dict)\[str, [\w\[\]]+\]")
FRACTIONS = re.compile(r"\b(Floats|Readings)\b|np\.float")
UNIT = re.compile(
    r"\bunits?\b|standard deviation|\bms\b|multiples?|per hour|per year|\bscores?\b|\bshare|\bz\b|probabilit|correlation"
    r"|variance|severity|statistics?|scale|as reported",
    re.IGNORECASE,
)
"""What a number may be in, or that has none."""
LONG = 15
MUCH = 15
WHY = re.compile(r"\b(as|so|because|for|lest|else|rests?|would|beyond)\b")


def without_shape(file: str, text: str) -> Iterator[str]:
    """Public functions and methods with arrays whose docstring names no shape, like (N,) or (B, F)."""
    for node in public(text):
        if has_arrays(node) and not SHAPE.search(ast.get_docstring(node) or ""):
            yield f"{file}:{node.lineno} {node.name}"


def without_unit(file: str, text: str) -> Iterator[str]:
    """Public functions and methods with arrays of fractions whose docstring does not say what these are in."""
    for node in public(text):
        if FRACTIONS.search(" ".join(told(node))) and not UNIT.search(ast.get_docstring(node) or ""):
            yield f"{file}:{node.lineno} {node.name}"


def without_why(file: str, text: str) -> Iterator[str]:
    """Functions, public or not, with much arithmetic on arrays and no sentence that gives a reason."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.FunctionDef) or node.name == "__init__":
            continue
        doc = ast.get_docstring(node) or ""
        body = node.body[1 if doc else 0 :]
        inside = [one for part in body for one in ast.walk(part)]
        steps = sum(isinstance(one, ast.BinOp | ast.Compare | ast.AugAssign) or is_of_numpy(one) for one in inside)
        length = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
        if length > LONG and steps > MUCH and any(map(is_of_numpy, inside)) and not WHY.search(doc):
            yield f"{file}:{node.lineno} {node.name}"


def is_of_numpy(node: ast.AST) -> bool:
    """Whether it is a name of numpy's."""
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "np"


def public(text: str) -> Iterator[ast.FunctionDef]:
    """Functions of a file and methods of its classes that others may call."""
    tree = ast.parse(text)
    owners = [tree.body, *(one.body for one in tree.body if isinstance(one, ast.ClassDef) and one.name[0] != "_")]
    yield from (node for body in owners for node in body if isinstance(node, ast.FunctionDef) if node.name[0] != "_")


def told(node: ast.FunctionDef) -> list[str]:
    """What is said of its arguments and its answer, without arrays by name and the rows of appliances."""
    taken = [one.annotation for one in (*node.args.args, *node.args.kwonlyargs) if one.arg != "rows"]
    return [BY_NAME.sub("", ast.unparse(one)) for one in (*taken, node.returns) if one is not None]


def has_arrays(node: ast.FunctionDef) -> bool:
    """Whether it takes arrays other than the rows of appliances, or gives some; arrays by name don't count."""
    return any(map(ARRAY.search, told(node)))


def test_arrays_name_their_shape() -> None:
    """A reader of a signature learns what the dimensions are, and what the numbers are in."""
    texts = {str(path.relative_to(ROOM)): path.read_text("utf-8") for path in ROOM.rglob("*.py")}

    assert len(texts) > 50
    for rule in (without_shape, without_unit, without_why):
        assert not [one for file, text in texts.items() for one in rule(file, text)], rule.__doc__


def test_an_array_without_a_shape_is_seen() -> None:
    """So a blind rule fails here."""
    unit = 'def fall(value: Floats) -> None:\n    """How far values (N,) fall{unit}."""\n'
    kernel = 'def _much(a: Floats) -> None:\n    """Much{why}."""\n' + "    a += np.abs(a)\n" * (LONG + 1)
    said, unsaid = (
        f'def score(z: Floats) -> Floats:\n    """The score of {rows}."""\n' for rows in ("rows (N,)", "all rows")
    )

    assert not list(without_shape("a.py", said))
    assert list(without_shape("a.py", unsaid))
    assert not list(without_unit("a.py", unit.format(unit=", in its unit")))
    assert list(without_unit("a.py", unit.format(unit="")))
    assert not list(without_why("a.py", kernel.format(why=", as it must")))
    assert list(without_why("a.py", kernel.format(why="")))
