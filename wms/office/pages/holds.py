"""Stock holds (冻结): whose, why, on what, from when to when; setting them and ending them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.catalog.queries import products_by_skus
from wms.core import clock
from wms.core.permissions import Permission
from wms.core.refusals import FieldError, Refused, invalid, invalid_fields
from wms.facility.models import Warehouse
from wms.facility.queries import load_warehouse, location_by_code, unit_by_code, warehouses_seen
from wms.identity.queries import sellers_seen
from wms.inventory import holds
from wms.inventory.models import Hold, HoldScope
from wms.inventory.queries import lots_by_batch
from wms.inventory.summaries import together
from wms.office import queries
from wms.office.pages.stock import BY_ITSELF, REASON_WORDS, SCOPE_WORDS
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.pages import Entry, lazy, navigation, show_refusal
from wms.platform.schemas import Choice, CodedSchema, Day, Text

blueprint = Blueprint("office_holds", __name__, url_prefix="/office/holds", template_folder="../templates")
PAGE = 50
FIELD_OF = {"serial_not_here": "code", "hold_ends_early": "ends_on"}
# What a hold may be set on here, and what is typed for it.
WHAT_WORDS = {
    HoldScope.LOT.value: lazy("A batch"), HoldScope.PRODUCT.value: lazy("A product"),
    HoldScope.LOCATION.value: lazy("A bin"), HoldScope.HANDLING_UNIT.value: lazy("A container"),
    HoldScope.SERIAL.value: lazy("One unit by its serial number"),
}  # fmt: skip
ALL_SCOPES = {
    **SCOPE_WORDS, HoldScope.HANDLING_UNIT.value: lazy("Everything in this container"),
    HoldScope.SERIAL.value: lazy("This unit"),
}  # fmt: skip

navigation.add(Entry(lazy("Holds"), "office_holds.index", "lock", Permission.STOCK_HOLD, staff=True, order=370))


class HoldForm(CodedSchema):
    """`code`: of a bin or container, a batch, or a serial number. Days are the warehouse's; the last one is whole."""

    warehouse = Text(16, required=True)
    scope = Choice(list(WHAT_WORDS), required=True)
    code = Text(80, load_default=None)
    seller = Text(8, load_default=None)
    sku = Text(40, load_default=None)
    reason = Choice([code for code in REASON_WORDS if code not in BY_ITSELF], required=True)
    note = Text(255, load_default=None)
    begins_on = Day(load_default=None)
    ends_on = Day(load_default=None)


@blueprint.get("")
@requires(Permission.STOCK_HOLD)
def index() -> str:
    return _page()


def _page(refusal: Refused | None = None) -> str:
    ended, after = request.args.get("show") == "ended", request.args.get("after", "")
    rows = queries.holds_list(actor(), ended, after, PAGE)
    return render_template(
        "office/holds.html", rows=rows[:PAGE], ended=ended, scopes=ALL_SCOPES, reasons=REASON_WORDS, by_itself=BY_ITSELF,
        what=WHAT_WORDS, warehouses=warehouses_seen(actor()), sellers=sellers_seen(actor()), typed=request.form,
        errors=forms.field_messages(refusal),
        refusal=show_refusal(refusal) if refusal is not None and not refusal.errors else None,
        next_url=url_for(".index", show=request.args.get("show"), after=rows[PAGE - 1].id) if len(rows) > PAGE else "",
        back_url=url_for(".index", show=request.args.get("show")) if after else "",
    )  # fmt: skip


@blueprint.post("")
@requires(Permission.STOCK_HOLD)
def place() -> BaseResponse | tuple[str, int]:
    """Hold what is named, in one warehouse; a batch that came with several expiry dates is held in all of them."""
    body = forms.load_form(HoldForm(), forms.given({name: forms.typed_text(name) for name in HoldForm().fields}))
    outcome = body if isinstance(body, Refused) else _place(body)
    if isinstance(outcome, Refused):
        return _page(outcome), 422
    flash(_("It is held."), "ok")
    return redirect(url_for(".index"))


