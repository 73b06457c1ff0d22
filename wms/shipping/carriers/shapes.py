"""The shapes of single values in what a carrier's server says: a value that has another is Wrong. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from wms.core.money import EXPONENTS

MOST_SURCHARGES = 20
MOST_MINOR = 10**9


class Wrong(Exception):
    """A field that is not what the protocol says."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def text_of(row: Mapping[str, Any], name: str, shape: re.Pattern[str]) -> str:
    """A text of this shape; raises Wrong."""
    value = row.get(name)
    if not isinstance(value, str) or not shape.fullmatch(value):
        raise Wrong(name)
    return value


def number_of(row: Mapping[str, Any], name: str, most: int) -> int:
    """A whole number of 0 to `most`: 4.2 and "420" are none, and neither is true. Raises Wrong."""
    value = row.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise Wrong(name)
    return value


def currency_of(row: Mapping[str, Any]) -> str:
    """A currency that the house knows; raises Wrong."""
    value = row.get("currency")
    if not isinstance(value, str) or value not in EXPONENTS:
        raise Wrong("currency")
    return value


def minor_of(row: Mapping[str, Any], name: str) -> int:
    """An amount in minor units; raises Wrong."""
    return number_of(row, name, MOST_MINOR)


def surcharges_of(rows: object) -> tuple[tuple[str, int], ...]:
    """Names and amounts, as they were said; raises Wrong."""
    if not isinstance(rows, list) or len(rows) > MOST_SURCHARGES or not all(isinstance(row, dict) for row in rows):
        raise Wrong("surcharges")
    return tuple((_name(row), minor_of(row, "minor")) for row in rows)


def _name(row: Mapping[str, Any]) -> str:
    name = row.get("name")
    if not isinstance(name, str) or not name.isprintable() or not 1 <= len(name) <= 40:
        raise Wrong("surcharges")
    return name
