"""What a waybill costs by its carrier's own word: kept with the parcel, beside the quote, and shown to whom it concerns."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.carrier_server import CarrierSimulator
from tests.outbound.stage import Stage
from tests.outbound.test_carrier_files import NUMBERS, ordered, parcel_of, take
from tests.outbound.test_carrier_files import carrier as post  # noqa: F401 - a fixture
from tests.outbound.test_carrier_rates import carrier, shipment_of, waved  # noqa: F401 - a fixture
from tests.outbound.test_carrier_waybills import ASK, turn
from tests.outbound.test_service_choice import rule, services  # noqa: F401 - a fixture
from wms.identity import service as identity
from wms.outbound.models import Order
from wms.outbound.service import carrier_files
from wms.outbound.service.waybills import RATES_TOPIC
from wms.platform.database import session
from wms.shipping import service as shipping
from wms.shipping.cost_queries import CostsOfShipment, costs_by_parcel, costs_of, kept_to_quotes
from wms.shipping.models import Carrier, Parcel, ParcelCost
from wms.shipping.rates import Rule
from wms.shipping.service import costs, tasks


def cost(order: Order) -> ParcelCost | None:
    session().expire_all()
    shipment = shipment_of(order)
    parcels = select(Parcel.id).where(Parcel.shipment_id == shipment.id)
    return session().scalars(select(ParcelCost).where(ParcelCost.parcel_id.in_(parcels))).first()


def said(order: Order) -> tuple[Any, ...] | None:
    found = cost(order)
    if found is None:
        return None
    return found.source, found.currency, found.total_minor, found.quoted_currency, found.quoted_minor, found.fault


def chosen(stage: Stage, services: dict[str, uuid.UUID]) -> Order:  # noqa: F811
    """An order for which EXPRESS, which says 3.00, was chosen; its waybill was asked for."""
    rule(stage, services, Rule.FIRST, "EXPRESS")
    order = waved(stage)
    assert (turn(RATES_TOPIC), turn(ASK)) == (["done"], ["done"])
    return order


def test_what_the_carrier_charges_stands_beside_its_quote(stage: Stage, carrier: CarrierSimulator, services):  # noqa: F811
    carrier.charge = {"currency": "EUR", "total_minor": 345, "surcharges": [{"name": "Fuel", "minor": 45}]}
    order = chosen(stage, services)
    assert said(order) == ("waybill", "EUR", 345, "EUR", 300, None)
    assert cost(order).surcharges == [["Fuel", 45]]
    found = costs_of(stage.cast.supervisor, shipment_of(order))
    assert (found.total_minor, found.quoted, found.more_minor, found.missing) == (345, (300, "EUR"), 45, 0)
    (kept,) = kept_to_quotes(shipment_of(order).carrier_id)
    assert (kept.waybills, kept.dearer, kept.quoted_minor, kept.charged_minor) == (1, 1, 300, 345)


def test_who_says_nothing_with_the_waybill_is_taken_at_its_quote(stage: Stage, carrier, services):  # noqa: F811
    order = chosen(stage, services)
    assert said(order) == ("quote", "EUR", 300, "EUR", 300, None)
    found = costs_of(stage.cast.supervisor, shipment_of(order))
    assert found.more_minor is None, "a quote is not compared with itself"
    assert kept_to_quotes(shipment_of(order).carrier_id) == []


def test_a_table_is_no_word_of_the_carrier(stage: Stage, carrier, services):  # noqa: F811
    rule(stage, services, Rule.CHEAPEST, "SLOW")
    order = waved(stage)
    assert (said(order), costs_of(stage.cast.supervisor, shipment_of(order))) == (None, None)


WRONG = [
    ("free", "charge"), ([], "charge"), ({"currency": "EUR"}, "total_minor"), ({"total_minor": 345}, "currency"),
    ({"currency": "XXX", "total_minor": 345}, "currency"), ({"currency": "EUR", "total_minor": 3.45}, "total_minor"),
    ({"currency": "EUR", "total_minor": "345"}, "total_minor"), ({"currency": "EUR", "total_minor": -1}, "total_minor"),
    ({"currency": "EUR", "total_minor": True}, "total_minor"), ({"currency": ["EUR"], "total_minor": 1}, "currency"),
    ({"currency": "EUR", "total_minor": 10, "surcharges": [{"name": "Fuel", "minor": 45}]}, "surcharges"),
    ({"currency": "EUR", "total_minor": 10, "surcharges": [{"minor": 5}]}, "surcharges"),
    ({"currency": "EUR", "total_minor": 10**12}, "total_minor"),
]  # fmt: skip


@pytest.mark.parametrize(("charge", "field"), WRONG)
def test_a_price_that_cannot_be_read_costs_no_waybill(stage: Stage, carrier, services, charge: Any, field: str):  # noqa: F811
    carrier.charge = charge
    order = chosen(stage, services)
    assert said(order) == ("quote", "EUR", 300, "EUR", 300, field)
    assert parcel_of(order).tracking_number in carrier.sold


def test_a_price_that_cannot_be_read_where_none_was_quoted_is_none(stage: Stage, carrier, services, monkeypatch):  # noqa: F811
    monkeypatch.setattr(costs, "queries", None)  # other parcels matter to a quote alone
    carrier.charge = "free"
    order = waved(stage, service="EXPRESS")
    assert turn(ASK) == ["done"]
    assert (parcel_of(order).tracking_number in carrier.sold, said(order)) == (True, None)


def test_a_waybill_that_was_found_again_costs_what_it_did(stage: Stage, carrier, services, monkeypatch):  # noqa: F811
    carrier.charge = {"currency": "EUR", "total_minor": 290}
    rule(stage, services, Rule.FIRST, "EXPRESS")
    order = waved(stage)
    turn(RATES_TOPIC)
    carrier.mood("lost")
    assert turn(ASK) == ["later"]
    monkeypatch.setattr(tasks, "ASKING_SECONDS", 0)
    assert turn(ASK) == ["done"]
    assert (len(carrier.sold), said(order)) == (1, ("waybill", "EUR", 290, "EUR", 300, None))
    assert costs_of(stage.cast.supervisor, shipment_of(order)).more_minor == -10


def with_a_second_parcel(stage: Stage, order: Order) -> CostsOfShipment:
    """What the order's parcels cost once it has another one, whose waybill was asked for."""
    shipment_id = shipment_of(order).id
    stage.do(shipping.add_parcel, stage.cast.supervisor, shipment_id)
    stage.do(shipping.draw_number, stage.cast.supervisor, shipment_id)
    assert turn(ASK) == ["done"]
    found = costs_of(stage.cast.supervisor, shipment_of(order))
    assert found is not None
    return found


