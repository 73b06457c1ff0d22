"""Bin-level claims (分配): chosen at the wave for pool promises, at the promise for pinned ones.

Candidates are read without a lock, chosen, then claimed by one conditional UPDATE over rows locked by id; what was
taken meanwhile is chosen again.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import text

from wms.core import clock, rotation
from wms.core.ids import new_id
from wms.core.refusals import Refused
from wms.core.rotation import Rotation
from wms.inventory import choosing, claims
from wms.inventory.balances import lock_rows
from wms.inventory.choosing import OfferKey
from wms.inventory.replenishment import queries as replenishment
from wms.inventory.rotation import CAME_ON, RULE
from wms.platform.database import session
from wms.platform.locks import Rank, claim
from wms.platform.statements import Statement

ROUNDS = 4
CROSS_DOCK = "cross_dock"


@dataclass(frozen=True)
class Candidate:
    """A balance row that could serve, `free` units of it."""

    balance_id: int
    free: int
    is_sellable: bool
    book_item_id: uuid.UUID | None
    held_by: int = 0


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
    " FROM (SELECT b.id, b.on_hand, b.allocated, b.held_by, b.is_sellable, k.quantity FROM balance b"
    " JOIN unnest(CAST(:ids AS bigint[]), CAST(:quantities AS int[])) AS k(id, quantity) ON k.id = b.id"
    " ORDER BY b.id OFFSET 0 FOR NO KEY UPDATE OF b) AS d WHERE t.id = d.id"
)
_CLAIM = Statement(
    f"UPDATE balance AS t SET on_hand = d.on_hand, allocated = d.allocated + d.quantity{_LOCKED}"
    " AND d.on_hand - d.allocated >= d.quantity AND d.held_by = 0 RETURNING t.id"
)
# For what was promised as selling: it must still sell.
_CLAIM_SELLING = Statement(
    f"UPDATE balance AS t SET on_hand = d.on_hand, allocated = d.allocated + d.quantity{_LOCKED}"
    " AND d.on_hand - d.allocated >= d.quantity AND d.held_by = 0 AND d.is_sellable RETURNING t.id"
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


def _claim_quantities(wanted: Mapping[int, int], statement: Statement = _CLAIM) -> set[int]:
    """Claim these quantities where they are still free; returns the rows that were."""
    claim(Rank.BALANCE)
    ids = sorted(wanted)
    return set(statement.column({"ids": ids, "quantities": [wanted[each] for each in ids]}))


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
    "SELECT p.id, p.subject_kind, p.subject_id, p.warehouse_id, p.open_quantity, p.open_quantity - coalesce((SELECT"
    " sum(a.open_quantity) FROM allocation a WHERE a.promise_id = p.id), 0) AS wanted, s.owner_id, s.product_id,"
    " s.customs_status, s.book_item_id, p.kind = 'pool' AS any_bin, EXISTS (SELECT 1 FROM fixed_bin x"
    "  WHERE x.product_id = s.product_id AND x.warehouse_id = s.warehouse_id AND x.maximum IS NOT NULL) AS is_faced"
    " FROM promise p JOIN summary s ON s.id = p.summary_id"
    " WHERE p.subject_kind = :kind AND p.subject_id = ANY(CAST(:ids AS uuid[])) AND p.open_quantity > 0"
    " AND p.warehouse_id = :warehouse ORDER BY p.priority DESC, p.created_at, p.id"
)
_OFFERS = Statement(
    "SELECT b.id, b.on_hand - b.allocated AS free, b.owner_id, b.product_id, b.customs_status, b.book_item_id,"
    " b.location_id, l.kind, l.walk_order, l.zone_id, l.aisle, l.bay, l.code, lot.expires_on,"
    f" {CAME_ON} AS came_on, {RULE} AS rule, b.handling_unit_id IS NOT NULL AS in_unit,"
    " EXISTS (SELECT 1 FROM fixed_bin x WHERE x.location_id = b.location_id AND x.product_id = b.product_id"
    "  AND x.maximum IS NOT NULL) AS in_face,"
    " CASE WHEN b.handling_unit_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM balance x"
    "  WHERE x.handling_unit_id = b.handling_unit_id AND x.is_there AND x.id <> b.id) THEN b.on_hand END AS unit_whole"
    " FROM balance b JOIN location l ON l.id = b.location_id JOIN warehouse w ON w.id = b.warehouse_id"
    " JOIN product p ON p.id = b.product_id JOIN seller e ON e.id = b.owner_id LEFT JOIN lot ON lot.id = b.lot_id"
    " WHERE b.warehouse_id = :warehouse AND b.product_id = ANY(CAST(:products AS uuid[])) AND b.is_sellable"
    " AND b.is_there AND b.on_hand > b.allocated"
)


_LOCK_PROMISES = Statement(
    "SELECT id FROM promise WHERE subject_kind = :kind AND subject_id = ANY(CAST(:ids AS uuid[]))"
    " AND warehouse_id = :warehouse AND open_quantity > 0 ORDER BY id FOR NO KEY UPDATE"
)


@dataclass(frozen=True)
class Wanted:
    """What was planned to be claimed: so many units of a row for a subject."""

    subject_id: uuid.UUID
    balance_id: int
    units: int


def allocate(
    warehouse_id: uuid.UUID, subject_kind: str, subject_ids: Sequence[uuid.UUID], planned: Sequence[Wanted] = ()
) -> AllocationResult:
    """Choose bins for what is promised to these subjects and not yet allocated (`choosing`).

    A product that has pick faces is picked from these. What they lack and a walk is bringing is `coming` and left in
    reserve; what no walk brings is taken from reserve, so that nothing waits for a walk that nobody planned.

    `planned` is claimed first, as far as it is still so; what is not is chosen anew. Never refuses: what no bin holds is
    `missing`, for the caller to hold, re-promise or report short. A pinned promise whose bin was lost is missing too:
    only a new promise can pin other goods.
    """
    parameters = {"kind": subject_kind, "ids": list(subject_ids), "warehouse": warehouse_id}
    claim(Rank.PROMISE)  # against a twin that allocates, and against a release
    _LOCK_PROMISES.run(parameters)
    allocated: list[Allocated] = []
    coming: dict[uuid.UUID, int] = {}
    for turn in range(ROUNDS):
        promises = [row for row in _OPEN_PROMISES.all(parameters) if row.wanted > 0]
        if planned and turn == 0:
            plan = _as_planned(promises, planned)
        else:
            plan, coming = _plan(warehouse_id, promises)
        if not plan:
            if planned and turn == 0:
                continue
            break
        taken: dict[int, int] = defaultdict(int)
        for share in plan:
            taken[share.balance_id] += share.units
        granted = _claim_quantities(taken, _CLAIM_SELLING)
        allocated += _insert([share for share in plan if share.balance_id in granted])
        if len(granted) == len(taken) and sum(row.wanted for row in promises) == sum(taken.values()):
            return AllocationResult(allocated, {})
    missing: dict[uuid.UUID, int] = defaultdict(int)
    for row in _OPEN_PROMISES.all(parameters):
        if row.wanted > 0:
            missing[row.subject_id] += row.wanted
    return AllocationResult(allocated, dict(missing), coming)


@dataclass(frozen=True)
class _Share:
    """So many units of a row for a promise."""

    promise: OpenPromise
    balance_id: int
    units: int


def _share(row: Any, balance_id: int, units: int) -> _Share:
    return _Share(OpenPromise(row.id, row.subject_kind, row.subject_id, row.warehouse_id, units), balance_id, units)


def _as_planned(promises: Sequence[Any], planned: Sequence[Wanted]) -> list[_Share]:
    """The shares of a plan for those promises that want exactly what it was made for."""
    by_subject: dict[uuid.UUID, list[Wanted]] = defaultdict(list)
    for each in planned:
        by_subject[each.subject_id].append(each)
    found: list[_Share] = []
    for row in promises:
        own = by_subject.get(row.subject_id, ())
        if row.any_bin and sum(each.units for each in own) == row.wanted:
            found += [_share(row, each.balance_id, each.units) for each in own]
    return found


def _plan(warehouse_id: uuid.UUID, promises: Sequence[Any]) -> tuple[list[_Share], dict[uuid.UUID, int]]:
    """Which rows serve which promise, and what subjects may wait for at a face."""
    found: list[_Share] = []
    taken: dict[int, int] = defaultdict(int)
    pooled = [row for row in promises if row.any_bin]
    if not pooled:
        return [], {}
    waits: dict[uuid.UUID, int] = defaultdict(int)
    faced = {row.product_id for row in pooled if row.is_faced}
    offered = offers(warehouse_id, {row.product_id for row in pooled}, faced)
    coming = coming_to_faces(warehouse_id, faced)
    for row in pooled:
        key = (row.owner_id, row.product_id, row.customs_status, row.book_item_id)
        own = offered.get(key, Offered([], {}))
        served = choosing.serve(own.offers, own.reserve, row.wanted, taken, own.reach, coming.get(key, 0))
        if served.coming:
            coming[key] -= served.coming
            waits[row.subject_id] += served.coming
        for choice in served.choices:
            taken[choice.offer.balance_id] += choice.units
            found.append(_share(row, choice.offer.balance_id, choice.units))
    return found, dict(waits)


def coming_to_faces(warehouse_id: uuid.UUID, faced: set[uuid.UUID]) -> dict[OfferKey, int]:
    """Units that walks are bringing to the pick faces of these products."""
    return replenishment.coming(warehouse_id, faced) if faced else {}


@dataclass(frozen=True)
class Offered:
    """The rows that could serve one kind of goods, and each of them as read (its bin's zone, aisle, bay, code).
    `reserve`: the goods are picked from pick faces, and this row is none, or holds what by its seller's rule leaves later
    than what is in reserve.
    """

    offers: list[choosing.Offer]
    rows: dict[int, Any]
    reserve: frozenset[int] = frozenset()

    def reach(self, offer: choosing.Offer) -> int:
        """By the order of bins, where nobody knows the aisles."""
        return int(self.rows[offer.balance_id].walk_order)


def offers(
    warehouse_id: uuid.UUID, products: Collection[uuid.UUID], faced: Collection[uuid.UUID] = ()
) -> dict[OfferKey, Offered]:
    """What of these products could be allocated now, read without a lock. `faced`: those that have pick faces."""
    found: dict[OfferKey, Offered] = {}
    for row in _OFFERS.all({"warehouse": warehouse_id, "products": sorted(products)}):
        key = (row.owner_id, row.product_id, row.customs_status, row.book_item_id)
        own = found.setdefault(key, Offered([], {}))
        offer = choosing.Offer(
            row.id, row.location_id, row.free, row.expires_on,
            date.min if row.kind == CROSS_DOCK else row.came_on,  # it came for orders, and leaves first
            row.unit_whole, row.in_unit, Rotation(row.rule),
        )  # fmt: skip
        own.offers.append(offer)
        own.rows[row.id] = row
    return {key: _with_reserve(own) if key[1] in faced else own for key, own in found.items()}


def _with_reserve(own: Offered) -> Offered:
    """Which of these rows are reserve, of a product that has pick faces."""
    turns = {
        row.id: (row.in_face, rotation.asked(Rotation(row.rule), row.expires_on, row.came_on))
        for row in own.rows.values() if row.kind != CROSS_DOCK
    }  # fmt: skip
    first = min((turn for in_face, turn in turns.values() if not in_face), default=None)
    reserve = {key for key, (in_face, turn) in turns.items() if not in_face or (first is not None and turn > first)}
    return replace(own, reserve=frozenset(reserve))


def open_promises(warehouse_id: uuid.UUID, subject_kind: str, subject_ids: Sequence[uuid.UUID]) -> list[Any]:
    """What these subjects are promised and no bin is claimed for yet, most urgent first, read without a lock."""
    return _OPEN_PROMISES.all({"kind": subject_kind, "ids": list(subject_ids), "warehouse": warehouse_id})


_INSERT = Statement(
    "INSERT INTO allocation (id, warehouse_id, balance_id, promise_id, purpose, subject_kind, subject_id, quantity,"
    " open_quantity, broken_quantity, created_at) VALUES (:id, :warehouse, :balance, :promise, :purpose,"
    " :subject_kind, :subject_id, :quantity, :quantity, 0, :now)"
)


def _insert(shares: Sequence[_Share]) -> list[Allocated]:
    rows = [
        (Allocated(new_id(), share.promise.promise_id, share.promise.subject_id, share.balance_id, share.units), share)
        for share in shares
    ]
    if rows:
        now = clock.now()
        _INSERT.run_many(
            [
                {
                    "id": each.allocation_id,
                    "warehouse": share.promise.warehouse_id,
                    "balance": each.balance_id,
                    "promise": each.promise_id,
                    "purpose": None,
                    "subject_kind": share.promise.subject_kind,
                    "subject_id": each.subject_id,
                    "quantity": each.quantity,
                    "now": now,
                }
                for each, share in rows
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


_CLAIMS_OF = Statement(
    "SELECT id, warehouse_id, balance_id, promise_id, subject_kind, subject_id, open_quantity FROM allocation"
    " WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR NO KEY UPDATE"
)
_GIVE = Statement(
    "UPDATE allocation AS a SET open_quantity = a.open_quantity - k.units"
    " FROM unnest(CAST(:ids AS uuid[]), CAST(:units AS int[])) AS k(id, units) WHERE a.id = k.id"
)


def move_claim(allocation_id: uuid.UUID, balance_id: int, units: int) -> uuid.UUID:
    """So many units of a claim on another row; returns the claim on that. Refuses `allocation_changed` when the claim holds
    fewer by now, or the row has fewer free ones that sell.
    """
    return move_claims({allocation_id: units}, balance_id)[allocation_id]


def move_claims(claims: Mapping[uuid.UUID, int], balance_id: int) -> dict[uuid.UUID, uuid.UUID]:
    """So many units of each of these claims on another row: by claim, the one on that. All or none, as `move_claim`."""
    claim(Rank.PROMISE)
    held = _CLAIMS_OF.all({"ids": list(claims)})
    if len(held) < len(claims) or any(row.promise_id is None or row.open_quantity < claims[row.id] for row in held):
        raise Refused("allocation_changed", {})
    lock_rows({row.balance_id for row in held} | {balance_id})
    if balance_id not in _claim_quantities({balance_id: sum(claims.values())}, _CLAIM_SELLING):
        raise Refused("allocation_changed", {})
    _GIVE.run({"ids": list(claims), "units": list(claims.values())})
    freed: dict[int, int] = defaultdict(int)
    for row in held:
        freed[row.balance_id] += claims[row.id]
    unclaim_locked(freed)
    made = _insert([
        _Share(OpenPromise(row.promise_id, row.subject_kind, row.subject_id, row.warehouse_id, claims[row.id]), balance_id,
               claims[row.id])
        for row in held
    ])  # fmt: skip
    return {row.id: each.allocation_id for row, each in zip(held, made, strict=True)}


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
