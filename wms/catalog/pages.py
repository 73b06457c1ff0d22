"""Pictures of products, as pages show them: `/pictures/…`."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response

from wms.catalog import queries
from wms.core.permissions import Permission
from wms.platform import uploads
from wms.platform.access import actor, requires

blueprint = Blueprint("catalog_pages", __name__, url_prefix="/pictures")
BLUEPRINTS = [blueprint]


@blueprint.get("/<uuid:product_id>/<uuid:picture_id>")
@requires(Permission.PRODUCTS_READ)
def picture(product_id: uuid.UUID, picture_id: uuid.UUID) -> Response:
    """The picture that the product has now, for whoever may see the product."""
    return uploads.hand_out(*queries.picture_content(actor(), product_id, picture_id), kept_for=uploads.FOR_EVER)
