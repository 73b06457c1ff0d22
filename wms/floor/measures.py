"""One unit on the scale: its weight and sides, typed at the dock; and its picture, if it has none."""

from __future__ import annotations

import uuid

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from wms.catalog.queries import load_product, picture_address
from wms.core.permissions import Permission
from wms.core.refusals import RefusalKind, Refused, not_found
from wms.inbound import queries as inbound
from wms.inbound import service
from wms.inbound.rules import Measure
from wms.platform import forms, uploads
from wms.platform.access import actor, requires
from wms.platform.pictures import drawn_small

blueprint = Blueprint(
    "floor_measures", __name__, url_prefix="/floor/measures/<uuid:carton_id>/<uuid:product_id>",
    template_folder="templates",
)  # fmt: skip
NAMES = ("weight_g", "length_mm", "width_mm", "height_mm")


@blueprint.get("")
@requires(Permission.FLOOR_WORK)
def form(carton_id: uuid.UUID, product_id: uuid.UUID) -> str:
    return _page(carton_id, product_id)


@blueprint.post("")
@requires(Permission.FLOOR_WORK)
def store(carton_id: uuid.UUID, product_id: uuid.UUID) -> Response | tuple[str, int]:
    typed = {name: forms.typed_number(name) for name in NAMES}
    measured = Measure(**{name: value if isinstance(value, int) else 0 for name, value in typed.items()})
    try:
        photo = uploads.received_if_any("file", uploads.PHOTOS)
        kept = drawn_small(photo, "/file").keep() if photo is not None else None
    except Refused as refusal:
        return _page(carton_id, product_id, refusal), 422
    twice = "twice" in request.form
    body = {
        "carton": carton_id, "product": product_id, **vars(measured), "sha256": photo.sha256 if photo else None, "twice": twice,
    }  # fmt: skip
    outcome = forms.run_form(
        "products.measure", body,
        lambda: service.measure_product(actor(), carton_id, product_id, measured, kept, twice=twice),
        lambda row: {"id": str(row.id)},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        if outcome.kind is RefusalKind.NOT_FOUND:
            raise outcome
        return _page(carton_id, product_id, outcome, photo_lost=photo is not None), 422
    return redirect(url_for("floor_pages.work", kind="receive"), 303)


def _is_far(refusal: Refused | None) -> bool:
    """Whether nothing else is wrong: then it may be kept as it is, once it was measured again."""
    return refusal is not None and {each["code"] for each in refusal.errors} == {"measure_far"}


def _page(
    carton_id: uuid.UUID, product_id: uuid.UUID, refusal: Refused | None = None, *, photo_lost: bool = False
) -> str:
    """`photo_lost`: one was taken with what is refused. No browser gives a file back to a form: that it is gone is told."""
    card = inbound.carton_by_id(actor(), carton_id)
    if not service.holds_product(carton_id, product_id):
        raise not_found("product")
    product = load_product(actor(), product_id)
    errors = forms.field_messages(refusal)
    if photo_lost:
        errors["file"] = [_("The photo was not kept. Take it again.")]
    return render_template(
        "floor/measure.html", card=card, product=product, picture=picture_address(product), typed=request.form,
        errors=errors, is_far=_is_far(refusal),
        refusal=forms.told(refusal)[0] if refusal and not refusal.errors else None,
    )  # fmt: skip
