"""Reads of the catalog. `products_by_…` run for every order line and scan: Core, one statement each."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select, tuple_

from wms.catalog import rules
from wms.catalog.models import Product, ProductBarcode
from wms.core.actor import Actor
from wms.core.refusals import not_found
from wms.platform.database import session
from wms.platform.files import read_named
from wms.platform.statements import Statement


class ProductFacts(NamedTuple):
    """What the floor and the orders need of a product. Weight and size are measured where there is a measure."""

    id: uuid.UUID
    owner_id: uuid.UUID
    sku: str
    name_en: str
    name_zh: str
    weight_g: int
    length_mm: int
    width_mm: int
    height_mm: int
    lot_controlled: bool
    expiry_controlled: bool
    outbound_days: int
    serial_control: str
    customs_item_number: str | None
    velocity_class: str
    is_active: bool
    temperature: str = "ambient"
    dangerous_class: str | None = None

    def name(self, language: str) -> str:
        return self.name_zh if language.startswith("zh") else self.name_en


class CodeMeaning(NamedTuple):
    """A scanned code means `quantity` base units of a product."""

    product_id: uuid.UUID
    owner_id: uuid.UUID
    sku: str
    barcode: str
    quantity: int
    serial_control: str = "none"
    level: str = "each"


_FACTS = (
    "SELECT id, owner_id, sku, name_en, name_zh, declared_weight_g, measured_weight_g, declared_length_mm,"
    " measured_length_mm, declared_width_mm, measured_width_mm, declared_height_mm, measured_height_mm, lot_controlled,"
    " expiry_controlled, outbound_days, serial_control, customs_item_number, velocity_class, is_active,"
    " temperature, dangerous_class FROM product"
)
_BY_IDS = Statement(f"{_FACTS} WHERE id = ANY(CAST(:ids AS uuid[]))")
_BY_SKUS = Statement(f"{_FACTS} WHERE owner_id = :owner AND sku = ANY(CAST(:skus AS text[]))")


def _facts(rows: Iterable[Any]) -> list[ProductFacts]:
    return [ProductFacts(*row[:5], *_size(row), *row[13:]) for row in rows]  # type: ignore[call-arg]


def _size(row: tuple[Any, ...]) -> tuple[int, int, int, int]:
    """Weight, length, width, height: the measured one where there is one, else the declared."""
    return row[6] or row[5], row[8] or row[7], row[10] or row[9], row[12] or row[11]


def products_by_ids(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, ProductFacts]:
    wanted = set(ids)
    if not wanted:
        return {}
    return {facts.id: facts for facts in _facts(_BY_IDS.all({"ids": list(wanted)}))}


def products_by_skus(owner_id: uuid.UUID, skus: Iterable[str]) -> dict[str, ProductFacts]:
    """A seller's products by SKU; SKUs that do not exist are left out."""
    wanted = set(skus)
    if not wanted:
        return {}
    return {facts.sku: facts for facts in _facts(_BY_SKUS.all({"owner": owner_id, "skus": list(wanted)}))}


# Barcodes first, then their products by id: left to itself the planner may begin with all products of the owners.
_MEANINGS = Statement(
    "WITH b AS MATERIALIZED (SELECT product_id, barcode, quantity, level FROM product_barcode WHERE barcode = ANY(:codes)"
    " AND (CAST(:owners AS uuid[]) IS NULL OR owner_id = ANY(CAST(:owners AS uuid[]))))"
    " SELECT p.id, p.owner_id, p.sku, b.barcode, b.quantity, p.serial_control, 0 AS place, b.level"
    " FROM b JOIN product p ON p.id = b.product_id WHERE p.is_active"
    " UNION ALL SELECT p.id, p.owner_id, p.sku, p.sku, 1, p.serial_control, 1, 'each' FROM product p"
    " WHERE p.sku = :code AND p.is_active"
    " AND (CAST(:owners AS uuid[]) IS NULL OR p.owner_id = ANY(CAST(:owners AS uuid[]))) ORDER BY 7, 2, 1"
)


