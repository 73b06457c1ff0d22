"""Order-level claims (占用). Promised never exceeds sellable at the moment of promising, whatever the concurrency.

A *pool* promise is one conditional UPDATE over its summary rows, without a prior read, rows locked by id inside the
statement; in a bonded warehouse it also takes the quantity from the customs book. A *pinned* promise (a lot, a
handling unit, a condition) allocates its balance rows in the same transaction.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import text

from wms.core import clock
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.inventory.allocations import Candidate, claim_rows, release_of_promises
from wms.inventory.balances import (
    SUMMARY_COLUMNS,
    SUMMARY_KEYS,
    SUMMARY_MATCH,
    SummaryKey,
    change_summaries,
    summary_arrays,
    summary_now,
)
from wms.inventory.ledger import announce_stock
from wms.inventory.rules import BONDED, GOOD, NO_STATUS
from wms.platform.database import session
from wms.platform.locks import Rank, claim


@dataclass(frozen=True)
class Pin:
    """What a line names more narrowly than its product. Empty fields do not matter."""

    lot_id: uuid.UUID | None = None
    handling_unit_id: uuid.UUID | None = None
    location_id: uuid.UUID | None = None
    condition: str = GOOD
    min_expires_on: date | None = None


@dataclass(frozen=True)
class PromiseDraft:
    """One line to promise. `bonded` lines also claim the customs book."""

    subject_kind: str
    subject_id: uuid.UUID
    warehouse_id: uuid.UUID
    owner_id: uuid.UUID
    product_id: uuid.UUID
    quantity: int
    bonded: bool = False
    pin: Pin | None = None
    priority: int = 0


@dataclass(frozen=True)
class Promised:
    """A line's promise; a bonded line may be split over several book items."""

    subject_id: uuid.UUID
    promise_id: uuid.UUID
    quantity: int
    book_item_id: uuid.UUID | None


@dataclass
class _Share:
    draft: PromiseDraft
    key: SummaryKey
    quantity: int
    promise_id: uuid.UUID = field(default_factory=new_id)


def promise(drafts: Sequence[PromiseDraft]) -> list[Promised]:
    """Promise all lines or none. Refuses `stock_short` naming every short line: `{"subject_id", "wanted", "free"}`."""
    pinned = [draft for draft in drafts if draft.pin is not None]
    pooled = [draft for draft in drafts if draft.pin is None]
    rows_of = _pin(pinned) if pinned else {}
    shares = [_Share(draft, _pool_key(draft), draft.quantity) for draft in pooled if not draft.bonded]
    for draft in pooled:
        if draft.bonded:
            shares += _split_over_book(draft)
    pinned_shares = [share for draft in pinned for share in _pinned_shares(draft, rows_of[draft.subject_id])]
    summary_ids = _claim_summaries(shares + [share for share in pinned_shares if _counts(share)], drafts)
    _claim_book(shares + pinned_shares, drafts)
    everything = shares + pinned_shares
    _insert(everything, summary_ids | _summary_ids([s for s in pinned_shares if not _counts(s)]))
    for draft in pinned:
        own = [share for share in pinned_shares if share.draft is draft]
        _insert_pinned_allocations(draft, own, rows_of[draft.subject_id])
    return [Promised(s.draft.subject_id, s.promise_id, s.quantity, s.key.book_item_id) for s in everything]


def _pool_key(draft: PromiseDraft, book_item_id: uuid.UUID | None = None) -> SummaryKey:
    status = BONDED if draft.bonded else NO_STATUS
    return SummaryKey(draft.warehouse_id, draft.owner_id, draft.product_id, status, book_item_id)


_CONDITIONAL = text(
    "UPDATE summary AS t SET promised = t.promised + d.promised"
    f" FROM (SELECT s.id, k.promised FROM summary s JOIN {SUMMARY_KEYS} ON {SUMMARY_MATCH}"
    " ORDER BY s.id FOR UPDATE OF s) AS d WHERE t.id = d.id AND t.sellable - t.promised >= d.promised"
    " RETURNING " + ", ".join(f"t.{name}" for name in SUMMARY_COLUMNS.split(", "))
)


