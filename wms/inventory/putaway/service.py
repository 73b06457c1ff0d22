"""Suggesting a bin and putting goods into one. Whose document it is, is the caller's business."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wms.catalog.queries import ProductFacts, products_by_ids
from wms.core.actor import Actor
from wms.core.permissions import Permission
from wms.core.refusals import Refused, not_found
from wms.inventory import service as stock_service
from wms.inventory.events import PutawayOverruled
from wms.inventory.ledger import Posted
from wms.inventory.putaway import queries, reservations, rules
from wms.inventory.putaway.reservations import Reservation
from wms.inventory.putaway.rules import Goods, Suggestion, Verdict
from wms.inventory.rules import Reason, Stock
from wms.inventory.service import Subject
from wms.platform.events import record


@dataclass(frozen=True)
class Choice:
    """A suggestion, and the reservation that keeps its bin."""

    suggestion: Suggestion
    reservation: Reservation


def suggest_for(warehouse_id: uuid.UUID, goods: Goods) -> Suggestion | None:
    """The best bin for these goods, with its reason; None when no bin takes the whole quantity. Nothing is kept."""
    return rules.suggest(goods, queries.candidates(warehouse_id, goods), warehouse_id)


def suggest_and_keep(actor: Actor, warehouse_id: uuid.UUID, goods: Goods, holder: Subject) -> Choice | None:
    """The same, and the bin is kept for the holder until the putaway; what was kept for it before is let go."""
    reservations.taking_turns(warehouse_id)
    ranked = rules.rank(goods, queries.candidates(warehouse_id, goods, holder.id), warehouse_id)
    for number, place in enumerate(ranked):
        # Somebody may be filling it without having been sent there: it is asked again when it stands still.
        now = queries.bin_of(place.location_id, goods, holder.id)
        if now is None or rules.refusal(goods, now, warehouse_id) is not None:
            continue
        kept = reservations.keep(actor, warehouse_id, place.location_id, goods, holder)
        return Choice(rules.suggestion_of(goods, ranked[number:]), kept)
    reservations.release(holder)
    return None


def suggest_and_keep_for_all(
    actor: Actor, warehouse_id: uuid.UUID, goods: Sequence[Goods], holder: Subject
) -> Choice | None:
    """The best bin for goods that stay together, a carton's: as those that lead would choose it (`rules.lead_of`), where
    each of them may stand and there is room for their sum. It is kept for the holder until the putaway; what was kept
    for it before is let go. None when there is none.
    """
    reservations.taking_turns(warehouse_id)
    found = _choose_for_all(warehouse_id, goods, holder.id)
    if found is None:
        reservations.release(holder)
        return None
    kept = reservations.keep_all(actor, warehouse_id, found.location_id, goods, holder)
    return Choice(found, kept)


def _choose_for_all(warehouse_id: uuid.UUID, goods: Sequence[Goods], holder_id: uuid.UUID | None) -> Suggestion | None:
    lead = rules.lead_of(goods)
    ranked = rules.rank(lead, queries.candidates_for_all(warehouse_id, lead, goods, holder_id), warehouse_id)
    for number, place in enumerate(ranked):
        now = queries.whole_bin(place.location_id, goods, holder_id)
        if now is not None and rules.refusal_of_all(goods, *now, warehouse_id) is None:
            return rules.suggestion_of(lead, ranked[number : number + 1])
    return None


def explain(warehouse_id: uuid.UUID, goods: Goods, location_ids: Sequence[uuid.UUID]) -> list[Verdict]:
    """Each of these bins asked about the goods: what it has against them, or what speaks for it."""
    return [rules.verdict(goods, place, warehouse_id) for place in queries.bins_of(location_ids, warehouse_id, goods)]


def place(
    actor: Actor,
    source: Stock,
    location_id: uuid.UUID,
    quantity: int,
    subject: Subject,
    *,
    product: ProductFacts | None = None,
    reason: Reason = Reason.PUTAWAY,
    serials: Sequence[str] = (),
    holder: Subject | None = None,
    overruled: bool = False,
) -> Posted:
    """Put goods from where they stand, loose, into a bin: one posting. `holder`: whose reservation this fulfils;
    `overruled`: a supervisor answers for what `rules.OVERRULED` names, and it is noted.

    Refuses `location_foreign`, `location_closed`, `location_wrong_kind`, `location_other_owner`,
    `location_bonded_only`, `location_not_bonded`, `location_temperature`, `location_not_dangerous`,
    `location_dangerous_only`, `location_held`, `location_segregation`, `location_other_status`, `location_kept`,
    `location_other_product`, `location_other_lot`, `location_reserved`, `location_full`, and what the ledger refuses
    (`not_enough_stock`, `stock_is_allocated`, `serials_required`).
    """
    facts = product or products_by_ids([source.product_id])[source.product_id]
    goods = goods_of(facts, quantity, source.lot_id, source.condition, source.customs_status)
    found = queries.bin_of(location_id, goods, None if holder is None else holder.id)
    if found is None:
        raise not_found("location")
    refusal = rules.refusal(goods, found, source.warehouse_id)
    overruling = _overruling(actor, refusal, overruled)
    if overruling and (hard := rules.refusal(goods, found, source.warehouse_id, overruled=True)) is not None:
        raise hard
    if found.is_empty:
        queries.note_filled(location_id)
    posted = stock_service.relocate(actor, source, location_id, quantity, subject, reason=reason, serials=serials)
    note_overruled(actor, source.warehouse_id, location_id, posted.posting_id, refusal)
    if holder is not None:
        reservations.release(holder)
    return posted


def place_all(
    actor: Actor,
    contents: Sequence[tuple[Stock, int]],
    location_id: uuid.UUID,
    subject: Subject,
    products: Mapping[uuid.UUID, ProductFacts],
    *,
    reason: Reason = Reason.PUTAWAY,
    holder: Subject | None = None,
    overruled: bool = False,
) -> Posted:
    """Several rows at once, loose, into one bin: one posting, all or nothing. Refuses what `place` refuses."""
    refusal = check_all(actor, contents, location_id, products, holder=holder, overruled=overruled)
    posted = stock_service.relocate_many(actor, contents, location_id, subject, reason=reason)
    note_overruled(actor, contents[0][0].warehouse_id, location_id, posted.posting_id, refusal)
    if holder is not None:
        reservations.release(holder)
    return posted


def check_all(
    actor: Actor,
    contents: Sequence[tuple[Stock, int]],
    location_id: uuid.UUID,
    products: Mapping[uuid.UUID, ProductFacts],
    *,
    holder: Subject | None = None,
    overruled: bool = False,
) -> Refused | None:
    """Refuse goods that may not all stand in this bin, which is kept still until the transaction ends. Returns what
    was overruled.
    """
    goods = [
        goods_of(products[stock.product_id], quantity, stock.lot_id, stock.condition, stock.customs_status)
        for stock, quantity in contents
    ]
    found = queries.whole_bin(location_id, goods, None if holder is None else holder.id)
    if found is None:
        raise not_found("location")
    refusal = None
    for warehouse_id in {stock.warehouse_id for stock, _ in contents}:
        refusal = rules.refusal_of_all(goods, *found, warehouse_id)
        if _overruling(actor, refusal, overruled):
            hard = rules.refusal_of_all(goods, *found, warehouse_id, overruled=True)
            if hard is not None:
                raise hard
    if not found[1].products:
        queries.note_filled(location_id)
    return refusal


def _overruling(actor: Actor, refusal: Refused | None, overruled: bool) -> bool:
    """Whether the actor answers for this refusal; raises it when they do not."""
    if refusal is None:
        return False
    if not (overruled and refusal.code in rules.OVERRULED and may_overrule(actor)):
        raise refusal
    return True


def may_overrule(actor: Actor) -> bool:
    """A supervisor, who could put the book right as well."""
    return actor.is_staff and actor.may(Permission.STOCK_ADJUST)


def note_overruled(
    actor: Actor, warehouse_id: uuid.UUID, location_id: uuid.UUID, posting_id: uuid.UUID, refusal: Refused | None
) -> None:
    """Who put what where against which rule, as an event; nothing where no rule was in the way."""
    if refusal is not None:
        record(PutawayOverruled(location_id, warehouse_id, None, posting_id, refusal.code, actor.id))


def goods_of(
    product: ProductFacts,
    quantity: int,
    lot_id: uuid.UUID | None,
    condition: str,
    customs_status: str,
    awaited: int = 0,
) -> Goods:
    """Goods as the rules see them. `awaited`: units of them that orders wait for."""
    volume = product.length_mm * product.width_mm * product.height_mm
    return Goods(
        product.id, quantity, product.weight_g, volume, lot_id, condition, customs_status, product.owner_id,
        product.temperature, product.dangerous_class, product.velocity_class, awaited,
    )  # fmt: skip
