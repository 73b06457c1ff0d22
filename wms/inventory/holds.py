"""Stock holds (冻结): placed on a scope, inherited by rows that enter it, ended by whoever may."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select, text

from wms.core import clock
from wms.core.actor import SYSTEM, Actor
from wms.core.ids import new_id
from wms.core.refusals import Refused, not_found
from wms.facility.models import HandlingUnitKind
from wms.facility.service import create_handling_unit
from wms.inventory import ledger, serials
from wms.inventory.allocations import break_all
from wms.inventory.balances import lock_all
from wms.inventory.ledger import PostingDraft
from wms.inventory.models import Hold, HoldScope, Serial
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
    *,
    note: str | None = None,
    begins_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> Hold:
    """Hold everything in the scope and what enters it, from now or `begins_at` until `end_hold` or `ends_at`. Always
    succeeds: claims on it break (law 2). Refuses only an end that has passed or lies before the beginning
    (`hold_ends_early`).
    """
    now = clock.now()
    planned = begins_at is not None and begins_at > now
    if ends_at is not None and ends_at <= max(begins_at or now, now):
        raise Refused("hold_ends_early", {})
    hold = Hold(
        warehouse_id=warehouse_id, owner_id=owner_id, scope=scope.value, scope_key=key, reason=reason, note=note,
        placed_by=actor.id, begins_at=begins_at if planned else None, ends_at=ends_at, has_begun=not planned,
        created_at=now,
    )  # fmt: skip
    session().add(hold)
    session().flush()
    if not planned:
        _hold_rows([hold])
    return hold


def _hold_rows(holds: Sequence[Hold]) -> None:
    """Every row in the scope of these holds, which have just begun. Rows of all of them first, then what follows."""
    found = {hold.id: _rows_of(hold) for hold in holds}
    pairs = [(hold_id, row) for hold_id, rows in found.items() for row in rows]
    if not pairs:
        return
    values = {"holds": [hold_id for hold_id, _ in pairs], "ids": [row for _, row in pairs]}
    keys = "unnest(CAST(:holds AS uuid[]), CAST(:ids AS bigint[])) AS k(hold_id, balance_id)"
    session().execute(text(f"INSERT INTO held_balance (hold_id, balance_id) SELECT * FROM {keys}"), values)
    session().execute(
        text(
            "UPDATE balance AS b SET held_by = b.held_by + k.holds FROM (SELECT balance_id, count(*) AS holds"
            f" FROM {keys} GROUP BY 1) AS k WHERE b.id = k.balance_id"
        ),
        values,
    )
    ids = sorted({row for _, row in pairs})
    break_all(ids)
    refresh(ids)


def _rows_of(hold: Hold) -> Sequence[int]:
    """The rows in a hold's scope, locked."""
    query = text(
        f"SELECT b.id FROM balance b WHERE b.warehouse_id = :warehouse AND {_ROWS[HoldScope(hold.scope)]}"
        " AND (CAST(:owner AS uuid) IS NULL OR b.owner_id = :owner)"
    )
    values = {"warehouse": hold.warehouse_id, "key": hold.scope_key, "owner": hold.owner_id}
    return lock_all(hold.warehouse_id, lambda: session().execute(query, values).scalars().all())


def begin_due() -> int:
    """The minute job: holds whose beginning has come hold. Returns how many."""
    wanted = select(Hold.id).where(~Hold.has_begun, Hold.ended_at.is_(None), Hold.begins_at <= clock.now())
    due = [hold for hold in _locked(session().scalars(wanted).all()) if not hold.has_begun and hold.ended_at is None]
    for hold in due:
        hold.has_begun = True
    session().flush()
    _hold_rows(sorted(due, key=lambda each: (each.warehouse_id, each.id)))
    return len(due)


def end_due() -> int:
    """The minute job: holds whose end has come are over, as if the system had ended them. Returns how many."""
    wanted = select(Hold.id).where(Hold.ended_at.is_(None), Hold.ends_at <= clock.now())
    due = [hold for hold in _locked(session().scalars(wanted).all()) if hold.ended_at is None]
    if due:
        _end(SYSTEM, due)
    return len(due)


def _locked(ids: Sequence[uuid.UUID]) -> Sequence[Hold]:
    return lock(HOLD_RANK, Hold, ids) if ids else []


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


