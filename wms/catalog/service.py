"""Use cases of the catalog. Declared sizes are the seller's word and measured ones the warehouse's: they stand side by
side, and neither is ever written over the other.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import literal, select, union_all
from sqlalchemy.dialects.postgresql import insert

from wms.catalog import controls, rules
from wms.catalog.models import BarcodeKind, Product, ProductBarcode
from wms.catalog.queries import load_product
from wms.catalog.rules import Code
from wms.core import clock
from wms.core.actor import Actor
from wms.core.ids import new_id
from wms.core.permissions import Permission
from wms.core.refusals import FieldError, RefusalKind, Refused, invalid_fields, not_found
from wms.identity.queries import Owner, choose_owner
from wms.platform.database import session
from wms.platform.files import Kept, erase_file, name_file
from wms.platform.locks import Rank, lock_one

# What a seller may set and change. The SKU is printed on labels and in orders: it never changes.
EDITABLE = frozenset(
    {
        "name_en",
        "name_zh",
        "declared_weight_g",
        "declared_length_mm",
        "declared_width_mm",
        "declared_height_mm",
    }
    | {
        "lot_controlled",
        "pack_photo",
        "expiry_controlled",
        "outbound_days",
        "rotation",
        "serial_control",
        "cargo_attributes",
        "is_active",
    }
    | {
        "customs_name_zh",
        "customs_name_en",
        "hs_code",
        "origin_country",
        "declared_value_minor",
        "declared_currency",
    }
    | {"customs_item_number", "customs_unit", "customs_unit_factor"}
    | {"temperature", "dangerous_class"}
)


def create_product(
    actor: Actor, data: Mapping[str, Any], barcodes: Sequence[Code] = (), *, seller: str | None = None
) -> Product:
    """A new product of a seller (named by code, or implied). `data` has `sku` and the fields of EDITABLE.

    Without barcodes it gets one drawn by the warehouse. Every wrong field is named at once; a SKU or barcode that the
    seller has already is refused (409 `sku_taken`, `barcode_taken`).
    """
    _require_writer(actor)
    owner = choose_owner(actor, seller)
    fields = {key: value for key, value in data.items() if key in EDITABLE}
    if faults := faults_of(data, barcodes):
        raise invalid_fields(faults)
    now = clock.now()
    key = new_id()
    codes = list(barcodes) or [_drawn(owner, key)]
    _refuse_taken(owner.id, key, [code.text for code in codes], data["sku"], "/barcodes/{}/barcode")
    values = {
        "id": key,
        "owner_id": owner.id,
        "sku": data["sku"],
        "created_at": now,
        "updated_at": now,
        **fields,
    }
    # Two at the same moment: the second waits for the first and then inserts nothing.
    statement = insert(Product).values(values).on_conflict_do_nothing().returning(Product)
    product = session().scalar(statement)
    if product is None:
        raise Refused("sku_taken", {"sku": data["sku"]}, errors=_at("/sku", "sku_taken", {"sku": data["sku"]}))
    _insert_barcodes(product, codes)
    return product


def faults_of(data: Mapping[str, Any], barcodes: Sequence[Code]) -> list[FieldError]:
    """Every wrong field of a new product that its schema does not see."""
    return rules.sku_faults(data["sku"]) + rules.barcode_faults(list(barcodes)) + _customs_faults(data)


def edit_product(actor: Actor, product_id: uuid.UUID, changes: Mapping[str, Any], version: int) -> Product:
    """Change some fields of the version that was read; 412 when it is no longer that one. Refuses at its field what may not
    change while the product is in stock (`controls`).
    """
    wanted = {key: value for key, value in changes.items() if key in EDITABLE}
    if controls.NAMES & wanted.keys():
        _hold_counts(actor, product_id, wanted, version)
    product = load_product_to_edit(actor, product_id)
    _check_version(product, version)
    faults = [*_customs_faults({**_customs_of(product), **wanted}), *controls.faults(product, wanted)]
    if faults:
        raise invalid_fields(faults)
    changed = {key: value for key, value in wanted.items() if getattr(product, key) != value}
    for key, value in changed.items():
        setattr(product, key, value)
    if changed:
        _touch(product)
    return product


def _hold_counts(actor: Actor, product_id: uuid.UUID, wanted: Mapping[str, Any], version: int) -> None:
    """Bookings are locked before products, here as at the dock: what the changes would switch is read without a lock, and the
    version says that it is so still once there is one.
    """
    _require_writer(actor)
    product = load_product(actor, product_id)
    _check_version(product, version)
    controls.hold_counts(product, wanted)


def _check_version(product: Product, version: int) -> None:
    if product.version != version:
        raise Refused("stale", {"current": product.version}, kind=RefusalKind.STALE)


def deactivate_product(actor: Actor, product_id: uuid.UUID, version: int) -> Product:
    """No new bookings or orders. What is here, or announced already, is worked with as before."""
    return edit_product(actor, product_id, {"is_active": False}, version)


def add_barcode(actor: Actor, product_id: uuid.UUID, code: Code) -> ProductBarcode:
    """One more code that means this product."""
    product = load_product_to_edit(actor, product_id)
    faults = rules.barcode_faults([code], "/barcode")
    if faults:
        raise invalid_fields(faults)
    _refuse_taken(product.owner_id, product.id, [code.text], None, "/barcode")
    (added,) = _insert_barcodes(product, [code])
    _touch(product)
    return session().get_one(ProductBarcode, added)


def know_label(owner_id: uuid.UUID, product_id: uuid.UUID, text: str) -> None:
    """A marketplace's label that units of this product get means the product from now on, wherever it is scanned.

    Refuses `barcode_taken` when it means another of the seller's products.
    """
    code = Code(text, BarcodeKind.FNSKU.value)
    known = select(ProductBarcode.product_id).where(ProductBarcode.owner_id == owner_id, ProductBarcode.barcode == text)
    if session().scalar(known) == product_id:
        return
    _refuse_taken(owner_id, product_id, [text], None)
    product = _lock(product_id)
    _insert_barcodes(product, [code])
    _touch(product)


def label_means(owner_id: uuid.UUID, texts: Sequence[str]) -> dict[str, str]:
    """The SKU that each of these codes means to this seller already, as a barcode or by itself."""
    by_barcode = (
        select(ProductBarcode.barcode, Product.sku)
        .join(Product, Product.id == ProductBarcode.product_id)
        .where(ProductBarcode.owner_id == owner_id, ProductBarcode.barcode.in_(texts))
    )
    by_sku = select(Product.sku.label("code"), Product.sku).where(Product.owner_id == owner_id, Product.sku.in_(texts))
    return {row[0]: row[1] for row in session().execute(union_all(by_barcode, by_sku))}


def remove_barcode(actor: Actor, product_id: uuid.UUID, barcode_id: uuid.UUID) -> Product:
    """The code means nothing any more. The last one stays: a product that cannot be scanned cannot be handled."""
    product = load_product_to_edit(actor, product_id)
    barcodes = session().scalars(select(ProductBarcode).where(ProductBarcode.product_id == product.id)).all()
    found = next((barcode for barcode in barcodes if barcode.id == barcode_id), None)
    if found is None:
        raise not_found("barcode")
    if len(barcodes) == 1:
        raise Refused("last_barcode", {})
    session().delete(found)
    _touch(product)
    return product


def record_measurement(
    actor: Actor, product_id: uuid.UUID, *, weight_g: int, length_mm: int, width_mm: int, height_mm: int
) -> Product:
    """What the warehouse measured. The declared values stay as they are; the latest measure counts."""
    product = _lock_for_floor(actor, product_id)
    if min(weight_g, length_mm, width_mm, height_mm) <= 0:
        raise invalid_fields([FieldError("/measured", "measured_incomplete", {})])
    product.measured_weight_g, product.measured_length_mm = weight_g, length_mm
    product.measured_width_mm, product.measured_height_mm = width_mm, height_mm
    product.measured_at = clock.now()
    _touch(product)
    return product


def set_picture(actor: Actor, product_id: uuid.UUID, picture: Kept) -> Product:
    """The picture by which people know the product from now on; the one before is forgotten."""
    product = load_product_to_edit(actor, product_id)
    _change_picture(product, name_file(picture))
    return product


def remove_picture(actor: Actor, product_id: uuid.UUID) -> Product:
    """Refuses as not found where there is none."""
    product = load_product_to_edit(actor, product_id)
    if product.picture_id is None:
        raise not_found("picture")
    _change_picture(product, None)
    return product


def record_picture(actor: Actor, product_id: uuid.UUID, picture: Kept) -> Product:
    """One that the warehouse took, where the seller gave none. Refuses `picture_there`: the seller's stays."""
    product = _lock_for_floor(actor, product_id)
    if product.picture_id is not None:
        raise Refused("picture_there", {"sku": product.sku})
    _change_picture(product, name_file(picture))
    return product


