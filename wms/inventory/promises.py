"""Order-level claims (占用). Promised never exceeds sellable at the moment of promising, whatever the concurrency.

A *pool* promise is one conditional UPDATE over its summary rows, without a prior read, rows locked by id inside the
statement. In a bonded warehouse it also takes the quantity from the customs book: there the rows of the product are
locked first, because which book item serves is chosen by what each has left. A *pinned* promise (a lot, a
handling unit, a condition) allocates its balance rows in the same transaction.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from wms.core import clock
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.inventory.allocations import ROUNDS, Candidate, RowsChanged, claim_rows, unclaim_locked
from wms.inventory.book import BookLine, Goods, lock_book_lines, split_over_book
from wms.inventory.pins import Pin, pinned_rows
from wms.inventory.releases import free_book, release
from wms.inventory.rules import BONDED, NO_STATUS
from wms.inventory.summaries import (
    NOTHING,
    SUMMARY_COLUMNS,
    SUMMARY_KEYS,
    SUMMARY_MATCH,
    Change,
    SummaryKey,
    summary_arrays,
    summary_now,
)
from wms.platform.locks import Rank, claim
from wms.platform.metrics import PROMISES
from wms.platform.statements import Statement

__all__ = ["Pin", "PromiseDraft", "Promised", "free_by_product", "promise", "release"]


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
    """A line's promise; a bonded line may be split over several book items, a pinned one by what sells."""

    subject_id: uuid.UUID
    promise_id: uuid.UUID
    quantity: int
    book_item_id: uuid.UUID | None


@dataclass
class _Share:
    """A part of a line: the whole of it, or what one book item serves. `rows` are the bins of a pinned line, which all
    sell or none.
    """

    draft: PromiseDraft
    key: SummaryKey
    quantity: int
    rows: list[tuple[Candidate, int]] = field(default_factory=list)
    promise_id: uuid.UUID = field(default_factory=new_id)

    @property
    def counts(self) -> bool:
        """Whether it stands in the summary: what does not sell (damaged, expired, held) is not part of it."""
        return self.draft.pin is None or self.rows[0][0].is_sellable


@dataclass
class _Request:
    """The lines asked for, and what was claimed for them so far: a refusal names what is free without that."""

    drafts: Sequence[PromiseDraft]
    rows: dict[int, int] = field(default_factory=dict)
    summaries: dict[SummaryKey, int] = field(default_factory=dict)
    book: dict[uuid.UUID, int] = field(default_factory=dict)

    def give_back(self) -> None:
        unclaim_locked(self.rows)
        for key, quantity in self.summaries.items():
            _GIVE_BACK.run(summary_arrays({key: Change(promised=quantity)}))
        free_book(self.book)


def promise(drafts: Sequence[PromiseDraft]) -> list[Promised]:
    """Promise all lines or none. Refuses `stock_short` naming every short line: `{"subject_id", "wanted", "free"}`."""
    try:
        made = _promise(drafts)
    except Refused as refusal:
        PROMISES.add(refusal.code)
        raise
    PROMISES.add("promised")
    return made


def _promise(drafts: Sequence[PromiseDraft]) -> list[Promised]:
    if not drafts or any(draft.quantity <= 0 for draft in drafts):
        raise ValueError("a promise has lines, and each a positive quantity")
    request = _Request(drafts)
    shares = _pin(request)
    shares += [_Share(draft, pool_key(draft), draft.quantity) for draft in drafts if _is_pool(draft, bonded=False)]
    shares += _choose_book_items(request, shares)
    summary_ids = _claim_summaries(shares, request)
    _claim_book(shares, request)
    _insert(shares, summary_ids)
    return [Promised(s.draft.subject_id, s.promise_id, s.quantity, s.key.book_item_id) for s in shares]


def _is_pool(draft: PromiseDraft, *, bonded: bool) -> bool:
    return draft.pin is None and draft.bonded is bonded


def pool_key(draft: PromiseDraft, book_item_id: uuid.UUID | None = None) -> SummaryKey:
    status = BONDED if draft.bonded else NO_STATUS
    return SummaryKey(draft.warehouse_id, draft.owner_id, draft.product_id, status, book_item_id)


