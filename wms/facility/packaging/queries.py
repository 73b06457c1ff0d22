"""Reads of the catalogue. A seller sees the operator's packaging and their own."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import or_, select

from wms.core.actor import Actor
from wms.core.refusals import not_found
from wms.facility.packaging.models import Packaging
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
