"""Reads behind the pages of waves: why each bin, and what a shortage could be met with."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text

from wms.outbound.carts import Plan, Short
from wms.platform.database import session

LINES = 500


def lines_of(wave_id: uuid.UUID) -> Sequence[Row[Any]]:
    """The stops of a wave the caller has loaded, walk by walk in walking order, with the reason for each bin."""
    statement = text(
        "SELECT dense_rank() OVER (ORDER BY b.created_at, b.id) AS walk, t.walk_order AS turn, l.code AS location, p.sku,"
        " o.id AS order_id, o.number, t.quantity, t.picked, t.state, t.why, t.choices FROM pick_batch b"
        " JOIN pick_task t ON t.batch_id = b.id JOIN location l ON l.id = t.location_id"
        " JOIN product p ON p.id = t.product_id JOIN outbound_order o ON o.id = t.order_id WHERE b.wave_id = :wave"
        " ORDER BY b.created_at, b.id, t.walk_order, t.id LIMIT :limit"
    )
    return session().execute(statement, {"wave": wave_id, "limit": LINES}).all()


def shortages(warehouse_id: uuid.UUID, short: Sequence[Short]) -> Sequence[Row[Any]]:
    """By product: how many orders lack how many units, and where in the house there are some that do not sell now:
    waiting to be put away, held, or kept for other work.
    """
    if not short:
        return []
    statement = text(
        "SELECT p.id AS product_id, p.sku, s.code AS seller, count(*) AS orders, sum(k.missing) AS missing,"
        " array_agg(o.id ORDER BY o.number) AS order_ids,"
        " (SELECT coalesce(sum(b.on_hand), 0) FROM balance b JOIN location l ON l.id = b.location_id"
        "  WHERE b.warehouse_id = :warehouse AND b.product_id = p.id AND b.is_there AND l.kind IN ('dock', 'inspection',"
        "  'returns')) AS to_stow,"
        " (SELECT coalesce(sum(b.on_hand), 0) FROM balance b WHERE b.warehouse_id = :warehouse AND b.product_id = p.id"
        "  AND b.is_there AND b.held_by > 0) AS held,"
        " (SELECT coalesce(sum(b.allocated), 0) FROM balance b WHERE b.warehouse_id = :warehouse AND b.product_id = p.id"
        "  AND b.is_there AND b.is_sellable) AS kept"
        " FROM unnest(CAST(:orders AS uuid[]), CAST(:skus AS text[]), CAST(:missing AS int[])) AS k(order_id, sku, missing)"
        " JOIN outbound_order o ON o.id = k.order_id JOIN seller s ON s.id = o.owner_id"
        " JOIN product p ON p.owner_id = o.owner_id AND p.sku = k.sku GROUP BY p.id, p.sku, s.code ORDER BY orders DESC, p.sku"
    )
    parameters = {
        "warehouse": warehouse_id, "orders": [each.order_id for each in short], "skus": [each.sku for each in short],
        "missing": [each.missing for each in short],
    }  # fmt: skip
    return session().execute(statement, parameters).all()


def past_faces(plan: Plan) -> int:
    """Units that a plan takes out of reserve although their product has a pick face."""
    statement = text(
        "SELECT coalesce(sum(k.units), 0) FROM unnest(CAST(:rows AS bigint[]), CAST(:units AS int[])) AS k(row_id, units)"
        " JOIN balance b ON b.id = k.row_id JOIN location l ON l.id = b.location_id AND l.kind <> 'cross_dock'"
        " WHERE EXISTS (SELECT 1 FROM fixed_bin x WHERE x.warehouse_id = b.warehouse_id AND x.product_id = b.product_id"
        "  AND x.maximum IS NOT NULL) AND NOT EXISTS (SELECT 1 FROM fixed_bin x WHERE x.location_id = b.location_id"
        "  AND x.product_id = b.product_id AND x.maximum IS NOT NULL)"
    )
    parameters = {"rows": [stop.balance_id for stop in plan.stops], "units": [stop.units for stop in plan.stops]}
    return int(session().execute(statement, parameters).scalar_one())
