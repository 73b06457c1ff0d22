"""How goods travel: numbers with their check digits, equal cartons, pallets, sets replaced, and the docks' calendar."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from itertools import product as pairs
from typing import Any

import pytest
from sqlalchemy import select, text

from tests.inbound.dock import MUG, RED, announce, deliver, draft, service
from tests.inbound.test_differences import fields, refused
from wms.core import clock
from wms.core.actor import SYSTEM
from wms.core.refusals import Refused
from wms.facility import service as facility
from wms.facility.models import LocationKind
from wms.facility.rules import Plan
from wms.inbound import queries, rules
from wms.inbound.models import Carton
from wms.inbound.rules import BY_AIR, IN_CONTAINERS, BookingDraft, CartonDraft, LineDraft, Transport
from wms.inbound.workflow import APPOINTMENT, AppointmentState
from wms.platform.database import commit, session

GOOD_BOX, GOOD_AIR = "CSQU3054383", "160-12345675"


@pytest.mark.parametrize("transport", Transport)
def test_each_transport_has_its_numbers(transport):
    wrong = {fault.pointer: fault.code for fault in rules.transport_faults(transport, GOOD_BOX, GOOD_AIR)}
    wanted = {}
    if transport not in IN_CONTAINERS:
        wanted["/container_number"] = "not_by_transport"
    if transport not in BY_AIR:
        wanted["/air_waybill"] = "not_by_transport"
    assert wrong == wanted


def test_every_single_wrong_digit_is_found():
    for number, known, at in ((GOOD_BOX, "container_number", range(4, 11)), (GOOD_AIR, "air_waybill", range(4, 12))):
        for place in at:
            for digit in "0123456789":
                changed = number[:place] + digit + number[place + 1 :]
                if changed == number or (
                    known == "air_waybill" and place < 11 and (int(digit) - int(number[place])) % 7 == 0
                ):
                    continue  # the remainder mod 7 does not tell 0 from 7: that is the standard's own blind spot
                if known == "container_number" and rules.transport_faults("sea", changed, None) == []:
                    raise AssertionError(changed)
                if known == "air_waybill":
                    assert rules.transport_faults("air", None, changed) != [], changed


@pytest.mark.parametrize(
    ("typed", "kept"), [("csqu 305438-3", GOOD_BOX), ("CSQU3054383", GOOD_BOX), (" ", None), (None, None)]
)
def test_a_container_number_is_kept_in_one_form(typed, kept):
    assert rules.plain_number(typed) == kept


@pytest.mark.parametrize(("typed", "kept"), [("16012345675", GOOD_AIR), ("160 1234 5675", GOOD_AIR), ("16", "16")])
def test_an_air_waybill_is_kept_in_one_form(typed, kept):
    assert rules.plain_waybill(typed) == kept


def test_wrong_numbers_are_refused_with_everything_else_that_is_wrong(cast, db_session):
    wrong = draft({MUG: 1, "NO-SUCH": 1}, transport="sea_fcl", container_number="CSQU3054384")
    assert fields(refused(service.create_booking, cast.acme, wrong)) == {
        "/container_number": "check_digit_wrong", "/cartons/0/lines/1/sku": "product_unknown"
    }  # fmt: skip
    booking = service.create_booking(cast.acme, draft({MUG: 1}, transport="sea_fcl", container_number="csqu 3054383"))
    assert booking.container_number == GOOD_BOX
    for change in ({"container_number": "CSQU3054384"}, {"transport": "air"}, {"air_waybill": GOOD_AIR}):
        assert fields(refused(service.edit_booking, cast.acme, booking.id, change, None)) != {}
    change = {"transport": "air", "container_number": None, "air_waybill": "16012345675"}
    assert service.edit_booking(cast.acme, booking.id, change, None).air_waybill == GOOD_AIR


def test_equal_cartons_are_sent_once_and_numbered_through(cast, client, db_session):
    api = cast.api(client, "ACME")
    line = [{"sku": MUG, "quantity": 6}]
    body = {"warehouse": "DE1", "cartons": [{"number": 1, "count": 3, "pallet": 1, "lines": line},
                                            {"number": 4, "lines": line, "pallet": 2}]}  # fmt: skip
    made = api.post("/api/v1/bookings", body)
    assert made.status_code == 201, made.json
    shown = api.get(f"/api/v1/bookings/{made.json['id']}").json
    assert [(each["number"], each["pallet"]) for each in shown["cartons"]] == [(1, 1), (2, 1), (3, 1), (4, 2)]
    for wrong, pointer in (
        ([{"number": 1, "count": 3, "lines": line}, {"number": 2, "lines": line}], "/cartons/1/number"),
        ([{"number": 1, "count": 501, "lines": line}], "/cartons/0/count"),
        ([{"number": 1, "count": 500, "lines": line}, {"number": 500, "lines": line}], "/cartons"),
        ([{"number": 1, "count": 2, "reference_box_no": "A", "lines": line}], "/cartons/0/reference_box_no"),
        ([{"number": 1, "pallet": 2, "lines": line}], "/cartons/0/pallet"),
        ([{"number": 1, "count": 2, "lines": [{"sku": "NO-SUCH", "quantity": 1}]}], "/cartons/0/lines/0/sku"),
    ):
        answer = api.post("/api/v1/bookings", {"warehouse": "DE1", "cartons": wrong})
        assert (answer.status_code, [each["pointer"] for each in answer.json["errors"]]) == (422, [pointer]), wrong


def test_a_pallet_arrives_whole(cast, db_session):
    cartons = [CartonDraft(number, [LineDraft(MUG, 1)], pallet=pallet) for number, pallet in ((1, 1), (2, 1), (3, 2))]
    booking = service.create_booking(cast.acme, BookingDraft("DE1", cartons), submitted=True)
    arrived = service.arrive_booking(cast.receiver, booking.id, pallet=1)
    assert (len(arrived.carton_ids), arrived.awaited) == (2, 1)
    assert refused(service.arrive_booking, cast.receiver, booking.id, pallet=1).code == "nothing_missing"
    assert refused(service.arrive_booking, cast.receiver, booking.id, pallet=9).code == "nothing_missing"


def test_the_set_is_replaced_until_the_first_carton_is_dealt_with(cast, db_session):
    found = announce(cast.acme, {MUG: 1}, {MUG: 2})
    service.mark_in_transit(cast.acme, found.booking_id)
    other = [
        CartonDraft(1, [LineDraft(RED, 5)]),
        CartonDraft(2, [LineDraft(MUG, 1)]),
        CartonDraft(3, [LineDraft(MUG, 1)]),
    ]
    edited = service.edit_booking(cast.acme, found.booking_id, {"cartons": other}, None)
    assert (edited.state, edited.carton_count) == ("in_transit", 3)
    lost = session().scalar(select(Carton.id).where(Carton.booking_id == found.booking_id, Carton.number == 2))
    assert lost is not None
    service.mark_missing(cast.supervisor, lost)
    refusal = refused(service.edit_booking, cast.acme, found.booking_id, {"cartons": other}, None)
    assert (refusal.code, refusal.params) == ("cartons_begun", {"number": 2})
    service.arrive_booking(cast.receiver, found.booking_id)
    assert (
        refused(service.edit_booking, cast.acme, found.booking_id, {"cartons": other}, None).code == "not_allowed_now"
    )


APPOINTMENT_MOVES = {("booked", "cancel"): "cancelled", ("booked", "keep"): "kept"}


def test_every_state_of_an_appointment_allows_exactly_its_actions():
    for state, action in pairs(AppointmentState, APPOINTMENT.moves):
        wanted = APPOINTMENT_MOVES.get((state.value, action))
        if wanted is not None:
            assert APPOINTMENT.apply(action, state) == wanted
        else:
            assert refused(APPOINTMENT.apply, action, state).code == "not_allowed_now"


@pytest.fixture
def noon():
    """The clock stands at noon, UTC."""
    moment = datetime(2026, 12, 1, 12, tzinfo=UTC)
    former = clock.use(lambda: moment)
    yield moment
    clock.use(former)


@pytest.fixture
def docks(cast, db_session):
    """A second dock beside the one that the house has."""
    facility.create_zone(SYSTEM, cast.overseas.id, "D", "D", LocationKind.DOCK)
    facility.generate_locations(SYSTEM, cast.overseas.id, "D", Plan("D-{bay}", (1, 1), (2, 2)))
    commit()


def test_two_lorries_get_two_docks_and_the_third_is_told_when(cast, docks, noon):
    bookings = [announce(cast.acme, {MUG: 1}).booking_id for _ in range(3)] + [
        announce(cast.rival, {MUG: 1}).booking_id
    ]
    at = noon + timedelta(hours=2)
    first = service.make_appointment(cast.acme, bookings[0], at, 60)
    second = service.make_appointment(cast.acme, bookings[1], at + timedelta(minutes=30), 30)
    assert first.location_id != second.location_id
    refusal = refused(service.make_appointment, cast.rival, bookings[3], at + timedelta(minutes=45), 60)
    assert (refusal.code, refusal.params) == ("docks_taken", {"free_from": "2026-12-01T15:00+00:00"})
    service.make_appointment(cast.rival, bookings[3], at + timedelta(minutes=75), 60)
    moved = service.make_appointment(cast.acme, bookings[0], at + timedelta(minutes=15), 60)
    assert moved.location_id == first.location_id
    rows = queries.dock_calendar(cast.supervisor, cast.overseas.id, noon, noon + timedelta(days=1))
    assert len(rows) == 3
    assert len(queries.dock_calendar(cast.rival, cast.overseas.id, noon, noon + timedelta(days=1))) == 1


def test_an_appointment_is_kept_by_the_first_carton_and_goes_with_its_booking(cast, db_session, noon):
    at = noon + timedelta(hours=1)
    kept, gone = announce(cast.acme, {MUG: 1}, {MUG: 1}), announce(cast.acme, {MUG: 1})
    service.make_appointment(cast.acme, kept.booking_id, at, 30)
    service.make_appointment(cast.acme, gone.booking_id, at + timedelta(hours=1), 30)
    service.arrive_booking(cast.receiver, kept.booking_id)
    service.cancel(cast.acme, gone.booking_id)
    shown = queries.appointment_of(cast.acme, kept.booking_id)
    assert shown is not None
    assert shown["state"] == "kept"
    assert queries.appointment_of(cast.acme, gone.booking_id) is None
    assert refused(service.cancel_appointment, cast.acme, kept.booking_id).code == "no_appointment"
    assert refused(service.make_appointment, cast.acme, kept.booking_id, at, 30).code == "not_allowed_now"


@pytest.mark.parametrize(
    ("after", "minutes", "wrong"),
    [
        (timedelta(0), 60, "/starts_at"), (timedelta(hours=-1), 60, "/starts_at"), (timedelta(minutes=7), 60, "/starts_at"),
        (timedelta(days=91), 60, "/starts_at"), (timedelta(seconds=1), 60, "/starts_at"), (timedelta(hours=1), 0, "/minutes"),
        (timedelta(hours=1), 20, "/minutes"), (timedelta(hours=1), 495, "/minutes"), (timedelta(hours=1), -15, "/minutes"),
    ],
)  # fmt: skip
def test_times_that_cannot_be(cast, db_session, noon, after, minutes, wrong):
    found = announce(cast.acme, {MUG: 1})
    assert wrong in fields(refused(service.make_appointment, cast.acme, found.booking_id, noon + after, minutes))


def test_only_its_seller_and_the_house_appoint_and_only_at_a_dock_of_it(cast, db_session, noon):
    found, at = announce(cast.acme, {MUG: 1}), noon + timedelta(hours=1)
    attempts: list[tuple[Any, str | None]] = [(cast.rival, None), (cast.receiver, None)]
    for who, dock in attempts:
        assert refused(service.make_appointment, who, found.booking_id, at, 60, dock=dock).code == "not_found"
    for dock in ("A-01-01-1", "NO-SUCH"):
        assert fields(refused(service.make_appointment, cast.acme, found.booking_id, at, 60, dock=dock)) == {
            "/dock": "no_dock"
        }
    booking = service.create_booking(cast.acme, draft({MUG: 1}))
    assert refused(service.make_appointment, cast.acme, booking.id, at, 60).code == "not_allowed_now"
    assert refused(service.make_appointment, cast.acme, uuid.uuid4(), at, 60).code == "not_found"


def test_appointments_over_http(cast, client, db_session, noon):
    api, found = cast.api(client, "ACME"), announce(cast.acme, {MUG: 1})
    path = f"/api/v1/bookings/{found.booking_id}/appointment"
    assert api.get(path).status_code == 404
    made = api.post(path, {"starts_at": "2026-12-01T15:00:00+01:00", "minutes": 60})
    assert (made.status_code, made.json["starts_at"]) == (201, "2026-12-01T15:00:00+01:00")
    assert api.get(path).json["dock"] == "DOCK"
    assert cast.api(client, "RIVAL").get(path).status_code == 404
    assert api.post(f"{path}/cancel").json["state"] == "cancelled"
    assert (api.get(path).status_code, api.post(f"{path}/cancel").json["code"]) == (404, "no_appointment")
    count = session().scalar(text("SELECT count(*) FROM dock_appointment WHERE state = 'booked'"))
    assert count == 0


def test_a_late_packing_list_does_not_reach_what_is_here(cast, db_session):
    found = deliver(cast.acme, cast.receiver, {MUG: 1})
    with pytest.raises(Refused) as refusal:
        service.edit_booking(cast.acme, found.booking_id, {"remark": "late"}, None)
    assert refusal.value.code == "not_allowed_now"
