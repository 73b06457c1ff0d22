"""Reads of returns."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, tuple_

from wms.catalog.models import Product
from wms.core.actor import Actor
from wms.platform.database import session
from wms.returns.models import ReturnLine, ReturnOrder


def return_row(found: ReturnOrder) -> dict[str, Any]:
    return {
        "id": str(found.id), "number": found.number, "reference": found.reference, "order_id": str(found.order_id),
        "tracking_number": found.tracking_number, "reason": found.reason, "announced": found.announced,
        "state": found.state, "version": found.version, "created_at": found.created_at.isoformat(),
        "updated_at": found.updated_at.isoformat(),
    }  # fmt: skip


def return_detail(found: ReturnOrder) -> dict[str, Any]:
    rows = session().execute(
        select(ReturnLine, Product.sku, Product.name_en, Product.name_zh)
        .join(Product, Product.id == ReturnLine.product_id)
        .where(ReturnLine.return_id == found.id)
        .order_by(Product.sku)
    )
    lines = [
        {
            "sku": sku, "name_en": name_en, "name_zh": name_zh, "announced": line.announced, "received": line.received,
            "restocked": line.restocked, "damaged": line.damaged, "scrapped": line.scrapped,
            "to_inspect": line.to_inspect,
        }
        for line, sku, name_en, name_zh in rows
    ]  # fmt: skip
    return {**return_row(found), "lines": lines}


def list_returns(
    actor: Actor, *, state: str | None = None, after: tuple[datetime, str] | None = None, limit: int = 50
) -> Sequence[ReturnOrder]:
    """Returns within scope, newest first, one more than `limit`."""
    query = select(ReturnOrder).order_by(ReturnOrder.created_at.desc(), ReturnOrder.id.desc()).limit(limit + 1)
    if actor.seller_ids is not None:
        query = query.where(ReturnOrder.owner_id.in_(actor.seller_ids))
    if actor.warehouse_ids is not None:
        query = query.where(ReturnOrder.warehouse_id.in_(actor.warehouse_ids))
    if state is not None:
        query = query.where(ReturnOrder.state == state)
    if after is not None:
        query = query.where(tuple_(ReturnOrder.created_at, ReturnOrder.id) < tuple_(after[0], uuid.UUID(after[1])))
    return session().scalars(query).all()


def open_return_of(order_id: uuid.UUID) -> ReturnOrder | None:
    """The return that a parcel of this order belongs to."""
    return session().scalar(
        select(ReturnOrder)
        .where(ReturnOrder.order_id == order_id, ReturnOrder.state.in_(["announced", "receiving"]))
        .order_by(ReturnOrder.created_at)
        .limit(1)
    )
