"""JSON as it comes from outside, read strictly: one way for the public API, the floor and whatever follows.

Python's own reader takes what RFC 8259 leaves open and a schema can no longer see: a name that comes twice (the last one
wins, so that two readers of one body disagree), nesting without end, numbers of any length.
"""

from __future__ import annotations

import json
from typing import Any

from wms.core.refusals import invalid
from wms.platform.schemas import pointer_step

MAX_DEPTH = 32  # no body of ours is nested deeper than 8


class _Twice(Exception):
    """A name comes twice in one object."""


def read_json(raw: bytes | str) -> Any:
    """The value of a JSON text in UTF-8. Refuses (422) a name that comes twice, by its pointer.

    Raises ValueError for what is no such text, is nested deeper than `MAX_DEPTH`, or has numbers of thousands of digits.
    `NaN` and `Infinity` are read, for the schema to refuse by the field's name.
    """
    text = raw if isinstance(raw, str) else raw.decode("utf-8")
    try:
        value = json.loads(text, object_pairs_hook=_object)
    except _Twice:
        found = _pointer_of_twice(json.loads(text, object_pairs_hook=_Pairs), "", MAX_DEPTH)
        if found is None:
            raise ValueError("nested too deep") from None
        raise invalid(found, "duplicate") from None
    except RecursionError:
        raise ValueError("nested too deep") from None
    if text.count("[") + text.count("{") > MAX_DEPTH and _is_deeper(value, MAX_DEPTH):
        raise ValueError("nested too deep")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Twice
    return found


class _Pairs(list[Any]):
    """An object as (name, value) with every name it has, to look for the one that comes twice."""


def _pointer_of_twice(value: Any, here: str, depth: int) -> str | None:
    """The pointer of the first name that comes twice; None where it lies deeper."""
    if depth < 0:
        return None
    if isinstance(value, _Pairs):
        seen: set[str] = set()
        for name, inner in value:
            pointer = f"{here}/{pointer_step(name)}"
            if name in seen:
                return pointer
            seen.add(name)
            if found := _pointer_of_twice(inner, pointer, depth - 1):
                return found
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            if found := _pointer_of_twice(inner, f"{here}/{place}", depth - 1):
                return found
    return None


def _is_deeper(value: Any, limit: int) -> bool:
    """Whether something lies under more than `limit` lists and objects. Level by level: no recursion to exhaust."""
    level = [value]
    for _ in range(limit):
        level = [inner for each in level if isinstance(each, dict | list)
                 for inner in (each.values() if isinstance(each, dict) else each)]  # fmt: skip
        if not level:
            return False
    return any(isinstance(each, dict | list) for each in level)