# Decided on `d`, read under the lock: on `t` the statement's snapshot would decide first and refuse stock that came
# while we waited. OFFSET 0 keeps the planner from moving the condition inside.
_CONDITIONAL = Statement(
    "UPDATE summary AS t SET promised = d.taken + d.wanted"
    " FROM (SELECT s.id, s.sellable, s.promised AS taken, k.promised AS wanted FROM summary s"
    f" JOIN {SUMMARY_KEYS} ON {SUMMARY_MATCH} ORDER BY s.id OFFSET 0 FOR NO KEY UPDATE OF s) AS d"
    f" WHERE t.id = d.id AND d.sellable - d.taken >= d.wanted RETURNING {SUMMARY_COLUMNS}"
)
_GIVE_BACK = Statement(
    f"UPDATE summary AS s SET promised = s.promised - k.promised FROM {SUMMARY_KEYS} WHERE {SUMMARY_MATCH}"
)
# The row a promise points to when it does not count there (damaged goods); made when there is none.
_FIND_OR_MAKE = Statement(
    "INSERT INTO summary AS t (warehouse_id, owner_id, product_id, customs_status, book_item_id, sellable, promised)"
    f" SELECT k.* FROM {SUMMARY_KEYS} ON CONFLICT (warehouse_id, owner_id, product_id, customs_status, book_item_id)"
    f" DO UPDATE SET promised = t.promised RETURNING {SUMMARY_COLUMNS}"
)


def _claim_summaries(shares: Sequence[_Share], request: _Request) -> dict[SummaryKey, int]:
    """The conditional UPDATE; refuses when any key is short (the caller's transaction or attempt undoes the rest)."""
    wanted: dict[SummaryKey, int] = defaultdict(int)
    for share in shares:
        if share.counts:
            wanted[share.key] += share.quantity
    claim(Rank.SUMMARY)
    found: dict[SummaryKey, int] = {}
    if wanted:
        arrays = summary_arrays({key: Change(promised=quantity) for key, quantity in wanted.items()})
        found = {row.key: row.id for row in map(summary_now, _CONDITIONAL.all(arrays))}
        request.summaries = {key: wanted[key] for key in found}
        if len(found) != len(wanted):
            _refuse_short(request, {key for key in wanted if key not in found})
    others = {
        share.key: NOTHING for share in sorted(shares, key=lambda each: each.key.in_order()) if share.key not in found
    }
    if others:
        rows = map(summary_now, _FIND_OR_MAKE.all(summary_arrays(others)))
        found |= {row.key: row.id for row in rows}
    return found


def _refuse_short(request: _Request, failed: Collection[SummaryKey] = ()) -> NoReturn:
    """Name every line that cannot be had, not just the first. Lines of the same goods are served in their order."""
    request.give_back()
    drafts = request.drafts
    free = _free_by_pool(drafts)
    short = []
    for draft in drafts:
        key = _pool_of(draft)
        left = free.get(key, 0)
        selling, unsold = _pinned_free(draft) if draft.pin is not None else (left, 0)
        available = max(0, min(left, selling)) + unsold
        if draft.quantity > available:
            short.append({"subject_id": str(draft.subject_id), "wanted": draft.quantity, "free": available})
        else:
            free[key] = left - max(0, draft.quantity - unsold)
    if not short:  # somebody was quicker, and has given it back meanwhile
        named = [draft for draft in drafts if any(key.product_id == draft.product_id for key in failed)]
        short = [{"subject_id": str(each.subject_id), "wanted": each.quantity, "free": 0} for each in named or drafts]
    raise Refused("stock_short", {"lines": short})


def _pinned_free(draft: PromiseDraft) -> tuple[int, int]:
    """Free units in the rows that can serve a pinned line: of those that sell, and of the others."""
    rows = _candidates(draft)
    return sum(row.free for row in rows if row.is_sellable), sum(row.free for row in rows if not row.is_sellable)


_Pool = tuple[uuid.UUID, uuid.UUID, uuid.UUID, str]


def _pool_of(draft: PromiseDraft) -> _Pool:
    return draft.warehouse_id, draft.owner_id, draft.product_id, BONDED if draft.bonded else NO_STATUS


