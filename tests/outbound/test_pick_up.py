"""Orders that their consignee fetches: a code or a document, every parcel, and nobody else's gate."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from marshmallow import ValidationError
from sqlalchemy import select, text

from tests.outbound.stage import MUG, Stage, body
from wms.core import clock
from wms.core.actor import Actor
from wms.core.refusals import Refused
from wms.outbound import queries
from wms.outbound.kinds import pick_up
from wms.outbound.kinds.models import PickUp
from wms.outbound.kinds.pick_up import Checked
from wms.outbound.kinds.slips import slip_of
from wms.outbound.models import Order, OrderException
from wms.outbound.schemas import OrderIn
from wms.outbound.service import (
    boxes,
    changes,
    counter,
    decisions,
    handover,
    intake,
    interceptions,
    order_holds,
    orders,
    packing,
)
from wms.outbound.service.decisions import Decision
from wms.platform.database import session
from wms.shipping.queries import services_offered


def fetched(stage: Stage, lines: Any, **more: Any) -> Order:
    given = body(lines, kind="pick_up", **more)
    given.pop("service", None)
    made = stage.do(intake.create_order, stage.cast.acme, OrderIn().load(given))
    return session().get_one(Order, made.id)


def at_counter(stage: Stage, units: int = 2) -> tuple[Order, str]:
    """An order that is packed and waits to be fetched; and its parcel's number."""
    stage.stock(MUG, 5)
    order = fetched(stage, {MUG: units})
    stage.wave(order)
    stage.pick_all(order)
    return order, stage.pack(order)


def hand_out(stage: Stage, order: Order, number: str, checked: Checked = Checked.CODE) -> handover.HandedOver:
    house = stage.cast.overseas.id
    return stage.do(counter.collect, stage.cast.picker, house, order.id, number, checked)


def row(order: Order) -> PickUp:
    session().expire_all()
    return session().get_one(PickUp, order.id)


def test_it_waits_packed_and_is_fetched_with_its_code(stage: Stage) -> None:
    order, number = at_counter(stage)
    found = row(order)
    assert found.ready_at is not None
    assert found.keep_until == found.ready_at + pick_up.KEPT
    assert stage.refused(stage.hand_over, number).code == "pick_up_at_counter"
    assert stage.do(counter.ask_for, stage.cast.picker, order.id) == counter.Waiting(order.id, order.number, 1, 1)
    said = stage.do(counter.say_code, stage.cast.picker, order.id, found.code)
    assert said.is_right
    gone = hand_out(stage, order, number)
    assert (gone.waits, stage.state(order), stage.free(MUG)) == (False, "shipped", (3, 0))
    found = row(order)
    assert (found.checked, found.collected_by, found.collected_at is not None) == ("code", stage.cast.picker.id, True)
    assert stage.refused(counter.ask_for, stage.cast.picker, order.id).code == "pick_up_collected"
    assert hand_out(stage, order, number).already
    gone_to = (
        session().execute(text("SELECT DISTINCT to_party FROM stock_move WHERE to_party IS NOT NULL")).scalars().all()
    )
    assert gone_to == ["customer"]


def test_wrong_codes_are_counted_and_then_only_a_document_counts(stage: Stage) -> None:
    order, number = at_counter(stage)
    right = row(order).code
    wrong = "000000" if right != "000000" else "000001"
    tries = [stage.do(counter.say_code, stage.cast.picker, order.id, wrong).left for _ in range(pick_up.MOST_WRONG)]
    assert tries == [4, 3, 2, 1, 0]
    assert not stage.do(counter.say_code, stage.cast.picker, order.id, right).is_right
    assert row(order).wrong_codes == pick_up.MOST_WRONG
    hand_out(stage, order, number, Checked.DOCUMENT)
    assert row(order).checked == "document"