def _place(body: dict[str, Any]) -> forms.Outcome:
    warehouse = next((each for each in warehouses_seen(actor()) if each.code == body["warehouse"]), None)
    if warehouse is None:
        return invalid("/warehouse", "invalid")
    found = _found(warehouse, body)
    if not isinstance(found, Refused):
        found = _days_refused(warehouse, body) or found
    if isinstance(found, Refused):
        return found
    begins_at, ends_at = _midnight(warehouse, body["begins_on"]), _midnight(warehouse, body["ends_on"], after=True)
    outcome = forms.run_form(
        "stock.place_hold", body, lambda: _hold(warehouse, found, body, begins_at, ends_at),
        lambda placed: {"ids": [each.id for each in placed]},
    )  # fmt: skip
    return forms.at_fields(outcome, FIELD_OF) if isinstance(outcome, Refused) else outcome


def _days_refused(warehouse: Warehouse, body: Mapping[str, Any]) -> Refused | None:
    """Nothing is held backwards in time: both days are today's or to come, by the warehouse's calendar."""
    today = clock.today(warehouse.time_zone)
    wrong = [
        FieldError(f"/{name}", "hold_day_over", {})
        for name in ("begins_on", "ends_on")
        if body[name] is not None and body[name] < today
    ]
    if not wrong and None not in (body["begins_on"], body["ends_on"]) and body["ends_on"] < body["begins_on"]:
        wrong = [FieldError("/ends_on", "hold_ends_early", {})]
    return invalid_fields(wrong) if wrong else None


def _midnight(warehouse: Warehouse, day: date | None, *, after: bool = False) -> datetime | None:
    """The beginning of a day by the warehouse's calendar; `after`: of the day that follows."""
    if day is None:
        return None
    return datetime.combine(day + timedelta(days=1 if after else 0), time(), ZoneInfo(warehouse.time_zone))


def _found(warehouse: Warehouse, body: Mapping[str, Any]) -> tuple[list[str], uuid.UUID | None] | Refused:
    """The keys that the hold's scope names, and whose goods; a refusal names the field."""
    scope, code = body["scope"], body["code"]
    if code is None and scope != HoldScope.PRODUCT.value:
        return invalid("/code", "required")
    if scope == HoldScope.LOCATION.value:
        place = location_by_code(warehouse.id, code.upper())
        return invalid("/code", "not_there") if place is None else ([str(place.id)], None)
    if scope == HoldScope.HANDLING_UNIT.value:
        unit = unit_by_code(warehouse.id, code)
        return invalid("/code", "not_there") if unit is None else ([str(unit.id)], None)
    owner_id = next((seller.id for seller in sellers_seen(actor()) if seller.code == body["seller"]), None)
    if owner_id is None:
        return invalid("/seller", "required")
    product = products_by_skus(owner_id, [body["sku"] or ""]).get(body["sku"] or "")
    if product is None:
        return invalid("/sku", "product_unknown", sku=body["sku"] or "")
    if scope != HoldScope.LOT.value:
        return [str(product.id)], owner_id
    lots = [str(lot.id) for lot in lots_by_batch(product.id, code)]
    return (lots, owner_id) if lots else invalid("/code", "not_there")


def _hold(
    warehouse: Warehouse, found: tuple[list[str], uuid.UUID | None], body: Mapping[str, Any],
    begins_at: datetime | None, ends_at: datetime | None,
) -> Sequence[Hold]:  # fmt: skip
    keys, owner_id = found
    if body["scope"] == HoldScope.SERIAL.value:
        if begins_at is not None:
            raise invalid("/begins_on", "serial_hold_at_once")
        product_id = uuid.UUID(keys[0])
        return [
            holds.hold_serial(actor(), product_id, body["code"], body["reason"], note=body["note"], ends_at=ends_at,
                              warehouse_id=warehouse.id)
        ]  # fmt: skip
    with together():
        return [
            holds.place_hold(
                actor(), warehouse.id, HoldScope(body["scope"]), key, body["reason"], owner_id, note=body["note"],
                begins_at=begins_at, ends_at=ends_at,
            )
            for key in keys
        ]  # fmt: skip


@blueprint.post("/<uuid:warehouse_id>/<uuid:hold_id>/end")
@requires(Permission.STOCK_HOLD)
def end(warehouse_id: uuid.UUID, hold_id: uuid.UUID) -> BaseResponse:
    warehouse = load_warehouse(actor(), warehouse_id)
    outcome = forms.run_form(
        "stock.end_hold", {"id": hold_id}, lambda: holds.end_hold(actor(), warehouse.id, hold_id),
        lambda ended: {"id": ended.id},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    else:
        flash(_("The hold is ended."), "ok")
    return redirect(url_for(".index"))
