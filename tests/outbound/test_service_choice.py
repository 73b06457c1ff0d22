"""Orders that name a service which a rule speaks of: what they go with, and why."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import func, select, update

from tests.outbound.stage import MUG, Stage
from wms.catalog.models import Product
from wms.office.pages.rates import _EXAMPLE
from wms.outbound.documents import waybills
from wms.outbound.service.service_choice import goods_of
from wms.platform.database import session, transaction
from wms.printing.models import LabelDocument
from wms.shipping import service as shipping
from wms.shipping.models import Carrier, Parcel, Service, ServiceRule, Shipment
from wms.shipping.rate_tables import COLUMNS
from wms.shipping.rates import Rule
from wms.shipping.rules import NumberForm
from wms.shipping.service import choices


def table(amount: str, days: str, **more: str) -> list[dict[str, str]]:
    """The example without its cut-off, with one price for Germany."""
    rows = [dict(row) for row in _EXAMPLE if row.get("name") != "cutoff"]
    rows[1]["value"] = days
    rows[7]["amount"] = amount
    rows[7].update(more)
    return [{name: row.get(name, "") for name in COLUMNS} for row in rows]


@pytest.fixture
def services(stage: Stage) -> dict[str, uuid.UUID]:
    """SLOW (4.00, 5 days), FAST (9.00, 1 day), NONE (no rates), of a carrier with numbers of its own; ten mugs."""
    stage.stock(MUG, 10)
    with transaction():
        admin = stage.cast.admin
        carrier = shipping.create_carrier(admin, "OTHER", "Other")
        shipping.add_number_range(admin, carrier.id, NumberForm("plain", "OT"))
        made = {code: shipping.add_service(admin, carrier.id, code, code).id for code in ("SLOW", "FAST", "NONE")}
        choices.save_rates(admin, made["SLOW"], table("4.00", "5"))
        choices.save_rates(admin, made["FAST"], table("9.00", "1"))
        made["HOUSE-STD"] = session().scalars(select(Service.id).where(Service.code == "HOUSE-STD")).one()
    return made


def rule(stage: Stage, services: dict[str, uuid.UUID], which: Rule | None, *codes: str, **scope: uuid.UUID) -> None:
    stage.do(choices.save_rule, stage.cast.admin, services["HOUSE-STD"], which, codes, **scope)


def gone_with(stage: Stage, **more) -> tuple[str, Shipment]:
    """The service a new order goes with."""
    order = stage.order({MUG: 1}, **more)
    stage.wave(order)
    session().expire_all()
    shipment = session().scalars(select(Shipment).where(Shipment.subject_id == order.id)).one()
    return session().get_one(Service, shipment.service_id).code, shipment


def test_without_a_rule_the_named_one_is_taken(stage: Stage, services):
    code, shipment = gone_with(stage)
    assert (code, shipment.choice) == ("HOUSE-STD", None)


@pytest.mark.parametrize(
    ("which", "codes", "taken"),
    [(Rule.CHEAPEST, ("FAST", "SLOW"), "SLOW"), (Rule.FASTEST, ("SLOW", "FAST"), "FAST"),
     (Rule.FIRST, ("NONE", "FAST", "SLOW"), "FAST")],
)  # fmt: skip
def test_a_rule_decides_and_its_reason_is_kept(stage: Stage, services, which: Rule, codes, taken: str):
    rule(stage, services, which, *codes)
    code, shipment = gone_with(stage)
    assert (code, shipment.choice["rule"], shipment.choice["taken"]) == (taken, which.value, taken)
    offers = {each["service"]: each for each in shipment.choice["offers"]}
    assert (offers["SLOW"]["minor"], offers["FAST"]["minor"], offers["SLOW"]["days"]) == (450, 1013, 5), "with its fuel"
    assert list(offers) == list(codes)
    parcel = session().scalars(select(Parcel).where(Parcel.shipment_id == shipment.id)).one()
    assert str(parcel.tracking_number).startswith("OT"), "the number is the chosen carrier's"
    assert session().get_one(Carrier, shipment.carrier_id).code == "OTHER"


def test_the_label_says_the_chosen_service(stage: Stage, services):
    rule(stage, services, Rule.FASTEST, "FAST")
    gone_with(stage)
    documents = session().scalars(select(LabelDocument).where(LabelDocument.kind == "waybill")).all()
    (label,) = waybills(documents)
    assert (label.service_name, label.carrier_code) == ("FAST", "OTHER")


def test_where_nothing_can_be_taken_the_named_one_is(stage: Stage, services):
    rule(stage, services, Rule.CHEAPEST, "SLOW", "NONE")
    code, shipment = gone_with(stage, consignee={"country": "FR"})
    assert (code, shipment.choice["taken"]) == ("HOUSE-STD", None)
    assert shipment.choice["offers"] == [{"service": "SLOW", "why": "no_zone"}, {"service": "NONE", "why": "no_card"}]


def test_the_narrower_rule_counts(stage: Stage, services):
    acme, rival, here, there = stage.cast.ACME.id, stage.cast.RIVAL.id, stage.cast.overseas.id, stage.cast.bonded.id
    rule(stage, services, Rule.FIRST, "SLOW")
    assert gone_with(stage)[0] == "SLOW"
    rule(stage, services, Rule.FIRST, "FAST", warehouse_id=here)
    assert gone_with(stage)[0] == "FAST"
    rule(stage, services, Rule.FIRST, "SLOW", owner_id=acme)
    assert gone_with(stage)[0] == "SLOW", "a seller's before a warehouse's"
    rule(stage, services, Rule.FIRST, "NONE", owner_id=rival, warehouse_id=here)
    rule(stage, services, Rule.FIRST, "NONE", owner_id=acme, warehouse_id=there)
    assert gone_with(stage)[0] == "SLOW", "others' rules are others'"
    for scope in ({"owner_id": acme}, {"warehouse_id": here}, {}):
        rule(stage, services, None, **scope)
    assert gone_with(stage)[0] == "HOUSE-STD"
    assert session().scalar(select(func.count()).select_from(ServiceRule)) == 2


@pytest.mark.parametrize("codes", [(), ("NOBODY",), ("FAST", "FAST"), tuple(f"S{n}" for n in range(21))])
def test_a_rule_of_no_services_is_refused(stage: Stage, services, codes):
    refused = stage.refused(choices.save_rule, stage.cast.admin, services["HOUSE-STD"], Rule.FIRST, codes)
    assert refused.errors[0]["code"] == "rule_candidates"


def test_only_those_who_set_the_warehouse_up_set_rates(stage: Stage, services):
    for person in (stage.cast.picker, stage.cast.acme, stage.cast.customs_clerk):
        assert stage.refused(choices.save_rates, person, services["SLOW"], table("1", "1")).code == "not_found"
        assert stage.refused(choices.save_rule, person, services["SLOW"], Rule.FIRST, ["FAST"]).code == "not_found"


def test_goods_too_large_for_small_numbers_are_weighed(stage: Stage, services):
    """Volumes of many large things do not fit the database's ordinary integers."""
    order = stage.order({MUG: 5})
    with transaction():
        session().execute(
            update(Product).values(declared_length_mm=9000, declared_width_mm=9000, declared_height_mm=9000)
        )
    (goods,) = goods_of([order.id]).values()
    assert (goods.volume_mm3, goods.longest_mm, goods.country) == (5 * 9000**3, 9000, "DE")
