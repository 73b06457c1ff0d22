"""Holds and interceptions at every stage: what stops, who is told, what goes on, and the books after it."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import select, text

from tests.outbound.stage import BIN1, BIN2, MUG, RED, Stage
from tests.outbound.test_leaving import PICKED, at
from wms.core.actor import SYSTEM, Actor
from wms.outbound import rules
from wms.outbound.models import Interception, Order, OrderHold, PickBatch
from wms.outbound.service import interceptions, order_holds, packing, picking, waves
from wms.platform.database import session
from wms.shipping import service as shipping
from wms.shipping.models import Manifest, Parcel


def hold(stage: Stage, order: Order, actor: Actor | None = None, reason: str = "address", **more) -> OrderHold:
    return stage.do(order_holds.place_hold, actor or stage.cast.acme, order.id, reason, **more)


def end(stage: Stage, order: Order, found: OrderHold, actor: Actor | None = None) -> OrderHold:
    return stage.do(order_holds.end_hold, actor or stage.cast.acme, order.id, found.id)


def ask(stage: Stage, order: Order) -> Interception:
    return stage.do(interceptions.request_interception, stage.cast.acme, order.id, "buyer_cancelled")


def asked(order: Order) -> Interception:
    session().expire_all()
    return (
        session()
        .scalars(
            select(Interception).where(Interception.order_id == order.id).order_by(Interception.requested_at.desc())
        )
        .first()
    )  # type: ignore[return-value]


def step(stage: Stage, order: Order, state: str):
    """The next step of the floor on an order in that state."""
    if state == "short":
        stage.stock(MUG, 9, BIN2)
        stage.jobs()
        return None
    if state == "promised":
        return stage.wave(order)
    if state in ("waved", "picking"):
        if stage.state(order) == "waved" and session().get_one(Order, order.id).tote_id is None:
            stage.tote(order)
        return stage.do(picking.pick, stage.cast.picker, stage.tasks(order)[0].id, 1)
    if state == "picked":
        return stage.do(packing.verify, stage.cast.picker, order.id, stage.cast.ACME.products[MUG], 1)
    return stage.hand_over(str(stage.parcel(order).tracking_number))


STOPPED_WITH = {"promised": "nothing_to_wave", "waved": "order_held", "picking": "order_held", "picked": "order_held",
                "packed": "order_held"}  # fmt: skip


@pytest.mark.parametrize("state", PICKED)
def test_a_held_order_stays_where_it_is_and_goes_on_after_its_last_hold(stage: Stage, state: str) -> None:
    order = at(stage, state)
    first, second = hold(stage, order), hold(stage, order, stage.cast.supervisor, "stock_check")
    if state in STOPPED_WITH:
        assert stage.refused(step, stage, order, state).code == STOPPED_WITH[state]
        assert stage.state(order) == state
    end(stage, order, first)
    if state in STOPPED_WITH:
        assert stage.refused(step, stage, order, state).code == STOPPED_WITH[state]
    end(stage, order, second, stage.cast.supervisor)
    stage.jobs()
    step(stage, order, state)
    after = {"short": "promised", "promised": "waved", "waved": "picking", "picking": "picked", "picked": "picked",
             "packed": "shipped"}  # fmt: skip
    assert stage.state(order) == after[state]


def test_a_hold_that_keeps_stock_lets_a_short_order_have_it(stage: Stage) -> None:
    order = stage.order({MUG: 3})
    found = hold(stage, order)
    stage.stock(MUG, 3)
    stage.jobs()
    assert (stage.state(order), stage.free(MUG)) == ("promised", (3, 3))
    assert stage.refused(stage.wave).code == "nothing_to_wave"
    end(stage, order, found)
    stage.wave()
    assert stage.state(order) == "waved"


@pytest.mark.parametrize("state", ["short", "promised", "waved"])
def test_a_hold_that_releases_stock_gives_it_to_others_until_it_ends(stage: Stage, state: str) -> None:
    order = at(stage, state)
    found = hold(stage, order, keeps_stock=False)
    stage.jobs()
    assert (stage.state(order), stage.free(MUG)) == ("short", (0 if state == "short" else 5, 0))
    assert len(stage.totes()) == 4
    other = stage.order({MUG: 5})
    stage.stock(MUG, 3, BIN2)
    stage.jobs()
    assert stage.state(order) == "short"  # stock came, and it is not its turn
    end(stage, order, found)
    stage.jobs()
    assert stage.state(order) == ("short" if state == "short" and stage.state(other) == "promised" else "promised")


@pytest.mark.parametrize("state", ["picking", "picked", "packed"])
def test_what_lies_in_a_tote_or_parcel_is_not_released_by_a_hold(stage: Stage, state: str) -> None:
    order = at(stage, state)
    assert stage.refused(hold, stage, order, keeps_stock=False).code == "hold_keeps_stock"


@pytest.mark.parametrize("side", list(rules.Side))
def test_only_its_side_ends_a_hold_or_a_supervisor_on_record(stage: Stage, side: rules.Side) -> None:
    cast = stage.cast
    who = {"seller": cast.acme, "warehouse": cast.supervisor, "system": SYSTEM}
    stage.stock(MUG, 5)
    order = stage.order({MUG: 1})
    found = hold(stage, order, who[side], rules.HOLD_REASONS[side][0])
    for other, actor in who.items():
        if other not in (side, "warehouse"):
            assert stage.refused(end, stage, order, found, actor).code == "hold_not_yours"
    for stranger in (cast.rival, cast.customs_clerk):
        assert stage.refused(end, stage, order, found, stranger).kind.value == "not_found"
    ended = end(stage, order, found, cast.supervisor)
    assert (ended.state, ended.ended_by, ended.overruled) == ("ended", cast.supervisor.id, side != "warehouse")
    assert stage.refused(end, stage, order, found, cast.supervisor).code == "hold_ended"


def test_a_picker_ends_nobodys_hold(stage: Stage) -> None:
    order = at(stage, "promised")
    found = hold(stage, order)
    assert stage.refused(end, stage, order, found, stage.cast.picker).code == "hold_not_yours"


def test_the_same_hold_again_is_the_one_there_is(stage: Stage) -> None:
    order = at(stage, "promised")
    assert hold(stage, order).id == hold(stage, order).id
    assert hold(stage, order, reason="payment").id != hold(stage, order).id
    assert session().get_one(Order, order.id).holds == 2
    assert stage.refused(hold, stage, order, reason="stock_check").errors[0]["pointer"] == "/reason"


@pytest.mark.parametrize("state", ["shipped", "cancelled"])
def test_what_ended_is_not_held(stage: Stage, state: str) -> None:
    stage.stock(MUG, 5)
    order = stage.shipped({MUG: 1}) if state == "shipped" else stage.order({MUG: 1})
    if state == "cancelled":
        stage.cancel(order)
    assert stage.refused(hold, stage, order).code == "hold_too_late"


def test_a_cancelled_order_leaves_no_hold_behind(stage: Stage) -> None:
    order = at(stage, "picking")
    hold(stage, order), hold(stage, order, reason="payment")
    stage.cancel(order)
    states = [each.state for each in session().scalars(select(OrderHold))]
    assert (states, session().get_one(Order, order.id).holds) == (["ended", "ended"], 0)
    assert {task.state for task in stage.tasks(order)} == {"cancelled"}
    stage.put_back_all(order)


def test_stops_of_a_held_order_leave_the_walk_and_come_back_to_one(stage: Stage) -> None:
    """Two orders on one walk: the held one's stop is not offered; the walk ends without it; then it gets its own."""
    stage.stock(MUG, 2)
    stage.stock(RED, 2, BIN2)
    held, other = stage.order({MUG: 1}), stage.order({RED: 1})
    stage.wave()
    (stop,) = stage.tasks(held)
    found = hold(stage, held)
    stage.pick_all(other)
    batch = session().get_one(PickBatch, stop.batch_id, populate_existing=True)
    assert (batch.state, stage.tasks(held)[0].state) == ("done", "held")
    stage.jobs()
    end(stage, held, found)
    (again,) = stage.tasks(held)
    assert (again.id, again.state) == (stop.id, "open")
    assert session().get_one(PickBatch, again.batch_id).state == "open"
    assert session().scalar(text("SELECT state FROM wave")) == "released"
    stage.pick_all(held)
    stage.pack(held)


