"""What a transfer's figures mean. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

Key = TypeVar("Key")


@dataclass(frozen=True)
class Differs:
    lost: int
    found: int


def settled(sent: Mapping[Key, int], received: Mapping[Key, int]) -> dict[Key, Differs]:
    """For each product, what never came and what came besides: sent + found = received + lost. A unit that lay in
    another carton than announced is neither.
    """
    return {
        key: Differs(max(0, sent.get(key, 0) - received.get(key, 0)), max(0, received.get(key, 0) - sent.get(key, 0)))
        for key in sent.keys() | received.keys()
    }


def in_transit(sent: int, received: int, *, closed: bool) -> int:
    """What of a product is still on its way: nothing is, once the receiving booking is closed."""
    return 0 if closed else max(0, sent - received)
