"""Labels for sellers' systems: ask, look until ready, fetch.

A file that is still being made is answered 409 `not_ready` with `Retry-After`: the resource exists, its content does
not yet, and a client that ignores status codes does not mistake a notice for a PDF.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

from flask import Response, jsonify
from flask_smorest import Blueprint

from wms.catalog.queries import products_by_skus
from wms.core.permissions import Permission
from wms.core.refusals import FieldError, Refused, invalid_fields
from wms.facility.queries import warehouse_by_code
from wms.identity.queries import choose_owner
from wms.platform.access import actor, requires
from wms.platform.api_completion import BINARY
from wms.platform.http import answer_outcome, run_command
from wms.platform.problems import refusal_problem
from wms.platform.statements import looking
from wms.printing import agent_api, queries, schemas, service, sets_api
from wms.printing.models import BundleState
from wms.printing.products import request_product_labels
from wms.printing.sets import LabelSet, open_set_of

RETRY_SECONDS = 1

labels = Blueprint("labels", __name__, url_prefix="/api/v1/labels", description="Asking for labels")
bundles = Blueprint("bundles", __name__, url_prefix="/api/v1/bundles", description="Files of up to 100 labels")
documents = Blueprint("documents", __name__, url_prefix="/api/v1/documents", description="Single labels")
BLUEPRINTS = [labels, bundles, documents, sets_api.blueprint, *agent_api.BLUEPRINTS]


@labels.post("/products")
@requires(Permission.LABELS_READ)
@labels.arguments(schemas.ProductLabels)
@labels.response(202, schemas.BundlesAnswer)
def product_labels(body: dict[str, Any]) -> Response:
    """Labels for units of products. `Location` is the first bundle; `set` tells of all of them at once. Needs an
    `Idempotency-Key`.
    """
    outcome = run_command(
        "labels.products", body, lambda: _request(body), lambda made: {"bundles": made.bundle_ids, "set": made.id}, 202
    )
    return answer_outcome(outcome, lambda answer: f"/api/v1/bundles/{answer['bundles'][0]}")


def _request(body: dict[str, Any]) -> LabelSet:
    quantities = _quantities(body["lines"])
    warehouse = warehouse_by_code(actor(), body["warehouse"])
    size = schemas.PRODUCT_SIZES[body["size"]]
    made = request_product_labels(actor(), warehouse.id, quantities, size, schemas.MOST_LABELS)
    return open_set_of(actor(), "labels", made)


def _quantities(lines: list[dict[str, Any]]) -> Counter[uuid.UUID]:
    """Labels by product, in the order of the lines. Refuses at its field a SKU that there is not."""
    skus = [line["sku"] for line in lines if "sku" in line]
    known = products_by_skus(choose_owner(actor(), None).id, skus) if skus else {}
    faults = [
        FieldError(f"/lines/{index}/sku", "product_unknown", {"sku": line["sku"]})
        for index, line in enumerate(lines)
        if "sku" in line and line["sku"] not in known
    ]
    if faults:
        raise invalid_fields(faults)
    quantities: Counter[uuid.UUID] = Counter()
    for line in lines:
        quantities[known[line["sku"]].id if "sku" in line else line["product_id"]] += line["quantity"]
    return quantities


@bundles.get("/<uuid:bundle_id>")
@requires(Permission.LABELS_READ)
@bundles.arguments(schemas.BundleQuery, location="query")
@bundles.response(200, schemas.BundleAnswer)
def show(query: dict[str, Any], bundle_id: uuid.UUID) -> Response:
    """The state of a bundle and of each label in it; a refused label says why. `Retry-After` while it is not ready."""
    with looking():
        bundle, found = queries.bundle_to_show(actor(), bundle_id, with_documents=query["documents"])
    response = jsonify(schemas.dump_bundle(bundle, found))
    if bundle.state == BundleState.REQUESTED:
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


@bundles.get("/<uuid:bundle_id>/pdf")
@requires(Permission.LABELS_READ)
@bundles.response(200, BINARY, description="The PDF", content_type="application/pdf")
def bundle_file(bundle_id: uuid.UUID) -> Response:
    """The whole file, one label a page."""
    return answer_pdf(lambda: service.bundle_pdf(actor(), bundle_id), f"labels-{bundle_id}.pdf")


@documents.get("/<uuid:document_id>/pdf")
@requires(Permission.LABELS_READ)
@documents.response(200, BINARY, description="The PDF", content_type="application/pdf")
def document_file(document_id: uuid.UUID) -> Response:
    """One label as a PDF of one page."""
    return answer_pdf(lambda: service.document_pdf(actor(), document_id), f"label-{document_id}.pdf")


def answer_pdf(make: Callable[[], bytes], name: str) -> Response:
    """The file, or the problem; `Retry-After` while it is being made."""
    try:
        content = make()
    except Refused as refusal:
        response = refusal_problem(refusal)
        if refusal.code == "not_ready":
            response.headers["Retry-After"] = str(RETRY_SECONDS)
        return response
    response = Response(content, 200, mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return response
