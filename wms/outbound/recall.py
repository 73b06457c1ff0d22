"""Recall (召回) by batch: where every unit of it is or went, in one query. Units on hand by bin, units that left by the
document they left with, an order's with its buyer's country and its parcels. What came back is on hand again, and stands
here once more, negative: on hand and gone together are what was received.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from wms.core.actor import Actor
from wms.platform.statements import Statement


@dataclass(frozen=True)
class Whereabouts:
    """Some units of a batch: on hand in a bin (`location`), or gone with a document. A posting that was reversed and its
    mirror cancel out.
    """

    warehouse_id: uuid.UUID
    warehouse: str
    lot_id: uuid.UUID
    expires_on: date | None
    quantity: int
    location: str | None = None
    unit: str | None = None
    condition: str | None = None
    is_held: bool = False
    gone_to: str | None = None  # customer | scrap | supplier …
    document_kind: str | None = None
    order_id: uuid.UUID | None = None
    order_number: str | None = None
    reference: str | None = None
    country: str | None = None
    tracking_numbers: str | None = None
    left_at: datetime | None = None

    @property
    def is_gone(self) -> bool:
        return self.location is None


# Lots of the batch first; balances and moves are found by their lot. Net by document: a reversal takes its posting back.
_FOUND = Statement(
    "WITH lots AS MATERIALIZED (SELECT t.id, t.expires_on FROM lot t JOIN product p ON p.id = t.product_id"
    "  WHERE t.product_id = :product AND t.batch = :batch"
    "  AND (CAST(:sellers AS uuid[]) IS NULL OR t.owner_id = ANY(CAST(:sellers AS uuid[])))),"
    " gone AS (SELECT m.warehouse_id, m.lot_id, m.to_party AS party, q.subject_kind, q.subject_id, m.quantity,"
    "   m.created_at FROM lots t JOIN stock_move m ON m.lot_id = t.id JOIN stock_posting q ON q.id = m.posting_id"
    "   WHERE m.to_party IS NOT NULL AND q.reverses_id IS NULL"
    "  UNION ALL SELECT m.warehouse_id, m.lot_id, m.from_party, q.subject_kind, q.subject_id, -m.quantity, NULL"
    "   FROM lots t JOIN stock_move m ON m.lot_id = t.id JOIN stock_posting q ON q.id = m.posting_id"
    "   WHERE m.from_party = 'customer' OR (m.from_party IS NOT NULL AND q.reverses_id IS NOT NULL))"
    " SELECT b.warehouse_id, w.code AS warehouse, b.lot_id, t.expires_on, b.on_hand AS quantity, l.code AS location,"
    "  u.code AS unit, b.condition, b.held_by > 0 AS is_held, NULL AS gone_to, NULL AS document_kind,"
    "  NULL::uuid AS order_id, NULL AS order_number, NULL AS reference, NULL AS country, NULL AS tracking_numbers,"
    "  NULL::timestamptz AS left_at FROM lots t JOIN balance b ON b.lot_id = t.id AND b.is_there"
    "  JOIN location l ON l.id = b.location_id JOIN warehouse w ON w.id = b.warehouse_id"
    "  LEFT JOIN handling_unit u ON u.id = b.handling_unit_id"
    "  WHERE (CAST(:warehouses AS uuid[]) IS NULL OR b.warehouse_id = ANY(CAST(:warehouses AS uuid[])))"
    " UNION ALL SELECT g.warehouse_id, w.code, g.lot_id, t.expires_on, g.quantity, NULL, NULL, NULL, false, g.party,"
    "  g.subject_kind, o.id, o.number, o.reference, c.country, (SELECT string_agg(x.tracking_number, ', ' ORDER BY"
    "   x.tracking_number) FROM parcel x WHERE x.shipment_id = o.shipment_id AND x.state <> 'voided'), g.left_at"
    "  FROM (SELECT warehouse_id, lot_id, party, subject_kind, subject_id, sum(quantity)::int AS quantity,"
    "   max(created_at) AS left_at FROM gone GROUP BY 1, 2, 3, 4, 5 HAVING sum(quantity) <> 0) g"
    "  JOIN lots t ON t.id = g.lot_id JOIN warehouse w ON w.id = g.warehouse_id"
    "  LEFT JOIN outbound_order o ON g.subject_kind = 'order' AND o.id = g.subject_id"
    "  LEFT JOIN consignee c ON c.order_id = o.id"
    "  WHERE (CAST(:warehouses AS uuid[]) IS NULL OR g.warehouse_id = ANY(CAST(:warehouses AS uuid[])))"
    " ORDER BY 2, 10 NULLS FIRST, 6, 13, 4, 3"
)


def whereabouts(actor: Actor, product_id: uuid.UUID, batch: str) -> Sequence[Whereabouts]:
    """Every unit of a product's batch that the actor may see: on hand first, then gone, by warehouse."""
    values: dict[str, Any] = {
        "product": product_id, "batch": batch,
        "sellers": None if actor.seller_ids is None else sorted(actor.seller_ids),
        "warehouses": None if actor.warehouse_ids is None else sorted(actor.warehouse_ids),
    }  # fmt: skip
    return [Whereabouts(**row._asdict()) for row in _FOUND.all(values)]
