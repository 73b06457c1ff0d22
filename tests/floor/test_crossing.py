"""Goods that orders wait for are led past the shelves, on the tablet of who puts them away."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tests.floor.worker import CODES, MUG, Tablet, announce, house_carrier, order
from wms.core.actor import SYSTEM
from wms.facility import service as facility
from wms.facility.models import LocationKind
from wms.facility.rules import Plan
from wms.outbound.models import Order
from wms.outbound.service import shortage
from wms.platform.database import commit, session


@pytest.fixture
def crossing(cast) -> str:
    """The label of the one cross-dock place, X-01."""
    facility.create_zone(SYSTEM, cast.overseas.id, "X", "Cross-dock", LocationKind.CROSS_DOCK)
    facility.generate_locations(
        SYSTEM, cast.overseas.id, "X", Plan("X-{bay:02}", (1, 1), (1, 1), (1, 1), (1, 1)), mixes_products=True
    )
    commit()
    return str(session().execute(text("SELECT barcode FROM location WHERE code = 'X-01'")).scalar_one())


def counted(cast, tablet: Tablet, units: int) -> str:
    """The label of a counted carton of mugs."""
    (label,) = announce(cast, {MUG: units})
    tablet.start("receive")
    tablet.scan(label)
    tablet.scan(CODES[MUG], quantity=units)
    tablet.scan("CMD-OK")
    return label


def test_three_of_them_go_to_the_order_that_waits_and_the_rest_to_a_shelf(cast, client, tablet, crossing):
    number = order(cast.api(client), {MUG: 3}, house_carrier())
    label = counted(cast, tablet, 10)
    tablet.start("putaway")
    tablet.scan(label)
    assert tablet.seen["hint"] == "Item by item: orders wait for some of it"
    assert tablet.scan(CODES[MUG])["params"]["quantity"] == 3
    assert tablet.seen["location"] == "X-01"
    assert tablet.seen["reason"] == f"Order {number} waits for 3: take them to X-01."
    tablet.scan(crossing)
    assert tablet.step == "scan_product"
    tablet.scan(CODES[MUG])
    assert (tablet.seen["quantity"], tablet.seen["location"] != "X-01") == (7, True)
    made = session().query(Order).filter_by(number=number).one()
    shortage.retry_order(made.id)
    commit()
    session().refresh(made)
    assert made.state == "promised"


def test_whoever_takes_more_than_is_wanted_puts_it_on_a_shelf(cast, client, tablet, crossing):
    order(cast.api(client), {MUG: 3}, house_carrier())
    order(cast.api(client), {MUG: 2}, house_carrier(), "SHOP-2")
    label = counted(cast, tablet, 10)
    tablet.start("putaway")
    tablet.scan(label)
    tablet.scan(CODES[MUG], quantity=6)
    assert (tablet.seen["quantity"], tablet.seen["location"] != "X-01") == (6, True)
    tablet.scan("CMD-BACK")
    tablet.scan(CODES[MUG], quantity=3)
    assert (tablet.seen["quantity"], tablet.seen["location"]) == (3, "X-01")
    tablet.scan("CMD-BACK")
    tablet.scan(CODES[MUG])
    assert tablet.seen["quantity"] == 5
    assert "and 1 more wait for 5" in tablet.seen["reason"]


def test_without_a_cross_dock_place_all_goes_to_a_shelf(cast, client, tablet):
    order(cast.api(client), {MUG: 3}, house_carrier())
    label = counted(cast, tablet, 10)
    tablet.start("putaway")
    tablet.scan(label)
    tablet.scan(CODES[MUG])
    assert tablet.seen["quantity"] == 10


def test_damaged_goods_are_never_led_to_an_order(cast, client, tablet, crossing):
    order(cast.api(client), {MUG: 3}, house_carrier())
    (label,) = announce(cast, {MUG: 4})
    tablet.start("receive")
    tablet.scan(label)
    tablet.scan("CMD-DAMAGE")
    tablet.scan(CODES[MUG], quantity=4)
    tablet.scan("CMD-OK")
    tablet.start("putaway")
    tablet.scan(label)
    tablet.scan(CODES[MUG])
    assert (tablet.seen["quantity"], tablet.seen["location"] != "X-01") == (4, True)
