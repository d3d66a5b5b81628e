"""For pytest: examples in docstrings are tests, and Hypothesis knows no deadline (a machine may be busy).

Properties are tried with few examples each time, and with many under ``--hypothesis-profile thorough`` (``make
test-thorough``). Of the same sentence about many kinds or faults some are tried each time, and the others there
(:func:`some_of`). Files of the rooms without an example are left alone, so that nothing is imported only to find that out.
"""

from __future__ import annotations

from collections.abc import Collection, Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.imports import ROOMS, ROOT

QUICK_OF = 5
"""Of so many examples of a thorough run a quick one tries one."""
settings.register_profile("quick", deadline=None, max_examples=100 // QUICK_OF)
settings.register_profile("thorough", deadline=None, max_examples=100)
settings.load_profile("quick")


def tries(thorough: int, *, quick: int | None = None) -> int:
    """How many examples a property gets that wants so many in a thorough run; a fifth otherwise, or as many as said."""
    if settings.get_current_profile_name() == "thorough":
        return thorough
    return max(thorough // QUICK_OF, 1) if quick is None else quick


def some_of(cases: Collection[object], quick: int, *, turn: int = 0) -> list[Any]:
    """All cases for ``parametrize``: so many, spread from the ``turn``-th on, each time, the others in a thorough run."""
    always = {(turn + step * len(cases) // quick) % len(cases) for step in range(quick)}
    return [
        pytest.param(
            *(case if isinstance(case, tuple) else (case,)), marks=() if place in always else pytest.mark.thorough
        )
        for place, case in enumerate(cases)
    ]


OF_THE_TREE = ("tests/test_house.py", "tests/test_imports.py", "tests/test_shape.py", "tests/api/test_console_types.py")
"""What reads the project's own text is run by ``make check`` beside the linters, and elsewhere where it is named."""
EXAMPLE = ">>> "
MARKED = {"tests/servers": "servers", "tests/api/browser": "browser"}
"""Folders in which every test has a mark, and which take long to import (a browser's driver, the clients of real servers)."""


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path: Path) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """Look for examples only where there are some: each file of tests would be gone through, name by name, for nothing."""
    found = yield
    is_without = file_path.suffix == ".py" and EXAMPLE not in file_path.read_text("utf-8")
    return [one for one in found if type(one) is pytest.Module] if is_without else found


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out what holds neither a test nor an example, and what is not asked for: marked folders, what reads the tree."""
    if not collection_path.is_relative_to(ROOT):
        return None
    inside = collection_path.relative_to(ROOT)
    room = next(iter(inside.parts), "")
    if inside.as_posix() in OF_THE_TREE:
        return None if any(collection_path.name in one for one in config.args) else True
    if collection_path.is_dir():
        if mark := MARKED.get(inside.as_posix()):
            return True if f"not {mark}" in config.option.markexpr else None
        return True if room in ROOMS and collection_path.name in {"console", "migrations"} else None
    if room in ROOMS:
        return None if collection_path.suffix == ".py" and EXAMPLE in collection_path.read_text("utf-8") else True
    return None if room != "tests" or collection_path.name.startswith("test_") else True
