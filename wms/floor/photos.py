"""Photos taken with the tablet: of a carton at the dock, of what is damaged at the pick, of a parcel at the bench."""

from __future__ import annotations

import uuid

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from wms.core.ids import parse_id
from wms.core.permissions import Permission
from wms.core.refusals import RefusalKind, Refused
from wms.floor import queries
from wms.inbound import queries as inbound
from wms.inbound import service
from wms.inbound.rules import FileKind
from wms.outbound.models import PickDamage
from wms.outbound.service import bench_photos
from wms.outbound.service import damage as damages
from wms.outbound.service.orders import load_order
from wms.outbound.words import DAMAGE_WORDS
from wms.platform import forms, uploads
from wms.platform.access import actor, requires

blueprint = Blueprint("floor_photos", __name__, url_prefix="/floor/photos", template_folder="templates")


@blueprint.get("/<uuid:carton_id>")
@requires(Permission.FLOOR_WORK)
def take(carton_id: uuid.UUID) -> str:
    """Of a carton, or with `product` of one item in it."""
    return _page(carton_id, _product())


@blueprint.post("/<uuid:carton_id>")
@requires(Permission.FLOOR_WORK)
def store(carton_id: uuid.UUID) -> Response | tuple[str, int]:
    """The photo goes to the carton's booking, where its seller sees it, beside what differs on its line; then counting goes on."""
    card, product_id = inbound.carton_by_id(actor(), carton_id), _product()
    try:
        upload = uploads.received("file", uploads.PHOTOS)
    except Refused as refusal:
        return _page(carton_id, product_id, refusal), 422
    kept, note = upload.keep(), forms.typed_text("note") or ""
    outcome = forms.run_form(
        "bookings.attach", {"id": card.booking_id, "carton": carton_id, "product": product_id, "sha256": kept.sha256, "note": note},
        lambda: service.attach(
            actor(), card.booking_id, FileKind.PHOTO, kept, upload.name, carton_id=carton_id, product_id=product_id,
            note=note,
        ),
        lambda row: {"id": str(row.id)},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        if outcome.kind is RefusalKind.NOT_FOUND:
            raise outcome
        return _page(carton_id, product_id, outcome), 409
    if request.form.get("another"):
        return redirect(url_for(".take", carton_id=carton_id, product=product_id, taken=1), 303)
    return redirect(url_for("floor_pages.work", kind="receive"), 303)


def _product() -> uuid.UUID | None:
    """Which item of the carton is photographed; None for the carton."""
    given = request.values.get("product")
    return parse_id(given) if given else None


def _page(carton_id: uuid.UUID, product_id: uuid.UUID | None, refusal: Refused | None = None) -> str:
    card = inbound.carton_by_id(actor(), carton_id)
    shown = queries.goods(product_id)
    item = shown if shown["sku"] else None
    told = " ".join(forms.told(refusal)) if refusal is not None else None
    return render_template(
        "floor/photo.html", card=card, item=item, product_id=product_id, refusal=told, taken="taken" in request.args
    )


@blueprint.get("/damage/<uuid:damage_id>")
@requires(Permission.FLOOR_WORK)
def damage(damage_id: uuid.UUID) -> str:
    return _damage_page(damages.load(actor(), damage_id))


@blueprint.post("/damage/<uuid:damage_id>")
@requires(Permission.FLOOR_WORK)
def store_damage(damage_id: uuid.UUID) -> Response | tuple[str, int]:
    """Why it is damaged, and a photo if one was taken; then picking goes on."""
    found = damages.load(actor(), damage_id)
    try:
        upload = uploads.received_if_any("file", uploads.PHOTOS)
    except Refused as refusal:
        return _damage_page(found, refusal), 422
    kept = upload.keep() if upload else None
    reason, note = request.form.get("reason", ""), forms.typed_text("note") or ""
    body = {"id": damage_id, "reason": reason, "note": note, "sha256": kept.sha256 if kept else None}
    outcome = forms.run_form(
        "picking.damage", body,
        lambda: damages.describe(actor(), damage_id, reason, note, kept, upload.name if upload else ""),
        lambda row: {"id": str(row.id)},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return _damage_page(damages.load(actor(), damage_id), outcome), 409
    return redirect(url_for("floor_pages.work", kind="pick"), 303)


def _damage_page(found: PickDamage, refusal: Refused | None = None) -> str:
    told = " ".join(forms.told(refusal)) if refusal is not None else None
    return render_template("floor/damage.html", found=found, reasons=list(DAMAGE_WORDS.items()), refusal=told)


@blueprint.get("/parcel/<uuid:order_id>")
@requires(Permission.FLOOR_WORK)
def parcel(order_id: uuid.UUID) -> str:
    return _parcel_page(order_id)


@blueprint.post("/parcel/<uuid:order_id>")
@requires(Permission.FLOOR_WORK)
def store_parcel(order_id: uuid.UUID) -> Response | tuple[str, int]:
    """A photo of the parcel that is being packed; its seller sees it beside the order."""
    load_order(actor(), order_id)
    try:
        upload = uploads.received("file", uploads.PHOTOS)
    except Refused as refusal:
        return _parcel_page(order_id, refusal), 422
    kept = upload.keep()
    outcome = forms.run_form(
        "packing.photo", {"id": order_id, "sha256": kept.sha256},
        lambda: bench_photos.add(actor(), order_id, kept, upload.name), lambda row: {"id": str(row.id)},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return _parcel_page(order_id, outcome), 409
    if request.form.get("another"):
        return redirect(url_for(".parcel", order_id=order_id, taken=1), 303)
    return redirect(url_for("floor_pages.work", kind="pack"), 303)


def _parcel_page(order_id: uuid.UUID, refusal: Refused | None = None) -> str:
    order = load_order(actor(), order_id)
    told = " ".join(forms.told(refusal)) if refusal is not None else None
    return render_template("floor/parcel_photo.html", order=order, refusal=told, taken="taken" in request.args)
