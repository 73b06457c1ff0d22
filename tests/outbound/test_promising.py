"""What an order is promised, and how it waits when there is nothing to promise."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from tests.outbound.stage import BIN1, BIN2, BIN3, CABLE, MUG, RED, SERUM, Stage, body, in_days
from wms.core.actor import SYSTEM
from wms.inventory import service as inventory
from wms.inventory.models import HoldScope
from wms.outbound.models import Order
from wms.outbound.schemas import OrderIn
from wms.outbound.service import intake
from wms.platform.database import session


def waiting(order: Order) -> int:
    return session().scalar(text("SELECT count(*) FROM awaited_stock WHERE subject_id = :id"), {"id": order.id}) or 0


def day(number: int) -> str:
    return datetime(2026, 11, number, tzinfo=UTC).isoformat()


def test_an_order_without_stock_is_short_and_waits_for_each_of_its_products(stage: Stage) -> None:
    order = stage.order({MUG: 1, CABLE: 1})
    assert (order.state, waiting(order), stage.free(MUG)) == ("short", 2, (0, 0))


def test_all_or_nothing_is_promised(stage: Stage) -> None:
    stage.stock(MUG, 10)
    order = stage.order({MUG: 1, CABLE: 1})
    assert (order.state, stage.free(MUG)) == ("short", (10, 0))


def test_stock_that_comes_is_promised_by_the_date_of_the_orders(stage: Stage) -> None:
    young = stage.order({MUG: 2}, ordered_at=day(20))
    old = stage.order({MUG: 2}, ordered_at=day(10))
    urgent = stage.order({MUG: 2}, ordered_at=day(22), priority=5)
    stage.stock(MUG, 5)
    assert stage.jobs().count("outbound.retry_order") == 2  # the third is not even tried
    assert [stage.state(each) for each in (urgent, old, young)] == ["promised", "promised", "short"]
    assert (stage.free(MUG), waiting(urgent), waiting(old), waiting(young)) == ((5, 4), 0, 0, 1)

    stage.stock(MUG, 1)
    stage.jobs()
    assert (stage.state(young), stage.free(MUG)) == ("promised", (6, 6))


def test_a_smaller_young_order_passes_an_old_one_that_cannot_be_served(stage: Stage) -> None:
    old = stage.order({MUG: 9}, ordered_at=day(10))
    young = stage.order({MUG: 2}, ordered_at=day(20))
    stage.stock(MUG, 5)
    stage.jobs()
    assert [stage.state(each) for each in (old, young)] == ["short", "promised"]


def test_a_job_that_runs_twice_promises_once(stage: Stage) -> None:
    order = stage.order({MUG: 2})
    stage.stock(MUG, 5)
    stage.jobs()
    session().execute(text("UPDATE outbox_job SET state = 'new' WHERE topic LIKE 'outbound.%'"))
    session().commit()
    stage.jobs()
    assert (stage.state(order), stage.free(MUG)) == ("promised", (5, 2))


def test_a_line_of_a_batch_is_pinned_to_it(stage: Stage) -> None:
    first, later = in_days(300), in_days(600)
    old = stage.stock(SERUM, 5, BIN1, batch="B1", expires_on=first)
    new = stage.stock(SERUM, 5, BIN2, batch="B2", expires_on=later)
    order = stage.order([{"sku": SERUM, "quantity": 2, "batch": "B2"}])
    assert order.state == "promised"
    assert (stage.amounts(old), stage.amounts(new), stage.free(SERUM)) == ((5, 0), (5, 2), (10, 2))
    stage.order([{"sku": SERUM, "quantity": 1, "min_expires_on": later.isoformat()}])
    assert (stage.amounts(old), stage.amounts(new)) == ((5, 0), (5, 3))


def test_a_batch_is_served_whatever_expiries_were_read_on_it(stage: Stage) -> None:
    """Two lots bear one batch: the order names the batch, and either lot serves it, the one that expires first first."""
    first, later = in_days(300), in_days(600)
    sooner = stage.stock(SERUM, 2, BIN1, batch="B1", expires_on=first)
    last = stage.stock(SERUM, 5, BIN2, batch="B1", expires_on=later)
    stage.stock(SERUM, 5, BIN3, batch="B2", expires_on=first)
    order = stage.order([{"sku": SERUM, "quantity": 4, "batch": "B1"}])
    assert (order.state, stage.amounts(sooner), stage.amounts(last)) == ("promised", (2, 2), (5, 2))
    assert stage.order([{"sku": SERUM, "quantity": 3, "batch": "B1"}]).state == "promised"
    assert (stage.amounts(last), stage.free(SERUM)) == ((5, 5), (12, 7))
    assert stage.order([{"sku": SERUM, "quantity": 1, "batch": "B1"}]).state == "short"


def test_a_batch_that_is_not_there_makes_the_order_short(stage: Stage) -> None:
    stage.stock(SERUM, 5, BIN1, batch="B1", expires_on=in_days(300))
    order = stage.order([{"sku": SERUM, "quantity": 2, "batch": "B9"}])
    assert (order.state, stage.free(SERUM)) == ("short", (5, 0))
    stage.stock(SERUM, 2, BIN2, batch="B9", expires_on=in_days(300))
    stage.jobs()
    assert stage.state(order) == "promised"


def test_a_pinned_order_that_cannot_be_served_does_not_keep_stock_from_others(stage: Stage) -> None:
    expires = in_days(300)
    pinned = stage.order([{"sku": SERUM, "quantity": 5, "batch": "B9"}], ordered_at=day(1))
    pool = stage.order({SERUM: 3}, ordered_at=day(2))
    stage.stock(SERUM, 5, BIN1, batch="B1", expires_on=expires)
    stage.jobs()
    assert [stage.state(each) for each in (pinned, pool)] == ["short", "promised"]


def test_one_sellers_stock_never_serves_anothers_order(stage: Stage) -> None:
    stage.stock(MUG, 10)
    theirs = stage.do(intake.create_order, stage.cast.rival, OrderIn().load(body({MUG: 1})))
    assert theirs.state == "short"


def test_a_bonded_line_is_split_over_book_items_and_merged_when_promised_anew(stage: Stage) -> None:
    house = stage.cast.bonded
    stage.stock(MUG, 2, BIN1, house=house)
    set_item = text("UPDATE product SET customs_item_number = :item WHERE id = :id")
    session().execute(set_item, {"item": "9001", "id": stage.cast.ACME.products[MUG]})
    session().commit()
    second = stage.stock(MUG, 3, BIN2, house=house)
    order = stage.bonded_order({MUG: 4})
    assert (order.state, sorted(each.quantity for each in stage.demands(order))) == ("promised", [2, 2])
    assert len({each.book_item_id for each in stage.demands(order)}) == 2

    stage.wave(house=house)
    stage.do(inventory.count, SYSTEM, second, 0, inventory.Subject("count", None))  # the second item's goods are gone
    stage.jobs()
    assert stage.state(order) == "short"
    assert [each.state for each in stage.tasks(order)] == ["cancelled", "cancelled"]
    stage.stock(MUG, 9, BIN2, house=house)
    stage.jobs()
    assert stage.state(order) == "promised"
    assert sum(each.quantity for each in stage.demands(order)) == 4


def test_stock_customs_has_not_booked_is_promised_when_it_is(stage: Stage) -> None:
    house = stage.cast.bonded
    order = stage.bonded_order({MUG: 2})
    stage.stock(MUG, 1, house=house)
    stage.jobs()
    assert stage.state(order) == "short"
    stage.stock(MUG, 1, house=house)
    stage.jobs()
    assert stage.state(order) == "promised"


@pytest.mark.parametrize(("before_release", "state"), [("nothing", "awaiting_customs"), ("pick", "promised")])
def test_a_bonded_order_waits_where_nothing_may_be_done_before_release(
    stage: Stage, before_release: str, state: str
) -> None:
    house = stage.cast.bonded
    session().execute(text("UPDATE warehouse SET before_release = :b WHERE id = :w"),
                      {"b": before_release, "w": house.id})  # fmt: skip
    session().commit()
    stage.stock(MUG, 2, house=house)
    order = stage.bonded_order({MUG: 2})
    assert order.state == state
    stage.release(order)
    assert stage.state(order) == "promised"
    assert stage.refused(stage.release, order).code == "not_released_twice"


def test_a_loss_breaks_the_youngest_least_urgent_promises(stage: Stage) -> None:
    stock = stage.stock(MUG, 10)
    old = stage.order({MUG: 4}, ordered_at=day(1))
    urgent = stage.order({MUG: 3}, ordered_at=day(9), priority=3)
    young = stage.order({MUG: 3}, ordered_at=day(5))
    stage.do(inventory.count, SYSTEM, stock, 8, inventory.Subject("count", None))
    assert stage.free(MUG) == (8, 10)
    assert stage.jobs() == ["outbound.break_promises"]
    assert [stage.state(each) for each in (old, urgent, young)] == ["promised", "promised", "short"]
    assert (stage.free(MUG), waiting(young)) == ((8, 7), 1)


def test_a_held_product_sells_again_when_the_hold_ends(stage: Stage) -> None:
    from wms.inventory import holds

    stage.stock(RED, 5)
    order = stage.order({RED: 5})
    hold = stage.do(holds.place_hold, SYSTEM, stage.cast.overseas.id, HoldScope.PRODUCT,
                    str(stage.cast.ACME.products[RED]), "recall")  # fmt: skip
    stage.jobs()
    assert (stage.state(order), stage.free(RED)) == ("short", (0, 0))
    stage.do(holds.end_hold, SYSTEM, stage.cast.overseas.id, hold.id)
    stage.jobs()
    assert (stage.state(order), stage.free(RED)) == ("promised", (5, 5))


def test_what_customs_released_keeps_its_promise_and_its_book_item(stage: Stage) -> None:
    house = stage.cast.bonded
    stock = stage.stock(MUG, 4, house=house)
    released, waits = stage.bonded_order({MUG: 2}), stage.bonded_order({MUG: 2})
    stage.release(released)
    stage.do(inventory.count, SYSTEM, stock, 2, inventory.Subject("count", None))
    stage.jobs()
    assert [stage.state(each) for each in (released, waits)] == ["promised", "short"]


def test_what_goes_back_to_its_seller_need_not_sell_any_more(stage: Stage) -> None:
    """From order to hand-over: expired goods first, and no summary ever counts them."""
    stale = stage.stock(SERUM, 3, BIN1, batch="OLD", expires_on=in_days(-1))
    fresh = stage.stock(SERUM, 3, BIN2, batch="NEW", expires_on=in_days(300))
    assert stage.order([{"sku": SERUM, "quantity": 2, "batch": "OLD"}]).state == "short"
    order = stage.order({SERUM: 4}, kind="return_to_seller")
    assert (order.state, stage.amounts(stale), stage.amounts(fresh)) == ("promised", (3, 3), (3, 1))
    assert stage.free(SERUM) == (3, 1)
    assert sorted(demand.quantity for demand in stage.demands(order)) == [1, 3]
    stage.wave(order)
    stage.pick_all(order)
    stage.hand_over(stage.pack(order))
    assert (stage.state(order), stage.amounts(stale), stage.amounts(fresh)) == ("shipped", (0, 0), (2, 0))
    assert stage.free(SERUM) == (2, 0)


def test_a_seller_names_the_expired_batch_and_may_change_his_mind(stage: Stage) -> None:
    stale = stage.stock(SERUM, 3, BIN1, batch="OLD", expires_on=in_days(-1))
    line = [{"sku": SERUM, "quantity": 3, "batch": "OLD"}]
    order = stage.order(line, kind="return_to_seller")
    assert (order.state, stage.amounts(stale), stage.free(SERUM)) == ("promised", (3, 3), (0, 0))
    assert stage.order(line, kind="return_to_seller").state == "short"
    stage.cancel(order)
    stage.jobs()
    assert stage.amounts(stale)[0] == 3
    assert stage.free(SERUM) == (0, 0)
