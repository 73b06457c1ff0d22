"""Stock holds (冻结): placed on a scope, inherited by rows that enter it, ended by whoever may."""

from __future__ import annotations

import uuid

from sqlalchemy import text

from wms.core import clock
from wms.core.actor import Actor
from wms.core.refusals import Refused, not_found
from wms.inventory.allocations import break_all
from wms.inventory.models import Hold, HoldScope
from wms.inventory.sellable import refresh
from wms.platform.database import session
from wms.platform.locks import Rank, claim, lock_one

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
    claim(Rank.BALANCE)
    condition = _ROWS[scope]
    rows = session().execute(
        text(
            f"SELECT b.id FROM balance b WHERE b.warehouse_id = :warehouse AND {condition}"
            " AND (CAST(:owner AS uuid) IS NULL OR b.owner_id = :owner) ORDER BY b.id FOR UPDATE"
        ),
        {"warehouse": warehouse_id, "key": key, "owner": owner_id},
    )
    ids = list(rows.scalars())
    if ids:
        _hold_rows(hold.id, ids)
    return hold


def _hold_rows(hold_id: uuid.UUID, ids: list[int]) -> None:
    session().execute(
        text("INSERT INTO held_balance (hold_id, balance_id) SELECT :hold, unnest(CAST(:ids AS bigint[]))"),
        {"hold": hold_id, "ids": ids},
    )
    session().execute(
        text("UPDATE balance SET held_by = held_by + 1 WHERE id = ANY(CAST(:ids AS bigint[]))"), {"ids": ids}
    )
    break_all(ids)
    refresh(ids)


def end_hold(actor: Actor, warehouse_id: uuid.UUID, hold_id: uuid.UUID) -> Hold:
    """End a hold; its rows sell again unless something else forbids it."""
    hold = lock_one(Rank.DOCUMENT, Hold, hold_id)
    if hold is None or hold.warehouse_id != warehouse_id:
        raise not_found("hold")
    if hold.ended_at is not None:
        raise Refused("hold_ended", {})
    hold.ended_at = clock.now()
    hold.ended_by = actor.id
    session().flush()
    claim(Rank.BALANCE)
    rows = session().execute(
        text(
            "UPDATE balance AS b SET held_by = b.held_by - 1 FROM (SELECT balance.id FROM balance JOIN held_balance h"
            " ON h.balance_id = balance.id WHERE h.hold_id = :hold ORDER BY balance.id FOR UPDATE OF balance) AS held"
            " WHERE b.id = held.id RETURNING b.id"
        ),
        {"hold": hold_id},
    )
    ids = list(rows.scalars())
    session().execute(text("DELETE FROM held_balance WHERE hold_id = :hold"), {"hold": hold_id})
    if ids:
        refresh(ids)
    return hold


def doubt(actor: Actor, warehouse_id: uuid.UUID, balance_id: int) -> Hold:
    """A picker found less than the book says: this row waits for a count before anybody relies on it again."""
    return place_hold(actor, warehouse_id, HoldScope.BALANCE, str(balance_id), "in_doubt")
