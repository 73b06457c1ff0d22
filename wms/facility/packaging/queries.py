"""Reads of the catalogue. A seller sees the operator's packaging and their own."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import or_, select

from wms.core.actor import Actor
from wms.core.refusals import not_found
from wms.facility.packaging.models import Packaging, PackingInsert
from wms.platform.database import session


def packaging_seen(actor: Actor, warehouse_id: uuid.UUID) -> Sequence[Packaging]:
    """Those of a warehouse, retired ones too, by kind and room. 404 outside the actor's scope."""
    if not actor.sees_warehouse(warehouse_id):
        raise not_found("warehouse")
    statement = select(Packaging).where(Packaging.warehouse_id == warehouse_id)
    if actor.seller_ids is not None:
        statement = statement.where(or_(Packaging.owner_id.is_(None), Packaging.owner_id.in_(actor.seller_ids)))
    found = session().scalars(statement.order_by(Packaging.code)).all()
    return sorted(found, key=lambda each: (not each.is_active, each.kind == "bag", _room(each), each.code))


def inserts_of(warehouse_id: uuid.UUID) -> Sequence[PackingInsert]:
    """What goes into parcels of a warehouse now, by name."""
    statement = select(PackingInsert).where(
        PackingInsert.warehouse_id == warehouse_id, PackingInsert.ended_at.is_(None)
    )
    return session().scalars(statement.order_by(PackingInsert.name, PackingInsert.id)).all()


def load_insert(actor: Actor, insert_id: uuid.UUID) -> PackingInsert:
    """404 outside the actor's scope."""
    found = session().get(PackingInsert, insert_id)
    if found is None or not actor.is_staff or not actor.sees_warehouse(found.warehouse_id):
        raise not_found("insert")
    return found


def _room(each: Packaging) -> int:
    return each.inner_length_mm * each.inner_width_mm * each.inner_height_mm


def load_packaging(actor: Actor, packaging_id: uuid.UUID) -> Packaging:
    """404 outside the actor's scope."""
    found = session().get(Packaging, packaging_id)
    if found is None or not actor.sees_warehouse(found.warehouse_id):
        raise not_found("packaging")
    if found.owner_id is not None and not actor.sees_seller(found.owner_id):
        raise not_found("packaging")
    return found
