"""What tables are made of: the kinds of columns, named once, the same on SQLite and PostgreSQL.

Times are integer milliseconds since 1970, UTC (``*_ms``). With ``sqlite_autoincrement`` a number is never given out twice,
whatever was deleted.
"""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Integer, MetaData, String, Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    },
)

Big = BigInteger().with_variant(Integer, "sqlite")
"""64-bit on both; SQLite counts up only in a column called INTEGER."""


def serial(name: str = "n") -> Column[int]:
    """The number of a row; it grows."""
    return Column(name, Big, primary_key=True, autoincrement=True)


def identity(name: str, *, unique: bool = False, index: bool = False, nullable: bool = False) -> Column[str]:
    """An identity: of this row, or of what it belongs to."""
    return Column(name, String(64), unique=unique, index=index, nullable=nullable)


def ms(name: str, *, nullable: bool = True, index: bool = False) -> Column[int]:
    """A time."""
    return Column(name, BigInteger, nullable=nullable, index=index)


def word(name: str, *, nullable: bool = False, index: bool = False) -> Column[str]:
    """A word of a closed list."""
    return Column(name, String(64), nullable=nullable, index=index)


def sentence(name: str) -> Column[str]:
    """Free text."""
    return Column(name, Text, nullable=True)


def json_value(name: str) -> Column[object]:
    """A value as JSON."""
    return Column(name, JSON(none_as_null=True), nullable=True)


def number(name: str, *, default: int = 0) -> Column[int]:
    """A count."""
    return Column(name, Integer, nullable=False, default=default, server_default=str(default))
