"""A packing list from a file: looked at for a booking, and its cartons replaced when the seller says so; a template to fill in."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core.permissions import Permission
from wms.core.refusals import Refused
from wms.inbound import schemas, service
from wms.inbound.models import Booking
from wms.inbound.packing.checking import MOST_LINES
from wms.inbound.packing.columns import COLUMNS, OF_FACTORIES
from wms.inbound.queries import load_booking
from wms.platform import forms, sheets
from wms.platform.access import actor, requires
from wms.platform.columns import heading_of
from wms.portal import packing
from wms.portal.packing import Packing

blueprint = Blueprint("portal_packing_lists", __name__, url_prefix="/portal/bookings", template_folder="../templates")
# Of the template: ten equal cartons, and one with two products.
EXAMPLES = (
    {"carton_no": "1-10", "pallet": "1", "sku": "MUG-BLUE", "quantity_per_carton": "24"},
    {"carton_no": "11", "pallet": "1", "sku": "MUG-BLUE", "quantity_per_carton": "6", "box_no": "BOX-11"},
    {"carton_no": "11", "pallet": "", "sku": "MUG-RED", "quantity_per_carton": "18"},
)
MEASURES = {"length_cm": "60", "width_cm": "40", "height_cm": "40.5", "gross_weight_kg": "8.2"}
# Other ways to say the same, which a template need not have.
NOT_IN_TEMPLATE = ("cartons", "total_quantity", "quantity", "carton_size_cm")


@blueprint.get("/<uuid:booking_id>/packing-list")
@requires(Permission.BOOKINGS_WRITE)
def choose(booking_id: uuid.UUID) -> BaseResponse | str:
    """Where a file is chosen, for a booking whose cartons may still be replaced."""
    try:
        booking, _warehouse = service.booking_to_pack(actor(), booking_id)
    except Refused as refusal:
        forms.flash_or_raise(refusal)
        return redirect(url_for("portal_bookings.detail", booking_id=booking_id))
    return _page(booking)


@blueprint.post("/<uuid:booking_id>/packing-list")
@requires(Permission.BOOKINGS_WRITE)
def look(booking_id: uuid.UUID) -> BaseResponse | str | tuple[str, int]:
    """The file is looked through; nothing is changed."""
    try:
        booking, warehouse = service.booking_to_pack(actor(), booking_id)
    except Refused as refusal:
        forms.flash_or_raise(refusal)
        return redirect(url_for("portal_bookings.detail", booking_id=booking_id))
    try:
        found = packing.looked_at(booking.owner_id, warehouse)
    except Refused as refusal:
        return _page(booking, refusal=refusal), 422
    shown = _page(booking, found)
    return (shown, 422) if found.faults else shown


@blueprint.post("/<uuid:booking_id>/packing-list/replace")
@requires(Permission.BOOKINGS_WRITE)
def replace(booking_id: uuid.UUID) -> BaseResponse:
    """The set of cartons is replaced as a whole, of the version that was read."""
    load_booking(actor(), booking_id)  # whose it is comes before what is wrong with the form
    found = packing.carried()
    if not isinstance(found, Packing):
        forms.flash_or_raise(found or packing.GONE)
        return redirect(url_for(".choose", booking_id=booking_id))
    version = forms.typed_number("version")
    outcome = _replace(booking_id, version if isinstance(version, int) else 0, found)
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    else:
        flash(_("The cartons were replaced."), "ok")
    return redirect(url_for("portal_bookings.detail", booking_id=booking_id))


def _replace(booking_id: uuid.UUID, version: int, found: Packing) -> forms.Outcome:
    return forms.run_form(
        "bookings.edit", {"id": booking_id, "version": version, "changes": {"cartons": found.bodies}},
        lambda: service.edit_booking(actor(), booking_id, {"cartons": schemas.cartons_of(found.bodies)}, version),
    )  # fmt: skip


def _page(booking: Booking, found: Packing | None = None, refusal: Refused | None = None) -> str:
    return render_template(
        "portal/packing_list.html", booking=booking, packing=found, errors=forms.field_messages(refusal), most=MOST_LINES,
        totals=packing.totals(found.bodies) if found is not None and not found.faults else None,
    )  # fmt: skip


@blueprint.get("/packing-list/template.<any(xlsx, csv):kind>")
@requires(Permission.BOOKINGS_WRITE)
def template(kind: str) -> Response:
    """A packing list to fill in, in the reader's language."""
    columns = [column for column in COLUMNS if column.name not in NOT_IN_TEMPLATE]
    heading = [heading_of(column, str(get_locale())) for column in columns]
    rows = [[({**MEASURES, **example}).get(column.name, "") for column in columns] for example in EXAMPLES]
    return sheets.template(kind, "packing-list", _("Packing list"), heading, rows)


@blueprint.get("/packing-list/columns")
@requires(Permission.BOOKINGS_WRITE)
def columns() -> str:
    """Which columns a packing list may have, and what else they are called."""
    language = str(get_locale())
    also = {column.name: [column.name, *column.also] for column in COLUMNS}
    also["sku"] += sorted(OF_FACTORIES)
    return render_template(
        "portal/packing_columns.html", columns=COLUMNS, also=also, heading=lambda column: heading_of(column, language)
    )
