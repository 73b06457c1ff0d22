"""Orders to Amazon: a shipment, new labels on units before they are packed, carton labels and contents."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

import pytest
from flask import current_app
from marshmallow import ValidationError
from sqlalchemy import select

from labels import FbaCartonLabel
from tests.outbound.stage import CABLE, MUG, RED, Stage, body
from tests.outbound.test_concurrency import at_once
from tests.outbound.test_whole import container
from wms.added_services import working
from wms.added_services.catalogue import ServiceDraft, define_service
from wms.added_services.models import ServiceRequest
from wms.added_services.working import Report
from wms.catalog.models import Product
from wms.catalog.queries import barcodes_of, meanings_of
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.outbound import queries
from wms.outbound.kinds import fba
from wms.outbound.kinds.papers import drawn
from wms.outbound.kinds.slips import packing_lists
from wms.outbound.models import Order
from wms.outbound.schemas import OrderIn
from wms.outbound.service import boxes, intake, packing, whole
from wms.platform.commands import command_for, execute
from wms.platform.database import session

AMAZON = {"shipment_id": "FBA1MMD8D0", "reference_id": "4XJ7K2QP", "centre": "DTM2"}
LABEL = ServiceDraft("LABEL", "Label", "贴标", "label", asks_first=False, for_differences=True)


def amazon(stage: Stage, lines: Any, **more: Any) -> Order:
    given = body(lines, **{"kind": "fba", "fba": AMAZON, **more})
    made = stage.do(intake.create_order, stage.cast.acme, OrderIn().load(given))
    return session().get_one(Order, made.id)


def relabelled(stage: Stage, units: int = 2, fnsku: str = "X001ABCDEF") -> Order:
    """An order whose units get new labels, picked."""
    stage.do(define_service, stage.cast.supervisor, LABEL)
    stage.stock(MUG, 10)
    order = amazon(stage, [{"sku": MUG, "quantity": units, "fnsku": fnsku}])
    stage.wave(order)
    stage.pick_all(order)
    return order


def request(stage: Stage) -> ServiceRequest:
    session().expire_all()
    return session().scalars(select(ServiceRequest)).one()


def put_labels_on(stage: Stage, units: int, answer: str = "") -> None:
    key = request(stage).id
    stage.do(working.take, stage.cast.picker, key)
    stage.do(working.report, stage.cast.picker, key, Report(units))
    stage.do(working.finish, stage.cast.picker, key, answer)


def tote_of(order: Order) -> uuid.UUID:
    tote = session().get_one(Order, order.id, populate_existing=True).tote_id
    assert tote is not None
    return tote


def test_new_labels_come_before_the_bench(stage: Stage) -> None:
    order = relabelled(stage)
    asked = request(stage)
    assert (asked.quantity, asked.state, asked.subject_kind) == (2, "accepted", "order_line")
    assert asked.note == f"{order.number} → X001ABCDEF"
    refused = stage.refused(packing.start_packing, stage.cast.picker, tote_of(order))
    assert (refused.code, refused.params) == ("relabel_first", {"left": 2})
    assert [label.barcode for label in fba.unit_labels(order)] == ["X001ABCDEF"] * 2
    put_labels_on(stage, 2)
    number = stage.pack(order)
    stage.hand_over(number)
    assert stage.state(order) == "shipped"


def test_a_new_label_means_its_product_from_then_on(stage: Stage) -> None:
    relabelled(stage)
    acme, products = stage.cast.ACME.id, stage.cast.ACME.products
    (meaning,) = meanings_of("X001ABCDEF", [acme])
    assert (meaning.product_id, meaning.quantity) == (products[MUG], 1)
    version = session().get_one(Product, products[MUG], populate_existing=True).version
    again = {**AMAZON, "shipment_id": "FBA1MMD8D1"}
    amazon(stage, [{"sku": MUG, "quantity": 1, "fnsku": "X001ABCDEF"}], fba=again)  # known: the product stays as it was
    assert session().get_one(Product, products[MUG], populate_existing=True).version == version
    assert len([each for each in barcodes_of([products[MUG]])[products[MUG]] if each.kind == "fnsku"]) == 1


@pytest.mark.parametrize("looked", [True, False])
def test_a_label_means_one_product(stage: Stage, looked: bool) -> None:
    relabelled(stage)
    lines = [{"sku": CABLE, "quantity": 1, "fnsku": "X001ABCDEF"}, {"sku": RED, "quantity": 1, "fnsku": "X002ABCDEF"},
             {"sku": MUG, "quantity": 1, "fnsku": "X002ABCDEF"}]  # fmt: skip
    given = OrderIn().load(body(lines, kind="fba", fba={**AMAZON, "shipment_id": "FBA1MMD8D1"}))
    with pytest.raises(Refused) as raised:
        (intake.check_order if looked else intake.create_order)(stage.cast.acme, given)
    assert [(each["pointer"], each["code"], each["params"]) for each in raised.value.errors] == [
        ("/lines/0/fnsku", "fba_fnsku_taken", {"sku": MUG}), ("/lines/2/fnsku", "fba_fnsku_taken", {"sku": RED}),
    ]  # fmt: skip


def test_labels_on_half_of_them_are_not_enough(stage: Stage) -> None:
    order = relabelled(stage)
    put_labels_on(stage, 1, "one was torn")
    refused = stage.refused(packing.start_packing, stage.cast.picker, tote_of(order))
    assert refused.params == {"left": 1}
    stage.cancel(order)
    stage.put_back_all(order)


def test_cancelled_nobody_labels_it(stage: Stage) -> None:
    order = relabelled(stage)
    stage.cancel(order)
    assert request(stage).state == "cancelled"
    assert stage.put_back_all(order) == 2


def test_cancelled_while_somebody_labels(stage: Stage) -> None:
    order = relabelled(stage)
    stage.do(working.take, stage.cast.picker, request(stage).id)
    stage.cancel(order)
    assert request(stage).state == "working"
    stage.put_back_all(order)


def test_cartons_bear_amazons_number_and_say_what_is_in_them(stage: Stage) -> None:
    stage.stock(MUG, 10)
    stage.stock(CABLE, 10)
    order = amazon(stage, {MUG: 2, CABLE: 1})
    stage.wave(order)
    stage.pick_all(order)
    products = stage.cast.ACME.products
    assert fba.carton_labels(order) == []
    stage.do(packing.verify, stage.cast.picker, order.id, products[MUG], 1)
    stage.do(boxes.begin_next, stage.cast.picker, order.id)
    for checked in ([], [MUG, CABLE]):
        for sku in checked:
            stage.do(packing.verify, stage.cast.picker, order.id, products[sku], 1)
        stage.do(packing.weigh, stage.cast.picker, order.id, packing.expected_weight(order.id).expected_g)
        stage.do(packing.close_parcel, stage.cast.picker, order.id, str(stage.parcel(order).tracking_number))
    order = session().get_one(Order, order.id, populate_existing=True)
    found = fba.facts(order)
    assert found is not None
    assert [each["box_id"] for each in found["boxes"]] == ["FBA1MMD8D0U000001", "FBA1MMD8D0U000002"]
    assert [[(line["sku"], line["quantity"]) for line in each["contents"]] for each in found["boxes"]] == [
        [(MUG, 1)], [(CABLE, 1), (MUG, 1)]
    ]  # fmt: skip
    labels = [label for label in fba.carton_labels(order) if isinstance(label, FbaCartonLabel)]
    assert [(each.contents, each.number, each.total, each.destination) for each in labels] == [
        ("Qty 1", 1, 2, "DTM2"), ("Assorted SKUs", 2, 2, "DTM2"),
    ]  # fmt: skip
    assert drawn(labels, stage.cast.ACME.id).startswith(b"%PDF")
    lists = packing_lists(order)
    assert [each.total for each in lists] == ["1", "2"]
    assert drawn(lists, stage.cast.ACME.id).startswith(b"%PDF")


def test_a_whole_carton_goes_to_amazon_as_it_is(stage: Stage) -> None:
    unit = container(stage, "CTN-1", {MUG: 6})
    order = amazon(stage, {MUG: 6})
    stage.wave(order)
    stage.do(whole.take_whole, stage.cast.picker, unit.id)
    (box,) = queries.order_detail(session().get_one(Order, order.id))["fba"]["boxes"]
    assert (box["box_id"], [line["quantity"] for line in box["contents"]]) == ("FBA1MMD8D0U000001", [6])


def test_with_new_labels_a_carton_is_not_taken_whole(stage: Stage) -> None:
    stage.do(define_service, stage.cast.supervisor, LABEL)
    unit = container(stage, "CTN-1", {MUG: 6})
    order = amazon(stage, [{"sku": MUG, "quantity": 6, "fnsku": "X001ABCDEF"}])
    stage.wave(order)
    assert stage.refused(whole.take_whole, stage.cast.picker, unit.id).code == "relabel_first"


def test_a_shipment_goes_out_once(stage: Stage) -> None:
    stage.stock(MUG, 10)
    first = amazon(stage, {MUG: 1})
    with pytest.raises(Refused) as raised:
        amazon(stage, {MUG: 1})
    assert raised.value.errors[0]["code"] == "fba_shipment_taken"
    stage.cancel(first)
    amazon(stage, {MUG: 1})


def test_without_a_service_there_are_no_new_labels(stage: Stage) -> None:
    with pytest.raises(Refused) as raised:
        amazon(stage, [{"sku": MUG, "quantity": 1, "fnsku": "X001ABCDEF"}])
    found = [(each["pointer"], each["code"]) for each in raised.value.errors]
    assert found == [("/lines/0/fnsku", "fba_no_relabel")]


def test_bonded_goods_do_not_go_there(stage: Stage) -> None:
    with pytest.raises(Refused) as raised:
        amazon(stage, {MUG: 1}, warehouse="NGB1")
    assert raised.value.errors[0]["code"] == "fba_bonded"


@pytest.mark.parametrize(
    ("given", "field"),
    [({"kind": "fba"}, "fba"), ({"kind": "dropship", "fba": AMAZON}, "fba"),
     ({"lines": [{"sku": MUG, "quantity": 1, "fnsku": "X001ABCDEF"}]}, "fba"),
     ({"kind": "fba", "fba": {**AMAZON, "shipment_id": "SHIP-1"}}, "fba"),
     ({"kind": "fba", "fba": {**AMAZON, "centre": "d"}}, "fba"),
     ({"kind": "fba", "fba": AMAZON, "lines": [{"sku": MUG, "quantity": 1, "fnsku": "X1"}]}, "lines")],
)  # fmt: skip
def test_what_amazon_would_not_take_is_refused(given: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as raised:
        OrderIn().load({**body({MUG: 1}), **given})
    assert field in raised.value.messages


def test_two_orders_for_one_shipment_at_one_moment_are_one_order(floor: Stage) -> None:
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    floor.stock(MUG, 10)

    def order(number: int) -> Any:
        given = OrderIn().load(body({MUG: 1}, kind="fba", fba=AMAZON, reference=f"AT-ONCE-{number}"))
        return execute(
            command_for(floor.cast.acme, str(new_id()), "orders.create", {"n": number}),
            lambda: intake.create_order(floor.cast.acme, given), lambda made: {"id": str(made.id)},
        )  # fmt: skip

    answers = at_once(app, *(partial(order, number) for number in range(4)))
    assert [type(answer).__name__ for answer in answers].count("Done") == 1
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    assert {each.errors[0]["code"] for each in refused} == {"fba_shipment_taken"}
    assert len(refused) == 3
