"""Stock of all sellers by bin: counting a row, placing a hold and ending it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core.permissions import Permission
from wms.core.refusals import Refused, not_found
from wms.facility.queries import load_warehouse, locations_by_ids
from wms.inventory import holds
from wms.inventory.adjusting import counted
from wms.inventory.models import Balance, HoldScope
from wms.inventory.words import CONDITION_WORDS
from wms.office import queries
from wms.office.pages.adjustments import REASON_WORDS as ADJUSTMENT_REASONS
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.database import session
from wms.platform.pages import Entry, lazy, navigation
from wms.platform.schemas import CodedSchema, Count, Items, Text

blueprint = Blueprint("office_stock", __name__, url_prefix="/office/stock", template_folder="../templates")
PAGE = 50
# What a hold may cover, seen from one row.
SCOPE_WORDS = {
    HoldScope.BALANCE.value: lazy("Only this row"),
    HoldScope.LOCATION.value: lazy("Everything in this bin"),
    HoldScope.PRODUCT.value: lazy("This product in the whole warehouse"),
    HoldScope.LOT.value: lazy("This batch in the whole warehouse"),
}
REASON_WORDS = {
    "quality": lazy("Quality in doubt"), "recall": lazy("Recall"), "customs": lazy("Customs"),
    "owner": lazy("The seller asks for it"), "other": lazy("Another reason"),
    "in_doubt": lazy("The pick found less"), "inspection": lazy("Being inspected"),
}  # fmt: skip
BY_ITSELF = ("in_doubt", "inspection")  # reasons of holds that nobody places by hand

COUNT_FIELDS = {"serials_required": "serials", "serial_not_here": "serials"}

navigation.add(
    Entry(lazy("Count and hold"), "office_stock.index", "count", Permission.STOCK_ADJUST, staff=True, order=350)
)


class CountForm(CodedSchema):
    counted = Count(0, 99_999_999, required=True)
    serials = Items(Text(40), 1, 5_000, load_default=None)  # of what is there, under full serial control


@blueprint.get("")
@requires(Permission.STOCK_ADJUST)
def index() -> str:
    search, after = request.args.get("q", "").strip() or None, forms.as_number(request.args.get("after"))
    rows = queries.stock_found(actor(), search, after if isinstance(after, int) else 0, PAGE)
    return render_template(
        "office/stock.html", rows=rows[:PAGE], holds=queries.open_holds(actor()), search=search,
        conditions=CONDITION_WORDS, reasons=REASON_WORDS, scopes=SCOPE_WORDS,
        next_url=url_for(".index", q=search, after=rows[PAGE - 1].id) if len(rows) > PAGE else "",
        back_url=url_for(".index", q=search) if after else "",
    )  # fmt: skip


@blueprint.get("/<int:balance_id>")
@requires(Permission.STOCK_ADJUST)
def row(balance_id: int) -> str:
    from wms.catalog.queries import load_product

    found = _load(balance_id)
    scopes = [
        (code, words) for code, words in SCOPE_WORDS.items() if code != HoldScope.LOT.value or found.lot_id is not None
    ]
    return render_template(
        "office/stock_row.html", row=found, product=load_product(actor(), found.product_id), scopes=scopes,
        place=locations_by_ids([found.location_id])[found.location_id], conditions=CONDITION_WORDS,
        warehouse=load_warehouse(actor(), found.warehouse_id),
        reasons=[(code, words) for code, words in REASON_WORDS.items() if code not in BY_ITSELF],
        qualities=[(code, words) for code, words in CONDITION_WORDS.items() if code != found.condition],
        adjustment_reasons=[(code, words) for code, words in ADJUSTMENT_REASONS.items() if code != counted.COUNTED],
    )  # fmt: skip


def _load(balance_id: int) -> Balance:
    """A row of the actor's warehouses; 404 otherwise."""
    found = session().get(Balance, balance_id)
    if found is None or not actor().sees_warehouse(found.warehouse_id) or not actor().sees_seller(found.owner_id):
        raise not_found("balance")
    return found


@blueprint.post("/<int:balance_id>/count")
@requires(Permission.STOCK_ADJUST)
def count(balance_id: int) -> BaseResponse | tuple[str, int]:
    """What is really there: the book is made to agree, and claims that cannot be kept break. Above the limit of the
    warehouse's counts the difference waits for another's approval.
    """
    _load(balance_id)
    typed = {"counted": forms.typed_number("counted"), "serials": request.form.get("serials", "").split() or None}
    body = forms.load_form(CountForm(), forms.given(typed))
    outcome = body if isinstance(body, Refused) else forms.run_form(
        "stock.count", {"row": balance_id, **body},
        lambda: counted.count(actor(), balance_id, body["counted"], body["serials"]),
        lambda done: {"changed": done.changed, "waits": bool(done.waiting)},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return forms.shown_again(forms.at_fields(outcome, COUNT_FIELDS), "count", ".row", balance_id=balance_id)
    if outcome.answer["waits"]:
        flash(_("It is worth more than the limit: somebody else has to approve it."), "ok")
        return redirect(url_for("office_adjustments.index"))
    flash(_("The book was put right.") if outcome.answer["changed"] else _("The book was right."), "ok")
    return redirect(url_for(".row", balance_id=balance_id))


@blueprint.post("/<int:balance_id>/hold")
@requires(Permission.STOCK_HOLD)
def hold(balance_id: int) -> BaseResponse | tuple[str, int]:
    """Hold this row, its bin, its product or its batch; what enters the scope later is held too."""
    found = _load(balance_id)
    scope, reason = request.form.get("scope", ""), request.form.get("reason", "")
    keys: dict[str, Any] = {
        "balance": found.id,
        "location": found.location_id,
        "product": found.product_id,
        "lot": found.lot_id,
    }
    if keys.get(scope) is None or reason not in REASON_WORDS or reason in BY_ITSELF:
        raise not_found("scope")
    owner = None if scope == HoldScope.LOCATION.value else found.owner_id
    outcome = forms.run_form(
        "stock.hold", {"row": balance_id, "scope": scope, "reason": reason},
        lambda: holds.place_hold(actor(), found.warehouse_id, HoldScope(scope), str(keys[scope]), reason, owner),
        lambda placed: {"id": placed.id},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return forms.shown_again(outcome, "hold", ".row", balance_id=balance_id)
    flash(_("It is held."), "ok")
    return redirect(url_for(".index"))
