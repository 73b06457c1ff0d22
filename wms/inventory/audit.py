"""Every invariant of the stock, recomputed from the moves. `flask audit` runs these; each names the rows that differ.

A check is a query for violations and a query for how many rows it looked at.
"""

from __future__ import annotations

from wms.inventory.converting.audit import CHECKS as CONVERTING
from wms.inventory.relocating import audit as relocating
from wms.inventory.replenishment import audit as replenishment
from wms.inventory.rotation import KEEPS
from wms.inventory.unaccounted import SET_OFF
from wms.platform.auditing import Check

# How long after its warehouse's midnight a row may still sell whose last sale day is over: the job of the new day comes
# every minute, and an audit that only reads cannot go before it (decision 086).
EXPIRY_MINUTES = 15


def _sells(moment: str) -> str:
    """Whether the rule says that a row sells, at an instant."""
    return (
        "b.condition = 'good' AND b.held_by = 0 AND l.kind IN ('storage', 'bulk', 'pick_face', 'cross_dock')"
        " AND b.customs_status IN ('none', 'bonded')"
        " AND (lot.expires_on IS NULL"
        f"  OR lot.expires_on - {KEEPS} >= ({moment} AT TIME ZONE w.time_zone)::date)"
        " AND (b.customs_status <> 'bonded' OR bi.booked_at IS NOT NULL)"
    )


_NOW = "CAST(:now AS timestamptz)"
_SELLS = _sells(_NOW)
_SOLD = _sells(f"({_NOW} - interval '{EXPIRY_MINUTES} minutes')")

_MOVED = "SELECT m.from_balance_id, m.from_party, m.to_balance_id, m.to_party, sum(m.quantity) FROM stock_move m"
_MOVED_BACK = "SELECT m.to_balance_id, m.to_party, m.from_balance_id, m.from_party, sum(m.quantity) FROM stock_move m"
_BY_ENDS = "GROUP BY 1, 2, 3, 4"

# For an incremental audit: what moved after the move `:since`.
_MOVED_SINCE = "SELECT count(*) FROM stock_move WHERE id > :since"
# A row that moved is its last month-end and what moved since that.
_BALANCES_SINCE = (
    "SELECT b.id, b.on_hand, coalesce(r.on_hand, 0) + s.q AS moved FROM (SELECT from_balance_id AS id FROM stock_move"
    " WHERE id > :since UNION SELECT to_balance_id FROM stock_move WHERE id > :since) t JOIN balance b ON b.id = t.id"
    " LEFT JOIN LATERAL (SELECT m.id, m.low_move_id, m.moment FROM stock_month_end m WHERE m.warehouse_id = b.warehouse_id"
    "  ORDER BY m.moment DESC LIMIT 1) e ON true"
    " LEFT JOIN stock_month_end_row r ON r.balance_id = b.id AND r.month_end_id = e.id"
    " CROSS JOIN LATERAL (SELECT coalesce(sum(x.quantity), 0) AS q FROM (SELECT m.quantity FROM stock_move m"
    "  WHERE m.to_balance_id = b.id AND m.id > coalesce(e.low_move_id, 0) AND m.created_at >= coalesce(e.moment,"
    "  '-infinity') UNION ALL SELECT -m.quantity FROM stock_move m WHERE m.from_balance_id = b.id"
    "  AND m.id > coalesce(e.low_move_id, 0) AND m.created_at >= coalesce(e.moment, '-infinity')) x) s"
    " WHERE b.on_hand <> coalesce(r.on_hand, 0) + s.q"
)
# Month-ends kept since: each is the one before and what moved between.
_MONTH_ENDS_SINCE = (
    "WITH ends AS (SELECT id, warehouse_id, moment, high_move_id, lag(id) OVER w AS before_id, coalesce(lag(low_move_id)"
    "  OVER w, 0) AS low, coalesce(lag(moment) OVER w, '-infinity') AS since FROM stock_month_end"
    "  WINDOW w AS (PARTITION BY warehouse_id ORDER BY moment)),"
    " new AS (SELECT * FROM ends WHERE high_move_id > :since),"
    " moved AS (SELECT n.id AS month_end_id, m.from_balance_id, m.to_balance_id, m.quantity FROM new n JOIN stock_move m"
    "  ON m.id > n.low AND m.id <= n.high_move_id AND m.warehouse_id = n.warehouse_id AND m.created_at >= n.since"
    "  AND m.created_at < n.moment)"
    " SELECT x.balance_id, x.month_end_id, sum(x.quantity) AS difference FROM ("
    "  SELECT r.balance_id, r.month_end_id, r.on_hand AS quantity FROM stock_month_end_row r JOIN new n"
    "   ON n.id = r.month_end_id UNION ALL"
    "  SELECT r.balance_id, n.id, -r.on_hand FROM stock_month_end_row r JOIN new n ON n.before_id = r.month_end_id"
    "  UNION ALL SELECT to_balance_id, month_end_id, -quantity FROM moved UNION ALL"
    "  SELECT from_balance_id, month_end_id, quantity FROM moved) x"
    " WHERE x.balance_id IS NOT NULL GROUP BY 1, 2 HAVING sum(x.quantity) <> 0"
)

