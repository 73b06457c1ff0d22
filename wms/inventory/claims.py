"""Bin-level claims inside a posting: fulfilled by a pick, broken by a loss. The balance row's lock guards them."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from wms.core.refusals import Refused
from wms.inventory.balances import LockedBalance
from wms.inventory.events import AllocationBroken
from wms.inventory.rules import Claim, MoveDraft, Stock, claims_to_break
from wms.platform.events import record
from wms.platform.locks import Rank, claim
from wms.platform.statements import Answer, Statement


@dataclass(frozen=True)
class Fulfilled:
    """Claims that a posting fulfils; `counted` are those whose promise stands in the summary."""

    counted: frozenset[uuid.UUID]


@dataclass(frozen=True)
class BrokenClaim:
    """What a loss took from one claim. `subject` is the demand or task that has to look elsewhere."""

    allocation_id: uuid.UUID
    balance_id: int
    quantity: int
    subject_kind: str
    subject_id: uuid.UUID
    warehouse_id: uuid.UUID
    owner_id: uuid.UUID


_LOCK_PROMISES = Statement(
    "SELECT id FROM promise WHERE id = ANY(CAST(:settled AS uuid[])) OR id = ANY(ARRAY("
    " SELECT promise_id FROM allocation WHERE id = ANY(CAST(:allocations AS uuid[])))) ORDER BY id FOR NO KEY UPDATE"
)


def lock_promises(allocation_ids: Iterable[uuid.UUID], settled: Iterable[uuid.UUID]) -> None:
    """Lock the promises a posting fulfils or settles, before the rows they stand on."""
    parameters = {"allocations": list(allocation_ids), "settled": list(settled)}
    if any(parameters.values()):
        claim(Rank.PROMISE)
        _LOCK_PROMISES.run(parameters)


# The rows and promises are locked by the statements before: what is read here is what is changed here. A claim that cannot
# give what is wanted gives nothing, and so does a promise.
_FULFIL = Statement(
    "WITH wanted AS (SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:quantities AS int[])) AS k(id, quantity)),"
    " taken AS (UPDATE allocation AS a SET open_quantity = a.open_quantity - k.quantity FROM wanted k WHERE a.id = k.id"
    "  AND a.open_quantity >= k.quantity RETURNING a.id, a.balance_id, a.promise_id, k.quantity),"
    " paid AS (UPDATE promise AS p SET open_quantity = p.open_quantity - d.quantity FROM (SELECT promise_id,"
    "  sum(quantity)::int AS quantity FROM taken WHERE promise_id IS NOT NULL GROUP BY promise_id) AS d"
    "  WHERE p.id = d.promise_id AND p.open_quantity >= d.quantity RETURNING p.id, p.claims_sellable)"
    " SELECT t.id, t.balance_id, t.promise_id, p.id AS paid, p.claims_sellable FROM taken t"
    " LEFT JOIN paid p ON p.id = t.promise_id"
)


def use_up(moves: Iterable[MoveDraft]) -> Answer | None:
    """Use up the claims these moves name, behind the locks on their rows; None when they name none. Whether the claims
    were there is told by `fulfilled`, and has to be asked: what it refuses has been written by then.
    """
    wanted: dict[uuid.UUID, int] = defaultdict(int)
    for move in moves:
        if move.allocation_id is None:
            continue
        if not isinstance(move.source, Stock):
            raise ValueError("a claim is fulfilled by a move out of stock")
        wanted[move.allocation_id] += move.quantity
    return _FULFIL.send({"ids": list(wanted), "quantities": list(wanted.values())}) if wanted else None


def fulfilled(used: Answer | None, moves: Sequence[MoveDraft], rows: Mapping[Stock, LockedBalance]) -> Fulfilled:
    """What came of the claims that these moves name, among those of `used`. Refuses `allocation_changed` when one is
    gone, smaller, or elsewhere, and `promise_gone`.
    """
    named = {
        each.allocation_id: each.source
        for each in moves
        if each.allocation_id is not None and isinstance(each.source, Stock)
    }
    if used is None or not named:
        return Fulfilled(frozenset())
    taken = {row.id: row for row in used.all() if row.id in named}
    if any(key not in taken or taken[key].balance_id != rows[source].id for key, source in named.items()):
        raise Refused("allocation_changed", {})
    if any(row.promise_id is not None and row.paid is None for row in taken.values()):
        raise Refused("promise_gone", {})
    return Fulfilled(frozenset(row.id for row in taken.values() if row.claims_sellable))


# What somebody carries is not what lacks in the bin: of a move in hand nothing breaks while something else can.
_OPEN_NEWEST_FIRST = Statement(
    "SELECT id, open_quantity, subject_kind, subject_id, warehouse_id,"
    " (SELECT owner_id FROM balance b WHERE b.id = a.balance_id) AS owner_id"
    " FROM allocation a WHERE balance_id = :balance AND open_quantity > 0"
    " ORDER BY coalesce(purpose = 'relocation', false), created_at DESC, id DESC"
)
_BREAK = Statement(
    "UPDATE allocation AS a SET open_quantity = a.open_quantity - d.quantity,"
    " broken_quantity = a.broken_quantity + d.quantity"
    " FROM unnest(CAST(:ids AS uuid[]), CAST(:quantities AS int[])) AS d(id, quantity) WHERE a.id = d.id"
)


def break_newest(balance_id: int, excess: int) -> list[BrokenClaim]:
    """Break the newest claims on a locked row until `excess` units are free. The row's `allocated` is the caller's."""
    rows = {row.id: row for row in _OPEN_NEWEST_FIRST.all({"balance": balance_id})}
    taken = claims_to_break((Claim(row.id, row.open_quantity) for row in rows.values()), excess)
    if not taken:
        return []
    _BREAK.run({"ids": [each for each, _ in taken], "quantities": [each for _, each in taken]})
    return [
        BrokenClaim(key, balance_id, quantity, rows[key].subject_kind, rows[key].subject_id, rows[key].warehouse_id,
                    rows[key].owner_id)
        for key, quantity in taken
    ]  # fmt: skip


_UNSOLD = Statement(
    "SELECT a.id, a.balance_id, a.open_quantity, a.subject_kind, a.subject_id, a.warehouse_id, b.owner_id"
    " FROM allocation a JOIN promise p ON p.id = a.promise_id JOIN balance b ON b.id = a.balance_id"
    " WHERE a.balance_id = ANY(CAST(:ids AS bigint[])) AND a.open_quantity > 0 AND NOT p.claims_sellable ORDER BY a.id"
)


def break_unsold(balance_ids: Sequence[int]) -> list[BrokenClaim]:
    """Break the claims on locked rows whose promises do not count as selling. `allocated` is the caller's."""
    rows = _UNSOLD.all({"ids": list(balance_ids)})
    if rows:
        _BREAK.run({"ids": [row.id for row in rows], "quantities": [row.open_quantity for row in rows]})
    return [
        BrokenClaim(row.id, row.balance_id, row.open_quantity, row.subject_kind, row.subject_id, row.warehouse_id,
                    row.owner_id)
        for row in rows
    ]  # fmt: skip


def released_by_row(broken: Sequence[BrokenClaim]) -> dict[int, int]:
    """Units that breaking freed, by balance row."""
    freed: dict[int, int] = defaultdict(int)
    for each in broken:
        freed[each.balance_id] += each.quantity
    return freed


def announce_broken(broken: Sequence[BrokenClaim]) -> None:
    """Tell the demands whose stock is gone; internal reservations have nobody to tell."""
    for each in broken:
        if each.subject_kind == "demand":
            record(
                AllocationBroken(
                    subject_id=each.subject_id,
                    warehouse_id=each.warehouse_id,
                    owner_id=each.owner_id,
                    allocation_id=each.allocation_id,
                    quantity=each.quantity,
                )
            )
