"""What may stand in free text."""

from __future__ import annotations

import pytest

from alerts.errors import InvalidError
from alerts.words import check_words


@pytest.mark.parametrize(
    "odd",
    [
        "bell \x07",
        "\x1b[31mred",
        "nul \x00",
        "half \ud800",
        "delete \x7f",
        "c1 \x85",
        "\u200b\u200d",
        "safe \u202egnp.exe",
        "\u2800\u3164",
        "\ufeff",
        "x" * 101,
    ],
)
def test_what_nobody_can_read_is_refused(odd: str) -> None:
    """Control characters, halves of pairs, text of invisible characters only and endless text are no words."""
    with pytest.raises(InvalidError, match="note"):
        check_words("note", odd, longest=100)


@pytest.mark.parametrize("text", [None, "", " ", "two\nlines\tand a tab", "排水泵堵塞", "👩‍🔧 came", "مضخة", "ü"])
def test_what_people_write_may_stand(text: str | None) -> None:
    """Every script, joined emoji and layout are words; nothing at all is nothing where nothing is needed."""
    check_words("note", text, longest=100)


@pytest.mark.parametrize("text", [None, "", "  \n", "\u200b"])
def test_what_is_needed_must_show(text: str | None) -> None:
    """Needed words can't be blank, nor invisible."""
    with pytest.raises(InvalidError):
        check_words("title", text, longest=100, is_needed=True)