def test_what_a_held_order_lost_is_found_when_it_goes_on(stage: Stage) -> None:
    """Its bin is found empty while it waits: nothing is done for it, until its hold ends."""
    stage.stock(MUG, 3, BIN1)
    stage.stock(MUG, 3, BIN2, days_old=1)
    order = stage.order({MUG: 3})
    other = stage.order({MUG: 1})
    stage.wave()
    found = hold(stage, order)
    stage.take()
    stage.tote(other)
    (stop,) = stage.tasks(order)
    stage.do(waves.allocations.break_all, [stop.balance_id])
    stage.jobs()
    assert [task.state for task in stage.tasks(order)] == ["held"]
    end(stage, order, found)
    stage.jobs()
    open_units = sum(task.quantity - task.picked for task in stage.tasks(order) if task.state == "open")
    assert open_units == 3
    stage.jobs()
    stage.pick_all(order)


# --- interception


@pytest.mark.parametrize("state", ["short", "promised", "waved"])
def test_what_nobody_holds_is_intercepted_at_once(stage: Stage, state: str) -> None:
    order = at(stage, state)
    found = ask(stage, order)
    assert (asked(order).state, found.resume_state, stage.state(order)) == ("accepted", state, "cancelled")
    assert session().get_one(Order, order.id).interception == "accepted"
    assert stage.free(MUG) == (0 if state == "short" else 5, 0)
    assert len(stage.totes()) == 4


def unit_of(stage: Stage, order: Order) -> uuid.UUID:
    """The order's tote, or the parcel that it became."""
    tote_id = session().get_one(Order, order.id).tote_id
    found = tote_id or session().get_one(Parcel, stage.parcel(order).id).handling_unit_id
    assert found is not None
    return found


IN_HANDS = ["picking", "picked", "packed"]