def _claim_summaries(shares: Sequence[_Share], drafts: Sequence[PromiseDraft]) -> dict[SummaryKey, int]:
    """The conditional UPDATE; refuses when any key is short (the caller's savepoint undoes the rest)."""
    wanted: dict[SummaryKey, int] = defaultdict(int)
    for share in shares:
        wanted[share.key] += share.quantity
    if not wanted:
        return {}
    claim(Rank.SUMMARY)
    arrays = summary_arrays({key: (0, quantity) for key, quantity in wanted.items()})
    rows = [summary_now(row) for row in session().execute(_CONDITIONAL, arrays)]
    if len(rows) != len(wanted):
        _refuse_short(drafts)
    return {row.key: row.id for row in rows}


def _refuse_short(drafts: Sequence[PromiseDraft]) -> None:
    """Name every line that cannot be had, not just the first."""
    free = free_by_product([(draft.warehouse_id, draft.owner_id, draft.product_id) for draft in drafts])
    wanted: dict[tuple[uuid.UUID, uuid.UUID, uuid.UUID], int] = defaultdict(int)
    for draft in drafts:
        wanted[(draft.warehouse_id, draft.owner_id, draft.product_id)] += draft.quantity
    short = [
        {"subject_id": str(draft.subject_id), "wanted": draft.quantity, "free": max(0, free.get(key, 0))}
        for draft in drafts
        if wanted[key := (draft.warehouse_id, draft.owner_id, draft.product_id)] > free.get(key, 0)
    ]
    if not short:  # enough units, but not of the pinned kind, or not on the customs book
        short = [{"subject_id": str(draft.subject_id), "wanted": draft.quantity, "free": 0} for draft in drafts]
    raise Refused("stock_short", {"lines": short})


_FREE = text(
    "SELECT s.warehouse_id, s.owner_id, s.product_id, sum(s.sellable - s.promised) AS free FROM summary s"
    " JOIN unnest(CAST(:warehouse AS uuid[]), CAST(:owner AS uuid[]), CAST(:product AS uuid[]))"
    " AS k(w, o, p) ON s.warehouse_id = k.w AND s.owner_id = k.o AND s.product_id = k.p"
    " WHERE s.customs_status IN ('none', 'bonded') GROUP BY 1, 2, 3"
)


def free_by_product(
    keys: Sequence[tuple[uuid.UUID, uuid.UUID, uuid.UUID]],
) -> dict[tuple[uuid.UUID, uuid.UUID, uuid.UUID], int]:
    """Free (sellable - promised) by (warehouse, owner, product). May be negative after a loss."""
    unique = sorted(set(keys))
    parameters = {
        "warehouse": [key[0] for key in unique],
        "owner": [key[1] for key in unique],
        "product": [key[2] for key in unique],
    }
    rows = session().execute(_FREE, parameters)
    return {(row.warehouse_id, row.owner_id, row.product_id): int(row.free) for row in rows}


_BOOK_CANDIDATES = text(
    "SELECT s.book_item_id, s.sellable - s.promised AS free,"
    " b.booked - b.pre_deducted - b.promised AS book_free FROM summary s JOIN book_item b ON b.id = s.book_item_id"
    " WHERE s.warehouse_id = :warehouse AND s.owner_id = :owner AND s.product_id = :product"
    " AND s.customs_status = 'bonded' AND s.sellable > s.promised AND b.booked - b.pre_deducted > b.promised"
    " ORDER BY b.created_at, b.id"
)


def _split_over_book(draft: PromiseDraft) -> list[_Share]:
    """One line one item where one item covers it; the oldest items first where it must be split."""
    parameters = {"warehouse": draft.warehouse_id, "owner": draft.owner_id, "product": draft.product_id}
    rows = session().execute(_BOOK_CANDIDATES, parameters).all()
    candidates = [(row.book_item_id, min(row.free, row.book_free)) for row in rows]
    whole = next((item for item, free in candidates if free >= draft.quantity), None)
    if whole is not None:
        return [_Share(draft, _pool_key(draft, whole), draft.quantity)]
    shares: list[_Share] = []
    left = draft.quantity
    for item, free in candidates:
        taken = min(free, left)
        if taken > 0:
            shares.append(_Share(draft, _pool_key(draft, item), taken))
            left -= taken
    if left > 0:
        _refuse_short([draft])
    return shares


_CLAIM_BOOK = text(
    "UPDATE book_item SET promised = promised + :quantity WHERE id = :id"
    " AND booked - pre_deducted - promised >= :quantity RETURNING id"
)


def _claim_book(shares: Sequence[_Share], drafts: Sequence[PromiseDraft]) -> None:
    wanted: dict[uuid.UUID, int] = defaultdict(int)
    for share in shares:
        if share.key.book_item_id is not None:
            wanted[share.key.book_item_id] += share.quantity
    if not wanted:
        return
    claim(Rank.BOOK_ITEM)
    for item in sorted(wanted):
        if session().execute(_CLAIM_BOOK, {"id": item, "quantity": wanted[item]}).scalar() is None:
            _refuse_short(drafts)


