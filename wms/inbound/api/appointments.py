"""`/api/v1/bookings/…/appointment`: a dock kept free for the lorry."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, jsonify
from flask_smorest import Blueprint

from wms.core.permissions import Permission
from wms.core.refusals import not_found
from wms.inbound import queries, schemas, service
from wms.platform.access import actor, requires
from wms.platform.http import answer_outcome, run_command

blueprint = Blueprint(
    "appointments", __name__, url_prefix="/api/v1/bookings/<uuid:booking_id>/appointment",
    description="Appointments at the dock (预约入仓)",
)  # fmt: skip


@blueprint.get("")
@requires(Permission.BOOKINGS_READ)
@blueprint.response(200, schemas.AppointmentOut)
def show(booking_id: uuid.UUID) -> Response:
    """The appointment the booking has, or kept. 404 when there is none."""
    found = queries.appointment_of(actor(), booking_id)
    if found is None:
        raise not_found("appointment")
    return jsonify({name: found[name] for name in schemas.AppointmentOut().fields})


@blueprint.get("/offers")
@requires(Permission.BOOKINGS_READ)
@blueprint.arguments(schemas.OfferQuery, location="query")
@blueprint.response(200, schemas.OffersOut)
def offers(query: dict[str, Any], booking_id: uuid.UUID) -> Response:
    """Times of a day at which a dock takes lorries and is free for so long: any of them may be appointed."""
    found = queries.offered_times(actor(), booking_id, query["day"], query["minutes"])
    return jsonify({"data": [{name: value if name == "dock" else value.isoformat() for name, value in vars(offer).items()}
                             for offer in found]})  # fmt: skip


@blueprint.post("")
@requires(Permission.BOOKINGS_WRITE)
@blueprint.arguments(schemas.AppointmentIn)
@blueprint.response(201, schemas.AppointmentAccepted)
def make(body: dict[str, Any], booking_id: uuid.UUID) -> Response:
    """Make an appointment, or move the one there is. When no dock is free: 409 `docks_taken` with `free_from`."""
    return answer_outcome(
        run_command(
            "bookings.appoint", {"id": booking_id, **body},
            lambda: service.make_appointment(
                actor(), booking_id, body["starts_at"], body["minutes"], dock=body.get("dock"), note=body["note"]
            ), schemas.appointed, 201,
        )
    )  # fmt: skip


@blueprint.post("/cancel")
@requires(Permission.BOOKINGS_WRITE)
@blueprint.response(200, schemas.AppointmentAccepted)
def cancel(booking_id: uuid.UUID) -> Response:
    """Give the dock back."""
    return answer_outcome(
        run_command("bookings.cancel_appointment", {"id": booking_id},
                    lambda: service.cancel_appointment(actor(), booking_id), schemas.appointed)
    )  # fmt: skip
