"""Customs' word on goods that become something else in bond: a clerk records it, and the conversion may be carried out.

One document names what goes and what comes, each under its line of the customs book (简单加工 and its kin go by papers of
their own; which, the clerk knows). The permits it writes serve this conversion only, and end with it.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text

from wms.catalog.queries import products_by_ids
from wms.core.actor import Actor
from wms.core.refusals import Refused, not_found
from wms.customs.models import Release
from wms.customs.service import Line, load_bonded, record_release
from wms.inventory import permits
from wms.inventory.converting.asking import SUBJECT, parts_of
from wms.inventory.converting.models import Conversion
from wms.inventory.workflow import CONVERSION
from wms.platform.database import session
from wms.platform.locks import Rank, lock_one
from wms.platform.statements import Statement

KIND = "processing"

_KEPT = Statement(
    "SELECT b.product_id, b.book_item_id, sum(a.open_quantity)::int AS units FROM allocation a JOIN balance b"
    " ON b.id = a.balance_id WHERE a.subject_kind = 'conversion' AND a.subject_id = ANY(CAST(:parts AS uuid[]))"
    " AND a.open_quantity > 0 AND b.customs_status = 'bonded' GROUP BY 1, 2 ORDER BY 1, 2"
)
_WAITING = text(
    "SELECT c.id, c.kind, c.quantity, c.done, c.asked_at, s.code AS seller, p.sku, p.name_en, p.name_zh,"
    " p.customs_item_number AS item, t.sku AS to_sku, t.customs_item_number AS to_item, r.document FROM conversion c"
    " JOIN seller s ON s.id = c.owner_id JOIN product p ON p.id = c.product_id LEFT JOIN product t ON t.id = c.to_product_id"
    " LEFT JOIN customs_release r ON r.subject_kind = 'conversion' AND r.subject_id = c.id AND r.outcome = 'released'"
    " WHERE c.warehouse_id = :warehouse AND c.state IN ('open', 'short') ORDER BY r.id IS NOT NULL, c.asked_at, c.id"
    " LIMIT :limit"
)


def permit_conversion(actor: Actor, warehouse_id: uuid.UUID, conversion_id: uuid.UUID, document: str) -> Release:
    """Customs lets this conversion happen under this document. The same again gives the first one.

    Refuses `not_allowed_now` unless its goods are kept for it, `already_released`, `document_taken`; 404 outside the
    clerk's warehouses.
    """
    warehouse = load_bonded(actor, warehouse_id)
    found = lock_one(Rank.DOCUMENT, Conversion, conversion_id)
    if found is None or found.warehouse_id != warehouse.id:
        raise not_found("conversion")
    CONVERSION.apply("convert", found.state)
    return record_release(actor, warehouse.id, SUBJECT, found.id, document, _lines(found), kind=KIND)


def _lines(conversion: Conversion) -> list[Line]:
    """What is kept for it, and what is still to come of it."""
    parts = parts_of(conversion.id)
    kept = _KEPT.all({"parts": [part.id for part in parts if not part.is_yield]})
    lines: list[Line] = [(row.product_id, row.book_item_id, row.units) for row in kept]
    coming = [part for part in parts if part.is_yield]
    products = products_by_ids(part.product_id for part in coming)
    for part in coming:
        number = products[part.product_id].customs_item_number
        if number is None:  # it had one when this was asked for
            raise Refused("book_item_missing", {})
        item = permits.book_item(conversion.warehouse_id, number)
        lines.append((part.product_id, item, part.units * (conversion.quantity - conversion.done)))
    return lines


def conversions_in_bond(warehouse_id: uuid.UUID, limit: int = 200) -> Sequence[Row[Any]]:
    """Conversions of a warehouse that are not over, those that wait for customs first; `document` once it has spoken."""
    return session().execute(_WAITING, {"warehouse": warehouse_id, "limit": limit}).all()
