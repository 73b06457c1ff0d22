"""Labels that sellers bring: the order waits for them, nobody is asked, each is printed, scanned and handed over."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from sqlalchemy import select, text

from tests.outbound.stage import BIN2, CABLE, MUG, Stage, body
from tests.outbound.test_extras import flat_rates
from tests.printing.test_incoming import sellers_pdf
from wms.core.refusals import Refused
from wms.floor.resolver import Kind, Scope, resolve
from wms.outbound import documents
from wms.outbound.models import Order, OrderHold
from wms.outbound.own_labels import service
from wms.outbound.queries import order_detail
from wms.outbound.service import boxes, changes, packing
from wms.outbound.service.service_choice import services_for
from wms.platform.database import session
from wms.printing.models import LabelDocument
from wms.shipping import service as shipping
from wms.shipping.carriers import OWN, OWN_CAPABILITIES
from wms.shipping.models import Parcel
from wms.shipping.queries import service_by_code
from wms.shipping.rates import Rule
from wms.shipping.service.choices import save_rates, save_rule

UPS, OTHER, THIRD = "1Z5R89390357567127", "1Z879E930346834440", "1Z12345E0205271688"


@pytest.fixture
def own(stage: Stage) -> Stage:
    """A carrier whose labels sellers bring, and stock."""
    admin = stage.cast.admin
    carrier = stage.do(
        shipping.create_carrier, admin, "UPS", "UPS", kind=OWN, capabilities=OWN_CAPABILITIES, number_format="ups"
    )
    stage.do(shipping.add_service, admin, carrier.id, "OWN-UPS", "Your UPS label")
    stage.stock(MUG, 6)
    stage.stock(CABLE, 8, BIN2)
    return stage


def bring(stage: Stage, order: Order, *numbers: str) -> service.Brought:
    pages = service.judged(stage.cast.acme, order.id, sellers_pdf(*numbers), numbers)
    return stage.do(service.bring, stage.cast.acme, order.id, pages)


def live(order: Order) -> list[tuple[str | None, str]]:
    session().expire_all()
    rows = select(Parcel.tracking_number, Parcel.state).where(Parcel.state != "voided").order_by(Parcel.n)
    return [tuple(row) for row in session().execute(rows)]  # type: ignore[misc]


def held(order: Order) -> list[tuple[str, str, str]]:
    rows = select(OrderHold.side, OrderHold.reason, OrderHold.state).where(OrderHold.order_id == order.id)
    return [tuple(row) for row in session().execute(rows)]  # type: ignore[misc]


def test_the_order_waits_for_its_label_and_goes_its_way_with_it(own: Stage) -> None:
    order = own.order({MUG: 2}, service="OWN-UPS")
    assert held(order) == [("system", "label_missing", "open")]
    assert own.refused(own.wave, order).code == "nothing_to_wave"
    found = bring(own, order, UPS)
    assert (found.doubtful, held(order)) == ([], [("system", "label_missing", "ended")])
    own.wave(order)
    assert live(order) == [(UPS, "open")]
    assert session().execute(text("SELECT count(*) FROM carrier_task WHERE state <> 'done'")).scalar() == 0
    own.pick_all(order)
    assert own.pack(order) == UPS  # scanned back
    own.hand_over(UPS)
    assert own.state(order) == "shipped"


def test_over_http_it_is_one_call_and_a_doubtful_number_is_told(own: Stage, client: Any) -> None:
    api: Any = own.cast.api(client)
    made = api.post("/api/v1/orders", body({MUG: 1}, service="OWN-UPS"))
    path, strange = made.headers["Location"], "1Z5R89390357567128"
    shown = api.get(path).json
    assert (shown["brings_labels"], shown["version"], shown["holds"][0]["reason"]) == (
        True, made.json["version"], "label_missing",
    )  # fmt: skip
    content = base64.b64encode(sellers_pdf(strange)).decode()
    answer = api.post(f"{path}/labels", {"tracking_numbers": [strange], "content": content})
    assert (answer.status_code, answer.json["doubtful"]) == (200, [strange])
    assert [each["tracking_number"] for each in api.get(path).json["parcels"]] == [strange]
    wrong: list[tuple[Any, str, str]] = [
        ({"tracking_numbers": [UPS], "content": content}, "/content", "label_file_refused"),
        ({"tracking_numbers": [UPS, UPS], "content": content}, "/tracking_numbers/1", "label_number_twice"),
        ({"tracking_numbers": [], "content": content}, "/tracking_numbers", "too_few"),
        ({"tracking_numbers": ["1z 5r"], "content": content}, "/tracking_numbers/0", "pattern"),
        ({"tracking_numbers": UPS, "content": content}, "/tracking_numbers", "type"),
        ({"tracking_numbers": [UPS], "content": "!"}, "/content", "file_not_base64"),
        ({"tracking_numbers": [UPS]}, "/content", "required"),
    ]
    for given, pointer, code in wrong:
        told = api.post(f"{path}/labels", given).json["errors"]
        assert (pointer, code) in [(each["pointer"], each["code"]) for each in told], told
    assert own.cast.api(client, "RIVAL").post(f"{path}/labels", wrong[0][0]).status_code == 404


def test_only_for_services_that_have_them_from_the_seller(own: Stage) -> None:
    order = own.order({MUG: 1})
    with pytest.raises(Refused) as refused:
        bring(own, order, UPS)
    assert (refused.value.code, refused.value.params) == ("labels_not_yours", {"service": "HOUSE-STD"})
    assert held(order) == []


def test_a_number_is_one_parcels_and_no_code_of_ours(own: Stage) -> None:
    first, second = own.order({MUG: 1}, service="OWN-UPS"), own.order({MUG: 1}, service="OWN-UPS")
    bring(own, first, UPS)
    with pytest.raises(Refused) as refused:
        bring(own, second, OTHER, UPS)
    assert [(each["pointer"], each["code"]) for each in refused.value.errors] == [
        ("/tracking_numbers/1", "label_number_taken")
    ]
    session().rollback()
    tote = session().execute(text("SELECT barcode FROM handling_unit WHERE kind = 'tote' LIMIT 1")).scalar()
    with pytest.raises(Refused) as refused:
        service.judged(own.cast.acme, second.id, b"", [str(tote)])
    assert [each["code"] for each in refused.value.errors] == ["label_number_ours"]


def test_brought_again_the_list_counts_anew(own: Stage) -> None:
    order = own.order({MUG: 2, CABLE: 4}, service="OWN-UPS")
    bring(own, order, UPS, OTHER)
    assert live(order) == [(UPS, "open"), (OTHER, "open")]
    bring(own, order, OTHER, THIRD)
    assert live(order) == [(OTHER, "open"), (THIRD, "open")]
    own.wave(order)
    valid = select(LabelDocument.barcode).where(LabelDocument.state == "ready")
    assert set(session().scalars(valid)) == {OTHER, THIRD}
    own.pick_all(order)
    for _ in range(2):
        own.do(packing.verify, own.cast.picker, order.id, own.cast.ACME.products[MUG], 1)
    weight = packing.bench(order.id).band.expected_g
    own.do(packing.weigh, own.cast.picker, order.id, weight)
    own.do(packing.close_parcel, own.cast.picker, order.id, OTHER)
    with pytest.raises(Refused) as refused:
        bring(own, order, UPS)
    assert (refused.value.code, refused.value.params) == ("label_in_use", {"number": OTHER})
    session().rollback()
    for _ in range(4):
        own.do(packing.verify, own.cast.picker, order.id, own.cast.ACME.products[CABLE], 1)
    own.do(packing.weigh, own.cast.picker, order.id, packing.bench(order.id).band.expected_g)
    own.do(packing.close_parcel, own.cast.picker, order.id, THIRD)
    assert own.state(order) == "packed"
    with pytest.raises(Refused) as refused:
        bring(own, order, OTHER, THIRD)
    assert refused.value.code == "edit_too_late"


def test_a_box_more_waits_for_a_label_more(own: Stage) -> None:
    order = own.order({MUG: 1, CABLE: 1}, service="OWN-UPS")
    bring(own, order, UPS)
    own.wave(order)
    own.pick_all(order)
    own.do(packing.verify, own.cast.picker, order.id, own.cast.ACME.products[MUG], 1)
    own.do(boxes.begin_next, own.cast.picker, order.id)
    assert live(order) == [(UPS, "open"), (None, "open")]
    bring(own, order, UPS, OTHER)
    assert live(order) == [(UPS, "open"), (OTHER, "open")]


def test_another_buyer_keeps_the_label_another_service_ends_it(own: Stage) -> None:
    order = own.order({MUG: 1}, service="OWN-UPS")
    bring(own, order, UPS)
    moved = body({MUG: 1})["consignee"] | {"city": "Potsdam"}
    own.do(changes.edit_order, own.cast.acme, order.id, None, {"consignee": moved})
    assert live(order) == [(UPS, "open")]
    own.do(changes.edit_order, own.cast.acme, order.id, None, {"service": "HOUSE-STD"})
    assert live(order) == []
    own.do(changes.edit_order, own.cast.acme, order.id, None, {"service": "OWN-UPS"})
    assert ("system", "label_missing", "open") in held(order)
    own.do(changes.edit_order, own.cast.acme, order.id, None, {"service": "HOUSE-STD"})
    session().expire_all()
    assert session().get_one(Order, order.id).holds == 0


def test_a_lost_file_is_asked_of_the_seller_never_drawn(own: Stage) -> None:
    order = own.order({MUG: 1}, service="OWN-UPS")
    bring(own, order, UPS)
    document = session().scalars(select(LabelDocument).where(LabelDocument.barcode == UPS)).one()
    assert getattr(documents.waybills([document])[0], "code", None) == "sellers_own"
    assert order_detail(session().get_one(Order, order.id))["brings_labels"]
    assert own.state(own.cancel(order)) == "cancelled"
    assert live(order) == []


def test_a_number_is_found_behind_the_carriers_routing_code(own: Stage) -> None:
    """As a scanner reads it from a label of USPS: 420, the ZIP code, the number; with or without the separator."""
    number = "9400111206206406260787"
    order = own.order({MUG: 1}, service="OWN-UPS")
    bring(own, order, number)
    scope = Scope(own.cast.overseas.id)
    for scanned in (number, f"42010115{number}", f"42010115\x1d{number}"):
        assert resolve(scanned, scope, [Kind.PARCEL]).code == number
    for scanned in (number[1:], f"42010115{number}1", number[-7:], f"X{number[-7:]}"):
        with pytest.raises(Refused) as refused:
            resolve(scanned, scope, [Kind.PARCEL])
        assert refused.value.code in {"scan_unknown", "scan_unreadable"}
    with pytest.raises(Refused):
        resolve(f"42010115{number}", Scope(own.cast.bonded.id), [Kind.PARCEL])


def test_no_rule_puts_an_order_on_labels_that_nobody_brings(own: Stage) -> None:
    order = own.order({MUG: 1})
    brought = service_by_code(own.cast.overseas.id, "OWN-UPS")
    assert brought is not None and order.service_id is not None
    own.do(save_rates, own.cast.admin, brought.id, flat_rates("1"))
    own.do(save_rule, own.cast.admin, order.service_id, Rule.CHEAPEST, ["OWN-UPS"])
    assert services_for([order]).chosen[order.id].service_id == order.service_id
