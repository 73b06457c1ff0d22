"""`/api/v1/bookings/…/files`: photos of the dock and papers of a booking."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, jsonify
from flask_smorest import Blueprint

from wms.core.permissions import Permission
from wms.inbound import queries, schemas, service
from wms.platform import uploads
from wms.platform.access import actor, requires
from wms.platform.api_completion import BINARY
from wms.platform.http import answer_outcome, command_id, run_command

blueprint = Blueprint(
    "booking_files", __name__, url_prefix="/api/v1/bookings/<uuid:booking_id>/files",
    description="Photos and papers of bookings",
)  # fmt: skip


@blueprint.get("")
@requires(Permission.BOOKINGS_READ)
@blueprint.response(200, schemas.BookingFiles)
def list_files(booking_id: uuid.UUID) -> Response:
    """Photos that the warehouse took, and the papers; the newest first."""
    return jsonify({"data": queries.files_of_booking(actor(), booking_id)})


@blueprint.post("")
@requires(Permission.BOOKINGS_WRITE)
@blueprint.arguments(schemas.BookingFileIn)
@blueprint.response(201, schemas.BookingFileAccepted)
def add(body: dict[str, Any], booking_id: uuid.UUID) -> Response:
    """Attach a packing list, an invoice, customs papers or a photo: PDF, JPEG or PNG of at most 5 MB."""
    command_id()  # what is malformed is told before anything is stored
    queries.load_booking(actor(), booking_id)
    upload = uploads.decoded(body["content"], body["name"], uploads.PAPERS)
    kept = upload.keep()
    given = {"id": booking_id, "kind": body["kind"], "sha256": kept.sha256, "note": body["note"], "name": upload.name}
    return answer_outcome(
        run_command(
            "bookings.attach", given,
            lambda: service.attach(actor(), booking_id, body["kind"], kept, upload.name, note=body["note"]),
            schemas.attached, 201,
        ),
        lambda answer: f"/api/v1/bookings/{booking_id}/files/{answer['id']}",
    )  # fmt: skip


@blueprint.get("/<uuid:file_id>")
@requires(Permission.BOOKINGS_READ)
@blueprint.response(200, BINARY, description="The file", content_type="application/octet-stream")
def content(booking_id: uuid.UUID, file_id: uuid.UUID) -> Response:
    """The bytes, under the media type that the list tells."""
    return uploads.hand_out(*queries.file_content(actor(), booking_id, file_id))
