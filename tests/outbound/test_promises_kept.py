"""What an order is promised by its cut-off, and what it does without enough stock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from tests.outbound.stage import BIN1, BIN2, CABLE, MUG, RED, SERUM, Stage
from wms.core import clock
from wms.core.refusals import Refused
from wms.inventory import holds as stock_holds
from wms.inventory.models import HoldScope
from wms.outbound import queries, rules
from wms.outbound.models import Consignee, Order, OrderLine
from wms.outbound.service import changes, cut_offs, order_holds
from wms.platform.database import session

TIMES = {"orders_until": 14 * 60, "truck_at": 17 * 60, "work_minutes": 90, "weekdays": 127, "priority": 4}


def cut_off(stage: Stage, service: str | None = None, **times: int) -> Any:
    house = stage.cast.overseas.id
    return stage.do(cut_offs.set_cut_off, stage.cast.supervisor, house, "HOUSE", service, TIMES | times)


@pytest.fixture
def noon() -> Any:
    """Noon of a Tuesday in Berlin."""
    former = clock.use(lambda: datetime(2026, 11, 24, 11, tzinfo=UTC))
    yield
    clock.use(former)


def test_an_order_is_promised_the_truck_of_its_service(stage: Stage, noon: None) -> None:
    stage.stock(MUG, 9)
    plain = stage.order({MUG: 1})
    assert plain.ship_by == plain.ordered_at + timedelta(hours=24)
    cut_off(stage)
    order = stage.order({MUG: 1})
    assert (order.ship_by, order.release_by) == (
        datetime(2026, 11, 24, 16, tzinfo=UTC), datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
    )  # fmt: skip
    assert (order.priority, stage.order({MUG: 1}, priority=0).priority) == (4, 0)
    cut_off(stage, "HOUSE-STD", truck_at=18 * 60)  # of one service, before that of its carrier
    assert stage.order({MUG: 1}).ship_by == datetime(2026, 11, 24, 17, tzinfo=UTC)
    today = datetime(2026, 11, 24).date()
    stage.do(cut_offs.set_closed_days, stage.cast.supervisor, stage.cast.overseas.id, [today])
    closed = stage.order({MUG: 1})
    assert closed.ship_by == datetime(2026, 11, 25, 17, tzinfo=UTC)
    assert session().get_one(Order, order.id).ship_by == datetime(2026, 11, 24, 16, tzinfo=UTC)  # a promise stands


def test_what_is_shown_of_a_promise(stage: Stage, noon: None) -> None:
    stage.stock(MUG, 9)
    cut_off(stage)
    order = stage.order({MUG: 1})
    assert queries.order_row(order, "DE1")["risk"] == "none"
    clock.use(lambda: datetime(2026, 11, 24, 15, tzinfo=UTC))
    assert queries.order_row(order, "DE1")["risk"] == "at_risk"
    stage.wave()
    assert queries.order_row(session().get_one(Order, order.id, populate_existing=True), "DE1")["risk"] == "none"
    clock.use(lambda: datetime(2026, 11, 24, 16, 1, tzinfo=UTC))
    assert queries.order_row(session().get_one(Order, order.id), "DE1")["risk"] == "late"


def test_a_wrong_cut_off_is_named(stage: Stage) -> None:
    house, who = stage.cast.overseas.id, stage.cast.supervisor
    for arguments, pointer in [
        (("NOBODY", None, TIMES), "/carrier"), (("HOUSE", "NOTHING", TIMES), "/service"),
        (("HOUSE", None, TIMES | {"truck_at": 60}), "/truck_at"),
    ]:  # fmt: skip
        refused = stage.refused(cut_offs.set_cut_off, who, house, *arguments)
        assert refused.errors[0]["pointer"] == pointer
    found = cut_off(stage)
    assert cut_off(stage, truck_at=1000).id == found.id
    assert stage.refused(cut_offs.drop_cut_off, stage.cast.customs_clerk, found.id).kind.value == "not_found"
    stage.do(cut_offs.drop_cut_off, who, found.id)
    assert session().scalar(text("SELECT count(*) FROM cut_off")) == 0


# --- without enough stock


def fill(stage: Stage, rule: rules.Fill) -> None:
    stage.do(cut_offs.set_terms, stage.cast.acme_person, stage.cast.ACME.id, rule, pack_photo=False)


def test_fill_or_kill_refuses_and_leaves_the_reference_free(stage: Stage) -> None:
    stage.stock(MUG, 2)
    fill(stage, rules.Fill.KILL)
    with pytest.raises(Refused) as raised:
        stage.order({MUG: 1, RED: 1, CABLE: 2}, reference="ONCE")
    assert (raised.value.code, raised.value.params["skus"]) == ("fill_or_kill_short", f"{RED}, {CABLE}")
    assert stage.free(MUG) == (2, 0)
    assert stage.order({MUG: 2}, reference="ONCE").state == "promised"


def test_fill_or_kill_names_every_short_line_also_beside_a_batch_that_never_was(stage: Stage) -> None:
    fill(stage, rules.Fill.KILL)
    with pytest.raises(Refused) as raised:
        stage.order([{"sku": SERUM, "quantity": 1, "batch": "NEVER"}, {"sku": CABLE, "quantity": 2}])
    assert raised.value.params["lines"] == [
        {"sku": SERUM, "wanted": 1, "free": 0}, {"sku": CABLE, "wanted": 2, "free": 0},
    ]  # fmt: skip


def test_fill_or_kill_is_cancelled_when_it_loses_its_stock(stage: Stage) -> None:
    stage.stock(MUG, 2)
    order = stage.order({MUG: 2}, fill="fill_or_kill")
    stage.do(stock_holds.place_hold, stage.cast.supervisor, stage.cast.overseas.id, HoldScope.PRODUCT,
             str(stage.cast.ACME.products[MUG]), "quality")  # fmt: skip
    stage.jobs()
    order = session().get_one(Order, order.id, populate_existing=True)
    assert (order.state, order.cancel_reason) == ("cancelled", "out_of_stock")


def test_fill_or_kill_that_released_its_stock_is_tried_when_its_hold_ends(stage: Stage) -> None:
    stage.stock(MUG, 2)
    order = stage.order({MUG: 2}, fill="fill_or_kill")
    found = stage.do(order_holds.place_hold, stage.cast.acme, order.id, "payment", keeps_stock=False)
    stage.jobs()
    assert stage.state(order) == "short"
    stage.order({MUG: 1})
    stage.do(order_holds.end_hold, stage.cast.acme, order.id, found.id)
    stage.jobs()
    assert stage.state(order) == "cancelled"


def lines(order: Order) -> dict[int, int]:
    session().expire_all()
    query = select(OrderLine.position, OrderLine.quantity).where(OrderLine.order_id == order.id)
    return {row.position: row.quantity for row in session().execute(query)}


def back_of(order: Order) -> list[Order]:
    query = select(Order).where(Order.back_order_of == order.id).order_by(Order.number)
    return list(session().scalars(query))


def test_a_partial_order_goes_with_what_is_there_and_its_back_order_follows(stage: Stage) -> None:
    stage.stock(MUG, 2)
    stage.stock(CABLE, 5, BIN2)
    order = stage.order({MUG: 3, RED: 1, CABLE: 2}, fill="partial", reference="PARTS")
    assert order.state == "short"
    stage.jobs()
    (back,) = back_of(order)
    assert (stage.state(order), stage.state(back)) == ("promised", "short")
    assert (lines(order), lines(back)) == ({1: 2, 3: 2}, {1: 1, 2: 1})
    assert (back.reference, back.fill_rule, back.ship_by) == ("PARTS-B1", "partial", order.ship_by)
    assert session().get_one(Consignee, back.id).name == session().get_one(Consignee, order.id).name
    detail = queries.order_detail(session().get_one(Order, order.id))
    assert detail["back_orders"] == [back.id]
    stage.wave()
    stage.pick_all(order)
    stage.hand_over(stage.pack(order))
    stage.stock(RED, 1, BIN2)  # a part of the back order
    stage.jobs()
    (first, second) = back_of(order)
    assert (stage.state(first), lines(first), lines(second)) == ("promised", {2: 1}, {1: 1})
    assert second.reference == "PARTS-B2"
    stage.stock(MUG, 1, BIN1)
    stage.jobs()
    assert stage.state(second) == "promised"


def test_nothing_there_is_no_part(stage: Stage) -> None:
    order = stage.order({MUG: 3}, fill="partial")
    stage.jobs()
    assert (stage.state(order), back_of(order)) == ("short", [])
    stage.stock(MUG, 3)
    stage.jobs()
    assert (stage.state(order), back_of(order)) == ("promised", [])


def test_bonded_orders_go_whole_and_a_held_one_is_left_alone(stage: Stage) -> None:
    stage.stock(MUG, 1, house=stage.cast.bonded)
    bonded = stage.bonded_order({MUG: 2}, fill="partial")
    held = stage.order({RED: 2}, fill="partial")
    stage.do(order_holds.place_hold, stage.cast.acme, held.id, "payment")
    stage.stock(RED, 1)
    stage.jobs()
    assert (stage.state(bonded), stage.state(held), back_of(bonded), back_of(held)) == ("short", "short", [], [])


def test_a_pinned_line_that_is_not_there_goes_to_the_back_order(stage: Stage) -> None:
    stage.stock(MUG, 2)
    listed = [{"sku": MUG, "quantity": 1}, {"sku": RED, "quantity": 1, "batch": "L-9"}]
    order = stage.order(listed, fill="partial")
    stage.jobs()
    (back,) = back_of(order)
    assert (stage.state(order), lines(order), lines(back)) == ("promised", {1: 1}, {2: 1})


def test_a_reference_that_the_seller_uses_is_not_taken(stage: Stage) -> None:
    stage.stock(MUG, 2)
    stage.order({MUG: 1}, reference="LONG-B1")
    order = stage.order({MUG: 2}, fill="partial", reference="LONG")
    stage.jobs()
    assert [each.reference for each in back_of(order)] == ["LONG-B2"]


def test_another_service_is_another_promise(stage: Stage, noon: None) -> None:
    stage.stock(MUG, 2)
    order = stage.order({MUG: 1})
    cut_off(stage)
    stage.do(changes.edit_order, stage.cast.acme, order.id, None, {"service": "HOUSE-STD"})
    assert session().get_one(Order, order.id, populate_existing=True).ship_by == datetime(2026, 11, 24, 16, tzinfo=UTC)
