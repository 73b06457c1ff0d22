"""Summary rows: what sells, is staged, is set aside and is promised, by product, changed by deltas; who waits or is
overdrawn is told.

`together` lets several postings and holds of one use case change the summaries once, at its end: the order of locks
(`wms.platform.locks`) does not let balances be locked after summaries.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from wms.core.refusals import Refused
from wms.inventory.events import AwaitedStockCame, FreeBelowZero
from wms.inventory.rules import Stock
from wms.platform.database import session
from wms.platform.events import record
from wms.platform.locks import Rank, claim
from wms.platform.statements import Statement


@dataclass(frozen=True)
class SummaryKey:
    warehouse_id: uuid.UUID
    owner_id: uuid.UUID
    product_id: uuid.UUID
    customs_status: str
    book_item_id: uuid.UUID | None

    def __hash__(self) -> int:
        """By what tells most keys apart, as `Stock` is."""
        return hash((self.warehouse_id.int, self.product_id.int))

    def in_order(self) -> tuple[int | str, ...]:
        """What keys are sorted by: the same order for everybody who makes rows."""
        item = self.book_item_id
        return (
            self.warehouse_id.int, self.owner_id.int, self.product_id.int, self.customs_status,
            -1 if item is None else item.int,
        )  # fmt: skip


class Change(NamedTuple):
    """What is added to each figure of a summary."""

    sellable: int = 0
    promised: int = 0
    staged: int = 0
    aside: int = 0


NOTHING = Change()
Deltas = Mapping[SummaryKey, Change]


def summary_key(stock: Stock) -> SummaryKey:
    return SummaryKey(stock.warehouse_id, stock.owner_id, stock.product_id, stock.customs_status, stock.book_item_id)


@dataclass(frozen=True)
class SummaryNow:
    """A summary row after a change."""

    id: int
    key: SummaryKey
    sellable: int
    promised: int

    @property
    def free(self) -> int:
        return self.sellable - self.promised


SUMMARY_KEYS = (
    "unnest(CAST(:warehouse_id AS uuid[]), CAST(:owner_id AS uuid[]), CAST(:product_id AS uuid[]),"
    " CAST(:customs_status AS text[]), CAST(:book_item_id AS uuid[]), CAST(:sellable AS int[]),"
    " CAST(:promised AS int[])) AS k(warehouse_id, owner_id, product_id, customs_status, book_item_id, sellable,"
    " promised)"
)
SUMMARY_MATCH = (
    "s.warehouse_id = k.warehouse_id AND s.owner_id = k.owner_id AND s.product_id = k.product_id"
    " AND s.customs_status = k.customs_status AND s.book_item_id IS NOT DISTINCT FROM k.book_item_id"
)
SUMMARY_COLUMNS = (
    "t.id, t.warehouse_id, t.owner_id, t.product_id, t.customs_status, t.book_item_id, t.sellable, t.promised"
)
_CHANGES = (
    "unnest(CAST(:warehouse_id AS uuid[]), CAST(:owner_id AS uuid[]), CAST(:product_id AS uuid[]),"
    " CAST(:customs_status AS text[]), CAST(:book_item_id AS uuid[]), CAST(:sellable AS int[]),"
    " CAST(:promised AS int[]), CAST(:staged AS int[]), CAST(:aside AS int[])) AS k(warehouse_id, owner_id, product_id,"
    " customs_status, book_item_id, sellable, promised, staged, aside)"
)
# Computed from `d`, read under the lock: see `wms.inventory.allocations` on old versions and CHECKs.
_CHANGE = Statement(
    "UPDATE summary AS t SET sellable = d.sellable, promised = d.promised, staged = d.staged, aside = d.aside FROM ("
    "SELECT s.id, s.sellable + k.sellable AS sellable, s.promised + k.promised AS promised,"
    " s.staged + k.staged AS staged, s.aside + k.aside AS aside FROM summary s"
    f" JOIN {_CHANGES} ON {SUMMARY_MATCH} ORDER BY s.id OFFSET 0 FOR NO KEY UPDATE OF s) AS d"
    f" WHERE t.id = d.id RETURNING {SUMMARY_COLUMNS}"
)
_INSERT = Statement(
    "INSERT INTO summary AS t (warehouse_id, owner_id, product_id, customs_status, book_item_id, sellable, promised,"
    f" staged, aside) SELECT k.* FROM {_CHANGES}"
    " ON CONFLICT (warehouse_id, owner_id, product_id, customs_status, book_item_id)"
    " DO UPDATE SET sellable = t.sellable + excluded.sellable, promised = t.promised + excluded.promised,"
    f" staged = t.staged + excluded.staged, aside = t.aside + excluded.aside RETURNING {SUMMARY_COLUMNS}"
)
_AWAITED = Statement(
    "SELECT DISTINCT a.warehouse_id, a.owner_id, a.product_id FROM awaited_stock a JOIN unnest("
    "CAST(:warehouse_id AS uuid[]), CAST(:owner_id AS uuid[]), CAST(:product_id AS uuid[]))"
    " AS k(warehouse_id, owner_id, product_id) USING (warehouse_id, owner_id, product_id)"
)


def summary_arrays(deltas: Deltas) -> dict[str, list[Any]]:
    keys = list(deltas)
    names = ("warehouse_id", "owner_id", "product_id", "customs_status", "book_item_id")
    arrays: dict[str, list[Any]] = {name: [getattr(key, name) for key in keys] for name in names}
    return arrays | {name: [getattr(deltas[key], name) for key in keys] for name in Change._fields}


def summary_now(row: Any) -> SummaryNow:
    key = SummaryKey(row.warehouse_id, row.owner_id, row.product_id, row.customs_status, row.book_item_id)
    return SummaryNow(row.id, key, row.sellable, row.promised)


class _Pending:
    """Changes gathered inside `together`."""

    def __init__(self) -> None:
        self.deltas: dict[SummaryKey, Change] = {}
        self.guarded: set[SummaryKey] = set()
        self.afterwards: list[Callable[[], None]] = []


@contextmanager
def together() -> Iterator[None]:
    """Postings and holds inside change the summaries at the end, in one go, and the customs book after them.

    For a use case that does several things to stock: pick what is there *and* doubt the bin.
    """
    info = session().info
    if "pending_summaries" in info:
        yield
        return
    pending = info["pending_summaries"] = _Pending()
    try:
        yield
    finally:
        del info["pending_summaries"]
    _apply(pending.deltas, pending.guarded)
    for action in pending.afterwards:
        action()


def after_summaries(action: Callable[[], None]) -> None:
    """Run what locks rows of a later rank: now, or at the end of `together`."""
    pending: _Pending | None = session().info.get("pending_summaries")
    if pending is None:
        action()
    else:
        pending.afterwards.append(action)


def change_summaries(deltas: Deltas, *, guarded: bool = False) -> None:
    """Add to the figures of each summary, making rows not seen before, and tell whom it concerns.

    `guarded`: an intended exit, which must leave what is promised. Refuses `stock_is_promised`.
    """
    pending: _Pending | None = session().info.get("pending_summaries")
    if pending is None:
        _apply(deltas, set(deltas) if guarded else set())
        return
    for key, delta in deltas.items():
        before = pending.deltas.get(key, NOTHING)
        pending.deltas[key] = Change(*(one + other for one, other in zip(before, delta, strict=True)))
    if guarded:
        pending.guarded |= deltas.keys()


def _apply(deltas: Deltas, guarded: set[SummaryKey]) -> None:
    real = {key: deltas[key] for key in sorted(deltas, key=SummaryKey.in_order) if deltas[key] != NOTHING}
    if not real:
        return
    claim(Rank.SUMMARY)
    changed = [summary_now(row) for row in _CHANGE.all(summary_arrays(real))]
    known = {each.key for each in changed}
    missing = {key: delta for key, delta in real.items() if key not in known}
    if missing:
        changed += [summary_now(row) for row in _INSERT.all(summary_arrays(missing))]
    grown: list[SummaryNow] = []
    for each in changed:
        more_free = real[each.key].sellable - real[each.key].promised
        if more_free < 0 and each.free < 0:
            if each.key in guarded:
                raise Refused("stock_is_promised", {"free": max(0, each.free - more_free)})
            _announce_overdrawn(each)
        elif more_free > 0:
            grown.append(each)
    _announce_stock(grown)


def _announce_stock(grown: Sequence[SummaryNow]) -> None:
    """Announce stock of products that somebody waits for."""
    if not grown:
        return
    names = ("warehouse_id", "owner_id", "product_id")
    awaited = _AWAITED.all({name: [getattr(each.key, name) for each in grown] for name in names})
    for row in awaited:
        record(AwaitedStockCame(subject_id=row.product_id, warehouse_id=row.warehouse_id, owner_id=row.owner_id))


def _announce_overdrawn(summary: SummaryNow) -> None:
    record(
        FreeBelowZero(
            subject_id=summary.key.product_id,
            warehouse_id=summary.key.warehouse_id,
            owner_id=summary.key.owner_id,
            summary_id=summary.id,
            free=summary.free,
        )
    )
