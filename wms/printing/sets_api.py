"""Label sets for sellers' systems: what was asked for at once, how far its files are, and all of them in one archive."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, jsonify
from flask_smorest import Blueprint
from marshmallow import fields

from wms.core.permissions import Permission
from wms.core.refusals import Refused
from wms.platform.access import actor, requires
from wms.platform.api_completion import BINARY
from wms.platform.problems import refusal_problem
from wms.platform.schemas import Choice, CodedSchema
from wms.printing import sets
from wms.printing.models import BundleState

RETRY_SECONDS = 1
blueprint = Blueprint(
    "label_sets", __name__, url_prefix="/api/v1/label-sets", description="Labels that were asked for at once"
)


class SetFileAnswer(CodedSchema):
    """One file. `labels`: how many were wanted in it; `refused` of them could not be drawn truthfully."""

    bundle = fields.UUID()
    state = Choice([state.value for state in BundleState])
    labels = fields.Integer()
    refused = fields.Integer()


class LabelSetAnswer(CodedSchema):
    """`state` is `ready` when every file is made or has failed; `done` of `labels` are settled until then."""

    id = fields.UUID()
    title = fields.String(metadata={"example": "IN1-261129-0001"})
    state = Choice(["requested", "ready"])
    labels = fields.Integer()
    done = fields.Integer()
    refused = fields.Integer()
    files = fields.List(fields.Nested(SetFileAnswer))
    created_at = fields.AwareDateTime()


@blueprint.get("/<uuid:set_id>")
@requires(Permission.LABELS_READ)
@blueprint.response(200, LabelSetAnswer)
def show(set_id: uuid.UUID) -> Response:
    """How far it is, file by file. `Retry-After` while some of it is being made."""
    found = sets.load_set(actor(), set_id)
    progress = sets.progress_of(found)
    response = jsonify(_dump(found, progress))
    if not progress.is_settled:
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def _dump(found: sets.LabelSet, progress: sets.Progress) -> dict[str, Any]:
    files = [
        {"bundle": each.bundle_id, "state": each.state, "labels": each.wanted, "refused": each.refused}
        for each in progress.files
    ]
    return {
        "id": found.id, "title": found.title, "state": "ready" if progress.is_settled else "requested",
        "labels": progress.wanted, "done": progress.done, "refused": progress.refused, "files": files,
        "created_at": found.created_at,
    }  # fmt: skip


@blueprint.get("/<uuid:set_id>/zip")
@requires(Permission.LABELS_READ)
@blueprint.response(200, BINARY, description="The PDF files in order", content_type="application/zip")
def archive(set_id: uuid.UUID) -> Response:
    """All files that could be made; 409 `not_ready` with `Retry-After` before that."""
    try:
        content = sets.set_zip(actor(), set_id)
    except Refused as refusal:
        response = refusal_problem(refusal)
        if refusal.code == "not_ready":
            response.headers["Retry-After"] = str(RETRY_SECONDS)
        return response
    response = Response(content, 200, mimetype="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="labels-{set_id}.zip"'
    return response
