"""Goods that are given up: promised first, whatever their condition, picked, and destroyed before a witness."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import ValidationError
from sqlalchemy import select, text

from tests.outbound.stage import MUG, SERUM, Stage, body, in_days
from wms.core.refusals import Refused
from wms.inventory import service as inventory
from wms.office.wave_forms import WHY_WORDS
from wms.outbound import queries
from wms.outbound.models import Destruction, Order, PickTask
from wms.outbound.schemas import OrderIn
from wms.outbound.service import destruction, intake, interceptions, order_holds, packing
from wms.platform.database import session


def given_up(stage: Stage, lines: Any, **more: Any) -> Order:
    given = body(lines, kind="destruction", **more)
    given.pop("consignee")
    given.pop("service")
    made = stage.do(intake.create_order, stage.cast.acme, OrderIn().load(given))
    return session().get_one(Order, made.id)


def destroy(stage: Stage, order: Order, witness: str = "Max Meier", **more: Any) -> Order:
    return stage.do(destruction.destroy, stage.cast.supervisor, order.id, witness, **more)


def picked(stage: Stage, quantity: int = 2) -> Order:
    stage.stock(MUG, 5)
    order = given_up(stage, {MUG: quantity})
    stage.wave()
    stage.pick_all(order)
    return order


def test_it_is_promised_picked_and_destroyed_before_a_witness(stage: Stage) -> None:
    stage.stock(MUG, 5)
    order = given_up(stage, {MUG: 2})
    assert (order.state, order.service_id, stage.free(MUG)) == ("promised", None, (5, 2))
    stage.wave()
    assert session().scalar(text("SELECT count(*) FROM parcel")) == 0  # nobody carries it
    assert stage.refused(destroy, stage, order).code == "not_allowed_now"
    stage.pick_all(order)
    assert stage.refused(packing.start_packing, stage.cast.picker, session().get_one(Order, order.id).tote_id).code == (
        "destroy_not_pack"
    )
    destroy(stage, order, note="Certificate 17")
    found = session().scalars(select(Destruction)).one()
    assert (found.units, found.witness, found.note, found.done_by) == (
        2, "Max Meier", "Certificate 17", stage.cast.supervisor.id
    )  # fmt: skip
    gone = session().scalar(text("SELECT sum(quantity) FROM stock_move WHERE to_party = 'scrap'"))
    assert (stage.state(order), gone, stage.free(MUG), len(stage.totes())) == ("shipped", 2, (3, 0), 4)
    shown = queries.order_detail(session().get_one(Order, order.id))
    assert (shown["destruction"]["witness"], shown["address_warnings"]) == ("Max Meier", [])
    assert stage.refused(destroy, stage, order).code == "not_allowed_now"


def test_what_does_not_sell_goes_first(stage: Stage) -> None:
    stage.stock(SERUM, 3, batch="OLD", expires_on=in_days(-1))
    stage.stock(SERUM, 5, batch="NEW", expires_on=in_days(400))
    order = given_up(stage, {SERUM: 3})
    assert (order.state, stage.free(SERUM)) == ("promised", (5, 0))
    stage.wave()
    stage.pick_all(order)
    destroy(stage, order)
    left = session().scalars(select(inventory.Balance.on_hand).where(inventory.Balance.on_hand > 0)).all()
    assert left == [5]


def test_the_plan_says_why_a_bin_is_chosen(stage: Stage) -> None:
    """A destruction names no goods: what does not sell goes first. Who names a quality or a batch named them."""
    stage.stock(SERUM, 9, batch="OLD", expires_on=in_days(400))
    stage.stock(MUG, 4)
    orders = [
        given_up(stage, {SERUM: 3}),
        stage.order([{"sku": SERUM, "quantity": 2, "batch": "OLD"}]),
        stage.order({MUG: 1}),
    ]
    stage.wave(*orders)
    whys = [session().scalars(select(PickTask.why).where(PickTask.order_id == order.id)).all() for order in orders]
    assert whys == [["unsold_first"], ["pinned"], ["only_bin"]]
    assert {"unsold_first", "pinned", "claimed"} <= WHY_WORDS.keys()


def test_the_witness_is_somebody_else(stage: Stage) -> None:
    order = picked(stage)
    refused = stage.refused(destroy, stage, order, f" {stage.cast.supervisor.name.upper()} ")
    assert refused.errors[0]["code"] == "witness_is_yourself"


@pytest.mark.parametrize("how", ["order_held", "intercepted"])
def test_a_stopped_one_is_not_destroyed_and_its_goods_come_back(stage: Stage, how: str) -> None:
    order = picked(stage)
    if how == "order_held":
        stage.do(order_holds.place_hold, stage.cast.acme, order.id, "other")
    else:
        stage.do(interceptions.request_interception, stage.cast.acme, order.id, "other")
    assert stage.refused(destroy, stage, order).code == how
    stage.cancel(order)
    assert stage.put_back_all(order) == 2
    assert stage.free(MUG) == (5, 0)


def test_other_orders_are_not_destroyed(stage: Stage) -> None:
    stage.stock(MUG, 5)
    order = stage.order({MUG: 1})
    stage.wave()
    stage.pick_all(order)
    assert stage.refused(destroy, stage, order).code == "destroy_other_kind"


def test_bonded_goods_need_customs_permit(stage: Stage) -> None:
    stage.stock(MUG, 5, house=stage.cast.bonded)
    with pytest.raises(Refused) as raised:
        given_up(stage, {MUG: 1}, warehouse="NGB1")
    assert raised.value.errors[0]["code"] == "destruction_bonded"


@pytest.mark.parametrize("kind", ["dropship", "b2b", "return_to_seller"])
@pytest.mark.parametrize("name", ["service", "consignee"])
def test_everything_else_goes_to_somebody_by_a_service(kind: str, name: str) -> None:
    given = body({MUG: 1}, kind=kind)
    given.pop(name)
    with pytest.raises(ValidationError) as raised:
        OrderIn().load(given)
    assert list(raised.value.messages) == [name]
