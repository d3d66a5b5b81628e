"""The audit says of every change what was and what is; read from the code's own tree, and from the table after work was done."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

import pytest
from sqlalchemy import select

from alerts.audit.chain import SEALED, difference, record_audit, verify_audit
from alerts.audit.tables import audit
from alerts.desk import Desk
from alerts.lifecycle import TicketStep
from alerts.tickets.ticket import NewTicket, StepBody
from tests.imports import ROOT, parsed, python_files

COMES_INTO_BEING = (
    *(
        "add",
        "open",
        "register",
        "make",
        "issue",
        "place",
        "order",
        "request",
        "start",
        "ask",
        "begin",
        "put",
        "record",
    ),
    *("part", "done", "declined", "book", "receipt"),
)
"""How actions end that may have nothing before them; whatever else changes something that was there."""


def calls(trees: Mapping[str, ast.Module]) -> Iterator[tuple[str, ast.Call]]:
    """Every entry that the code makes of a change, with its place."""
    for name, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "record_audit":
                yield f"{name}:{node.lineno}", node


def amiss(call: ast.Call) -> str | None:
    """What is wrong with an entry, if anything is."""
    given = {one.arg: one.value for one in call.keywords}
    if not ({"before", "after"} <= given.keys() or None in given):
        return "says not what was and what is"
    action = call.args[1]
    before = given.get("before")
    is_nothing = isinstance(before, ast.Constant) and before.value is None
    if is_nothing and isinstance(action, ast.Constant):
        word = str(action.value).rpartition(".")[2]
        if not word.startswith(COMES_INTO_BEING):
            return f"{word} had something before it"
    return None


def test_every_entry_says_what_was_and_what_is() -> None:
    """Of the whole desk, and there are as many as we know of; what nothing preceded is something that comes into being."""
    trees = {str(p.relative_to(ROOT)): parsed(p.read_text(encoding="utf-8")) for p in python_files("alerts", "api")}
    found = list(calls(trees))

    assert len(found) >= 55
    assert [f"{place}: {wrong}" for place, call in found if (wrong := amiss(call))] == []


@pytest.mark.parametrize(
    ("text", "is_amiss"),
    [
        ('record_audit(t, "x.add", i, before=None, after={})', False),
        ('record_audit(t, "x.change", i, **told)', False),
        ('record_audit(t, "x.change", i, before=None, after={})', True),
        ('record_audit(t, "x.change", i, after={})', True),
        ('record_audit(t, "x.change", i, {})', True),
    ],
)
def test_an_entry_without_is_noticed(text: str, is_amiss: bool) -> None:
    """The rule sees an entry that leaves one out, and one that says that nothing was there although something was."""
    [(_place, call)] = calls({"x": ast.parse(text)})

    assert (amiss(call) is not None) is is_amiss


def test_a_step_says_what_it_changed(desk: Desk) -> None:
    """The columns that it moved, as they were and as they are, and the chain holds."""
    desk.appliances.register(("WM-1", "washing_machine"))
    ticket = desk.by("eve").tickets.open(NewTicket("WM-1", "It leaks"))
    desk.by("eve").tickets.step(ticket.id, TicketStep.TRIAGE, StepBody())
    desk.by("eve").tickets.step(ticket.id, TicketStep.COMMENT, StepBody(text="hm"))

    rows = desk.unit.look(lambda t: t.connection.execute(select(audit).order_by(audit.c.n)).all())

    assert all({"before", "after"} <= row.data.keys() for row in rows)
    opened, triaged, commented = rows[-3:]
    assert opened.data["before"] is None
    assert (triaged.data["before"]["status"], triaged.data["after"]["status"]) == ("open", "triaged")
    assert commented.data["before"] == commented.data["after"] == {"status": "triaged"}
    assert desk.unit.look(verify_audit) is None


def test_what_lies_sealed_is_not_said(desk: Desk) -> None:
    """Bytes are told as sealed; what did not differ is left out; both empty is a programmer's error."""
    told = difference({"a": 1, "b": b"x", "c": 2}, {"a": 1, "b": b"y", "c": 3})

    desk.unit.write(lambda t: record_audit(t, "x.change", "x", **told))

    entry = desk.audit.page().items[0]
    assert entry.data == {"before": {"b": SEALED, "c": 2}, "after": {"b": SEALED, "c": 3}}
    with pytest.raises(AssertionError):
        desk.unit.write(lambda t: record_audit(t, "x.change", "x", before=None, after=None))
