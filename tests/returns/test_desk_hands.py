"""What the returns desk has in hand, and bins that are asked before goods come back to them: from a return, or from an order
that was cancelled.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from tests.floor.worker import CODES, Tablet
from tests.inbound.dock import product
from tests.outbound.stage import BIN1, BIN3, MUG, Stage
from tests.returns.test_desk import announce, numbers
from tests.returns.test_serials import PHONE, shipped
from wms.core.actor import SYSTEM
from wms.inventory import hands, holds
from wms.inventory import service as stock
from wms.inventory.ledger import stock_of
from wms.inventory.models import Balance, HoldScope
from wms.inventory.service import Subject
from wms.outbound.service import orders, putback
from wms.platform.database import commit, session
from wms.returns import service
from wms.returns.models import ReturnOrder


@pytest.fixture
def found(stage: Stage) -> ReturnOrder:
    """Four of five mugs are announced to come back."""
    stage.stock(MUG, 10, BIN1)
    return announce(stage, stage.shipped({MUG: 5}), {MUG: 4})


def at_the_desk(stage: Stage) -> Balance:
    rows = (
        session().query(Balance).filter_by(product_id=stage.cast.ACME.products[MUG], condition="inspect", is_there=True)
    )
    return rows.populate_existing().one()


def in_hand(stage: Stage) -> int:
    """Units of the desk's mugs that whoever counts it finds in hands."""
    row = at_the_desk(stage)
    return hands.of(row.warehouse_id, [row.id]).get(row.id, hands.NOTHING).units


def opened(stage: Stage, client: Any, found: ReturnOrder, person: Any) -> Tablet:
    number = found.number
    commit()
    tablet = Tablet(stage.cast.sign_in(client, person))
    tablet.start("return")
    assert tablet.scan(number)["code"] == "return_opened"
    return tablet


def left_alone() -> None:
    """The tablets that wait for a decision are not touched again."""
    session().execute(
        text("UPDATE floor_task SET updated_at = updated_at - interval '21 minutes' WHERE step = 'decide'")
    )
    commit()


def frozen(stage: Stage, place: str) -> uuid.UUID:
    key = stage.cast.overseas.locations[place]
    stage.do(holds.place_hold, SYSTEM, stage.cast.overseas.id, HoldScope.LOCATION, str(key), "look")
    return key


def test_what_waits_for_a_decision_is_in_the_hand(stage: Stage, client: Any, found: ReturnOrder) -> None:
    tablet = opened(stage, client, found, stage.cast.receiver)
    assert tablet.scan(CODES[MUG], quantity=2)["code"] == "return_item"
    assert (tablet.step, in_hand(stage)) == ("decide", 2)
    assert stock.count(SYSTEM, stock_of(at_the_desk(stage)), 0, Subject("test", None)) is None  # nothing lacks
    commit()
    assert tablet.scan(stage.cast.overseas.labels[BIN3])["code"] == "return_restock"
    assert tablet.scan(CODES[MUG])["code"] == "return_item"
    assert tablet.scan("CMD-DAMAGE")["code"] == "return_damaged"
    assert numbers(found) == [(4, 3, 2, 1, 0)]


def test_what_a_dead_tablet_left_is_taken_up_by_scanning_it(stage: Stage, client: Any, found: ReturnOrder) -> None:
    tablet = opened(stage, client, found, stage.cast.receiver)
    tablet.scan(CODES[MUG], quantity=2)
    other = opened(stage, client, found, stage.cast.picker)
    other.scan(CODES[MUG])  # two are in a colleague's hand, so this is another one
    assert numbers(found) == [(4, 3, 0, 0, 0)]
    other.scan("CMD-SCRAP")
    left_alone()
    assert in_hand(stage) == 0  # nobody touched it for so long: it is taken for back at the desk
    assert other.scan(CODES[MUG], quantity=5)["code"] == "more_than_shipped"  # two lie there, and two are still to come
    assert (other.step, numbers(found)) == ("scan_product", [(4, 3, 0, 0, 1)])
    assert other.scan(CODES[MUG], quantity=2)["code"] == "return_item"
    assert (other.seen["quantity"], numbers(found)) == (2, [(4, 3, 0, 0, 1)])
    assert other.scan(stage.cast.overseas.labels[BIN3])["code"] == "return_restock"
    assert numbers(found) == [(4, 3, 2, 0, 1)]


def test_more_in_the_hand_than_was_left_lying_is_received(stage: Stage, client: Any, found: ReturnOrder) -> None:
    opened(stage, client, found, stage.cast.receiver).scan(CODES[MUG])
    left_alone()
    other = opened(stage, client, found, stage.cast.picker)
    assert other.scan(CODES[MUG], quantity=4)["code"] == "return_item"
    assert (other.seen["quantity"], in_hand(stage), numbers(found)) == (4, 4, [(4, 4, 0, 0, 0)])
    assert other.scan(stage.cast.overseas.labels[BIN3])["code"] == "return_done"
    assert numbers(found) == [(4, 4, 4, 0, 0)]


def code_of(found: ReturnOrder) -> str:
    """What is printed on the goods of a return of one product."""
    query = text("SELECT b.barcode FROM product_barcode b JOIN return_line l ON l.product_id = b.product_id"
                 " WHERE l.return_id = :r")  # fmt: skip
    return str(session().execute(query, {"r": found.id}).scalar_one())


