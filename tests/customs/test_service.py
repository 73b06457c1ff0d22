"""The clerk's receipts and releases, and what they make possible."""

from __future__ import annotations

import threading
import uuid

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from tests.cast import Cast
from tests.customs.conftest import ITEM, Zone
from wms.core.actor import SYSTEM, Actor
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.customs import queries
from wms.customs import service as customs
from wms.customs.models import BookReceipt, Release
from wms.inventory import ledger
from wms.inventory.ledger import PostingDraft
from wms.inventory.models import Permit
from wms.inventory.rules import MoveDraft, Reason
from wms.platform.database import session, transaction


def book(zone: Zone, quantity: int, document: str = "BEL-1", actor: Actor | None = None, item: str = ITEM) -> None:
    with transaction():
        customs.record_book_receipt(actor or zone.cast.customs_clerk, zone.cast.bonded.id, item, document, quantity)


def release(zone: Zone, order: uuid.UUID, document: str = "QD-1", quantity: int = 5, actor: Actor | None = None):
    line = (zone.stocks[0].product_id, zone.item_id, quantity)
    with transaction():
        return customs.record_release(
            actor or zone.cast.customs_clerk, zone.cast.bonded.id, "order", order, document, [line]
        )


def refusal_of(use_case, *arguments: object, **more: object) -> Refused:
    with pytest.raises(Refused) as caught:
        use_case(*arguments, **more)
    session().rollback()
    return caught.value


def test_goods_sell_from_the_first_booking_on(zone: Zone):
    assert zone.sellable() in ([], [0, 0])
    assert (zone.item().booked, zone.item().unbooked, zone.item().booked_at) == (0, 100, None)
    book(zone, 70)
    assert zone.sellable() == [40, 60]  # of all owners of the item
    assert (zone.item().booked, zone.item().unbooked) == (70, 30)
    first = zone.item().booked_at
    book(zone, 30, "BEL-2")
    assert (zone.item().booked, zone.item().unbooked, zone.item().booked_at) == (100, 0, first)
    with transaction():
        told = session().execute(text("SELECT data FROM event WHERE name = 'customs.book_item_booked' ORDER BY 1"))
        assert [(each["quantity"], each["first"]) for each in told.scalars()] == [(30, False), (70, True)]
        assert list(queries.unbooked_items(zone.cast.bonded.id)) == []


def test_more_than_waits_cannot_be_booked_and_nothing_changes(zone: Zone):
    assert refusal_of(book, zone, 101).code == "not_booked_enough"
    assert (zone.item().booked, zone.item().unbooked, zone.item().booked_at) == (0, 100, None)
    assert zone.sellable() in ([], [0, 0])
    with transaction():
        assert session().scalar(select(func.count()).select_from(BookReceipt)) == 0


def test_a_document_books_an_item_once(zone: Zone):
    book(zone, 10)
    assert refusal_of(book, zone, 10).code == "document_recorded"
    assert zone.item().booked == 10


@pytest.mark.parametrize("fault", [{"quantity": 0}, {"document": "  "}, {"document": "x" * 65}])
def test_faulty_receipts_name_the_field(zone: Zone, fault):
    refusal = refusal_of(book, zone, **{"quantity": 1, **fault})
    assert [error["pointer"] for error in refusal.errors] == [f"/{next(iter(fault))}"]


def test_only_clerks_of_the_warehouse_record_customs(zone: Zone, cast: Cast):
    for somebody in (cast.acme, cast.acme_person, cast.agency, cast.picker, cast.receiver):
        assert refusal_of(book, zone, 1, actor=somebody).code == "not_found"
        assert refusal_of(release, zone, new_id(), actor=somebody).code == "not_found"
    arguments = (cast.overseas.id, ITEM, "BEL-1", 1)
    assert refusal_of(customs.record_book_receipt, cast.customs_clerk, *arguments).code == "not_found"
    assert refusal_of(customs.record_book_receipt, cast.supervisor, *arguments).code == "not_bonded"
    assert refusal_of(book, zone, 1, item="ITEM-18").code == "book_item_unknown"
    assert zone.item().booked == 0
    with transaction():
        assert session().scalar(select(func.count()).select_from(Permit)) == 0


