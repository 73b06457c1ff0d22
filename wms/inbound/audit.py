"""Invariants of inbound, recomputed: lines against postings, cartons against lines, bookings against cartons."""

from __future__ import annotations

from wms.inbound.queries.lots import OTHERS
from wms.platform.auditing import Check

# Units that a carton's postings brought in or took back, by product and condition.
_RECEIVED = (
    "SELECT p.subject_id AS carton_id, m.product_id,"
    " sum(CASE WHEN m.to_balance_id IS NOT NULL THEN m.quantity ELSE -m.quantity END)"
    "  FILTER (WHERE b.condition = 'good') AS good,"
    " sum(CASE WHEN m.to_balance_id IS NOT NULL THEN m.quantity ELSE -m.quantity END)"
    "  FILTER (WHERE b.condition <> 'good') AS damaged,"
    " sum(CASE WHEN m.to_balance_id IS NOT NULL THEN m.quantity ELSE -m.quantity END)"
    "  FILTER (WHERE coalesce(m.from_party, m.to_party) = 'adjustment') AS unaccounted"
    " FROM stock_posting p JOIN stock_move m ON m.posting_id = p.id"
    " JOIN balance b ON b.id = coalesce(m.to_balance_id, m.from_balance_id)"
    " WHERE p.subject_kind = 'carton' AND coalesce(m.from_party, m.to_party) IN ('supplier', 'transit', 'adjustment')"
    " GROUP BY 1, 2"
)
# Units put away less those taken back into the carton.
_PUT_AWAY = (
    "SELECT p.subject_id AS carton_id, m.product_id,"
    " sum(CASE WHEN p.reason = 'putaway' THEN m.quantity ELSE -m.quantity END) AS quantity"
    " FROM stock_posting p JOIN stock_move m ON m.posting_id = p.id WHERE p.subject_kind = 'carton'"
    " AND m.from_balance_id IS NOT NULL AND m.to_balance_id IS NOT NULL GROUP BY 1, 2"
)
# `rules.booking_state` once more, in SQL.
_COMPUTED = (
    "CASE WHEN b.own_state IN ('draft', 'cancelled') THEN b.own_state"
    " WHEN count(c.id) = 0 THEN b.own_state"
    " WHEN bool_and(c.state IN ('stowed', 'missing')) THEN 'completed'"
    " WHEN bool_and(c.state IN ('declared', 'missing')) THEN b.own_state"
    " WHEN bool_and(c.state IN ('declared', 'arrived', 'missing')) THEN 'arrived'"
    " WHEN bool_or(c.state IN ('declared', 'arrived', 'counting')) THEN 'receiving'"
    " WHEN bool_and(c.state IN ('counted', 'missing')) THEN 'received' ELSE 'putaway' END"
)

# Of cartons that were counted blind and closed so: what was posted beside what the count that held said.
_BLIND = (
    "SELECT k.id, k.product_id, sum(k.posted) AS posted, sum(k.tallied) AS tallied FROM ("
    "SELECT c.id, r.product_id, r.quantity AS posted, 0 AS tallied FROM carton c JOIN receipt r ON r.carton_id = c.id"
    " AND r.undone_by IS NULL WHERE c.counting = 'blind'"
    " UNION ALL SELECT c.id, t.product_id, 0, t.quantity FROM carton c JOIN carton_tally t ON t.carton_id = c.id"
    " AND NOT t.is_taken_back AND t.is_second = (c.recount_at IS NOT NULL)"
    " WHERE c.counting = 'blind' AND c.counted_at IS NOT NULL) k"
    " GROUP BY 1, 2 HAVING sum(k.posted) <> sum(k.tallied)"
)

