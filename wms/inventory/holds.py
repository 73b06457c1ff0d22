"""Stock holds (冻结): placed on a scope, inherited by rows that enter it, ended by whoever may."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select, text

from wms.core import clock
from wms.core.actor import Actor
from wms.core.refusals import Refused, not_found
from wms.inventory import ledger
from wms.inventory.allocations import break_all
from wms.inventory.balances import lock_all
from wms.inventory.ledger import PostingDraft
from wms.inventory.models import Hold, HoldScope
from wms.inventory.rules import MoveDraft, Reason, Stock
from wms.inventory.sellable import refresh
from wms.inventory.summaries import together
from wms.platform.database import session
from wms.platform.locks import Rank, lock, lock_one

IN_DOUBT = "in_doubt"
HOLD_RANK = Rank.HANDLING_UNIT  # after documents and tasks, before the rows it holds

_ROWS = {
    HoldScope.LOT: "b.lot_id = CAST(:key AS uuid)",
    HoldScope.LOCATION: "b.location_id = CAST(:key AS uuid)",
    HoldScope.HANDLING_UNIT: "b.handling_unit_id = CAST(:key AS uuid)",
    HoldScope.PRODUCT: "b.product_id = CAST(:key AS uuid)",
    HoldScope.BALANCE: "b.id = CAST(:key AS bigint)",
    HoldScope.SERIAL: "b.id = (SELECT balance_id FROM serial WHERE id = CAST(:key AS uuid))",
}


def place_hold(
    actor: Actor,
    warehouse_id: uuid.UUID,
    scope: HoldScope,
    key: str,
    reason: str,
    owner_id: uuid.UUID | None = None,
) -> Hold:
    """Hold everything in the scope now and what enters it later. Always succeeds: claims on it break (law 2)."""
    hold = Hold(
        warehouse_id=warehouse_id, owner_id=owner_id, scope=scope.value, scope_key=key, reason=reason,
        placed_by=actor.id, created_at=clock.now(),
    )  # fmt: skip
    session().add(hold)
    session().flush()
    query = text(
        f"SELECT b.id FROM balance b WHERE b.warehouse_id = :warehouse AND {_ROWS[scope]}"
        " AND (CAST(:owner AS uuid) IS NULL OR b.owner_id = :owner)"
    )
    values = {"warehouse": warehouse_id, "key": key, "owner": owner_id}
    _hold_rows(hold.id, lock_all(warehouse_id, lambda: session().execute(query, values).scalars().all()))
    return hold


def _hold_rows(hold_id: uuid.UUID, ids: Sequence[int]) -> None:
    if not ids:
        return
    session().execute(
        text("INSERT INTO held_balance (hold_id, balance_id) SELECT :hold, unnest(CAST(:ids AS bigint[]))"),
        {"hold": hold_id, "ids": ids},
    )
    session().execute(
        text("UPDATE balance SET held_by = held_by + 1 WHERE id = ANY(CAST(:ids AS bigint[]))"), {"ids": ids}
    )
    break_all(ids)
    refresh(ids)


def hold_quantity(
    actor: Actor,
    stock: Stock,
    quantity: int,
    handling_unit_id: uuid.UUID,
    reason: str,
    subject_kind: str = "hold",
    *,
    serials: Sequence[str] = (),
) -> Hold:
    """Hold a part of a row: it is set apart in a handling unit at the same place first, and that unit is held.

    Claims that the part needs break, newest first. Refuses `not_enough_stock`.
    """
    apart = replace(stock, handling_unit_id=handling_unit_id)
    move = MoveDraft(stock, apart, quantity, serials=serials)
    with together():
        ledger.post(actor, PostingDraft(Reason.HOLD, subject_kind, handling_unit_id, [move]))
        return place_hold(
            actor, stock.warehouse_id, HoldScope.HANDLING_UNIT, str(handling_unit_id), reason, stock.owner_id
        )


def end_hold(actor: Actor, warehouse_id: uuid.UUID, hold_id: uuid.UUID) -> Hold:
    """End a hold; its rows sell again unless something else forbids it."""
    hold = lock_one(HOLD_RANK, Hold, hold_id)
    if hold is None or hold.warehouse_id != warehouse_id:
        raise not_found("hold")
    if hold.ended_at is not None:
        raise Refused("hold_ended", {})
    _end(actor, [hold])
    return hold


def _end(actor: Actor, holds: Sequence[Hold]) -> None:
    for hold in holds:
        hold.ended_at = clock.now()
        hold.ended_by = actor.id
    session().flush()
    ids = [hold.id for hold in holds]
    query = text("SELECT DISTINCT balance_id FROM held_balance WHERE hold_id = ANY(:ids)")
    (warehouse_id,) = {hold.warehouse_id for hold in holds}
    rows = lock_all(warehouse_id, lambda: session().execute(query, {"ids": ids}).scalars().all())
    if not rows:
        return
    session().execute(
        text(
            "WITH freed AS (DELETE FROM held_balance WHERE hold_id = ANY(:ids) RETURNING balance_id)"
            " UPDATE balance AS b SET held_by = b.held_by - f.holds FROM (SELECT balance_id, count(*) AS holds"
            " FROM freed GROUP BY 1) AS f WHERE b.id = f.balance_id"
        ),
        {"ids": ids},
    )
    refresh(rows)


def doubt(actor: Actor, warehouse_id: uuid.UUID, balance_id: int) -> Hold:
    """A picker found less than the book says: this row waits for a count before anybody relies on it again."""
    return place_hold(actor, warehouse_id, HoldScope.BALANCE, str(balance_id), IN_DOUBT)


def lock_doubts(balance_id: int) -> Sequence[Hold]:
    """The open doubts about a row, locked: they come before the row in the order of locks."""
    ids = session().scalars(
        select(Hold.id).where(
            Hold.scope == HoldScope.BALANCE.value, Hold.scope_key == str(balance_id), Hold.reason == IN_DOUBT,
            Hold.ended_at.is_(None),
        )
    )  # fmt: skip
    found = list(ids)
    return [hold for hold in lock(HOLD_RANK, Hold, found) if hold.ended_at is None] if found else []


def end_doubts(actor: Actor, doubts: Sequence[Hold]) -> None:
    """The row was counted: what is there may be relied on again."""
    if doubts:
        _end(actor, doubts)
