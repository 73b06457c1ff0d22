"""Products: `/api/v1/products`."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response
from flask_smorest import Blueprint

from wms.catalog import queries, schemas, service
from wms.catalog.models import Product, ProductBarcode
from wms.catalog.rules import Code
from wms.core.ids import parse_id
from wms.core.permissions import Permission
from wms.core.refusals import invalid
from wms.identity.queries import seller_codes
from wms.platform import uploads
from wms.platform.access import actor, requires
from wms.platform.api_completion import BINARY, NEEDS_MATCH
from wms.platform.http import (
    answer_document,
    answer_outcome,
    answer_page,
    command_id,
    decode_cursor,
    encode_cursor,
    require_match,
    run_bulk,
    run_command,
)
from wms.platform.pictures import drawn_small
from wms.platform.schemas import load_or_refuse

blueprint = Blueprint("catalog", __name__, url_prefix="/api/v1/products", description="Products and their barcodes")
BLUEPRINTS = [blueprint]


@blueprint.post("")
@requires(Permission.PRODUCTS_WRITE)
@blueprint.arguments(schemas.ProductSchema)
@blueprint.response(201, schemas.CommandAnswer)
def create(body: dict[str, Any]) -> Response:
    """Create a product. Needs an `Idempotency-Key`."""
    outcome = run_command("products.create", body, lambda: _create(body), _answer, 201)
    return answer_outcome(outcome, lambda answer: f"/api/v1/products/{answer['id']}")


@blueprint.post("/bulk")
@requires(Permission.PRODUCTS_WRITE)
@blueprint.arguments(schemas.BulkProducts)
@blueprint.response(200, schemas.BulkAnswer)
def create_many(body: dict[str, Any]) -> Response:
    """Create up to 200 products, each by itself: a wrong one does not hold up the others."""
    schema = schemas.ProductSchema()
    return run_bulk("products.create", body["items"], lambda item: _create(load_or_refuse(schema, item)), _answer)


@blueprint.get("")
@requires(Permission.PRODUCTS_READ)
@blueprint.arguments(schemas.ProductQuery, location="query")
@blueprint.response(200, schemas.ProductsPage)
def list_products(query: dict[str, Any]) -> Response:
    """Products, the longest unchanged first; `updated_since` for keeping a copy up to date."""
    rows = queries.products_page(
        actor(), after=_after(query["cursor"]), limit=query["limit"] + 1, sku=query["sku"],
        updated_since=query["updated_since"],
    )  # fmt: skip
    shown = rows[: query["limit"]]
    more = encode_cursor(shown[-1].updated_at, shown[-1].id) if len(rows) > len(shown) else None
    return answer_page(_dump(list(shown)), more)


@blueprint.get("/<uuid:product_id>")
@requires(Permission.PRODUCTS_READ)
@blueprint.response(200, schemas.ProductAnswer)
def show(product_id: uuid.UUID) -> Response:
    """One product with its barcodes, and its version as ETag."""
    product = queries.load_product(actor(), product_id)
    return answer_document(_dump([product])[0], product.version)


@blueprint.patch("/<uuid:product_id>")
@requires(Permission.PRODUCTS_WRITE)
@blueprint.doc(**NEEDS_MATCH)
@blueprint.arguments(schemas.ProductPatch)
@blueprint.response(200, schemas.CommandAnswer)
def edit(body: dict[str, Any], product_id: uuid.UUID) -> Response:
    """Change fields of the version named in `If-Match`. `is_active: false` takes it out of use: no new bookings or
    orders; what is here or announced is worked with as before.
    """
    version = require_match()
    given = {"id": product_id, "version": version, "changes": body}
    return answer_outcome(
        run_command("products.edit", given, lambda: service.edit_product(actor(), product_id, body, version), _answer)
    )


@blueprint.post("/<uuid:product_id>/barcodes")
@requires(Permission.PRODUCTS_WRITE)
@blueprint.arguments(schemas.BarcodeSchema)
@blueprint.response(201, schemas.BarcodeAnswer)
def add_barcode(body: dict[str, Any], product_id: uuid.UUID) -> Response:
    """Add a code that means this product."""
    code = Code(body["barcode"], body.get("kind"), body["quantity"], body.get("level"))
    return answer_outcome(
        run_command("products.add_barcode", {"id": product_id, **body},
                    lambda: service.add_barcode(actor(), product_id, code), _barcode_answer, 201)
    )  # fmt: skip


@blueprint.delete("/<uuid:product_id>/barcodes/<uuid:barcode_id>")
@requires(Permission.PRODUCTS_WRITE)
@blueprint.response(200, schemas.CommandAnswer)
def remove_barcode(product_id: uuid.UUID, barcode_id: uuid.UUID) -> Response:
    """Take a code away. The last one stays."""
    return answer_outcome(
        run_command("products.remove_barcode", {"id": product_id, "barcode": barcode_id},
                    lambda: service.remove_barcode(actor(), product_id, barcode_id), _answer)
    )  # fmt: skip


@blueprint.put("/<uuid:product_id>/picture")
@requires(Permission.PRODUCTS_WRITE)
@blueprint.arguments(schemas.PictureIn)
@blueprint.response(200, schemas.PictureAnswer)
def set_picture(body: dict[str, Any], product_id: uuid.UUID) -> Response:
    """The picture by which pickers and packers know the product. It takes the place of the one before."""
    command_id()  # what is malformed is told before anything is stored
    queries.load_product(actor(), product_id)
    photo = uploads.decoded(body["content"], body["name"], uploads.PHOTOS)
    kept = drawn_small(photo, "/content").keep()
    return answer_outcome(
        run_command("products.picture", {"id": product_id, "sha256": photo.sha256},
                    lambda: service.set_picture(actor(), product_id, kept), _picture_answer)
    )  # fmt: skip


@blueprint.delete("/<uuid:product_id>/picture")
@requires(Permission.PRODUCTS_WRITE)
@blueprint.response(200, schemas.PictureAnswer)
def remove_picture(product_id: uuid.UUID) -> Response:
    """The product has no picture any more."""
    return answer_outcome(
        run_command("products.remove_picture", {"id": product_id},
                    lambda: service.remove_picture(actor(), product_id), _picture_answer)
    )  # fmt: skip


@blueprint.get("/<uuid:product_id>/picture/<uuid:picture_id>")
@requires(Permission.PRODUCTS_READ)
@blueprint.response(200, BINARY, description="The picture", content_type="image/jpeg")
def picture(product_id: uuid.UUID, picture_id: uuid.UUID) -> Response:
    """A JPEG with no side above 800 pixels. Its address is in the product; it may be kept for ever."""
    return uploads.hand_out(*queries.picture_content(actor(), product_id, picture_id), kept_for=uploads.FOR_EVER)


def _create(body: dict[str, Any]) -> Product:
    return service.create_product(actor(), body, schemas.codes_of(body), seller=body.get("seller"))


def _answer(product: Product) -> dict[str, Any]:
    return {"id": product.id, "version": product.version}


def _picture_answer(product: Product) -> dict[str, Any]:
    return {**_answer(product), "picture": schemas.picture_address(product)}


def _barcode_answer(barcode: ProductBarcode) -> dict[str, Any]:
    return {"id": barcode.id, "product_id": barcode.product_id}


def _dump(products: list[Product]) -> list[dict[str, Any]]:
    barcodes = queries.barcodes_of(product.id for product in products)
    codes = seller_codes({product.owner_id for product in products})
    return [schemas.dump_product(product, barcodes[product.id], codes[product.owner_id]) for product in products]


def _after(text: str | None) -> Any:
    cursor = decode_cursor(text)
    if cursor is None:
        return None
    key = parse_id(cursor[1])
    if key is None:
        raise invalid("/query/cursor", "invalid_cursor")
    return cursor[0], key
