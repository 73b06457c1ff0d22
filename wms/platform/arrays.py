"""Lists of ids, numbers and flags as PostgreSQL reads them, written in one go.

psycopg asks a dumper for each element and looks whether it needs quotes: a booking of twenty lines sends two thousand of
them. The elements of these kinds have one spelling and never need any. Types and all other lists stay psycopg's; which
dumper knows the type is seen by the kind alone, where it depends on nothing else.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from types import NoneType
from typing import Any

import psycopg
from psycopg.abc import DumperKey
from psycopg.adapt import PyFormat
from psycopg.types.array import ListDumper

_SPELLINGS: dict[type, Callable[[Any], str]] = {
    uuid.UUID: lambda each: each.hex,
    int: str,
    bool: lambda each: "t" if each else "f",
}


_PLAIN = re.compile(r"[-0-9A-Za-z_.:]+(,[-0-9A-Za-z_.:]+)*")  # words that need no quotes, joined
_OF_ONE_TYPE = {uuid.UUID, bool, str}  # of numbers, the largest decides


def _kind_of(items: list[Any]) -> type | None:
    """The one kind of what is in it besides None; NoneType when nothing is, None for several."""
    kinds = set(map(type, items))
    if len(kinds) > 1:
        kinds.discard(NoneType)
    return kinds.pop() if len(kinds) == 1 else None if kinds else NoneType


def spelled(items: Any) -> Any:
    """A list as PostgreSQL reads it, for a parameter whose type its statement names; whatever is none of these kinds or has
    words that need quotes is given back as it is, for psycopg to spell or to refuse.
    """
    if type(items) is not list:
        return items
    if len(items) == 1:  # what most scans are about
        (only,) = items
        if only is None:
            return "{NULL}"
        if type(only) is uuid.UUID:
            return f"{{{only.hex}}}"
    kind = _kind_of(items)
    if kind is str:
        words = [each for each in items if each is not None]
        joined = ",".join(words)
        if _PLAIN.fullmatch(joined) is None or joined.count(",") >= len(words) or "null" in joined.lower():
            return items
    elif kind not in _SPELLINGS and kind is not NoneType:
        return items
    return _written(items, _SPELLINGS.get(kind, str))


def _written(items: list[Any], spell: Callable[[Any], str]) -> str:
    return f"{{{','.join(['NULL' if each is None else spell(each) for each in items])}}}"


class PlainListDumper(ListDumper):
    """A list of one of those kinds, None among them or not, without lists inside."""

    def get_key(self, obj: list[Any], format: PyFormat) -> DumperKey:  # noqa: A002 - psycopg names it
        if not self.oid:
            kind = _kind_of(obj)
            if kind is NoneType:
                return self.cls
            if kind in _OF_ONE_TYPE:
                return self.cls, kind
        return super().get_key(obj, format)

    def dump(self, obj: list[Any]) -> Any:
        kind = _kind_of(obj)
        spell = _SPELLINGS.get(kind) if kind is not None else None
        if spell is None:
            return super().dump(obj)
        return _written(obj, spell).encode()


def write_plain_lists(driver: psycopg.Connection[Any]) -> None:
    """For all that this connection sends from now on."""
    driver.adapters.register_dumper(list, PlainListDumper)
