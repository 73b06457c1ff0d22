"""What a seller may announce, change and withdraw, and what is refused by name."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from tests.inbound.dock import CABLE, MUG, RED, announce, draft, product, service
from wms.core.barcodes import OwnCode, parse_own
from wms.core.refusals import RefusalKind, Refused
from wms.inbound import queries
from wms.inbound.models import Booking, Carton, CartonLine
from wms.inbound.rules import BookingDraft, CartonDraft, LineDraft
from wms.platform.events import EventRow


def faults(refusal: Refused) -> set[tuple[str, str]]:
    assert refusal.kind is RefusalKind.INVALID
    return {(error["pointer"], error["code"]) for error in refusal.errors}


def rows(db_session) -> tuple[int, ...]:
    return tuple(db_session.scalar(select(func.count()).select_from(table)) for table in (Booking, Carton, CartonLine))


def events(db_session, subject) -> list[str]:
    query = select(EventRow.name).where(EventRow.subject_id == subject).order_by(EventRow.sequence)
    return list(db_session.scalars(query))


def test_a_booking_has_a_number_of_its_seller_and_cartons_with_labels_of_ours(cast, db_session):
    booking = service.create_booking(cast.acme, draft({MUG: 24, RED: 6}, {CABLE: 100}, reference="PO-1"))
    assert booking.number.startswith("INACME-")
    assert (booking.state, booking.version, booking.carton_count) == ("draft", 1, 2)
    cartons = db_session.scalars(select(Carton).where(Carton.booking_id == booking.id).order_by(Carton.number)).all()
    assert [carton.number for carton in cartons] == [1, 2]
    for carton in cartons:
        own = parse_own(carton.barcode)
        assert own is not None
        assert own.kind is OwnCode.UNIT
        assert own.body == f"{booking.number}-{carton.number}"
    detail = queries.booking_detail(cast.acme, booking.id)
    assert detail["totals"] == {"declared": 130, "received": 0, "put_away": 0, "unaccounted": 0}
    assert [[(line["sku"], line["declared"]) for line in each["lines"]] for each in detail["cartons"]] == [
        [(MUG, 24), (RED, 6)],
        [(CABLE, 100)],
    ]


def test_without_a_reference_the_number_serves(cast, db_session):
    booking = service.create_booking(cast.acme, draft({MUG: 1}))
    assert booking.reference == booking.number


def test_a_reference_is_unique_for_each_seller_and_the_refusal_names_the_booking(cast, db_session):
    first = service.create_booking(cast.acme, draft({MUG: 1}, reference="PO-1"))
    before = rows(db_session)
    with pytest.raises(Refused) as refusal:
        service.create_booking(cast.acme, draft({MUG: 1}, reference="PO-1"))
    assert refusal.value.code == "reference_taken"
    assert refusal.value.params["number"] == first.number
    assert refusal.value.params["href"] == f"/api/v1/bookings/{first.id}"
    assert rows(db_session) == before
    assert service.create_booking(cast.rival, draft({MUG: 1}, reference="PO-1")).number.startswith("INRIVAL-")


def test_every_wrong_line_is_named_at_once(cast, db_session):
    product(cast.acme_person, "OLD-1", is_active=False)
    cartons = [
        CartonDraft(1, [LineDraft(MUG, 1), LineDraft(MUG, 2)], reference_box_no="X"),
        CartonDraft(3, [LineDraft("NOT-MINE", 1), LineDraft(RED, 0)], reference_box_no="X"),
        CartonDraft(4, []),
        CartonDraft(4, [LineDraft("OLD-1", 100_000)]),
    ]
    before = rows(db_session)
    with pytest.raises(Refused) as refusal:
        service.create_booking(cast.acme, BookingDraft("DE1", cartons))
    assert faults(refusal.value) == {
        ("/cartons/0/lines/1/sku", "duplicate"),
        ("/cartons/0/reference_box_no", "duplicate"),
        ("/cartons/1/reference_box_no", "duplicate"),
        ("/cartons/1/number", "carton_numbers_gap"),
        ("/cartons/1/lines/0/sku", "product_unknown"),
        ("/cartons/1/lines/1/quantity", "too_small"),
        ("/cartons/2/number", "carton_numbers_gap"),
        ("/cartons/2/lines", "too_few"),
        ("/cartons/3/lines/0/sku", "product_inactive"),
        ("/cartons/3/lines/0/quantity", "too_large"),
    }
    assert rows(db_session) == before


def test_a_booking_needs_cartons_and_a_warehouse_that_is_there(cast, db_session):
    with pytest.raises(Refused) as refusal:
        service.create_booking(cast.acme, draft())
    assert faults(refusal.value) == {("/cartons", "too_few")}
    with pytest.raises(Refused) as refusal:
        service.create_booking(cast.acme, draft({MUG: 1}, warehouse="XX9"))
    assert faults(refusal.value) == {("/warehouse", "warehouse_unknown")}


def test_a_bonded_warehouse_takes_only_products_with_a_customs_item(cast, db_session):
    product(cast.acme_person, "NO-ITEM")
    with pytest.raises(Refused) as refusal:
        service.create_booking(cast.acme, draft({"NO-ITEM": 1}, warehouse="NGB1"))
    assert faults(refusal.value) == {("/cartons/0/lines/0/sku", "book_item_missing")}
    assert service.create_booking(cast.acme, draft({"NO-ITEM": 1})).state == "draft"


def test_cartons_replaced_keep_id_and_label_by_number(cast, db_session):
    booking = service.create_booking(cast.acme, draft({MUG: 1}, {RED: 2}, {CABLE: 3}))
    query = select(Carton.number, Carton.id, Carton.barcode).where(Carton.booking_id == booking.id)
    before = {row.number: row for row in db_session.execute(query)}
    cartons = [
        CartonDraft(1, [LineDraft(CABLE, 9)], reference_box_no="B2", weight_g=500),
        CartonDraft(2, [LineDraft(MUG, 1)], reference_box_no="B1"),
    ]
    edited = service.edit_booking(cast.acme, booking.id, {"cartons": cartons, "remark": "two"}, 1)
    assert (edited.version, edited.carton_count, edited.remark) == (2, 2, "two")
    after = {row.number: row for row in db_session.execute(query)}
    assert after == {1: before[1], 2: before[2]}
    swapped = [
        CartonDraft(1, [LineDraft(CABLE, 9)], reference_box_no="B1"),
        CartonDraft(2, [LineDraft(MUG, 1)], reference_box_no="B2"),
    ]
    assert service.edit_booking(cast.acme, booking.id, {"cartons": swapped}, 2).version == 3
    detail = queries.booking_detail(cast.acme, booking.id)
    assert [each["reference_box_no"] for each in detail["cartons"]] == ["B1", "B2"]
    assert [each["declared_weight_g"] for each in detail["cartons"]] == [None, None]
    assert detail["totals"]["declared"] == 10


def test_an_edit_of_an_older_version_is_stale(cast, db_session):
    booking = service.create_booking(cast.acme, draft({MUG: 1}))
    service.edit_booking(cast.acme, booking.id, {"remark": "a"}, 1)
    with pytest.raises(Refused) as refusal:
        service.edit_booking(cast.acme, booking.id, {"remark": "b"}, 1)
    assert refusal.value.kind is RefusalKind.STALE
    assert booking.remark == "a"


def test_the_seller_s_steps_and_their_facts(cast, db_session):
    found = announce(cast.acme, {MUG: 1})
    assert found.booking.state == "submitted"
    booking = service.mark_in_transit(cast.acme, found.booking_id, tracking_number="TRACK-1")
    assert (booking.state, booking.tracking_number) == ("in_transit", "TRACK-1")
    assert service.edit_booking(cast.acme, found.booking_id, {"remark": "late"}, None).remark == "late"
    assert service.cancel(cast.acme, found.booking_id).state == "cancelled"
    assert events(db_session, found.booking_id) == ["booking.submitted", "booking.cancelled"]
    with pytest.raises(Refused):
        service.submit(cast.acme, found.booking_id)


def test_what_stands_at_the_dock_cannot_be_cancelled(cast, db_session):
    found = announce(cast.acme, {MUG: 1})
    service.arrive_booking(cast.receiver, found.booking_id)
    with pytest.raises(Refused) as refusal:
        service.cancel(cast.acme, found.booking_id)
    assert (refusal.value.code, found.booking.state) == ("not_allowed_now", "arrived")


@pytest.mark.parametrize("person", ["rival", "rival_person", "receiver", "picker"])
def test_others_may_not_touch_a_booking(cast, db_session, person):
    found = announce(cast.acme, {MUG: 1}, reference="MINE")
    before = queries.booking_detail(cast.admin, found.booking_id)
    actor = getattr(cast, person)
    for attempt in (service.submit, service.mark_in_transit, service.cancel):
        with pytest.raises(Refused) as refusal:
            attempt(actor, found.booking_id)
        assert refusal.value.kind is RefusalKind.NOT_FOUND
    with pytest.raises(Refused) as refusal:
        service.edit_booking(actor, found.booking_id, {"remark": "mine"}, None)
    assert refusal.value.kind is RefusalKind.NOT_FOUND
    assert queries.booking_detail(cast.admin, found.booking_id) == before


def test_lists_show_only_the_actor_s_bookings(cast, db_session):
    mine, theirs = announce(cast.acme, {MUG: 1}), announce(cast.rival, {MUG: 1}, warehouse="NGB1")
    shown = {name: {row["id"] for row in queries.bookings_page(getattr(cast, name))} for name in
             ("acme", "rival", "agency", "admin", "customs_clerk")}  # fmt: skip
    assert shown == {
        "acme": {mine.booking_id}, "rival": {theirs.booking_id}, "agency": {mine.booking_id, theirs.booking_id},
        "admin": {mine.booking_id, theirs.booking_id}, "customs_clerk": {theirs.booking_id},
    }  # fmt: skip
    with pytest.raises(Refused):
        queries.booking_detail(cast.rival, mine.booking_id)
    with pytest.raises(Refused):
        queries.booking_detail(cast.customs_clerk, mine.booking_id)
