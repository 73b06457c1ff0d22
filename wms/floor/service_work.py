"""Which added service a person at a bench is to do, and where its goods stand.

New labels for the units of an order (FBA) are put on when the order is picked: before that nobody knows which units these
are. They stand in the order's totes then, not in bins.
"""

from __future__ import annotations

import uuid
from typing import Any

from wms.platform.statements import Statement

ORDER_LINE = "order_line"  # what new labels are asked about
PLACES = 6

# What this person is at, else the oldest that waits; what is asked for on an order's line, when its goods are in their totes.
_NEXT = Statement(
    "SELECT r.id FROM service_request r LEFT JOIN order_line l ON r.subject_kind = 'order_line' AND l.id = r.subject_id"
    " LEFT JOIN outbound_order o ON o.id = l.order_id WHERE r.warehouse_id = :warehouse"
    " AND r.state IN ('requested', 'accepted', 'working') AND ((r.state = 'working' AND r.worker_id = :user)"
    "  OR (r.state = 'accepted' AND (o.id IS NULL OR o.state = 'picked'))) ORDER BY r.state <> 'working', r.id LIMIT 1"
)
_OF_TOTE = Statement(
    "SELECT r.id FROM handling_unit u JOIN order_line l ON l.order_id = u.subject_id JOIN service_request r"
    " ON r.subject_kind = 'order_line' AND r.subject_id = l.id AND r.state IN ('accepted', 'working')"
    " WHERE u.id = :tote AND u.subject_kind = 'order' ORDER BY r.state <> 'working', r.id LIMIT 1"
)
# Where the goods stand: those kept for it, else the rows of the product, else the container.
_KEPT = Statement(
    "SELECT l.code, p.sku, sum(a.open_quantity)::int AS quantity FROM conversion_part t JOIN allocation a"
    " ON a.subject_kind = 'conversion' AND a.subject_id = t.id AND a.open_quantity > 0"
    " JOIN balance b ON b.id = a.balance_id JOIN location l ON l.id = b.location_id JOIN product p ON p.id = b.product_id"
    " WHERE t.conversion_id = :conversion GROUP BY l.code, l.walk_order, p.sku ORDER BY l.walk_order, l.code LIMIT :most"
)
_STANDING = Statement(
    "SELECT l.code, p.sku, sum(b.on_hand)::int AS quantity FROM balance b JOIN location l ON l.id = b.location_id"
    " JOIN product p ON p.id = b.product_id WHERE b.product_id = :product AND b.warehouse_id = :warehouse AND b.is_there"
    " AND l.kind NOT IN ('tote', 'packing', 'gate', 'unaccounted')"
    " GROUP BY l.code, l.walk_order, p.sku ORDER BY l.walk_order, l.code LIMIT :most"
)
_CONTAINER = Statement(
    "SELECT l.code, u.code AS sku, 1 AS quantity FROM handling_unit u JOIN location l ON l.id = u.location_id"
    " WHERE u.id = :unit"
)
_PICKED = Statement(
    "SELECT u.code, p.sku, sum(b.on_hand)::int AS quantity FROM order_line l JOIN handling_unit u"
    " ON u.subject_kind = 'order' AND u.subject_id = l.order_id JOIN balance b ON b.handling_unit_id = u.id AND b.is_there"
    " AND b.product_id = l.product_id JOIN product p ON p.id = l.product_id WHERE l.id = :line GROUP BY u.code, p.sku"
    " ORDER BY u.code LIMIT :most"
)


def next_work(warehouse_id: uuid.UUID, user_id: uuid.UUID) -> uuid.UUID | None:
    """What this person is to do now: what they are at, else the oldest that can be done."""
    return _NEXT.scalar({"warehouse": warehouse_id, "user": user_id})


def work_of_tote(tote_id: uuid.UUID) -> uuid.UUID | None:
    """What is asked for about the order whose goods are in this tote or slot."""
    return _OF_TOTE.scalar({"tote": tote_id})


def places_of(request: Any) -> list[Any]:
    """Bins or containers by code, with SKU and units; `request`: a row of `added_services.queries.request_row`."""
    if request.subject_kind == ORDER_LINE:
        return _PICKED.all({"line": request.subject_id, "most": PLACES})
    if request.conversion_id is not None:
        return _KEPT.all({"conversion": request.conversion_id, "most": PLACES})
    if request.product_id is not None:
        return _STANDING.all({"product": request.product_id, "warehouse": request.warehouse_id, "most": PLACES})
    return _CONTAINER.all({"unit": request.handling_unit_id}) if request.handling_unit_id is not None else []
