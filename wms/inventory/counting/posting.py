"""A variance goes into the ledger: as the difference it was when it was counted, whatever moved since."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import select

from wms.catalog.models import Product, SerialControl
from wms.core.actor import Actor
from wms.core.refusals import Refused, not_found
from wms.facility.models import Location, Warehouse
from wms.inventory import ledger, service
from wms.inventory import serials as number_book
from wms.inventory.counting import goods as shelf
from wms.inventory.counting import rules
from wms.inventory.counting.goods import Goods, Row
from wms.inventory.counting.models import CountLine, CountTask
from wms.inventory.ledger import PostingDraft
from wms.inventory.rules import BONDED, MoveDraft, Reason, Stock
from wms.platform.database import session
from wms.platform.statements import Statement

# Somebody else corrected these rows after they were counted: the variance may be gone already.
_CORRECTED = Statement(
    "SELECT p.id FROM unnest(CAST(:rows AS bigint[]), CAST(:versions AS bigint[])) AS k(id, version)"
    " CROSS JOIN LATERAL (SELECT m.posting_id FROM stock_move m WHERE m.from_balance_id = k.id AND m.id > k.version"
    "  UNION ALL SELECT m.posting_id FROM stock_move m WHERE m.to_balance_id = k.id AND m.id > k.version) s"
    " JOIN stock_posting p ON p.id = s.posting_id"
    " WHERE p.reason IN ('count', 'loss', 'unaccounted', 'adjust', 'reverse') LIMIT 1"
)


def check_countable(warehouse_id: uuid.UUID, location_id: uuid.UUID) -> Location:
    """Refuses a place whose goods are on their way, and that of unaccounted goods."""
    location = session().get(Location, location_id)
    if location is None or location.warehouse_id != warehouse_id:
        raise not_found("location")
    refusal = rules.why_not_countable(location.kind)
    if refusal is not None:
        raise Refused(refusal, {"code": location.code})
    return location


def keeps_serials(product_id: uuid.UUID) -> bool:
    return session().get_one(Product, product_id).serial_control == SerialControl.FULL.value


def post_variances(actor: Actor, task: CountTask, lines: Sequence[CountLine]) -> None:
    """One posting for all variances of a bin; in bond by way of *unaccounted*. The rows of the bin are locked.

    Refuses `count_outdated` when a row was corrected since, or no longer holds what is lacking.
    """
    differing = [line for line in lines if line.variance or line.lost]
    if not differing:
        return
    there = shelf.by_goods(shelf.rows_of(task.location_id))
    moves: list[MoveDraft] = []
    for line in differing:
        moves += _moves(task, line, there.get(_goods(line), []))
    aside = any(
        isinstance(move.source, Stock)
        and isinstance(move.target, Stock)
        and move.source.location_id == task.location_id
        for move in moves
    )
    reason = Reason.UNACCOUNTED if aside else Reason.COUNT
    posted = ledger.post(actor, PostingDraft(reason, "count", task.count_id, moves))
    for line in differing:
        line.posting_id = posted.posting_id


def _goods(line: CountLine) -> Goods:
    return Goods(line.owner_id, line.product_id, line.lot_id, line.handling_unit_id, line.condition)


def _moves(task: CountTask, line: CountLine, rows: Sequence[Row]) -> list[MoveDraft]:
    versions = line.versions or {}
    seen = {"rows": [row.id for row in rows], "versions": [versions.get(str(row.id), 0) for row in rows]}
    if _CORRECTED.first(seen) is not None:
        raise Refused("count_outdated", {})
    if keeps_serials(line.product_id):
        return _numbered(task, line, rows)
    if line.variance and line.variance > 0 and not rows:
        return [_found(_first_row(task, line), line.variance)]
    shares = rules.spread(line.variance or 0, [(row.id, row.in_bin) for row in rows])
    if shares is None:
        raise Refused("count_outdated", {})
    stocks = {row.id: row.stock for row in rows}
    return [
        _found(stocks[row_id], quantity) if quantity > 0 else _lost(stocks[row_id], -quantity)
        for row_id, quantity in shares
    ]


def _numbered(task: CountTask, line: CountLine, rows: Sequence[Row]) -> list[MoveDraft]:
    """Numbers not seen leave the rows they are in; those seen come from the bin the book has them in, or from nowhere."""
    moves = []
    for row in rows:
        lost = sorted(set(line.lost) & number_book.of_row(row.id))
        if lost:
            moves.append(_lost(row.stock, len(lost), lost))
    if not line.found:
        return moves
    here = rows[0].stock if rows else _first_row(task, line)
    elsewhere = service.misplaced_numbers(here, line.found)
    moves += [MoveDraft(other, here, len(own), serials=own) for other, own in elsewhere.items()]
    new = sorted(set(line.found).difference(*elsewhere.values()))
    if new:
        moves.append(_found(here, len(new), new))
    return moves


def _lost(stock: Stock, quantity: int, numbers: Sequence[str] = ()) -> MoveDraft:
    aside = service.unaccounted(stock) if stock.customs_status == BONDED else "adjustment"
    return MoveDraft(stock, aside, quantity, serials=numbers)


def _found(stock: Stock, quantity: int, numbers: Sequence[str] = ()) -> MoveDraft:
    target = service.unaccounted(stock) if stock.customs_status == BONDED else stock
    return MoveDraft("adjustment", target, quantity, serials=numbers)


def _first_row(task: CountTask, line: CountLine) -> Stock:
    """The key of goods that the book has never had in this bin."""
    warehouse = session().get_one(Warehouse, task.warehouse_id)
    product = session().get_one(Product, line.product_id)
    return service.goods(
        warehouse, product, task.location_id, lot_id=line.lot_id, handling_unit_id=line.handling_unit_id,
        condition=line.condition,
    )  # fmt: skip


def lines_of_last_round(task: CountTask) -> list[CountLine]:
    """What the last finished round found."""
    query = select(CountLine).where(CountLine.task_id == task.id, CountLine.round == task.round)
    return list(session().scalars(query.order_by(CountLine.id)))