CHECKS = [
    Check(
        "balance equals the sum of its moves",
        "SELECT count(*) FROM balance",
        "SELECT b.id, b.on_hand, coalesce(i.q, 0) - coalesce(o.q, 0) AS moved FROM balance b"
        " LEFT JOIN (SELECT to_balance_id AS id, sum(quantity) AS q FROM stock_move GROUP BY 1) i ON i.id = b.id"
        " LEFT JOIN (SELECT from_balance_id AS id, sum(quantity) AS q FROM stock_move GROUP BY 1) o ON o.id = b.id"
        " WHERE b.on_hand <> coalesce(i.q, 0) - coalesce(o.q, 0)",
        _MOVED_SINCE,
        _BALANCES_SINCE,
    ),
    Check(
        "no balance is negative or over-allocated",
        "SELECT count(*) FROM balance",
        "SELECT id, on_hand, allocated FROM balance WHERE on_hand < 0 OR allocated < 0 OR allocated > on_hand",
    ),
    Check(
        "allocated equals the open allocations",
        "SELECT count(*) FROM balance",
        "SELECT b.id, b.allocated, coalesce(a.q, 0) AS open FROM balance b LEFT JOIN (SELECT balance_id,"
        " sum(open_quantity) AS q FROM allocation GROUP BY 1) a ON a.balance_id = b.id"
        " WHERE b.allocated <> coalesce(a.q, 0)",
    ),
    Check(
        "sellable property is what the rule says",
        "SELECT count(*) FROM balance",
        f"SELECT b.id, b.is_sellable FROM balance b JOIN location l ON l.id = b.location_id"
        " JOIN warehouse w ON w.id = b.warehouse_id JOIN product p ON p.id = b.product_id JOIN seller e ON e.id = b.owner_id"
        " LEFT JOIN lot ON lot.id = b.lot_id LEFT JOIN book_item bi ON bi.id = b.book_item_id"
        f" WHERE b.is_sellable <> ({_SELLS}) AND b.is_sellable <> ({_SOLD})",
    ),
    Check(
        "summaries are the sums of their balances",
        "SELECT count(*) FROM summary",
        "SELECT coalesce(s.id, 0) AS summary, x.product_id, s.sellable, x.sells, s.staged, x.stands, s.aside, x.lies FROM"
        " (SELECT b.warehouse_id, b.owner_id, b.product_id, b.customs_status, b.book_item_id, sum(b.on_hand) FILTER ("
        "  WHERE b.is_sellable) AS sells, sum(b.on_hand) FILTER (WHERE NOT b.is_sellable AND l.kind IN"
        "  ('tote', 'packing', 'gate')) AS stands, sum(b.on_hand) FILTER (WHERE NOT b.is_sellable AND l.kind NOT IN"
        "  ('tote', 'packing', 'gate')) AS lies FROM balance b JOIN location l ON l.id = b.location_id"
        " GROUP BY 1, 2, 3, 4, 5) x FULL JOIN summary s ON s.warehouse_id = x.warehouse_id"
        " AND s.owner_id = x.owner_id AND s.product_id = x.product_id AND s.customs_status = x.customs_status"
        " AND coalesce(s.book_item_id, '00000000-0000-0000-0000-000000000000')"
        "   = coalesce(x.book_item_id, '00000000-0000-0000-0000-000000000000')"
        " WHERE (coalesce(s.sellable, 0), coalesce(s.staged, 0), coalesce(s.aside, 0))"
        "  <> (coalesce(x.sells, 0), coalesce(x.stands, 0), coalesce(x.lies, 0))",
    ),
    Check(
        "summary promised equals the open promises",
        "SELECT count(*) FROM summary",
        "SELECT s.id, s.promised, coalesce(p.q, 0) AS open FROM summary s LEFT JOIN (SELECT summary_id,"
        " sum(open_quantity) AS q FROM promise WHERE claims_sellable GROUP BY 1) p ON p.summary_id = s.id"
        " WHERE s.promised <> coalesce(p.q, 0)",
    ),
    Check(
        "allocations of a promise are within it",
        "SELECT count(*) FROM promise",
        "SELECT p.id, p.open_quantity, a.q FROM promise p JOIN (SELECT promise_id, sum(open_quantity) AS q"
        " FROM allocation WHERE promise_id IS NOT NULL GROUP BY 1) a ON a.promise_id = p.id"
        " WHERE a.q > p.open_quantity",
    ),
    Check(
        "an allocation stands on its promise's own stock",
        "SELECT count(*) FROM allocation",
        "SELECT a.id FROM allocation a JOIN promise p ON p.id = a.promise_id JOIN summary s ON s.id = p.summary_id"
        " JOIN balance b ON b.id = a.balance_id WHERE b.owner_id <> s.owner_id OR b.product_id <> s.product_id"
        " OR b.warehouse_id <> s.warehouse_id OR b.customs_status <> s.customs_status"
        " OR b.book_item_id IS DISTINCT FROM s.book_item_id",
    ),
    Check(
        "a promise that does not count as selling stands on stock that does not sell",
        "SELECT count(*) FROM promise WHERE NOT claims_sellable",
        "SELECT a.id, b.id AS balance FROM allocation a JOIN promise p ON p.id = a.promise_id"
        " JOIN balance b ON b.id = a.balance_id WHERE a.open_quantity > 0 AND NOT p.claims_sellable AND b.is_sellable",
    ),
    Check(
        "claims on the book are for what is still promised or on its way",
        "SELECT count(*) FROM promise WHERE book_item_id IS NOT NULL",
        "SELECT p.id, p.open_quantity, p.book_quantity, p.quantity FROM promise p JOIN summary s ON s.id = p.summary_id"
        " WHERE p.book_item_id IS DISTINCT FROM s.book_item_id OR (p.book_item_id IS NOT NULL"
        " AND p.book_quantity NOT BETWEEN p.open_quantity AND p.quantity)",
    ),
    Check(
        "only open holds hold, and only their scope",
        "SELECT count(*) FROM held_balance",
        "SELECT x.hold_id, x.balance_id FROM held_balance x JOIN stock_hold h ON h.id = x.hold_id"
        " JOIN balance b ON b.id = x.balance_id WHERE h.ended_at IS NOT NULL OR h.warehouse_id <> b.warehouse_id"
        " OR h.owner_id <> b.owner_id",
    ),
    Check(
        "held rows are counted",
        "SELECT count(*) FROM balance",
        "SELECT b.id, b.held_by, count(h.hold_id) AS holds FROM balance b LEFT JOIN held_balance h"
        " ON h.balance_id = b.id GROUP BY b.id HAVING b.held_by <> count(h.hold_id)",
    ),
    Check(
        "every row in the scope of an open hold is held",
        "SELECT count(*) FROM stock_hold WHERE ended_at IS NULL",
        "SELECT h.id AS hold, b.id AS balance FROM stock_hold h JOIN balance b ON b.warehouse_id = h.warehouse_id"
        " AND (h.owner_id IS NULL OR h.owner_id = b.owner_id) AND CASE h.scope"
        " WHEN 'location' THEN h.scope_key = b.location_id::text WHEN 'product' THEN h.scope_key = b.product_id::text"
        " WHEN 'lot' THEN h.scope_key = b.lot_id::text WHEN 'handling_unit' THEN"
        " h.scope_key = b.handling_unit_id::text WHEN 'balance' THEN h.scope_key = b.id::text ELSE false END"
        " WHERE h.ended_at IS NULL AND h.has_begun AND NOT EXISTS (SELECT 1 FROM held_balance x WHERE x.hold_id = h.id"
        " AND x.balance_id = b.id)",
    ),
    Check(
        "a container within another stands where that one stands, and none within itself",
        "SELECT count(*) FROM handling_unit WHERE parent_id IS NOT NULL",
        "SELECT u.id, p.id AS parent FROM handling_unit u JOIN handling_unit p ON p.id = u.parent_id"
        " WHERE p.location_id <> u.location_id OR p.warehouse_id <> u.warehouse_id OR EXISTS ("
        "  WITH RECURSIVE above AS (SELECT p.parent_id AS id UNION SELECT h.parent_id FROM handling_unit h"
        "   JOIN above a ON a.id = h.id) SELECT 1 FROM above WHERE above.id = u.id)",
    ),
    Check(
        "both ends of a move are the same goods",
        "SELECT count(*) FROM stock_move",
        "SELECT m.id FROM stock_move m JOIN balance b ON b.id IN (m.from_balance_id, m.to_balance_id)"
        " WHERE b.warehouse_id <> m.warehouse_id OR b.owner_id <> m.owner_id OR b.product_id <> m.product_id"
        " OR b.lot_id IS DISTINCT FROM m.lot_id OR b.book_item_id IS DISTINCT FROM m.book_item_id",
        _MOVED_SINCE,
        "SELECT m.id FROM stock_move m JOIN balance b ON b.id IN (m.from_balance_id, m.to_balance_id)"
        " WHERE m.id > :since AND (b.warehouse_id <> m.warehouse_id OR b.owner_id <> m.owner_id OR b.product_id <> m.product_id"
        " OR b.lot_id IS DISTINCT FROM m.lot_id OR b.book_item_id IS DISTINCT FROM m.book_item_id)",
    ),
    Check(
        "a posting stays in its warehouse",
        "SELECT count(*) FROM stock_move",
        "SELECT m.id FROM stock_move m JOIN stock_posting p ON p.id = m.posting_id"
        " WHERE p.warehouse_id <> m.warehouse_id",
        _MOVED_SINCE,
        "SELECT m.id FROM stock_move m JOIN stock_posting p ON p.id = m.posting_id"
        " WHERE m.id > :since AND p.warehouse_id <> m.warehouse_id",
    ),
    Check(
        "conversions have both legs",
        "SELECT count(*) FROM stock_posting WHERE reason = 'convert'",
        "SELECT p.id FROM stock_posting p JOIN stock_move m ON m.posting_id = p.id WHERE p.reason = 'convert'"
        " GROUP BY p.id HAVING count(*) FILTER (WHERE m.to_party = 'conversion') = 0"
        " OR count(*) FILTER (WHERE m.from_party = 'conversion') = 0",
    ),
    Check(
        "every posting has moves",
        "SELECT count(*) FROM stock_posting",
        "SELECT p.id FROM stock_posting p WHERE NOT EXISTS (SELECT 1 FROM stock_move m WHERE m.posting_id = p.id)",
        _MOVED_SINCE,
        "SELECT p.id FROM stock_posting p WHERE p.id >= (SELECT posting_id FROM stock_move WHERE id <= :since ORDER BY id"
        " DESC LIMIT 1) AND NOT EXISTS (SELECT 1 FROM stock_move m WHERE m.posting_id = p.id)",
    ),
    Check(
        "a reversal mirrors its posting",
        "SELECT count(*) FROM stock_posting WHERE reverses_id IS NOT NULL",
        f"SELECT r.id FROM stock_posting r WHERE r.reverses_id IS NOT NULL AND EXISTS ("
        f" ({_MOVED} WHERE m.posting_id = r.reverses_id {_BY_ENDS}"
        f"  EXCEPT {_MOVED_BACK} WHERE m.posting_id = r.id {_BY_ENDS})"
        f" UNION ALL ({_MOVED_BACK} WHERE m.posting_id = r.id {_BY_ENDS}"
        f"  EXCEPT {_MOVED} WHERE m.posting_id = r.reverses_id {_BY_ENDS}))",
    ),
    Check(
        "bonded stock left the zone only with a permit",
        "SELECT count(*) FROM stock_move",
        "SELECT m.id FROM stock_move m JOIN balance b ON b.id = m.from_balance_id"
        " JOIN stock_posting p ON p.id = m.posting_id"
        " LEFT JOIN balance t ON t.id = m.to_balance_id WHERE b.customs_status = 'bonded' AND m.permit_id IS NULL"
        " AND (m.to_party IS NOT NULL OR t.customs_status <> 'bonded')"
        # an entry that customs had not booked was taken back; that it mirrors one is a check of its own
        f" AND NOT (p.reverses_id IS NOT NULL AND m.to_party IN ('supplier', 'adjustment')) AND NOT {SET_OFF}",
        _MOVED_SINCE,
        "SELECT m.id FROM stock_move m JOIN balance b ON b.id = m.from_balance_id"
        " JOIN stock_posting p ON p.id = m.posting_id"
        " LEFT JOIN balance t ON t.id = m.to_balance_id WHERE m.id > :since AND b.customs_status = 'bonded' AND m.permit_id IS NULL"
        " AND (m.to_party IS NOT NULL OR t.customs_status <> 'bonded')"
        # an entry that customs had not booked was taken back; that it mirrors one is a check of its own
        f" AND NOT (p.reverses_id IS NOT NULL AND m.to_party IN ('supplier', 'adjustment')) AND NOT {SET_OFF}",
    ),
    Check(
        "stock came into bond by a receipt or with a permit",
        "SELECT count(*) FROM stock_move",
        "SELECT m.id FROM stock_move m JOIN balance t ON t.id = m.to_balance_id"
        " JOIN location l ON l.id = t.location_id LEFT JOIN balance b ON b.id = m.from_balance_id"
        " WHERE t.customs_status = 'bonded' AND m.permit_id IS NULL AND (b.customs_status <> 'bonded'"
        " OR (m.from_party <> 'supplier' AND l.kind <> 'unaccounted'))",
        _MOVED_SINCE,
        "SELECT m.id FROM stock_move m JOIN balance t ON t.id = m.to_balance_id"
        " JOIN location l ON l.id = t.location_id LEFT JOIN balance b ON b.id = m.from_balance_id"
        " WHERE m.id > :since AND t.customs_status = 'bonded' AND m.permit_id IS NULL AND (b.customs_status <> 'bonded'"
        " OR (m.from_party <> 'supplier' AND l.kind <> 'unaccounted'))",
    ),
    Check(
        "a permit is used for its own goods",
        "SELECT count(*) FROM stock_move WHERE permit_id IS NOT NULL",
        "SELECT m.id FROM stock_move m JOIN permit p ON p.id = m.permit_id WHERE p.warehouse_id <> m.warehouse_id"
        " OR p.product_id <> m.product_id OR p.book_item_id IS DISTINCT FROM m.book_item_id",
        _MOVED_SINCE,
        "SELECT m.id FROM stock_move m JOIN permit p ON p.id = m.permit_id WHERE m.id > :since"
        " AND (p.warehouse_id <> m.warehouse_id"
        " OR p.product_id <> m.product_id OR p.book_item_id IS DISTINCT FROM m.book_item_id)",
    ),
    Check(
        "permits are used as the moves say",
        "SELECT count(*) FROM permit",
        "SELECT p.id, p.used, coalesce(m.q, 0) AS moved FROM permit p LEFT JOIN (SELECT permit_id,"
        " sum(CASE WHEN g.reverses_id IS NULL THEN m.quantity ELSE -m.quantity END) AS q FROM stock_move m"
        "  JOIN stock_posting g ON g.id = m.posting_id WHERE m.permit_id IS NOT NULL GROUP BY 1) m ON m.permit_id = p.id"
        " WHERE p.used <> coalesce(m.q, 0) OR p.used > p.quantity",
    ),
    Check(
        "physical bonded stock and the customs book agree",
        "SELECT count(*) FROM book_item",
        "SELECT i.id, i.booked, i.unbooked, coalesce(b.q, 0) AS physical FROM book_item i LEFT JOIN ("
        " SELECT book_item_id, sum(on_hand) AS q FROM balance WHERE customs_status = 'bonded' GROUP BY 1) b"
        " ON b.book_item_id = i.id WHERE i.booked + i.unbooked <> coalesce(b.q, 0)",
    ),
    Check(
        "the book is claimed as the promises say",
        "SELECT count(*) FROM book_item",
        "SELECT i.id, i.promised, coalesce(p.q, 0) AS claimed FROM book_item i LEFT JOIN (SELECT book_item_id,"
        " sum(book_quantity) AS q FROM promise GROUP BY 1) p ON p.book_item_id = i.id"
        " WHERE i.promised <> coalesce(p.q, 0)",
    ),
    Check(
        "layers and what waits for putaway follow the moves",
        "SELECT count(*) FROM stock_layer",
        # what is there now, less what moved since: the balances are held against all their moves by a check of their own
        "WITH upto AS (SELECT coalesce(max(move_id), 0) AS id FROM stock_follower WHERE name = 'layers'),"
        " late AS (SELECT x.id, sum(x.quantity) AS quantity FROM (SELECT m.to_balance_id AS id, m.quantity FROM stock_move m,"
        "  upto WHERE m.id > upto.id UNION ALL SELECT m.from_balance_id, -m.quantity FROM stock_move m, upto"
        "  WHERE m.id > upto.id) x WHERE x.id IS NOT NULL GROUP BY 1),"
        " there AS (SELECT b.warehouse_id, b.owner_id, b.product_id, b.book_item_id, sum(b.on_hand - coalesce(late.quantity,"
        "  0)) FILTER (WHERE l.kind IN ('dock', 'inspection', 'returns')) AS waiting, sum(b.on_hand -"
        "  coalesce(late.quantity, 0)) AS every FROM balance b JOIN location l ON l.id = b.location_id"
        "  LEFT JOIN late ON late.id = b.id GROUP BY 1, 2, 3, 4),"
        " layered AS (SELECT warehouse_id, owner_id, product_id, book_item_id, sum(remaining) AS q FROM stock_layer"
        "  WHERE remaining > 0 GROUP BY 1, 2, 3, 4),"
        " known AS (SELECT p.warehouse_id, p.owner_id, p.product_id, p.book_item_id, p.fresh, p.away,"
        "  coalesce(y.q, 0) AS layers FROM layer_pool p LEFT JOIN layered y ON y.warehouse_id = p.warehouse_id"
        "  AND y.owner_id = p.owner_id AND y.product_id = p.product_id"
        "  AND y.book_item_id IS NOT DISTINCT FROM p.book_item_id)"
        " SELECT coalesce(k.product_id, t.product_id) AS product, k.fresh, k.away, k.layers, t.waiting, t.every FROM there t"
        " FULL JOIN known k ON k.warehouse_id = t.warehouse_id AND k.owner_id = t.owner_id"
        " AND k.product_id = t.product_id AND coalesce(k.book_item_id, '00000000-0000-0000-0000-000000000000')"
        "  = coalesce(t.book_item_id, '00000000-0000-0000-0000-000000000000')"
        " WHERE coalesce(k.fresh + k.away, 0) <> coalesce(t.waiting, 0)"
        " OR coalesce(k.fresh + k.layers, 0) <> coalesce(t.every, 0)",
    ),
    Check(
        "a layer is what was put away less what left",
        "SELECT count(*) FROM layer_use",
        "SELECT y.id, y.quantity, y.remaining, coalesce(u.q, 0) AS used FROM stock_layer y LEFT JOIN (SELECT layer_id,"
        " sum(quantity) AS q FROM layer_use GROUP BY 1) u ON u.layer_id = y.id"
        " WHERE y.quantity - y.remaining <> coalesce(u.q, 0)",
    ),
    Check(
        "month-ends are what the moves say",
        "SELECT count(*) FROM stock_month_end_row",
        # what is kept at one end, less what was kept at the end before, is what moved between
        "WITH ends AS (SELECT id, warehouse_id, moment, lead(id) OVER w AS next_id FROM stock_month_end"
        "  WINDOW w AS (PARTITION BY warehouse_id ORDER BY moment)),"
        " moved AS (SELECT m.from_balance_id, m.to_balance_id, m.quantity, (SELECT e.id FROM ends e"
        "  WHERE e.warehouse_id = m.warehouse_id AND e.moment > m.created_at ORDER BY e.moment LIMIT 1) AS month_end_id"
        "  FROM stock_move m WHERE EXISTS (SELECT 1 FROM ends))"
        " SELECT x.balance_id, x.month_end_id, sum(x.quantity) AS difference FROM ("
        "  SELECT balance_id, month_end_id, on_hand AS quantity FROM stock_month_end_row UNION ALL"
        "  SELECT r.balance_id, e.next_id, -r.on_hand FROM stock_month_end_row r JOIN ends e ON e.id = r.month_end_id"
        "  UNION ALL SELECT to_balance_id, month_end_id, -quantity FROM moved UNION ALL"
        "  SELECT from_balance_id, month_end_id, quantity FROM moved) x"
        " WHERE x.balance_id IS NOT NULL AND x.month_end_id IS NOT NULL GROUP BY 1, 2 HAVING sum(x.quantity) <> 0",
        "SELECT count(*) FROM stock_month_end WHERE high_move_id > :since",
        _MONTH_ENDS_SINCE,
    ),
    Check(
        "serial numbers in stock equal the quantity they name",
        "SELECT count(*) FROM serial",
        "SELECT b.id, b.on_hand, count(s.id) AS serials FROM balance b JOIN product p ON p.id = b.product_id"
        " LEFT JOIN serial s ON s.balance_id = b.id AND s.state = 'in_stock' WHERE p.serial_control = 'full'"
        " GROUP BY b.id HAVING b.on_hand <> count(s.id)",
    ),
    Check(
        "a serial number stands where its last move put it, among its own goods",
        "SELECT count(*) FROM serial",
        "SELECT s.id, s.number, s.state, s.balance_id, l.to_balance_id AS moved_to FROM serial s"
        " LEFT JOIN balance b ON b.id = s.balance_id LEFT JOIN LATERAL (SELECT m.to_balance_id FROM serial_move m"
        " WHERE m.serial_id = s.id ORDER BY m.id DESC LIMIT 1) l ON true"
        " WHERE (s.state = 'in_stock') <> (s.balance_id IS NOT NULL) OR s.balance_id IS DISTINCT FROM l.to_balance_id"
        " OR b.product_id <> s.product_id OR b.owner_id <> s.owner_id",
    ),
    *CONVERTING,
    *replenishment.CHECKS,
    *relocating.CHECKS,
]
