"""When docks take lorries: their hours of the week, and the times that a seller may choose from. Pure.

Hours are local: a weekday and two times by the warehouse's clock. A dock of which none are said takes lorries at any time; one
of which some are takes them then only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from wms.core.refusals import FieldError
from wms.inbound.rules import AHEAD_DAYS, GRID_MINUTES

STEP_MINUTES = 30  # between two times that are offered
LOOK_AHEAD = timedelta(days=14)  # for the next free time
Times = Sequence[tuple[datetime, datetime]]


@dataclass(frozen=True)
class Hours:
    """Of one weekday, 0 is Monday. `closes` 00:00 is the end of the day."""

    weekday: int
    opens: time
    closes: time


@dataclass(frozen=True)
class Offer:
    """A dock is free from then to then."""

    dock: str
    starts_at: datetime
    ends_at: datetime


def hours_faults(hours: Sequence[Hours]) -> list[FieldError]:
    """What no hours can be, each at `/<weekday>`."""
    return [
        FieldError(f"/{each.weekday}/closes", "closes_first", {})
        for each in hours
        if each.closes != time() and each.closes <= each.opens
    ]


def is_open(hours: Sequence[Hours], starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> bool:
    """Whether a dock takes a lorry all the while; over midnight only one that has no hours does."""
    if not hours:
        return True
    start, end = starts_at.astimezone(zone), ends_at.astimezone(zone)
    return any(
        each.weekday == start.weekday() and each.opens <= start.time() and end <= _closing(each, start.date(), zone)
        for each in hours
    )


def _closing(hours: Hours, day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day if hours.closes != time() else day + timedelta(days=1), hours.closes, zone)


def is_free(taken: Times, starts_at: datetime, ends_at: datetime) -> bool:
    return all(end <= starts_at or ends_at <= start for start, end in taken)


def next_free(
    hours: Sequence[Hours], taken: Times, starts_at: datetime, length: timedelta, zone: ZoneInfo
) -> datetime | None:
    """The first quarter from then on at which the dock is open and free for so long; None within `LOOK_AHEAD`."""
    at = starts_at
    while at < starts_at + LOOK_AHEAD:
        if is_open(hours, at, at + length, zone) and is_free(taken, at, at + length):
            return at
        at += timedelta(minutes=GRID_MINUTES)
    return None


def offers(
    docks: Mapping[str, tuple[Sequence[Hours], Times]], day: date, minutes: int, zone: ZoneInfo, now: datetime
) -> Iterator[Offer]:
    """Times of a day at which a dock is open and free for so long, and which may be appointed now, in their order. `docks`:
    hours and what is taken, by code.
    """
    start, length = datetime.combine(day, time(), zone), timedelta(minutes=minutes)
    end = datetime.combine(day + timedelta(days=1), time(), zone)
    # in elapsed time: on the day that the clocks change an hour is missing, or there twice
    at, until = start.astimezone(ZoneInfo("UTC")), end.astimezone(ZoneInfo("UTC"))
    while at < until:
        if now < at <= now + timedelta(days=AHEAD_DAYS):
            for code, (hours, taken) in docks.items():
                if is_open(hours, at, at + length, zone) and is_free(taken, at, at + length):
                    yield Offer(code, at.astimezone(zone), (at + length).astimezone(zone))
        at += timedelta(minutes=STEP_MINUTES)