@pytest.mark.parametrize("said", ["", "12345", "ＡＢＣ", "0000000", "' OR 1=1"])
def test_what_is_no_code_is_wrong(stage: Stage, said: str) -> None:
    order, _ = at_counter(stage)
    assert not stage.do(counter.say_code, stage.cast.picker, order.id, said).is_right


def test_the_seller_knows_the_code_and_the_warehouse_does_not(stage: Stage) -> None:
    order, _ = at_counter(stage)
    assert pick_up.code_for(stage.cast.acme, order.id) == row(order).code
    for who in (stage.cast.supervisor, stage.cast.picker):
        assert pick_up.code_for(who, order.id) is None
    assert "code" not in queries.order_detail(session().get_one(Order, order.id))["pick_up"]


def test_every_parcel_is_handed_out(stage: Stage) -> None:
    stage.stock(MUG, 5)
    order = fetched(stage, {MUG: 3})
    stage.wave(order)
    stage.pick_all(order)
    product = stage.cast.ACME.products[MUG]
    stage.do(packing.verify, stage.cast.picker, order.id, product, 1)
    stage.do(boxes.begin_next, stage.cast.picker, order.id)
    numbers = []
    for units in (0, 2):
        for _ in range(units):
            stage.do(packing.verify, stage.cast.picker, order.id, product, 1)
        stage.do(packing.weigh, stage.cast.picker, order.id, packing.expected_weight(order.id).expected_g)
        numbers.append(str(stage.parcel(order).tracking_number))
        stage.do(packing.close_parcel, stage.cast.picker, order.id, numbers[-1])
    assert hand_out(stage, order, numbers[0]).waits
    assert row(order).collected_at is None
    assert stage.do(counter.ask_for, stage.cast.picker, order.id).here == 1
    hand_out(stage, order, numbers[1])
    assert stage.state(order) == "shipped"


def test_another_orders_parcel_is_not_handed_out(stage: Stage) -> None:
    order, _ = at_counter(stage, 1)
    _, other = stage.packed({MUG: 1})
    assert stage.refused(hand_out, stage, order, other).code == "pick_up_other_order"
    theirs = session().scalars(select(Order).where(Order.kind == "dropship")).one()
    assert stage.refused(hand_out, stage, theirs, other).code == "not_a_pick_up"
    assert stage.refused(counter.ask_for, stage.cast.picker, theirs.id).code == "not_a_pick_up"


@pytest.mark.parametrize("how", ["order_held", "intercepted", "order_cancelled"])
def test_what_is_stopped_is_not_handed_out_and_goes_back(stage: Stage, how: str) -> None:
    order, number = at_counter(stage)
    if how == "order_held":
        stage.do(order_holds.place_hold, stage.cast.acme, order.id, "other")
    elif how == "intercepted":
        stage.do(interceptions.request_interception, stage.cast.acme, order.id, "other")
    else:
        stage.cancel(order)
    assert stage.refused(counter.ask_for, stage.cast.picker, order.id).code == how
    assert stage.refused(hand_out, stage, order, number).code in {how, "waybill_voided"}
    stage.cancel(order)
    assert stage.put_back_all(order) == 2
    assert stage.free(MUG) == (5, 0)


def test_what_somebody_has_is_not_intercepted(stage: Stage) -> None:
    order, number = at_counter(stage)
    hand_out(stage, order, number)
    refused = stage.refused(interceptions.request_interception, stage.cast.acme, order.id, "other")
    assert refused.code == "intercept_too_late"
    assert stage.refused(orders.cancel_order, stage.cast.acme, order.id, None, "other").code == "cancel_too_late"


@pytest.mark.parametrize("state", ["promised", "waved", "picked"])
def test_before_it_is_packed_nobody_gets_it(stage: Stage, state: str) -> None:
    stage.stock(MUG, 5)
    order = fetched(stage, {MUG: 2})
    if state != "promised":
        stage.wave(order)
    if state == "picked":
        stage.pick_all(order)
    assert stage.refused(counter.ask_for, stage.cast.picker, order.id).code == "not_packed"
    stage.cancel(order)
    stage.put_back_all(order)
    assert stage.free(MUG) == (5, 0)


