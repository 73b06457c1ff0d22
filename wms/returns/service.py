"""Use cases of returns: announce, receive at the desk, inspect; goods come back through the ledger."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from wms.catalog.queries import products_by_ids
from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.numbering import DocumentKind
from wms.core.refusals import FieldError, Refused, invalid, invalid_fields, not_found
from wms.facility.models import COUNTS, Location, LocationKind, Warehouse
from wms.identity.models import Seller
from wms.inventory import ledger
from wms.inventory.ledger import PostingDraft, stock_of
from wms.inventory.models import Balance, Condition, CustomsStatus
from wms.inventory.putaway import service as putaway
from wms.inventory.rules import MoveDraft, Reason, Stock
from wms.inventory.serials import by_row
from wms.outbound import queries as outbound
from wms.outbound.queries import ReturnSource
from wms.platform.counters import next_number
from wms.platform.database import session
from wms.platform.events import record
from wms.platform.http import check_version
from wms.platform.locks import Rank, lock_one
from wms.returns import queries
from wms.returns.events import ReturnCompleted, ReturnInspected, ReturnReceived
from wms.returns.models import ReturnLine, ReturnOrder
from wms.returns.numbers import numbers_back
from wms.returns.workflow import RETURN, ReturnState


class Disposition(StrEnum):
    """What becomes of a unit after inspection."""

    RESTOCK = "restock"
    DAMAGED = "damaged"
    SCRAP = "scrap"


def announce(actor: Actor, body: Mapping[str, Any]) -> ReturnOrder:
    """A seller announces a return of a shipped order. `body` is the loaded `ReturnIn`.

    Refuses unknown or unshipped orders, lines that were not shipped or would return more than was.
    """
    source = outbound.return_source(actor, body["order"])
    if source is None:
        raise invalid_fields([FieldError("/order", "order_unknown", {})])
    if source.state != "shipped":
        raise Refused("order_not_shipped", {})
    outbound.lock_shipped_lines(source.order_id)  # two announcements of one order take their turns
    wanted = _wanted(source, body["lines"])
    return _insert(source, body.get("reference"), body.get("tracking_number"), body["reason"], wanted, announced=True)


def _wanted(source: ReturnSource, lines: Sequence[Mapping[str, Any]]) -> dict[uuid.UUID, int]:
    """Announced units by demand: each line is spread over the demands that shipped its product."""
    spoken_for = queries.spoken_for(source.order_id)
    left = {line.demand_id: line.shipped - spoken_for.get(line.demand_id, 0) for line in source.lines}
    wanted: dict[uuid.UUID, int] = {}
    errors = []
    for index, line in enumerate(lines):
        quantity = line["quantity"]
        mine = [each for each in source.lines if each.sku == line["sku"]]
        if not mine:
            errors.append(FieldError(f"/lines/{index}/sku", "not_in_return", {}))
            continue
        for each in mine:
            share = min(quantity, left[each.demand_id])
            if share > 0:
                wanted[each.demand_id] = wanted.get(each.demand_id, 0) + share
                left[each.demand_id] -= share
                quantity -= share
        if quantity > 0:
            errors.append(
                FieldError(f"/lines/{index}/quantity", "more_than_shipped", {"left": line["quantity"] - quantity})
            )
    if errors:
        raise invalid_fields(errors)
    return wanted


def _insert(
    source: ReturnSource,
    reference: str | None,
    tracking_number: str | None,
    reason: str,
    wanted: Mapping[uuid.UUID, int],
    *,
    announced: bool,
) -> ReturnOrder:
    seller = session().get_one(Seller, source.owner_id)
    warehouse = session().get_one(Warehouse, source.warehouse_id)
    now = clock.now()
    number = next_number(
        DocumentKind.RETURN, seller.id, seller.code, now.astimezone(ZoneInfo(warehouse.time_zone)).date()
    )
    reference = reference or number  # as with bookings: without one, our number serves
    values = {
        "id": new_id(), "number": number,
        "owner_id": source.owner_id, "warehouse_id": source.warehouse_id, "order_id": source.order_id,
        "reference": reference, "tracking_number": tracking_number, "reason": reason, "announced": announced,
        "state": RETURN.initial.value, "version": 1, "created_at": now, "updated_at": now,
    }  # fmt: skip
    statement = insert(ReturnOrder).values(**values).on_conflict_do_nothing(index_elements=["owner_id", "reference"])
    found = session().scalar(statement.returning(ReturnOrder))
    if found is None:
        taken = (
            session()
            .scalars(
                select(ReturnOrder).where(ReturnOrder.owner_id == source.owner_id, ReturnOrder.reference == reference)
            )
            .one()
        )
        raise Refused("return_reference_taken", {"number": taken.number, "id": str(taken.id)})
    by_demand = {line.demand_id: line for line in source.lines}
    for demand_id, quantity in wanted.items():
        session().add(
            ReturnLine(
                id=new_id(), owner_id=source.owner_id, return_id=found.id, demand_id=demand_id,
                product_id=by_demand[demand_id].product_id, announced=quantity, received=0, restocked=0, damaged=0,
                scrapped=0,
            )
        )  # fmt: skip
    session().flush()
    return found


def open_unannounced(actor: Actor, order_id: uuid.UUID) -> ReturnOrder:
    """A parcel came back without a word: the desk opens a return for everything that was shipped.

    Another desk may have done so at the same moment: then it is that one.
    """
    source = outbound.return_source(actor, str(order_id))
    if source is None:
        raise not_found("order")
    if source.state != "shipped":
        raise Refused("order_not_shipped", {})
    outbound.lock_shipped_lines(source.order_id)
    opened = queries.open_return_of(source.order_id)
    if opened is not None:
        return opened
    wanted = dict.fromkeys((line.demand_id for line in source.lines), 0)
    return _insert(source, None, None, "unannounced", wanted, announced=False)


def load_return(actor: Actor, return_id: uuid.UUID) -> ReturnOrder:
    found = session().get(ReturnOrder, return_id)
    if found is None or not actor.sees_seller(found.owner_id) or not actor.sees_warehouse(found.warehouse_id):
        raise not_found("return")
    return found


def load_return_to_edit(actor: Actor, return_id: uuid.UUID) -> ReturnOrder:
    load_return(actor, return_id)
    found = lock_one(Rank.DOCUMENT, ReturnOrder, return_id)
    assert found is not None
    return found


def cancel(actor: Actor, return_id: uuid.UUID, version: int | None) -> ReturnOrder:
    """Withdraw an announcement before anything came."""
    found = load_return_to_edit(actor, return_id)
    check_version(found.version, version)
    found.state = RETURN.apply("cancel", found.state).value
    return _touched(found)


def _touched(found: ReturnOrder) -> ReturnOrder:
    found.version += 1
    found.updated_at = clock.now()
    session().flush()
    return found


def receive(
    actor: Actor, return_id: uuid.UUID, product_id: uuid.UUID, quantity: int, serial_numbers: Sequence[str] = ()
) -> list[ReturnLine]:
    """Units come back: into stock at the returns desk, to be inspected. Never more than was shipped.

    Released bonded goods come back as *duty paid, returned*: going back into bond needs a permit (DESIGN.md 4).
    Serial numbers are those that left with the order. Refuses `serials_required`, `serial_other`.
    """
    found = load_return_to_edit(actor, return_id)
    if quantity < 1:
        raise invalid("/quantity", "too_small", min=1)
    found.state = RETURN.apply("receive", found.state).value
    shipped = {line.demand_id: line for line in outbound.lock_shipped_lines(found.order_id)}
    returned = queries.received_by_demand(found.order_id)
    lines = _lines_of(found, product_id)
    if not lines:
        raise Refused("not_in_return", {})
    left = quantity
    touched: list[ReturnLine] = []
    for line in lines:
        share = min(left, shipped[line.demand_id].shipped - returned.get(line.demand_id, 0))
        if share > 0:
            line.received += share
            left -= share
            touched.append(line)
    if left > 0:
        raise Refused("more_than_shipped", {"left": quantity - left})
    session().flush()
    moves = _back_from_customer(found, product_id, quantity, serial_numbers)
    ledger.post(actor, PostingDraft(Reason.RETURN, "return", found.id, moves))
    _touched(found)
    record(
        ReturnReceived(
            subject_id=found.id, warehouse_id=found.warehouse_id, owner_id=found.owner_id, product_id=product_id,
            quantity=quantity,
        )
    )  # fmt: skip
    return touched


def _lines_of(found: ReturnOrder, product_id: uuid.UUID) -> Sequence[ReturnLine]:
    return (
        session()
        .scalars(
            select(ReturnLine)
            .where(ReturnLine.return_id == found.id, ReturnLine.product_id == product_id)
            .order_by(ReturnLine.announced.desc(), ReturnLine.id)
        )
        .all()
    )


def _back_from_customer(
    found: ReturnOrder, product_id: uuid.UUID, quantity: int, serial_numbers: Sequence[str]
) -> list[MoveDraft]:
    """The moves of units coming back, in the lots and book items they were shipped in, as the ledger knows."""
    moves = []
    left = quantity
    desk = _desk(found.warehouse_id)
    with_customer = queries.with_customer(found.order_id, product_id)
    numbers = None
    if serial_numbers:
        out = sum(units for _, _, units in with_customer)
        numbers = numbers_back(found, product_id, quantity, serial_numbers, out)
    for lot_id, book_item_id, out in with_customer:
        own = numbers.take(lot_id, book_item_id, out) if numbers is not None else ()
        share = len(own) if numbers is not None else min(left, out)
        if share > 0:
            status = CustomsStatus.NONE if book_item_id is None else CustomsStatus.DUTY_PAID_RETURNED
            arrived = Stock(
                found.warehouse_id, found.owner_id, product_id, desk, lot_id, book_item_id, None,
                Condition.INSPECT.value, status.value,
            )  # fmt: skip
            moves.append(MoveDraft("customer", arrived, share, serials=own))
            left -= share
    if left > 0:
        raise Refused("more_than_shipped", {"left": quantity - left})
    return moves


def _desk(warehouse_id: uuid.UUID) -> uuid.UUID:
    location_id = session().scalar(
        select(Location.id)
        .where(Location.warehouse_id == warehouse_id, Location.kind == LocationKind.RETURNS.value)
        .order_by(Location.walk_order)
        .limit(1)
    )
    if location_id is None:
        raise not_found("returns location")
    return location_id


def inspect(
    actor: Actor,
    return_id: uuid.UUID,
    product_id: uuid.UUID,
    quantity: int,
    disposition: Disposition,
    location_id: uuid.UUID | None = None,
    serial_numbers: Sequence[str] = (),
    *,
    overruled: bool = False,
) -> ReturnOrder:
    """Decide what becomes of received units: back to a bin, set aside as damaged, or scrapped.

    `location_id` is the bin for restocking; `serial_numbers` says which units, under full serial control. The return
    completes when everything received is settled and nothing announced is missing. Refuses what the bin has against the
    goods as in putaway; `overruled` as of `putaway.place`.
    """
    if quantity < 1:
        raise invalid("/quantity", "too_small", min=1)
    found = load_return_to_edit(actor, return_id)
    if found.state != ReturnState.RECEIVING.value:
        raise Refused("return_closed", {})
    left = quantity
    for line in _lines_of(found, product_id):
        share = min(left, line.to_inspect)
        if share > 0:
            _settle(line, share, disposition)
            left -= share
    if left > 0:
        raise Refused("nothing_to_inspect", {})
    session().flush()
    draft = _inspection(found, product_id, quantity, disposition, location_id, serial_numbers)
    _post(actor, draft, location_id if disposition is Disposition.RESTOCK else None, overruled)
    _complete_if_settled(found)
    _touched(found)
    record(
        ReturnInspected(
            subject_id=found.id, warehouse_id=found.warehouse_id, owner_id=found.owner_id, product_id=product_id,
            disposition=disposition.value, quantity=quantity,
        )
    )  # fmt: skip
    return found


def _post(actor: Actor, draft: PostingDraft, bin_id: uuid.UUID | None, overruled: bool) -> None:
    """Post it; a bin that goods are restocked into is asked first."""
    refusal = None
    goods = [(move.target, move.quantity) for move in draft.moves if isinstance(move.target, Stock)]
    if bin_id is not None:
        products = products_by_ids({stock.product_id for stock, _ in goods})
        refusal = putaway.check_all(actor, goods, bin_id, products, overruled=overruled)
    posted = ledger.post(actor, draft)
    if bin_id is not None:
        putaway.note_overruled(actor, goods[0][0].warehouse_id, bin_id, posted.posting_id, refusal)


def _settle(line: ReturnLine, quantity: int, disposition: Disposition) -> None:
    if disposition is Disposition.RESTOCK:
        line.restocked += quantity
    elif disposition is Disposition.DAMAGED:
        line.damaged += quantity
    else:
        line.scrapped += quantity


def _inspection(
    found: ReturnOrder,
    product_id: uuid.UUID,
    quantity: int,
    disposition: Disposition,
    location_id: uuid.UUID | None,
    serial_numbers: Sequence[str],
) -> PostingDraft:
    reason = {Disposition.RESTOCK: Reason.RESTOCK, Disposition.DAMAGED: Reason.DAMAGE, Disposition.SCRAP: Reason.SCRAP}
    moves = []
    left = quantity
    numbers = by_row(product_id, serial_numbers)
    for row, here in _waiting_at_desk(found, product_id):
        own = numbers.get(row.id, []) if numbers else serial_numbers  # the ledger knows what to make of strange ones
        share = min(left, here, len(own)) if numbers else min(left, here)
        if share > 0:
            target = _target(found, stock_of(row), disposition, location_id)
            moves.append(MoveDraft(stock_of(row), target, share, serials=own))
            left -= share
    if left > 0:
        raise Refused("nothing_to_inspect", {})
    return PostingDraft(reason[disposition], "return", found.id, moves)


def _target(found: ReturnOrder, stock: Stock, disposition: Disposition, location_id: uuid.UUID | None) -> Stock | str:
    if disposition is Disposition.SCRAP:
        return "scrap"
    if disposition is Disposition.DAMAGED:
        return replace(stock, condition=Condition.DAMAGED.value)
    location = session().get(Location, location_id) if location_id is not None else None
    if location is None or location.warehouse_id != found.warehouse_id:
        raise not_found("location")
    if LocationKind(location.kind) not in COUNTS:
        raise Refused("location_wrong_kind", {"code": location.code})
    return replace(stock, condition=Condition.GOOD.value, location_id=location.id)


# What this return brought to the desk and has not settled: goods of other returns stand beside it.
_AT_DESK = text(
    "SELECT b.id, own.units FROM balance b JOIN (SELECT x.balance_id, sum(x.units) AS units FROM ("
    " SELECT m.to_balance_id AS balance_id, m.quantity AS units FROM stock_move m"
    " JOIN stock_posting p ON p.id = m.posting_id"
    " WHERE p.subject_kind = 'return' AND p.subject_id = :return AND m.from_party = 'customer' UNION ALL"
    " SELECT m.from_balance_id, -m.quantity FROM stock_move m JOIN stock_posting p ON p.id = m.posting_id"
    " WHERE p.subject_kind = 'return' AND p.subject_id = :return AND m.from_balance_id IS NOT NULL) x GROUP BY 1) own"
    " ON own.balance_id = b.id WHERE b.product_id = :product AND b.condition = 'inspect' AND own.units > 0"
    " ORDER BY b.id"
)


def at_desk(return_id: uuid.UUID, product_id: uuid.UUID) -> dict[int, int]:
    """Units of a product that came with a return and wait for a decision, by their balance row, as `inspect` takes them."""
    rows = session().execute(_AT_DESK, {"return": return_id, "product": product_id})
    return {row.id: int(row.units) for row in rows}


def _waiting_at_desk(found: ReturnOrder, product_id: uuid.UUID) -> list[tuple[Balance, int]]:
    units = at_desk(found.id, product_id)
    rows = session().scalars(select(Balance).where(Balance.id.in_(units)).order_by(Balance.id))
    return [(row, units[row.id]) for row in rows]


def _complete_if_settled(found: ReturnOrder) -> None:
    if not found.announced:
        return  # nobody said what is in the parcel: the desk says when it is empty
    lines = session().scalars(select(ReturnLine).where(ReturnLine.return_id == found.id)).all()
    if all(line.to_inspect == 0 and line.received >= line.announced for line in lines):
        complete(found)


def complete(found: ReturnOrder) -> None:
    """Everything that came is settled; what was announced and never came stays visible in its numbers."""
    found.state = RETURN.apply("complete", found.state).value
    record(ReturnCompleted(subject_id=found.id, warehouse_id=found.warehouse_id, owner_id=found.owner_id))


def close(actor: Actor, return_id: uuid.UUID) -> ReturnOrder:
    """The desk says nothing more will come. Refuses while something waits to be inspected."""
    found = load_return_to_edit(actor, return_id)
    lines = session().scalars(select(ReturnLine).where(ReturnLine.return_id == found.id)).all()
    waiting = sum(line.to_inspect for line in lines)
    if waiting:
        raise Refused("still_to_inspect", {"left": waiting})
    complete(found)
    return _touched(found)
