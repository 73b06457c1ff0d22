"""Lists of ids, numbers and flags as PostgreSQL reads them, written in one go.

psycopg asks a dumper for each element and looks whether it needs quotes: a booking of twenty lines sends two thousand of
them. The elements of these kinds have one spelling and never need any. Types and all other lists stay psycopg's.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg.types.array import ListDumper

_SPELLINGS: dict[type, Callable[[Any], str]] = {
    uuid.UUID: lambda each: each.hex,
    int: str,
    bool: lambda each: "t" if each else "f",
}


class PlainListDumper(ListDumper):
    """A list of one of those kinds, None among them or not, without lists inside."""

    def dump(self, obj: list[Any]) -> Any:
        kinds = set(map(type, obj)) - {type(None)}
        spell = _SPELLINGS.get(kinds.pop()) if len(kinds) == 1 else None
        if spell is None:
            return super().dump(obj)
        return f"{{{','.join(['NULL' if each is None else spell(each) for each in obj])}}}".encode()


def write_plain_lists(driver: psycopg.Connection[Any]) -> None:
    """For all that this connection sends from now on."""
    driver.adapters.register_dumper(list, PlainListDumper)
