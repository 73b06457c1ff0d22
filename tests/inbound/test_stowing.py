"""Putaway: from the carton to the bin, what a bin refuses, and what is suggested."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import text, update

from tests.inbound.dock import CABLE, MUG, RED, SERUM, bins, deliver, line, product, sellable, service, stock
from tests.inbound.test_bookings import events
from wms.core.refusals import RefusalKind, Refused
from wms.facility.models import Location, LocationKind
from wms.inbound import queries
from wms.inventory import holds
from wms.inventory.models import HoldScope
from wms.platform.database import commit

BIN, NEXT = "A-01-01-1", "A-01-01-2"


@pytest.fixture
def counted(cast, db_session):
    """24 blue mugs, of them 4 damaged, and 6 red ones, counted and closed."""
    found = deliver(cast.acme, cast.receiver, {MUG: 24, RED: 6})
    service.count(cast.receiver, found.carton, cast.ACME.products[MUG], 20)
    service.count(cast.receiver, found.carton, cast.ACME.products[MUG], 4, condition="damaged")
    service.count(cast.receiver, found.carton, cast.ACME.products[RED], 6)
    service.close_carton(cast.receiver, found.carton)
    return found


def refused(attempt) -> Refused:
    with pytest.raises(Refused) as refusal:
        attempt()
    return refusal.value


def test_goods_sell_from_their_bin_on(cast, counted, db_session):
    mug, red = cast.ACME.products[MUG], cast.ACME.products[RED]
    bin_id = cast.overseas.locations[BIN]
    first = service.put_away(cast.picker, counted.carton, mug, 15, bin_id)
    assert (first.carton_state, first.booking_state, first.left) == ("stowing", "putaway", 15)
    assert stock(mug) == {(BIN, "good", True): 15, ("DOCK", "good", False): 5, ("DOCK", "damaged", False): 4}
    assert sellable(mug) == 15
    service.put_away(cast.picker, counted.carton, mug, 5, bin_id)
    service.put_away(cast.picker, counted.carton, red, 6, bin_id)
    last = service.put_away(cast.picker, counted.carton, mug, 4, cast.overseas.locations["INSP"], condition="damaged")
    assert (last.carton_state, last.booking_state, last.left) == ("stowed", "completed", 0)
    assert stock(mug) == {(BIN, "good", True): 20, ("INSP", "damaged", False): 4}
    assert (sellable(mug), sellable(red)) == (20, 6)
    assert line(counted.carton, mug) == (24, 20, 4, 0, 24)
    assert events(db_session, counted.booking_id)[-2:] == ["booking.received", "booking.completed"]
    unit = text("SELECT h.state FROM handling_unit h JOIN carton c ON c.handling_unit_id = h.id WHERE c.id = :id")
    assert db_session.execute(unit, {"id": counted.carton}).scalar_one() == "gone"
    detail = queries.booking_detail(cast.acme, counted.booking_id)
    assert detail["totals"] == {"declared": 30, "received": 30, "put_away": 30, "unaccounted": 0}


def test_age_begins_when_goods_are_put_away(cast, counted, db_session):
    service.put_away(cast.picker, counted.carton, cast.ACME.products[MUG], 15, cast.overseas.locations[BIN])
    oldest = text("SELECT oldest_at > :counted FROM balance b JOIN location l ON l.id = b.location_id"
                  " WHERE l.code = :bin AND b.on_hand > 0")  # fmt: skip
    assert db_session.execute(oldest, {"counted": counted.booking.received_at, "bin": BIN}).scalar_one() is True


def test_only_counted_cartons_are_put_away(cast, db_session):
    mug = cast.ACME.products[MUG]
    found = deliver(cast.acme, cast.receiver, {MUG: 5})
    service.count(cast.receiver, found.carton, mug, 5)
    answer = refused(lambda: service.put_away(cast.picker, found.carton, mug, 1, cast.overseas.locations[BIN]))
    assert (answer.code, answer.params["state"]) == ("not_allowed_now", "counting")
    assert stock(mug) == {("DOCK", "good", False): 5}


def test_no_more_than_is_there_and_nothing_that_is_not(cast, counted, db_session):
    bin_id = cast.overseas.locations[BIN]
    mug, cable = cast.ACME.products[MUG], cast.ACME.products[CABLE]
    answer = refused(lambda: service.put_away(cast.picker, counted.carton, mug, 21, bin_id))
    assert (answer.code, answer.params) == ("too_many_to_put_away", {"left": 20, "wanted": 21})
    assert (
        refused(lambda: service.put_away(cast.picker, counted.carton, cable, 1, bin_id)).code == "nothing_to_put_away"
    )
    for quantity in (0, -3):
        answer = refused(lambda quantity=quantity: service.put_away(cast.picker, counted.carton, mug, quantity, bin_id))
        assert answer.kind is RefusalKind.INVALID
    assert sellable(mug) == 0


@pytest.mark.parametrize(
    ("warehouse", "code", "refusal"),
    [
        ("bonded", BIN, "location_foreign"),
        ("overseas", "DOCK", "location_wrong_kind"),
        ("overseas", "PACK", "location_wrong_kind"),
        ("overseas", "TOTES", "location_wrong_kind"),
        ("overseas", "GATE", "location_wrong_kind"),
        ("overseas", "RETURNS", "location_wrong_kind"),
        ("overseas", "INSP", "location_wrong_kind"),  # these are good
    ],
)
def test_a_wrong_place_is_refused_by_name(cast, counted, db_session, warehouse, code, refusal):
    location_id = getattr(cast, warehouse).locations[code]
    mug = cast.ACME.products[MUG]
    assert refused(lambda: service.put_away(cast.picker, counted.carton, mug, 1, location_id)).code == refusal
    assert sellable(mug) == 0
    assert line(counted.carton, mug)[4] == 0


def test_a_closed_bin_is_refused(cast, counted, db_session):
    bin_id = cast.overseas.locations[BIN]
    db_session.execute(update(Location).where(Location.id == bin_id).values(is_active=False))
    commit()
    mug = cast.ACME.products[MUG]
    assert refused(lambda: service.put_away(cast.picker, counted.carton, mug, 1, bin_id)).code == "location_closed"


@pytest.mark.parametrize(
    ("limits", "fits"), [({"max_weight_g": 3_300}, 10), ({"max_volume_cm3": 16_200}, 10), ({"max_weight_g": 319}, 0)]
)
def test_a_bin_takes_what_fits_by_weight_and_volume(cast, counted, db_session, limits, fits):
    """A blue mug weighs 320 g and measures 90 × 90 × 200 mm."""
    mug = cast.ACME.products[MUG]
    small = bins(cast.overseas.id, "S", LocationKind.STORAGE, **limits)["S-1"]
    answer = refused(lambda: service.put_away(cast.picker, counted.carton, mug, fits + 1, small))
    assert (answer.code, answer.params["fits"]) == ("location_full", fits)
    if fits:
        service.put_away(cast.picker, counted.carton, mug, fits - 1, small)
        service.put_away(cast.picker, counted.carton, mug, 1, small)
        assert refused(lambda: service.put_away(cast.picker, counted.carton, mug, 1, small)).params["fits"] == 0
    assert sellable(mug) == fits


def test_a_bin_for_one_product_refuses_a_second(cast, counted, db_session):
    single = bins(cast.overseas.id, "S", LocationKind.STORAGE)["S-1"]
    service.put_away(cast.picker, counted.carton, cast.ACME.products[MUG], 1, single)
    answer = refused(lambda: service.put_away(cast.picker, counted.carton, cast.ACME.products[RED], 1, single))
    assert answer.code == "location_other_product"


def test_a_held_bin_refuses_and_holds_what_a_supervisor_puts_in_all_the_same(cast, counted, db_session):
    mug = cast.ACME.products[MUG]
    bin_id = cast.overseas.locations[BIN]
    holds.place_hold(cast.supervisor, cast.overseas.id, HoldScope.LOCATION, str(bin_id), "check")
    commit()
    assert refused(lambda: service.put_away(cast.picker, counted.carton, mug, 3, bin_id)).code == "location_held"
    service.put_away(cast.supervisor, counted.carton, mug, 3, bin_id, overruled=True)
    assert stock(mug)[(BIN, "good", False)] == 3


def test_of_several_lots_one_is_chosen(cast, db_session):
    serum = cast.ACME.products[SERUM]
    found = deliver(cast.acme, cast.receiver, {SERUM: 10})
    for batch, quantity in (("L1", 6), ("L2", 4)):
        service.count(cast.receiver, found.carton, serum, quantity, batch=batch, expires_on=date(2028, 5, 1))
    service.close_carton(cast.receiver, found.carton)
    bin_id = cast.overseas.locations[BIN]
    answer = refused(lambda: service.put_away(cast.picker, found.carton, serum, 1, bin_id))
    assert answer.code == "lot_needed"
    lots = {row.batch: row.lot_id for row in queries.dock_stock(cast.picker, cast.overseas.id)}
    assert set(answer.params["lots"]) == {str(lot) for lot in lots.values()}
    service.put_away(cast.picker, found.carton, serum, 6, bin_id, lot_id=lots["L1"])
    assert service.put_away(cast.picker, found.carton, serum, 4, bin_id).booking_state == "completed"
    assert sellable(serum) == 10


def test_goods_past_their_last_sale_day_are_put_away_and_do_not_sell(cast, db_session):
    serum = cast.ACME.products[SERUM]
    found = deliver(cast.acme, cast.receiver, {SERUM: 2})
    service.count(cast.receiver, found.carton, serum, 2, batch="OLD", expires_on=date(2020, 1, 1))
    service.close_carton(cast.receiver, found.carton)
    service.put_away(cast.picker, found.carton, serum, 2, cast.overseas.locations[BIN])
    assert (stock(serum), sellable(serum)) == ({(BIN, "good", False): 2}, 0)


def test_serial_numbers_follow_their_goods(cast, db_session):
    phone = product(cast.acme_person, "PHONE", serial_control="full")
    found = deliver(cast.acme, cast.receiver, {"PHONE": 3})
    service.count(cast.receiver, found.carton, phone, 3, serial_numbers=["S1", "S2", "S3"])
    service.close_carton(cast.receiver, found.carton)
    bin_id = cast.overseas.locations[BIN]
    assert refused(lambda: service.put_away(cast.picker, found.carton, phone, 1, bin_id)).code == "serials_required"
    service.put_away(cast.picker, found.carton, phone, 1, bin_id, serial_numbers=["S2"])
    service.put_away(cast.picker, found.carton, phone, 2, bin_id)
    assert sellable(phone) == 3


def test_the_last_putaway_is_taken_back(cast, counted, db_session):
    mug, red = cast.ACME.products[MUG], cast.ACME.products[RED]
    bin_id = cast.overseas.locations[BIN]
    assert refused(lambda: service.undo_put_away(cast.picker, counted.carton)).code == "nothing_to_undo"
    service.put_away(cast.picker, counted.carton, red, 6, bin_id)
    service.put_away(cast.picker, counted.carton, mug, 20, bin_id)
    service.put_away(cast.picker, counted.carton, mug, 4, bin_id, condition="damaged")
    assert counted.booking.state == "completed"
    undone = service.undo_put_away(cast.picker, counted.carton)
    assert (undone.carton_state, undone.booking_state, undone.left) == ("stowing", "putaway", 4)
    assert counted.booking.completed_at is None
    service.undo_put_away(cast.picker, counted.carton)
    undone = service.undo_put_away(cast.picker, counted.carton)
    assert (undone.carton_state, undone.booking_state, undone.left) == ("counted", "received", 30)
    assert (sellable(mug), sellable(red)) == (0, 0)
    assert line(counted.carton, mug) == (24, 20, 4, 0, 0)


def test_a_carton_emptied_otherwise_is_finished_by_hand(cast, db_session):
    from wms.inventory import service as stock_service
    from wms.inventory.ledger import stock_of
    from wms.inventory.models import Balance
    from wms.inventory.service import Subject

    mug = cast.ACME.products[MUG]
    found = deliver(cast.acme, cast.receiver, {MUG: 2})
    service.count(cast.receiver, found.carton, mug, 2)
    service.close_carton(cast.receiver, found.carton)
    assert refused(lambda: service.finish_carton(cast.receiver, found.carton)).code == "carton_not_empty"
    row = db_session.query(Balance).filter(Balance.product_id == mug, Balance.on_hand > 0).one()
    stock_service.count(cast.supervisor, stock_of(row), 0, Subject("count", None))
    commit()
    assert service.finish_carton(cast.receiver, found.carton).booking_state == "completed"


def test_the_suggestion_says_why(cast, counted, db_session):
    mug, red = cast.ACME.products[MUG], cast.ACME.products[RED]
    first = service.suggest_place(cast.picker, counted.carton, mug)
    assert (first.code, first.reason.code) == (BIN, "putaway_empty_bin")
    assert [code for _, code, _reason in first.alternatives] == [NEXT, "A-01-02-1", "A-01-02-2"]
    service.put_away(cast.picker, counted.carton, mug, 10, cast.overseas.locations["A-02-01-1"])
    again = service.suggest_place(cast.picker, counted.carton, mug)
    assert (again.code, again.reason.code, again.reason.params["quantity"]) == ("A-02-01-1", "putaway_same_lot", 10)
    assert service.suggest_place(cast.picker, counted.carton, red).code == BIN
    bins(cast.overseas.id, "F", LocationKind.PICK_FACE)
    face = service.suggest_place(cast.picker, counted.carton, red)
    assert (face.code, face.reason.code) == ("F-1", "putaway_pick_face")
    spoiled = service.suggest_place(cast.picker, counted.carton, mug, condition="damaged")
    assert (spoiled.code, spoiled.reason.code) == ("INSP", "putaway_not_good")


def test_nothing_is_suggested_where_no_bin_has_room(cast, db_session):
    anvil = product(cast.acme_person, "ANVIL", declared_weight_g=201_000)
    found = deliver(cast.acme, cast.receiver, {"ANVIL": 1})
    service.count(cast.receiver, found.carton, anvil, 1)
    assert service.suggest_place(cast.picker, found.carton, anvil) is None
    assert refused(lambda: service.suggest_place(cast.acme, found.carton, anvil)).kind is RefusalKind.NOT_FOUND
