"""A small cast for the tests of shipping, printing and customs: two sellers, two warehouses, actors, a carrier."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from wms.catalog.models import Product, ProductBarcode
from wms.core import clock
from wms.core.actor import SYSTEM, Actor, ActorKind
from wms.core.ids import new_id
from wms.core.permissions import ROLE_PERMISSIONS
from wms.facility import service as facility
from wms.facility.models import Location, LocationKind, Warehouse, WarehouseKind
from wms.facility.rules import Plan
from wms.identity.models import Seller
from wms.platform.database import session, transaction
from wms.shipping import service as shipping
from wms.shipping.models import Carrier, NumberAt, NumberRange, Service
from wms.shipping.rules import NumberForm


@dataclass
class Cast:
    acme: Seller
    rival: Seller
    overseas: Warehouse
    bonded: Warehouse
    carrier: Carrier
    numbers: NumberRange
    service: Service
    locations: list[Location] = field(default_factory=list)

    def staff(self, role: str, *warehouses: Warehouse) -> Actor:
        """Somebody of the operator's staff, in these warehouses or (none given) everywhere."""
        places = frozenset(each.id for each in warehouses) or None
        return Actor(ActorKind.USER, new_id(), role, ROLE_PERMISSIONS[role], None, places, roles=(role,))

    def seller(self, seller: Seller) -> Actor:
        return Actor(ActorKind.API_KEY, new_id(), seller.code, ROLE_PERMISSIONS["seller"], frozenset({seller.id}))


def make_cast(bins: int = 0) -> Cast:
    """Insert the cast with the current session. `bins`: how many storage locations the overseas warehouse gets."""
    now = clock.now()
    acme, rival = (Seller(code=code, name=code, created_at=now) for code in ("ACME", "RIVAL"))
    session().add_all([acme, rival])
    session().flush()
    overseas = _warehouse("DEU1", WarehouseKind.OVERSEAS, "DE", "Europe/Berlin", "EUR")
    bonded = _warehouse("NGB1", WarehouseKind.BONDED, "CN", "Asia/Shanghai", "CNY", regime="1210")
    carrier = shipping.create_carrier(SYSTEM, "HOUSE", "House carrier")
    numbers = shipping.add_number_range(SYSTEM, carrier.id, NumberForm("plain", "HC"), low_water=10)
    service = shipping.add_service(SYSTEM, carrier.id, "HOUSE-STD", "House standard", number_at=NumberAt.WAVE)
    cast = Cast(acme, rival, overseas, bonded, carrier, numbers, service)
    if bins:
        facility.create_zone(SYSTEM, overseas.id, "ST", "Storage", LocationKind.STORAGE)
        plan = Plan("{aisle:02}-{bay:02}-{level}", (1, 1 + (bins - 1) // 50), (1, 25), (1, 2))
        facility.generate_locations(SYSTEM, overseas.id, "ST", plan)
        found = select(Location).where(Location.warehouse_id == overseas.id, Location.kind == "storage")
        cast.locations = list(session().scalars(found.order_by(Location.code)))[:bins]
    return cast


def _warehouse(code: str, kind: WarehouseKind, country: str, zone: str, currency: str, **more: Any) -> Warehouse:
    site = facility.create_site(SYSTEM, code, code, country)
    return facility.create_warehouse(
        SYSTEM, site.id, code, code, kind, country=country, time_zone=zone, currency=currency, **more
    )


def make_product(owner: Seller, sku: str, barcodes: Sequence[str] = (), **fields: Any) -> Product:
    now = clock.now()
    product = Product(
        owner_id=owner.id, sku=sku, **{"name_en": sku, "name_zh": sku, **fields}, declared_weight_g=100,
        declared_length_mm=10, declared_width_mm=10, declared_height_mm=10, created_at=now, updated_at=now,
    )  # fmt: skip
    session().add(product)
    session().flush()
    for code in barcodes or (f"{owner.code}-{sku}",):
        session().add(
            ProductBarcode(owner_id=owner.id, product_id=product.id, barcode=code, kind="seller", quantity=1,
                           created_at=now)
        )  # fmt: skip
    session().flush()
    return product


def committed_cast(bins: int = 0) -> Cast:
    """The cast in committed rows, whose objects may be read after the commit."""
    with transaction():
        cast = make_cast(bins)
    for each in (cast.acme, cast.rival, cast.overseas, cast.bonded, cast.carrier, cast.numbers, cast.service):
        session().refresh(each)
    for location in cast.locations:
        session().refresh(location)
    return cast


def some_id() -> uuid.UUID:
    return new_id()