@pytest.mark.parametrize("answer", ["accept", "refuse", "withdraw", "catch"])
@pytest.mark.parametrize("state", IN_HANDS)
def test_an_order_in_hands_is_stopped_and_the_request_answered(stage: Stage, state: str, answer: str) -> None:
    order = at(stage, state)
    found = ask(stage, order)
    assert (found.state, ask(stage, order).id) == ("requested", found.id)
    assert stage.refused(step, stage, order, state).code == "intercepted"
    assert stage.state(order) == state == asked(order).resume_state
    if answer == "accept":
        stage.do(interceptions.accept, stage.cast.supervisor, found.id)
    elif answer == "refuse":
        stage.do(interceptions.refuse, stage.cast.supervisor, found.id, "not_found")
    elif answer == "withdraw":
        stage.do(interceptions.withdraw, stage.cast.acme, order.id)
    else:
        assert stage.do(interceptions.catch, stage.cast.picker, unit_of(stage, order))
    if answer in ("accept", "catch"):
        assert (stage.state(order), asked(order).state) == ("cancelled", "accepted")
        assert stage.put_back_all(order) == PICKED[state]
        assert stage.free(MUG) == (5, 0)
        return
    assert (stage.state(order), asked(order).state) == (state, {"refuse": "refused", "withdraw": "withdrawn"}[answer])
    stage.jobs()
    step(stage, order, state)
    after = {"picking": "picked", "picked": "picked", "packed": "shipped"}
    assert stage.state(order) == after[state]


def manifest(stage: Stage) -> uuid.UUID:
    session().expire_all()
    return session().scalars(select(Manifest)).one().id


def test_a_parcel_on_the_load_is_scanned_back_before_the_truck_leaves(stage: Stage) -> None:
    order = at(stage, "packed")
    number = str(stage.parcel(order).tracking_number)
    stage.hand_over(number)
    unit = unit_of(stage, order)
    found = ask(stage, order)
    assert stage.refused(stage.hand_over, number).code == "intercepted"
    assert stage.refused(interceptions.accept, stage.cast.supervisor, found.id).code == "intercept_scan_back"
    assert stage.do(interceptions.catch, stage.cast.picker, unit)
    assert (stage.state(order), asked(order).state, asked(order).resume_state) == ("cancelled", "accepted", "shipped")
    assert stage.refused(stage.hand_over, number).code == "order_cancelled"
    assert stage.put_back_all(order) == 3
    assert stage.free(MUG) == (5, 0)
    assert [row[0] for row in session().execute(text("SELECT state FROM label_document"))] == ["voided"]
    gone = session().scalar(text("SELECT sum(CASE WHEN to_party = 'customer' THEN quantity ELSE 0 END)"
                                 " - sum(CASE WHEN from_party = 'customer' THEN quantity ELSE 0 END) FROM stock_move"))  # fmt: skip
    assert gone == 0


def test_what_left_with_its_truck_is_not_intercepted_and_whoever_asked_is_told(stage: Stage) -> None:
    order = at(stage, "packed")
    stage.hand_over(str(stage.parcel(order).tracking_number))
    unit = unit_of(stage, order)
    ask(stage, order)
    stage.do(shipping.close_manifest, stage.cast.picker, manifest(stage))
    assert stage.refused(interceptions.catch, stage.cast.picker, unit).code == "parcel_gone"
    stage.jobs()
    assert (asked(order).state, asked(order).refusal, stage.state(order)) == ("refused", "truck_left", "shipped")
    assert stage.refused(ask, stage, order).code == "intercept_too_late"
    assert interceptions.why_not(order) == "intercept_too_late"  # its page offers nothing that is refused


def test_bonded_goods_that_were_let_out_stay_out(stage: Stage) -> None:
    house = stage.cast.bonded
    stage.stock(MUG, 5, house=house)
    order = stage.bonded_order({MUG: 1})
    stage.release(order)
    stage.wave(order, house=house)
    stage.pick_all(order, house)
    number = stage.pack(order)
    stage.hand_over(number, house)
    assert stage.refused(ask, stage, order).code == "intercept_too_late"


def test_a_request_is_answered_once(stage: Stage) -> None:
    order = at(stage, "picked")
    found = ask(stage, order)
    stage.do(interceptions.refuse, stage.cast.supervisor, found.id, "other")
    for again in (interceptions.accept, lambda actor, key: interceptions.refuse(actor, key, "other")):
        assert stage.refused(again, stage.cast.supervisor, found.id).code == "not_allowed_now"
    assert stage.refused(interceptions.withdraw, stage.cast.acme, order.id).code == "not_intercepted"
    assert ask(stage, order).id != found.id
    stage.cancel(order)
    assert asked(order).state == "accepted"
    assert stage.refused(ask, stage, order).code == "intercept_cancelled"


def test_a_held_and_intercepted_order_goes_on_only_when_both_are_gone(stage: Stage) -> None:
    order = at(stage, "picking")
    found = hold(stage, order)
    request = ask(stage, order)
    stage.do(interceptions.refuse, stage.cast.supervisor, request.id, "other")
    assert stage.tasks(order)[0].state == "held"
    end(stage, order, found)
    assert stage.tasks(order)[0].state == "open"
