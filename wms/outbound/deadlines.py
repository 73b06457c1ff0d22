"""When an order has to be released and to leave: cut-offs of carriers and services in the warehouse's calendar. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

# Without a cut-off: a day after it was ordered, and what a warehouse needs at least from the wave to the truck.
USUAL_HOURS = 24
USUAL_WORK_MINUTES = 120
SOON_MINUTES = 60
MOST_DAYS = 60  # a warehouse that is closed for longer promises nothing


@dataclass(frozen=True)
class CutOff:
    """`orders_until`, `truck_at`: minutes of the warehouse's day. `weekdays`: bits from Monday (1) to Sunday (64)."""

    orders_until: int
    truck_at: int
    work_minutes: int
    weekdays: int

    def works_on(self, day: date, closed: Collection[date]) -> bool:
        return bool(self.weekdays >> day.weekday() & 1) and day not in closed


@dataclass(frozen=True)
class Deadlines:
    """`release_by`: when its wave must be released at the latest. `ship_by`: when its truck leaves."""

    release_by: datetime
    ship_by: datetime


def deadlines(
    received: datetime, ordered: datetime, cut_off: CutOff | None, time_zone: str, closed: Collection[date] = ()
) -> Deadlines:
    """What an order is promised that came in at `received`: the truck of that day when it came before `orders_until`,
    else of the next day on which the warehouse works. Instants, right over a change of summer time.
    """
    usual = ordered + timedelta(hours=USUAL_HOURS)
    if cut_off is None:
        return Deadlines(usual - timedelta(minutes=USUAL_WORK_MINUTES), usual)
    zone = ZoneInfo(time_zone)
    here = received.astimezone(zone)
    first = here.date() if here < _at(here.date(), cut_off.orders_until, zone) else here.date() + timedelta(days=1)
    days = (first + timedelta(days=number) for number in range(MOST_DAYS))
    day = next((day for day in days if cut_off.works_on(day, closed)), None)
    if day is None:
        return Deadlines(usual - timedelta(minutes=USUAL_WORK_MINUTES), usual)
    leaves = _at(day, cut_off.truck_at, zone).astimezone(received.tzinfo)
    return Deadlines(leaves - timedelta(minutes=cut_off.work_minutes), leaves)


def _at(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(minutes // 60, minutes % 60), zone)


class Risk(StrEnum):
    NONE = "none"
    SOON = "soon"  # its latest release is within the hour
    AT_RISK = "at_risk"  # its latest release has passed, and it is in no wave
    LATE = "late"  # its truck has left without it


WAITS_FOR_WAVE = frozenset({"short", "awaiting_customs", "promised"})
ENDED = frozenset({"shipped", "cancelled"})


def risk(state: str, release_by: datetime | None, ship_by: datetime | None, now: datetime) -> Risk:
    """How an order stands to its promise."""
    if state in ENDED or release_by is None or ship_by is None:
        return Risk.NONE
    if now > ship_by:
        return Risk.LATE
    if state not in WAITS_FOR_WAVE:
        return Risk.NONE
    if now > release_by:
        return Risk.AT_RISK
    return Risk.SOON if now > release_by - timedelta(minutes=SOON_MINUTES) else Risk.NONE
