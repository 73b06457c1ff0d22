"""What may change of an order in each of its states, and that the paper of before never leaves with it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, text

from tests.outbound.stage import MUG, RED, Stage, body
from tests.outbound.test_extras import DOOR, able
from tests.outbound.test_leaving import at
from wms.core.actor import SYSTEM
from wms.core.refusals import Refused
from wms.outbound import queries, rules
from wms.outbound.extras.models import OrderExtra
from wms.outbound.extras.service import FIELDS
from wms.outbound.models import Order, OrderHold
from wms.outbound.schemas import OrderPatch
from wms.outbound.service import changes, order_holds, packing
from wms.outbound.workflow import OrderState
from wms.platform.database import session
from wms.platform.events import EventRow
from wms.shipping.models import Service, Shipment

BUYER = body({MUG: 1})["consignee"] | {"address1": "Hauptstraße 5", "city": "Hamburg", "postcode": "20095"}
CHANGE: dict[str, Any] = {
    "consignee": BUYER, "service": "HOUSE-EXP", "priority": 7, "remark": "Ring twice.", "platform": "temu",
    **DOOR, "age_check": 18, "delivery": {**DOOR["delivery"], "day": date.fromisoformat(DOOR["delivery"]["day"])},
    "signature": "adult", "insurance": {"value_minor": 5000, "currency": "EUR"}, "packing": ["eco_bag", "upright"],
    "packing_remark": "Card on top.", "declaration": {"contents": "gift", "ioss": "IM2760000742"},
    "values": [{"position": 1, "unit_value_minor": 990, "currency": "EUR"}],
}  # fmt: skip


@pytest.fixture(autouse=True)
def express(stage: Stage) -> None:
    """A second service of the house carrier, which takes signatures and insures."""
    able(stage)
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
    shown = queries.order_detail(order)
    shown["values"] = [{name: line[name] for name in CHANGE["values"][0]} for line in shown["lines"]]
    now = shown["consignee"]["city"] if what == "consignee" else shown[what]
    if what == "declaration":
        now = {name: value for name, value in now.items() if value}
    if what == "delivery":
        now |= {"day": date.fromisoformat(now["day"])}
    assert now == ("Hamburg" if what == "consignee" else CHANGE[what])
    told = session().scalars(select(EventRow.data).where(EventRow.name == "order.changed")).all()
    assert [each["what"] for each in told] == [what] * (what not in {"priority", "remark"})


def test_the_table_names_every_state_and_every_field() -> None:
    assert set(rules.CHANGEABLE) == {state.value for state in OrderState}
    assert set().union(*rules.CHANGEABLE.values()) == set(OrderPatch().fields) == set(CHANGE)
    assert rules.changeable("picked", "released") == {"remark", "platform", "packing", "packing_remark"}
    assert rules.changeable("picked", "none", box_closed=True) == {"remark"}
    assert rules.changeable("promised", "none", rules.DESTRUCTION) == {"priority", "remark"}


@pytest.mark.parametrize("what", sorted(rules.ON_THE_WAYBILL))
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


@pytest.mark.parametrize("what", sorted(rules.FOR_THE_PACKER))
def test_what_the_packer_is_told_renews_no_waybill(stage: Stage, what: str) -> None:
    order = at(stage, "picked")
    former = stage.parcel(order).tracking_number
    edit(stage, order, **{what: CHANGE[what]})
    stage.jobs()
    assert stage.parcel(order).tracking_number == former
    wishes = {"packing": "packing", "packing_remark": "remark"}.get(what)
    if wishes is not None:
        assert packing.plan_boxes(order.id)["wishes"][wishes] == CHANGE[what]


def test_what_an_order_says_is_taken_away_again_and_its_row_with_it(stage: Stage) -> None:
    order = stage.order({MUG: 1}, **{name: CHANGE[name] for name in FIELDS})
    edit(stage, order, values=CHANGE["values"])
    for name in FIELDS:
        assert session().get(OrderExtra, order.id) is not None
        edit(stage, order, **{name: None})
    assert session().get(OrderExtra, order.id) is None
    edit(stage, order, values=[{"position": 1, "unit_value_minor": None, "currency": None}])
    (line,) = queries.order_detail(session().get_one(Order, order.id))["lines"]
    assert (line["unit_value_minor"], line["currency"]) == (None, None)


def test_what_was_changed_must_agree_with_what_was_not(stage: Stage) -> None:
    """A carrier that does neither, a form of two currencies, a value that nobody knows: each at the field that was said."""
    order = stage.order({MUG: 1, RED: 1}, consignee={"country": "CH", "postcode": "8001", "city": "Zürich"})
    session().execute(text("UPDATE product SET declared_value_minor = NULL, declared_currency = NULL WHERE sku = :s"),
                      {"s": RED})  # fmt: skip
    session().commit()
    able(stage, can_sign=False)
    wrong: list[tuple[dict[str, Any], str, str]] = [
        ({"signature": "adult"}, "/signature", "service_no_signature"),
        ({"declaration": {"contents": "gift"}}, "/declaration", "customs_value_needed"),
        ({"declaration": {"contents": "gift"}, "values": [of(1, 5, "EUR")]}, "/values/0/unit_value_minor",
         "customs_value_needed"),
        ({"declaration": {"contents": "gift"}, "values": [of(2, 5, "USD"), of(1, 5, "EUR")]}, "/values/0/currency",
         "one_currency"),
        ({"values": [of(3, 5, "EUR")]}, "/values/0/position", "no_such_line"),
    ]  # fmt: skip
    for given, pointer, code in wrong:
        refused = stage.refused(edit, stage, order, **given)
        assert [(each["pointer"], each["code"]) for each in refused.errors] == [(pointer, code)], given
    edit(stage, order, declaration={"contents": "gift"}, values=[of(2, 5, "EUR"), of(1, 5, "EUR")])
    refused = stage.refused(edit, stage, order, values=[of(2, None, None)])
    assert refused.errors[0]["code"] == "customs_value_needed"
    session().execute(text("UPDATE order_extra SET signature = 'adult' WHERE order_id = :o"), {"o": order.id})
    session().commit()
    assert stage.refused(edit, stage, order, service="HOUSE-EXP").errors[0]["pointer"] == "/service"


def of(position: int, minor: int | None, currency: str | None) -> dict[str, Any]:
    return {"position": position, "unit_value_minor": minor, "currency": currency}


def test_a_line_is_valued_once_in_a_currency(stage: Stage, client: Any) -> None:
    order = stage.order({MUG: 1})
    api = stage.cast.api(client)
    for values, pointer, code in [
        ([of(1, 5, "EUR"), of(1, 6, "EUR")], "/values/1/position", "duplicate"),
        ([of(1, 5, None)], "/values/0/currency", "required"),
        ([of(1, None, "EUR")], "/values/0/unit_value_minor", "required"),
        ([of(0, 5, "EUR")], "/values/0/position", "too_small"),
        ([{"position": 1}], "/values/0/unit_value_minor", "required"),
        ([], "/values", "too_few"),
    ]:
        answer = api.patch(f"/api/v1/orders/{order.id}", {"values": values}, match=1)
        told = [(each["pointer"], each["code"]) for each in answer.json["errors"]]
        assert (answer.status_code, (pointer, code) in told) == (422, True), answer.json


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
    for what in sorted(rules.ON_THE_WAYBILL):
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
