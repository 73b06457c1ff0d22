"""What stands in the bins of a move, the moves that wait, and the next of them."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from wms.core import clock
from wms.platform.statements import Statement


@dataclass(frozen=True)
class BinNow:
    """What stands in a bin: its products, and whether something there is in a container, held or under a count; `is_kept`: it is
    the fixed bin or pick face of a product.
    """

    code: str
    products: frozenset[uuid.UUID]
    in_containers: bool
    is_held: bool
    is_kept: bool
    is_active: bool


_BINS = Statement(
    "SELECT l.id, l.code, l.is_active, array_remove(array_agg(DISTINCT b.product_id), NULL) AS products,"
    " coalesce(bool_or(b.handling_unit_id IS NOT NULL), false) AS in_containers, coalesce(bool_or(b.held_by > 0), false)"
    "  AS is_held, EXISTS (SELECT 1 FROM fixed_bin x WHERE x.location_id = l.id) AS is_kept"
    " FROM location l LEFT JOIN balance b ON b.location_id = l.id AND b.is_there"
    " WHERE l.warehouse_id = :warehouse AND l.id = ANY(CAST(:bins AS uuid[])) GROUP BY l.id"
)


def bins(warehouse_id: uuid.UUID, bin_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, BinNow]:
    """These bins of a warehouse as they are now; not locked."""
    rows = _BINS.all({"warehouse": warehouse_id, "bins": list(bin_ids)})
    return {
        row.id: BinNow(
            row.code, frozenset(row.products), row.in_containers, row.is_held, row.is_kept, row.is_active
        )
        for row in rows
    }  # fmt: skip


_TASKS = (
    "SELECT t.id, t.warehouse_id, t.state, t.turn, t.saves_m, t.created_at, t.worker_id, t.lease_until, t.moved, t.came_back,"
    " t.product_id, t.partner_id, t.origin_id, t.target_id, a.code AS origin, a.barcode AS origin_barcode, z.code AS target,"
    " z.barcode AS target_barcode, p.sku, p.name_en, p.name_zh, p.owner_id, e.code AS seller, q.sku AS partner,"
    " q.owner_id AS partner_owner_id, u.name AS worker"
    " FROM move_task t JOIN location a ON a.id = t.origin_id JOIN location z ON z.id = t.target_id"
    " JOIN product p ON p.id = t.product_id JOIN seller e ON e.id = p.owner_id LEFT JOIN product q ON q.id = t.partner_id"
    " LEFT JOIN app_user u ON u.id = t.worker_id AND t.state = 'moving'"
)
_SEEN = Statement(f"{_TASKS} WHERE t.id = :task")
_LISTED = Statement(
    f"{_TASKS} WHERE t.warehouse_id = :warehouse AND t.state IN ('open', 'moving') ORDER BY t.created_at, t.turn, t.id LIMIT 200"
)


def seen(task_id: uuid.UUID) -> Any:
    """A move as a screen shows it; None when there is none."""
    return _SEEN.first({"task": task_id})


def listed(warehouse_id: uuid.UUID) -> Sequence[Any]:
    """The moves that wait or are made, in their order; the first 200."""
    return _LISTED.all({"warehouse": warehouse_id})


_TOUCHED = Statement(
    "SELECT t.origin_id, t.target_id FROM move_task t WHERE t.warehouse_id = :warehouse AND t.state IN ('open', 'moving')"
    " AND (t.origin_id = ANY(CAST(:bins AS uuid[])) OR t.target_id = ANY(CAST(:bins AS uuid[])))"
)


def touched(warehouse_id: uuid.UUID, bin_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Of these bins, and others, those of moves that wait or are made: none is missing, however many wait."""
    rows = _TOUCHED.all({"warehouse": warehouse_id, "bins": list(bin_ids)})
    return {bin_id for row in rows for bin_id in row}


_DONE = Statement(
    "SELECT count(*) AS moves, coalesce(sum(saves_m), 0)::float8 AS metres FROM move_task WHERE warehouse_id = :warehouse"
    " AND state = 'done' AND finished_at > CAST(:now AS timestamptz) - make_interval(days => :days)"
)


