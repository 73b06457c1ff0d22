"""Pinned lines: what they name, and the balance rows that can serve them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date

from wms.core import clock
from wms.inventory.allocations import Candidate
from wms.inventory.rotation import KEEPS, RULE, in_turn
from wms.inventory.rules import BONDED, GOOD, NO_STATUS
from wms.inventory.units import within
from wms.platform.statements import Statement


@dataclass(frozen=True)
class Pin:
    """What a line names more narrowly than its product. Empty fields do not matter.

    Goods that leave without being sold may be past their last sale day (`expired`: return to seller, destruction) or
    held (`held`: destruction; a pick would be refused). Not goods in doubt: they may not be there. `batch`: of any of the
    lots that bear it, which differ by expiry. `handling_unit_id`: in this container, or in one that stands in it.
    """

    lot_id: uuid.UUID | None = None
    batch: str | None = None
    handling_unit_id: uuid.UUID | None = None
    location_id: uuid.UUID | None = None
    condition: str = GOOD
    min_expires_on: date | None = None
    expired: bool = False
    held: bool = False


_RULE = f"(CASE WHEN :expired OR :held THEN 'fefo' ELSE {RULE} END)"
_PINNED_ROWS = Statement(
    "SELECT b.id, b.on_hand - b.allocated AS free, b.is_sellable, b.book_item_id, b.held_by FROM balance b"
    " LEFT JOIN lot ON lot.id = b.lot_id JOIN location l ON l.id = b.location_id"
    " JOIN warehouse w ON w.id = b.warehouse_id JOIN product p ON p.id = b.product_id"
    " JOIN seller e ON e.id = b.owner_id WHERE b.warehouse_id = :warehouse AND b.owner_id = :owner AND b.product_id = :product"
    " AND b.condition = :condition AND b.is_there AND b.on_hand > b.allocated AND (b.held_by = 0 OR (:held AND NOT EXISTS ("
    "  SELECT 1 FROM held_balance x JOIN stock_hold h ON h.id = x.hold_id WHERE x.balance_id = b.id"
    "  AND h.reason = 'in_doubt')))"
    " AND l.kind NOT IN ('tote', 'packing', 'gate', 'unaccounted')"
    " AND (CAST(:lot AS uuid) IS NULL OR b.lot_id = :lot) AND (CAST(:batch AS text) IS NULL OR lot.batch = :batch)"
    " AND (CAST(:units AS uuid[]) IS NULL OR b.handling_unit_id = ANY(CAST(:units AS uuid[])))"
    " AND (CAST(:location AS uuid) IS NULL OR b.location_id = :location)"
    " AND (CAST(:min_expiry AS date) IS NULL OR lot.expires_on >= :min_expiry)"
    f" AND (b.condition <> 'good' OR b.is_sellable OR b.held_by > 0 OR (:expired AND lot.expires_on - {KEEPS}"
    "  < (CAST(:now AS timestamptz) AT TIME ZONE w.time_zone)::date)) AND b.customs_status = :status"
    # What does not sell goes first: a line that may take it is not to cost the seller what does. Nor what keeps longest,
    # which the seller's rule may be about: it is for buyers.
    f" ORDER BY (:expired OR :held) AND b.is_sellable, {in_turn(_RULE, 'lot.expires_on')}, l.walk_order, b.id"
)


def pinned_rows(
    pin: Pin, warehouse_id: uuid.UUID, owner_id: uuid.UUID, product_id: uuid.UUID, *, bonded: bool
) -> list[Candidate]:
    """Rows with something free, in the order in which they leave (`rotation`). Read without a lock."""
    parameters = {
        "warehouse": warehouse_id,
        "owner": owner_id,
        "product": product_id,
        "condition": pin.condition,
        "lot": pin.lot_id,
        "batch": pin.batch,
        "units": None if pin.handling_unit_id is None else within(pin.handling_unit_id),
        "location": pin.location_id,
        "min_expiry": pin.min_expires_on,
        "status": BONDED if bonded else NO_STATUS,
        "expired": pin.expired,
        "held": pin.held,
        "now": clock.now(),
    }
    rows = _PINNED_ROWS.all(parameters)
    return [Candidate(row.id, row.free, row.is_sellable, row.book_item_id, row.held_by) for row in rows]
