"""`/floor/v1/putaway`: where goods go, for machines of the house: the suggestion, what each bin says, a bin kept."""

from __future__ import annotations

import uuid
from typing import Any

import orjson
from flask import Blueprint, Response, request
from marshmallow import fields

from wms.catalog.queries import products_by_skus
from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid, not_found
from wms.facility.models import Warehouse
from wms.facility.queries import locations_page, warehouse_by_code
from wms.identity.queries import sellers_seen
from wms.inventory.putaway import reservations, service
from wms.inventory.putaway.rules import Goods, Reason, Suggestion
from wms.inventory.queries import lots_by_batch
from wms.inventory.service import Subject
from wms.inventory.words import CONDITION_WORDS
from wms.platform.access import actor, requires
from wms.platform.http import answer_outcome, run_command
from wms.platform.i18n import refusal_texts
from wms.platform.schemas import Choice, CodedSchema, Text, Whole, load_or_refuse

blueprint = Blueprint("putaway_api", __name__, url_prefix="/floor/v1/putaway")
HOLDER = "machine"


class GoodsIn(CodedSchema):
    """What is to be put away. Bonded goods in a bonded warehouse, as they come from the dock."""

    warehouse = Text(16, required=True)
    seller = Text(8, required=True)
    sku = Text(40, required=True)
    quantity = Whole(1, 10_000_000, load_default=1)
    condition = Choice(list(CONDITION_WORDS), load_default="good")
    batch = Text(40, load_default=None)


class BinsIn(GoodsIn):
    after = Text(24, load_default="")
    limit = Whole(1, 200, load_default=50)


class KeepIn(GoodsIn):
    holder_id = fields.UUID(required=True)


@blueprint.get("/suggestion")
@requires(Permission.FLOOR_WORK)
def suggestion() -> Response:
    """The best bin, with its reason, and the next best; `suggestion` is null when none takes all of it."""
    warehouse, goods, _ = _asked(GoodsIn(), request.args.to_dict())
    return _json(_told(service.suggest_for(warehouse.id, goods)))


@blueprint.get("/bins")
@requires(Permission.FLOOR_WORK)
def bins() -> Response:
    """Every bin by code: whether it takes the goods, and each reason against it, or the one for it."""
    warehouse, goods, body = _asked(BinsIn(), request.args.to_dict())
    page = locations_page(warehouse.id, after_code=body["after"], limit=body["limit"] + 1)
    shown = page[: body["limit"]]
    rows = [
        {"code": each.place.code, "location_id": each.place.location_id, "takes_it": not each.faults,
         "reasons": [_reason(reason) for reason in each.faults or (each.reason,) if reason is not None]}
        for each in service.explain(warehouse.id, goods, [place.id for place in shown])
    ]  # fmt: skip
    return _json({"data": rows, "after": shown[-1].code if len(page) > len(shown) else None})


@blueprint.post("/reservations")
@requires(Permission.FLOOR_WORK)
def keep() -> Response:
    """Keep the best bin for goods in the hands of `holder_id`, instead of what was kept for it before."""
    warehouse, goods, body = _asked(KeepIn(), request.get_json())
    holder = Subject(HOLDER, body["holder_id"])
    return answer_outcome(run_command("putaway.keep", body, lambda: _keep(warehouse, goods, holder), _kept))


@blueprint.delete("/reservations/<uuid:holder_id>")
@requires(Permission.FLOOR_WORK)
def release(holder_id: uuid.UUID) -> Response:
    """Let the bin go."""
    return answer_outcome(
        run_command(
            "putaway.release", {"holder_id": holder_id}, lambda: reservations.release(Subject(HOLDER, holder_id)),
            lambda _released: {},
        )
    )  # fmt: skip


def _asked(schema: CodedSchema, given: Any) -> tuple[Warehouse, Goods, dict[str, Any]]:
    body: dict[str, Any] = load_or_refuse(schema, given)
    warehouse = warehouse_by_code(actor(), body["warehouse"])
    owner_id = next((seller.id for seller in sellers_seen(actor()) if seller.code == body["seller"]), None)
    if owner_id is None:
        raise not_found("seller")
    product = products_by_skus(owner_id, [body["sku"]]).get(body["sku"])
    if product is None:
        raise invalid("/sku", "product_unknown", sku=body["sku"])
    lots = [] if body["batch"] is None else lots_by_batch(product.id, body["batch"])
    lot_id, status = lots[0].id if lots else None, "bonded" if warehouse.is_bonded else "none"
    return warehouse, service.goods_of(product, body["quantity"], lot_id, body["condition"], status), body


def _told(found: Suggestion | None) -> dict[str, Any]:
    if found is None:
        return {"suggestion": None, "alternatives": []}
    best = {"code": found.code, "location_id": str(found.location_id), "reason": _reason(found.reason)}
    others = [
        {"code": code, "location_id": str(location_id), "reason": _reason(reason)}
        for location_id, code, reason in found.alternatives
    ]
    return {"suggestion": best, "alternatives": others}


def _keep(warehouse: Warehouse, goods: Goods, holder: Subject) -> service.Choice:
    choice = service.suggest_and_keep(actor(), warehouse.id, goods, holder)
    if choice is None:
        raise Refused("no_bin", {})
    return choice


def _kept(choice: service.Choice) -> dict[str, Any]:
    """Ids only: the words of a stored answer would stay in the language of who asked first."""
    return {
        "code": choice.suggestion.code, "location_id": str(choice.suggestion.location_id),
        "reason": choice.suggestion.reason.code, "expires_at": choice.reservation.expires_at.isoformat(),
    }  # fmt: skip


def _reason(reason: Reason) -> dict[str, Any]:
    text = refusal_texts.translate(reason.code, reason.params)
    return {"code": reason.code, "params": reason.params, "text": text}


def _json(body: dict[str, Any]) -> Response:
    return Response(orjson.dumps(body, default=str), mimetype="application/json")
