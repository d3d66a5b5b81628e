"""A mutation run over the policy's file: with any single check of it taken out or turned round, the random walk notices."""

from __future__ import annotations

import ast
import copy
import dataclasses
import random
from pathlib import Path
from typing import Any

import pytest

from alerts.remote import policy
from tests.alerts.test_policy import RULES, World
from tests.examples import some_of

SOURCE = ast.parse(Path(policy.__file__).read_text(encoding="utf-8"))
STEPS = 50_000
LOOKED_AT = (
    "MET",
    "is_recent",
    "_covers",
    "_is_within_limits",
    "_is_idle_long_enough",
    "_is_door_in_the_way",
    "obstacles",
)
"""Where the file decides something."""


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.FunctionDef):
        return node.name
    return node.target.id if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) else ""


def _decisions(tree: ast.AST) -> list[ast.expr]:
    """What is true or false in it, in the order of the file."""
    found = []
    for part in ast.walk(tree):
        if _name(part) in LOOKED_AT:
            inside = (node.body if isinstance(node, ast.Lambda) else node for node in ast.walk(part))
            found += [node for node in inside if isinstance(node, ast.Compare | ast.BoolOp | ast.UnaryOp | ast.Call)]
    return [node for node in dict.fromkeys(found) if not isinstance(node, ast.Call) or _is_asked(node)]


def _is_asked(node: ast.Call) -> bool:
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return called in {*LOOKED_AT, "all"}


def _mutant(number: int, *, is_yes: bool) -> ast.Module:
    """The file with one decision made for good."""
    tree = copy.deepcopy(SOURCE)
    meant = _decisions(tree)[number]
    changed = _Put(meant, ast.copy_location(ast.Constant(is_yes), meant)).visit(tree)
    assert isinstance(changed, ast.Module)
    return ast.fix_missing_locations(changed)


class _Put(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> Any:
        return self.new if node is self.old else self.generic_visit(node)


MUTANTS = {
    f"line {node.lineno}: {ast.unparse(node)[:60]} is {is_yes}": (number, is_yes)
    for number, node in enumerate(_decisions(SOURCE))
    for is_yes in (True, False)
}
"""Each decision once as yes and once as no; made where it is tried, as every process of the tests reads this file."""


def _is_noticed(tree: ast.Module, seed: int, steps: int = STEPS) -> bool:
    """Whether the walk sees that something went out that may not, or was held back without a reason."""
    mutant: dict[str, Any] = {"__name__": policy.__name__}
    exec(compile(tree, policy.__file__, "exec"), mutant)  # noqa: S102  (our own file, with one change)
    world = World(random.Random(seed))
    for number in range(steps):
        world.step()
        rule = RULES[number % len(RULES)]
        at = world.moment(rule)
        moment = mutant["Moment"](**{one.name: getattr(at, one.name) for one in dataclasses.fields(at)})
        try:
            found = mutant["obstacles"](moment)
        except (KeyError, TypeError):
            return True
        if bool(found) != bool(world.wrongs(rule)):
            return True
    return False


def test_the_run_changes_everything_that_is_decided() -> None:
    """Every check of the table is in it."""
    assert len(MUTANTS) > 2 * len(policy.MET)
    assert not _is_noticed(SOURCE, 5, STEPS // 20)


@pytest.mark.parametrize("name", some_of(list(MUTANTS), 34))
def test_a_check_that_is_gone_or_turned_round_is_noticed(name: str) -> None:
    """Nothing of the policy could be left out unnoticed."""
    number, is_yes = MUTANTS[name]

    assert _is_noticed(_mutant(number, is_yes=is_yes), 5)
