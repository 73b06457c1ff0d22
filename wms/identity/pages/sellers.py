"""Sellers as the operator takes them in: their code, their name, their shops."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core.permissions import Permission
from wms.core.refusals import Refused, not_found
from wms.core.rotation import Rotation
from wms.identity import queries, service
from wms.identity.models import Seller
from wms.identity.words import ROTATION_NOTES, ROTATION_WORDS
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.pages import Entry, lazy, navigation, show_refusal
from wms.platform.schemas import Choice, CodedSchema, Count, Text

blueprint = Blueprint("identity_sellers", __name__, url_prefix="/sellers", template_folder="../templates")

navigation.add(
    Entry(lazy("Sellers"), "identity_sellers.index", "building", Permission.PEOPLE_MANAGE, staff=True, order=605)
)


class SellerForm(CodedSchema):
    code = Text(8, required=True)
    name = Text(120, required=True)


class ShopForm(CodedSchema):
    platform = Text(24, required=True)
    account = Text(80, required=True)
    name = Text(120, required=True)


class RuleForm(CodedSchema):
    rotation = Choice(list(Rotation), required=True)
    least_shelf_days = Count(0, 3650, load_default=0)
    reason = Text(200, required=True)


@blueprint.get("")
@requires(Permission.PEOPLE_MANAGE)
def index() -> str:
    return _list_page()


def _list_page(refusal: Refused | None = None) -> str:
    return render_template("identity/sellers.html", sellers=queries.sellers_with_counts(), **_typed(refusal))


def _typed(refusal: Refused | None) -> dict[str, Any]:
    told = show_refusal(refusal) if refusal is not None and not refusal.errors else None
    return {"typed": request.form, "errors": forms.field_messages(refusal), "refusal": told}


@blueprint.post("")
@requires(Permission.PEOPLE_MANAGE)
def create() -> BaseResponse | tuple[str, int]:
    """A new tenant; its code stands in every document number and is never changed."""
    typed = {"code": (forms.typed_text("code") or "").upper(), "name": forms.typed_text("name")}
    body = forms.load_form(SellerForm(), forms.given(typed))
    outcome = body if isinstance(body, Refused) else forms.run_form(
        "identity.create_seller", body, lambda: service.create_seller(actor(), body["code"], body["name"]),
        lambda made: {"id": made.id},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return _list_page(outcome), 422
    flash(_("The seller is there. Now a person of theirs, under “People”."), "ok")
    return redirect(url_for(".detail", seller_id=outcome.answer["id"]))


@blueprint.get("/<uuid:seller_id>")
@requires(Permission.PEOPLE_MANAGE)
def detail(seller_id: uuid.UUID) -> str:
    return _detail_page(_load(seller_id))


def _load(seller_id: uuid.UUID) -> Seller:
    found = next((seller for seller in queries.sellers_seen(actor()) if seller.id == seller_id), None)
    if found is None:
        raise not_found("seller")
    return found


def _detail_page(seller: Seller, refusal: Refused | None = None) -> str:
    return render_template(
        "identity/seller.html", seller=seller, shops=queries.shops_of(actor(), seller.id),
        agreed=queries.allocation_rules(seller.id), words=ROTATION_WORDS,
        rotations=[(code, words, ROTATION_NOTES[code]) for code, words in ROTATION_WORDS.items()], **_typed(refusal),
    )  # fmt: skip


@blueprint.post("/<uuid:seller_id>/shops")
@requires(Permission.PEOPLE_MANAGE)
def add_shop(seller_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    seller = _load(seller_id)
    body = forms.load_form(
        ShopForm(), forms.given({name: forms.typed_text(name) for name in ("platform", "account", "name")})
    )
    outcome = body if isinstance(body, Refused) else forms.run_form(
        "identity.create_shop", {"seller": seller_id, **body},
        lambda: service.create_shop(actor(), seller_id, body["platform"], body["account"], body["name"]),
        lambda made: {"id": made.id},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return _detail_page(seller, outcome), 422
    flash(_("The shop is there."), "ok")
    return redirect(url_for(".detail", seller_id=seller_id))


@blueprint.post("/<uuid:seller_id>/allocation")
@requires(Permission.PEOPLE_MANAGE)
def allocation(seller_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    """Which of the seller's goods leave first, from now on."""
    seller = _load(seller_id)
    typed = {"rotation": forms.typed_text("rotation"), "reason": forms.typed_text("reason")}
    typed_days = {"least_shelf_days": forms.typed_number("least_shelf_days")}
    body = forms.load_form(RuleForm(), forms.given(typed | typed_days))
    outcome = body if isinstance(body, Refused) else forms.run_form(
        "identity.agree_on_allocation", {"seller": seller_id, **body},
        lambda: service.agree_on_allocation(
            actor(), seller_id, Rotation(body["rotation"]), body["least_shelf_days"], body["reason"]
        ),
        lambda made: {"id": made.id},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return _detail_page(seller, outcome), 422
    flash(_("Agreed. It counts for what is chosen from now on."), "ok")
    return redirect(url_for(".detail", seller_id=seller_id))


@blueprint.post("/<uuid:seller_id>/costs")
@requires(Permission.PEOPLE_MANAGE)
def carrier_costs(seller_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    """Whether the seller sees what carriers charge for its parcels."""
    seller = _load(seller_id)
    shown = forms.typed_text("sees_carrier_costs") == "1"
    outcome = forms.run_form(
        "identity.show_carrier_costs", {"seller": seller_id, "shown": shown},
        lambda: service.show_carrier_costs(actor(), seller_id, shown), lambda made: {"id": made.id},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return _detail_page(seller, outcome), 422
    flash(
        _("The seller sees what carriers charge.") if shown else _("The seller does not see what carriers charge."),
        "ok",
    )
    return redirect(url_for(".detail", seller_id=seller_id))
