"""Balance and summary rows: found and locked by key, made when missing, changed by deltas. Used by the ledger only.

One statement per table. Rows are locked by ascending id inside the statement, so that two postings cannot wait for
each other in a circle.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text

from wms.core import clock
from wms.core.refusals import Refused
from wms.inventory.rules import Stock, is_sellable
from wms.platform.database import session
from wms.platform.locks import Rank, claim


@dataclass(frozen=True)
class LockedBalance:
    """A balance row under lock, with what the ledger needs to know of its place."""

    id: int
    stock: Stock
    on_hand: int
    allocated: int
    is_sellable: bool
    oldest_at: datetime | None
    location_kind: str
    time_zone: str


_KEY_COLUMNS = tuple(each.name for each in fields(Stock))
_KEYS = (
    "unnest(CAST(:warehouse_id AS uuid[]), CAST(:owner_id AS uuid[]), CAST(:product_id AS uuid[]),"
    " CAST(:location_id AS uuid[]), CAST(:lot_id AS uuid[]), CAST(:book_item_id AS uuid[]),"
    " CAST(:handling_unit_id AS uuid[]), CAST(:condition AS text[]), CAST(:customs_status AS text[]))"
    " WITH ORDINALITY AS k(warehouse_id, owner_id, product_id, location_id, lot_id, book_item_id,"
    " handling_unit_id, condition, customs_status, ordinal)"
)
_LOCK = text(
    f"SELECT k.ordinal, b.id, b.on_hand, b.allocated, b.is_sellable, b.oldest_at, l.kind, w.time_zone FROM {_KEYS}"
    " JOIN balance b ON b.warehouse_id = k.warehouse_id AND b.product_id = k.product_id"
    " AND b.location_id = k.location_id AND b.owner_id = k.owner_id AND b.lot_id IS NOT DISTINCT FROM k.lot_id"
    " AND b.book_item_id IS NOT DISTINCT FROM k.book_item_id"
    " AND b.handling_unit_id IS NOT DISTINCT FROM k.handling_unit_id"
    " AND b.condition = k.condition AND b.customs_status = k.customs_status"
    " JOIN location l ON l.id = b.location_id JOIN warehouse w ON w.id = b.warehouse_id"
    " ORDER BY b.id FOR UPDATE OF b"
)
_FACTS = text(
    f"SELECT k.ordinal, l.kind, w.time_zone, lot.expires_on, p.outbound_days, bi.booked_at IS NOT NULL AS booked,"
    "  ARRAY(SELECT h.id FROM stock_hold h WHERE h.warehouse_id = k.warehouse_id AND h.ended_at IS NULL"
    "   AND (h.owner_id IS NULL OR h.owner_id = k.owner_id)"
    "   AND ((h.scope = 'location' AND h.scope_key = k.location_id::text)"
    "     OR (h.scope = 'product' AND h.scope_key = k.product_id::text)"
    "     OR (h.scope = 'lot' AND h.scope_key = k.lot_id::text)"
    "     OR (h.scope = 'handling_unit' AND h.scope_key = k.handling_unit_id::text))) AS holds"
    f" FROM {_KEYS}"
    " JOIN location l ON l.id = k.location_id AND l.warehouse_id = k.warehouse_id"
    " JOIN warehouse w ON w.id = k.warehouse_id"
    " JOIN product p ON p.id = k.product_id AND p.owner_id = k.owner_id"
    " LEFT JOIN lot ON lot.id = k.lot_id AND lot.product_id = k.product_id"
    " LEFT JOIN book_item bi ON bi.id = k.book_item_id AND bi.warehouse_id = k.warehouse_id"
)
_INSERT = text(
    "INSERT INTO balance (warehouse_id, owner_id, product_id, location_id, lot_id, book_item_id, handling_unit_id,"
    " condition, customs_status, on_hand, allocated, is_sellable, held_by)"
    " VALUES (:warehouse_id, :owner_id, :product_id, :location_id, :lot_id, :book_item_id, :handling_unit_id,"
    " :condition, :customs_status, 0, 0, :is_sellable, :held_by) ON CONFLICT DO NOTHING RETURNING id"
)


def _arrays(stocks: Sequence[Stock]) -> dict[str, list[Any]]:
    return {name: [getattr(stock, name) for stock in stocks] for name in _KEY_COLUMNS}


def lock_balances(stocks: Iterable[Stock]) -> dict[Stock, LockedBalance]:
    """Lock the rows of these keys by id, making empty rows for keys not seen before."""
    wanted = sorted(set(stocks), key=_order)
    claim(Rank.BALANCE)
    found = _locked(wanted)
    missing = [stock for stock in wanted if stock not in found]
    if missing:
        _create(missing)
        found = _locked(wanted)
    return found


def _order(stock: Stock) -> tuple[str, ...]:
    return tuple(str(getattr(stock, name)) for name in _KEY_COLUMNS)


def _locked(wanted: Sequence[Stock]) -> dict[Stock, LockedBalance]:
    rows = session().execute(_LOCK, _arrays(wanted)).all()
    return {
        wanted[row.ordinal - 1]: LockedBalance(
            row.id, wanted[row.ordinal - 1], row.on_hand, row.allocated, row.is_sellable, row.oldest_at, row.kind,
            row.time_zone,
        )
        for row in rows
    }  # fmt: skip


def _create(missing: Sequence[Stock]) -> None:
    """Insert empty rows with the sellable property and the holds of their scope. A concurrent twin is fine."""
    rows = {row.ordinal: row for row in session().execute(_FACTS, _arrays(missing))}
    for ordinal, stock in enumerate(missing, 1):
        facts = rows.get(ordinal)
        if facts is None:
            raise Refused("location_foreign", {})
        sellable = is_sellable(
            condition=stock.condition,
            held=bool(facts.holds),
            location_kind=facts.kind,
            customs_status=stock.customs_status,
            expires_on=facts.expires_on,
            outbound_days=facts.outbound_days,
            today=clock.today(facts.time_zone),
            book_item_booked=facts.booked,
        )
        values = {name: getattr(stock, name) for name in _KEY_COLUMNS}
        values |= {"is_sellable": sellable, "held_by": len(facts.holds)}
        balance_id = session().execute(_INSERT, values).scalar()
        if balance_id is not None:
            _inherit_holds(balance_id, facts.holds)


def _inherit_holds(balance_id: int, holds: Sequence[uuid.UUID]) -> None:
    if holds:
        session().execute(
            text("INSERT INTO held_balance (hold_id, balance_id) VALUES (:hold, :balance)"),
            [{"hold": hold, "balance": balance_id} for hold in holds],
        )


@dataclass
class BalanceDelta:
    """What a posting does to one row. `oldest_at` is its new value."""

    on_hand: int = 0
    allocated: int = 0
    oldest_at: datetime | None = None


_CHANGE = text(
    "UPDATE balance AS b SET on_hand = b.on_hand + d.on_hand, allocated = b.allocated + d.allocated,"
    " oldest_at = d.oldest_at FROM unnest(CAST(:ids AS bigint[]), CAST(:on_hand AS int[]), CAST(:allocated AS int[]),"
    " CAST(:oldest_at AS timestamptz[])) AS d(id, on_hand, allocated, oldest_at) WHERE b.id = d.id"
)


def change_balances(deltas: Mapping[int, BalanceDelta]) -> None:
    """Apply the deltas to rows that are already locked."""
    ids = sorted(deltas)
    session().execute(
        _CHANGE,
        {
            "ids": ids,
            "on_hand": [deltas[each].on_hand for each in ids],
            "allocated": [deltas[each].allocated for each in ids],
            "oldest_at": [deltas[each].oldest_at for each in ids],
        },
    )


@dataclass(frozen=True)
class SummaryKey:
    warehouse_id: uuid.UUID
    owner_id: uuid.UUID
    product_id: uuid.UUID
    customs_status: str
    book_item_id: uuid.UUID | None


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
SUMMARY_COLUMNS = "id, warehouse_id, owner_id, product_id, customs_status, book_item_id, sellable, promised"
_CHANGE_SUMMARY = text(
    "UPDATE summary AS t SET sellable = t.sellable + d.sellable, promised = t.promised + d.promised"
    f" FROM (SELECT s.id, k.sellable, k.promised FROM summary s JOIN {SUMMARY_KEYS} ON {SUMMARY_MATCH}"
    " ORDER BY s.id FOR UPDATE OF s) AS d WHERE t.id = d.id"
    " RETURNING " + ", ".join(f"t.{name}" for name in SUMMARY_COLUMNS.split(", "))
)
_INSERT_SUMMARY = text(
    "INSERT INTO summary AS t (warehouse_id, owner_id, product_id, customs_status, book_item_id, sellable, promised)"
    " VALUES (:warehouse_id, :owner_id, :product_id, :customs_status, :book_item_id, :sellable, :promised)"
    " ON CONFLICT (warehouse_id, owner_id, product_id, customs_status, book_item_id)"
    " DO UPDATE SET sellable = t.sellable + excluded.sellable, promised = t.promised + excluded.promised"
    f" RETURNING {SUMMARY_COLUMNS}"
)


def summary_arrays(deltas: Mapping[SummaryKey, tuple[int, int]]) -> dict[str, list[Any]]:
    keys = list(deltas)
    names = ("warehouse_id", "owner_id", "product_id", "customs_status", "book_item_id")
    arrays: dict[str, list[Any]] = {name: [getattr(key, name) for key in keys] for name in names}
    arrays["sellable"] = [deltas[key][0] for key in keys]
    arrays["promised"] = [deltas[key][1] for key in keys]
    return arrays


def summary_now(row: Any) -> SummaryNow:
    key = SummaryKey(row.warehouse_id, row.owner_id, row.product_id, row.customs_status, row.book_item_id)
    return SummaryNow(row.id, key, row.sellable, row.promised)


def change_summaries(deltas: Mapping[SummaryKey, tuple[int, int]]) -> list[SummaryNow]:
    """Add (sellable, promised) to each summary; rows of keys not seen before are made."""
    real = {key: delta for key, delta in deltas.items() if delta != (0, 0)}
    if not real:
        return []
    claim(Rank.SUMMARY)
    changed = [summary_now(row) for row in session().execute(_CHANGE_SUMMARY, summary_arrays(real))]
    known = {each.key for each in changed}
    for key in sorted((key for key in real if key not in known), key=str):
        arrays = summary_arrays({key: real[key]})
        row = session().execute(_INSERT_SUMMARY, {name: values[0] for name, values in arrays.items()}).one()
        changed.append(summary_now(row))
    return changed


def calendar_date(balance: LockedBalance) -> date:
    """The warehouse's date now."""
    return clock.now().astimezone(ZoneInfo(balance.time_zone)).date()
