"""The picture of a product: set, taken away."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.catalog import service
from wms.catalog.models import Product
from wms.catalog.queries import load_product
from wms.core.permissions import Permission
from wms.core.refusals import Refused
from wms.platform import forms, uploads
from wms.platform.access import actor, requires
from wms.platform.pictures import drawn_small

blueprint = Blueprint(
    "portal_pictures", __name__, url_prefix="/portal/products/<uuid:product_id>/picture", template_folder="../templates"
)
PAGE = "portal_products.detail"


@blueprint.post("")
@requires(Permission.PRODUCTS_WRITE)
def store(product_id: uuid.UUID) -> BaseResponse | tuple[Any, int]:
    """The form's photo, drawn small and kept before the command that names it."""
    load_product(actor(), product_id)
    try:
        photo = uploads.received("file", uploads.PHOTOS)
        kept = drawn_small(photo, "/file").keep()
    except Refused as refusal:
        return forms.shown_again(refusal, "picture", PAGE, product_id=product_id)
    outcome = forms.run_form(
        "products.picture", {"id": product_id, "sha256": photo.sha256},
        lambda: service.set_picture(actor(), product_id, kept), _answer,
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return forms.shown_again(outcome, "picture", PAGE, product_id=product_id)
    flash(_("The warehouse knows the product by this picture from now on."), "ok")
    return redirect(url_for(PAGE, product_id=product_id))


@blueprint.post("/remove")
@requires(Permission.PRODUCTS_WRITE)
def remove(product_id: uuid.UUID) -> BaseResponse:
    outcome = forms.run_form(
        "products.remove_picture", {"id": product_id}, lambda: service.remove_picture(actor(), product_id), _answer
    )
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    else:
        flash(_("The product has no picture any more."), "ok")
    return redirect(url_for(PAGE, product_id=product_id))


def _answer(product: Product) -> dict[str, Any]:
    return {"id": product.id}
