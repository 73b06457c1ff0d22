"""Use cases of stock inside the building. Each writes one posting; the owners of documents call these."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from wms.core import clock
from wms.core.actor import Actor
from wms.core.refusals import Refused, not_found
from wms.facility.models import Location, LocationKind
from wms.inventory import holds, ledger, permits
from wms.inventory.balances import lock_balances
from wms.inventory.ledger import Posted, PostingDraft
from wms.inventory.models import Balance, Condition, CustomsStatus, Lot
from wms.inventory.rules import MoveDraft, Reason, Recipe, Stock
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


def lot_of(product: ProductFacts, batch: str | None, expires_on: date | None) -> uuid.UUID | None:
    """The lot these goods belong to, made on first sight; None when the product is under neither control.

    Refuses `lot_required` or `expiry_required` when the product asks for what was not read.
    """
    if product.expiry_controlled and expires_on is None:
        raise Refused("expiry_required", {"sku": product.sku})
    if product.lot_controlled and not batch:
        raise Refused("lot_required", {"sku": product.sku})
    if not (product.lot_controlled or product.expiry_controlled):
        return None
    batch = batch if product.lot_controlled else None
    expires_on = expires_on if product.expiry_controlled else None
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
        }
        session().execute(insert(Lot).values(**values, created_at=clock.now()).on_conflict_do_nothing())
        found = session().scalar(query)
    return found


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


def receive(actor: Actor, target: Stock, quantity: int, subject: Subject, *, surplus: bool = False) -> Posted:
    """Goods counted at the dock come into stock. A bonded surplus comes from *adjustment* into *unaccounted*."""
    reason = Reason.UNACCOUNTED if surplus else Reason.RECEIVE
    source = "adjustment" if surplus else "supplier"
    return _post(actor, reason, subject, [MoveDraft(source, target, quantity)])


def receive_many(
    actor: Actor,
    lines: Sequence[tuple[Stock, int]],
    subject: Subject,
    surplus: Sequence[tuple[Stock, int]] = (),
) -> Posted:
    """Several lines counted in one go, one posting. `surplus`: bonded goods beyond the announcement, which come from
    *adjustment* into *unaccounted* as of `receive(surplus=True)`.
    """
    moves = [MoveDraft("supplier", stock, quantity) for stock, quantity in lines]
    moves += [MoveDraft("adjustment", stock, quantity) for stock, quantity in surplus]
    return _post(actor, Reason.RECEIVE, subject, moves)


def relocate(
    actor: Actor,
    source: Stock,
    location_id: uuid.UUID,
    quantity: int,
    subject: Subject,
    *,
    reason: Reason = Reason.MOVE,
    handling_unit_id: uuid.UUID | None = None,
) -> Posted:
    """Goods change their place and nothing else: putaway, move, put-back, restock."""
    target = replace(source, location_id=location_id, handling_unit_id=handling_unit_id)
    return _post(actor, reason, subject, [MoveDraft(source, target, quantity)])


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
) -> Posted:
    """Goods change their quality in place. A loss for those who counted on them: claims break."""
    return _post(actor, reason, subject, [MoveDraft(source, replace(source, condition=condition.value), quantity)])


def scrap(actor: Actor, source: Stock, quantity: int, subject: Subject, permit_id: uuid.UUID | None = None) -> Posted:
    """Goods are destroyed. Bonded goods only with customs' permit."""
    return _post(actor, Reason.SCRAP, subject, [MoveDraft(source, "scrap", quantity, permit_id=permit_id)])


def count(actor: Actor, stock: Stock, counted: int, subject: Subject) -> Posted | None:
    """Make the book agree with a count of this row; None when it already does. A doubt about the row is over.

    Outside bond the difference goes to or comes from *adjustment*; in bond a shortage moves to the *unaccounted*
    location and a surplus is received into it, until a permit settles it (law 6).
    """
    seen = find_balance(stock)
    doubts = holds.lock_doubts(seen.id) if seen is not None else []
    with together():
        here = lock_balances([stock])[stock]  # what the count is compared with cannot move any more
        difference = counted - here.on_hand
        posted = _post_difference(actor, stock, here.location_kind, difference, subject) if difference else None
        holds.end_doubts(actor, doubts)
    return posted


def _post_difference(actor: Actor, stock: Stock, location_kind: str, difference: int, subject: Subject) -> Posted:
    bonded = stock.customs_status == CustomsStatus.BONDED.value
    if bonded and location_kind == LocationKind.UNACCOUNTED.value:
        raise Refused("customs_permit_needed", {})
    if difference < 0:
        lost: Stock | str = _unaccounted(stock) if bonded else "adjustment"
        reason = Reason.UNACCOUNTED if bonded else Reason.COUNT
        return _post(actor, reason, subject, [MoveDraft(stock, lost, -difference)])
    found = _unaccounted(stock) if bonded else stock
    return _post(actor, Reason.COUNT, subject, [MoveDraft("adjustment", found, difference)])


def _unaccounted(stock: Stock) -> Stock:
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
    recipe: Recipe | None = None,
) -> Posted:
    """Relabel, kit, lot correction, change of owner: goods go through the *conversion* counter-party by a recipe."""
    moves = [MoveDraft(stock, "conversion", quantity) for stock, quantity in consumed]
    moves += [MoveDraft("conversion", stock, quantity) for stock, quantity in yielded]
    return ledger.post(actor, PostingDraft(Reason.CONVERT, subject.kind, subject.id, moves, recipe))


def on_hand_of(stock: Stock) -> int:
    """What the book says is there now (not locked)."""
    row = find_balance(stock)
    return 0 if row is None else row.on_hand


def find_balance(stock: Stock) -> Balance | None:
    return session().scalar(
        select(Balance).where(
            Balance.warehouse_id == stock.warehouse_id, Balance.product_id == stock.product_id,
            Balance.location_id == stock.location_id, Balance.owner_id == stock.owner_id,
            Balance.lot_id.is_not_distinct_from(stock.lot_id),
            Balance.book_item_id.is_not_distinct_from(stock.book_item_id),
            Balance.handling_unit_id.is_not_distinct_from(stock.handling_unit_id),
            Balance.condition == stock.condition, Balance.customs_status == stock.customs_status,
        ).execution_options(populate_existing=True)
    )  # fmt: skip


def _post(actor: Actor, reason: Reason, subject: Subject, moves: Sequence[MoveDraft]) -> Posted:
    return ledger.post(actor, PostingDraft(reason, subject.kind, subject.id, moves))
