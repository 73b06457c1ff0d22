"""When docks take lorries, and what a seller may choose from: pure rules first, then the service and the API."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.inbound.dock import MUG, announce, service
from tests.inbound.test_differences import fields, refused
from tests.inbound.test_transport import docks, noon
from wms.core import clock
from wms.facility.models import LocationKind
from wms.facility.queries import locations_page
from wms.inbound import queries
from wms.inbound.docks import Hours, hours_faults, is_free, is_open, next_free, offers
from wms.inbound.rules import AHEAD_DAYS, appointment_faults

__all__ = ["docks", "noon"]
BERLIN = ZoneInfo("Europe/Berlin")
TUESDAY, WEDNESDAY = date(2026, 12, 1), date(2026, 12, 2)
WEEK = [Hours(1, time(8), time(12)), Hours(2, time(22), time(0))]


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), BERLIN)


@pytest.mark.parametrize(
    ("start", "minutes", "open_"),
    [
        (at(TUESDAY, 8), 60, True), (at(TUESDAY, 11), 60, True), (at(TUESDAY, 11, 15), 60, False), (at(TUESDAY, 7, 45), 60, False),
        (at(WEDNESDAY, 8), 60, False), (at(WEDNESDAY, 23), 60, True), (at(WEDNESDAY, 23, 30), 60, False),
    ],
)  # fmt: skip
def test_a_dock_is_open_all_the_while_or_it_is_not(start, minutes, open_):
    assert is_open(WEEK, start.astimezone(UTC), start.astimezone(UTC) + timedelta(minutes=minutes), BERLIN) is open_
    assert is_open([], start, start + timedelta(minutes=minutes), BERLIN)  # none are said: at any time


def test_hours_that_end_before_they_begin():
    assert [fault.pointer for fault in hours_faults([*WEEK, Hours(4, time(9), time(9)), Hours(5, time(9), time(8))])] == [
        "/4/closes", "/5/closes"
    ]  # fmt: skip


def test_the_next_free_time_lies_within_the_hours():
    taken = [(at(TUESDAY, 8), at(TUESDAY, 11, 30))]
    assert next_free(WEEK, taken, at(TUESDAY, 9), timedelta(hours=1), BERLIN) == at(WEDNESDAY, 22)
    assert next_free(WEEK, taken, at(TUESDAY, 9), timedelta(minutes=30), BERLIN) == at(TUESDAY, 11, 30)
    assert next_free([Hours(0, time(8), time(8, 30))], [], at(TUESDAY, 9), timedelta(hours=1), BERLIN) is None


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (TUESDAY, 24)])
def test_every_time_of_a_day_is_offered_once_though_the_clocks_change(day, hours):
    found = list(offers({"D": ([], [])}, day, 30, BERLIN, at(day - timedelta(days=2), 12)))
    assert len(found) == hours * 2
    assert len({each.starts_at.astimezone(UTC) for each in found}) == len(found)


def test_no_time_is_offered_that_may_not_be_appointed_yet():
    now = at(TUESDAY, 9, 10)
    last = list(offers({"D": ([], [])}, TUESDAY + timedelta(days=AHEAD_DAYS), 60, BERLIN, now))
    assert [f"{each.starts_at:%H:%M}" for each in (last[0], last[-1])] == ["00:00", "09:00"]
    assert all(appointment_faults(each.starts_at, 60, now) == [] for each in last)


TIMES = st.tuples(
    st.integers(0, 90).map(lambda start: at(TUESDAY, 0) + timedelta(minutes=15 * start)), st.integers(1, 16)
)


@settings(deadline=None)
@given(st.lists(TIMES, max_size=4), st.sampled_from([15, 30, 60, 120]), st.booleans())
def test_what_is_offered_is_open_free_and_to_come(booked, minutes, has_hours):
    taken = [(start, start + timedelta(minutes=15 * length)) for start, length in booked]
    now, hours = at(TUESDAY, 9, 10), WEEK if has_hours else []
    for each in offers({"D": (hours, taken)}, TUESDAY, minutes, BERLIN, now):
        assert each.starts_at > now
        assert (each.ends_at - each.starts_at) == timedelta(minutes=minutes)
        assert is_open(hours, each.starts_at, each.ends_at, BERLIN)
        assert is_free(taken, each.starts_at, each.ends_at)


def dock_id(cast: Any, code: str = "DOCK") -> Any:
    return next(
        each.id for each in locations_page(cast.overseas.id, kind=LocationKind.DOCK.value, limit=9) if each.code == code
    )


def test_only_what_is_offered_is_appointed_and_what_is_offered_may_be(cast, docks, noon):
    service.set_dock_hours(cast.supervisor, dock_id(cast), [Hours(2, time(8), time(10))])
    service.set_dock_hours(cast.supervisor, dock_id(cast, "D-2"), [Hours(2, time(9), time(10))])
    one, two, three = (announce(cast.acme, {MUG: 1}).booking_id for _ in range(3))
    told = [(each.dock, f"{each.starts_at:%H:%M}") for each in queries.offered_times(cast.acme, one, WEDNESDAY, 60)]
    assert told == [("DOCK", "08:00"), ("DOCK", "08:30"), ("D-2", "09:00"), ("DOCK", "09:00")]
    assert queries.offered_times(cast.acme, one, TUESDAY, 60) == []
    closed = refused(service.make_appointment, cast.acme, one, at(WEDNESDAY, 10), 60)
    assert fields(closed) == {"/starts_at": "docks_closed"}
    elsewhere = refused(service.make_appointment, cast.acme, one, at(WEDNESDAY, 8), 60, dock="D-2")
    assert fields(elsewhere) == {"/starts_at": "docks_closed"}
    service.make_appointment(cast.acme, one, at(WEDNESDAY, 8), 120)
    assert [each.dock for each in queries.offered_times(cast.acme, two, WEDNESDAY, 60)] == ["D-2"]
    assert len(queries.offered_times(cast.acme, one, WEDNESDAY, 60)) == 4  # its own stands in nobody's way
    service.make_appointment(cast.acme, two, at(WEDNESDAY, 9), 60)
    taken = refused(service.make_appointment, cast.acme, three, at(WEDNESDAY, 9), 60)
    week_later = at(WEDNESDAY + timedelta(days=7), 8)
    assert (taken.code, taken.params) == ("docks_taken", {"free_from": week_later.isoformat(timespec="minutes")})
    long = refused(service.make_appointment, cast.acme, three, at(WEDNESDAY, 8), 180)
    assert fields(long) == {"/starts_at": "docks_closed"}


def test_hours_are_the_operator_s_to_say(cast, db_session, noon):
    key, hours = dock_id(cast), [Hours(1, time(8), time(7))]
    assert fields(refused(service.set_dock_hours, cast.supervisor, key, hours)) == {"/1/closes": "closes_first"}
    for who in (cast.acme, cast.picker):
        assert refused(service.set_dock_hours, who, key, []).code == "not_found"
    bin_ = cast.overseas.locations["A-01-01-1"]
    assert refused(service.set_dock_hours, cast.supervisor, bin_, []).code == "not_found"
    service.set_dock_hours(cast.supervisor, key, [Hours(1, time(8), time(9))])
    service.set_dock_hours(cast.supervisor, key, [])
    assert queries.dock_hours([key]) == {}


def test_offers_over_http(cast, client, db_session, noon):
    found = announce(cast.acme, {MUG: 1})
    service.set_dock_hours(cast.supervisor, dock_id(cast), [Hours(2, time(8), time(9))])
    path = f"/api/v1/bookings/{found.booking_id}/appointment"
    api = cast.api(client, "ACME")
    answer = api.get(f"{path}/offers?day=2026-12-02&minutes=60")
    assert answer.json == {"data": [
        {"dock": "DOCK", "starts_at": "2026-12-02T08:00:00+01:00", "ends_at": "2026-12-02T09:00:00+01:00"}
    ]}  # fmt: skip
    (offer,) = answer.json["data"]
    made = api.post(path, {"starts_at": offer["starts_at"], "minutes": 60, "dock": offer["dock"]})
    assert (made.status_code, made.json["starts_at"]) == (201, offer["starts_at"])
    today = api.get(f"{path}/offers").json["data"]  # Wednesday takes lorries; today is as it is in the warehouse
    assert today == api.get(f"{path}/offers?day={clock.today('Europe/Berlin')}").json["data"]
    for query in ("day=2026-13-01", "day=2026-12-02&minutes=5", "day=2026-12-02&minutes=37"):
        assert api.get(f"{path}/offers?{query}").status_code == 422
    assert cast.api(client, "RIVAL").get(f"{path}/offers?day=2026-12-02").status_code == 404