def _change_picture(product: Product, picture_id: uuid.UUID | None) -> None:
    before, product.picture_id = product.picture_id, picture_id
    _touch(product)
    if before is not None:
        erase_file(
            before
        )  # the object goes with the sweep: one photo may serve several products, and is put for another now


def load_product_to_edit(actor: Actor, product_id: uuid.UUID) -> Product:
    """The actor's product, locked; 404 for another seller's."""
    _require_writer(actor)
    product = _lock(product_id)
    if not actor.sees_seller(product.owner_id):
        raise not_found("product")
    return product


def _lock_for_floor(actor: Actor, product_id: uuid.UUID) -> Product:
    if not (actor.is_staff and actor.may(Permission.FLOOR_WORK)):
        raise not_found("product")
    return _lock(product_id)


def _lock(product_id: uuid.UUID) -> Product:
    product = lock_one(Rank.DOCUMENT, Product, product_id)
    if product is None:
        raise not_found("product")
    return product


def _require_writer(actor: Actor) -> None:
    if not actor.may(Permission.PRODUCTS_WRITE):
        raise not_found("product")


def _refuse_taken(
    owner_id: uuid.UUID, product_id: uuid.UUID, codes: Sequence[str], sku: str | None, pointer: str | None = None
) -> None:
    """A code of a seller means one product: SKUs and barcodes share one space. One statement for all of them. `pointer`:
    where the n-th code was given.

    Two that are created at the same moment are told apart by the unique constraints; SKU against barcode by nothing but
    this look, which is enough, as the resolver prefers barcodes.
    """
    writings = rules.all_writings(codes)
    texts = writings | ({sku} if sku is not None else set())
    by_sku = select(Product.sku, Product.sku.label("code"), Product.id, literal(True)).where(
        Product.owner_id == owner_id, Product.sku.in_(texts), Product.id != product_id
    )
    by_barcode = (
        select(Product.sku, ProductBarcode.barcode, Product.id, literal(False))
        .join(Product, Product.id == ProductBarcode.product_id)
        .where(ProductBarcode.owner_id == owner_id, ProductBarcode.barcode.in_(texts))
    )
    for owner_sku, code, product_id, is_sku in session().execute(union_all(by_sku, by_barcode)):
        has_it = {"sku": owner_sku, "id": str(product_id), "href": f"/api/v1/products/{product_id}"}
        if is_sku and code == sku:
            raise Refused("sku_taken", has_it, errors=_at("/sku", "sku_taken", has_it))
        index = next((n for n, text in enumerate(codes) if code in rules.all_writings([text])), None)
        where = "/sku" if index is None else pointer and pointer.format(index)
        params = {"code": code, **has_it}
        raise Refused("barcode_taken", params, errors=_at(where, "barcode_taken", params))