@pytest.fixture
def phones(stage: Stage) -> Iterator[ReturnOrder]:
    """Three phones whose numbers were read at the bench are announced to come back: X1 and X2, and, of before that was done,
    one of which nobody knows the number.
    """
    key = product(stage.cast.acme_person, PHONE, serial_control="exit")
    stage.cast.ACME.products[PHONE] = key
    try:
        stage.stock(PHONE, 5)
        order = shipped(stage, key, "X1", "X2", "X0", named=False)
        shipped(stage, key, "Y1", named=False)
        session().execute(text("DELETE FROM serial WHERE number = 'X0'"))
        yield announce(stage, order, {PHONE: 3})
    finally:
        del stage.cast.ACME.products[PHONE]


def test_a_number_stands_for_a_unit_left_lying_only_if_it_is_back(
    stage: Stage, client: Any, phones: ReturnOrder
) -> None:
    code = code_of(phones)
    opened(stage, client, phones, stage.cast.receiver).scan(code, serial="X1")
    left_alone()
    other = opened(stage, client, phones, stage.cast.picker)
    assert other.scan(code, serial="Y1")["code"] == "serial_other"  # another buyer's
    assert numbers(phones) == [(3, 1, 0, 0, 0)]
    assert other.scan(code, serial="X2")["code"] == "return_item"  # not the one that lies there
    assert numbers(phones) == [(3, 2, 0, 0, 0)]
    assert other.scan("CMD-DAMAGE")["code"] == "return_damaged"
    assert other.scan(code, serial="X1")["code"] == "return_item"  # that one
    assert (other.seen["quantity"], numbers(phones)) == (1, [(3, 2, 0, 1, 0)])


def test_a_number_that_nobody_knew_is_taken_up_again_by_itself(stage: Stage, client: Any, phones: ReturnOrder) -> None:
    code = code_of(phones)
    opened(stage, client, phones, stage.cast.receiver).scan(code, serial="OLD-1")
    left_alone()
    other = opened(stage, client, phones, stage.cast.picker)
    assert other.scan(code, serial="OLD-2")["code"] == "serial_other"  # only one left unread
    assert other.scan(code, serial="OLD-1")["code"] == "return_item"
    assert numbers(phones) == [(3, 1, 0, 0, 0)]
    assert other.scan("CMD-SCRAP")["code"] == "return_scrap"


@pytest.mark.parametrize("decided", [True, False])
def test_a_unit_comes_back_once(stage: Stage, client: Any, phones: ReturnOrder, decided: bool) -> None:
    """Its number is not that of the unit whose number nobody read: not when it was decided about, and not in a colleague's hand."""
    code = code_of(phones)
    first = opened(stage, client, phones, stage.cast.receiver)
    first.scan(code, serial="X1")
    if decided:
        assert first.scan("CMD-SCRAP")["code"] == "return_scrap"
    other = opened(stage, client, phones, stage.cast.picker)
    assert other.scan(code, serial="X1")["code"] == "serial_back"
    assert [each[1] for each in numbers(phones)] == [1]
    assert other.scan(code, serial="OLD-1")["code"] == "return_item"


def test_a_frozen_bin_takes_no_return_and_a_supervisor_may_insist(
    stage: Stage, client: Any, found: ReturnOrder
) -> None:
    key = frozen(stage, BIN3)
    tablet = opened(stage, client, found, stage.cast.receiver)
    tablet.scan(CODES[MUG])
    label = stage.cast.overseas.labels[BIN3]
    refused = tablet.scan(label)
    assert (refused["code"], tablet.step) == ("location_held", "decide")
    assert tablet.scan("CMD-DAMAGE")["code"] == "return_damaged"
    lead = opened(stage, client, found, stage.cast.supervisor)
    lead.scan(CODES[MUG])
    assert lead.scan(label)["code"] == "overrule_confirm"
    assert lead.scan(label)["code"] == "return_restock"
    assert session().query(Balance).filter_by(location_id=key, is_there=True).one().held_by == 1


def test_a_frozen_bin_takes_no_goods_of_a_cancelled_order(stage: Stage) -> None:
    stage.stock(MUG, 3, BIN1)
    order = stage.order({MUG: 3})
    stage.wave(order)
    stage.pick_all(order)
    stage.do(orders.cancel_order, stage.cast.acme, order.id, None, "buyer_cancelled")
    frozen(stage, BIN3)
    unit = session().execute(text("SELECT id FROM handling_unit WHERE subject_kind = 'put_back'")).scalar_one()
    back = (putback.put_back, stage.cast.picker, unit, stage.cast.ACME.products[MUG], 3)
    assert stage.refused(*back, stage.cast.overseas.locations[BIN3]).code == "location_held"
    stage.do(*back, stage.cast.overseas.locations[BIN1])
    assert stage.free(MUG) == (3, 0)


def test_a_parcel_is_known_by_the_number_of_the_return_that_is_open(stage: Stage, client: Any) -> None:
    """Announced, withdrawn and announced again under one number; and read behind a carrier's routing code."""
    stage.stock(MUG, 1, BIN1)
    order = stage.shipped({MUG: 1})
    tracking = "9205590164917312751089"
    first = announce(stage, order, {MUG: 1}, tracking_number=tracking)
    stage.do(service.cancel, stage.cast.acme, first.id, None)
    second = announce(stage, order, {MUG: 1}, tracking_number=tracking)
    number = second.number
    commit()
    tablet = Tablet(stage.cast.sign_in(client, stage.cast.receiver))
    tablet.start("return")
    for read in (tracking, f"42010115{tracking}"):
        told = tablet.scan(read)
        assert (told["code"], number in told["title"] + told["detail"]) == ("return_opened", True), told
        tablet.scan("CMD-BACK")
    stage.do(service.cancel, stage.cast.acme, second.id, None)
    commit()
    assert tablet.scan(tracking)["code"] == "return_closed"
