"""Bin-level claims (分配): chosen at the wave for pool promises, at the promise for pinned ones.

Candidates are read without a lock, chosen, then claimed by one conditional UPDATE over rows locked by id; what was
taken meanwhile is chosen again.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import text

from wms.core import clock
from wms.core.ids import new_id
from wms.inventory import claims
from wms.inventory.balances import lock_rows
from wms.inventory.replenishment import queries as replenishment
from wms.platform.database import session
from wms.platform.locks import Rank, claim
from wms.platform.statements import Statement

ROUNDS = 4


@dataclass(frozen=True)
class Candidate:
    """A balance row that could serve, `free` units of it. `in_reserve`: its product is picked from pick faces, and this
    is none, or holds what expires later than what is in reserve.
    """

    balance_id: int
    free: int
    is_sellable: bool
    book_item_id: uuid.UUID | None
    held_by: int = 0
    in_reserve: bool = False


@dataclass(frozen=True)
class OpenPromise:
    """A promise that wants bins."""

    promise_id: uuid.UUID
    subject_kind: str
    subject_id: uuid.UUID
    warehouse_id: uuid.UUID
    quantity: int


@dataclass(frozen=True)
class Allocated:
    """A claim on one row. `balance_id` leads to the bin."""

    allocation_id: uuid.UUID
    promise_id: uuid.UUID
    subject_id: uuid.UUID
    balance_id: int
    quantity: int


@dataclass(frozen=True)
class AllocationResult:
    """What was claimed, and what could not be: units missing by subject. `coming`: how many of these are on their way to
    a pick face, where the subject may wait for them.
    """

    allocated: list[Allocated]
    missing: dict[uuid.UUID, int]
    coming: dict[uuid.UUID, int] = field(default_factory=dict)

    def is_coming(self, subject_id: uuid.UUID) -> bool:
        """Whether all that a subject lacks is on its way."""
        return 0 < self.missing.get(subject_id, 0) <= self.coming.get(subject_id, 0)


# What is decided is decided on `d`: read under the lock, so never stale. On `t` the statement's snapshot would decide
# first, and refuse a row that was freed while we waited. OFFSET 0 keeps the planner from moving conditions inside.
# `on_hand` is written with what it is: PostgreSQL holds the row against its CHECKs before it notices that `t` is an
# old version, and an old on_hand beside a new allocated would fail them.
_LOCKED = (
    " FROM (SELECT b.id, b.on_hand, b.allocated, b.held_by, k.quantity FROM balance b"
    " JOIN unnest(CAST(:ids AS bigint[]), CAST(:quantities AS int[])) AS k(id, quantity) ON k.id = b.id"
    " ORDER BY b.id OFFSET 0 FOR NO KEY UPDATE OF b) AS d WHERE t.id = d.id"
)
_CLAIM = Statement(
    f"UPDATE balance AS t SET on_hand = d.on_hand, allocated = d.allocated + d.quantity{_LOCKED}"
    " AND d.on_hand - d.allocated >= d.quantity AND d.held_by = 0 RETURNING t.id"
)
# Pinned: what was chosen as selling, or as held, must still be so: the promise counts by it.
_CLAIM_AS_SEEN = Statement(
    "UPDATE balance AS t SET on_hand = d.on_hand, allocated = d.allocated + d.quantity"
    " FROM (SELECT b.id, b.on_hand, b.allocated, b.held_by, b.is_sellable, k.quantity, k.seen_held, k.seen_sellable"
    " FROM balance b JOIN unnest(CAST(:ids AS bigint[]), CAST(:quantities AS int[]), CAST(:held AS int[]),"
    " CAST(:sellable AS bool[])) AS k(id, quantity, seen_held, seen_sellable) ON k.id = b.id"
    " ORDER BY b.id OFFSET 0 FOR NO KEY UPDATE OF b) AS d WHERE t.id = d.id AND d.on_hand - d.allocated >= d.quantity"
    " AND d.held_by = d.seen_held AND d.is_sellable = d.seen_sellable RETURNING t.id"
)
_UNCLAIM = Statement(f"UPDATE balance AS t SET on_hand = d.on_hand, allocated = d.allocated - d.quantity{_LOCKED}")


def _claim_quantities(wanted: Mapping[int, int]) -> set[int]:
    """Claim these quantities where they are still free; returns the rows that were."""
    claim(Rank.BALANCE)
    ids = sorted(wanted)
    return set(_CLAIM.column({"ids": ids, "quantities": [wanted[each] for each in ids]}))


def _claim_as_seen(wanted: Mapping[int, int], seen: Mapping[int, Candidate]) -> set[int]:
    claim(Rank.BALANCE)
    ids = sorted(wanted)
    parameters = {
        "ids": ids, "quantities": [wanted[each] for each in ids], "held": [seen[each].held_by for each in ids],
        "sellable": [seen[each].is_sellable for each in ids],
    }  # fmt: skip
    return set(_CLAIM_AS_SEEN.column(parameters))


def unclaim(quantities: Mapping[int, int]) -> None:
    """Take quantities off what is claimed on these rows."""
    if any(quantities.values()):
        claim(Rank.BALANCE)
        unclaim_locked(quantities)


def unclaim_locked(quantities: Mapping[int, int]) -> None:
    """The same on rows this transaction has locked already, at any time."""
    ids = sorted(key for key, quantity in quantities.items() if quantity)
    if ids:
        _UNCLAIM.run({"ids": ids, "quantities": [quantities[each] for each in ids]})


def choose(candidates: Sequence[Candidate], quantity: int, taken: Mapping[int, int]) -> list[tuple[Candidate, int]]:
    """Take from the candidates in their order, minding what is `taken` already; may give less than asked."""
    chosen: list[tuple[Candidate, int]] = []
    for candidate in candidates:
        if quantity <= 0:
            break
        share = min(candidate.free - taken.get(candidate.balance_id, 0), quantity)
        if share > 0:
            chosen.append((candidate, share))
            quantity -= share
    return chosen


class RowsChanged(Exception):
    """Somebody else took some of the candidates meanwhile; nothing is claimed."""


def claim_rows(
    wanted: Sequence[tuple[int, Sequence[Candidate], int]],
) -> dict[int, list[tuple[Candidate, int]]] | None:
    """Claim rows for several wishes at once, whole or not at all: None when the candidates do not suffice.

    Raises RowsChanged when they would have sufficed as read.
    """
    taken: dict[int, int] = defaultdict(int)
    chosen: dict[int, list[tuple[Candidate, int]]] = {}
    for wish, candidates, quantity in wanted:
        rows = choose(candidates, quantity, taken)
        if sum(share for _, share in rows) < quantity:
            return None
        for candidate, share in rows:
            taken[candidate.balance_id] += share
        chosen[wish] = rows
    seen = {candidate.balance_id: candidate for rows in chosen.values() for candidate, _ in rows}
    granted = _claim_as_seen(taken, seen)
    if granted == set(taken):
        return chosen
    unclaim({key: taken[key] for key in granted})
    raise RowsChanged


_OPEN_PROMISES = Statement(
    "SELECT p.id, p.subject_kind, p.subject_id, p.warehouse_id, p.open_quantity - coalesce((SELECT"
    " sum(a.open_quantity) FROM allocation a WHERE a.promise_id = p.id), 0) AS wanted, s.owner_id, s.product_id,"
    " s.customs_status, s.book_item_id, p.kind = 'pool' AS any_bin, EXISTS (SELECT 1 FROM fixed_bin x"
    "  WHERE x.product_id = s.product_id AND x.warehouse_id = s.warehouse_id AND x.maximum IS NOT NULL) AS is_faced"
    " FROM promise p JOIN summary s ON s.id = p.summary_id"
    " WHERE p.subject_kind = :kind AND p.subject_id = ANY(CAST(:ids AS uuid[])) AND p.open_quantity > 0"
    " AND p.warehouse_id = :warehouse ORDER BY p.priority DESC, p.created_at, p.id"
)
_CANDIDATES = Statement(
    "SELECT b.id, b.on_hand - b.allocated AS free, b.is_sellable, b.book_item_id, b.owner_id, b.product_id,"
    " b.customs_status, l.kind, lot.expires_on, EXISTS (SELECT 1 FROM fixed_bin x WHERE x.location_id = b.location_id"
    "  AND x.product_id = b.product_id AND x.maximum IS NOT NULL) AS in_face"
    " FROM balance b JOIN location l ON l.id = b.location_id LEFT JOIN lot ON lot.id = b.lot_id"
    " WHERE b.warehouse_id = :warehouse AND b.product_id = ANY(CAST(:products AS uuid[])) AND b.is_sellable"
    " AND b.on_hand > b.allocated"
    # what crosses the dock came for orders and leaves first
    " ORDER BY lot.expires_on NULLS LAST, l.kind <> 'cross_dock', b.oldest_at NULLS LAST, l.walk_order, b.id"
)


_LOCK_PROMISES = Statement(
    "SELECT id FROM promise WHERE subject_kind = :kind AND subject_id = ANY(CAST(:ids AS uuid[]))"
    " AND warehouse_id = :warehouse AND open_quantity > 0 ORDER BY id FOR NO KEY UPDATE"
)


def allocate(warehouse_id: uuid.UUID, subject_kind: str, subject_ids: Sequence[uuid.UUID]) -> AllocationResult:
    """Choose bins for what is promised to these subjects and not yet allocated: first expiring, then oldest first.

    A product that has pick faces is picked from these. What they lack and a walk is bringing is `coming` and left in
    reserve; what no walk brings is taken from reserve, so that nothing waits for a walk that nobody planned.

    Never refuses: what no bin holds is `missing`, for the caller to hold, re-promise or report short. A pinned promise
    whose bin was lost is missing too: only a new promise can pin other goods.
    """
    parameters = {"kind": subject_kind, "ids": list(subject_ids), "warehouse": warehouse_id}
    claim(Rank.PROMISE)  # against a twin that allocates, and against a release
    _LOCK_PROMISES.run(parameters)
    allocated: list[Allocated] = []
    coming: dict[uuid.UUID, int] = {}
    for _ in range(ROUNDS):
        promises = [row for row in _OPEN_PROMISES.all(parameters) if row.wanted > 0]
        plan, taken, coming = _plan(warehouse_id, promises)
        if not taken:
            break
        granted = _claim_quantities(taken)
        allocated += _insert(plan, granted)
    missing: dict[uuid.UUID, int] = defaultdict(int)
    for row in _OPEN_PROMISES.all(parameters):
        if row.wanted > 0:
            missing[row.subject_id] += row.wanted
    return AllocationResult(allocated, dict(missing), coming)


def _plan(
    warehouse_id: uuid.UUID, promises: Sequence[Any]
) -> tuple[list[tuple[OpenPromise, Candidate, int]], dict[int, int], dict[uuid.UUID, int]]:
    """Which rows serve which promise, how much that takes from each row, and what subjects may wait for at a face."""
    plan: list[tuple[OpenPromise, Candidate, int]] = []
    taken: dict[int, int] = defaultdict(int)
    waits: dict[uuid.UUID, int] = defaultdict(int)
    pooled = [row for row in promises if row.any_bin]
    faced = {row.product_id for row in pooled if row.is_faced}
    candidates = _read_candidates(warehouse_id, {row.product_id for row in pooled}, faced) if pooled else {}
    coming = replenishment.coming(warehouse_id, faced) if faced else {}
    for row in pooled:
        key = (row.owner_id, row.product_id, row.customs_status, row.book_item_id)
        found, lacking = candidates.get(key, ()), row.wanted
        for at_hand in (True, False):
            if not at_hand and 0 < lacking <= coming.get(key, 0):
                coming[key] -= lacking
                waits[row.subject_id] += lacking
                break
            rows = [each for each in found if not each.in_reserve] if at_hand else found
            for candidate, share in choose(rows, lacking, taken):
                taken[candidate.balance_id] += share
                lacking -= share
                wish = OpenPromise(row.id, row.subject_kind, row.subject_id, row.warehouse_id, share)
                plan.append((wish, candidate, share))
    return plan, taken, dict(waits)


CandidateKey = tuple[uuid.UUID, uuid.UUID, str, uuid.UUID | None]


def _read_candidates(
    warehouse_id: uuid.UUID, products: set[uuid.UUID], faced: set[uuid.UUID]
) -> dict[CandidateKey, list[Candidate]]:
    """Free rows by what promises ask for, in the order they are taken. `faced`: products that have pick faces."""
    found: dict[CandidateKey, list[Candidate]] = defaultdict(list)
    first_in_reserve: dict[CandidateKey, date] = {}
    for row in _CANDIDATES.all({"warehouse": warehouse_id, "products": list(products)}):
        key = (row.owner_id, row.product_id, row.customs_status, row.book_item_id)
        expires_on = row.expires_on or date.max
        in_reserve = row.product_id in faced and row.kind != "cross_dock"
        if in_reserve and row.in_face:
            in_reserve = expires_on > first_in_reserve.get(key, date.max)
        elif in_reserve:
            first_in_reserve.setdefault(key, expires_on)
        found[key].append(Candidate(row.id, row.free, row.is_sellable, row.book_item_id, in_reserve=in_reserve))
    return found


_INSERT = Statement(
    "INSERT INTO allocation (id, warehouse_id, balance_id, promise_id, purpose, subject_kind, subject_id, quantity,"
    " open_quantity, broken_quantity, created_at) VALUES (:id, :warehouse, :balance, :promise, :purpose,"
    " :subject_kind, :subject_id, :quantity, :quantity, 0, :now)"
)


def _insert(plan: Sequence[tuple[OpenPromise, Candidate, int]], granted: set[int]) -> list[Allocated]:
    rows = [
        (Allocated(new_id(), wish.promise_id, wish.subject_id, candidate.balance_id, share), wish)
        for wish, candidate, share in plan
        if candidate.balance_id in granted
    ]
    if rows:
        now = clock.now()
        _INSERT.run_many(
            [
                {
                    "id": each.allocation_id,
                    "warehouse": wish.warehouse_id,
                    "balance": each.balance_id,
                    "promise": each.promise_id,
                    "purpose": None,
                    "subject_kind": wish.subject_kind,
                    "subject_id": each.subject_id,
                    "quantity": each.quantity,
                    "now": now,
                }
                for each, wish in rows
            ]
        )
    return [each for each, _ in rows]


def reserve(
    warehouse_id: uuid.UUID,
    balance_id: int,
    quantity: int,
    purpose: str,
    subject_kind: str,
    subject_id: uuid.UUID,
) -> uuid.UUID | None:
    """An internal reservation of a bin (replenishment, move): no promise. None when it is not free."""
    if balance_id not in _claim_quantities({balance_id: quantity}):
        return None
    allocation_id = new_id()
    _INSERT.run(
        {
            "id": allocation_id,
            "warehouse": warehouse_id,
            "balance": balance_id,
            "promise": None,
            "purpose": purpose,
            "subject_kind": subject_kind,
            "subject_id": subject_id,
            "quantity": quantity,
            "now": clock.now(),
        }
    )
    return allocation_id


_REOPEN = Statement("UPDATE allocation SET open_quantity = open_quantity + :quantity WHERE id = :id")


def reserve_again(allocation_id: uuid.UUID, balance_id: int, quantity: int) -> bool:
    """A reservation that was fulfilled has its units back in the same row. False when they are held there now."""
    if balance_id not in _claim_quantities({balance_id: quantity}):
        return False
    _REOPEN.run({"id": allocation_id, "quantity": quantity})
    return True


_OPEN_OF = Statement(
    "SELECT id, balance_id, open_quantity FROM allocation WHERE subject_kind = :kind"
    " AND subject_id = ANY(CAST(:ids AS uuid[])) AND open_quantity > 0"
)
_CLOSE = Statement(
    "UPDATE allocation AS a SET open_quantity = 0 FROM (SELECT id, open_quantity FROM allocation"
    " WHERE id = ANY(CAST(:ids AS uuid[])) FOR NO KEY UPDATE) AS old WHERE a.id = old.id"
    " RETURNING a.balance_id, old.open_quantity AS freed"
)


def release_of_promises(subject_kind: str, subject_ids: Sequence[uuid.UUID]) -> None:
    """Give up every bin claimed for these subjects.

    The caller holds the promises, so no new claim appears; the balance rows are locked and the claims read again.
    """
    found = _OPEN_OF.all({"kind": subject_kind, "ids": list(subject_ids)})
    if not found:
        return
    lock_rows({row.balance_id for row in found})
    _close([row.id for row in found])


def release_allocation(allocation_id: uuid.UUID) -> int:
    """Give up one claim; returns the units it still held."""
    balance_id = (
        session().execute(text("SELECT balance_id FROM allocation WHERE id = :id"), {"id": allocation_id}).scalar()
    )
    if balance_id is None:
        return 0
    lock_rows({balance_id})
    return _close([allocation_id])


def _close(allocation_ids: Sequence[uuid.UUID]) -> int:
    freed: dict[int, int] = defaultdict(int)
    for row in _CLOSE.all({"ids": list(allocation_ids)}):
        freed[row.balance_id] += row.freed
    unclaim(freed)
    return sum(freed.values())


def break_all(balance_ids: Sequence[int]) -> list[claims.BrokenClaim]:
    """A hold, an expiry or a doubt takes whole rows away: every claim on them breaks and its demand is told."""
    lock_rows(balance_ids)
    broken: list[claims.BrokenClaim] = []
    for balance_id in sorted(set(balance_ids)):
        broken += claims.break_newest(balance_id, excess=2**31 - 1)
    unclaim(claims.released_by_row(broken))
    claims.announce_broken(broken)
    return broken


def break_unsold(balance_ids: Sequence[int]) -> list[claims.BrokenClaim]:
    """Rows sell again (a hold ended, the travel days grew shorter): who wanted them because they did not sell has to
    ask again. Their promises do not count in the summaries, and these goods now do.

    The caller holds the rows.
    """
    broken = claims.break_unsold(balance_ids)
    unclaim(claims.released_by_row(broken))
    claims.announce_broken(broken)
    return broken
