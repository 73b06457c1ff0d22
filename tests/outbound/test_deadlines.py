"""Cut-offs in the warehouse's calendar, pure: days, holidays, summer time; and what is at risk."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from wms.outbound.deadlines import MOST_DAYS, CutOff, Risk, deadlines, risk

WORKDAYS = 0b0011111
AFTERNOON = CutOff(orders_until=14 * 60, truck_at=17 * 60, work_minutes=90, weekdays=WORKDAYS)
BERLIN = "Europe/Berlin"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("received", "leaves"),
    [
        ("2026-11-24T12:59", "2026-11-24T16:00"),  # Tuesday, 13:59 in Berlin
        ("2026-11-24T13:00", "2026-11-25T16:00"),  # at 14:00 it is too late
        ("2026-11-27T15:00", "2026-11-30T16:00"),  # Friday afternoon → Monday
        ("2026-11-28T08:00", "2026-11-30T16:00"),  # Saturday
        ("2026-03-27T15:00", "2026-03-30T15:00"),  # over the change to summer time: 17:00 is 15:00 UTC
        ("2026-10-23T15:00", "2026-10-26T16:00"),  # and back
        ("2026-12-24T15:00", "2026-12-28T16:00"),  # Christmas is closed, then a weekend
    ],
)
def test_the_truck_of_the_day_or_of_the_next_one_that_is_worked(received: str, leaves: str) -> None:
    closed = {date(2026, 12, 25)}
    found = deadlines(at(received), at("2026-01-01T00:00"), AFTERNOON, BERLIN, closed)
    assert found.ship_by == at(leaves)
    assert found.release_by == at(leaves) - timedelta(minutes=90)


def test_the_warehouses_day_counts_and_not_ours() -> None:
    """Half past eleven at night in UTC is the next morning in Shanghai."""
    found = deadlines(at("2026-11-24T23:30"), at("2026-11-24T23:30"), AFTERNOON, "Asia/Shanghai")
    assert found.ship_by == at("2026-11-25T09:00")


def test_without_a_cut_off_a_day_after_it_was_ordered() -> None:
    found = deadlines(at("2026-11-24T12:00"), at("2026-11-23T12:00"), None, BERLIN)
    assert (found.release_by, found.ship_by) == (at("2026-11-24T10:00"), at("2026-11-24T12:00"))
    never = CutOff(0, 60, 10, 0)
    assert deadlines(at("2026-11-24T12:00"), at("2026-11-23T12:00"), never, BERLIN) == found
    closed = {date(2026, 11, 24) + timedelta(days=number) for number in range(MOST_DAYS + 1)}
    assert deadlines(at("2026-11-24T12:00"), at("2026-11-23T12:00"), AFTERNOON, BERLIN, closed) == found


RELEASE, SHIP = at("2026-11-24T14:30"), at("2026-11-24T16:00")


@pytest.mark.parametrize(
    ("state", "now", "expected"),
    [
        ("promised", "13:30", Risk.NONE), ("promised", "13:31", Risk.SOON), ("short", "14:30", Risk.SOON),
        ("short", "14:31", Risk.AT_RISK), ("awaiting_customs", "15:00", Risk.AT_RISK), ("waved", "15:00", Risk.NONE),
        ("packed", "16:00", Risk.NONE), ("packed", "16:01", Risk.LATE), ("short", "16:01", Risk.LATE),
        ("shipped", "18:00", Risk.NONE), ("cancelled", "18:00", Risk.NONE),
    ],
)  # fmt: skip
def test_what_is_at_risk(state: str, now: str, expected: Risk) -> None:
    assert risk(state, RELEASE, SHIP, at(f"2026-11-24T{now}")) is expected
    assert risk(state, None, None, at(f"2026-11-24T{now}")) is Risk.NONE
