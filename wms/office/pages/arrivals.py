"""At the gate: what a lorry brings, how many cartons came off it, what never came, and what nobody announced."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core.actor import Actor
from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid, not_found
from wms.inbound import queries as inbound
from wms.inbound import service
from wms.inbound.words import TRANSPORT_WORDS
from wms.office.pages.inbound import say
from wms.platform import forms, uploads
from wms.platform.access import actor, requires
from wms.platform.pages import Entry, lazy, navigation

blueprint = Blueprint("office_arrivals", __name__, url_prefix="/office/arrivals", template_folder="../templates")
OUTCOMES = ("claimed", "sent_back", "destroyed")

navigation.add(
    Entry(lazy("Arrivals"), "office_arrivals.index", "shipments", Permission.EXCEPTIONS_MANAGE, staff=True, order=130)
)


@blueprint.get("")
@requires(Permission.EXCEPTIONS_MANAGE)
def index() -> str:
    """By container, waybill, tracking or booking number; below it the register of what no booking announces."""
    code = request.args.get("code", "").strip()[:64]
    return render_template(
        "office/arrivals.html", code=code, rows=inbound.bookings_on_lorry(actor(), code) if code else [],
        register=inbound.arrivals_register(actor()), transports=TRANSPORT_WORDS,
    )  # fmt: skip


@blueprint.post("/bookings/<uuid:booking_id>/<any(arrive, count):step>")
@requires(Permission.FLOOR_WORK)
def arrive(booking_id: uuid.UUID, step: str) -> BaseResponse:
    """All that is awaited (or one pallet) is here, or so many cartons came off the lorry."""
    number = forms.typed_number("number")
    use_case: Callable[[], Any]
    if step == "count":
        use_case = lambda: service.count_cartons(actor(), booking_id, number if isinstance(number, int) else -1)  # noqa: E731
    else:
        use_case = lambda: service.arrive_booking(  # noqa: E731
            actor(), booking_id, pallet=number if isinstance(number, int) else None
        )
    outcome = forms.run_form(f"bookings.{step}_cartons", {"id": booking_id, "number": number}, use_case)
    say(outcome, _("Noted."))
    return redirect(url_for(".index", code=request.form.get("code", "")[:64]))


@blueprint.post("/bookings/<uuid:booking_id>/cartons/<uuid:carton_id>/<any(missing, reopen):step>")
@requires(Permission.EXCEPTIONS_MANAGE)
def carton(booking_id: uuid.UUID, carton_id: uuid.UUID, step: str) -> BaseResponse:
    """A carton that never came is given up, or one whose count was closed too early is opened again."""
    use_case: Callable[[Actor, uuid.UUID], Any]
    use_case = service.mark_missing if step == "missing" else service.reopen_carton
    outcome = forms.run_form(f"cartons.{step}", {"id": carton_id}, lambda: use_case(actor(), carton_id))
    missing = _("Given up. All of it is short; it may still arrive.")
    say(outcome, missing if step == "missing" else _("It is open on the tablets again."))
    return redirect(url_for("portal_bookings.detail", booking_id=booking_id))


@blueprint.post("/<uuid:arrival_id>")
@requires(Permission.EXCEPTIONS_MANAGE)
def settle(arrival_id: uuid.UUID) -> BaseResponse:
    """Received under a booking (by its number), sent back, destroyed; or the claim is refused."""
    wanted = request.form.get("outcome", "")
    if wanted == "refuse_claim":
        outcome = forms.run_form("arrivals.refuse_claim", {"id": arrival_id}, lambda: _key(service.refuse_claim(
            actor(), arrival_id)))  # fmt: skip
    else:
        number = forms.typed_text("booking", 40)
        outcome = forms.run_form(
            "arrivals.settle", {"id": arrival_id, "outcome": wanted, "booking": number},
            lambda: _key(service.settle_arrival(actor(), arrival_id, wanted, _booking(wanted, number))),
        )  # fmt: skip
    say(outcome, _("Settled."))
    return redirect(url_for(".index"))


def _key(row: Any) -> Any:
    return row.id


def _booking(wanted: str, number: str | None) -> uuid.UUID | None:
    if wanted not in OUTCOMES:
        raise not_found("outcome")
    if wanted != "claimed":
        return None
    if number is None:
        raise invalid("/booking", "required")
    found = [row["id"] for row in inbound.bookings_on_lorry(actor(), number) if row["number"] == number.upper()]
    if not found:
        raise Refused("booking_unknown", {"number": number})
    key: uuid.UUID = found[0]
    return key


@blueprint.get("/photos/<uuid:file_id>")
@requires(Permission.FLOOR_WORK)
def photo(file_id: uuid.UUID) -> Response:
    return uploads.hand_out(*inbound.arrival_photo(actor(), file_id))
