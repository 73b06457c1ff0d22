"""The one source of time. Instants are UTC; a business date is the warehouse's calendar date."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

_SYSTEM: Callable[[], datetime] = lambda: datetime.now(UTC)  # noqa: E731 - a source like any other
_source = _SYSTEM


def now() -> datetime:
    """The current instant, timezone-aware UTC."""
    return _source()


def today(time_zone: str) -> date:
    """The calendar date in `time_zone` (an IANA name) now."""
    return now().astimezone(ZoneInfo(time_zone)).date()


def ruling() -> datetime | None:
    """The instant of a replaced source; None while the system's clock runs.

    For what all hosts must agree on to the second (leases, turns of jobs): there the database's clock decides, because
    hosts' clocks differ, unless the time is not the system's at all: `coalesce(:ruling, clock_timestamp())`.
    """
    return None if _source is _SYSTEM else _source()


def use(source: Callable[[], datetime]) -> Callable[[], datetime]:
    """Replace the source (simulation, tests); returns the former one so that it can be put back."""
    global _source
    former, _source = _source, source
    return former
