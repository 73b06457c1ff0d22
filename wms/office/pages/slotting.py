"""Slotting: what to move where, from the picks of the last days, and the metres a day that it saves."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request

from wms.core.permissions import Permission
from wms.core.refusals import Refused, not_found
from wms.facility.models import Warehouse
from wms.facility.queries import warehouses_seen
from wms.outbound.service import slotting
from wms.outbound.service.slotting import Found
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.database import end_reading
from wms.platform.pages import Entry, lazy, navigation
from wms.platform.schemas import CodedSchema, Count
from wms.platform.tables import write_table

blueprint = Blueprint("office_slotting", __name__, url_prefix="/office/slotting", template_folder="../templates")

navigation.add(Entry(lazy("Slotting"), "office_slotting.index", "pin", Permission.WAVES_MANAGE, staff=True, order=227))


class SlottingForm(CodedSchema):
    days = Count(1, slotting.MOST_DAYS, load_default=28)
    most = Count(1, slotting.MOST_MOVES, load_default=20)


@blueprint.get("")
@requires(Permission.WAVES_MANAGE)
def index() -> str | tuple[str, int]:
    """The address carries the question; the answer is reckoned when it is asked."""
    seen, chosen = warehouses_seen(actor()), _chosen()
    asked = "days" in request.args and chosen is not None
    found = _found(chosen) if asked and chosen is not None else None
    refusal = found if isinstance(found, Refused) else None
    page = render_template(
        "office/slotting.html", warehouses=seen, chosen=chosen, typed=request.args, errors=forms.field_messages(refusal),
        refusal=" ".join(forms.told(refusal)) if refusal is not None and not refusal.errors else None,
        found=None if refusal is not None else found, most_days=slotting.MOST_DAYS, most_moves=slotting.MOST_MOVES,
    )  # fmt: skip
    return page if refusal is None else (page, 422)


@blueprint.get("/list")
@requires(Permission.WAVES_MANAGE)
def as_file() -> Response | tuple[str, int]:
    """The moves as a table to print, one line each, in the order in which they are to be made."""
    chosen = _chosen()
    if chosen is None:
        raise not_found("warehouse")
    found = _found(chosen)
    if isinstance(found, Refused):
        raise found
    header = ("number", "seller", "sku", "from", "to", "back_sku", "saves_m_a_day")
    rows = [
        (number, move.product.seller, move.product.sku, move.origin, move.target,
         None if move.partner is None else move.partner.sku, round(move.metres, 1))
        for number, move in enumerate(found.moves, 1)
    ]  # fmt: skip
    headers = {"Content-Disposition": f'attachment; filename="slotting-{chosen.code}.csv"', "Cache-Control": "no-store"}
    return Response(write_table(header, rows), 200, headers, mimetype="text/csv")


def _chosen() -> Warehouse | None:
    seen = warehouses_seen(actor())
    code = request.args.get("warehouse")
    return next((each for each in seen if each.code == code), seen[0] if seen and code is None else None)


def _found(chosen: Warehouse) -> Found | Refused:
    typed = {name: forms.as_number(request.args.get(name, "").strip()[:9] or None) for name in ("days", "most")}
    body = forms.load_form(SlottingForm(), forms.given(typed))
    if isinstance(body, Refused):
        return body
    try:
        history = slotting.read(actor(), chosen.id, body["days"])
        end_reading()  # it takes seconds
        return slotting.find(history, body["most"])
    except Refused as refusal:
        return refusal