# Units of lots and with numbers that were not announced, less those that are too many anyway (`wms.inbound.lots`).
_WITH_LOTS = (
    f"JOIN (SELECT o.line, sum(o.more) AS more FROM ({OTHERS.format(which='')}) o GROUP BY 1) o ON o.line = e.id"
    " AND EXISTS (SELECT 1 FROM announced_lot a WHERE a.carton_line_id = e.id"
    "  AND (a.batch IS NOT NULL OR a.made_on IS NOT NULL OR a.expires_on IS NOT NULL))"
)
_MORE_LOTS = "o.more - greatest(0, e.received - e.declared)"
_WITH_NUMBERS = (
    "JOIN (SELECT r.carton_line_id AS line, count(DISTINCT s.number) AS more FROM receipt r JOIN carton_line l"
    " ON l.id = r.carton_line_id JOIN serial_move m ON m.posting_id = r.posting_id AND m.from_balance_id IS NULL"
    " JOIN serial s ON s.id = m.serial_id AND s.product_id = l.product_id WHERE r.undone_by IS NULL"
    " AND EXISTS (SELECT 1 FROM announced_lot a WHERE a.carton_line_id = l.id AND a.serial_numbers <> '{}')"
    " AND NOT EXISTS (SELECT 1 FROM announced_lot a WHERE a.carton_line_id = l.id"
    "  AND s.number = ANY(a.serial_numbers)) GROUP BY 1) n ON n.line = e.id"
)
_MORE_NUMBERS = "n.more - greatest(0, e.received - e.declared)"

