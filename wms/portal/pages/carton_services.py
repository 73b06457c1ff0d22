"""Services asked for on a booking's cartons, from the booking's page: by its seller, and by the warehouse's office."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.added_services import catalogue, queries
from wms.added_services.models import Effect
from wms.added_services.schemas import asked_for
from wms.added_services.words import UNIT_WORDS
from wms.core.ids import parse_id
from wms.core.permissions import Permission
from wms.core.refusals import Refused, not_found
from wms.inbound import service as inbound
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.schemas import CodedSchema, Count, Text

blueprint = Blueprint("portal_carton_services", __name__, url_prefix="/portal/bookings", template_folder="../templates")
GONE = frozenset({"declared", "missing", "stowed"})  # cartons with nothing in them here


class CartonServiceForm(CodedSchema):
    service = Text(24, required=True)
    quantity = Count(1, 1_000_000, required=True)
    note = Text(400, min_length=0, load_default="")


def carton_services(booking: Mapping[str, Any]) -> dict[str, Any]:
    """What the booking's page shows of them. Services that change the book are asked for on goods, not on cartons."""
    may = actor().may(Permission.SERVICES_WRITE)
    here = [carton for carton in booking["cartons"] if carton["state"] not in GONE] if may else []
    numbers = {carton["id"]: carton["number"] for carton in booking["cartons"]}
    asked = queries.requests_about(actor(), "carton", numbers) if actor().may(Permission.SERVICES_READ) else ()
    offered = [each for each in catalogue.services() if each.effect == Effect.NONE] if here else []
    return {
        "served_cartons": here if offered else [], "offered": offered, "asked_services": asked,
        "carton_numbers": numbers, "service_units": UNIT_WORDS,
    }  # fmt: skip


@blueprint.post("/<uuid:booking_id>/services")
@requires(Permission.SERVICES_WRITE)
def ask(booking_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    """Ask for a service on a carton that is here."""
    typed = {name: forms.typed_text(name, 400) for name in ("service", "note")}
    body = forms.load_form(CartonServiceForm(), forms.given(typed | {"quantity": forms.typed_number("quantity")}))
    carton = parse_id(request.form.get("carton", ""))
    if carton is None:
        raise not_found("carton")
    outcome = body if isinstance(body, Refused) else _ask(booking_id, carton, body)
    if isinstance(outcome, Refused):
        refused = forms.at_fields(outcome, {"carton_not_here": "carton", "carton_empty": "carton"})
        return forms.shown_again(refused, "service", "portal_bookings.detail", booking_id=booking_id)
    flash(_("Asked for. You can follow it here."), "ok")
    return redirect(url_for("portal_services.detail", request_id=outcome.answer["id"]))


def _ask(booking_id: uuid.UUID, carton_id: uuid.UUID, body: dict[str, Any]) -> forms.Outcome:
    return forms.run_form(
        "inbound.ask_for_carton", {"booking": booking_id, "carton": carton_id, **body},
        lambda: inbound.ask_for_carton(actor(), booking_id, carton_id, body["service"], body["quantity"], body["note"]),
        asked_for,
    )  # fmt: skip
