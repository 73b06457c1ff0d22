"""Which of equal goods leave first: the rule agreed with their seller, or for one product. Pure.

Every key here sorts what leaves first before the others. What is not known comes last: goods without an expiry cannot be
shown to keep longest, and goods that never were put away have no day.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

UNKNOWN = date.max.toordinal()


class Rotation(StrEnum):
    FEFO = "fefo"  # earliest expiry, then the longest here
    FIFO = "fifo"  # the longest here, then earliest expiry
    LEFO = "lefo"  # latest expiry, then the longest here: for goods that are promised with a long shelf life


def due(rule: Rotation, expires_on: date | None, came_on: date | None) -> tuple[int, int]:
    """When it is the turn of goods. `came_on`: the warehouse's day on which they came in."""
    expires = UNKNOWN if expires_on is None else expires_on.toordinal()
    came = UNKNOWN if came_on is None else came_on.toordinal()
    if rule is Rotation.FIFO:
        return came, expires
    if rule is Rotation.LEFO:
        return UNKNOWN if expires_on is None else -expires, came
    return expires, came


def asked(rule: Rotation, expires_on: date | None, came_on: date | None) -> tuple[int, ...]:
    """The part of `due` that a seller relies on: no pick face, no whole carton and no shorter walk outweighs it. Of goods
    that expire on one day the age is a matter of tidiness; where age is the rule, expiry decides within a day.
    """
    turn = due(rule, expires_on, came_on)
    return turn if rule is Rotation.FIFO else turn[:1]
