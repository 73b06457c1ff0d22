"""Suggesting a bin and putting goods into one. Whose document it is, is the caller's business."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from wms.catalog.queries import ProductFacts, products_by_ids
from wms.core.actor import Actor
from wms.core.refusals import not_found
from wms.inventory import service as stock_service
from wms.inventory.ledger import Posted
from wms.inventory.putaway import queries, rules
from wms.inventory.putaway.rules import Goods, Suggestion
from wms.inventory.rules import Reason, Stock
from wms.inventory.service import Subject


def suggest(
    warehouse_id: uuid.UUID,
    product: ProductFacts,
    quantity: int,
    *,
    lot_id: uuid.UUID | None = None,
    condition: str = rules.GOOD,
    customs_status: str = "none",
) -> Suggestion | None:
    """The best bin for these goods, with its reason; None when no bin takes the whole quantity."""
    goods = _goods(product, quantity, lot_id, condition, customs_status)
    bins = queries.candidates(
        warehouse_id, product.id, lot_id, condition, customs_status, goods.weight_g, goods.volume_mm3
    )
    return rules.suggest(goods, bins, warehouse_id)


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
) -> Posted:
    """Put goods from where they stand, loose, into a bin: one posting.

    Refuses `location_foreign`, `location_closed`, `location_wrong_kind`, `location_other_status`,
    `location_other_product`, `location_full`, and what the ledger refuses (`not_enough_stock`, `stock_is_allocated`,
    `serials_required`).
    """
    facts = product or products_by_ids([source.product_id])[source.product_id]
    goods = _goods(facts, quantity, source.lot_id, source.condition, source.customs_status)
    found = queries.bin_of(location_id, source.product_id, source.lot_id, source.condition, source.customs_status)
    if found is None:
        raise not_found("location")
    refusal = rules.refusal(goods, found, source.warehouse_id)
    if refusal is not None:
        raise refusal
    return stock_service.relocate(actor, source, location_id, quantity, subject, reason=reason, serials=serials)


def place_all(
    actor: Actor,
    contents: Sequence[tuple[Stock, int]],
    location_id: uuid.UUID,
    subject: Subject,
    products: Mapping[uuid.UUID, ProductFacts],
    *,
    reason: Reason = Reason.PUTAWAY,
) -> Posted:
    """Several rows at once, loose, into one bin: one posting, all or nothing. Refuses what `place` refuses."""
    check_all(contents, location_id, products)
    return stock_service.relocate_many(actor, contents, location_id, subject, reason=reason)


def check_all(
    contents: Sequence[tuple[Stock, int]], location_id: uuid.UUID, products: Mapping[uuid.UUID, ProductFacts]
) -> None:
    """Refuse goods that may not all stand in this bin, which is kept still until the transaction ends."""
    found = queries.whole_bin(location_id)
    if found is None:
        raise not_found("location")
    goods = [
        _goods(products[stock.product_id], quantity, stock.lot_id, stock.condition, stock.customs_status)
        for stock, quantity in contents
    ]
    for warehouse_id in {stock.warehouse_id for stock, _ in contents}:
        refusal = rules.refusal_of_all(goods, *found, warehouse_id)
        if refusal is not None:
            raise refusal


def _goods(
    product: ProductFacts, quantity: int, lot_id: uuid.UUID | None, condition: str, customs_status: str
) -> Goods:
    volume = product.length_mm * product.width_mm * product.height_mm
    return Goods(product.id, quantity, product.weight_g, volume, lot_id, condition, customs_status)
