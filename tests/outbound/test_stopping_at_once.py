"""A seller stops or changes an order at the very moment somebody works on it: one of them is first, the books balance,
and no order is left between two states.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.outbound.stage import MUG, Stage
from tests.outbound.test_concurrency import at_once, command
from tests.outbound.test_leaving import at
from wms.outbound.models import Interception, Order
from wms.outbound.service import changes, handover, interceptions, order_holds, packing, picking, waves
from wms.platform.database import session
from wms.shipping import service as shipping
from wms.shipping.models import Manifest, Parcel

ROUNDS = 4
Pair = tuple[Order, Callable[[], str], Callable[[], str]]


def request(stage: Stage, order: Order) -> Callable[[], str]:
    seller, key = stage.cast.acme, order.id  # rows are the test's own session's
    return command(stage, seller, lambda: interceptions.request_interception(seller, key, "buyer_cancelled"))


def hold(stage: Stage, order: Order) -> Callable[[], str]:
    seller, key = stage.cast.acme, order.id
    return command(stage, seller, lambda: order_holds.place_hold(seller, key, "address"))


def held_and_waved(stage: Stage) -> Pair:
    order = at(stage, "promised")
    place, who, key = stage.cast.overseas.id, stage.cast.supervisor, order.id
    return (
        order, hold(stage, order),
        command(stage, who, lambda: waves.release_wave(who, place, order_ids=[key])),
    )  # fmt: skip


def held_and_picked(stage: Stage) -> Pair:
    order = at(stage, "waved")
    stage.take()
    task_id, picker = stage.tasks(order)[0].id, stage.cast.picker
    return (
        order, hold(stage, order),
        command(stage, picker, lambda: picking.pick(picker, task_id, 3)),
    )  # fmt: skip


def intercepted_and_handed_over(stage: Stage) -> Pair:
    order = at(stage, "packed")
    number, picker, place = str(stage.parcel(order).tracking_number), stage.cast.picker, stage.cast.overseas.id
    gone = command(stage, picker, lambda: handover.hand_over(picker, place, number))
    return order, request(stage, order), gone


def scanned_back_and_driven_off(stage: Stage) -> Pair:
    order = at(stage, "packed")
    stage.hand_over(str(stage.parcel(order).tracking_number))
    parcel = session().get_one(Parcel, stage.parcel(order).id)
    unit_id, load_id, picker = parcel.handling_unit_id, parcel.manifest_id, stage.cast.picker
    assert unit_id is not None
    assert load_id is not None
    request(stage, order)()
    return (
        order, command(stage, picker, lambda: interceptions.catch(picker, unit_id)),
        command(stage, picker, lambda: shipping.close_manifest(picker, load_id)),
    )  # fmt: skip


def answered_twice(stage: Stage) -> Pair:
    order = at(stage, "picked")
    found = stage.do(interceptions.request_interception, stage.cast.acme, order.id, "other")
    key, order_id, who = found.id, order.id, stage.cast.supervisor
    return (
        order, command(stage, who, lambda: interceptions.accept(who, key)),
        command(stage, stage.cast.acme, lambda: interceptions.withdraw(stage.cast.acme, order_id)),
    )  # fmt: skip


def changed_and_closed(stage: Stage) -> Pair:
    order = at(stage, "picked")
    stage.verify_all(order)
    stage.do(packing.weigh, stage.cast.picker, order.id, packing.expected_weight(order.id).expected_g)
    number, picker, seller = str(stage.parcel(order).tracking_number), stage.cast.picker, stage.cast.acme
    key = order.id
    return (
        order, command(stage, seller, lambda: changes.edit_order(seller, key, None, {"service": "HOUSE-STD"})),
        command(stage, picker, lambda: packing.close_parcel(picker, key, number)),
    )  # fmt: skip


# What one of the two may be told when the other was first.
LOSES: dict[Callable[[Stage], Pair], set[str]] = {
    held_and_waved: {"done", "nothing_to_wave"},
    held_and_picked: {"done", "order_held"},
    intercepted_and_handed_over: {"done", "intercepted"},
    scanned_back_and_driven_off: {"done", "parcel_gone"},
    answered_twice: {"done", "not_allowed_now", "not_intercepted"},
    changed_and_closed: {"done", "edit_too_late", "waybill_not_ready"},
}


@pytest.mark.parametrize("pair", LOSES, ids=lambda pair: pair.__name__)
def test_one_of_them_is_first(floor: Stage, fresh_app: Flask, pair: Callable[[Stage], Pair]) -> None:
    for _ in range(ROUNDS):
        order, first, second = pair(floor)
        told: list[Any] = at_once(fresh_app, first, second)
        assert set(told) <= LOSES[pair], told
        assert "done" in told
        floor.jobs()
        end(floor, order)


def end(stage: Stage, order: Order) -> None:
    """Whatever came first, the order can be brought to an end, and nothing of it stays behind."""
    now = session().get_one(Order, order.id, populate_existing=True)
    asked = session().scalars(
        select(Interception).where(Interception.order_id == order.id).order_by(Interception.requested_at.desc())
    ).first()  # fmt: skip
    if now.state == "shipped":
        assert asked is None or asked.state in ("requested", "refused", "withdrawn")
        if asked is not None and asked.state == "requested":
            stage.do(shipping.close_manifest, stage.cast.picker, session().scalars(
                select(Manifest.id).where(Manifest.state == "open")).one())  # fmt: skip
            stage.jobs()
            assert session().get_one(Interception, asked.id, populate_existing=True).refusal == "truck_left"
        return
    if now.state != "cancelled":
        stage.cancel(order)
    stage.put_back_all(order)
    assert len(stage.totes()) == 4
    assert stage.free(MUG)[1] == 0
