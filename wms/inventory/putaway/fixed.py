"""Bins that are a product's own."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from wms.catalog.models import Product
from wms.catalog.queries import load_product
from wms.core import clock
from wms.core.actor import Actor
from wms.core.permissions import Permission
from wms.core.refusals import not_found
from wms.facility.models import Location
from wms.inventory.putaway.models import BinReservation, FixedBin
from wms.platform.database import session
from wms.platform.locks import Rank, lock_one


def keep_for(actor: Actor, location_id: uuid.UUID, product_id: uuid.UUID) -> FixedBin:
    """From now on the bin is this product's (and that of those it was given to before); what stands there may stay."""
    place = _load_to_build(actor, location_id)
    product = load_product(actor, product_id)
    session().execute(
        insert(FixedBin)
        .values(location_id=place.id, product_id=product.id, warehouse_id=place.warehouse_id, created_at=clock.now())
        .on_conflict_do_nothing()
    )
    return session().get_one(FixedBin, (place.id, product.id))


def give_up(actor: Actor, location_id: uuid.UUID, product_id: uuid.UUID) -> None:
    """The bin is no longer this product's. Nothing happens when it was not."""
    place = _load_to_build(actor, location_id)
    session().execute(delete(FixedBin).where(FixedBin.location_id == place.id, FixedBin.product_id == product_id))


def _load_to_build(actor: Actor, location_id: uuid.UUID) -> Location:
    place = lock_one(Rank.HANDLING_UNIT, Location, location_id)
    if place is None or not (actor.is_staff and actor.may(Permission.FACILITY_WRITE)):
        raise not_found("location")
    if not actor.sees_warehouse(place.warehouse_id):
        raise not_found("location")
    return place


def products_of(location_id: uuid.UUID) -> Sequence[Any]:
    """Whose bin it is: (id, SKU, names, seller's id), by SKU."""
    return session().execute(
        select(Product.id, Product.sku, Product.name_en, Product.name_zh, Product.owner_id)
        .join(FixedBin, FixedBin.product_id == Product.id)
        .where(FixedBin.location_id == location_id)
        .order_by(Product.sku, Product.id)
    ).all()  # fmt: skip


def on_their_way(location_id: uuid.UUID) -> Sequence[Any]:
    """What the bin is kept for now: (SKU, quantity, until), the first to expire first."""
    return session().execute(
        select(Product.sku, BinReservation.quantity, BinReservation.expires_at)
        .join(Product, Product.id == BinReservation.product_id)
        .where(BinReservation.location_id == location_id, BinReservation.expires_at > clock.now())
        .order_by(BinReservation.expires_at)
    ).all()  # fmt: skip