def _pin(drafts: Sequence[PromiseDraft]) -> dict[uuid.UUID, list[tuple[Candidate, int]]]:
    """Choose and claim the balance rows of pinned lines, first expiring first; refuses when they do not suffice."""
    wanted = [
        (draft.subject_id, _candidates(draft), draft.quantity) for draft in sorted(drafts, key=lambda d: d.subject_id)
    ]
    chosen = claim_rows(wanted)
    if chosen is None:
        _refuse_short(drafts)
        raise AssertionError("unreachable")
    return chosen


_PINNED_ROWS = text(
    "SELECT b.id, b.on_hand - b.allocated AS free, b.is_sellable, b.customs_status, b.book_item_id FROM balance b"
    " LEFT JOIN lot ON lot.id = b.lot_id JOIN location l ON l.id = b.location_id"
    " WHERE b.warehouse_id = :warehouse AND b.owner_id = :owner AND b.product_id = :product"
    " AND b.condition = :condition AND b.held_by = 0 AND b.on_hand > b.allocated"
    " AND l.kind NOT IN ('tote', 'packing', 'gate', 'unaccounted')"
    " AND (CAST(:lot AS uuid) IS NULL OR b.lot_id = :lot)"
    " AND (CAST(:unit AS uuid) IS NULL OR b.handling_unit_id = :unit)"
    " AND (CAST(:location AS uuid) IS NULL OR b.location_id = :location)"
    " AND (CAST(:min_expiry AS date) IS NULL OR lot.expires_on >= :min_expiry)"
    " AND (b.condition <> 'good' OR b.is_sellable) AND b.customs_status = :status"
    " ORDER BY lot.expires_on NULLS LAST, b.oldest_at NULLS LAST, l.walk_order, b.id LIMIT 200"
)


def _candidates(draft: PromiseDraft) -> list[Candidate]:
    assert draft.pin is not None
    parameters: dict[str, Any] = {
        "warehouse": draft.warehouse_id,
        "owner": draft.owner_id,
        "product": draft.product_id,
        "condition": draft.pin.condition,
        "lot": draft.pin.lot_id,
        "unit": draft.pin.handling_unit_id,
        "location": draft.pin.location_id,
        "min_expiry": draft.pin.min_expires_on,
        "status": BONDED if draft.bonded else NO_STATUS,
    }
    rows = session().execute(_PINNED_ROWS, parameters)
    return [Candidate(row.id, row.free, row.is_sellable, row.book_item_id) for row in rows]


def _pinned_shares(draft: PromiseDraft, rows: Sequence[tuple[Candidate, int]]) -> list[_Share]:
    by_item: dict[uuid.UUID | None, int] = defaultdict(int)
    for candidate, quantity in rows:
        by_item[candidate.book_item_id] += quantity
    return [_Share(draft, _pool_key(draft, item), quantity) for item, quantity in by_item.items()]


def _counts(share: _Share) -> bool:
    """Whether the promise stands in the summary: damaged goods and grades do not sell."""
    return share.draft.pin is None or share.draft.pin.condition == GOOD


def _summary_ids(shares: Sequence[_Share]) -> dict[SummaryKey, int]:
    """Summary rows for promises that do not count there: found, or made empty."""
    found: dict[SummaryKey, int] = {}
    for share in shares:
        statement = text(
            "WITH made AS (INSERT INTO summary (warehouse_id, owner_id, product_id, customs_status, book_item_id,"
            " sellable, promised) VALUES (:w, :o, :p, :c, :b, 0, 0) ON CONFLICT DO NOTHING RETURNING id)"
            " SELECT id FROM made UNION ALL SELECT id FROM summary WHERE warehouse_id = :w AND owner_id = :o"
            " AND product_id = :p AND customs_status = :c AND book_item_id IS NOT DISTINCT FROM :b LIMIT 1"
        )
        key = share.key
        parameters = {"w": key.warehouse_id, "o": key.owner_id, "p": key.product_id, "c": key.customs_status,
                      "b": key.book_item_id}  # fmt: skip
        found[key] = session().execute(statement, parameters).scalar_one()
    return found


