"""What lies *unaccounted* in bond (law 6): what is missing, what is over, and where either came from.

One row of that place may hold both. They are told apart by the moves alone: goods *missing* were taken out of their bin,
and are in the books only; goods *over* came from nowhere, and are really there. A permit settles the missing towards
*adjustment* and takes those over into a bin, to *scrap*, or to *supplier*; a set-off strikes as many of each.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import text

from wms.core.actor import Actor
from wms.inventory import ledger
from wms.inventory.balances import lock_balances
from wms.inventory.ledger import Posted, PostingDraft
from wms.inventory.queries import Scope
from wms.inventory.rules import MoveDraft, Reason, Stock
from wms.platform.database import session
from wms.platform.statements import Statement

SET_OFF_SUBJECT = "set_off"


class Side(StrEnum):
    """Which of the two."""

    MISSING = "missing"  # in the books only (盘亏, 短少)
    OVER = "over"  # there, and not in the books (盘盈, 溢余)


# A move of a set-off (`rules.sets_off`): `m` takes out of the books what its twin puts into a bin.
SET_OFF = (
    "(p.reason = 'settle' AND m.to_party = 'adjustment' AND EXISTS (SELECT 1 FROM stock_move x"
    " WHERE x.posting_id = m.posting_id AND x.from_balance_id = m.from_balance_id AND x.to_balance_id IS NOT NULL"
    " AND x.quantity = m.quantity AND x.permit_id IS NULL))"
)
# Of the row `b`: `i` what came to each side, `o` what went from it.
TOLD_APART = (
    " CROSS JOIN LATERAL (SELECT coalesce(sum(m.quantity) FILTER (WHERE m.from_party IN ('adjustment', 'supplier')), 0)::int"
    "  AS over, coalesce(sum(m.quantity) FILTER (WHERE m.from_balance_id IS NOT NULL OR m.from_party = 'transit'), 0)::int"
    "  AS missing FROM stock_move m WHERE m.to_balance_id = b.id) i"
    " CROSS JOIN LATERAL (SELECT coalesce(sum(m.quantity) FILTER (WHERE m.to_party IN ('scrap', 'supplier')"
    "  OR (m.to_party = 'adjustment' AND m.permit_id IS NULL) OR (m.to_party IS NULL AND m.permit_id IS NOT NULL)), 0)::int"
    "  AS over,"
    "  coalesce(sum(m.quantity) FILTER (WHERE m.to_party = 'transit' OR (m.to_party IS NULL AND m.permit_id IS NULL)"
    "   OR (m.to_party = 'adjustment' AND m.permit_id IS NOT NULL)), 0)::int AS missing"
    "  FROM stock_move m WHERE m.from_balance_id = b.id) o"
)
_ROWS = text(
    "SELECT b.id, b.warehouse_id, b.owner_id, b.product_id, b.book_item_id, b.lot_id, b.condition, b.on_hand,"
    " i.over - o.over AS over, i.missing - o.missing AS missing, w.code AS warehouse, s.code AS seller, p.sku, p.name_en,"
    " p.name_zh, k.item_number, t.batch, t.expires_on, p.serial_control = 'full' AS keeps_serials FROM location l"
    " JOIN balance b ON b.location_id = l.id AND b.is_there AND b.customs_status = 'bonded'"
    " JOIN product p ON p.id = b.product_id JOIN seller s ON s.id = b.owner_id JOIN book_item k ON k.id = b.book_item_id"
    f" JOIN warehouse w ON w.id = b.warehouse_id LEFT JOIN lot t ON t.id = b.lot_id{TOLD_APART} WHERE l.kind = 'unaccounted'"
    " AND (CAST(:warehouses AS uuid[]) IS NULL OR l.warehouse_id = ANY(CAST(:warehouses AS uuid[])))"
    " AND (CAST(:sellers AS uuid[]) IS NULL OR b.owner_id = ANY(CAST(:sellers AS uuid[])))"
    " ORDER BY w.code, k.item_number, s.code, p.sku, b.id"
)
_ONE = Statement(
    f"SELECT b.warehouse_id, i.over - o.over AS over, i.missing - o.missing AS missing FROM balance b JOIN location l"
    f" ON l.id = b.location_id AND l.kind = 'unaccounted'{TOLD_APART} WHERE b.id = :row AND b.customs_status = 'bonded'"
)
_OF_ITEM = Statement(
    "SELECT coalesce(sum(i.over - o.over), 0)::int FROM location l JOIN balance b ON b.location_id = l.id"
    f" AND b.book_item_id = :item AND b.is_there{TOLD_APART}"
    " WHERE l.warehouse_id = :warehouse AND l.kind = 'unaccounted'"
)
_ORIGINS = Statement(
    "SELECT m.to_balance_id AS row_id, m.quantity, m.created_at, p.subject_kind, p.subject_id,"
    " m.from_party IS NOT NULL AND m.from_party <> 'transit' AS is_over, f.code AS from_bin, u.name AS person"
    " FROM unnest(CAST(:rows AS bigint[])) AS k(id) CROSS JOIN LATERAL (SELECT * FROM stock_move"
    "  WHERE to_balance_id = k.id ORDER BY id DESC LIMIT :most) m"
    " JOIN stock_posting p ON p.id = m.posting_id LEFT JOIN balance b ON b.id = m.from_balance_id"
    " LEFT JOIN location f ON f.id = b.location_id LEFT JOIN app_user u ON u.id = p.actor_id ORDER BY m.id DESC"
)
_NUMBERS = Statement(
    "SELECT s.number, (SELECT m.from_balance_id IS NULL FROM serial_move m WHERE m.serial_id = s.id ORDER BY m.id DESC"
    " LIMIT 1) AS is_over FROM serial s WHERE s.balance_id = :row ORDER BY s.number"
)


def rows_seen(scope: Scope) -> Sequence[Any]:
    """Unaccounted goods, by warehouse and item: `over` and `missing` units, and which goods they are."""
    return session().execute(_ROWS, scope.parameters()).all()


def units_of(balance_id: int) -> tuple[uuid.UUID, dict[Side, int]] | None:
    """The warehouse of an unaccounted row, and its units of either side; None for any other row."""
    row = _ONE.first({"row": balance_id})
    return None if row is None else (row.warehouse_id, {Side.OVER: row.over, Side.MISSING: row.missing})


def over_of_item(warehouse_id: uuid.UUID, book_item_id: uuid.UUID) -> int:
    """Units of a line of the book that are over: their own declaration books them, and no other."""
    return int(_OF_ITEM.scalar({"warehouse": warehouse_id, "item": book_item_id}))


def origins_of(balance_ids: Sequence[int], most: int = 8) -> Sequence[Any]:
    """What brought units there, the newest first: row_id, quantity, is_over, subject_kind, subject_id, from_bin, person,
    created_at.
    """
    return _ORIGINS.all({"rows": list(balance_ids), "most": most})


def numbers_of(balance_id: int) -> dict[Side, list[str]]:
    """The serial numbers of a row under full control, by side."""
    found: dict[Side, list[str]] = {Side.OVER: [], Side.MISSING: []}
    for row in _NUMBERS.all({"row": balance_id}):
        found[Side.OVER if row.is_over else Side.MISSING].append(row.number)
    return found


def set_off(actor: Actor, row: Stock, target: Stock, quantity: int) -> Posted:
    """What was missed in one place and found in another is the same: it stands in `target` again, and its entry as a
    surplus is taken back. The caller has checked that there are so many of either side.

    Refuses `customs_permit_needed` where customs has booked the surplus, and what the ledger refuses.
    """
    moves = [MoveDraft(row, target, quantity), MoveDraft(row, "adjustment", quantity)]
    return ledger.post(actor, PostingDraft(Reason.SETTLE, SET_OFF_SUBJECT, None, moves))


def keep_still(row: Stock) -> None:
    """Lock an unaccounted row: what is on either side of it stays until the transaction ends."""
    lock_balances([row])
