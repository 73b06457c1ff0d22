"""`/api/v1/added-services`: the catalogue, requests, kits, and goods offered to another seller."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response
from flask_smorest import Blueprint

from wms.added_services import by_codes, catalogue, queries, schemas, service
from wms.core.permissions import Permission
from wms.inventory.converting import kits
from wms.inventory.converting import queries as conversions
from wms.inventory.converting import service as converting
from wms.inventory.converting.models import KitRecipe
from wms.inventory.converting.rules import RecipeKind
from wms.platform import uploads
from wms.platform.access import actor, requires
from wms.platform.api_completion import BINARY, NEEDS_MATCH
from wms.platform.http import (
    answer_document,
    answer_outcome,
    answer_page,
    decode_id_cursor,
    encode_cursor,
    require_match,
    run_command,
)

blueprint = Blueprint(
    "added_services", __name__, url_prefix="/api/v1/added-services", description="Value-added services (增值服务)"
)
BLUEPRINTS = [blueprint]


@blueprint.get("")
@requires(Permission.SERVICES_READ)
@blueprint.response(200, schemas.AddedServicePage)
def index() -> Response:
    """What the warehouse does beyond storing and sending."""
    return answer_page([schemas.service_row(each) for each in catalogue.services()], None)


@blueprint.post("/requests")
@requires(Permission.SERVICES_WRITE)
@blueprint.arguments(schemas.ServiceRequestIn)
@blueprint.response(201, schemas.ServiceRequestAccepted)
def ask(body: dict[str, Any]) -> Response:
    """Ask for a service on a product or a container. Where the stock will change, the goods are kept for it at once."""
    outcome = run_command("added_services.ask", body, lambda: by_codes.ask(actor(), body), schemas.asked_for, 201)
    return answer_outcome(outcome, lambda answer: f"/api/v1/added-services/requests/{answer['id']}")


@blueprint.get("/requests")
@requires(Permission.SERVICES_READ)
@blueprint.arguments(schemas.ServiceRequestQuery, location="query")
@blueprint.response(200, schemas.ServiceRequestPage)
def requests(query: dict[str, Any]) -> Response:
    """List requests, newest first, by cursor."""
    limit = query["limit"]
    states = None if query["state"] is None else [query["state"]]
    rows = queries.requests_page(actor(), states=states, before=_before(query["cursor"]), limit=limit)
    following = encode_cursor(rows[limit - 1].asked_at, rows[limit - 1].id) if len(rows) > limit else None
    return answer_page([schemas.request_out(row) for row in rows[:limit]], following)


def _before(cursor: str | None) -> uuid.UUID | None:
    found = decode_id_cursor(cursor)
    return None if found is None else found[1]


@blueprint.get("/requests/<uuid:request_id>")
@requires(Permission.SERVICES_READ)
@blueprint.response(200, schemas.ServiceRequestOut)
def read(request_id: uuid.UUID) -> Response:
    """One request with the proofs of what was done."""
    row = queries.request_row(actor(), request_id)
    proofs = [schemas.proof_out(each) for each in queries.proofs_of(request_id)]
    return answer_document({**schemas.request_out(row), "proofs": proofs}, row.version)


@blueprint.get("/requests/<uuid:request_id>/photos/<uuid:proof_id>")
@requires(Permission.SERVICES_READ)
@blueprint.response(200, BINARY, content_type="application/octet-stream", description="The photo")
def photo(request_id: uuid.UUID, proof_id: uuid.UUID) -> Response:
    """A photo of what was done, JPEG or PNG as its media type says."""
    return uploads.hand_out(*queries.proof_content(actor(), request_id, proof_id))


@blueprint.post("/requests/<uuid:request_id>/cancel")
@requires(Permission.SERVICES_WRITE)
@blueprint.doc(**NEEDS_MATCH)
@blueprint.response(200, schemas.ServiceRequestAccepted)
def cancel(request_id: uuid.UUID) -> Response:
    """Withdraw a request nobody works on. Needs If-Match."""
    version = require_match()
    outcome = run_command(
        "added_services.cancel", {"id": str(request_id), "version": version},
        lambda: service.cancel(actor(), request_id, version), schemas.asked_for,
    )  # fmt: skip
    return answer_outcome(outcome)


@blueprint.get("/kits")
@requires(Permission.SERVICES_READ)
@blueprint.response(200, schemas.KitPage)
def kit_list() -> Response:
    """The products that are made of others, with their parts."""
    return answer_page(kits.kits_of(actor()), None)


@blueprint.post("/kits")
@requires(Permission.SERVICES_WRITE)
@blueprint.arguments(schemas.KitIn)
@blueprint.response(201, schemas.KitAccepted)
def define_kit(body: dict[str, Any]) -> Response:
    """Say of what a product is made; a former list of parts ends."""
    outcome = run_command(
        "added_services.define_kit", body, lambda: by_codes.define_kit(actor(), body),
        lambda made: {**_kit(made), "sku": body["sku"]}, 201,
    )  # fmt: skip
    return answer_outcome(outcome)


@blueprint.post("/kits/<uuid:kit_id>/end")
@requires(Permission.SERVICES_WRITE)
@blueprint.response(200, schemas.KitEnded)
def end_kit(kit_id: uuid.UUID) -> Response:
    """The product is no kit any more."""
    outcome = run_command("added_services.end_kit", {"id": str(kit_id)}, lambda: kits.end_kit(actor(), kit_id), _kit)
    return answer_outcome(outcome)


def _kit(recipe: KitRecipe) -> dict[str, Any]:
    return {"id": str(recipe.id)}


@blueprint.get("/offers")
@requires(Permission.SERVICES_READ)
@blueprint.arguments(schemas.OfferQuery, location="query")
@blueprint.response(200, schemas.OfferPage)
def offers(query: dict[str, Any]) -> Response:
    """Goods that change their owner: offered by you and to you, newest first."""
    limit = query["limit"]
    rows = conversions.conversions(
        actor(), kinds=[RecipeKind.OWNER.value], before=_before(query["cursor"]), limit=limit
    )
    following = encode_cursor(rows[limit - 1].asked_at, rows[limit - 1].id) if len(rows) > limit else None
    names = schemas.OfferRow().fields
    return answer_page([{name: getattr(row, name) for name in names} for row in rows[:limit]], following)


@blueprint.post("/offers")
@requires(Permission.SERVICES_WRITE)
@blueprint.arguments(schemas.OfferIn)
@blueprint.response(201, schemas.OfferAccepted)
def offer(body: dict[str, Any]) -> Response:
    """Offer goods to another seller. They are kept for it until the other one agrees or declines, or you withdraw."""
    outcome = run_command("added_services.offer", body, lambda: by_codes.offer(actor(), body), by_codes.offered, 201)
    return answer_outcome(outcome)


@blueprint.post("/offers/<uuid:offer_id>/agree")
@requires(Permission.SERVICES_WRITE)
@blueprint.arguments(schemas.AgreeIn)
@blueprint.response(200, schemas.OfferAccepted)
def agree(body: dict[str, Any], offer_id: uuid.UUID) -> Response:
    """Take the goods, as a product of yours: they are yours where they stand, now."""
    outcome = run_command(
        "added_services.agree", {"id": str(offer_id), **body}, lambda: converting.agree(actor(), offer_id, body["sku"]),
        by_codes.offered,
    )  # fmt: skip
    return answer_outcome(outcome)


@blueprint.post("/offers/<uuid:offer_id>/decline")
@requires(Permission.SERVICES_WRITE)
@blueprint.response(200, schemas.OfferAccepted)
def decline(offer_id: uuid.UUID) -> Response:
    """You do not take them. They are free again."""
    command = {"id": str(offer_id)}
    outcome = run_command(
        "added_services.decline", command, lambda: converting.decline(actor(), offer_id), by_codes.offered
    )
    return answer_outcome(outcome)


@blueprint.post("/offers/<uuid:offer_id>/withdraw")
@requires(Permission.SERVICES_WRITE)
@blueprint.response(200, schemas.OfferAccepted)
def withdraw(offer_id: uuid.UUID) -> Response:
    """You do not give them any more. They are free again."""
    command = {"id": str(offer_id)}
    outcome = run_command(
        "added_services.withdraw", command, lambda: converting.cancel(actor(), offer_id), by_codes.offered
    )
    return answer_outcome(outcome)