def later(stage: Stage, days: int) -> int:
    moment = clock.now() + timedelta(days=days)
    former = clock.use(lambda: moment)
    try:
        return stage.do(counter.remind_due)
    finally:
        clock.use(former)


def open_exception(order: Order) -> OrderException | None:
    session().expire_all()
    query = select(OrderException).where(OrderException.order_id == order.id, OrderException.resolved_at.is_(None))
    return session().scalars(query).one_or_none()


def test_nobody_comes_so_a_supervisor_is_reminded_once(stage: Stage) -> None:
    order, number = at_counter(stage)
    assert (later(stage, 6), later(stage, 8), later(stage, 9)) == (0, 1, 0)
    found = open_exception(order)
    assert found is not None
    assert found.kind == "not_collected"
    stage.do(decisions.decide, stage.cast.supervisor, found.id, Decision.WAIT)
    assert (later(stage, 6), later(stage, 8)) == (0, 1)  # kept for as long again
    hand_out(stage, order, number)
    assert open_exception(order) is None


def test_given_up_it_goes_back(stage: Stage) -> None:
    order, _ = at_counter(stage)
    later(stage, 8)
    found = open_exception(order)
    assert found is not None
    stage.do(decisions.decide, stage.cast.supervisor, found.id, Decision.CANCEL)
    assert stage.put_back_all(order) == 2
    assert session().get_one(Order, order.id).cancel_reason == "other"


def test_a_cancelled_one_reminds_nobody(stage: Stage) -> None:
    order, _ = at_counter(stage)
    stage.cancel(order)
    stage.put_back_all(order)
    assert later(stage, 8) == 0
    assert open_exception(order) is None


def test_its_slip_names_who_fetches_it(stage: Stage) -> None:
    order, number = at_counter(stage)
    slip = slip_of(session().get_one(Order, order.id))
    assert (slip.barcode, slip.ship_to_lines[0], slip.total) == (order.number, "Anna Schmidt", "2")
    assert number in slip.note_lines[0]
    assert row(order).code not in repr(slip)


def test_the_counter_is_no_carrier_for_others(stage: Stage) -> None:
    at_counter(stage)
    assert "PICK-UP" not in {service.code for service, _carrier in services_offered()}
    with pytest.raises(Refused) as raised:
        stage.order({MUG: 1}, service="PICK-UP")
    assert raised.value.errors[0]["code"] == "unknown_service"
    plain = stage.order({MUG: 1})
    refused = stage.refused(changes.edit_order, stage.cast.acme, plain.id, plain.version, {"service": "PICK-UP"})
    assert refused.errors[0]["code"] == "unknown_service"
    waiting = fetched(stage, {MUG: 1})
    refused = stage.refused(changes.edit_order, stage.cast.acme, waiting.id, waiting.version, {"service": "HOUSE-STD"})
    assert refused.code == "edit_too_late"


def test_bonded_goods_are_not_picked_up(stage: Stage) -> None:
    stage.stock(MUG, 5, house=stage.cast.bonded)
    with pytest.raises(Refused) as raised:
        fetched(stage, {MUG: 1}, warehouse="NGB1")
    assert raised.value.errors[0]["code"] == "pick_up_bonded"


def test_it_is_fetched_by_somebody() -> None:
    given = body({MUG: 1}, kind="pick_up")
    given.pop("consignee")
    with pytest.raises(ValidationError) as raised:
        OrderIn().load(given)
    assert list(raised.value.messages) == ["consignee"]


def test_another_sellers_pick_up_is_not_there(stage: Stage) -> None:
    order, _ = at_counter(stage)
    stranger: Actor = stage.cast.rival
    assert stage.refused(counter.ask_for, stranger, order.id).code == "not_found"
    assert stage.refused(orders.load_order, stranger, order.id).code == "not_found"
