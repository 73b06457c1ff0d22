"""A second overseas warehouse beside those of the cast, and the books balanced after every test."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import select

from tests.outbound.conftest import books, stage
from tests.outbound.stage import Stage
from wms.core.actor import SYSTEM
from wms.facility import service as facility
from wms.facility.models import LocationKind, Site, WarehouseKind
from wms.facility.rules import Plan
from wms.platform.database import session

__all__ = ["books", "other", "stage"]


def build(code: str = "DE2", kind: WarehouseKind = WarehouseKind.OVERSEAS) -> uuid.UUID:
    """A warehouse with a dock and a few bins."""
    site = session().scalars(select(Site).where(Site.code == "HAM")).one()
    warehouse = facility.create_warehouse(
        SYSTEM, site.id, code, f"Hamburg {code}", kind, country="DE", time_zone="Europe/Berlin", currency="EUR",
        regime="1210" if kind is WarehouseKind.BONDED else None,
    )  # fmt: skip
    facility.create_zone(SYSTEM, warehouse.id, "B", "Shelves", LocationKind.STORAGE)
    plan = Plan("B-{aisle:02}-{bay:02}-{level}", (1, 1), (1, 3), (1, 1))
    facility.generate_locations(SYSTEM, warehouse.id, "B", plan, mixes_products=True)
    return warehouse.id


@pytest.fixture
def other(stage: Stage) -> uuid.UUID:
    return stage.do(build)
