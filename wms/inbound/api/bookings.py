"""`/api/v1/bookings`: announce pre-stock (one or many), list, read, change, submit, cancel, receipts, carton labels."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response
from flask_smorest import Blueprint

from wms.core.ids import parse_id
from wms.core.permissions import Permission
from wms.core.refusals import invalid
from wms.inbound import queries, schemas, service
from wms.inbound.models import Booking
from wms.platform.access import actor, requires
from wms.platform.api_completion import NEEDS_MATCH
from wms.platform.http import (
    answer_document,
    answer_outcome,
    answer_page,
    decode_cursor,
    encode_cursor,
    require_match,
    run_bulk,
    run_command,
)
from wms.platform.schemas import load_or_refuse

blueprint = Blueprint("bookings", __name__, url_prefix="/api/v1/bookings", description="Pre-stock bookings (入库单)")


def accepted(booking: Booking) -> dict[str, Any]:
    """The answer of a command on a booking: ids and states only."""
    return {
        "id": str(booking.id),
        "number": booking.number,
        "reference": booking.reference,
        "state": booking.state,
        "version": booking.version,
    }


def location(answer: Any) -> str:
    return f"/api/v1/bookings/{answer['id']}"


def _create(body: dict[str, Any]) -> Booking:
    return service.create_booking(actor(), schemas.draft_of(body), submitted=body["submit"])


@blueprint.post("")
@requires(Permission.BOOKINGS_WRITE)
@blueprint.arguments(schemas.BookingIn)
@blueprint.response(201, schemas.BookingAccepted)
def create(body: dict[str, Any]) -> Response:
    """Announce pre-stock. A reference used before is answered with 409 and the booking that has it."""
    return answer_outcome(run_command("bookings.create", body, lambda: _create(body), accepted, 201), location)


@blueprint.post("/bulk")
@requires(Permission.BOOKINGS_WRITE)
@blueprint.arguments(schemas.BookingsIn)
@blueprint.response(200, schemas.BulkBookings)
def create_many(body: dict[str, Any]) -> Response:
    """Create up to 50 bookings; each is a command of its own, and the answer says how each one went."""
    schema = schemas.BookingIn()
    return run_bulk("bookings.create", body["bookings"], lambda item: _create(load_or_refuse(schema, item)), accepted)


@blueprint.get("")
@requires(Permission.BOOKINGS_READ)
@blueprint.arguments(schemas.BookingQuery, location="query")
@blueprint.response(200, schemas.BookingPage)
def list_bookings(query: dict[str, Any]) -> Response:
    """Bookings, newest first."""
    limit = query.pop("limit")
    rows = queries.bookings_page(actor(), after=after_of(query.pop("cursor")), limit=limit + 1, **query)
    shown = rows[:limit]
    more = encode_cursor(shown[-1]["created_at"], shown[-1]["id"]) if len(rows) > limit else None
    return answer_page(shown, more)


@blueprint.get("/<uuid:booking_id>")
@requires(Permission.BOOKINGS_READ)
@blueprint.response(200, schemas.BookingDetail)
def show(booking_id: uuid.UUID) -> Response:
    """One booking with its cartons: declared, received, put away and different, for each line."""
    found = queries.booking_detail(actor(), booking_id)
    return answer_document(found, found["version"])


@blueprint.patch("/<uuid:booking_id>")
@requires(Permission.BOOKINGS_WRITE)
@blueprint.doc(**NEEDS_MATCH)
@blueprint.arguments(schemas.BookingPatch)
@blueprint.response(200, schemas.BookingAccepted)
def edit(body: dict[str, Any], booking_id: uuid.UUID) -> Response:
    """Change a draft or submitted booking, of the version named in `If-Match`."""
    version = require_match()
    changes = {**body, "cartons": schemas.cartons_of(body["cartons"])} if "cartons" in body else body
    given = {"id": booking_id, "version": version, "changes": body}
    return answer_outcome(
        run_command("bookings.edit", given, lambda: service.edit_booking(actor(), booking_id, changes, version),
                    accepted)
    )  # fmt: skip


@blueprint.post("/<uuid:booking_id>/submit")
@requires(Permission.BOOKINGS_WRITE)
@blueprint.response(200, schemas.BookingAccepted)
def submit(booking_id: uuid.UUID) -> Response:
    """Hand the announcement to the warehouse."""
    return answer_outcome(
        run_command("bookings.submit", {"id": booking_id}, lambda: service.submit(actor(), booking_id), accepted)
    )


@blueprint.post("/<uuid:booking_id>/in-transit")
@requires(Permission.BOOKINGS_WRITE)
@blueprint.arguments(schemas.BookingTransitIn)
@blueprint.response(200, schemas.BookingAccepted)
def depart(body: dict[str, Any], booking_id: uuid.UUID) -> Response:
    """The goods have left; with their tracking number, if there is one."""
    number = body.get("tracking_number")
    return answer_outcome(
        run_command("bookings.depart", {"id": booking_id, **body},
                    lambda: service.mark_in_transit(actor(), booking_id, tracking_number=number), accepted)
    )  # fmt: skip


@blueprint.post("/<uuid:booking_id>/cancel")
@requires(Permission.BOOKINGS_WRITE)
@blueprint.response(200, schemas.BookingAccepted)
def cancel(booking_id: uuid.UUID) -> Response:
    """Withdraw a booking of which nothing has arrived."""
    return answer_outcome(
        run_command("bookings.cancel", {"id": booking_id}, lambda: service.cancel(actor(), booking_id), accepted)
    )


@blueprint.get("/<uuid:booking_id>/receipts")
@requires(Permission.BOOKINGS_READ)
@blueprint.arguments(schemas.BookingReceiptQuery, location="query")
@blueprint.response(200, schemas.BookingReceiptPage)
def receipts(query: dict[str, Any], booking_id: uuid.UUID) -> Response:
    """Every count of the booking in order, those taken back included."""
    after = after_of(query["cursor"])
    limit = query["limit"]
    rows = queries.receipts_page(actor(), booking_id, after=after[1] if after else None, limit=limit + 1)
    shown = rows[:limit]
    more = encode_cursor(shown[-1]["counted_at"], shown[-1]["id"]) if len(rows) > limit else None
    return answer_page(shown, more)


@blueprint.post("/<uuid:booking_id>/carton-labels")
@requires(Permission.LABELS_READ)
@blueprint.arguments(schemas.CartonLabelsIn)
@blueprint.response(202, schemas.CartonLabelBundles)
def carton_labels(body: dict[str, Any], booking_id: uuid.UUID) -> Response:
    """Ask for carton labels, 100 × 150 mm. They are rendered behind the answer, in bundles of up to 100; `set` tells of all
    of them at once, and so does `Location`.
    """
    numbers = body.get("cartons")
    return answer_outcome(
        run_command("bookings.carton_labels", {"id": booking_id, **body},
                    lambda: service.request_carton_label_set(actor(), booking_id, numbers),
                    lambda made: {"bundles": [str(each) for each in made.bundle_ids], "set": str(made.id)}, 202),
        lambda answer: f"/api/v1/label-sets/{answer['set']}",
    )  # fmt: skip


def after_of(cursor: str | None) -> Any:
    """(instant, id) of the last row of the page before."""
    found = decode_cursor(cursor)
    if found is None:
        return None
    key = parse_id(found[1])
    if key is None:
        raise invalid("/query/cursor", "invalid_cursor")
    return found[0], key
