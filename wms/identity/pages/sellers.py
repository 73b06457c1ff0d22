"""Sellers as the operator takes them in: their code, their name, their shops."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core.permissions import Permission
from wms.core.refusals import Refused, not_found
from wms.identity import queries, service
from wms.identity.models import Seller
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.pages import Entry, lazy, navigation, show_refusal
from wms.platform.schemas import CodedSchema, Text

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
        "identity/seller.html", seller=seller, shops=queries.shops_of(actor(), seller.id), **_typed(refusal)
    )


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
