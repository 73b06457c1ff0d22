"""Recall by batch: where every unit is or went, and holding what is still here."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request

from wms.catalog.queries import ProductFacts, products_by_skus
from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid
from wms.facility.queries import warehouses_seen
from wms.identity.queries import sellers_seen
from wms.inventory.words import CONDITION_WORDS
from wms.outbound.recall import whereabouts
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.pages import lazy
from wms.platform.schemas import CodedSchema, Text

blueprint = Blueprint("office_recall", __name__, url_prefix="/office/recall", template_folder="../templates")
GONE_WORDS = {
    "customer": lazy("To a buyer"), "scrap": lazy("Scrapped"), "supplier": lazy("Back to the seller"),
    "transit": lazy("To another warehouse"), "conversion": lazy("Made into something else"),
    "adjustment": lazy("Counted away"),
}  # fmt: skip


class BatchForm(CodedSchema):
    seller = Text(8, required=True)
    sku = Text(40, required=True)
    batch = Text(40, required=True)


@blueprint.get("")
@requires(Permission.STOCK_HOLD)
def index() -> str | tuple[str, int]:
    """The address carries the question, so that the answer can be sent to somebody."""
    asked = "batch" in request.args
    product = _product() if asked else None
    refusal = product if isinstance(product, Refused) else None
    answer: dict[str, Any] = {"found": [], "here": 0, "gone": 0, "places": []}
    if product is not None and not isinstance(product, Refused):
        found = whereabouts(actor(), product.id, request.args["batch"].strip())
        answer = {
            "found": found, "here": sum(each.quantity for each in found if not each.is_gone),
            "gone": sum(each.quantity for each in found if each.is_gone),
            "places": sorted({each.warehouse for each in found if not each.is_gone and not each.is_held}),
        }  # fmt: skip
    page = render_template(
        "office/recall.html", sellers=sellers_seen(actor()), typed=request.args, errors=forms.field_messages(refusal),
        asked=asked and refusal is None, conditions=CONDITION_WORDS, gone_words=GONE_WORDS,
        zones={each.id: each.time_zone for each in warehouses_seen(actor())}, **answer,
    )  # fmt: skip
    return page if refusal is None else (page, 422)


def _product() -> ProductFacts | Refused:
    typed = {name: request.args.get(name, "").strip() for name in ("seller", "sku", "batch")}
    body = forms.load_form(BatchForm(), forms.given(typed))
    if isinstance(body, Refused):
        return body
    owner_id = next((seller.id for seller in sellers_seen(actor()) if seller.code == body["seller"]), None)
    product = None if owner_id is None else products_by_skus(owner_id, [body["sku"]]).get(body["sku"])
    return invalid("/sku", "product_unknown", sku=body["sku"]) if product is None else product
