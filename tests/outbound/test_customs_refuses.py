"""Customs refuses an order that somebody walks for (049): led past, kept together, and taken up or given up again."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from tests.floor.worker import CODES, Tablet
from tests.outbound.stage import BIN1, BIN2, BIN3, CABLE, MUG, Stage
from wms.facility.models import HandlingUnit
from wms.inventory import holds
from wms.outbound.models import Order, OrderException, OrderHold, PickBatch
from wms.outbound.service import decisions, order_holds, orders, picking, release, shortage
from wms.outbound.service.decisions import Decision
from wms.platform.database import session


def walked(stage: Stage, picked: int = 1) -> Order:
    """A bonded order of two mugs and a cable on a walk before its release, so many mugs in its tote."""
    house = stage.cast.bonded
    stage.stock(MUG, 5, BIN1, house=house)
    stage.stock(CABLE, 5, BIN2, house=house)
    order = stage.bonded_order({MUG: 2, CABLE: 1})
    stage.wave(house=house)
    stage.take(house)
    stage.tote(order, house)
    if picked:
        mugs = next(task for task in stage.tasks(order) if task.quantity == 2)
        stage.do(picking.pick, stage.cast.picker, mugs.id, picked)
    return order


def refuse(stage: Stage, order: Order) -> None:
    stage.do(release.record_refusal, stage.cast.customs_clerk, order.id, "CEB-9", "name and number differ")


def states(stage: Stage, order: Order) -> list[str]:
    return [task.state for task in stage.tasks(order)]


def batches() -> list[str]:
    session().expire_all()
    return list(session().scalars(select(PickBatch.state).order_by(PickBatch.created_at, PickBatch.id)))


def exception() -> OrderException:
    return session().scalars(select(OrderException).where(OrderException.kind == "customs_refused")).one()


def finish(stage: Stage, order: Order) -> None:
    house = stage.cast.bonded
    stage.pick_all(order, house)
    stage.hand_over(stage.pack(order), house)
    assert stage.state(order) == "shipped"


def test_a_refusal_takes_the_order_off_its_walk_and_keeps_what_it_has(stage: Stage) -> None:
    order = walked(stage)
    refuse(stage, order)
    assert states(stage, order) == ["set_aside", "set_aside"]
    assert batches() == ["done"]
    assert stage.state(order) == "picking"
    held = session().scalars(select(HandlingUnit).where(HandlingUnit.subject_id == order.id)).one()
    assert (held.subject_kind, order.tote_id) == ("order", held.id)  # on the customs shelf, still the order's
    assert sum(stage.free(sku, stage.cast.bonded)[1] for sku in (MUG, CABLE)) == 2  # what is not picked stays promised
    stop = stage.tasks(order)[0].id
    for step in (picking.skip, picking.report_short):
        assert stage.refused(step, stage.cast.picker, stop).code == "stop_set_aside"
    assert stage.refused(picking.pick, stage.cast.picker, stop, 1).code == "stop_set_aside"


def test_an_empty_tote_is_free_for_another_order(stage: Stage) -> None:
    order = walked(stage, picked=0)
    tote = order.tote_id
    refuse(stage, order)
    session().expire_all()
    assert order.tote_id is None
    assert session().get_one(HandlingUnit, tote).state == "open"


@pytest.mark.parametrize("way", ["released", "declared again"])
def test_it_is_taken_up_on_a_walk_of_its_own(stage: Stage, way: str) -> None:
    order = walked(stage)
    refuse(stage, order)
    if way == "declared again":
        stage.do(decisions.decide, stage.cast.supervisor, exception().id, Decision.WAIT)
    else:
        stage.release(order, "CEB-10")
    stage.jobs()
    assert states(stage, order) == ["open", "open"]
    assert batches() == ["done", "open"]
    stage.jobs()
    assert batches() == ["done", "open"]  # once
    if way == "declared again":
        stage.release(order, "CEB-10")
    finish(stage, order)
    assert batches() == ["done", "done"]


def test_it_is_given_up_and_put_back(stage: Stage) -> None:
    order = walked(stage)
    refuse(stage, order)
    stage.do(decisions.decide, stage.cast.supervisor, exception().id, Decision.CANCEL)
    assert states(stage, order) == ["cancelled", "cancelled"]
    assert stage.put_back_all(order, BIN3, stage.cast.bonded) == 1
    assert stage.free(MUG, stage.cast.bonded) == (5, 0)
    assert stage.do(picking.take_batch, stage.cast.picker, stage.cast.bonded.id) is None


def test_a_seller_cancels_it_while_it_is_set_aside(stage: Stage) -> None:
    order = walked(stage)
    refuse(stage, order)
    stage.do(orders.cancel_order, stage.cast.acme, order.id, None, "buyer_cancelled")
    assert states(stage, order) == ["cancelled", "cancelled"]
    assert stage.put_back_all(order, BIN3, stage.cast.bonded) == 1


def test_a_bin_lost_meanwhile_is_replaced_when_it_is_taken_up(stage: Stage) -> None:
    order = walked(stage)
    refuse(stage, order)
    mugs = next(task for task in stage.tasks(order) if task.quantity == 2)
    stage.stock(MUG, 5, BIN3, house=stage.cast.bonded)
    stage.do(holds.doubt, stage.cast.supervisor, stage.cast.bonded.id, mugs.balance_id)
    stage.jobs()
    assert states(stage, order) == ["set_aside", "set_aside"]  # no job puts a refused order on a walk
    assert shortage.retry_order(order.id) is False
    assert shortage.leave_wave(order.id) is False
    session().commit()
    stage.release(order, "CEB-10")
    stage.jobs()
    assert sorted(states(stage, order)) == ["done", "open", "open"]
    finish(stage, order)


def test_no_walk_is_begun_for_a_refused_order(stage: Stage) -> None:
    """Waved, and refused before anybody took the walk: it is done, and nobody is sent."""
    stage.stock(MUG, 5, BIN1, house=stage.cast.bonded)
    order = stage.bonded_order({MUG: 1})
    stage.wave(house=stage.cast.bonded)
    refuse(stage, order)
    assert batches() == ["done"]
    assert stage.do(picking.take_batch, stage.cast.picker, stage.cast.bonded.id) is None
    stage.jobs()
    assert session().scalar(text("SELECT state FROM wave")) == "done"
    stage.release(order, "CEB-10")
    stage.jobs()
    assert session().scalar(text("SELECT state FROM wave")) == "released"
    finish(stage, order)


@pytest.mark.parametrize("picked", [0, 1])
@pytest.mark.parametrize("raw", [CODES[MUG], "CMD-SKIP", "CMD-SHORT", "NOBODY-KNOWS-8831"])
def test_the_tablet_leads_past_it_and_says_where_its_tote_goes(stage: Stage, client, picked: int, raw: str) -> None:
    house = stage.cast.bonded
    stage.stock(MUG, 9, BIN1, house=house)
    made = [stage.bonded_order({MUG: 2}) for _ in range(2)]
    stage.wave(house=house)
    tablet = Tablet(stage.cast.sign_in(client, stage.cast.receiver), "NGB1")
    tablet.start("pick")
    tablet.scan("CMD-OK")
    tablet.scan(_tote_codes(house.id)[0])
    tablet.scan(tablet.seen["location_barcode"])
    if picked:
        tablet.scan(CODES[MUG])
    first, other = sorted(made, key=lambda order: order.number != tablet.seen["order"])
    tote = tablet.seen["tote"]
    refuse(stage, first)
    feedback = tablet.scan(raw)
    assert (feedback["code"], feedback["tone"]) == ("tote_refused" if picked else "stop_refused", "warn")
    assert (tote in feedback["title"]) == bool(picked)
    assert tablet.seen["order"] == other.number
    refuse(stage, other)
    assert tablet.scan(raw)["code"] == "stop_refused"
    assert tablet.step == "begin"  # its last order: the walk is done
    assert tablet.scan("CMD-OK")["code"] == "no_work"


def _tote_codes(warehouse_id) -> list[str]:
    statement = select(HandlingUnit.barcode).where(HandlingUnit.warehouse_id == warehouse_id, HandlingUnit.kind == "tote",
                                                   HandlingUnit.subject_id.is_(None))  # fmt: skip
    return list(session().scalars(statement.order_by(HandlingUnit.code)))


@pytest.mark.parametrize("held_first", [True, False])
def test_a_hold_and_a_refusal_both_stop_it_and_both_must_be_lifted(stage: Stage, held_first: bool) -> None:
    order = walked(stage)
    hold: OrderHold
    if held_first:
        hold = stage.do(order_holds.place_hold, stage.cast.acme, order.id, "address")
        refuse(stage, order)
    else:
        refuse(stage, order)
        hold = stage.do(order_holds.place_hold, stage.cast.acme, order.id, "address")
    stage.jobs()
    assert "open" not in states(stage, order)
    stage.do(order_holds.end_hold, stage.cast.acme, order.id, hold.id)
    stage.jobs()
    assert states(stage, order) == ["set_aside", "set_aside"]
    stage.release(order)
    stage.jobs()
    finish(stage, order)


def test_a_release_while_it_is_held_waits_for_the_end_of_the_hold(stage: Stage) -> None:
    order = walked(stage)
    refuse(stage, order)
    hold = stage.do(order_holds.place_hold, stage.cast.acme, order.id, "address")
    stage.release(order)
    stage.jobs()
    assert "open" not in states(stage, order)
    stage.do(order_holds.end_hold, stage.cast.acme, order.id, hold.id)
    stage.jobs()
    finish(stage, order)
