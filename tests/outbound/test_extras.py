"""What an order says besides: kept and shown, refused at its field, and heard by carriers, packers and customs forms."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from labels import CustomsWaybillLabel, WaybillLabel
from tests.outbound.stage import CABLE, MUG, RED, Stage, body
from tests.outbound.test_api import set_at
from wms.core import clock
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.outbound import documents
from wms.outbound.erasure import erase_order
from wms.outbound.extras import rules
from wms.outbound.extras.models import OrderExtra
from wms.outbound.extras.remarks import remarks
from wms.outbound.models import Consignee, Order
from wms.outbound.service import changes, packing
from wms.outbound.service.carrier_waybills import request_of
from wms.outbound.service.service_choice import services_for
from wms.platform.database import session
from wms.platform.pages import state_labels
from wms.printing.models import LabelDocument
from wms.shipping import service as shipping
from wms.shipping.carriers.interface import WISHES, AtTheDoor
from wms.shipping.models import Carrier, Parcel, Shipment
from wms.shipping.rates import Rule
from wms.shipping.service.choices import save_rates, save_rule

PATH = "/api/v1/orders"
DOOR: dict[str, Any] = {
    "cod": {"amount_minor": 4990, "currency": "EUR"}, "age_check": 16, "liftgate": True,
    "delivery": {"day": (clock.now() + timedelta(days=9)).date().isoformat(), "from": "10:00", "until": "12:30"},
}  # fmt: skip
EVERYTHING: dict[str, Any] = {
    **DOOR,
    "platform": "amazon", "signature": "recipient", "insurance": {"value_minor": 12900, "currency": "EUR"},
    "packing": ["bubble_bag", "no_prices", "bubble_bag"], "packing_remark": "Card on top.",
    "declaration": {"contents": "gift", "ioss": "im 276 000 0742", "vat_id": "DE 123.456.789", "eori": "DE1234567890123"},
}  # fmt: skip
BUYER = {"vat_id": "FR 12345678901", "eori": "FR12345678901234"}


def able(stage: Stage, **can: bool) -> None:
    """What the house carrier does: everything but what is said."""
    house = session().scalars(select(Carrier.id).where(Carrier.code == "HOUSE")).one()
    stage.do(shipping.set_abilities, stage.cast.admin, house, **dict.fromkeys(WISHES.values(), True) | can)


@pytest.fixture
def api(stage: Stage, client: Any) -> Any:
    stage.stock(MUG, 10)
    able(stage)
    return stage.cast.api(client)


def test_everything_that_is_said_is_kept_and_the_buyers_ids_are_masked(api: Any) -> None:
    answer = api.post(PATH, body({MUG: 2}, **EVERYTHING, consignee=BUYER))
    assert answer.status_code == 201, answer.json
    shown = api.get(answer.headers["Location"]).json
    assert {name: shown[name] for name in EVERYTHING} == {
        **EVERYTHING, "packing": ["bubble_bag", "no_prices"],
        "declaration": {
            "contents": "gift", "ioss": "IM2760000742", "vat_id": "DE123456789", "eori": "DE1234567890123",
        },
    }  # fmt: skip
    assert (shown["consignee"]["vat_id"], shown["consignee"]["eori"]) == ("FR…901", "FR…234")
    kept = session().execute(text("SELECT consignee::text, o::text FROM consignee, outbound_order o")).one()
    assert "12345678901" not in kept[0] + kept[1]


def test_an_order_that_says_nothing_has_nothing(api: Any) -> None:
    answer = api.post(PATH, body({MUG: 1}, platform=None, packing=[]))
    shown = api.get(answer.headers["Location"]).json
    assert (shown["platform"], shown["packing"], shown["declaration"], shown["insurance"]) == (None, [], None, None)
    assert {name: shown[name] for name in DOOR} == {"cod": None, "age_check": None, "liftgate": False, "delivery": None}
    assert session().execute(text("SELECT count(*) FROM order_extra")).scalar() == 0


WRONG: list[tuple[str, Any, str, str]] = [
    ("/platform", "ebay2", "/platform", "not_a_choice"),
    ("/platform", 7, "/platform", "type"),
    ("/signature", "mine", "/signature", "not_a_choice"),
    ("/insurance/value_minor", 0, "/insurance/value_minor", "too_small"),
    ("/insurance/value_minor", -1, "/insurance/value_minor", "too_small"),
    ("/insurance/value_minor", 1.5, "/insurance/value_minor", "type"),
    ("/insurance/value_minor", 10**12, "/insurance/value_minor", "too_large"),
    ("/insurance/currency", "XXX", "/insurance/currency", "not_a_choice"),
    ("/insurance/currency", ..., "/insurance/currency", "required"),
    ("/insurance", 5, "/insurance", "type"),
    ("/cod/amount_minor", 0, "/cod/amount_minor", "too_small"),
    ("/cod/amount_minor", 49.9, "/cod/amount_minor", "type"),
    ("/cod/amount_minor", 10**12, "/cod/amount_minor", "too_large"),
    ("/cod/amount_minor", ..., "/cod/amount_minor", "required"),
    ("/cod/currency", "XXX", "/cod/currency", "not_a_choice"),
    ("/cod/currency", ..., "/cod/currency", "required"),
    ("/age_check", 17, "/age_check", "not_a_choice"),
    ("/age_check", 0, "/age_check", "not_a_choice"),
    ("/age_check", "18", "/age_check", "type"),
    ("/signature", "adult", "/age_check", "adult_is_of_age"),  # with 16
    ("/liftgate", "perhaps", "/liftgate", "type"),
    ("/delivery/day", ..., "/delivery/day", "required"),
    ("/delivery/day", "2026-02-30", "/delivery/day", "type"),
    ("/delivery/day", "2020-01-01", "/delivery/day", "delivery_day_past"),
    ("/delivery/from", ..., "/delivery/from", "required"),
    ("/delivery/until", ..., "/delivery/until", "required"),
    ("/delivery/until", "10:00", "/delivery/until", "until_before_from"),
    ("/delivery/until", "09:59", "/delivery/until", "until_before_from"),
    ("/delivery/until", "24:00", "/delivery/until", "pattern"),
    ("/packing", ["carton", "eco_bag"], "/packing", "one_material"),
    ("/packing/0", "box", "/packing/0", "not_a_choice"),
    ("/packing", "carton", "/packing", "type"),
    ("/packing", ["upright"] * (len(rules.PACKING) + 1), "/packing", "too_many"),
    ("/packing_remark", "x" * 256, "/packing_remark", "too_long"),
    ("/packing_remark", "a\x00b", "/packing_remark", "unprintable"),
    ("/declaration/contents", "drugs", "/declaration/contents", "not_a_choice"),
    ("/declaration/ioss", "IM1560000742", "/declaration/ioss", "ioss_wrong"),
    ("/declaration/ioss", 2760000742, "/declaration/ioss", "type"),
    ("/declaration/vat_id", "DE12", "/declaration/vat_id", "vat_id_wrong"),
    ("/declaration/eori", "US1", "/declaration/eori", "eori_wrong"),
    ("/declaration/eori", "DE" + "1" * 40, "/declaration/eori", "too_long"),
    ("/declaration/more", 1, "/declaration/more", "unknown_field"),
    ("/consignee/vat_id", "FR", "/consignee/vat_id", "vat_id_wrong"),
    ("/consignee/eori", "X", "/consignee/eori", "eori_wrong"),
]


def test_what_is_wrong_is_told_at_its_field(api: Any) -> None:
    right = body({MUG: 1}, **EVERYTHING, consignee=BUYER)
    for at, value, pointer, code in WRONG:
        answer = api.post(PATH, set_at(right, at, value))
        told = [(each["pointer"], each["code"]) for each in answer.json.get("errors", [])]
        assert (answer.status_code, (pointer, code) in told) == (422, True), (at, value, told)
    assert session().query(Order).count() == 0


def test_a_form_has_one_currency_and_every_value(api: Any, stage: Stage) -> None:
    lines = [{"sku": MUG, "quantity": 1, "unit_value_minor": 500, "currency": "EUR"},
             {"sku": RED, "quantity": 1, "unit_value_minor": 500, "currency": "USD"}]  # fmt: skip
    told = {"declaration": {}, "consignee": {"country": "US"}}
    answer = api.post(PATH, body(lines, **told))
    assert [(each["pointer"], each["code"]) for each in answer.json["errors"]] == [
        ("/lines/1/currency", "one_currency")
    ]
    session().execute(text("UPDATE product SET declared_value_minor = NULL, declared_currency = NULL WHERE sku = :s"),
                      {"s": RED})  # fmt: skip
    answer = api.post(PATH, body([lines[0], {"sku": RED, "quantity": 1}], **told))
    assert [(each["pointer"], each["code"]) for each in answer.json["errors"]] == [
        ("/lines/1/unit_value_minor", "customs_value_needed")
    ]
    stage.stock(RED, 1)
    told["consignee"] = {"country": "FR"}  # no border is crossed
    assert api.post(PATH, body([lines[0], {"sku": RED, "quantity": 1}], **told)).status_code == 201


@pytest.mark.parametrize("lacks", [(), *[(name,) for name in WISHES], tuple(WISHES)], ids=str)
def test_a_carrier_that_cannot_is_refused_with_the_reason(stage: Stage, lacks: tuple[str, ...]) -> None:
    """Each wish alone, all of them, and none, of a carrier that does all but some."""
    able(stage, **{WISHES[name]: False for name in lacks})
    for wants in ((), *[(name,) for name in WISHES], tuple(WISHES)):
        expected = {f"/{name}": f"service_no_{name}" for name in wants if name in lacks}
        try:
            stage.order({MUG: 1}, **{name: EVERYTHING[name] for name in wants})
            found = {}
        except Refused as refusal:
            found = {each["pointer"]: each["code"] for each in refusal.errors}
        assert found == expected, wants


@pytest.mark.parametrize("name", WISHES)
def test_a_rule_says_what_a_service_does_not_do(stage: Stage, name: str) -> None:
    able(stage)
    cheap = rated(stage, "CHEAP", signs=False)
    order = stage.order({MUG: 1}, **{name: EVERYTHING[name]})
    stage.do(save_rule, stage.cast.admin, order.service_id, Rule.CHEAPEST, [cheap.code])
    assert [each.get("why") for each in services_for([order]).chosen[order.id].reason["offers"]] == [f"no_{name}"]
    assert f"no_{name}" in state_labels["no_quote"]


def flat_rates(amount: str) -> list[dict[str, str]]:
    """A rate table: one price, in Germany."""
    columns = ("name", "value", "country", "prefix", "zone", "up_to_g", "amount", "percent", "over_g", "longer_mm")
    rows = [
        {"kind": "setting", "name": "currency", "value": "EUR"}, {"kind": "setting", "name": "days", "value": "2"},
        {"kind": "zone", "country": "DE", "zone": "1"},
        {"kind": "price", "zone": "1", "up_to_g": "30000", "amount": amount},
    ]  # fmt: skip
    return [dict.fromkeys(columns, "") | row for row in rows]


def rated(stage: Stage, code: str, *, signs: bool) -> Any:
    """A service of a carrier of its own, with a rate."""
    carrier = stage.do(shipping.create_carrier, stage.cast.admin, code, code, kind="file")
    stage.do(shipping.set_abilities, stage.cast.admin, carrier.id, can_sign=signs, can_insure=False)
    service = stage.do(shipping.add_service, stage.cast.admin, carrier.id, f"{code}-STD", code)
    stage.do(save_rates, stage.cast.admin, service.id, flat_rates("9" if signs else "3"))
    return service


def test_a_rule_passes_over_a_service_that_cannot_and_says_so(stage: Stage) -> None:
    able(stage)
    cheap, dear = rated(stage, "CHEAP", signs=False), rated(stage, "DEAR", signs=True)
    plain, signed = stage.order({MUG: 1}), stage.order({MUG: 1}, signature="adult")
    named = plain.service_id
    stage.do(save_rule, stage.cast.admin, named, Rule.CHEAPEST, [cheap.code, dear.code])
    chosen = services_for([plain, signed]).chosen
    assert (chosen[plain.id].service_id, chosen[signed.id].service_id) == (cheap.id, dear.id)
    assert {each["service"]: each.get("why") for each in chosen[signed.id].reason["offers"]} == {
        cheap.code: "no_signature", dear.code: None,
    }  # fmt: skip


def test_what_the_sdk_has_no_word_for_is_not_promised(stage: Stage) -> None:
    carrier = stage.do(shipping.create_carrier, stage.cast.admin, "SDK", "By the SDK", kind="karrio")
    for name in ("can_check_age", "can_lift", "can_deliver_on"):
        able_to = {"can_sign": True, "can_insure": True, name: True}
        assert stage.refused(shipping.set_abilities, stage.cast.admin, carrier.id, **able_to).code == "carrier_not_told"
    said = {"can_sign": True, "can_insure": True, "can_collect_money": True}
    assert stage.do(shipping.set_abilities, stage.cast.admin, carrier.id, **said).capabilities["can_collect_money"]


def test_another_service_has_to_do_it_too(stage: Stage) -> None:
    able(stage)
    order = stage.order({MUG: 1}, signature="anybody")
    cheap = rated(stage, "CHEAP", signs=False)
    refusal = stage.refused(changes.edit_order, stage.cast.acme, order.id, None, {"service": cheap.code})
    assert [(each["pointer"], each["code"]) for each in refusal.errors] == [("/service", "service_no_signature")]
    stage.do(changes.edit_order, stage.cast.acme, order.id, None, {"service": rated(stage, "DEAR", signs=True).code})


def test_the_packer_reads_how_it_is_packed(stage: Stage) -> None:
    able(stage)
    stage.stock(MUG, 1)
    order = stage.order({MUG: 1}, **EVERYTHING)
    assert packing.plan_boxes(order.id)["wishes"] == {
        "packing": ["bubble_bag", "no_prices"], "remark": "Card on top.", "signature": "recipient",
    }  # fmt: skip
    assert "wishes" not in packing.plan_boxes(stage.order({RED: 1}).id)


def test_the_packer_reads_what_is_done_at_the_door(stage: Stage) -> None:
    """As the waybill says it: who signs as an adult is 18, whatever age is checked besides."""
    able(stage)
    order = stage.order({MUG: 1}, **EVERYTHING)
    assert packing.plan_boxes(order.id)["door"] == {
        "cod_minor": 4990, "cod_currency": "EUR", "age": 16, "liftgate": True, "day": DOOR["delivery"]["day"],
        "begins": "10:00", "ends": "12:30",
    }  # fmt: skip
    assert packing.plan_boxes(stage.order({MUG: 1}, signature="adult").id)["door"]["age"] == 18
    assert "door" not in packing.plan_boxes(stage.order({MUG: 1}, signature="recipient").id)


def labelled(stage: Stage, order: Order) -> tuple[Shipment, Parcel]:
    stage.wave(order)
    session().expire_all()
    shipment = session().get_one(Shipment, session().get_one(Order, order.id).shipment_id)
    return shipment, session().scalars(select(Parcel).where(Parcel.shipment_id == shipment.id)).one()


def waybill_of(parcel: Parcel) -> Any:
    document = session().scalars(select(LabelDocument).where(LabelDocument.subject_id == parcel.id)).one()
    return documents.waybills([document])[0]


def test_a_carrier_is_told_and_no_log_is(stage: Stage) -> None:
    able(stage)
    stage.stock(MUG, 2)
    order = stage.order({MUG: 2}, **EVERYTHING, consignee=BUYER)
    shipment, parcel = labelled(stage, order)
    day = DOOR["delivery"]["day"]
    assert waybill_of(parcel).remarks == f"COD 49.90 EUR · 16+ · TAIL LIFT · {day} · 10:00-12:30"
    request = request_of(shipment, parcel)
    assert request is not None and request.duties is not None
    assert (request.signature, request.insured_minor, request.insured_currency) == ("recipient", 12900, "EUR")
    assert request.door == AtTheDoor(
        4990,
        "EUR",
        16,
        liftgate=True,
        day=date.fromisoformat(DOOR["delivery"]["day"]),
        begins=time(10),
        ends=time(12, 30),
    )
    assert (request.duties.contents, request.duties.ioss) == ("gift", "IM2760000742")
    assert (request.duties.recipient_vat_id, request.duties.recipient_eori) == ("FR12345678901", "FR12345678901234")
    assert not [number for number in ("2760000742", "123456789", "12345678901") if number in repr(request)]


def test_money_is_collected_with_one_parcel_and_an_adult_is_18(stage: Stage) -> None:
    able(stage)
    stage.stock(MUG, 2)
    order = stage.order({MUG: 2}, cod=DOOR["cod"], signature="adult")
    shipment, first = labelled(stage, order)
    columns = {name: getattr(first, name) for name in ("warehouse_id", "owner_id", "carrier_id", "created_at", "state")}
    second = Parcel(id=new_id(), n=first.n + 1, client_reference="second", shipment_id=shipment.id, **columns)
    session().add(second)
    session().flush()
    extra = session().get_one(OrderExtra, order.id)
    doors = [request.door for each in (first, second) if (request := request_of(shipment, each)) is not None]
    assert (remarks(extra, collects=True), remarks(extra, collects=False)) == ("COD 49.90 EUR · 18+", "18+")
    session().rollback()  # the second was only thought of
    assert [(each.cod_minor, each.age_check) for each in doors] == [(4990, 18), (None, 18)]


def test_a_third_line_and_a_district_are_printed_told_and_forgotten(stage: Stage) -> None:
    stage.stock(MUG, 1)
    whole = {"company": "Werk", "address2": "Hof 2", "address3": "Tor 3", "district": "Mitte", "state": "Berlin"}
    order = stage.order({MUG: 1}, consignee=whole)
    shipment, parcel = labelled(stage, order)
    lines = waybill_of(parcel).consignee_lines
    assert lines == ("Werk", lines[1], "Hof 2", "Tor 3", "Mitte, 10115 Berlin", "Berlin DE")
    request = request_of(shipment, parcel)
    assert request is not None and request.recipient is not None
    assert (request.recipient.address3, request.recipient.district) == ("Tor 3", "Mitte")
    assert not [each for each in ("Tor 3", "Mitte") if each in repr(request)]
    stage.do(erase_order, order.id)
    session().expire_all()
    forgotten = session().get_one(Consignee, order.id)
    assert (forgotten.address3, forgotten.district) == (None, None)


def test_goods_that_cross_a_border_get_a_customs_form_below_the_waybill(stage: Stage) -> None:
    able(stage)
    stage.stock(MUG, 2)
    stage.stock(CABLE, 3, "A-01-02-1")
    lines = [{"sku": MUG, "quantity": 2, "unit_value_minor": 1290, "currency": "EUR"},
             {"sku": CABLE, "quantity": 3, "unit_value_minor": 10_000, "currency": "EUR"}]  # fmt: skip
    order = stage.order(lines, **EVERYTHING, consignee={**BUYER, "country": "CH"})
    label = waybill_of(labelled(stage, order)[1])
    assert isinstance(label, CustomsWaybillLabel)
    assert (label.form, label.category, label.total_value) == ("CN 23", "gift", "325.80 EUR")
    assert [(each.quantity, each.value) for each in label.lines] == [("2", "25.80"), ("3", "300.00")]
    assert label.sender_reference == "IM2760000742 / DE123456789"  # a third does not fit
    assert label.importer_reference == "FR12345678901 / FR12345678901234"


def test_within_the_union_there_is_none(stage: Stage) -> None:
    able(stage)
    stage.stock(MUG, 1)
    label = waybill_of(labelled(stage, stage.order({MUG: 1}, **EVERYTHING, consignee={"country": "FR"}))[1])
    assert type(label) is WaybillLabel


def test_more_kinds_than_the_form_has_lines_are_summed_in_its_last(stage: Stage) -> None:
    stage.stock(MUG, 9)
    lines = [{"sku": MUG, "quantity": 1, "unit_value_minor": 100, "currency": "EUR"} for _ in range(9)]
    order = stage.order(lines, declaration={}, consignee={"country": "US"})
    label = waybill_of(labelled(stage, order)[1])
    assert (len(label.lines), label.lines[-1].quantity, label.lines[-1].value) == (8, "2", "2.00")
    assert (label.form, label.total_value) == ("CN 22", "9.00 EUR")


def test_the_buyers_ids_stay_with_another_address_and_go_when_erased(stage: Stage) -> None:
    order = stage.order({MUG: 1}, declaration={}, consignee=BUYER)
    sealed = session().get_one(Consignee, order.id).tax_ids_sealed
    assert sealed is not None
    moved = body({MUG: 1})["consignee"] | {"city": "Potsdam"}
    stage.do(changes.edit_order, stage.cast.acme, order.id, None, {"consignee": moved})
    session().expire_all()
    assert session().get_one(Consignee, order.id).tax_ids_sealed == sealed
    stage.do(changes.edit_order, stage.cast.acme, order.id, None, {"consignee": moved | {"vat_id": "PL1234567890"}})
    session().expire_all()
    assert session().get_one(Consignee, order.id).tax_ids_sealed != sealed
    stage.do(erase_order, order.id)
    session().expire_all()
    found = session().get_one(Consignee, order.id)
    assert (found.tax_ids_sealed, found.tax_ids_key) == (None, None)


def test_a_back_order_says_the_same_and_shares_the_insured_sum(stage: Stage, client: Any) -> None:
    able(stage)
    stage.stock(MUG, 2)
    order = stage.order({MUG: 3}, fill="partial", **EVERYTHING, consignee=BUYER)
    stage.jobs("outbound.retry_order")
    session().expire_all()
    back = session().scalars(select(Order).where(Order.back_order_of == order.id)).one()
    api: Any = stage.cast.api(client)
    first, second = (api.get(f"{PATH}/{each}").json for each in (order.id, back.id))
    assert (first["insurance"]["value_minor"], second["insurance"]["value_minor"]) == (8600, 4300)
    assert (first["cod"]["amount_minor"], second["cod"]["amount_minor"]) == (3327, 1663)
    assert second["delivery"] == first["delivery"] == DOOR["delivery"]
    assert second["consignee"]["vat_id"] == "FR…901" and second["declaration"] == first["declaration"]


@pytest.mark.parametrize("whole", range(1, 8))
def test_no_share_of_a_sum_is_less_than_its_part(whole: int) -> None:
    for part in range(1, whole + 1):
        for insured in (1, 2, 99, 100, 12_900):
            found = rules.share(insured, part, whole)
            assert insured * part <= found * whole < insured * part + whole


@pytest.mark.parametrize("whole", range(1, 8))
def test_the_shares_of_what_is_collected_make_the_sum(whole: int) -> None:
    for part in range(whole + 1):
        for minor in (1, 2, 99, 100, 4990):
            shares = rules.money_share(minor, 0, part, whole), rules.money_share(minor, part, whole - part, whole)
            assert sum(shares) == minor and min(shares) >= 0
