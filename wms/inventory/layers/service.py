"""The job that lets layers follow the ledger: settled moves, in their order, a batch in one transaction."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from wms.core import clock
from wms.core.ids import new_id
from wms.inventory import following
from wms.inventory.layers.rules import OpenLayer, Passed, Pool
from wms.platform.statements import Statement

NAME = "layers"
BATCH = 2_000  # moves in one transaction


class Key(NamedTuple):
    """Whose layers: a pool."""

    warehouse_id: uuid.UUID
    owner_id: uuid.UUID
    product_id: uuid.UUID
    book_item_id: uuid.UUID | None


_MOVES = Statement(
    "SELECT m.id, m.posting_id, m.warehouse_id, m.owner_id, m.product_id, m.book_item_id, m.quantity, p.reason,"
    " p.reverses_id, p.business_date, p.subject_kind, p.subject_id, fl.kind AS from_kind, tl.kind AS to_kind"
    " FROM (SELECT * FROM stock_move WHERE id > :after AND id <= :upto ORDER BY id LIMIT :limit) m"
    " JOIN stock_posting p ON p.id = m.posting_id"
    " LEFT JOIN balance f ON f.id = m.from_balance_id LEFT JOIN location fl ON fl.id = f.location_id"
    " LEFT JOIN balance t ON t.id = m.to_balance_id LEFT JOIN location tl ON tl.id = t.location_id ORDER BY m.id"
)
_KEYS = (
    "unnest(CAST(:warehouses AS uuid[]), CAST(:owners AS uuid[]), CAST(:products AS uuid[]), CAST(:items AS uuid[]))"
    " AS k(warehouse_id, owner_id, product_id, book_item_id)"
)
_MATCH = (
    "x.owner_id = k.owner_id AND x.product_id = k.product_id AND x.warehouse_id = k.warehouse_id"
    " AND x.book_item_id IS NOT DISTINCT FROM k.book_item_id"
)
_POOLS = Statement(
    f"SELECT x.warehouse_id, x.owner_id, x.product_id, x.book_item_id, x.fresh, x.away FROM {_KEYS}"
    f" JOIN layer_pool x ON {_MATCH}"
)
# Those that goods are left of, and those that a reversal may fill again.
_LAYERS = Statement(
    "SELECT x.id, x.warehouse_id, x.owner_id, x.product_id, x.book_item_id, x.opened_on, x.move_id, x.posting_id,"
    f" x.quantity, x.remaining FROM {_KEYS} JOIN stock_layer x ON {_MATCH} AND x.remaining > 0"
    " UNION SELECT x.id, x.warehouse_id, x.owner_id, x.product_id, x.book_item_id, x.opened_on, x.move_id, x.posting_id,"
    " x.quantity, x.remaining FROM layer_use u JOIN stock_layer x ON x.id = u.layer_id"
    " WHERE u.posting_id = ANY(CAST(:reversed AS uuid[])) ORDER BY 6, 7"
)
_TAKEN = Statement(
    "SELECT posting_id, layer_id, sum(quantity) AS quantity FROM layer_use"
    " WHERE posting_id = ANY(CAST(:reversed AS uuid[])) GROUP BY 1, 2"
)
_TOTALS = Statement(
    "SELECT posting_id, count(DISTINCT product_id) FILTER (WHERE to_party = 'conversion') AS consumed_kinds,"
    " count(DISTINCT product_id) FILTER (WHERE from_party = 'conversion') AS yielded_kinds,"
    " sum(quantity) FILTER (WHERE to_party = 'conversion') AS consumed,"
    " sum(quantity) FILTER (WHERE from_party = 'conversion') AS yielded FROM stock_move"
    " WHERE posting_id = ANY(CAST(:postings AS uuid[])) GROUP BY 1"
)
_WRITE_LAYERS = Statement(
    "INSERT INTO stock_layer AS s (id, warehouse_id, owner_id, product_id, book_item_id, opened_on, move_id, posting_id,"
    " subject_kind, subject_id, quantity, remaining, created_at) VALUES (:id, :warehouse_id, :owner_id, :product_id,"
    " :book_item_id, :opened_on, :move_id, :posting_id, :subject_kind, :subject_id, :quantity, :remaining, :now)"
)
_CHANGE_LAYERS = Statement("UPDATE stock_layer SET quantity = :quantity, remaining = :remaining WHERE id = :id")
_WRITE_USES = Statement(
    "INSERT INTO layer_use (layer_id, move_id, posting_id, quantity) VALUES (:layer_id, :move_id, :posting_id, :quantity)"
)
_WRITE_POOL = Statement(
    "INSERT INTO layer_pool (id, warehouse_id, owner_id, product_id, book_item_id, fresh, away) VALUES (:id,"
    " :warehouse_id, :owner_id, :product_id, :book_item_id, :fresh, :away)"
    " ON CONFLICT (owner_id, product_id, warehouse_id, book_item_id) DO UPDATE SET fresh = excluded.fresh,"
    " away = excluded.away"
)


def follow() -> int:
    """Let the layers follow the next settled moves; how many there were. Called first thing in a transaction."""
    after, upto = following.settled(NAME)
    if upto == after:
        return 0
    read = _MOVES.all({"after": after, "upto": upto, "limit": BATCH})
    moves = _whole_postings(read)
    if moves:
        _apply(moves)
    following.go_on(NAME, upto if len(read) < BATCH else moves[-1].id)
    return len(moves)


def _whole_postings(moves: list[Any]) -> list[Any]:
    """Without the moves from where a posting begins that may go on behind the batch."""
    if len(moves) < BATCH:
        return moves
    cut = next(place for place, move in enumerate(moves) if move.posting_id == moves[-1].posting_id)
    return moves[:cut] or moves


def _apply(moves: Sequence[Any]) -> None:
    keys = sorted({_key(move) for move in moves}, key=str)
    reversed_ids = sorted({move.reverses_id for move in moves if move.reverses_id is not None})
    pools = _read(keys, reversed_ids)
    before = {
        (id(pool), layer.id): (layer.quantity, layer.remaining) for pool in pools.values() for layer in pool.layers
    }
    taken: dict[uuid.UUID, dict[uuid.UUID, int]] = defaultdict(dict)
    for row in _TAKEN.all({"reversed": reversed_ids}) if reversed_ids else ():
        taken[row.posting_id][row.layer_id] = int(row.quantity)
    carrying = _carrying({move.posting_id for move in moves if move.reason == "convert"})
    carried: dict[uuid.UUID, list[tuple[date, int]]] = defaultdict(list)
    for move in moves:
        handed = carried.pop(move.posting_id, []) if move.from_kind is None and move.posting_id in carrying else []
        passed = Passed(
            move.id, move.posting_id, move.business_date, move.quantity, move.from_kind, move.to_kind, move.reverses_id,
            handed,
        )  # fmt: skip
        pool = pools[_key(move)]
        gone = pool.follow(passed, new_id(), _taken_of(pool, taken, move.reverses_id))
        if move.posting_id in carrying:
            carried[move.posting_id] += gone or _left(handed, move.quantity)
    _write(pools, before, {move.id: move for move in moves})


def _taken_of(
    pool: Pool, taken: Mapping[uuid.UUID, Mapping[uuid.UUID, int]], reverses_id: uuid.UUID | None
) -> dict[uuid.UUID, int]:
    """What a reversed posting took, as written before or in this very run."""
    if reverses_id is None:
        return {}
    found = dict(taken.get(reverses_id, {}))
    for use in pool.uses:
        if use.posting_id == reverses_id:
            found[use.layer.id] = found.get(use.layer.id, 0) + use.quantity
    return found


def _left(handed: Iterable[tuple[date, int]], used: int) -> list[tuple[date, int]]:
    """What a yielding leg did not need of the dates handed on."""
    left = []
    for day, share in handed:
        taken = min(share, used)
        used -= taken
        if share > taken:
            left.append((day, share - taken))
    return left


def _carrying(postings: set[uuid.UUID]) -> set[uuid.UUID]:
    """Conversions of one kind of goods into as many of another: relabels, lot corrections. What they yield is as old."""
    rows = _TOTALS.all({"postings": sorted(postings)}) if postings else []
    return {
        row.posting_id for row in rows if row.consumed_kinds == row.yielded_kinds == 1 and row.consumed == row.yielded
    }


def _key(row: Any) -> Key:
    return Key(row.warehouse_id, row.owner_id, row.product_id, row.book_item_id)


def _read(keys: Sequence[Key], reversed_ids: Sequence[uuid.UUID]) -> dict[Key, Pool]:
    parameters = {
        "warehouses": [key.warehouse_id for key in keys], "owners": [key.owner_id for key in keys],
        "products": [key.product_id for key in keys], "items": [key.book_item_id for key in keys],
    }  # fmt: skip
    pools = {key: Pool() for key in keys}
    for row in _POOLS.all(parameters):
        pools[_key(row)].fresh, pools[_key(row)].away = row.fresh, row.away
    for row in _LAYERS.all({**parameters, "reversed": list(reversed_ids)}):
        layer = OpenLayer(row.id, row.opened_on, row.move_id, row.posting_id, row.quantity, row.remaining)
        if _key(row) in pools:
            pools[_key(row)].layers.append(layer)
    return pools


def _write(
    pools: Mapping[Key, Pool], before: Mapping[tuple[int, uuid.UUID], tuple[int, int]], moves: Mapping[int, Any]
) -> None:
    now = clock.now()
    made, changed, uses, standing = [], [], [], []
    for key, pool in pools.items():
        standing.append({"id": new_id(), **key._asdict(), "fresh": pool.fresh, "away": pool.away})
        uses += [
            {"layer_id": use.layer.id, "move_id": use.move_id, "posting_id": use.posting_id, "quantity": use.quantity}
            for use in pool.uses
        ]
        for layer in pool.layers:
            figures = {"id": layer.id, "quantity": layer.quantity, "remaining": layer.remaining}
            if layer.is_new:
                opening = moves[layer.move_id]
                made.append(
                    {**figures, **key._asdict(), "opened_on": layer.opened_on, "move_id": layer.move_id, "now": now,
                     "posting_id": layer.posting_id, "subject_kind": opening.subject_kind,
                     "subject_id": opening.subject_id}
                )  # fmt: skip
            elif before[id(pool), layer.id] != (layer.quantity, layer.remaining):
                changed.append(figures)
    for statement, rows in (
        (_WRITE_LAYERS, made), (_CHANGE_LAYERS, changed), (_WRITE_USES, uses), (_WRITE_POOL, standing)
    ):  # fmt: skip
        if rows:
            statement.run_many(rows)
