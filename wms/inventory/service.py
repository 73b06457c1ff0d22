"""Use cases of stock inside the building. Each writes one posting; the owners of documents call these."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from wms.core import clock
from wms.core.actor import Actor
from wms.core.refusals import Refused, not_found
from wms.facility.models import Location, LocationKind
from wms.inventory import hands, holds, ledger, permits
from wms.inventory import serials as number_book
from wms.inventory.balances import LockedBalance, find_row, lock_balances
from wms.inventory.converting.rules import Recipe
from wms.inventory.ledger import Posted, PostingDraft
from wms.inventory.models import Balance, Condition, CustomsStatus, Lot
from wms.inventory.rules import MoveDraft, Reason, Stock
from wms.inventory.summaries import together
from wms.platform.database import session


@dataclass(frozen=True)
class Subject:
    """The document a posting belongs to."""

    kind: str
    id: uuid.UUID | None


class ProductFacts(Protocol):
    """What stock needs to know of a product: its row, or the facts of a query."""

    @property
    def id(self) -> uuid.UUID: ...
    @property
    def owner_id(self) -> uuid.UUID: ...
    @property
    def sku(self) -> str: ...
    @property
    def lot_controlled(self) -> bool: ...
    @property
    def expiry_controlled(self) -> bool: ...
    @property
    def customs_item_number(self) -> str | None: ...


class WarehouseFacts(Protocol):
    @property
    def id(self) -> uuid.UUID: ...
    @property
    def is_bonded(self) -> bool: ...


def lot_of(
    product: ProductFacts, batch: str | None, expires_on: date | None, made_on: date | None = None
) -> uuid.UUID | None:
    """The lot these goods belong to, made on first sight; None when the product is under neither control. A lot learns
    its production day from the first goods that tell it.

    Refuses `lot_required` or `expiry_required` when the product asks for what was not read, and `lot_made_otherwise`
    when the lot is known to be of another day.
    """
    if product.expiry_controlled and expires_on is None:
        raise Refused("expiry_required", {"sku": product.sku})
    if product.lot_controlled and not batch:
        raise Refused("lot_required", {"sku": product.sku})
    if not (product.lot_controlled or product.expiry_controlled):
        return None
    batch, made_on, expires_on = kept_of(product, batch, expires_on, made_on)
    query = select(Lot.id).where(
        Lot.product_id == product.id, Lot.batch.is_not_distinct_from(batch),
        Lot.expires_on.is_not_distinct_from(expires_on),
    )  # fmt: skip
    found = session().scalar(query)
    if found is None:
        values = {
            "owner_id": product.owner_id,
            "product_id": product.id,
            "batch": batch,
            "expires_on": expires_on,
            "made_on": made_on,
        }
        session().execute(insert(Lot).values(**values, created_at=clock.now()).on_conflict_do_nothing())
        found = session().scalar(query)
    if made_on is not None and found is not None:
        _learn_day(found, made_on)
    return found


def kept_of(
    product: ProductFacts, batch: str | None, expires_on: date | None, made_on: date | None
) -> tuple[str | None, date | None, date | None]:
    """(batch, made on, expires on) of what was read off goods, as their lot keeps them: what the product is under no
    control of is nowhere in the book.
    """
    has_lots = product.lot_controlled or product.expiry_controlled
    return (
        batch if product.lot_controlled else None,
        made_on if has_lots else None,
        expires_on if product.expiry_controlled else None,
    )


def _learn_day(lot_id: uuid.UUID, made_on: date) -> None:
    first = update(Lot).where(Lot.id == lot_id, Lot.made_on.is_(None)).values(made_on=made_on)
    session().execute(first)
    known = session().scalar(select(Lot.made_on).where(Lot.id == lot_id))
    if known != made_on:
        raise Refused("lot_made_otherwise", {"known": known.isoformat() if known else "", "told": made_on.isoformat()})


def goods(
    warehouse: WarehouseFacts,
    product: ProductFacts,
    location_id: uuid.UUID,
    *,
    lot_id: uuid.UUID | None = None,
    handling_unit_id: uuid.UUID | None = None,
    condition: str = Condition.GOOD.value,
    book_items: Mapping[str, uuid.UUID] | None = None,
) -> Stock:
    """The balance key of goods as they arrive in this warehouse: bonded ones under their customs item number.

    `book_items`: the book's lines by number, where the caller has read those of many goods at once.
    """
    book_item_id = None
    status = CustomsStatus.NONE.value
    if warehouse.is_bonded:
        if not product.customs_item_number:
            raise Refused("book_item_missing", {"sku": product.sku})
        known = (book_items or {}).get(product.customs_item_number)
        book_item_id = known or permits.book_item(warehouse.id, product.customs_item_number)
        status = CustomsStatus.BONDED.value
    return Stock(
        warehouse.id, product.owner_id, product.id, location_id, lot_id, book_item_id, handling_unit_id, condition,
        status,
    )  # fmt: skip


def receive(
    actor: Actor,
    target: Stock,
    quantity: int,
    subject: Subject,
    *,
    surplus: bool = False,
    serials: Sequence[str] = (),
) -> Posted:
    """Goods counted at the dock come into stock. A bonded surplus comes from *adjustment* into *unaccounted*."""
    reason = Reason.UNACCOUNTED if surplus else Reason.RECEIVE
    source = "adjustment" if surplus else "supplier"
    return _post(actor, reason, subject, [MoveDraft(source, target, quantity, serials=serials)])


Arrival = tuple[Stock, int] | tuple[Stock, int, Sequence[str]]


def receive_many(
    actor: Actor,
    lines: Sequence[Arrival],
    subject: Subject,
    surplus: Sequence[Arrival] = (),
    *,
    source: str = "supplier",
    permits: Mapping[tuple[uuid.UUID, uuid.UUID | None], uuid.UUID] | None = None,
) -> Posted:
    """Several lines counted in one go, one posting. `surplus`: bonded goods beyond the announcement, which come from
    *adjustment* into *unaccounted* as of `receive(surplus=True)`. A line under full serial control names its numbers.
    `source`: *transit* for what another warehouse sent; into bond it comes with `permits`, by product and line of the book.
    """
    leave = permits or {}
    moves = [_arriving(source, line, leave.get((line[0].product_id, line[0].book_item_id))) for line in lines]
    moves += [_arriving("adjustment", line) for line in surplus]
    return _post(actor, Reason.RECEIVE, subject, moves)


def _arriving(source: str, line: Arrival, permit_id: uuid.UUID | None = None) -> MoveDraft:
    return MoveDraft(source, line[0], line[1], permit_id=permit_id, serials=line[2] if len(line) == 3 else ())


def relocate(
    actor: Actor,
    source: Stock,
    location_id: uuid.UUID,
    quantity: int,
    subject: Subject,
    *,
    reason: Reason = Reason.MOVE,
    handling_unit_id: uuid.UUID | None = None,
    serials: Sequence[str] = (),
) -> Posted:
    """Goods change their place and nothing else: putaway, move, put-back, restock.

    `serials`: which numbers go, where a product is under full control and not the whole row goes.
    """
    target = replace(source, location_id=location_id, handling_unit_id=handling_unit_id)
    return _post(actor, reason, subject, [MoveDraft(source, target, quantity, serials=serials)])


def relocate_many(
    actor: Actor,
    contents: Sequence[tuple[Stock, int]],
    location_id: uuid.UUID,
    subject: Subject,
    *,
    reason: Reason = Reason.MOVE,
    handling_unit_id: uuid.UUID | None = None,
) -> Posted:
    """The same of several rows at once: one posting with a move for each."""
    moves = [
        MoveDraft(source, replace(source, location_id=location_id, handling_unit_id=handling_unit_id), quantity)
        for source, quantity in contents
    ]
    return _post(actor, reason, subject, moves)


def recondition(
    actor: Actor,
    source: Stock,
    condition: Condition,
    quantity: int,
    subject: Subject,
    *,
    reason: Reason = Reason.DAMAGE,
    serials: Sequence[str] = (),
) -> Posted:
    """Goods change their quality in place. A loss for those who counted on them: claims break."""
    target = replace(source, condition=condition.value)
    return _post(actor, reason, subject, [MoveDraft(source, target, quantity, serials=serials)])


def scrap(
    actor: Actor,
    source: Stock,
    quantity: int,
    subject: Subject,
    permit_id: uuid.UUID | None = None,
    *,
    serials: Sequence[str] = (),
    allocation_id: uuid.UUID | None = None,
    settles: Mapping[uuid.UUID, int] | None = None,
) -> Posted:
    """Goods are destroyed. Bonded goods only with customs' permit.

    An intended destruction was promised first: `allocation_id` is the claim it fulfils, `settles` the promise whose
    quantity the customs book no longer keeps.
    """
    move = MoveDraft(source, "scrap", quantity, allocation_id=allocation_id, permit_id=permit_id, serials=serials)
    return ledger.post(actor, PostingDraft(Reason.SCRAP, subject.kind, subject.id, [move], settles=settles or {}))


def count(
    actor: Actor,
    stock: Stock,
    counted: int,
    subject: Subject,
    serials: Sequence[str] | None = None,
    *,
    waits: Callable[[Units, Units], bool] | None = None,
) -> Posted | None:
    """Make the book agree with a count of this row; None when it already does. A doubt about the row is over. What somebody
    has in hand of it is not lacking (`hands`).

    Outside bond the difference goes to or comes from *adjustment*; in bond a shortage moves to the *unaccounted*
    location and a surplus is received into it, until a permit settles it (law 6). Under full serial control a count
    that differs names the numbers that are there; one that the book has in another bin is moved from there.

    `waits` is asked, under the row's lock, about what is lacking and what is there beyond the book: True leaves both
    unposted and the doubt standing, for somebody else to approve.
    """
    seen = find_balance(stock)
    doubts = holds.lock_doubts(seen.id) if seen is not None else []
    with together():
        misplaced = misplaced_numbers(stock, serials or ())
        here = lock_balances([stock, *misplaced])[stock]  # what the count is compared with cannot move any more
        hand = hands.of(stock.warehouse_id, [here.id]).get(here.id, hands.NOTHING)
        lost, found = _differences(here, counted, serials, hand)
        found -= misplaced
        if (lost or found) and waits is not None and waits(lost, found):
            lost, found, doubts = Units(), Units(), []
        posted = None
        if lost or found or misplaced:
            posted = _post_differences(actor, here, lost, found, misplaced, subject)
        hands.end_left([hand])
        holds.end_doubts(actor, doubts)
    return posted


@dataclass(frozen=True)
class Units:
    """Units that a count found beyond the book, or lacking; the numbers of those that have one."""

    quantity: int = 0
    serials: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.quantity > 0

    def __sub__(self, known: Mapping[Stock, Sequence[str]]) -> Units:
        numbers = set(self.serials).difference(*known.values())
        return Units(self.quantity - len(self.serials) + len(numbers), tuple(sorted(numbers)))


def _differences(
    here: LockedBalance, counted: int, numbers: Sequence[str] | None, hand: hands.InHand
) -> tuple[Units, Units]:
    """What is lacking, and what is there beyond the book, of which `hand` is not there."""
    there = max(0, here.on_hand - hand.units)
    whole = counted == there or (counted == 0 and not hand.units)
    if not here.keeps_serials or (numbers is None and whole):
        return Units(max(0, there - counted)), Units(max(0, counted - there))
    seen = set(numbers or ())
    if len(seen) != counted:
        raise Refused("serials_required", {"wanted": counted, "given": len(seen)})
    known = number_book.of_row(here.id)
    lost, found = known - seen - (hand.numbers(known) if hand.units else frozenset()), seen - known
    return Units(len(lost), tuple(sorted(lost))), Units(len(found), tuple(sorted(found)))


def misplaced_numbers(stock: Stock, numbers: Sequence[str]) -> dict[Stock, list[str]]:
    """Counted numbers that the book has in other bins, among the same goods. Not what stands in a tote or carton: that
    is somebody's work, and `serial_known` says so; nor what customs has to enter first (a surplus in bond).
    """
    here = find_balance(stock)
    known = number_book.by_row(stock.product_id, number_book.without_surplus(stock.product_id, numbers))
    by_row = {key: own for key, own in known.items() if here is None or key != here.id}
    rows = session().scalars(select(Balance).where(Balance.id.in_(by_row), Balance.handling_unit_id.is_(None)))
    return {
        other: by_row[row.id]
        for row in (rows if by_row else ())
        if replace(other := ledger.stock_of(row), location_id=stock.location_id, condition=stock.condition)
        == replace(stock, handling_unit_id=None)
    }


def _post_differences(
    actor: Actor,
    here: LockedBalance,
    lost: Units,
    found: Units,
    misplaced: Mapping[Stock, Sequence[str]],
    subject: Subject,
) -> Posted:
    stock = here.stock
    bonded = stock.customs_status == CustomsStatus.BONDED.value
    if bonded and here.location_kind == LocationKind.UNACCOUNTED.value:
        raise Refused("customs_permit_needed", {})
    aside = unaccounted(stock) if bonded and (lost or found) else None
    moves = [MoveDraft(other, stock, len(own), serials=own) for other, own in misplaced.items()]
    if lost:
        moves.append(MoveDraft(stock, aside or "adjustment", lost.quantity, serials=lost.serials))
    if found:
        moves.append(MoveDraft("adjustment", aside or stock, found.quantity, serials=found.serials))
    reason = Reason.UNACCOUNTED if bonded and lost else Reason.COUNT
    return _post(actor, reason, subject, moves)


def unaccounted(stock: Stock) -> Stock:
    """The same goods at their warehouse's *unaccounted* location."""
    location_id = session().scalar(
        select(Location.id)
        .where(Location.warehouse_id == stock.warehouse_id, Location.kind == LocationKind.UNACCOUNTED.value)
        .order_by(Location.walk_order, Location.id)
        .limit(1)
    )
    if location_id is None:
        raise not_found("unaccounted location")
    return replace(stock, location_id=location_id, handling_unit_id=None)