_INSERT = text(
    "INSERT INTO promise (id, warehouse_id, summary_id, subject_kind, subject_id, kind, claims_sellable,"
    " book_item_id, book_quantity, priority, quantity, open_quantity, created_at) VALUES (:id, :warehouse_id,"
    " :summary_id, :subject_kind, :subject_id, :kind, :claims_sellable, :book_item_id, :book_quantity, :priority,"
    " :quantity, :quantity, :now)"
)


def _insert(shares: Sequence[_Share], summary_ids: dict[SummaryKey, int]) -> None:
    now = clock.now()
    session().execute(
        _INSERT,
        [
            {
                "id": share.promise_id,
                "warehouse_id": share.key.warehouse_id,
                "summary_id": summary_ids[share.key],
                "subject_kind": share.draft.subject_kind,
                "subject_id": share.draft.subject_id,
                "kind": "pool" if share.draft.pin is None else "pinned",
                "claims_sellable": _counts(share),
                "book_item_id": share.key.book_item_id,
                "book_quantity": share.quantity if share.key.book_item_id is not None else 0,
                "priority": share.draft.priority,
                "quantity": share.quantity,
                "now": now,
            }
            for share in shares
        ],
    )


_INSERT_ALLOCATION = text(
    "INSERT INTO allocation (id, warehouse_id, balance_id, promise_id, subject_kind, subject_id, quantity,"
    " open_quantity, broken_quantity, created_at) VALUES (:id, :warehouse, :balance, :promise, :subject_kind,"
    " :subject_id, :quantity, :quantity, 0, :now)"
)


def _insert_pinned_allocations(
    draft: PromiseDraft, shares: Sequence[_Share], rows: Sequence[tuple[Candidate, int]]
) -> None:
    promise_of = {share.key.book_item_id: share.promise_id for share in shares}
    session().execute(
        _INSERT_ALLOCATION,
        [
            {
                "id": new_id(),
                "warehouse": draft.warehouse_id,
                "balance": candidate.balance_id,
                "promise": promise_of[candidate.book_item_id],
                "subject_kind": draft.subject_kind,
                "subject_id": draft.subject_id,
                "quantity": quantity,
                "now": clock.now(),
            }
            for candidate, quantity in rows
        ],
    )


_OPEN = text(
    "SELECT p.id, p.open_quantity, p.claims_sellable, p.book_item_id, p.book_quantity, s.warehouse_id, s.owner_id,"
    " s.product_id, s.customs_status, s.book_item_id AS summary_item FROM promise p"
    " JOIN summary s ON s.id = p.summary_id"
    " WHERE p.subject_kind = :kind AND p.subject_id = ANY(CAST(:ids AS uuid[])) AND p.open_quantity > 0"
    " ORDER BY p.id FOR UPDATE OF p"
)
_CLOSE = text(
    "UPDATE promise SET open_quantity = 0, book_quantity = book_quantity - least(book_quantity, open_quantity)"
    " WHERE id = ANY(CAST(:ids AS uuid[]))"
)
_FREE_BOOK = text("UPDATE book_item SET promised = promised - :quantity WHERE id = :id")


def release(subject_kind: str, subject_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Give up what is still promised to these subjects, bins first; returns open units released by promise.

    What was picked already is no longer promised: it comes back by a put-back, which also frees its book quantity.
    """
    release_of_promises(subject_kind, subject_ids)
    rows = session().execute(_OPEN, {"kind": subject_kind, "ids": list(subject_ids)}).all()
    if not rows:
        return {}
    deltas: dict[SummaryKey, tuple[int, int]] = {}
    book: dict[uuid.UUID, int] = defaultdict(int)
    for row in rows:
        if row.claims_sellable:
            key = SummaryKey(row.warehouse_id, row.owner_id, row.product_id, row.customs_status, row.summary_item)
            deltas[key] = (0, deltas.get(key, (0, 0))[1] - row.open_quantity)
        if row.book_item_id is not None:
            book[row.book_item_id] += min(row.book_quantity, row.open_quantity)
    session().execute(_CLOSE, {"ids": [row.id for row in rows]})
    summaries = change_summaries(deltas)
    free_book(book)
    announce_stock(summaries)
    return {row.id: row.open_quantity for row in rows}


def free_book(quantities: dict[uuid.UUID, int]) -> None:
    """Give quantity back to the customs book's lines, by ascending id."""
    real = {key: quantity for key, quantity in quantities.items() if quantity}
    if not real:
        return
    claim(Rank.BOOK_ITEM)
    for key in sorted(real):
        session().execute(_FREE_BOOK, {"id": key, "quantity": real[key]})