def _at(pointer: str | None, code: str, params: dict[str, Any]) -> list[dict[str, Any]]:
    """The field that asked for what is taken, where it is known."""
    return [] if pointer is None else [FieldError(pointer, code, params).as_data()]


def _insert_barcodes(product: Product, codes: Sequence[Code]) -> list[uuid.UUID]:
    rows = [
        {"id": new_id(), "owner_id": product.owner_id, "product_id": product.id, "barcode": code.text,
         "kind": code.decided_kind, "quantity": code.quantity, "level": code.decided_level, "created_at": clock.now()}
        for code in codes
    ]  # fmt: skip
    statement = insert(ProductBarcode).values(rows).on_conflict_do_nothing().returning(ProductBarcode.id)
    added = session().scalars(statement).all()
    if len(added) < len(rows):  # somebody else took one since `_refuse_taken` looked
        raise Refused("barcode_taken", {"code": ", ".join(code.text for code in codes), "sku": "?"})
    return list(added)


def _drawn(owner: Owner, product_id: uuid.UUID) -> Code:
    return Code(rules.drawn_barcode(owner.code, product_id), BarcodeKind.OWN.value)


def _customs_of(product: Product) -> dict[str, Any]:
    return {
        "declared_value_minor": product.declared_value_minor, "declared_currency": product.declared_currency,
        "customs_unit": product.customs_unit, "customs_unit_factor": product.customs_unit_factor,
    }  # fmt: skip


def _customs_faults(fields: Mapping[str, Any]) -> list[FieldError]:
    return rules.customs_faults(
        fields.get("declared_value_minor"), fields.get("declared_currency"),
        fields.get("customs_unit"), fields.get("customs_unit_factor"),
    )  # fmt: skip


def _touch(product: Product) -> None:
    product.version += 1
    product.updated_at = clock.now()
    session().flush()