def convert(
    actor: Actor,
    consumed: Sequence[tuple[Stock, int]],
    yielded: Sequence[tuple[Stock, int]],
    subject: Subject,
    recipe: Recipe,
    *,
    serials: Mapping[Stock, Sequence[str]] | None = None,
    permits: Mapping[Stock, uuid.UUID] | None = None,
) -> Posted:
    """Goods that are free go through the *conversion* counter-party by a recipe. What was promised to a conversion first
    is posted by `wms.inventory.converting.service`.

    `serials`: the numbers consumed or yielded in each row of a product under full control; `permits`: customs' leave for
    each row of duty-suspended goods (law 6), without which they are refused.
    """
    named, leave = serials or {}, permits or {}
    moves = [
        MoveDraft(stock, "conversion", units, permit_id=leave.get(stock), serials=named.get(stock, ()))
        for stock, units in consumed
    ]
    moves += [
        MoveDraft("conversion", stock, units, permit_id=leave.get(stock), serials=named.get(stock, ()))
        for stock, units in yielded
    ]
    return ledger.post(actor, PostingDraft(Reason.CONVERT, subject.kind, subject.id, moves, recipe))


def on_hand_of(stock: Stock) -> int:
    """What the book says is there now (not locked)."""
    row = find_balance(stock)
    return 0 if row is None else row.on_hand


def find_balance(stock: Stock) -> Balance | None:
    row_id = find_row(stock)
    return None if row_id is None else session().get(Balance, row_id, populate_existing=True)


def _post(actor: Actor, reason: Reason, subject: Subject, moves: Sequence[MoveDraft]) -> Posted:
    return ledger.post(actor, PostingDraft(reason, subject.kind, subject.id, moves))
