"""`GET /api/v1/me`. Keys themselves are managed by people in the portal only: a key never makes a key."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from wms.identity.queries import sellers_seen
from wms.identity.schemas import MeSchema
from wms.platform.access import AUTHENTICATED, actor, requires

blueprint = Blueprint("identity", __name__, url_prefix="/api/v1", description="Who is asking")
BLUEPRINTS = [blueprint]


@blueprint.get("/me")
@requires(AUTHENTICATED)
@blueprint.response(200, MeSchema)
def me() -> dict[str, Any]:
    """The holder of the key: its sellers and permissions."""
    found = actor()
    return {
        "kind": found.kind.value,
        "name": found.name,
        "sellers": sellers_seen(found),
        "permissions": sorted(found.permissions),
    }