def test_a_quote_of_the_whole_order_counts_once(stage: Stage, carrier, services):  # noqa: F811
    order = chosen(stage, services)
    found = with_a_second_parcel(stage, order)
    assert ([each.total_minor for each in found.parcels], found.missing, found.more_minor) == ([300], 1, None)


def test_several_parcels_are_compared_together(stage: Stage, carrier, services):  # noqa: F811
    carrier.charge = {"currency": "EUR", "total_minor": 200}
    order = chosen(stage, services)
    found = with_a_second_parcel(stage, order)
    assert (found.total_minor, found.quoted, found.more_minor) == (400, (300, "EUR"), 100)
    assert kept_to_quotes(shipment_of(order).carrier_id) == [], "a quote of two parcels says nothing of one"


def test_another_currency_is_not_compared(stage: Stage, carrier, services):  # noqa: F811
    carrier.charge = {"currency": "USD", "total_minor": 345}
    order = chosen(stage, services)
    found = costs_of(stage.cast.supervisor, shipment_of(order))
    assert (found.total_minor, found.currency, found.more_minor) == (345, "USD", None)


def test_a_seller_sees_it_where_the_operator_lets_it(stage: Stage, carrier, services):  # noqa: F811
    carrier.charge = {"currency": "EUR", "total_minor": 345}
    order = chosen(stage, services)
    shipment, seller = shipment_of(order), stage.cast.acme
    assert (costs_of(seller, shipment), costs_by_parcel(seller, [shipment])) == (None, {})
    stage.do(identity.show_carrier_costs, stage.cast.admin, order.owner_id, True)
    shipment = shipment_of(order)
    assert costs_of(seller, shipment).total_minor == 345
    assert [each.total_minor for each in costs_by_parcel(seller, [shipment]).values()] == [345]


def test_a_file_may_say_prices(stage: Stage, post: Carrier):  # noqa: F811
    (order, parcel), (other, second) = ordered(stage), ordered(stage)
    rows = [
        {"reference": parcel.client_reference, "tracking_number": NUMBERS[0], "amount": "4.90", "currency": "eur"},
        {"reference": second.client_reference, "tracking_number": NUMBERS[1], "amount": "free", "currency": "EUR"},
    ]
    found = stage.do(carrier_files.take_numbers, stage.cast.supervisor, post.id, stage.cast.overseas.id, rows)
    assert [each.outcome for each in found] == ["taken", "no_price"]
    assert said(order) == ("waybill", "EUR", 490, None, None, None)
    assert (said(other), parcel_of(other).tracking_number) == (None, NUMBERS[1])
    assert take(stage, post, (parcel.client_reference, NUMBERS[0])) == ["already"]


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [("5", "JPY", 5), ("5.5", "JPY", None), ("1.234", "KWD", 1234), ("0", "EUR", 0), ("4,90", "EUR", 490), ("4,905", "EUR", None),
     ("-1", "EUR", None), ("1e3", "EUR", None),
     ("4.905", "EUR", None), ("4.90", "", None), ("4.90", "XYZ", None), ("99999999", "EUR", None)],
)  # fmt: skip
def test_amounts_of_files(stage: Stage, post: Carrier, amount: str, currency: str, minor: int | None):  # noqa: F811
    order, parcel = ordered(stage)
    row = {"reference": parcel.client_reference, "tracking_number": NUMBERS[0], "amount": amount, "currency": currency}
    (found,) = stage.do(carrier_files.take_numbers, stage.cast.supervisor, post.id, stage.cast.overseas.id, [row])
    assert found.outcome == ("no_price" if minor is None else "taken")
    assert (cost(order) and cost(order).total_minor) == minor


def test_old_ones_are_not_counted(stage: Stage, carrier, services):  # noqa: F811
    carrier.charge = {"currency": "EUR", "total_minor": 345}
    order = chosen(stage, services)
    assert kept_to_quotes(shipment_of(order).carrier_id, timedelta(0)) == []