# In bond no more can be had of an item than the book has left of it.
_FREE = Statement(
    "SELECT s.warehouse_id, s.owner_id, s.product_id, s.customs_status, sum(CASE WHEN b.id IS NULL"
    " THEN s.sellable - s.promised ELSE greatest(0, least(s.sellable - s.promised, b.booked - b.pre_deducted"
    " - b.promised)) END) AS free FROM summary s"
    " JOIN unnest(CAST(:warehouse AS uuid[]), CAST(:owner AS uuid[]), CAST(:product AS uuid[]))"
    " AS k(w, o, p) ON s.warehouse_id = k.w AND s.owner_id = k.o AND s.product_id = k.p"
    " LEFT JOIN book_item b ON b.id = s.book_item_id AND s.customs_status = 'bonded'"
    " WHERE s.customs_status IN ('none', 'bonded') GROUP BY 1, 2, 3, 4"
)


def _free_rows(keys: Collection[tuple[uuid.UUID, uuid.UUID, uuid.UUID]]) -> dict[_Pool, int]:
    unique = sorted(set(keys))
    parameters = {
        "warehouse": [key[0] for key in unique],
        "owner": [key[1] for key in unique],
        "product": [key[2] for key in unique],
    }
    rows = _FREE.all(parameters)
    return {(row.warehouse_id, row.owner_id, row.product_id, row.customs_status): int(row.free) for row in rows}


def _free_by_pool(drafts: Sequence[PromiseDraft]) -> dict[_Pool, int]:
    return _free_rows({(draft.warehouse_id, draft.owner_id, draft.product_id) for draft in drafts})


def free_by_product(
    keys: Sequence[tuple[uuid.UUID, uuid.UUID, uuid.UUID]],
) -> dict[tuple[uuid.UUID, uuid.UUID, uuid.UUID], int]:
    """Free (sellable - promised) by (warehouse, owner, product). May be negative after a loss."""
    totals: dict[tuple[uuid.UUID, uuid.UUID, uuid.UUID], int] = defaultdict(int)
    for (warehouse_id, owner_id, product_id, _), free in _free_rows(keys).items():
        totals[(warehouse_id, owner_id, product_id)] += free
    return dict(totals)


def _choose_book_items(request: _Request, pinned: Sequence[_Share]) -> list[_Share]:
    """Which book items serve the bonded lines, decided under the locks of their summaries and items."""
    # Pinned lines, too: their summaries and items are claimed below, and what is locked now is not stale then.
    goods = {(each.warehouse_id, each.owner_id, each.product_id) for each in request.drafts if each.bonded}
    if not goods:
        return []
    lines = lock_book_lines(goods)
    taken: dict[uuid.UUID, int] = defaultdict(int)  # of the book, over all owners
    for share in pinned:  # what pinned lines of the request will claim is not there for the others
        _set_aside(share, lines, taken)
    shares: list[_Share] = []
    for draft in request.drafts:
        if not _is_pool(draft, bonded=True):
            continue
        own: Sequence[BookLine] = lines.get((draft.warehouse_id, draft.owner_id, draft.product_id), [])
        parts = split_over_book(own, draft.quantity, taken)
        if parts is None:
            _refuse_short(request)
        for item, quantity in parts:
            shares.append(_Share(draft, pool_key(draft, item), quantity))
    return shares


def _set_aside(share: _Share, lines: Mapping[Goods, Sequence[BookLine]], taken: dict[uuid.UUID, int]) -> None:
    item, draft = share.key.book_item_id, share.draft
    if item is None:
        return
    taken[item] += share.quantity
    for line in lines.get((draft.warehouse_id, draft.owner_id, draft.product_id), ()):
        if line.book_item_id == item and share.counts:
            line.free -= share.quantity


_CLAIM_BOOK = Statement(
    "UPDATE book_item SET promised = promised + :quantity WHERE id = :id"
    " AND booked - pre_deducted - promised >= :quantity RETURNING id"
)


def _claim_book(shares: Sequence[_Share], request: _Request) -> None:
    wanted: dict[uuid.UUID, int] = defaultdict(int)
    for share in shares:
        if share.key.book_item_id is not None:
            wanted[share.key.book_item_id] += share.quantity
    if not wanted:
        return
    claim(Rank.BOOK_ITEM)
    for item in sorted(wanted):
        if _CLAIM_BOOK.scalar({"id": item, "quantity": wanted[item]}) is None:
            _refuse_short(request, {share.key for share in shares if share.key.book_item_id == item})
        request.book[item] = wanted[item]