def done(warehouse_id: uuid.UUID, days: int) -> Any:
    """How many `moves` were made in the last days, and the `metres` a day that they were to save."""
    return _DONE.first({"warehouse": warehouse_id, "now": clock.now(), "days": days})


# Not before what was asked for earlier and touches one of its bins.
_UNBLOCKED = (
    " NOT EXISTS (SELECT 1 FROM move_task e WHERE e.warehouse_id = t.warehouse_id AND e.state IN ('open', 'moving')"
    " AND e.id <> ALL(CAST(:changed AS uuid[]))"
    " AND (e.created_at, e.turn, e.id) < (t.created_at, t.turn, t.id) AND (e.origin_id IN (t.origin_id, t.target_id)"
    "  OR e.target_id IN (t.origin_id, t.target_id)))"
)
NEXT = Statement(
    "SELECT t.id FROM move_task t WHERE t.warehouse_id = :warehouse AND t.state IN ('open', 'moving')"
    " AND (t.worker_id = :user OR t.lease_until IS NULL OR t.lease_until < :now) AND t.id <> ALL(CAST(:changed AS uuid[]))"
    f" AND {_UNBLOCKED}"
    " ORDER BY (t.worker_id IS NOT DISTINCT FROM CAST(:user AS uuid) AND t.state = 'moving') DESC,"
    " t.id = ANY(CAST(:but AS uuid[])), t.created_at, t.turn, t.id LIMIT 1 FOR NO KEY UPDATE OF t SKIP LOCKED"
)
# What was posted for a move and is still so.
POSTED = Statement(
    "SELECT p.id FROM stock_posting p WHERE p.subject_kind = 'move_task' AND p.subject_id = :task AND p.reverses_id IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM stock_posting r WHERE r.reverses_id = p.id)"
)
# Of which rows a move took how many units, as long as that is so.
TAKEN_FROM = Statement(
    "SELECT m.from_balance_id, m.quantity FROM stock_posting p JOIN stock_move m ON m.posting_id = p.id"
    " WHERE p.subject_kind = 'move_task' AND p.subject_id = :task AND p.reverses_id IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM stock_posting r WHERE r.reverses_id = p.id) ORDER BY m.id"
)
ASKED_AGAIN = Statement(
    "SELECT EXISTS (SELECT 1 FROM move_task t WHERE t.warehouse_id = :warehouse AND t.origin_id = :origin"
    " AND t.product_id = :product AND t.state IN ('open', 'moving'))"
)
WAITING = Statement("SELECT count(*) FROM move_task WHERE warehouse_id = :warehouse AND state IN ('open', 'moving')")
# What is in hand, by row.
RESERVED = Statement(
    "SELECT a.id, a.balance_id, a.open_quantity, b.product_id, b.location_id FROM allocation a JOIN balance b"
    " ON b.id = a.balance_id WHERE a.subject_kind = 'move_task' AND a.subject_id = :task AND a.open_quantity > 0 ORDER BY b.id"
)
ROWS_IN_HAND = Statement(
    "SELECT balance_id FROM allocation WHERE subject_kind = 'move_task' AND subject_id = ANY(CAST(:tasks AS uuid[]))"
    " AND open_quantity > 0"
)
# What can be taken of a product in a bin. `serials`: under full control a row goes as a whole.
FREE = Statement(
    "SELECT b.id, b.on_hand, b.on_hand - b.allocated AS free, p.serial_control = 'full' AS whole FROM balance b"
    " JOIN product p ON p.id = b.product_id WHERE b.location_id = :location AND b.product_id = :product"
    " AND b.warehouse_id = :warehouse AND b.handling_unit_id IS NULL AND b.held_by = 0 AND b.is_there ORDER BY b.id"
)
EXPIRED = Statement(
    "SELECT t.id FROM move_task t WHERE t.state = 'moving' AND t.lease_until < :now AND EXISTS (SELECT 1 FROM allocation a"
    " WHERE a.subject_kind = 'move_task' AND a.subject_id = t.id AND a.open_quantity > 0) ORDER BY t.id LIMIT 100"
)
