"""Settling what is *unaccounted* with customs: a declaration, customs' answer, and the stock that follows under its permit.

The clerk asks for what a difference calls for (`SettlementKind`); customs accepts it under a document, refuses it with a
reason, late or twice. An accepted shortage leaves the books at once; goods that are over have still to be put away,
destroyed or sent back, and are settled when that is done. Nothing else takes goods out of *unaccounted* but a set-off.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select

from wms.catalog.models import Product, SerialControl
from wms.catalog.queries import products_by_ids
from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.numbering import DocumentKind
from wms.core.refusals import Refused, invalid, not_found
from wms.customs import queries
from wms.customs.events import SettlementClosed, SettlementDeclared
from wms.customs.models import Settlement, SettlementKind
from wms.customs.service import book_surplus, load_bonded, record_refusal, record_release
from wms.customs.workflow import SETTLEMENT, SettlementState
from wms.facility.queries import location_by_code
from wms.identity.models import Seller
from wms.inventory import ledger, unaccounted
from wms.inventory.ledger import PostingDraft, stock_of
from wms.inventory.models import Balance
from wms.inventory.putaway import service as putaway
from wms.inventory.rules import MoveDraft, Reason, Stock
from wms.inventory.service import Subject
from wms.inventory.unaccounted import Side
from wms.platform.counters import next_number
from wms.platform.database import session
from wms.platform.events import record
from wms.platform.locks import Rank, lock_one

SUBJECT = "settlement"
SIDE_OF = {
    SettlementKind.DUTY: Side.MISSING, SettlementKind.ENTRY: Side.OVER, SettlementKind.DESTRUCTION: Side.OVER,
    SettlementKind.RETURN_ABROAD: Side.OVER,
}  # fmt: skip
# Which permit customs' acceptance is, by `inventory.rules.permit_kind`; and where the goods go with it.
PERMIT_OF = {
    SettlementKind.DUTY: "settlement", SettlementKind.ENTRY: "settlement", SettlementKind.DESTRUCTION: "destruction",
    SettlementKind.RETURN_ABROAD: "return_abroad",
}  # fmt: skip
GOES_TO = {
    SettlementKind.DUTY: "adjustment", SettlementKind.DESTRUCTION: "scrap", SettlementKind.RETURN_ABROAD: "supplier",
}  # fmt: skip
OPEN = (SettlementState.DECLARED.value, SettlementState.ACCEPTED.value)


@dataclass(frozen=True)
class Asked:
    """What is declared of an unaccounted row: so many units; of a product under full serial control, which."""

    kind: SettlementKind
    quantity: int
    serials: Sequence[str] = ()
    note: str | None = None


def declare(actor: Actor, warehouse_id: uuid.UUID, balance_id: int, asked: Asked) -> Settlement:
    """Tell customs of goods that are missing or over. They cannot be declared a second time while this is open.

    Refuses `not_unaccounted` (fewer are, and are not declared yet), `serials_required`, `serial_not_here`; 404 for rows of
    other places, and outside the clerk's warehouses.
    """
    warehouse = load_bonded(actor, warehouse_id)
    row = _row(actor, warehouse.id, balance_id)
    if asked.quantity < 1:
        raise invalid("/quantity", "too_small", min=1)
    seller, product = session().get_one(Seller, row.owner_id), session().get_one(Product, row.product_id)
    unaccounted.keep_still(stock_of(row))  # two clerks do not declare the same units
    side = SIDE_OF[asked.kind]
    left = _undeclared(row.id, side)
    if asked.quantity > left:
        raise Refused("not_unaccounted", {"left": left, "wanted": asked.quantity})
    if row.book_item_id is None:
        raise LookupError("bonded goods have a line of the book")
    made = Settlement(
        id=new_id(), number=next_number(DocumentKind.SETTLEMENT, seller.id, seller.code, clock.today(warehouse.time_zone)),
        warehouse_id=warehouse.id, owner_id=row.owner_id, product_id=row.product_id, book_item_id=row.book_item_id,
        balance_id=row.id, kind=asked.kind.value, quantity=asked.quantity, serials=_numbers(product, row.id, side, asked),
        note=asked.note, state=SETTLEMENT.initial.value, declared_by=actor.id, declared_at=clock.now(),
    )  # fmt: skip
    session().add(made)
    session().flush()
    record(
        SettlementDeclared(subject_id=made.id, warehouse_id=warehouse.id, owner_id=made.owner_id, kind=made.kind,
                           quantity=made.quantity)
    )  # fmt: skip
    return made


def accept(actor: Actor, settlement_id: uuid.UUID, document: str) -> Settlement:
    """Customs accepts it under this document: the permit is written, and a shortage is settled at once. The same answer
    again gives what the first one did.

    Refuses `already_released` (under another document), `document_taken`, `unaccounted_gone` (what it is about is settled
    otherwise by now: withdrawn and declared anew, or found again).
    """
    found = _load(actor, settlement_id)
    kind, is_new = SettlementKind(found.kind), queries.release_of(SUBJECT, found.id) is None
    if is_new:
        SETTLEMENT.apply("accept", found.state)
        unaccounted.keep_still(stock_of(session().get_one(Balance, found.balance_id)))
        left = _undeclared(found.balance_id, SIDE_OF[kind], but=found.id)
        if left < found.quantity:
            raise Refused("unaccounted_gone", {"left": left, "wanted": found.quantity})
    line = (found.product_id, found.book_item_id, found.quantity)
    release = record_release(actor, found.warehouse_id, SUBJECT, found.id, document, [line], kind=PERMIT_OF[kind])
    if not is_new:
        return found
    found.state, found.answered_at = SettlementState.ACCEPTED.value, clock.now()
    session().flush()
    if kind is SettlementKind.ENTRY:
        book_surplus(actor, found.book_item_id, release.document, found.quantity)
    elif kind is SettlementKind.DUTY:
        _settle(actor, found, GOES_TO[kind])
    return found


def refuse(actor: Actor, settlement_id: uuid.UUID, document: str, reason: str) -> Settlement:
    """Customs refuses it: its goods may be declared anew. A refusal of what was withdrawn is noted and changes nothing;
    the same refusal again is the first one. Refuses `already_released` once it was accepted.
    """
    found = _load(actor, settlement_id)
    told = queries.last_refusal_of(SUBJECT, found.id)
    if told is not None and (told.document, told.reason) == (document.strip(), reason.strip()[:120]):
        return found
    record_refusal(actor, found.warehouse_id, SUBJECT, found.id, document, reason)  # not once it was accepted
    if found.state in {SettlementState.REFUSED.value, SettlementState.WITHDRAWN.value}:
        return found
    return _close(found, SETTLEMENT.apply("refuse", found.state))


def withdraw(actor: Actor, settlement_id: uuid.UUID) -> Settlement:
    """It is not declared any more, as far as we are concerned; customs may have accepted it already."""
    found = _load(actor, settlement_id)
    return _close(found, SETTLEMENT.apply("withdraw", found.state))


def settle(actor: Actor, settlement_id: uuid.UUID, bin_code: str | None = None) -> Settlement:
    """What customs accepted is done: goods entered in the book are put into this bin, others were destroyed or sent back.

    Refuses `not_allowed_now`, `bin_needed`, what a putaway refuses (`location_full`, `location_held`, …), and what the
    ledger refuses.
    """
    found = _load(actor, settlement_id)
    SETTLEMENT.apply("settle", found.state)
    kind = SettlementKind(found.kind)
    if kind is not SettlementKind.ENTRY:
        return _settle(actor, found, GOES_TO[kind])
    row = stock_of(session().get_one(Balance, found.balance_id))
    return _settle(actor, found, _in_bin(actor, row, found.quantity, bin_code))


def set_off(actor: Actor, warehouse_id: uuid.UUID, balance_id: int, quantity: int, bin_code: str | None) -> uuid.UUID:
    """Units missing in one bin and over in another are the same ones: they stand in this bin, and customs is not asked.

    Returns the posting. Refuses `not_unaccounted` unless so many of either side are there and not declared.
    """
    warehouse = load_bonded(actor, warehouse_id)
    row = _row(actor, warehouse.id, balance_id)
    if quantity < 1:
        raise invalid("/quantity", "too_small", min=1)
    stock = stock_of(row)
    target = _in_bin(actor, stock, quantity, bin_code)
    unaccounted.keep_still(stock)
    left = min(_undeclared(row.id, side) for side in Side)
    if quantity > left:
        raise Refused("not_unaccounted", {"left": left, "wanted": quantity})
    return unaccounted.set_off(actor, stock, target, quantity).posting_id


def refuse_declared(balance_ids: Collection[int]) -> None:
    """Rows that a surplus was just taken back from, which are held: what customs was told of is no mistake of ours alone
    (law 1). Refuses `surplus_declared`.
    """
    over = [kind.value for kind, own in SIDE_OF.items() if own is Side.OVER]
    for balance_id in sorted(balance_ids):
        if _undeclared(balance_id, Side.OVER) < 0:
            newest = select(Settlement.number).where(
                Settlement.balance_id == balance_id, Settlement.state.in_(OPEN), Settlement.kind.in_(over)
            )
            number = session().scalars(newest.order_by(Settlement.declared_at.desc(), Settlement.id.desc())).first()
            raise Refused("surplus_declared", {"number": number})


def _load(actor: Actor, settlement_id: uuid.UUID) -> Settlement:
    found = lock_one(Rank.DOCUMENT, Settlement, settlement_id)
    if found is None:
        raise not_found("settlement")
    load_bonded(actor, found.warehouse_id)
    return found


def _row(actor: Actor, warehouse_id: uuid.UUID, balance_id: int) -> Balance:
    units = unaccounted.units_of(balance_id)
    if units is None or units[0] != warehouse_id:
        raise not_found("balance")
    row = session().get_one(Balance, balance_id)
    if not actor.sees_seller(row.owner_id):
        raise not_found("balance")
    return row


def _undeclared(balance_id: int, side: Side, but: uuid.UUID | None = None) -> int:
    """Units of this side of a row that no other open declaration is about."""
    units = unaccounted.units_of(balance_id)
    kinds = [kind.value for kind, own in SIDE_OF.items() if own is side]
    declared = session().execute(
        select(Settlement.id, Settlement.quantity).where(
            Settlement.balance_id == balance_id, Settlement.state.in_(OPEN), Settlement.kind.in_(kinds)
        )
    )
    return (units[1][side] if units else 0) - sum(quantity for key, quantity in declared if key != but)


def _numbers(product: Product, balance_id: int, side: Side, asked: Asked) -> list[str]:
    """The serial numbers it is about; none for products that have none."""
    if product.serial_control != SerialControl.FULL.value:
        return []
    declared = session().scalars(
        select(Settlement.serials).where(Settlement.balance_id == balance_id, Settlement.state.in_(OPEN))
    )
    free = set(unaccounted.numbers_of(balance_id)[side]).difference(*declared)
    named = set(asked.serials) or free
    if len(named) != asked.quantity:
        raise Refused("serials_required", {"wanted": asked.quantity, "given": len(set(asked.serials))})
    if strange := sorted(named - free):
        raise Refused("serial_not_here", {"number": strange[0]})
    return sorted(named)


def _in_bin(actor: Actor, row: Stock, quantity: int, bin_code: str | None) -> Stock:
    """The same goods in a bin of this code that may take them."""
    if not bin_code:
        raise Refused("bin_needed", {})
    found = location_by_code(row.warehouse_id, bin_code)
    if found is None:
        raise invalid("/bin", "unknown_bin", place=bin_code)
    putaway.check_all(
        actor, [(row, quantity)], found.id, products_by_ids([row.product_id]), holder=Subject(SUBJECT, None)
    )
    return replace(row, location_id=found.id)


def _settle(actor: Actor, found: Settlement, target: Stock | str) -> Settlement:
    permit = queries.permit_for(SUBJECT, found.id, found.product_id, found.book_item_id)
    stock = stock_of(session().get_one(Balance, found.balance_id))
    move = MoveDraft(stock, target, found.quantity, permit_id=permit, serials=found.serials)
    posted = ledger.post(actor, PostingDraft(Reason.SETTLE, SUBJECT, found.id, [move]))
    found.posting_id, found.settled_by, found.settled_at = posted.posting_id, actor.id, clock.now()
    return _close(found, SETTLEMENT.apply("settle", found.state))


def _close(found: Settlement, state: SettlementState) -> Settlement:
    found.state = state.value
    if state is SettlementState.REFUSED:
        found.answered_at = clock.now()
    session().flush()
    record(
        SettlementClosed(subject_id=found.id, warehouse_id=found.warehouse_id, owner_id=found.owner_id,
                         state=found.state)
    )  # fmt: skip
    return found
