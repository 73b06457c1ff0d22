"""Carrying a conversion out: what is promised to it is posted by its recipe, all at once or in parts; giving up; undoing.

Goods are converted where they stand in the book. One to one they stay in their bin and container unless another place is
told; a kit is made, and parts are laid, at the place that is told or where the first goods came from.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy import select

from wms.catalog.queries import ProductFacts, products_by_ids, products_by_skus
from wms.core import clock
from wms.core.actor import Actor
from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid, not_found
from wms.facility.models import Location
from wms.inventory import ledger, permits, releases, serials
from wms.inventory.balances import lock_balances
from wms.inventory.converting import rules
from wms.inventory.converting.asking import SUBJECT, parts_of, promise_parts
from wms.inventory.converting.models import Conversion, ConversionPart
from wms.inventory.converting.rules import ONE_TO_ONE, Claimed, Recipe, RecipeKind
from wms.inventory.ledger import Posted, PostingDraft, stock_of
from wms.inventory.models import Allocation, Balance, Lot, Posting
from wms.inventory.rules import BONDED, COUNTING_LOCATIONS, MoveDraft, Reason, Stock
from wms.inventory.service import lot_of
from wms.inventory.summaries import together
from wms.inventory.workflow import CONVERSION, ConversionState
from wms.platform.database import session
from wms.platform.locks import Rank, lock_one

LotText = tuple[str | None, date | None]


@dataclass(frozen=True)
class Made:
    """What was made: so many batches, where they now stand (None: see above), and what could be read on them.

    `lots`: batch and expiry by product made; `consumed` and `yielded`: serial numbers by product.
    """

    quantity: int
    location_id: uuid.UUID | None = None
    lots: Mapping[uuid.UUID, LotText] = field(default_factory=dict)
    consumed: Mapping[uuid.UUID, Sequence[str]] = field(default_factory=dict)
    yielded: Mapping[uuid.UUID, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Leg:
    """Units of one row, with the numbers that go or come."""

    stock: Stock
    quantity: int
    numbers: tuple[str, ...] = ()
    allocation_id: uuid.UUID | None = None


def convert(actor: Actor, conversion_id: uuid.UUID, made: Made) -> Posted:
    """Post so many batches of an open conversion.

    Refuses `conversion_goods_gone` (lost since they were promised: look again), `serials_required`, `expiry_required` and
    `lot_required` (the product made asks for what nobody told), `kit_outlives_part`, and what the ledger refuses
    (`customs_permit_needed` in bond until a clerk has recorded customs' word).
    """
    return carry_out(actor, load_to_work(actor, conversion_id), made)


def carry_out(actor: Actor, conversion: Conversion, made: Made) -> Posted:
    """The same of a conversion that the caller has locked and may work on."""
    left = conversion.quantity - conversion.done
    action = "finish" if made.quantity == left else "convert"
    state = CONVERSION.apply(action, conversion.state)
    if not 1 <= made.quantity <= left:
        raise invalid("/quantity", "not_between", min=1, max=left)
    recipe = _recipe(conversion)
    consumed = _consumed(conversion, made)
    yielded = _yielded(conversion, recipe, made, consumed)
    leave = permits.of_subject(SUBJECT, conversion.id) if any(_is_bonded(each) for each in consumed) else {}
    moves = [MoveDraft(each.stock, "conversion", each.quantity, each.allocation_id, _leave(leave, each), each.numbers)
             for each in consumed]  # fmt: skip
    moves += [
        MoveDraft("conversion", each.stock, each.quantity, None, _leave(leave, each), each.numbers) for each in yielded
    ]
    settles = _settles(consumed) if leave else {}
    posted = ledger.post(actor, PostingDraft(Reason.CONVERT, SUBJECT, conversion.id, moves, recipe, settles=settles))
    conversion.done += made.quantity
    conversion.state = state.value
    if state is ConversionState.DONE:
        conversion.ended_at = clock.now()
    session().flush()
    return posted


Leave = Mapping[tuple[uuid.UUID, uuid.UUID | None], uuid.UUID]  # customs', by product and line of its book


def _is_bonded(leg: _Leg) -> bool:
    return leg.stock.customs_status == BONDED


def _leave(leave: Leave, leg: _Leg) -> uuid.UUID | None:
    return leave.get((leg.stock.product_id, leg.stock.book_item_id)) if _is_bonded(leg) else None


def _settles(consumed: Sequence[_Leg]) -> dict[uuid.UUID, int]:
    """What of their claims on the customs book ends with these goods, by promise."""
    claims = select(Allocation.id, Allocation.promise_id).where(
        Allocation.id.in_([each.allocation_id for each in consumed]), Allocation.promise_id.is_not(None)
    )
    promised = {row.id: row.promise_id for row in session().execute(claims)}
    found: dict[uuid.UUID, int] = defaultdict(int)
    for each in consumed:
        if each.allocation_id in promised:
            found[promised[each.allocation_id]] += each.quantity
    return dict(found)


def _as(stock: Stock, product: ProductFacts) -> Stock:
    """The goods as another product; in bond under that product's line of the customs book."""
    item = stock.book_item_id
    if stock.customs_status == BONDED and product.id != stock.product_id:
        assert product.customs_item_number is not None  # looked at when it was asked for
        item = permits.book_item(stock.warehouse_id, product.customs_item_number)
    return replace(stock, product_id=product.id, book_item_id=item)


def _recipe(conversion: Conversion) -> Recipe:
    parts = parts_of(conversion.id)
    return Recipe(
        RecipeKind(conversion.kind),
        tuple((part.product_id, part.units) for part in parts if not part.is_yield),
        tuple((part.product_id, part.units) for part in parts if part.is_yield),
    )


def _consumed(conversion: Conversion, made: Made) -> list[_Leg]:
    parts = [part for part in parts_of(conversion.id) if not part.is_yield]
    claimed = _claimed(parts)
    products = products_by_ids(part.product_id for part in parts)
    legs: list[_Leg] = []
    for part in parts:
        wanted, own = part.units * made.quantity, claimed[part.id]
        if products[part.product_id].serial_control == "full":
            legs += _numbered(own, wanted, made.consumed.get(part.product_id, ()))
        else:
            legs += [_Leg(each.stock, units, (), each.allocation_id) for each, units in rules.take(own, wanted)]
    return legs


def _claimed(parts: Sequence[ConversionPart]) -> dict[uuid.UUID, list[Claimed]]:
    """The rows kept for each part, in the order of a walk. The ledger reads them again under their lock."""
    rows = session().execute(
        select(Allocation, Balance)
        .join(Balance, Balance.id == Allocation.balance_id)
        .join(Location, Location.id == Balance.location_id)
        .where(
            Allocation.subject_kind == SUBJECT, Allocation.subject_id.in_([part.id for part in parts]),
            Allocation.open_quantity > 0,
        ).order_by(Location.walk_order, Balance.id).execution_options(populate_existing=True)
    )  # fmt: skip
    found: dict[uuid.UUID, list[Claimed]] = defaultdict(list)
    for allocation, balance in rows:
        found[allocation.subject_id].append(_claim(allocation, balance))
    return found


def _claim(allocation: Allocation, balance: Balance) -> Claimed:
    return Claimed(allocation.id, stock_of(balance), allocation.open_quantity, balance.id, balance.on_hand)


def _numbered(claimed: Sequence[Claimed], wanted: int, numbers: Sequence[str]) -> list[_Leg]:
    """Which numbers go. Untold they need not be where the rows kept for it go whole."""
    if not numbers:
        taken = rules.take(claimed, wanted)
        if any(each.on_hand != units for each, units in taken):
            raise Refused("serials_required", {"wanted": wanted, "given": 0})
        return [
            _Leg(each.stock, units, tuple(sorted(serials.of_row(each.balance_id))), each.allocation_id)
            for each, units in taken
        ]
    by_row = serials.by_row(claimed[0].stock.product_id, numbers) if claimed else {}
    own = {each.allocation_id: by_row.get(each.balance_id, []) for each in claimed}
    missing = set(numbers) - {number for given in own.values() for number in given}
    if missing:
        raise Refused("serial_not_here", {"number": min(missing)})
    return [
        _Leg(each.stock, units, tuple(own[each.allocation_id]), each.allocation_id)
        for each, units in rules.take_numbered(claimed, wanted, own)
    ]


def _yielded(conversion: Conversion, recipe: Recipe, made: Made, consumed: Sequence[_Leg]) -> list[_Leg]:
    place = _place(conversion, made)
    products = products_by_ids(product for product, _ in recipe.yields)
    if recipe.kind in ONE_TO_ONE:
        (product,) = products.values()
        return [_same_again(conversion, product, made, leg, place) for leg in consumed]
    first = consumed[0].stock
    expiries = [lot.expires_on for lot in _lots([leg.stock for leg in consumed]).values()]
    legs = []
    for product_id, units in rules.scaled(recipe.yields, made.quantity).items():
        product = products[product_id]
        batch, told = made.lots.get(product_id, (None, None))
        if recipe.kind is RecipeKind.KIT and product.expiry_controlled:
            told = rules.kit_expiry(told, expiries)
        stock = replace(
            _as(first, product), location_id=place or first.location_id, lot_id=lot_of(product, batch, told),
            handling_unit_id=None if place else first.handling_unit_id,
        )  # fmt: skip
        legs.append(_Leg(stock, units, tuple(made.yielded.get(product_id, ()))))
    return legs


def _same_again(conversion: Conversion, product: ProductFacts, made: Made, leg: _Leg, place: uuid.UUID | None) -> _Leg:
    """What one row becomes, one to one: as old, in the same bin and container, under the same numbers."""
    lot = session().get(Lot, leg.stock.lot_id) if leg.stock.lot_id is not None else None
    batch, expires_on = made.lots.get(product.id, (None, None))
    if conversion.kind == RecipeKind.LOT.value:
        batch, expires_on = conversion.to_batch, conversion.to_expires_on
    elif lot is not None:  # nothing grows younger by a new label
        batch, expires_on = lot.batch or batch, lot.expires_on or expires_on
    stock = replace(
        _as(leg.stock, product), owner_id=product.owner_id, lot_id=lot_of(product, batch, expires_on),
        condition=conversion.to_condition, location_id=place or leg.stock.location_id,
        handling_unit_id=None if place else leg.stock.handling_unit_id,
    )  # fmt: skip
    told = made.yielded.get(product.id)
    numbers: tuple[str, ...] = ()
    if product.serial_control == "full":
        numbers = tuple(told) if told is not None else leg.numbers
    return _Leg(stock, leg.quantity, numbers)


def _lots(stocks: Sequence[Stock]) -> dict[uuid.UUID, Lot]:
    ids = {stock.lot_id for stock in stocks if stock.lot_id is not None}
    return {lot.id: lot for lot in session().scalars(select(Lot).where(Lot.id.in_(ids)))} if ids else {}


def _place(conversion: Conversion, made: Made) -> uuid.UUID | None:
    """A bin of the warehouse. Refuses `location_foreign`, `location_closed`, `location_wrong_kind`."""
    if made.location_id is None:
        return None
    place = session().get(Location, made.location_id)
    if place is None or place.warehouse_id != conversion.warehouse_id:
        raise Refused("location_foreign", {})
    if not place.is_active:
        raise Refused("location_closed", {})
    if place.kind not in COUNTING_LOCATIONS:
        raise Refused("location_wrong_kind", {"code": place.code, "kind": place.kind})
    return place.id


def one_lot(
    conversion: Conversion, made: Made, batch: str | None, expires_on: date | None, numbers: Sequence[str]
) -> Made:
    """What was made, with one batch and expiry for every product it yields, and numbers for whichever of its parts
    asks for them. For hands that do one thing at a time: a part of several numbered products is told by product.
    """
    parts = parts_of(conversion.id)
    lots = {part.product_id: (batch, expires_on) for part in parts if part.is_yield and (batch or expires_on)}
    known = products_by_ids(part.product_id for part in parts)
    sides: dict[bool, dict[uuid.UUID, Sequence[str]]] = {False: {}, True: {}}
    for part in parts if numbers else ():
        one = [each for each in parts if each.is_yield is part.is_yield
               and known[each.product_id].serial_control == "full"]  # fmt: skip
        if one == [part]:
            sides[part.is_yield][part.product_id] = numbers
    if sides[False]:  # what comes bears the numbers of what went, unless nothing numbered went
        sides[True] = {}
    return replace(made, lots=lots, consumed=sides[False], yielded=sides[True])


def agree(actor: Actor, conversion_id: uuid.UUID, to_sku: str) -> Conversion:
    """The other seller takes the goods, as a product of theirs: they change their owner where they stand, now.

    The word of a seller's own people (or system): the warehouse gives it for nobody.
    """
    found = lock_one(Rank.DOCUMENT, Conversion, conversion_id)
    if found is None or not _is_taker(actor, found):
        raise not_found("conversion")
    state = CONVERSION.apply("agree", found.state)
    assert found.to_owner_id is not None
    product = products_by_skus(found.to_owner_id, {to_sku}).get(to_sku)
    if product is None:
        raise invalid("/to_sku", "product_unknown", sku=to_sku)
    found.state, found.agreed_by, found.to_product_id = state.value, actor.id, product.id
    session().add(ConversionPart(conversion_id=found.id, is_yield=True, product_id=product.id, units=1))
    session().flush()
    carry_out(actor, found, Made(found.quantity))
    return found


def decline(actor: Actor, conversion_id: uuid.UUID) -> Conversion:
    """The other seller does not take them; they are free again."""
    found = lock_one(Rank.DOCUMENT, Conversion, conversion_id)
    if found is None or not _is_taker(actor, found):
        raise not_found("conversion")
    return _give_up(found, CONVERSION.apply("decline", found.state))


def cancel(actor: Actor, conversion_id: uuid.UUID) -> Conversion:
    """It is not wanted any more; what was made of it stays made, the rest is free again."""
    found = lock_one(Rank.DOCUMENT, Conversion, conversion_id)
    if found is None or not (
        actor.may(Permission.SERVICES_WRITE) and actor.sees_seller(found.owner_id)
        and actor.sees_warehouse(found.warehouse_id)
    ):  # fmt: skip
        raise not_found("conversion")
    _check_own(found)
    return give_up(found)


def give_up(conversion: Conversion) -> Conversion:
    """The same of a conversion that the caller has locked."""
    return _give_up(conversion, CONVERSION.apply("stop" if conversion.done else "cancel", conversion.state))


def _give_up(conversion: Conversion, state: ConversionState) -> Conversion:
    conversion.state, conversion.ended_at = state.value, clock.now()
    session().flush()
    releases.release(SUBJECT, [part.id for part in parts_of(conversion.id)])
    permits.withdraw(SUBJECT, conversion.id)
    return conversion


def give_back(actor: Actor, conversion_id: uuid.UUID) -> Conversion:
    """Its goods were lost or held: what it was promised is given back. A command of its own, before `promise_again`: a
    transaction goes down the order of locks once.
    """
    return let_go(load_to_work(actor, conversion_id))


def let_go(conversion: Conversion) -> Conversion:
    """The same of a conversion that the caller has locked."""
    conversion.state = CONVERSION.apply("give_back", conversion.state).value
    session().flush()
    releases.release(SUBJECT, [part.id for part in parts_of(conversion.id)])
    return conversion


def promise_again(actor: Actor, conversion_id: uuid.UUID) -> Conversion:
    """Promise other goods for what is still to be made. Refuses `conversion_short`."""
    return keep_others(load_to_work(actor, conversion_id))


def keep_others(conversion: Conversion) -> Conversion:
    """The same of a conversion that the caller has locked."""
    conversion.state = CONVERSION.apply("promise", conversion.state).value
    session().flush()
    promise_parts(conversion)
    return conversion


def undo(actor: Actor, conversion_id: uuid.UUID) -> Conversion:
    """Take a finished conversion back by the mirrors of its postings, as long as what was made is all there.

    Refuses what a reversal refuses: `not_enough_stock` (it moved on), `stock_is_allocated`, `already_reversed`.
    """
    found = _load(actor, conversion_id, Permission.STOCK_APPROVE)
    state = CONVERSION.apply("undo", found.state)
    postings = session().scalars(
        select(Posting.id)
        .where(Posting.subject_kind == SUBJECT, Posting.subject_id == found.id, Posting.reverses_id.is_(None))
        .order_by(Posting.id.desc())
    ).all()  # fmt: skip
    drafts = [ledger.mirror_of(found.warehouse_id, posting_id) for posting_id in postings]
    with together():
        lock_balances({end for draft in drafts for move in draft.moves for end in (move.source, move.target)
                       if isinstance(end, Stock)})  # fmt: skip
        for draft in drafts:
            ledger.post(actor, draft)
    found.state, found.ended_at = state.value, clock.now()
    session().flush()
    return found


def load_to_work(actor: Actor, conversion_id: uuid.UUID) -> Conversion:
    """Locked, for the warehouse's people. Refuses `conversion_of_another`."""
    found = _load(actor, conversion_id, Permission.SERVICES_MANAGE)
    _check_own(found)
    return found


def _load(actor: Actor, conversion_id: uuid.UUID, permission: Permission) -> Conversion:
    found = lock_one(Rank.DOCUMENT, Conversion, conversion_id)
    if found is None or not (actor.is_staff and actor.may(permission) and actor.sees_warehouse(found.warehouse_id)):
        raise not_found("conversion")
    return found


def _check_own(conversion: Conversion) -> None:
    """What belongs to another document is decided on there."""
    if conversion.subject_id is not None:
        raise Refused("conversion_of_another", {})


def _is_taker(actor: Actor, conversion: Conversion) -> bool:
    return (
        conversion.to_owner_id is not None and not actor.is_staff and actor.may(Permission.SERVICES_WRITE)
        and actor.sees_seller(conversion.to_owner_id)
    )  # fmt: skip
