"""What must hold of walks to pick faces: their reservations are theirs, and nothing else is reserved inside the house."""

from __future__ import annotations

from wms.platform.auditing import Check

CHECKS = [
    Check(
        "a walk to a pick face reserves what is left to bring, and one that is over nothing",
        "SELECT count(*) FROM replenish_task",
        "SELECT t.id, t.state, t.quantity, t.moved, a.open_quantity, a.broken_quantity FROM replenish_task t"
        " JOIN allocation a ON a.id = t.allocation_id WHERE a.balance_id <> t.balance_id OR a.subject_kind <> 'replenish'"
        " OR a.subject_id <> t.id OR a.purpose IS DISTINCT FROM 'replenishment' OR CASE WHEN t.state IN ('open', 'walking')"
        "  THEN a.open_quantity + a.broken_quantity + t.moved <> t.quantity ELSE a.open_quantity <> 0 END",
    ),
    Check(
        "what is claimed without a promise is reserved by an open walk",
        "SELECT count(*) FROM allocation WHERE promise_id IS NULL",
        "SELECT a.balance_id, sum(a.open_quantity) AS reserved, coalesce(sum(a.open_quantity) FILTER (WHERE t.id IS NOT"
        " NULL), 0) AS of_walks FROM allocation a LEFT JOIN replenish_task t ON t.allocation_id = a.id"
        " AND t.state IN ('open', 'walking') WHERE a.promise_id IS NULL AND a.purpose = 'replenishment'"
        " AND a.open_quantity > 0 GROUP BY 1 HAVING count(*) > count(t.id)",
    ),
    Check(
        "a walk brings a product's goods from reserve of its own warehouse and owner",
        "SELECT count(*) FROM replenish_task",
        "SELECT t.id FROM replenish_task t JOIN balance b ON b.id = t.balance_id JOIN location l ON l.id = t.location_id"
        " WHERE b.product_id <> t.product_id OR b.owner_id <> t.owner_id OR b.warehouse_id <> t.warehouse_id"
        " OR l.warehouse_id <> t.warehouse_id OR b.location_id = t.location_id",
    ),
]
