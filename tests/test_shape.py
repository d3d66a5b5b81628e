"""What is built is used, and nothing in a room goes round in a circle: read from the code's own tree."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from tests.imports import ROOMS, ROOT, parsed, python_files

DESKS = ("alerts/desk.py", "alerts/notices/changes.py", "alerts/notices/outbox.py", "alerts/*/desk.py")


def public_methods(tree: ast.Module) -> set[str]:
    """The names of what the classes of a file offer."""
    return {
        part.name
        for one in tree.body
        if isinstance(one, ast.ClassDef)
        for part in one.body
        if isinstance(part, ast.FunctionDef) and not part.name.startswith("_")
    }


def uncalled(offered: Mapping[str, ast.Module], others: Iterable[tuple[str, ast.Module]]) -> list[str]:
    """Methods of desks that no file but their own speaks of."""
    spoken: dict[str, set[str]] = {}
    for name, tree in others:
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                spoken.setdefault(node.attr, set()).add(name)
    return [
        f"{name}: {method} has no caller"
        for name, tree in offered.items()
        for method in sorted(public_methods(tree))
        if not spoken.get(method, set()) - {name}
    ]


def imports(tree: ast.Module) -> set[str]:
    """The modules that a file imports: when it is loaded, later in a function, or for its types alone."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return found


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Groups of nodes of which each leads to each, by Tarjan's algorithm."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        number[node] = low[node] = len(number)
        stack.append(node)
        for other in graph[node]:
            if other not in number:
                visit(other)
            if other in stack:
                low[node] = min(low[node], low[other])
        if low[node] == number[node]:
            at = stack.index(node)
            if len(stack) - at > 1:
                found.append(sorted(stack[at:]))
            del stack[at:]

    for node in sorted(graph):
        if node not in number:
            visit(node)
    return found


def module_name(path: Path) -> str:
    """The import name of a file."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def graph_of(trees: Mapping[str, ast.Module]) -> dict[str, set[str]]:
    """Which module of a room imports which."""
    return {name: {other for other in imports(tree) if other in trees} - {name} for name, tree in trees.items()}


def folded(graph: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """The same between folders; a file that lies in the room itself stands for itself."""

    def folder(name: str) -> str:
        parts = name.split(".")
        return ".".join(parts[:2])

    found: dict[str, set[str]] = {}
    for name, others in graph.items():
        found.setdefault(folder(name), set()).update({folder(other) for other in others} - {folder(name)})
    return found


def enumerations(tree: ast.Module) -> list[str]:
    """The names of the enumerations that a file defines."""
    return [
        node.name
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and "Enum" in base.id for base in node.bases)
    ]


def defined_twice(trees: Mapping[str, ast.Module]) -> list[str]:
    """Enumerations of one name in several files: one word with two meanings."""
    places: dict[str, list[str]] = {}
    for file, tree in sorted(trees.items()):
        for name in enumerations(tree):
            places.setdefault(name, []).append(file)
    return [f"{name}: {', '.join(files)}" for name, files in places.items() if len(files) > 1]


def test_no_two_enumerations_have_one_name() -> None:
    """A word of the code that has a closed list of values means one thing; ``Reason`` alone would say nothing."""
    trees = {str(p.relative_to(ROOT)): parsed(p.read_text(encoding="utf-8")) for p in python_files(*ROOMS)}

    assert sum(len(enumerations(tree)) for tree in trees.values()) > 40
    assert defined_twice(trees) == []


def test_an_enumeration_that_is_defined_twice_is_noticed() -> None:
    """The rule sees the second of a name, and minds no class that is no enumeration."""
    one, other = (
        ast.parse("class Reason(StrEnum): ...\nclass Row: ...\n"),
        ast.parse("class Reason(Enum): ...\nclass Row: ...\n"),
    )

    assert defined_twice({"a.py": one, "b.py": other}) == ["Reason: a.py, b.py"]


def test_every_method_of_a_desk_has_a_caller() -> None:
    """What the desk, the accounts and the outbox offer is asked for by somebody outside the tests."""
    trees = {str(p.relative_to(ROOT)): parsed(p.read_text(encoding="utf-8")) for p in python_files(*ROOMS)}
    desks = {name: trees[name] for pattern in DESKS for p in ROOT.glob(pattern) for name in [str(p.relative_to(ROOT))]}

    assert len(desks) > 8
    assert uncalled(desks, trees.items()) == []


def test_a_method_without_a_caller_is_noticed() -> None:
    """The rule sees a method that only its own file speaks of."""
    desk = ast.parse("class Desk:\n    def used(self): ...\n    def unused(self): self.unused()\n")

    assert uncalled({"desk.py": desk}, [("desk.py", desk), ("b.py", ast.parse("desk.used()"))]) == [
        "desk.py: unused has no caller"
    ]


@pytest.mark.parametrize("room", ROOMS)
def test_no_module_of_a_room_leads_back_to_itself(room: str) -> None:
    """The imports of a room's files form no circle."""
    trees = {module_name(p): parsed(p.read_text(encoding="utf-8")) for p in python_files(room)}

    assert circles(graph_of(trees)) == []


@pytest.mark.parametrize("room", ["detectors", "alerts"])
def test_no_two_folders_of_a_room_import_each_other(room: str) -> None:
    """Between folders there is an order: tickets know appliances, kinds know layers, and none looks back."""
    trees = {module_name(p): parsed(p.read_text(encoding="utf-8")) for p in python_files(room)}

    assert circles(folded(graph_of(trees))) == []


def test_a_circle_is_noticed() -> None:
    """The rule sees a way back, however long, and no circle where there is none."""
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]
    assert circles({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []
