"""Conversions in the office: asked for on a seller's goods, carried out, given up, taken back."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.catalog.queries import products_by_skus
from wms.core.permissions import Permission
from wms.core.refusals import FieldError, Refused, invalid, invalid_fields
from wms.facility.queries import location_by_code, warehouse_by_code, warehouses_seen
from wms.identity.queries import choose_owner, sellers_seen
from wms.inventory.converting import asking, queries
from wms.inventory.converting import service as converting
from wms.inventory.converting.asking import Wanted
from wms.inventory.converting.models import Conversion
from wms.inventory.converting.rules import RecipeKind
from wms.inventory.converting.service import Made
from wms.inventory.models import Condition
from wms.inventory.queries import lot_named, lots_by_batch
from wms.inventory.words import CONDITION_WORDS
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.pages import Entry, lazy, navigation, show_refusal
from wms.platform.schemas import Choice, CodedSchema, Count, Day, Items, Text

blueprint = Blueprint("office_conversions", __name__, url_prefix="/office/conversions", template_folder="../templates")
MOST = 100
KIND_WORDS = {
    "relabel": lazy("Relabel"), "grade": lazy("Sell as another product"), "lot": lazy("Put the batch right"),
    "owner": lazy("Another seller"), "kit": lazy("Make kits"), "unkit": lazy("Take kits apart"),
}  # fmt: skip
ASKED_HERE = ["relabel", "grade", "lot", "kit", "unkit"]
DECISIONS: dict[str, Callable[..., Conversion]] = {
    "give_back": converting.give_back, "promise": converting.promise_again, "cancel": converting.cancel,
    "undo": converting.undo,
}  # fmt: skip
NAMES = ("kind", "seller", "warehouse", "sku", "location", "condition", "batch", "expires_on", "to_sku", "to_batch",
         "to_expires_on", "note")  # fmt: skip

# At which field of what was made a refusal of the whole is said.
MADE_FIELD_OF = {
    "serials_required": "serials", "serial_not_here": "serials", "location_foreign": "location",
    "location_closed": "location", "location_wrong_kind": "location",
}  # fmt: skip

navigation.add(
    Entry(
        lazy("Conversions"), "office_conversions.index", "transfer", Permission.SERVICES_MANAGE, staff=True, order=390
    )
)


class ConversionForm(CodedSchema):
    """What is to become what. `batch` and `expires_on` name the goods as the book has them."""

    kind = Choice(ASKED_HERE, required=True)
    seller = Text(8, required=True)
    warehouse = Text(16, required=True)
    sku = Text(40, required=True)
    quantity = Count(1, asking.MOST, required=True)
    location = Text(32, load_default=None)
    condition = Choice([each.value for each in Condition], load_default=Condition.GOOD.value)
    batch = Text(40, load_default=None)
    expires_on = Day(load_default=None)
    to_sku = Text(40, load_default=None)
    to_batch = Text(40, load_default=None)
    to_expires_on = Day(load_default=None)
    note = Text(200, min_length=0, load_default="")


class MadeForm(CodedSchema):
    """What was made. `batch` and `expires_on` are of what was made, where it asks for them; numbers of what went in."""

    quantity = Count(1, asking.MOST, required=True)
    location = Text(32, load_default=None)
    batch = Text(40, load_default=None)
    expires_on = Day(load_default=None)
    serials = Items(Text(40), 1, 5_000, load_default=())


@blueprint.get("")
@requires(Permission.SERVICES_MANAGE)
def index() -> str:
    return _page({})


@blueprint.post("")
@requires(Permission.SERVICES_MANAGE)
def ask() -> BaseResponse | tuple[str, int]:
    """Its goods are kept for it from now on."""
    typed = {name: forms.typed_text(name) for name in NAMES}
    body = forms.load_form(ConversionForm(), forms.given(typed | {"quantity": forms.typed_number("quantity")}))
    outcome = body if isinstance(body, Refused) else forms.run_form(
        "conversion.ask", body, lambda: _ask(body), _answered
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return _page(request.form, outcome), 422
    flash(_("The goods are kept for it."), "ok")
    return redirect(url_for(".index"))


def _ask(body: dict[str, Any]) -> Conversion:
    owner = choose_owner(actor(), body["seller"])
    warehouse = warehouse_by_code(actor(), body["warehouse"])
    wanted = Wanted(
        RecipeKind(body["kind"]), body["sku"], body["quantity"], condition=body["condition"],
        lot_id=_lot(owner.id, body), location_id=_place(warehouse.id, body["location"]), to_sku=body["to_sku"],
        to_condition=Condition.GOOD.value if body["kind"] == RecipeKind.GRADE else None, to_batch=body["to_batch"],
        to_expires_on=body["to_expires_on"], note=body["note"],
    )  # fmt: skip
    return asking.ask(actor(), warehouse.id, owner.id, wanted)


def _lot(owner_id: uuid.UUID, body: dict[str, Any]) -> uuid.UUID | None:
    if body["batch"] is None and body["expires_on"] is None:
        return None
    product = products_by_skus(owner_id, [body["sku"]]).get(body["sku"])
    if product is None:
        raise invalid("/batch", "lot_unknown")
    return lot_named(product.id, body["batch"], body["expires_on"]) or _lot_by_batch(product.id, body)


def _lot_by_batch(product_id: uuid.UUID, body: dict[str, Any]) -> uuid.UUID:
    """The one lot of a batch; what it expires on has to be typed only where that tells two of them apart."""
    of_batch = lots_by_batch(product_id, body["batch"]) if body["batch"] and body["expires_on"] is None else []
    if len(of_batch) > 1:
        raise invalid("/expires_on", "required")
    if not of_batch:
        raise invalid("/batch", "lot_unknown")
    return of_batch[0].id


def _place(warehouse_id: uuid.UUID, code: str | None) -> uuid.UUID | None:
    if code is None:
        return None
    place = location_by_code(warehouse_id, code)
    if place is None:
        raise invalid_fields([FieldError("/location", "bin_unknown", {"code": code})])
    return place.id


@blueprint.post("/<uuid:conversion_id>/convert")
@requires(Permission.SERVICES_MANAGE)
def convert(conversion_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    """So much was made of it."""
    typed = {name: forms.typed_text(name) for name in ("location", "batch", "expires_on")}
    serials = request.form.get("serials", "").split() or None
    body = forms.load_form(
        MadeForm(), forms.given(typed | {"quantity": forms.typed_number("quantity"), "serials": serials})
    )
    outcome = body if isinstance(body, Refused) else forms.run_form(
        "conversion.convert", {"id": conversion_id, **body}, lambda: _convert(conversion_id, body), _answered
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return forms.shown_again(forms.at_fields(outcome, MADE_FIELD_OF), f"convert-{conversion_id}", ".index")
    return _said(outcome, _("It is in the book."))


def _convert(conversion_id: uuid.UUID, body: dict[str, Any]) -> Conversion:
    found = converting.load_to_work(actor(), conversion_id)
    made = converting.one_lot(
        found, Made(body["quantity"], _place(found.warehouse_id, body["location"])), body["batch"], body["expires_on"],
        body["serials"],
    )  # fmt: skip
    converting.carry_out(actor(), found, made)
    return found


@blueprint.post("/<uuid:conversion_id>/<any(give_back, promise, cancel, undo):decision>")
@requires(Permission.SERVICES_MANAGE)
def decide(conversion_id: uuid.UUID, decision: str) -> BaseResponse:
    outcome = forms.run_form(
        f"conversion.{decision}", {"id": conversion_id}, lambda: DECISIONS[decision](actor(), conversion_id), _answered
    )
    return _said(outcome, _("Decided."))


def _answered(found: Conversion) -> dict[str, Any]:
    return {"id": found.id, "state": found.state, "done": found.done}


def _said(outcome: forms.Outcome, done: str) -> BaseResponse:
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    else:
        flash(done, "ok")
    return redirect(url_for(".index"))


def _page(typed: Mapping[str, Any], refusal: Refused | None = None) -> str:
    errors = forms.field_messages(refusal)
    if "lot" in errors:  # it is named here by its batch
        errors["batch"] = errors.pop("lot")
    return render_template(
        "office/conversions.html", rows=queries.open_and_newest(actor(), MOST), kinds=KIND_WORDS,
        asked_here=[(kind, KIND_WORDS[kind]) for kind in ASKED_HERE],
        conditions=CONDITION_WORDS, typed=typed, warehouses=warehouses_seen(actor()), sellers=sellers_seen(actor()),
        errors=errors,
        refusal=show_refusal(refusal) if refusal is not None and not refusal.errors else None,
    )  # fmt: skip