def meanings_of(code: str, owner_ids: Iterable[uuid.UUID] | None = None) -> list[CodeMeaning]:
    """The products that a scanned code may mean, for some sellers or (None) all of them: an EAN on the floor may belong
    to several. An active product's SKU counts as a code too, behind its barcodes.
    """
    owners = None if owner_ids is None else list(set(owner_ids))
    rows = _MEANINGS.all({"code": code, "codes": list(rules.same_codes(code)), "owners": owners})
    found = [_meaning(row) for row in rows if row.place == 0]
    if found and owners is not None and len(owners) == 1:
        return found  # within one seller a code is a barcode or a SKU, never both of different products
    known = {meaning.product_id for meaning in found}
    return found + [_meaning(row) for row in rows if row.place == 1 and row.id not in known]


def _meaning(row: Any) -> CodeMeaning:
    return CodeMeaning(row.id, row.owner_id, row.sku, row[3], row[4], row.serial_control, row.level)


def barcodes_of(product_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[ProductBarcode]]:
    """The barcodes of products, oldest first."""
    wanted = set(product_ids)
    found: dict[uuid.UUID, list[ProductBarcode]] = {key: [] for key in wanted}
    statement = select(ProductBarcode).where(ProductBarcode.product_id.in_(wanted))
    for barcode in session().scalars(statement.order_by(ProductBarcode.created_at, ProductBarcode.id)):
        found[barcode.product_id].append(barcode)
    return found


def load_product(actor: Actor, product_id: uuid.UUID) -> Product:
    """404 for another seller's."""
    product = session().get(Product, product_id)
    if product is None or not actor.sees_seller(product.owner_id):
        raise not_found("product")
    return product


# Where a page has the picture of a product `p` (`pages.picture`). Another picture has another address, so that a tablet
# may keep each for ever.
PICTURE = "CASE WHEN p.picture_id IS NOT NULL THEN '/pictures/' || p.id || '/' || p.picture_id END AS picture"
_PICTURES = Statement(
    f"SELECT p.sku, {PICTURE} FROM product p WHERE p.owner_id = :owner AND p.sku = ANY(CAST(:skus AS text[]))"
)


def picture_address(product: Product) -> str | None:
    """The same of one that is loaded."""
    return None if product.picture_id is None else f"/pictures/{product.id}/{product.picture_id}"


def pictures_of(owner_id: uuid.UUID, lines: Iterable[Mapping[str, Any]]) -> dict[str, str | None]:
    """The same of a seller's products by SKU, for lines that name theirs as `sku`."""
    return {row.sku: row.picture for row in _PICTURES.all({"owner": owner_id, "skus": [line["sku"] for line in lines]})}


def picture_content(actor: Actor, product_id: uuid.UUID, picture_id: uuid.UUID) -> tuple[bytes, str, str]:
    """(bytes, media type, name) of the picture that the product has now; 404 for any other. Raises StoreAway."""
    product = load_product(actor, product_id)
    if product.picture_id != picture_id:
        raise not_found("picture")
    return read_named(picture_id, f"{product.sku}.jpg", "picture")


def products_page(
    actor: Actor,
    *,
    after: tuple[datetime, uuid.UUID] | None = None,
    limit: int = 50,
    sku: str | None = None,
    owner_id: uuid.UUID | None = None,
    updated_since: datetime | None = None,
    is_active: bool | None = None,
) -> Sequence[Product]:
    """Products of the actor's sellers, the longest unchanged first: one that changes while somebody pages moves to the
    end and is seen again, none is missed.
    """
    statement = select(Product).order_by(Product.updated_at, Product.id).limit(limit)
    if actor.seller_ids is not None:
        statement = statement.where(Product.owner_id.in_(actor.seller_ids))
    if owner_id is not None:
        statement = statement.where(Product.owner_id == owner_id)
    if after is not None:
        statement = statement.where(tuple_(Product.updated_at, Product.id) > after)
    if sku is not None:
        statement = statement.where(Product.sku == sku)
    if updated_since is not None:
        statement = statement.where(Product.updated_at >= updated_since)
    if is_active is not None:
        statement = statement.where(Product.is_active == is_active)
    return session().scalars(statement).all()


def ids_of_sku(sku: str) -> list[uuid.UUID]:
    """The products that have this SKU, of whichever seller."""
    return list(session().scalars(select(Product.id).where(Product.sku == sku)))