def test_two_clerks_booking_at_once_book_each_receipt_once(zone: Zone, fresh_app: Flask):
    outcomes: list[str] = []

    def record(document: str) -> None:
        with fresh_app.app_context():
            try:
                book(zone, 20, document)
                outcomes.append("booked")
            except Refused as refusal:
                session().rollback()
                outcomes.append(refusal.code)

    threads = [threading.Thread(target=record, args=(each,)) for each in ("A", "A", "B", "C", "D")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["booked", "booked", "booked", "booked", "document_recorded"]
    assert (zone.item().booked, zone.item().unbooked) == (80, 20)
    with transaction():
        told = session().execute(text("SELECT data ->> 'first' FROM event WHERE name = 'customs.book_item_booked'"))
        assert sorted(told.scalars()) == ["false", "false", "false", "true"]


def test_a_release_writes_the_permit_that_lets_goods_out(zone: Zone, cast: Cast):
    book(zone, 100)
    order = new_id()
    stock = zone.stocks[0]
    with transaction():
        assert customs.permit_for("order", order, stock.product_id, zone.item_id) is None
    release(zone, order)
    with transaction():
        permit = customs.permit_for("order", order, stock.product_id, zone.item_id)
        assert permit is not None
        assert customs.permit_for("order", order, zone.stocks[1].product_id, zone.item_id) is None
        assert customs.permit_for("order", new_id(), stock.product_id, zone.item_id) is None
        ledger.post(SYSTEM, PostingDraft(Reason.SHIP, "order", order, [MoveDraft(stock, "customer", 5, None, permit)]))
    more = PostingDraft(Reason.SHIP, "order", order, [MoveDraft(stock, "customer", 1, None, permit)])
    assert refusal_of(ledger.post, SYSTEM, more).code == "permit_used_up"
    assert zone.item().booked == 95


def test_the_same_release_again_is_the_first_one_and_another_is_refused(zone: Zone):
    order = new_id()
    first = release(zone, order)
    assert release(zone, order).id == first.id
    assert refusal_of(release, zone, order, "QD-2").code == "already_released"
    assert refusal_of(release, zone, order, quantity=6).code == "already_released"
    assert refusal_of(release, zone, new_id()).code == "document_taken"
    with transaction():
        assert [permit.quantity for permit in session().scalars(select(Permit))] == [5]


def test_one_subject_released_twice_at_once_has_one_permit(zone: Zone, fresh_app: Flask):
    order = new_id()
    found: list[uuid.UUID] = []

    def record() -> None:
        with fresh_app.app_context():
            found.append(release(zone, order).id)

    threads = [threading.Thread(target=record) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (len(found), len(set(found))) == (3, 1)
    with transaction():
        assert session().scalar(select(func.count()).select_from(Permit)) == 1


def test_lines_of_one_product_are_added_up(zone: Zone):
    line = (zone.stocks[0].product_id, zone.item_id, 2)
    with transaction():
        made = customs.record_release(
            zone.cast.customs_clerk, zone.cast.bonded.id, "order", new_id(), "QD-1", [line, line]
        )
        assert [each.quantity for each in queries.lines_of(made.id)] == [4]
    arguments = (zone.cast.customs_clerk, zone.cast.bonded.id, "order", new_id(), "QD-2")
    assert refusal_of(customs.record_release, *arguments, []).code == "release_empty"
    assert refusal_of(customs.record_release, *arguments, [(*line[:2], 0)]).code == "invalid_input"


def test_a_refusal_is_kept_and_a_release_may_follow(zone: Zone):
    order = new_id()
    arguments = (zone.cast.customs_clerk, zone.cast.bonded.id, "order", order, "QD-1")
    with transaction():
        refused = customs.record_refusal(*arguments, "value too low")
    assert refusal_of(customs.record_refusal, *arguments, " ").code == "invalid_input"
    release(zone, order)
    assert refusal_of(customs.record_refusal, *arguments, "late").code == "already_released"
    with transaction():
        last = queries.last_refusal_of("order", order)
        assert last is not None
        assert (last.id, last.reason) == (refused.id, "value too low")
        found = queries.release_of("order", order)
        assert found is not None
        assert found.outcome == "released"
        assert session().scalar(select(func.count()).select_from(Release)) == 2
