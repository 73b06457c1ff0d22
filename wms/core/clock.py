"""The one source of time. Instants are UTC; a business date is the warehouse's calendar date."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

_source: Callable[[], datetime] = lambda: datetime.now(UTC)  # noqa: E731 - replaced as a whole by `use`


def now() -> datetime:
    """The current instant, timezone-aware UTC."""
    return _source()


def today(time_zone: str) -> date:
    """The calendar date in `time_zone` (an IANA name) now."""
    return now().astimezone(ZoneInfo(time_zone)).date()


def use(source: Callable[[], datetime]) -> Callable[[], datetime]:
    """Replace the source (simulation, tests); returns the former one so that it can be put back."""
    global _source
    former, _source = _source, source
    return former
