"""Kits and their parts, and goods that go over to another seller."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.added_services import by_codes, schemas
from wms.core.permissions import Permission
from wms.core.refusals import Refused
from wms.facility.queries import warehouses_seen
from wms.identity.queries import sellers_seen
from wms.inventory.converting import kits, queries
from wms.inventory.converting import service as converting
from wms.inventory.converting.rules import RecipeKind
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.pages import show_refusal

blueprint = Blueprint("portal_kits", __name__, url_prefix="/portal", template_folder="../templates")
ROWS = 4
MOST_OFFERS = 100


@blueprint.get("/kits")
@requires(Permission.SERVICES_READ)
def index() -> str:
    return _kits({})


@blueprint.post("/kits")
@requires(Permission.SERVICES_WRITE)
def define() -> BaseResponse | str | tuple[str, int]:
    """Of what a product is made, from now on. More rows are added to the form on request."""
    if request.form.get("action") == "more":
        return _kits(request.form, rows=len(_typed_parts()) + ROWS)
    parts = [forms.given({"sku": row["sku"], "units": forms.as_number(row["units"])}) for row in _typed_parts()]
    typed = {name: forms.typed_text(name) for name in ("seller", "sku")}
    body = forms.load_form(schemas.KitIn(), forms.given(typed) | {"parts": parts})
    outcome = body if isinstance(body, Refused) else forms.run_form(
        "added_services.define_kit", body, lambda: by_codes.define_kit(actor(), body), lambda made: {"id": made.id}
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return _kits(request.form, outcome), 422
    flash(_("The kit is known."), "ok")
    return redirect(url_for(".index"))


def _typed_parts() -> list[dict[str, str]]:
    return forms.typed_rows("parts", ("sku", "units"))


def _kits(typed: Mapping[str, Any], refusal: Refused | None = None, rows: int = ROWS) -> str:
    return render_template(
        "portal/kits.html", kits=kits.kits_of(actor()), typed=typed, rows=max(rows, len(_typed_parts())),
        sellers=sellers_seen(actor()), errors=forms.field_messages(refusal),
        refusal=show_refusal(refusal) if refusal is not None and not refusal.errors else None,
    )  # fmt: skip


@blueprint.post("/kits/<uuid:kit_id>/end")
@requires(Permission.SERVICES_WRITE)
def end(kit_id: uuid.UUID) -> BaseResponse:
    outcome = forms.run_form("added_services.end_kit", {"id": kit_id}, lambda: kits.end_kit(actor(), kit_id))
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    return redirect(url_for(".index"))


@blueprint.get("/offers")
@requires(Permission.SERVICES_READ)
def offers() -> str:
    return _offers({})


@blueprint.post("/offers")
@requires(Permission.SERVICES_WRITE)
def offer() -> BaseResponse | tuple[str, int]:
    """Goods for another seller; they are kept for it until both are agreed, or it is withdrawn."""
    names = ("seller", "warehouse", "sku", "to_seller", "note")
    typed = {name: forms.typed_text(name) for name in names}
    typed["to_seller"] = typed["to_seller"] and typed["to_seller"].upper()  # as they all are
    body = forms.load_form(schemas.OfferIn(), forms.given(typed | {"quantity": forms.typed_number("quantity")}))
    outcome = body if isinstance(body, Refused) else forms.run_form(
        "added_services.offer", body, lambda: by_codes.offer(actor(), body), by_codes.offered
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return _offers(request.form, outcome), 422
    flash(_("Offered. The goods are kept until the other seller has decided."), "ok")
    return redirect(url_for(".offers"))


def _offers(typed: Mapping[str, Any], refusal: Refused | None = None) -> str:
    rows = queries.open_and_newest(actor(), MOST_OFFERS, [RecipeKind.OWNER.value])
    return render_template(
        "portal/offers.html", rows=rows, typed=typed, warehouses=warehouses_seen(actor()),
        sellers=sellers_seen(actor()), errors=forms.field_messages(refusal),
        refusal=show_refusal(refusal) if refusal is not None and not refusal.errors else None,
    )  # fmt: skip


@blueprint.post("/offers/<uuid:offer_id>/agree")
@requires(Permission.SERVICES_WRITE)
def agree(offer_id: uuid.UUID) -> BaseResponse:
    """They are the other seller's where they stand, now."""
    queries.check_offered(actor(), offer_id)
    body = forms.load_form(schemas.AgreeIn(), forms.given({"sku": forms.typed_text("sku")}))
    outcome = body if isinstance(body, Refused) else forms.run_form(
        "added_services.agree", {"id": offer_id, **body},
        lambda: converting.agree(actor(), offer_id, body["sku"]), by_codes.offered,
    )  # fmt: skip
    return _said(outcome, _("The goods are yours now."))


@blueprint.post("/offers/<uuid:offer_id>/<any(decline, withdraw):word>")
@requires(Permission.SERVICES_WRITE)
def end_offer(offer_id: uuid.UUID, word: str) -> BaseResponse:
    use_case = converting.decline if word == "decline" else converting.cancel
    outcome = forms.run_form(
        f"added_services.{word}", {"id": offer_id}, lambda: use_case(actor(), offer_id), by_codes.offered
    )
    return _said(outcome, _("Withdrawn.") if word == "withdraw" else _("Declined."))


def _said(outcome: forms.Outcome, done: str) -> BaseResponse:
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    else:
        flash(done, "ok")
    return redirect(url_for(".offers"))
