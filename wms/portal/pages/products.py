"""Products: list, one with its stock, a new one, one changed, labels for its units."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.catalog import schemas, service
from wms.catalog.models import Product
from wms.catalog.queries import barcodes_of, load_product, picture_address
from wms.core.ids import parse_id
from wms.core.money import EXPONENTS
from wms.core.permissions import Permission
from wms.core.refusals import Refused
from wms.facility.queries import warehouses_seen
from wms.identity.queries import seller_codes, sellers_seen
from wms.identity.words import ROTATION_WORDS
from wms.inventory.queries import Scope, is_in_stock, stock_lines
from wms.outbound.queries import learned_weight
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.pages import Entry, lazy, navigation, show_refusal
from wms.portal import queries
from wms.portal.tables import ListView
from wms.printing.schemas import MOST_LABELS, PRODUCT_SIZES

blueprint = Blueprint("portal_products", __name__, url_prefix="/portal/products", template_folder="../templates")
NUMBERS = ("declared_weight_g", "declared_length_mm", "declared_width_mm", "declared_height_mm", "outbound_days")
TEXTS = (
    "seller", "sku", "name_en", "name_zh", "serial_control", "hs_code", "origin_country", "customs_item_number",
    "customs_unit", "customs_unit_factor", "declared_currency", "temperature", "dangerous_class", "rotation",
)  # fmt: skip
CARGO_WORDS = {
    "battery": lazy("Battery"), "liquid": lazy("Liquid"), "powder": lazy("Powder"), "magnetic": lazy("Magnetic"),
    "fragile": lazy("Fragile"), "food": lazy("Food"), "textile": lazy("Textile"), "oversize": lazy("Oversize"),
    "valuable": lazy("Valuable"), "dangerous": lazy("Dangerous goods"), "own_carton": lazy("Ships in its own carton"),
}  # fmt: skip
TEMPERATURE_WORDS = {"ambient": lazy("Ambient"), "cool": lazy("Cool, 2 to 8 °C"), "frozen": lazy("Frozen")}
LEVEL_WORDS = {"each": lazy("One unit"), "inner": lazy("Inner pack"), "case": lazy("Case"), "pallet": lazy("Pallet")}
SERIAL_WORDS = {
    "none": lazy("None"), "exit": lazy("Read when it is packed"), "full": lazy("Read when it comes and goes"),
}  # fmt: skip
REQUIRED = ("name_en", "name_zh", "declared_weight_g", "declared_length_mm", "declared_width_mm", "declared_height_mm")
EMPTIED = (
    "rotation", "dangerous_class", "hs_code", "origin_country", "declared_value_minor", "declared_currency",
    "customs_item_number", "customs_unit", "customs_unit_factor",
)  # fmt: skip
SWITCHES = ("lot_controlled", "expiry_controlled", "pack_photo")

navigation.add(Entry(lazy("Products"), "portal_products.index", "products", Permission.PRODUCTS_READ, order=320))


@blueprint.get("")
@requires(Permission.PRODUCTS_READ)
def index() -> str:
    view = ListView.of_request({"all": ()})
    rows, following = queries.products_list(actor(), view.search, parse_id(view.cursor or ""))
    return render_template(
        "portal/products.html", rows=rows, view=view, paging=view.paging(str(following) if following else None)
    )


@blueprint.get("/<uuid:product_id>")
@requires(Permission.PRODUCTS_READ)
def detail(product_id: uuid.UUID) -> str:
    return _page(product_id)


@blueprint.post("/<uuid:product_id>/barcodes")
@requires(Permission.PRODUCTS_WRITE)
def add_barcode(product_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    """One more code, and of how many units: of an inner pack, a case, a pallet. One scan of it counts them all."""
    load_product(actor(), product_id)
    typed = {name: forms.typed_text(name, 80) for name in ("barcode", "level")}
    body = forms.load_form(schemas.BarcodeSchema(), forms.given(typed | {"quantity": forms.typed_number("quantity")}))
    if isinstance(body, Refused):
        return _page(product_id, body), 422
    (code,) = schemas.codes_of({"barcodes": [body]})
    outcome = forms.run_form(
        "products.add_barcode", {"product": product_id, **body}, lambda: service.add_barcode(actor(), product_id, code),
        lambda added: {"id": str(added.id)},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return _page(product_id, outcome), 422
    flash(_("The code means the product from now on."), "ok")
    return redirect(url_for(".detail", product_id=product_id))


@blueprint.post("/<uuid:product_id>/barcodes/<uuid:barcode_id>/remove")
@requires(Permission.PRODUCTS_WRITE)
def remove_barcode(product_id: uuid.UUID, barcode_id: uuid.UUID) -> BaseResponse:
    load_product(actor(), product_id)
    outcome = forms.run_form(
        "products.remove_barcode", {"product": product_id, "barcode": barcode_id},
        lambda: service.remove_barcode(actor(), product_id, barcode_id), lambda product: {"id": str(product.id)},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    else:
        flash(_("The code means nothing any more."), "ok")
    return redirect(url_for(".detail", product_id=product_id))


def _page(product_id: uuid.UUID, refusal: Refused | None = None) -> str:
    product = load_product(actor(), product_id)
    return render_template(
        "portal/product.html", product=product, picture=picture_address(product), barcodes=barcodes_of([product.id])[product.id],
        seller=seller_codes([product.owner_id])[product.owner_id], lines=_lines(product), sizes=list(PRODUCT_SIZES),
        warehouses=warehouses_seen(actor()), most=MOST_LABELS, learned=learned_weight(product.id),
        rotations=ROTATION_WORDS,
        levels=LEVEL_WORDS, serial_words=SERIAL_WORDS, temperatures=TEMPERATURE_WORDS, may=_may_change(product),
        typed=request.form, errors=forms.field_messages(refusal),
        refusal=show_refusal(refusal) if refusal is not None and not refusal.errors else None,
    )  # fmt: skip


def _may_change(product: Product) -> bool:
    return actor().may(Permission.PRODUCTS_WRITE) and actor().sees_seller(product.owner_id)


def _lines(product: Product) -> list[Any]:
    """Its stock by warehouse. The same SKU may exist with another seller of the reader."""
    if not actor().may(Permission.STOCK_READ):
        return []
    lines, _more = stock_lines(Scope.of(actor()), sku=product.sku, limit=200)
    return [line for line in lines if line.product_id == product.id]


@blueprint.get("/new")
@requires(Permission.PRODUCTS_WRITE)
def new() -> str:
    return _form({})


@blueprint.post("/new")
@requires(Permission.PRODUCTS_WRITE)
def create() -> BaseResponse | tuple[str, int]:
    typed = _typed()
    body = forms.load_form(schemas.ProductSchema(), typed)
    if isinstance(body, Refused):
        return _form(request.form, body), 422
    codes = schemas.codes_of(body)
    data = {name: value for name, value in body.items() if name not in {"seller", "barcodes"}}
    outcome = forms.run_form(
        "products.create", body, lambda: service.create_product(actor(), data, codes, seller=body.get("seller")),
        lambda made: {"id": made.id},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return _form(request.form, outcome), 422
    flash(_("The product is there. Book it in whenever you like."), "ok")
    return redirect(url_for(".detail", product_id=outcome.answer["id"]))


@blueprint.get("/<uuid:product_id>/edit")
@requires(Permission.PRODUCTS_WRITE)
def change(product_id: uuid.UUID) -> str:
    product = load_product(actor(), product_id)
    return _form(_as_typed(product), product=product)


@blueprint.post("/<uuid:product_id>/edit")
@requires(Permission.PRODUCTS_WRITE)
def edit(product_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    """Fields of the version that was read. What is left empty is nothing from now on, where it may be."""
    product = load_product(actor(), product_id)
    body = _changes()
    if isinstance(body, Refused):
        return _form(request.form, body, product), 422
    version = forms.typed_number("version")
    held = version if isinstance(version, int) else 0
    outcome = forms.run_form(
        "products.edit", {"id": product_id, "version": held, "changes": body},
        lambda: service.edit_product(actor(), product_id, body, held), lambda changed: {"id": changed.id},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return _form(request.form, outcome, product), 422
    flash(_("The product is changed."), "ok")
    return redirect(url_for(".detail", product_id=product_id))


def _changes() -> dict[str, Any] | Refused:
    """The form as changes of the API."""
    typed = _fields()
    kept = {name: value for name, value in typed.items() if value is not None or name in EMPTIED}
    kept["outbound_days"] = 0 if typed["outbound_days"] is None else typed["outbound_days"]
    kept["is_active"] = "is_active" in request.form
    body = forms.load_form(schemas.ProductPatch(), {name: kept[name] for name in kept if name not in ("seller", "sku")})
    return forms.with_required(body, typed, REQUIRED)


def _as_typed(product: Product) -> dict[str, Any]:
    """What stands in the form of a product as it is."""
    names = [*TEXTS[1:], *NUMBERS, "customs_unit_factor"]
    typed = {name: value for name in names if (value := getattr(product, name)) is not None}
    typed |= {name: "on" for name in (*SWITCHES, "is_active") if getattr(product, name)}
    if product.declared_value_minor is not None:
        exponent = EXPONENTS.get(product.declared_currency or "", 2)
        typed["declared_value"] = Decimal(product.declared_value_minor).scaleb(-exponent)
    return typed


def _fields() -> dict[str, Any]:
    """The fields of the form, empty ones as None."""
    body: dict[str, Any] = {name: forms.typed_text(name) for name in TEXTS}
    body |= {name: forms.typed_number(name) for name in NUMBERS}
    body |= {name: name in request.form for name in SWITCHES}
    body["declared_value_minor"] = forms.minor_of(forms.typed_text("declared_value"), body["declared_currency"])
    body["cargo_attributes"] = request.form.getlist("cargo_attributes")
    return body


def _typed() -> dict[str, Any]:
    """The form of a new product as a body of the API."""
    body = _fields()
    barcode = forms.typed_text("barcode")
    if barcode is not None:
        body["barcodes"] = [{"barcode": barcode}]
    return forms.given(body)


def _form(typed: Mapping[str, Any], refusal: Refused | None = None, product: Product | None = None) -> str:
    """Of a new product, or of one that is there."""
    is_read = product is not None and request.method == "GET"
    errors = forms.field_messages(refusal)
    if "declared_value_minor" in errors:  # typed as people write it
        errors["declared_value"] = errors.pop("declared_value_minor")
    return render_template(
        "portal/product_new.html" if product is None else "portal/product_edit.html", product=product, typed=typed,
        errors=errors, cargo=schemas.CARGO, cargo_words=CARGO_WORDS, temperatures=TEMPERATURE_WORDS,
        dangerous=schemas.DANGEROUS, in_stock=product is not None and is_in_stock(product.id),
        refusal=show_refusal(refusal) if refusal is not None and not refusal.errors else None,
        chosen=product.cargo_attributes if product is not None and is_read else request.form.getlist("cargo_attributes"),
        sellers=sellers_seen(actor()), rotations=ROTATION_WORDS,
    )  # fmt: skip
