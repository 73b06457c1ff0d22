"""Where goods go: the suggestion for some goods, and what every bin has for or against them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request, url_for

from wms.catalog.queries import products_by_skus
from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid
from wms.facility.models import Warehouse
from wms.facility.queries import warehouses_seen
from wms.identity.queries import sellers_seen
from wms.inventory.putaway import service
from wms.inventory.putaway.rules import Goods, Reason, Suggestion, Verdict
from wms.inventory.queries import lots_by_batch
from wms.inventory.words import CONDITION_WORDS
from wms.office import queries
from wms.office.pages.bins import KIND_WORDS
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.i18n import refusal_texts
from wms.platform.schemas import Choice, CodedSchema, Count, Text

blueprint = Blueprint("office_putaway", __name__, url_prefix="/office/putaway", template_folder="../templates")
PAGE = 50


class GoodsForm(CodedSchema):
    """What is to be put away."""

    seller = Text(8, required=True)
    sku = Text(40, required=True)
    quantity = Count(1, 10_000_000, load_default=1)
    condition = Choice(list(CONDITION_WORDS), load_default="good")
    batch = Text(40, load_default=None)


@blueprint.get("")
@requires(Permission.FLOOR_WORK)
def index() -> str | tuple[str, int]:
    """The address carries the question, so that it can be asked again and sent to somebody."""
    seen = warehouses_seen(actor())
    warehouse = next((each for each in seen if each.code == request.args.get("warehouse")), seen[0] if seen else None)
    asked = request.args.get("sku", "") != ""
    goods = _goods(warehouse) if asked and warehouse is not None else None
    refusal = goods if isinstance(goods, Refused) else None
    answer: dict[str, Any] = {}
    if warehouse is not None and goods is not None and not isinstance(goods, Refused):
        answer = _answer(warehouse, goods)
    page = render_template(
        "office/putaway.html", warehouse=warehouse, warehouses=seen, sellers=sellers_seen(actor()), typed=request.args,
        conditions=CONDITION_WORDS, kinds=KIND_WORDS, errors=forms.field_messages(refusal), asked=bool(answer),
        in_words=in_words, **answer,
    )  # fmt: skip
    return page if refusal is None else (page, 422)


def _goods(warehouse: Warehouse) -> Goods | Refused:
    arguments = request.args
    typed = {name: arguments.get(name, "").strip() for name in ("seller", "sku", "condition", "batch")}
    quantity = forms.as_number(arguments.get("quantity", "").strip() or None)
    body = forms.load_form(GoodsForm(), forms.given({**typed, "quantity": quantity}))
    if isinstance(body, Refused):
        return body
    owner_id = next((seller.id for seller in sellers_seen(actor()) if seller.code == body["seller"]), None)
    product = None if owner_id is None else products_by_skus(owner_id, [body["sku"]]).get(body["sku"])
    if product is None:
        return invalid("/sku", "product_unknown", sku=body["sku"])
    lots = [] if body["batch"] is None else lots_by_batch(product.id, body["batch"])
    status = "bonded" if warehouse.is_bonded else "none"
    return service.goods_of(product, body["quantity"], lots[0].id if lots else None, body["condition"], status)


def _answer(warehouse: Warehouse, goods: Goods) -> dict[str, Any]:
    zone, search = request.args.get("zone") or None, request.args.get("q", "").strip() or None
    after = request.args.get("after", "")
    rows = queries.bins_of(warehouse.id, zone, search, after, PAGE)
    verdicts: list[Verdict] = service.explain(warehouse.id, goods, [row.id for row in rows[:PAGE]])
    suggestion: Suggestion | None = service.suggest_for(warehouse.id, goods)
    kept: dict[str, Any] = {key: value for key, value in request.args.items() if key != "after"}
    return {
        "verdicts": verdicts, "suggestion": suggestion, "zones": queries.zones_of(warehouse.id),
        "next_url": url_for(".index", **kept, after=rows[PAGE - 1].code) if len(rows) > PAGE else "",
        "back_url": url_for(".index", **kept) if after else "",
    }  # fmt: skip


def in_words(reason: Reason) -> str:
    """A reason for or against a bin, in the reader's language."""
    return refusal_texts.translate(reason.code, reason.params)
