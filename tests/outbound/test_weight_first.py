"""Carriers that want the weight before they make a label: asked after the scale, anew when the scale says another, and the
packer is told why there is none.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import select, text

from tests.carrier_server import TOKEN, CarrierSimulator, running_carrier
from tests.outbound.stage import MUG, Stage
from tests.outbound.test_carrier_waybills import turn
from wms.outbound.documents import waybills
from wms.outbound.models import Order
from wms.outbound.service import boxes, lanes, packing, single_units
from wms.platform.database import session, transaction
from wms.printing.models import LabelDocument
from wms.shipping import service as shipping
from wms.shipping.carriers.http import CAPABILITIES
from wms.shipping.models import NumberScheme, Parcel, Shipment
from wms.shipping.queries import label_fault
from wms.shipping.rules import NumberForm
from wms.shipping.service.setup import HOUSE
from wms.shipping.service.tasks import GIVE_BACK_TOPIC


@pytest.fixture
def carrier(stage: Stage) -> Iterator[CarrierSimulator]:
    """A carrier SCALE with a service AIR that wants the weight first; ten mugs on the shelf."""
    with running_carrier() as running:
        with transaction():
            wants = replace(CAPABILITIES, needs_weight_before_label=True)
            made = shipping.create_carrier(stage.cast.admin, "SCALE", "Scale", kind="http", capabilities=wants)
            shipping.connect_carrier(stage.cast.admin, made.id, running.url, TOKEN)
            shipping.add_service(stage.cast.admin, made.id, "AIR", "Air")
        stage.stock(MUG, 10)
        yield running


def checked(stage: Stage, units: int = 1) -> Order:
    """An order at the bench, all of it checked."""
    order = stage.order({MUG: units}, service="AIR")
    stage.wave(order)
    assert turn() == []
    stage.pick_all(order)
    stage.verify_all(order)
    return order


def weigh(stage: Stage, order: Order, more: int = 0) -> int:
    grams = packing.expected_weight(order.id).expected_g + more
    stage.do(packing.weigh, stage.cast.picker, order.id, grams)
    return grams


def parcels(order: Order) -> list[tuple[int, str, int | None, bool]]:
    session().expire_all()
    rows = session().scalars(select(Parcel).join(Shipment).where(Shipment.subject_id == order.id).order_by(Parcel.n))
    return [(each.n, each.state, each.weight_g, each.tracking_number is not None) for each in rows]


def bought(carrier: CarrierSimulator) -> list[int]:
    """The weights it was told, one for each waybill it was asked to make."""
    return [
        body["weight_g"] for (method, _), body in zip(carrier.calls, carrier.bodies, strict=True) if method == "POST"
    ]


def test_the_carrier_hears_the_weight_of_the_scale(stage: Stage, carrier: CarrierSimulator) -> None:
    order = checked(stage)
    assert carrier.calls == []
    assert stage.refused(packing.close_parcel, stage.cast.picker, order.id, "1Z").code == "waybill_not_ready"
    grams = weigh(stage, order, more=7)
    assert carrier.calls == [], "nothing is asked inside a transaction"
    assert turn() == ["done"]
    assert bought(carrier) == [grams]
    assert parcels(order) == [(1, "open", grams, True)]
    number = str(stage.parcel(order).tracking_number)
    stage.do(packing.close_parcel, stage.cast.picker, order.id, number)
    stage.hand_over(number)
    assert (stage.state(order), carrier.sold) == ("shipped", [number])


def test_weighed_again_before_it_was_asked_it_hears_the_last_weight(stage: Stage, carrier: CarrierSimulator) -> None:
    order = checked(stage)
    weigh(stage, order)
    grams = weigh(stage, order, more=9)
    assert turn() == ["done"]
    assert (bought(carrier), parcels(order)) == ([grams], [(1, "open", grams, True)])


def test_another_weight_is_another_label_and_the_first_goes_back(stage: Stage, carrier: CarrierSimulator) -> None:
    order = checked(stage)
    first = weigh(stage, order)
    turn()
    assert weigh(stage, order) == first  # the same figure changes nothing
    assert (turn(), len(parcels(order))) == ([], 1)
    second = weigh(stage, order, more=11)
    assert parcels(order) == [(1, "voided", first, True), (2, "open", second, False)]
    assert turn() == ["done"]
    assert turn(GIVE_BACK_TOPIC) == ["done"]
    assert (bought(carrier), len(carrier.sold)) == ([first, second], 1)
    states = session().scalars(select(LabelDocument.state).order_by(LabelDocument.created_at)).all()
    assert list(states) == ["voided", "ready"]
    number = str(stage.parcel(order).tracking_number)
    stage.do(packing.close_parcel, stage.cast.picker, order.id, number)
    stage.hand_over(number)
    assert carrier.sold == [number]


def test_a_label_that_may_have_been_bought_goes_back_when_the_weight_changes(stage, carrier) -> None:
    order = checked(stage)
    first = weigh(stage, order)
    carrier.mood("lost")  # bought, and the answer never came
    assert turn() == ["later"]
    second = weigh(stage, order, more=11)
    assert turn() == ["done", "done"]  # the first question has no parcel any more
    assert turn(GIVE_BACK_TOPIC) == ["done"]
    assert (bought(carrier), len(carrier.sold)) == ([first, second], 1)
    assert carrier.sold == [stage.parcel(order).tracking_number]


@pytest.mark.parametrize(
    ("mood", "code", "stops"),
    [("busy", "carrier_busy", False), ("refusal", "carrier_says_no", True), ("wrong_label", "carrier_label", True)],
)
def test_the_bench_is_told_why_there_is_no_label(stage, carrier, mood: str, code: str, stops: bool) -> None:
    order = checked(stage)
    grams = weigh(stage, order)
    carrier.mood(mood)
    turn()
    parcel = stage.parcel(order)
    fault = label_fault(parcel.id)
    assert fault is not None
    assert (fault.code, fault.stopped) == (code, stops)
    assert stage.refused(packing.close_parcel, stage.cast.picker, order.id, "1Z").code == "waybill_not_ready"
    if stops:
        task = session().execute(text("SELECT id FROM carrier_task WHERE action = 'create'")).scalar_one()
        for _ in carrier.sold:  # what it sold with a wrong label is not ours to use
            carrier.shipments.clear()
        stage.do(shipping.ask_again, stage.cast.supervisor, task)
    assert turn() == ["done"]
    assert label_fault(parcel.id) is None
    assert parcels(order) == [(1, "open", grams, True)]


def test_each_box_is_asked_for_as_it_is_weighed(stage: Stage, carrier: CarrierSimulator) -> None:
    order = stage.order({MUG: 2}, service="AIR")
    stage.wave(order)
    stage.pick_all(order)
    product = stage.cast.ACME.products[MUG]
    stage.do(packing.verify, stage.cast.picker, order.id, product, 1)
    stage.do(boxes.begin_next, stage.cast.picker, order.id)
    assert turn() == []
    first = weigh(stage, order)
    turn()
    corrected = weigh(stage, order, more=5)  # the one begun for the rest moves up, and another stands behind it
    assert parcels(order) == [(1, "voided", first, True), (2, "open", corrected, False), (3, "open", None, False)]
    assert (turn(), turn(GIVE_BACK_TOPIC)) == (["done"], ["done"])
    numbers = [str(stage.parcel(order).tracking_number)]
    stage.do(packing.close_parcel, stage.cast.picker, order.id, numbers[0])
    stage.do(packing.verify, stage.cast.picker, order.id, product, 1)
    second = weigh(stage, order)
    assert turn() == ["done"]
    numbers.append(str(stage.parcel(order).tracking_number))
    stage.do(packing.close_parcel, stage.cast.picker, order.id, numbers[1])
    assert bought(carrier) == [first, corrected, second]
    for number in numbers:
        stage.hand_over(number)
    assert (stage.state(order), sorted(carrier.sold)) == ("shipped", sorted(numbers))


def test_our_own_label_waits_for_the_scale_too_and_says_the_weight(stage: Stage) -> None:
    with transaction():
        wants = replace(HOUSE, needs_weight_before_label=True)
        made = shipping.create_carrier(stage.cast.admin, "OWN", "Own", capabilities=wants)
        shipping.add_number_range(stage.cast.admin, made.id, NumberForm(NumberScheme.PLAIN.value, "OW"))
        shipping.add_service(stage.cast.admin, made.id, "AIR", "Air")
    stage.stock(MUG, 5)
    order = checked(stage)
    assert session().scalars(select(LabelDocument)).all() == []
    assert parcels(order) == [(1, "open", None, True)]  # its number is ours
    grams = weigh(stage, order)
    document = session().scalars(select(LabelDocument)).one()
    (label,) = waybills([document])
    assert label.weight == f"{grams / 1000:.3f} kg"  # type: ignore[union-attr]
    weigh(stage, order, more=10)
    states = session().scalars(select(LabelDocument.state).order_by(LabelDocument.created_at)).all()
    assert list(states) == ["superseded", "requested"]
    number = str(stage.parcel(order).tracking_number)
    stage.do(packing.close_parcel, stage.cast.picker, order.id, number)
    stage.hand_over(number)
    assert stage.state(order) == "shipped"


def test_the_fast_lane_needs_a_scale_for_such_a_carrier(stage: Stage, carrier: CarrierSimulator) -> None:
    order = stage.order({MUG: 1}, service="AIR")
    stage.wave(order)
    batch, tote = stage.take(), stage.totes()[0]
    stage.do(lanes.bind_container, stage.cast.picker, batch.id, tote)
    stage.pick_all(order)
    product, house = stage.cast.ACME.products[MUG], stage.cast.overseas.id
    assert stage.refused(single_units.take, stage.cast.picker, house, product).code == "scale_first"
    planned = packing.plan_boxes(order.id)["boxes"]
    grams = packing.bench(order.id, uuid.UUID(planned[0]["id"]) if planned else None).whole.expected_g
    stage.do(single_units.take, stage.cast.picker, house, product, grams)
    assert turn() == ["done"]
    assert bought(carrier) == [grams]
