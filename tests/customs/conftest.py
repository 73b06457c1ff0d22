"""Bonded goods at the dock of the bonded warehouse, not booked yet."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask

from tests.cast import Cast
from wms.catalog.models import Product
from wms.core.actor import SYSTEM
from wms.customs.audit import CHECKS as CUSTOMS
from wms.facility.models import LocationKind, Warehouse
from wms.facility.queries import locations_page, system_location
from wms.inventory import service as inventory
from wms.inventory.audit import CHECKS as STOCK
from wms.inventory.models import BookItem, Summary
from wms.inventory.rules import Stock
from wms.inventory.service import Subject
from wms.platform.auditing import run_checks
from wms.platform.database import session, transaction

ITEM = "ITEM-17"


@dataclass
class Zone:
    """Two products under one book item: 40 of ACME's and 60 of RIVAL's are put away in the bonded warehouse."""

    cast: Cast
    stocks: list[Stock]

    @property
    def item_id(self) -> uuid.UUID:
        found = self.stocks[0].book_item_id
        assert found is not None
        return found

    def item(self) -> BookItem:
        with transaction():
            return session().get_one(BookItem, self.item_id, populate_existing=True)

    def sellable(self) -> list[int]:
        with transaction():
            rows = session().query(Summary).where(Summary.book_item_id == self.item_id)
            return sorted(row.sellable for row in rows.populate_existing())


@pytest.fixture
def zone(fresh_app: Flask, cast: Cast) -> Iterator[Zone]:
    with fresh_app.app_context():
        session().expire_on_commit = False
        stocks = [
            _put_away(cast, seller.products, quantity) for seller, quantity in ((cast.ACME, 40), (cast.RIVAL, 60))
        ]
        yield Zone(cast, stocks)
        session().rollback()
        result = run_checks([*CUSTOMS, *STOCK])
        assert result["ok"], [check for check in result["checks"] if check["violations"]]
        session().rollback()


def _put_away(cast: Cast, products: dict[str, uuid.UUID], quantity: int) -> Stock:
    """Receive at the dock and put away, each in a transaction of its own, as the floor does."""
    with transaction():
        product = session().get_one(Product, products[min(products)])
        product.customs_item_number = ITEM
        product.lot_controlled = product.expiry_controlled = False
        warehouse = session().get_one(Warehouse, cast.bonded.id)
        dock = inventory.goods(warehouse, product, system_location(cast.bonded.id, LocationKind.DOCK).id)
        inventory.receive(SYSTEM, dock, quantity, Subject("booking", None))
    with transaction():
        storage = locations_page(cast.bonded.id, kind=LocationKind.STORAGE.value, limit=1)[0]
        inventory.relocate(SYSTEM, dock, storage.id, quantity, Subject("booking", None))
    return Stock(**{**dock.__dict__, "location_id": storage.id})