CHECKS = [
    Check(
        "announced lots add up to their line",
        "SELECT count(*) FROM announced_lot",
        "SELECT l.id, l.declared, sum(a.quantity) AS announced FROM announced_lot a JOIN carton_line l"
        " ON l.id = a.carton_line_id GROUP BY l.id HAVING sum(a.quantity) <> l.declared",
    ),
    Check(
        "what a blind count said is what was received, and nothing before it was closed",
        "SELECT count(*) FROM carton WHERE counting = 'blind'",
        _BLIND,
    ),
    Check(
        "received per carton line equals its postings",
        "SELECT count(*) FROM carton_line",
        "SELECT l.id, l.received_good, l.received_damaged, l.unaccounted, r.good, r.damaged,"
        f" r.unaccounted AS posted FROM carton_line l FULL JOIN ({_RECEIVED}) r"
        " ON r.carton_id = l.carton_id AND r.product_id = l.product_id"
        " WHERE coalesce(l.received_good, 0) <> coalesce(r.good, 0)"
        " OR coalesce(l.received_damaged, 0) <> coalesce(r.damaged, 0)"
        " OR coalesce(l.unaccounted, 0) <> coalesce(r.unaccounted, 0)",
    ),
    Check(
        "received per carton line equals its open receipts",
        "SELECT count(*) FROM receipt",
        "SELECT l.id, l.received_good, l.received_damaged, l.unlabelled, l.mixed, r.good, r.damaged,"
        " r.unlabelled AS without, r.mixed AS among FROM carton_line l LEFT JOIN ("
        "SELECT carton_line_id, sum(quantity) FILTER (WHERE condition = 'good') AS good,"
        " sum(quantity) FILTER (WHERE condition <> 'good') AS damaged,"
        " sum(quantity) FILTER (WHERE finding = 'unlabelled') AS unlabelled,"
        " sum(quantity) FILTER (WHERE finding = 'mixed') AS mixed FROM receipt WHERE undone_by IS NULL"
        " GROUP BY 1) r ON r.carton_line_id = l.id WHERE l.received_good <> coalesce(r.good, 0)"
        " OR l.received_damaged <> coalesce(r.damaged, 0) OR l.unlabelled <> coalesce(r.unlabelled, 0)"
        " OR l.mixed <> coalesce(r.mixed, 0)",
    ),
    Check(
        "put away per carton line equals its postings and stays within received",
        "SELECT count(*) FROM carton_line",
        f"SELECT l.id, l.put_away, p.quantity AS posted FROM carton_line l FULL JOIN ({_PUT_AWAY}) p"
        " ON p.carton_id = l.carton_id AND p.product_id = l.product_id"
        " WHERE coalesce(l.put_away, 0) <> coalesce(p.quantity, 0)"
        " OR l.put_away + l.unaccounted > l.received_good + l.received_damaged",
    ),
    Check(
        "a carton's state agrees with its lines",
        "SELECT count(*) FROM carton",
        "SELECT c.id, c.state, sum(l.received_good + l.received_damaged) AS received, sum(l.put_away) AS put_away"
        " FROM carton c JOIN carton_line l ON l.carton_id = c.id GROUP BY c.id HAVING"
        " (c.state IN ('declared', 'missing', 'arrived') AND sum(l.received_good + l.received_damaged) > 0)"
        " OR (c.state NOT IN ('stowing', 'stowed') AND sum(l.put_away) > 0)"
        " OR (c.state = 'stowing' AND sum(l.put_away) = 0)",
    ),
    Check(
        "a stowed carton is empty",
        "SELECT count(*) FROM carton WHERE state = 'stowed'",
        # unless it was put away as it is: then its container is nobody's document
        "SELECT c.id, b.id AS balance_id, b.on_hand FROM carton c JOIN balance b"
        " ON b.handling_unit_id = c.handling_unit_id JOIN handling_unit u ON u.id = c.handling_unit_id"
        " WHERE c.state = 'stowed' AND b.on_hand > 0 AND u.subject_kind = 'carton'",
    ),
    Check(
        "until it is stowed a carton's container is its own",
        "SELECT count(*) FROM carton WHERE handling_unit_id IS NOT NULL AND state <> 'stowed'",
        "SELECT c.id, c.state, u.subject_kind, u.subject_id FROM carton c JOIN handling_unit u"
        " ON u.id = c.handling_unit_id WHERE c.state <> 'stowed' AND (u.subject_kind IS DISTINCT FROM 'carton'"
        " OR u.subject_id IS DISTINCT FROM c.id)",
    ),
    Check(
        "differences are what lines and states say",
        "SELECT count(*) FROM difference",
        "WITH e AS (SELECT l.id, l.declared, l.received_good + l.received_damaged AS received, l.received_damaged,"
        " l.unlabelled, l.mixed,"
        " c.state IN ('counted', 'stowing', 'stowed', 'missing') AS closed, l.declared > 0 OR EXISTS (SELECT 1"
        " FROM carton_line o WHERE o.booking_id = l.booking_id AND o.product_id = l.product_id AND o.declared > 0)"
        " AS known FROM carton_line l JOIN carton c ON c.id = l.carton_id),"
        " w AS (SELECT id, 'over' AS kind, received - declared AS quantity FROM e WHERE received > declared AND known"
        " UNION ALL SELECT id, 'wrong', received - declared FROM e WHERE received > declared AND NOT known"
        " UNION ALL SELECT id, 'short', declared - received FROM e WHERE received < declared AND closed"
        " UNION ALL SELECT id, 'damaged', received_damaged FROM e WHERE received_damaged > 0"
        " UNION ALL SELECT id, 'unlabelled', unlabelled FROM e WHERE unlabelled > 0"
        " UNION ALL SELECT id, 'mixed', mixed FROM e WHERE mixed > 0"
        f" UNION ALL SELECT e.id, 'other_lot', {_MORE_LOTS} FROM e {_WITH_LOTS} WHERE e.closed AND {_MORE_LOTS} > 0"
        f" UNION ALL SELECT e.id, 'other_serial', {_MORE_NUMBERS} FROM e {_WITH_NUMBERS}"
        f"  WHERE e.closed AND {_MORE_NUMBERS} > 0)"
        " SELECT coalesce(w.id, d.carton_line_id) AS id, coalesce(w.kind, d.kind) AS kind, w.quantity,"
        " d.quantity AS noted FROM w FULL JOIN difference d ON d.carton_line_id = w.id AND d.kind = w.kind"
        " WHERE w.quantity IS DISTINCT FROM d.quantity",
    ),
    Check(
        "a difference is the seller's from the moment its carton is closed",
        "SELECT count(*) FROM difference",
        "SELECT d.id, d.state, c.state AS carton FROM difference d JOIN carton c ON c.id = d.carton_id"
        " WHERE (d.state = 'noted') = (c.state IN ('counted', 'stowing', 'stowed', 'missing'))",
    ),
    Check(
        "a settled difference took as many units as it is",
        "SELECT count(*) FROM difference WHERE posting_id IS NOT NULL",
        "SELECT d.id, d.quantity, t.units FROM difference d LEFT JOIN (SELECT p.id, p.subject_id, sum(m.quantity)"
        "  AS units FROM stock_posting p JOIN stock_move m ON m.posting_id = p.id WHERE p.subject_kind = 'difference'"
        "  AND m.from_balance_id IS NOT NULL GROUP BY 1, 2) t ON t.id = d.posting_id AND t.subject_id = d.id"
        " WHERE d.posting_id IS NOT NULL AND d.quantity IS DISTINCT FROM t.units",
    ),
    Check(
        "a carton with an open inspection is held, counted and not put away",
        "SELECT count(*) FROM inspection WHERE state = 'open'",
        "SELECT i.id, c.state, h.ended_at FROM inspection i JOIN carton c ON c.id = i.carton_id"
        " JOIN stock_hold h ON h.id = i.hold_id WHERE i.state = 'open' AND (c.state <> 'counted'"
        " OR h.ended_at IS NOT NULL OR h.scope_key <> c.handling_unit_id::text)",
    ),
    Check(
        "an inspection took out of good what failed",
        "SELECT count(*) FROM inspection WHERE state = 'failed'",
        "SELECT i.id, i.failed, t.units FROM inspection i LEFT JOIN (SELECT p.id, p.subject_id, sum(m.quantity) AS units"
        "  FROM stock_posting p JOIN stock_move m ON m.posting_id = p.id WHERE p.subject_kind = 'inspection'"
        "  GROUP BY 1, 2) t ON t.id = i.posting_id AND t.subject_id = i.id WHERE i.failed <> coalesce(t.units, 0)",
    ),
    Check(
        "a booking is closed when it is complete and nothing that differs waits",
        "SELECT count(*) FROM booking",
        "SELECT b.id, b.state, b.closed_at FROM booking b WHERE (b.closed_at IS NOT NULL) <> (b.state = 'completed'"
        " AND NOT EXISTS (SELECT 1 FROM difference d WHERE d.booking_id = b.id AND d.state <> 'settled'))",
    ),
    Check(
        "a booking's state is the function of its cartons",
        "SELECT count(*) FROM booking",
        f"SELECT b.id, b.state, {_COMPUTED} AS computed FROM booking b"
        " LEFT JOIN carton c ON c.booking_id = b.id"
        f" GROUP BY b.id HAVING b.state <> {_COMPUTED}",
    ),
    Check(
        "a booking has its cartons, numbered from 1",
        "SELECT count(*) FROM booking",
        "SELECT b.id, b.carton_count, count(c.id) AS cartons, max(c.number) AS last FROM booking b"
        " LEFT JOIN carton c ON c.booking_id = b.id GROUP BY b.id"
        " HAVING count(c.id) <> b.carton_count OR coalesce(max(c.number), 0) <> b.carton_count",
    ),
    Check(
        "no posting, container, serial number or fact names a booking or carton that is not there",
        "SELECT count(*) FROM stock_posting WHERE subject_kind IN ('booking', 'carton', 'difference')",
        "SELECT s.place, s.id, s.subject_kind, s.subject_id FROM ("
        " SELECT 'posting' AS place, id::text, subject_kind, subject_id FROM stock_posting"
        " UNION ALL SELECT 'unit', id::text, subject_kind, subject_id FROM handling_unit"
        " UNION ALL SELECT 'event', id::text, subject_kind, subject_id FROM event) s"
        " LEFT JOIN booking b ON s.subject_kind = 'booking' AND b.id = s.subject_id"
        " LEFT JOIN carton c ON s.subject_kind = 'carton' AND c.id = s.subject_id"
        " LEFT JOIN difference d ON s.subject_kind = 'difference' AND d.id = s.subject_id"
        " WHERE s.subject_kind IN ('booking', 'carton', 'difference') AND b.id IS NULL AND c.id IS NULL"
        " AND d.id IS NULL",
    ),
]
