"""Figures of ages and of lots open to exactly the rows behind them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from tests.cast import Caller, Cast
from wms.catalog.models import Product
from wms.core import clock
from wms.core.actor import SYSTEM
from wms.facility.models import LocationKind, Warehouse
from wms.facility.queries import locations_page, system_location
from wms.inventory import service
from wms.inventory.layers import service as layers
from wms.inventory.rules import Reason
from wms.inventory.service import Subject
from wms.platform.database import session, transaction


@pytest.fixture
def lots(cast: Cast, fresh_app: Flask) -> dict[str, date]:
    """Of one product: four of batch A in a bin, two of batch B at the dock."""
    days = {name: clock.now().date() + timedelta(days=many) for name, many in (("A", 200), ("B", 300))}
    with fresh_app.app_context():
        for name, units in (("A", 4), ("B", 2)):
            with transaction():
                product = session().get_one(Product, cast.ACME.products[min(cast.ACME.products)])
                product.lot_controlled = product.expiry_controlled = True
                house = session().get_one(Warehouse, cast.overseas.id)
                lot = service.lot_of(product, f"BATCH-{name}", days[name])
                dock = service.goods(
                    house, product, system_location(house.id, LocationKind.DOCK).id, lot_id=lot
                )  # fmt: skip
                service.receive(SYSTEM, dock, units, Subject("booking", None))
            if name == "A":
                with transaction():
                    place = locations_page(cast.overseas.id, kind=LocationKind.STORAGE.value, limit=1)[0].id
                    service.relocate(SYSTEM, dock, place, units, Subject("booking", None), reason=Reason.PUTAWAY)
        with transaction():
            layers.follow()
    return days


def shown(seller: Caller, cast: Cast, **arguments: Any) -> tuple[bool, bool]:
    """Whether the rows of batch A and of batch B are on the page."""
    query = "&".join(f"{name}={value}" for name, value in arguments.items())
    page = seller.get(f"/portal/stock/{cast.ACME.products[min(cast.ACME.products)]}?{query}")
    assert page.status_code == 200
    rows = page.text.split("<tbody>", 1)[1]
    return "BATCH-A" in rows, "BATCH-B" in rows


def test_each_figure_opens_to_its_rows(cast: Cast, lots: dict[str, date], fresh_client: Any) -> None:
    seller = cast.sign_in(fresh_client, cast.acme_person)
    assert shown(seller, cast) == (True, True)
    assert shown(seller, cast, waiting=1) == (False, True)
    assert shown(seller, cast, expires=lots["A"], batch="BATCH-A") == (True, False)
    assert shown(seller, cast, expires=lots["A"], batch="BATCH-B") == (False, False)
    assert shown(seller, cast, expires=lots["B"], batch="BATCH-B", bucket="available") == (False, False)
    assert "waiting=1" in seller.get("/portal/stock/age").text
    assert f"expires={lots['B']}" in seller.get("/portal/stock/lots").text
    sheet = seller.get(f"/portal/products/{cast.ACME.products[min(cast.ACME.products)]}").text
    assert "bucket=available" in sheet
