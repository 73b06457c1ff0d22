"""Invariants of conversions: each posting's legs match its recipe, each document what was promised to it and posted."""

from __future__ import annotations

from wms.platform.auditing import Check

_LEGS = (
    "SELECT coalesce(k.posting_id, m.posting_id) AS posting, coalesce(k.product_id, m.product_id) AS product,"
    " coalesce(k.is_yield, m.is_yield) AS is_yield, k.wanted, m.moved FROM (SELECT r.posting_id, l.is_yield, l.product_id,"
    "  l.units::bigint * r.batches AS wanted FROM posting_recipe r JOIN posting_recipe_leg l ON l.posting_id = r.posting_id) k"
    " FULL JOIN (SELECT m.posting_id, m.from_party IS NOT DISTINCT FROM 'conversion' AS is_yield, m.product_id,"
    "  sum(m.quantity) AS moved FROM stock_posting p JOIN stock_move m ON m.posting_id = p.id WHERE p.reason = 'convert'"
    "  GROUP BY 1, 2, 3) m ON m.posting_id = k.posting_id AND m.is_yield = k.is_yield AND m.product_id = k.product_id"
    " WHERE k.wanted IS DISTINCT FROM m.moved"
)
_KEPT = (
    "SELECT p.id, r.kind FROM stock_posting p JOIN posting_recipe r ON r.posting_id = p.id JOIN stock_move m"
    " ON m.posting_id = p.id JOIN balance b ON b.id = coalesce(m.from_balance_id, m.to_balance_id)"
    " GROUP BY p.id, r.kind HAVING count(DISTINCT b.customs_status) > 1"
    " OR count(DISTINCT b.owner_id) <> CASE r.kind WHEN 'owner' THEN 2 ELSE 1 END"
    " OR count(DISTINCT b.owner_id) FILTER (WHERE m.from_balance_id IS NOT NULL) > 1"
    " OR (count(DISTINCT b.condition) > 1 AND r.kind IN ('kit', 'unkit'))"
    " OR (r.kind = 'lot' AND count(DISTINCT b.product_id) > 1)"
    " OR (r.kind IN ('relabel', 'grade', 'owner') AND count(DISTINCT b.product_id) <> 2)"
)
_COUNTER_PARTY = (
    "SELECT m.id FROM stock_move m JOIN stock_posting p ON p.id = m.posting_id LEFT JOIN stock_posting u ON u.id ="
    " p.reverses_id WHERE 'conversion' IN (coalesce(m.from_party, ''), coalesce(m.to_party, ''))"
    " AND coalesce(u.reason, p.reason) <> 'convert'"
)

CHECKS = [
    Check(
        "a conversion names its recipe, and nothing else does",
        "SELECT count(*) FROM stock_posting WHERE reason = 'convert'",
        "SELECT p.id FROM stock_posting p LEFT JOIN posting_recipe r ON r.posting_id = p.id"
        " WHERE (p.reason = 'convert') <> (r.posting_id IS NOT NULL)",
    ),
    Check("the legs of a conversion match its recipe", "SELECT count(*) FROM posting_recipe_leg", _LEGS),
    Check("a conversion changes only what its kind changes", "SELECT count(*) FROM posting_recipe", _KEPT),
    Check(
        "only conversions use their counter-party",
        "SELECT count(*) FROM stock_move",
        _COUNTER_PARTY,
        "SELECT count(*) FROM stock_move WHERE id > :since",
        f"{_COUNTER_PARTY} AND m.id > :since",
    ),
    Check(
        "a conversion is as far as its postings",
        "SELECT count(*) FROM conversion",
        "SELECT c.id, c.state, c.done, coalesce(sum(r.batches), 0) AS posted FROM conversion c LEFT JOIN stock_posting p"
        " ON p.subject_kind = 'conversion' AND p.subject_id = c.id AND p.reason = 'convert' AND (c.state <> 'undone'"
        " OR NOT EXISTS (SELECT 1 FROM stock_posting u WHERE u.reverses_id = p.id))"
        " LEFT JOIN posting_recipe r ON r.posting_id = p.id GROUP BY c.id"
        " HAVING coalesce(sum(r.batches), 0) <> CASE c.state WHEN 'undone' THEN 0 ELSE c.done END",
    ),
    Check(
        "a conversion is promised what is still to be made of it",
        "SELECT count(*) FROM conversion_part",
        "SELECT t.id, c.state, coalesce(p.q, 0) AS promised FROM conversion_part t JOIN conversion c ON c.id ="
        " t.conversion_id LEFT JOIN (SELECT subject_id, sum(open_quantity) AS q FROM promise WHERE subject_kind ="
        "  'conversion' GROUP BY 1) p ON p.subject_id = t.id WHERE coalesce(p.q, 0) <> CASE"
        " WHEN c.state IN ('offered', 'open') AND NOT t.is_yield THEN t.units * (c.quantity - c.done) ELSE 0 END",
    ),
]
