"""Value templates: the closed forms give what Home Assistant gives, everything else is told and never run."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.wire.dead_letter import Refused
from ingest.wire.foreign.template import NotRead, Scope, TemplateError, compiled
from ingest.wire.foreign.template_values import UNDEFINED
from tests.examples import tries

PAYLOAD = json.dumps({
    "a": {"b": 4.26, "x y": "7.5"}, "l": [1, 2.5, "3"], "on": True, "s": "ON", "t": "21,5 C", "n": None, "zero": 0,
    "big": 123456, "w": "Wash",
})  # fmt: skip


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{ value_json.a.b }}", 4.26),
        ("{{value_json['a']['x y']}}", "7.5"),
        ("{{ value_json.a.b | round(1) }}", 4.3),
        ("{{ value_json.a['x y'] | float(0) | round(2) }}", 7.5),
        ("{{ value_json.a['x y'] | float(default=0) + 1 }}", 8.5),
        ("{{ (value_json.big|float/1000)|round(3) }}", 123.456),
        ("{{ value_json.big / 10 ** 2 }}", 1234.56),
        ("{{ value_json.big | multiply(0.001) | round(1) }}", 123.5),
        ("{{ value_json.l[1] * 2 - 1 }}", 4.0),
        ("{{ value_json.l | sum if false else value_json.l[0] }}", 1),
        ("{{ value_json.missing | default(3) }}", 3),
        ("{{ value_json.missing | float(0) }}", 0),
        ("{{ value_json.missing.deeper | default('unavailable') }}", "unavailable"),
        ("{{ value_json.missing }}", UNDEFINED),
        ("{{ value_json.get('missing', 5) }}", 5),
        ("{{ 'ON' if value_json.on else 'OFF' }}", "ON"),
        ("{{ 'ON' if value_json.zero == 1 else 'OFF' }}", "OFF"),
        ("{{ iif(value_json.a.b > 4, 1, 0) }}", 1),
        ("{{ value_json.s == 'ON' and not value_json.zero }}", True),
        ("{{ value_json.s in ['ON', 'open'] }}", True),
        ("{{ value_json.s not in ['ON'] }}", False),
        ("{{ value_json.a is defined }}", True),
        ("{{ value_json.z is not defined }}", True),
        ("{{ value_json.n is none }}", True),
        ("{{ value_json.t.split(' ')[0] | replace(',', '.') | float }}", 21.5),
        ("{{ value_json.w | lower }}", "wash"),
        ("{{ value_json.a.b | int }}", 4),
        ("{{ '0x1F' | int(base=16) }}", 31),
        ("{{ 'T' ~ value_json.zero }}", "T0"),
        ("{{ -value_json.a.b | abs }}", 4.26),
        ("{{ [value_json.l[0], value_json.l[1]] | max }}", 2.5),
        ("{% if value_json.on %}1{% else %}0{% endif %}", "1"),
        ("{% if value_json.z is defined %}{{ value_json.z }}{% elif value_json.zero == 0 %}none{% endif %}", "none"),
        ("{% set x = value_json.a.b %}{{ x * 2 }}", 8.52),
        ("{{- value_json.a.b -}}", 4.26),
        ("{# what it is #}{{ value_json.a.b }}", 4.26),
        ("plain", "plain"),
    ],
)
def test_closed_forms_are_read(template: str, value: object) -> None:
    """What is read gives what Home Assistant would give."""
    given = compiled(template).of(Scope(PAYLOAD))

    assert given == (pytest.approx(value) if isinstance(value, float) else value)


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("{{ states('sensor.x') }}", "states"),
        ("{{ now() }}", "now"),
        ("{{ value_json.a | regex_findall('x') }}", "regex_findall"),
        ("{{ value_json.__class__.mro() }}", "mro"),
        ("{% for x in value_json.l %}{{ x }}{% endfor %}", "for"),
        ("{% macro m() %}{% endmacro %}", "macro"),
        ("{% if value %}1", "no end"),
        ("{{ value_json.a + }}", "missing"),
        ("{{ value_json.a", "not closed"),
        ("{{ " + "(" * 200 + "1" + ")" * 200 + " }}", "too deep"),
        ("x" * 3_000, "characters"),
    ],
)
def test_what_takes_an_engine_is_told(template: str, says: str) -> None:
    """A template that is more is named by what is not read in it."""
    with pytest.raises(NotRead, match=says):
        compiled(template)


@pytest.mark.parametrize(
    "template",
    ["{{ value_json.s | float }}", "{{ 1 / value_json.zero }}", "{{ value_json.s + 1 }}", "{{ value_json.a < 'x' }}"],
)
def test_what_can_not_be_worked_out_is_an_error_of_the_payload(template: str) -> None:
    """A filter on the wrong thing raises one error, which names it."""
    with pytest.raises(TemplateError):
        compiled(template).of(Scope(PAYLOAD))


pieces = st.sampled_from(
    ["{{", "}}", "{%", "%}", " value ", " value_json", ".a", "['b']", "[0]", " | float", "(0)", " | round", "(1)", " if ",
     " else ", " endif ", " set x = ", "x", "1", "2.5", "'ON'", " + ", " * ", " ** ", "(", ")", " == ", " is defined", " and ",
     " not ", " in ", "[1, 2]", ",", " | default", " ~ ", "-", "#}", "{#", " | int", ".split(',')", "\\", '"']
)  # fmt: skip


@settings(max_examples=tries(400), deadline=None)
@given(text=st.lists(pieces, max_size=14).map("".join), payload=st.sampled_from([PAYLOAD, "12.5", "", "[1]", "{"]))
def test_no_template_does_anything_else(text: str, payload: str) -> None:
    """Whatever is written in a template it has a value, or one of three expected errors; nothing else is raised."""
    try:
        made: Any = compiled(text).of(Scope(payload))
    except (NotRead, TemplateError, Refused):
        return
    assert made is UNDEFINED or made is None or isinstance(made, str | int | float | list | dict)
