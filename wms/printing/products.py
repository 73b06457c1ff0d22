"""Labels for units of products: the one label that printing itself is asked for, since products stand below it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from wms.catalog.queries import products_by_ids
from wms.core.actor import Actor
from wms.core.refusals import Refused, not_found
from wms.printing.models import LabelKind
from wms.printing.service.requests import DocumentDraft, request_documents


def request_product_labels(
    actor: Actor,
    warehouse_id: uuid.UUID,
    quantities: Mapping[uuid.UUID, int],
    size_mm: tuple[float, float],
    limit: int,
) -> list[uuid.UUID]:
    """`quantities` labels of each product, in this order. 404 for another seller's; refuses `too_many_labels`."""
    if sum(quantities.values()) > limit:
        raise Refused("too_many_labels", {"limit": limit})
    products = products_by_ids(quantities)
    if any(each not in products or not actor.sees_seller(products[each].owner_id) for each in quantities):
        raise not_found("product")
    drafts = [
        DocumentDraft(
            LabelKind.PRODUCT, "product", product_id, products[product_id].owner_id, size_mm=size_mm, copies=quantity
        )
        for product_id, quantity in quantities.items()
    ]
    return request_documents(actor, warehouse_id, drafts)
