"""In bond: nothing sells before customs has booked its item, a surplus is unaccounted, and the gate stays shut."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from tests.inbound.dock import MUG, deliver, line, sellable, service, stock
from wms.core.refusals import Refused
from wms.customs import service as customs
from wms.customs import settling
from wms.customs.models import SettlementKind
from wms.customs.settling import Asked
from wms.inventory import unaccounted
from wms.inventory.models import BookItem
from wms.inventory.queries import Scope
from wms.platform.database import commit, rollback

BIN = "A-01-01-1"


def book(db_session, warehouse_id) -> tuple[int, int]:
    row = db_session.scalars(select(BookItem).where(BookItem.warehouse_id == warehouse_id)
                             .execution_options(populate_existing=True)).one()  # fmt: skip
    return row.booked, row.unbooked


@pytest.fixture
def at_dock(cast, db_session):
    return deliver(cast.acme, cast.receiver, {MUG: 10}, warehouse="NGB1")


def test_received_goods_wait_for_customs_before_they_sell(cast, at_dock, db_session):
    mug = cast.ACME.products[MUG]
    service.count(cast.receiver, at_dock.carton, mug, 10)
    assert book(db_session, cast.bonded.id) == (0, 10)
    service.close_carton(cast.receiver, at_dock.carton)
    service.put_away(cast.picker, at_dock.carton, mug, 10, cast.bonded.locations[BIN])
    assert at_dock.booking.state == "completed"
    assert (stock(mug), sellable(mug)) == ({(BIN, "good", False): 10}, 0)
    item = db_session.scalar(select(BookItem.item_number).where(BookItem.warehouse_id == cast.bonded.id))
    customs.record_book_receipt(cast.customs_clerk, cast.bonded.id, item, "QD1", 10)
    commit()
    assert (stock(mug), sellable(mug)) == ({(BIN, "good", True): 10}, 10)


def test_a_surplus_goes_to_unaccounted(cast, at_dock, db_session):
    mug = cast.ACME.products[MUG]
    service.count(cast.receiver, at_dock.carton, mug, 8)
    counted = service.count(cast.receiver, at_dock.carton, mug, 5)
    assert (counted.lines[0].received_good, counted.lines[0].unaccounted) == (13, 3)
    assert at_dock.differences() == {"over": 3}
    assert stock(mug) == {("DOCK", "good", False): 10, ("UNACC", "good", False): 3}
    assert book(db_session, cast.bonded.id) == (0, 13)
    service.close_carton(cast.receiver, at_dock.carton)
    stowed = service.put_away(cast.picker, at_dock.carton, mug, 10, cast.bonded.locations[BIN])
    assert (stowed.left, stowed.booking_state) == (0, "completed")
    assert line(at_dock.carton, mug) == (10, 13, 0, 3, 10)


def test_goods_no_carton_declares_are_all_surplus(cast, at_dock, db_session):
    red = cast.ACME.products["MUG-450-RED"]
    service.count(cast.receiver, at_dock.carton, red, 2)
    assert stock(red) == {("UNACC", "good", False): 2}
    assert at_dock.differences() == {"wrong": 2}
    closed = service.close_carton(cast.receiver, at_dock.carton)
    assert (closed.left, closed.booking_state) == (0, "completed")


def test_a_count_in_bond_is_taken_back_until_customs_has_booked_it(cast, at_dock, db_session):
    """A mistake at the dock is nobody's business but ours; what is declared is customs' too (laws 1 and 6)."""
    mug = cast.ACME.products[MUG]
    service.count(cast.receiver, at_dock.carton, mug, 6)
    service.count(cast.receiver, at_dock.carton, mug, 7)  # three beyond the declaration: unaccounted
    service.uncount(cast.receiver, at_dock.carton)
    assert (book(db_session, cast.bonded.id), line(at_dock.carton, mug)) == ((0, 6), (10, 6, 0, 0, 0))
    assert stock(mug) == {("DOCK", "good", False): 6}
    service.count(cast.receiver, at_dock.carton, mug, 4)
    item = db_session.scalar(select(BookItem.item_number).where(BookItem.warehouse_id == cast.bonded.id))
    customs.record_book_receipt(cast.customs_clerk, cast.bonded.id, item, "QD1", 7)
    commit()
    with pytest.raises(Refused) as refusal:  # of its four, only three wait
        service.uncount(cast.receiver, at_dock.carton)
    assert refusal.value.code == "customs_permit_needed"
    assert (book(db_session, cast.bonded.id), line(at_dock.carton, mug)) == ((7, 3), (10, 10, 0, 0, 0))


def test_a_count_in_bond_is_taken_back_beside_what_is_booked(cast, at_dock, db_session):
    mug = cast.ACME.products[MUG]
    service.count(cast.receiver, at_dock.carton, mug, 6)
    item = db_session.scalar(select(BookItem.item_number).where(BookItem.warehouse_id == cast.bonded.id))
    customs.record_book_receipt(cast.customs_clerk, cast.bonded.id, item, "QD1", 6)
    commit()
    service.count(cast.receiver, at_dock.carton, mug, 2)
    service.uncount(cast.receiver, at_dock.carton)
    assert (book(db_session, cast.bonded.id), line(at_dock.carton, mug)) == ((6, 0), (10, 6, 0, 0, 0))
    with pytest.raises(Refused) as refusal:
        service.uncount(cast.receiver, at_dock.carton)
    assert refusal.value.code == "customs_permit_needed"


@pytest.mark.parametrize("accepted", [False, True])
def test_a_surplus_that_customs_was_told_of_is_not_taken_back(cast, at_dock, db_session, accepted):
    mug, clerk = cast.ACME.products[MUG], cast.customs_clerk
    service.count(cast.receiver, at_dock.carton, mug, 13)
    (row,) = unaccounted.rows_seen(Scope())
    made = settling.declare(clerk, cast.bonded.id, row.id, Asked(SettlementKind.DESTRUCTION, 2))
    commit()
    if accepted:
        settling.accept(clerk, made.id, "QD1")
    commit()
    with pytest.raises(Refused) as refusal:
        service.uncount(cast.receiver, at_dock.carton)
    assert (refusal.value.code, refusal.value.params) == ("surplus_declared", {"number": made.number})
    rollback()
    assert line(at_dock.carton, mug) == (10, 13, 0, 3, 0)
    if not accepted:
        settling.withdraw(clerk, made.id)
        commit()
        service.uncount(cast.receiver, at_dock.carton)
        assert stock(mug) == {}


def test_nothing_is_put_away_to_unaccounted_or_beside_another_status(cast, at_dock, db_session):
    mug = cast.ACME.products[MUG]
    service.count(cast.receiver, at_dock.carton, mug, 10)
    service.close_carton(cast.receiver, at_dock.carton)
    with pytest.raises(Refused) as refusal:
        service.put_away(cast.picker, at_dock.carton, mug, 1, cast.bonded.locations["UNACC"])
    assert refusal.value.code == "location_wrong_kind"
    with pytest.raises(Refused) as refusal:
        service.put_away(cast.picker, at_dock.carton, mug, 1, cast.overseas.locations[BIN])
    assert refusal.value.code == "location_foreign"
    assert db_session.execute(text("SELECT count(*) FROM stock_posting WHERE reason = 'putaway'")).scalar_one() == 0
