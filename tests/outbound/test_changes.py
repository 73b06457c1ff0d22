"""What may change of an order in each of its states, and that the paper of before never leaves with it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, text

from tests.outbound.stage import MUG, Stage, body
from tests.outbound.test_leaving import at
from wms.core.actor import SYSTEM
from wms.core.refusals import Refused
from wms.outbound import rules
from wms.outbound.models import Consignee, Order, OrderHold
from wms.outbound.service import changes, order_holds, packing
from wms.outbound.workflow import OrderState
from wms.platform.database import session
from wms.shipping.models import Service, Shipment

BUYER = body({MUG: 1})["consignee"] | {"address1": "Hauptstraße 5", "city": "Hamburg", "postcode": "20095"}
CHANGE: dict[str, Any] = {"consignee": BUYER, "service": "HOUSE-EXP", "priority": 7, "remark": "Ring twice."}


@pytest.fixture(autouse=True)
def express(stage: Stage) -> None:
    """A second service of the house carrier."""
    standard = session().scalars(select(Service).where(Service.code == "HOUSE-STD")).one()
    if session().scalar(select(Service).where(Service.code == "HOUSE-EXP")) is None:
        columns = {name: value for name, value in vars(standard).items() if not name.startswith("_") and name != "id"}
        session().add(Service(**columns | {"code": "HOUSE-EXP", "name": "Express"}))
        session().commit()


def in_state(stage: Stage, state: str) -> Order:
    if state in ("shipped", "cancelled"):
        stage.stock(MUG, 5)
        order = stage.shipped({MUG: 1}) if state == "shipped" else stage.order({MUG: 1})
        return order if state == "shipped" else stage.cancel(order)
    return at(stage, state)


def edit(stage: Stage, order: Order, **given: Any) -> Order:
    return stage.do(changes.edit_order, stage.cast.acme, order.id, None, given)


STATES = [state.value for state in OrderState if state is not OrderState.AWAITING_CUSTOMS]


@pytest.mark.parametrize("what", CHANGE)
@pytest.mark.parametrize("state", STATES)
def test_each_field_changes_exactly_where_the_table_says(stage: Stage, state: str, what: str) -> None:
    order = in_state(stage, state)
    version = session().get_one(Order, order.id).version
    if what not in rules.CHANGEABLE[state]:
        refused = stage.refused(edit, stage, order, **{what: CHANGE[what]})
        assert (refused.code, refused.params["state"], refused.params["fields"]) == ("edit_too_late", state, [what])
        return
    edit(stage, order, **{what: CHANGE[what]})
    session().expire_all()
    order = session().get_one(Order, order.id)
    assert (order.version, order.state) == (version + 1, state)
    now = {
        "priority": order.priority, "remark": order.remark,
        "consignee": session().get_one(Consignee, order.id).city,
        "service": session().get_one(Service, order.service_id).code,
    }[what]  # fmt: skip
    assert now == ("Hamburg" if what == "consignee" else CHANGE[what])


def test_the_table_names_every_state() -> None:
    assert set(rules.CHANGEABLE) == {state.value for state in OrderState}
    assert rules.changeable("picked", "released") == {"remark"}


@pytest.mark.parametrize("what", ["consignee", "service"])
@pytest.mark.parametrize("state", ["waved", "picking", "picked"])
def test_a_numbered_waybill_is_renewed_and_the_old_paper_goes_nowhere(stage: Stage, state: str, what: str) -> None:
    order = at(stage, state)
    former = stage.parcel(order)
    edit(stage, order, **{what: CHANGE[what]})
    assert stage.refused(packing.parcel_of, order.id).code == "waybill_not_ready"
    stage.jobs()
    renewed = stage.parcel(order)
    assert renewed.tracking_number != former.tracking_number
    assert [row[0] for row in session().execute(text("SELECT state FROM label_document ORDER BY id"))] == [
        "voided", "requested"
    ]  # fmt: skip
    assert session().get_one(Shipment, renewed.shipment_id).service_id == session().get_one(Order, order.id).service_id
    if state != "picked":
        stage.pick_all(order)
    stage.verify_all(order)
    stage.do(packing.weigh, stage.cast.picker, order.id, packing.expected_weight(order.id).expected_g)
    old = str(former.tracking_number)
    assert stage.refused(packing.close_parcel, stage.cast.picker, order.id, old).code == "waybill_replaced"
    stage.do(packing.close_parcel, stage.cast.picker, order.id, str(renewed.tracking_number))
    assert stage.refused(stage.hand_over, old).code == "waybill_voided"
    stage.hand_over(str(renewed.tracking_number))
    assert stage.refused(stage.hand_over, old).code == "waybill_voided"
    assert stage.state(order) == "shipped"


def test_a_weight_of_before_is_not_the_new_parcels(stage: Stage) -> None:
    order = at(stage, "picked")
    stage.verify_all(order)
    stage.do(packing.weigh, stage.cast.picker, order.id, packing.expected_weight(order.id).expected_g)
    edit(stage, order, service="HOUSE-EXP")
    stage.jobs()
    number = str(stage.parcel(order).tracking_number)
    assert stage.refused(packing.close_parcel, stage.cast.picker, order.id, number).code == "weight_needed"


def test_a_service_that_is_not_offered_is_named(stage: Stage) -> None:
    order = at(stage, "promised")
    refused = stage.refused(edit, stage, order, service="NOWHERE")
    assert refused.errors[0]["pointer"] == "/service"


def test_bonded_orders_keep_their_buyer_once_customs_released_them(stage: Stage) -> None:
    stage.stock(MUG, 5, house=stage.cast.bonded)
    order = stage.bonded_order({MUG: 1})
    stage.release(order)
    for what in ("consignee", "service"):
        assert stage.refused(edit, stage, order, **{what: CHANGE[what]}).code == "edit_too_late"
    edit(stage, order, remark="x")


def test_without_a_waybill_the_system_holds_the_order_and_asks_again_when_that_ends(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = at(stage, "picked")

    def refuse(*_: Any, **__: Any) -> None:
        raise Refused("numbers_used_up", {"carrier": "HOUSE"})

    edit(stage, order, service="HOUSE-EXP")
    with monkeypatch.context() as patched:
        patched.setattr(changes.waybills, "prepare", refuse)
        stage.jobs()
    (hold,) = session().scalars(select(OrderHold))
    assert (hold.side, hold.reason, hold.note, hold.placed_by) == ("system", "no_waybill", "numbers_used_up", SYSTEM.id)
    assert stage.refused(stage.verify_all, order).code == "order_held"
    assert stage.refused(order_holds.end_hold, stage.cast.acme, order.id, hold.id).code == "hold_not_yours"
    stage.do(order_holds.end_hold, stage.cast.supervisor, order.id, hold.id)
    stage.jobs()
    stage.pack(order)
    assert stage.state(order) == "packed"