def _pin(request: _Request) -> list[_Share]:
    """Choose and claim the balance rows of pinned lines, first expiring first; refuses when they do not suffice."""
    pinned = [draft for draft in request.drafts if draft.pin is not None]
    if not pinned:
        return []
    for _ in range(ROUNDS):
        wanted = [(number, _candidates(draft), draft.quantity) for number, draft in enumerate(pinned)]
        try:
            chosen = claim_rows(wanted)
        except RowsChanged:
            continue
        if chosen is None:
            break
        for candidate, quantity in (row for rows in chosen.values() for row in rows):
            request.rows[candidate.balance_id] = request.rows.get(candidate.balance_id, 0) + quantity
        return [share for number, draft in enumerate(pinned) for share in _pinned_shares(draft, chosen[number])]
    _refuse_short(request)


def _candidates(draft: PromiseDraft) -> list[Candidate]:
    assert draft.pin is not None
    return pinned_rows(draft.pin, draft.warehouse_id, draft.owner_id, draft.product_id, bonded=draft.bonded)


def _pinned_shares(draft: PromiseDraft, rows: Sequence[tuple[Candidate, int]]) -> list[_Share]:
    parts: dict[tuple[uuid.UUID | None, bool], list[tuple[Candidate, int]]] = defaultdict(list)
    for candidate, quantity in rows:
        parts[(candidate.book_item_id, candidate.is_sellable)].append((candidate, quantity))
    return [
        _Share(draft, pool_key(draft, item), sum(quantity for _, quantity in own), own)
        for (item, _), own in parts.items()
    ]


_INSERT = Statement(
    "INSERT INTO promise (id, warehouse_id, summary_id, subject_kind, subject_id, kind, claims_sellable,"
    " book_item_id, book_quantity, priority, quantity, open_quantity, created_at) VALUES (:id, :warehouse_id,"
    " :summary_id, :subject_kind, :subject_id, :kind, :claims_sellable, :book_item_id, :book_quantity, :priority,"
    " :quantity, :quantity, :now)"
)


_INSERT_ALLOCATION = Statement(
    "INSERT INTO allocation (id, warehouse_id, balance_id, promise_id, subject_kind, subject_id, quantity,"
    " open_quantity, broken_quantity, created_at) VALUES (:id, :warehouse, :balance, :promise, :subject_kind,"
    " :subject_id, :quantity, :quantity, 0, :now)"
)


def _insert(shares: Sequence[_Share], summary_ids: Mapping[SummaryKey, int]) -> None:
    now = clock.now()
    _INSERT.run_many(
        [
            {
                "id": share.promise_id,
                "warehouse_id": share.key.warehouse_id,
                "summary_id": summary_ids[share.key],
                "subject_kind": share.draft.subject_kind,
                "subject_id": share.draft.subject_id,
                "kind": "pool" if share.draft.pin is None else "pinned",
                "claims_sellable": share.counts,
                "book_item_id": share.key.book_item_id,
                "book_quantity": share.quantity if share.key.book_item_id is not None else 0,
                "priority": share.draft.priority,
                "quantity": share.quantity,
                "now": now,
            }
            for share in shares
        ]
    )
    bins = [
        {
            "id": new_id(),
            "warehouse": share.key.warehouse_id,
            "balance": candidate.balance_id,
            "promise": share.promise_id,
            "subject_kind": share.draft.subject_kind,
            "subject_id": share.draft.subject_id,
            "quantity": quantity,
            "now": now,
        }
        for share in shares
        for candidate, quantity in share.rows
    ]
    if bins:
        _INSERT_ALLOCATION.run_many(bins)


_RENAME = Statement("UPDATE promise SET subject_id = :subject WHERE id = :promise")
_RENAME_CLAIMS = Statement("UPDATE allocation SET subject_id = :subject WHERE promise_id = :promise")


def hand_on(promise_id: uuid.UUID, subject_id: uuid.UUID) -> None:
    """The promise belongs to another subject of the same owner's document: a line was split over book items."""
    parameters = {"promise": promise_id, "subject": subject_id}
    _RENAME.run(parameters)
    _RENAME_CLAIMS.run(parameters)