def end_holds(actor: Actor, warehouse_id: uuid.UUID, hold_ids: Collection[uuid.UUID]) -> None:
    """End several holds at once; those that have ended already are left."""
    found = lock(HOLD_RANK, Hold, hold_ids)
    _end(actor, [hold for hold in found if hold.warehouse_id == warehouse_id and hold.ended_at is None])


def _end(actor: Actor, holds: Sequence[Hold]) -> None:
    for hold in holds:
        hold.ended_at = clock.now()
        hold.ended_by = actor.id
    session().flush()
    ids = [hold.id for hold in holds]
    rows = [row for warehouse_id in sorted({hold.warehouse_id for hold in holds}) for row in _held(warehouse_id, ids)]
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


def _held(warehouse_id: uuid.UUID, hold_ids: Sequence[uuid.UUID]) -> Sequence[int]:
    query = text(
        "SELECT DISTINCT x.balance_id FROM held_balance x JOIN balance b ON b.id = x.balance_id"
        " WHERE x.hold_id = ANY(:ids) AND b.warehouse_id = :warehouse"
    )
    values = {"ids": hold_ids, "warehouse": warehouse_id}
    return lock_all(warehouse_id, lambda: session().execute(query, values).scalars().all())


def hold_serial(
    actor: Actor, product_id: uuid.UUID, number: str, reason: str, *, warehouse_id: uuid.UUID,
    note: str | None = None, ends_at: datetime | None = None,
) -> Hold:  # fmt: skip
    """Hold one unit by its serial number, from now on. Where others stand in its row it is set apart in a container of
    its own first (a hold holds whole rows); the label of that is what goes on the unit.

    Refuses `serial_not_here` when the number is not in stock in this warehouse.
    """
    row = serials.row_of(product_id, number)
    serial = session().scalar(select(Serial).where(Serial.product_id == product_id, Serial.number == number))
    if row is None or serial is None or row.warehouse_id != warehouse_id:
        raise Refused("serial_not_here", {"number": number})
    scope = (row.warehouse_id, HoldScope.SERIAL, str(serial.id), reason, row.owner_id)
    if row.on_hand == 1:
        return place_hold(actor, *scope, note=note, ends_at=ends_at)
    code = f"H{new_id().hex[-8:].upper()}"
    apart = create_handling_unit(actor, row.warehouse_id, HandlingUnitKind.INNER, code, row.location_id)
    source = ledger.stock_of(row)
    move = MoveDraft(source, replace(source, handling_unit_id=apart.id), 1, serials=[number])
    with together():
        ledger.post(actor, PostingDraft(Reason.HOLD, "hold", apart.id, [move]))
        return place_hold(actor, *scope, note=note, ends_at=ends_at)


def doubt(actor: Actor, warehouse_id: uuid.UUID, balance_id: int) -> Hold:
    """A picker found less than the book says: this row waits for a count before anybody relies on it again."""
    return place_hold(actor, warehouse_id, HoldScope.BALANCE, str(balance_id), IN_DOUBT)


def doubt_bin(actor: Actor, warehouse_id: uuid.UUID, location_id: uuid.UUID) -> Hold | None:
    """Something stands in a bin that the book says is empty: whatever is, or comes to be, in it waits for a count. None where
    that is so already.
    """
    if lock_bin_doubts(location_id):
        return None
    return place_hold(actor, warehouse_id, HoldScope.LOCATION, str(location_id), IN_DOUBT)


def lock_bin_doubts(location_id: uuid.UUID) -> Sequence[Hold]:
    """The open doubts about a whole bin, locked."""
    return _open_doubts(HoldScope.LOCATION, str(location_id))


def lock_doubts(balance_id: int) -> Sequence[Hold]:
    """The open doubts about a row, locked: they come before the row in the order of locks."""
    return _open_doubts(HoldScope.BALANCE, str(balance_id))


def _open_doubts(scope: HoldScope, key: str) -> Sequence[Hold]:
    ids = session().scalars(
        select(Hold.id).where(
            Hold.scope == scope.value, Hold.scope_key == key, Hold.reason == IN_DOUBT, Hold.ended_at.is_(None)
        )
    )
    found = list(ids)
    return [hold for hold in lock(HOLD_RANK, Hold, found) if hold.ended_at is None] if found else []


def end_doubts(actor: Actor, doubts: Sequence[Hold]) -> None:
    """The row was counted: what is there may be relied on again."""
    if doubts:
        _end(actor, doubts)
