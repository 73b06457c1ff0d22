"""Reads of transfers, within the actor's sellers and the warehouses of either end."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, text

from wms.core.actor import Actor
from wms.core.refusals import not_found
from wms.inventory.queries import Scope
from wms.platform.database import session
from wms.platform.statements import Statement
from wms.transfers.models import TransferLine
from wms.transfers.rules import in_transit

_RECEIVED = Statement(
    "SELECT m.product_id, sum(CASE WHEN m.from_party = 'transit' THEN m.quantity ELSE -m.quantity END)::int AS units"
    " FROM carton c JOIN stock_posting p ON p.subject_kind = 'carton' AND p.subject_id = c.id"
    " JOIN stock_move m ON m.posting_id = p.id WHERE c.booking_id = :booking"
    " AND 'transit' IN (m.from_party, m.to_party) GROUP BY 1"
)


def received_units(booking_id: uuid.UUID) -> dict[uuid.UUID, int]:
    """What the cartons of a booking brought in out of transit, by product, counts that were taken back aside."""
    return {row.product_id: row.units for row in _RECEIVED.all({"booking": booking_id})}


def lines_of(order_id: uuid.UUID) -> Sequence[TransferLine]:
    return session().scalars(select(TransferLine).where(TransferLine.order_id == order_id)).all()


TABS = ("all", "open", "differing")
# Whoever sees either end sees the transfer; of its money and people there is nothing in it.
_HEAD = (
    "SELECT o.id, o.number, o.reference, o.state, o.created_at, o.shipped_at, s.code AS seller, f.code AS from_warehouse,"
    " w.code AS to_warehouse, f.time_zone, b.id AS booking_id, b.number AS booking, b.state AS booking_state,"
    " b.closed_at, x.ordered, t.sent, t.lost, t.found, t.settled_at FROM transfer_order k"
    " JOIN outbound_order o ON o.id = k.order_id JOIN seller s ON s.id = o.owner_id"
    " JOIN warehouse f ON f.id = o.warehouse_id JOIN warehouse w ON w.id = k.to_warehouse_id"
    " LEFT JOIN booking b ON b.transfer_order_id = o.id"
    " CROSS JOIN LATERAL (SELECT coalesce(sum(quantity), 0)::int AS ordered FROM order_line WHERE order_id = o.id) x"
    " CROSS JOIN LATERAL (SELECT coalesce(sum(sent), 0)::int AS sent, coalesce(sum(lost), 0)::int AS lost,"
    "  coalesce(sum(found), 0)::int AS found, max(settled_at) AS settled_at FROM transfer_line"
    "  WHERE order_id = o.id) t"
    " WHERE (CAST(:sellers AS uuid[]) IS NULL OR o.owner_id = ANY(CAST(:sellers AS uuid[])))"
    " AND (CAST(:warehouses AS uuid[]) IS NULL OR o.warehouse_id = ANY(CAST(:warehouses AS uuid[]))"
    "  OR k.to_warehouse_id = ANY(CAST(:warehouses AS uuid[])))"
)
_PAGE = text(
    f"{_HEAD} AND (:tab = 'all' OR (:tab = 'differing' AND t.lost + t.found > 0)"
    "  OR (:tab = 'open' AND o.state <> 'cancelled' AND b.closed_at IS NULL))"
    " AND (CAST(:moment AS timestamptz) IS NULL OR (o.created_at, o.id) < (:moment, CAST(:key AS uuid)))"
    " ORDER BY o.created_at DESC, o.id DESC LIMIT :limit"
)
_ONE = text(f"{_HEAD} AND o.id = :order")


def transfers_page(
    actor: Actor, tab: str = "all", after: tuple[datetime, uuid.UUID] | None = None, limit: int = 50
) -> Sequence[Row[Any]]:
    """Transfers, newest first. `tab`: all, open (not received through), differing (something lost or found)."""
    values = Scope.of(actor).parameters() | {
        "tab": tab, "moment": after[0] if after else None, "key": after[1] if after else None, "limit": limit,
    }  # fmt: skip
    return session().execute(_PAGE, values).all()


_LINES = text(
    "SELECT p.id AS product_id, p.sku, p.name_en, p.name_zh, coalesce(x.ordered, 0)::int AS ordered,"
    " coalesce(t.sent, 0) AS sent, coalesce(t.lost, 0) AS lost, coalesce(t.found, 0) AS found FROM product p"
    " LEFT JOIN (SELECT product_id, sum(quantity) AS ordered FROM order_line WHERE order_id = :order GROUP BY 1) x"
    "  ON x.product_id = p.id LEFT JOIN transfer_line t ON t.order_id = :order AND t.product_id = p.id"
    " WHERE p.id IN (SELECT product_id FROM order_line WHERE order_id = :order UNION SELECT product_id"
    "  FROM transfer_line WHERE order_id = :order) ORDER BY p.sku"
)


def transfer(actor: Actor, order_id: uuid.UUID) -> dict[str, Any]:
    """One transfer with its products: ordered, sent, received, lost, found and in transit. While the receiving booking
    is open, sent = received + in transit as far as not more came; closed, sent + found = received + lost.
    """
    head = session().execute(_ONE, Scope.of(actor).parameters() | {"order": order_id}).one_or_none()
    if head is None:
        raise not_found("transfer")
    closed = head.closed_at is not None
    received = received_units(head.booking_id) if head.booking_id else {}
    lines = [
        {
            **row._mapping, "received": received.get(row.product_id, 0),
            "lost": row.lost if closed else 0, "found": row.found if closed else 0,
            "in_transit": in_transit(row.sent, received.get(row.product_id, 0), closed=closed),
        }
        for row in session().execute(_LINES, {"order": order_id})
    ]  # fmt: skip
    return {**head._mapping, "lines": lines}
