"""Balance rows: found and locked by key, made when missing, changed by deltas. Used by the ledger only.

One statement per table. Rows are locked by ascending id inside the statement, so that two postings cannot wait for
each other in a circle.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

from wms.core import clock
from wms.core.refusals import Refused
from wms.inventory.models import nothing_as_id
from wms.inventory.rotation import KEEPS
from wms.inventory.rules import Figure, Stock, figure_of, is_sellable
from wms.platform.locks import Rank, claim
from wms.platform.statements import Answer, Statement, pipelined


@dataclass(frozen=True)
class LockedBalance:
    """A balance row under lock, with what the ledger needs to know of its place."""

    id: int
    stock: Stock
    on_hand: int
    allocated: int
    is_sellable: bool
    is_held: bool
    oldest_at: datetime | None
    location_kind: str
    time_zone: str
    keeps_serials: bool  # full serial control: numbers go with the goods

    @property
    def figure(self) -> Figure:
        """The sum of its summary that its units are part of."""
        return figure_of(self.is_sellable, self.location_kind)


_KEY_COLUMNS = tuple(each.name for each in fields(Stock))
_VALUES = attrgetter(*_KEY_COLUMNS)
_KEYS = (
    "unnest(CAST(:warehouse_id AS uuid[]), CAST(:owner_id AS uuid[]), CAST(:product_id AS uuid[]),"
    " CAST(:location_id AS uuid[]), CAST(:lot_id AS uuid[]), CAST(:book_item_id AS uuid[]),"
    " CAST(:handling_unit_id AS uuid[]), CAST(:condition AS text[]), CAST(:customs_status AS text[]))"
    " WITH ORDINALITY AS k(warehouse_id, owner_id, product_id, location_id, lot_id, book_item_id,"
    " handling_unit_id, condition, customs_status, ordinal)"
)
_SAME_IDS = "".join(
    f" AND {nothing_as_id(f'b.{name}')} = {nothing_as_id(f'k.{name}')}"
    for name in ("lot_id", "book_item_id", "handling_unit_id")
)
_MATCH = (
    "b.warehouse_id = k.warehouse_id AND b.product_id = k.product_id"
    " AND b.location_id = k.location_id AND b.owner_id = k.owner_id"
    f"{_SAME_IDS} AND b.condition = k.condition AND b.customs_status = k.customs_status"
)
_LOCK = Statement(
    f"SELECT k.ordinal, b.id, b.on_hand, b.allocated, b.is_sellable, b.held_by, b.oldest_at, l.kind, w.time_zone,"
    " p.serial_control = 'full' AS keeps_serials"
    f" FROM {_KEYS}"
    f" JOIN balance b ON {_MATCH}"
    " JOIN location l ON l.id = b.location_id JOIN warehouse w ON w.id = b.warehouse_id"
    " JOIN product p ON p.id = b.product_id"
    " ORDER BY b.id FOR NO KEY UPDATE OF b"
)
_FACTS = Statement(
    f"SELECT k.ordinal, l.kind, w.time_zone, lot.expires_on, {KEEPS} AS keeps_days, bi.booked_at IS NOT NULL AS booked,"
    "  p.serial_control = 'full' AS keeps_serials,"
    "  ARRAY(SELECT h.id FROM stock_hold h WHERE h.warehouse_id = k.warehouse_id AND h.ended_at IS NULL AND h.has_begun"
    # found by its key, whatever the scope; then the scope has to be right
    "   AND h.scope_key = ANY(ARRAY[k.location_id::text, k.product_id::text, k.lot_id::text, k.handling_unit_id::text])"
    "   AND (h.owner_id IS NULL OR h.owner_id = k.owner_id)"
    "   AND ((h.scope = 'location' AND h.scope_key = k.location_id::text)"
    "     OR (h.scope = 'product' AND h.scope_key = k.product_id::text)"
    "     OR (h.scope = 'lot' AND h.scope_key = k.lot_id::text)"
    "     OR (h.scope = 'handling_unit' AND h.scope_key = k.handling_unit_id::text))) AS holds"
    f" FROM {_KEYS}"
    " JOIN location l ON l.id = k.location_id AND l.warehouse_id = k.warehouse_id"
    " JOIN warehouse w ON w.id = k.warehouse_id"
    " JOIN product p ON p.id = k.product_id AND p.owner_id = k.owner_id JOIN seller e ON e.id = k.owner_id"
    " LEFT JOIN lot ON lot.id = k.lot_id LEFT JOIN book_item bi ON bi.id = k.book_item_id"
    " LEFT JOIN handling_unit u ON u.id = k.handling_unit_id"
    " WHERE (k.lot_id IS NULL OR lot.product_id = k.product_id)"
    " AND (k.book_item_id IS NULL OR bi.warehouse_id = k.warehouse_id)"
    " AND (k.handling_unit_id IS NULL OR u.warehouse_id = k.warehouse_id)"
)
_INSERT = Statement(
    "WITH made AS (INSERT INTO balance (warehouse_id, owner_id, product_id, location_id, lot_id, book_item_id,"
    " handling_unit_id, condition, customs_status, on_hand, allocated, is_sellable, held_by)"
    " SELECT k.warehouse_id, k.owner_id, k.product_id, k.location_id, k.lot_id, k.book_item_id, k.handling_unit_id,"
    " k.condition, k.customs_status, 0, 0, (CAST(:is_sellable AS bool[]))[k.ordinal],"
    f" (CAST(:held_by AS int[]))[k.ordinal] FROM {_KEYS} ORDER BY k.ordinal ON CONFLICT DO NOTHING RETURNING *)"
    f" SELECT k.ordinal, b.id FROM made b JOIN {_KEYS} ON {_MATCH}"
)
_LOCK_BY_ID = Statement("SELECT id FROM balance WHERE id = ANY(CAST(:ids AS bigint[])) ORDER BY id FOR NO KEY UPDATE")
_HOLD_TOO = Statement("INSERT INTO held_balance (hold_id, balance_id) VALUES (:hold, :balance)")
# Making rows (shared) and changing what new rows inherit (exclusive: holds, first bookings) exclude each other.
_ROWS_SHARED = Statement("SELECT pg_advisory_xact_lock_shared(hashtextextended(CAST(:warehouse AS text), 17))")
_ROWS_EXCLUSIVE = Statement("SELECT pg_advisory_xact_lock(hashtextextended(CAST(:warehouse AS text), 17))")


_FIND = Statement(f"SELECT b.id FROM {_KEYS} JOIN balance b ON {_MATCH}")


def find_row(stock: Stock) -> int | None:
    """The row of a key, not locked; None when there never was one."""
    found: int | None = _FIND.scalar(_arrays([stock]))
    return found


def lock_rows(balance_ids: Iterable[int]) -> None:
    """Lock balance rows by id: whoever changes the claims on a row holds its lock."""
    claim(Rank.BALANCE)
    _LOCK_BY_ID.run({"ids": sorted(set(balance_ids))})


def lock_all(warehouse_id: uuid.UUID, find: Callable[[], Sequence[int]]) -> Sequence[int]:
    """Lock the rows that `find` names and let none be born until this transaction ends: a hold must not miss one.

    Rows first, then the bar to new ones, then what was born between: the order in which a posting takes them.
    """
    ids = find()
    if ids:
        lock_rows(ids)
    _ROWS_EXCLUSIVE.run({"warehouse": str(warehouse_id)})
    now = find()
    born = set(now) - set(ids)
    if born:
        lock_rows(born)
    return now


def _arrays(stocks: Sequence[Stock]) -> dict[str, list[Any]]:
    return {name: [getattr(stock, name) for stock in stocks] for name in _KEY_COLUMNS}


def lock_balances(
    stocks: Iterable[Stock], likely_new: Iterable[Stock] = (), behind: Callable[[], object] | None = None
) -> dict[Stock, LockedBalance]:
    """Lock the rows of these keys by id, making empty rows for keys not seen before.

    `likely_new`: keys of theirs that have no row yet, as far as one can guess: what their rows need to know is asked in the
    same round trip. `behind` sends what has to come behind the locks, in that round trip too.
    """
    wanted = sorted(set(stocks), key=_order)
    guessed = sorted(set(likely_new), key=_order)
    claim(Rank.BALANCE)
    with pipelined():
        answer = _LOCK.send(_arrays(wanted))
        asked = _ask_facts(guessed) if guessed else None
        if behind is not None:
            behind()
    found = _as_locked(wanted, answer)
    missing = [stock for stock in wanted if stock not in found]
    if missing:
        if asked is None or missing != guessed:
            with pipelined():
                asked = _ask_facts(missing)
        made = _create(missing, asked)
        # A row that a concurrent twin made first has to be locked like any other, in the order of all.
        found = found | made if len(made) == len(missing) else _locked(wanted)
    return found


def _order(stock: Stock) -> tuple[int | str, ...]:
    """What keys are sorted by: the same order for everybody who makes rows."""
    return tuple(-1 if each is None else each.int if isinstance(each, uuid.UUID) else each for each in _VALUES(stock))


def _locked(wanted: Sequence[Stock]) -> dict[Stock, LockedBalance]:
    return _as_locked(wanted, _LOCK.send(_arrays(wanted)))


def _as_locked(wanted: Sequence[Stock], answer: Answer) -> dict[Stock, LockedBalance]:
    rows = answer.all()
    return {
        wanted[row.ordinal - 1]: LockedBalance(
            row.id, wanted[row.ordinal - 1], row.on_hand, row.allocated, row.is_sellable, row.held_by > 0,
            row.oldest_at, row.kind, row.time_zone, row.keeps_serials,
        )
        for row in rows
    }  # fmt: skip


def _ask_facts(stocks: Sequence[Stock]) -> Answer:
    """Ask what rows of these keys have to know; from here on nobody changes it until this transaction ends."""
    for warehouse_id in sorted({stock.warehouse_id for stock in stocks}):
        _ROWS_SHARED.send({"warehouse": str(warehouse_id)})
    return _FACTS.send(_arrays(stocks))


def _create(missing: Sequence[Stock], asked: Answer) -> dict[Stock, LockedBalance]:
    """Insert empty rows with the sellable property and the holds of their scope, and return those (locked by being
    new). A concurrent twin is fine.

    Refuses `location_foreign` when a place, handling unit, lot or book item is not of this warehouse and product.
    """
    facts = {row.ordinal: row for row in asked.all()}
    if len(facts) != len(missing):
        raise Refused("location_foreign", {})
    ordered = [facts[ordinal] for ordinal in range(1, len(missing) + 1)]
    flags: dict[str, list[Any]] = {
        "is_sellable": [_sellable(stock, row) for stock, row in zip(missing, ordered, strict=True)],
        "held_by": [len(row.holds) for row in ordered],
    }
    made = _INSERT.all(_arrays(missing) | flags)
    _inherit_holds([(hold, row.id) for row in made for hold in facts[row.ordinal].holds])
    return {
        missing[row.ordinal - 1]: LockedBalance(
            row.id, missing[row.ordinal - 1], 0, 0, flags["is_sellable"][row.ordinal - 1],
            flags["held_by"][row.ordinal - 1] > 0, None, facts[row.ordinal].kind, facts[row.ordinal].time_zone,
            facts[row.ordinal].keeps_serials,
        )
        for row in made
    }  # fmt: skip


def _sellable(stock: Stock, facts: Any) -> bool:
    return is_sellable(
        condition=stock.condition,
        held=bool(facts.holds),
        location_kind=facts.kind,
        customs_status=stock.customs_status,
        expires_on=facts.expires_on,
        keeps_days=facts.keeps_days,
        today=clock.today(facts.time_zone),
        book_item_booked=facts.booked,
    )


def _inherit_holds(pairs: Sequence[tuple[uuid.UUID, int]]) -> None:
    if pairs:
        _HOLD_TOO.run_many([{"hold": hold, "balance": balance_id} for hold, balance_id in pairs])


@dataclass
class BalanceDelta:
    """What a posting does to one row. `oldest_at` is its new value."""

    on_hand: int = 0
    allocated: int = 0
    oldest_at: datetime | None = None


# Of rows that are already locked. Written in one statement with the posting and its moves.
CHANGE_BALANCES = (
    "UPDATE balance AS b SET on_hand = b.on_hand + d.on_hand, allocated = b.allocated + d.allocated,"
    " oldest_at = d.oldest_at FROM unnest(CAST(:balances AS bigint[]), CAST(:on_hand AS int[]),"
    " CAST(:allocated AS int[]), CAST(:oldest_at AS timestamptz[])) AS d(id, on_hand, allocated, oldest_at)"
    " WHERE b.id = d.id"
)


def balance_arrays(deltas: Mapping[int, BalanceDelta]) -> dict[str, list[Any]]:
    """The parameters of CHANGE_BALANCES."""
    ids = sorted(deltas)
    return {
        "balances": ids,
        "on_hand": [deltas[each].on_hand for each in ids],
        "allocated": [deltas[each].allocated for each in ids],
        "oldest_at": [deltas[each].oldest_at for each in ids],
    }


def calendar_date(balance: LockedBalance) -> date:
    """The warehouse's date now."""
    return clock.now().astimezone(ZoneInfo(balance.time_zone)).date()
