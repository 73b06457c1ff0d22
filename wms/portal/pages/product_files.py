"""Products from a file: looked at line by line, and created when the seller says so; a template to fill in.

The file is read within the request and kept nowhere. Until then its products travel in the page, as the API takes them, and
are checked again like anything that comes from outside (docs/decisions/115-packing-lists-travel-in-the-page.md).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.catalog import schemas, service
from wms.catalog.models import Product
from wms.catalog.product_files.columns import BY_NAME, COLUMNS, NEEDED, ONE_OF, OTHER_UNITS
from wms.catalog.product_files.reading import MOST_LINES, ProductFile, read_products
from wms.core.ids import parse_id
from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid
from wms.identity.queries import choose_owner, sellers_seen
from wms.platform import commands, forms, sheets
from wms.platform.access import actor, requires
from wms.platform.columns import heading_of
from wms.platform.i18n import refusal_texts
from wms.platform.json_reading import read_json

blueprint = Blueprint(
    "portal_product_files", __name__, url_prefix="/portal/products/file", template_folder="../templates"
)
MOST_SHOWN = 100  # products, and findings, on one page
EXAMPLE = {column.name: column.example for column in COLUMNS}


@dataclass(frozen=True)
class Looked:
    """A file as the page shows it. `bodies` can be created; `faults`: line, column and words; `there`: SKUs that exist."""

    name: str
    seller: str
    bodies: list[dict[str, Any]]
    faults: list[dict[str, Any]] = field(default_factory=list)
    there: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    @property
    def carried(self) -> str:
        return json.dumps(self.bodies, ensure_ascii=False, separators=(",", ":"))


@blueprint.get("")
@requires(Permission.PRODUCTS_WRITE)
def choose() -> str:
    return _page()


@blueprint.post("")
@requires(Permission.PRODUCTS_WRITE)
def look() -> str | tuple[str, int]:
    """The file is looked through; nothing is created."""
    try:
        owner = choose_owner(actor(), forms.typed_text("seller", 8))
        upload = sheets.received_sheet("file")
        found = read_products(sheets.read_sheet(upload.content, MOST_LINES), owner.id)
    except Refused as refusal:
        return _page(refusal=refusal), 422
    looked = Looked(upload.name, owner.code, found.bodies, _told(found), found.there, found.heading.unread)
    return (_page(looked), 422) if found.findings else _page(looked)


def _told(found: ProductFile) -> list[dict[str, Any]]:
    return [
        {"line": each.line, "column": _heading(found, each.column),
         "message": refusal_texts.translate(each.code, each.params)}
        for each in found.findings
    ]  # fmt: skip


def _heading(found: ProductFile, name: str) -> Any:
    """As the file calls the column."""
    return found.heading.headings.get(name) or (BY_NAME[name].label if name else "")


@blueprint.post("/create")
@requires(Permission.PRODUCTS_WRITE)
def create() -> BaseResponse | str | tuple[str, int]:
    """Each product is a command of its own: one that cannot be created any more holds up no other."""
    bodies = _carried()
    key = parse_id(request.form.get("command_id", ""))
    if bodies is None or key is None:
        return _page(refusal=invalid("/file", "product_file_gone")), 422
    seller = forms.typed_text("seller", 8)
    base = commands.command_for(actor(), str(key), "products.create", None)
    made, faults = 0, list[dict[str, Any]]()
    for index, body in enumerate(bodies):
        given = body if seller is None else {**body, "seller": seller}
        outcome = commands.execute(base.item(index, "products.create", given), partial(_create, given), _answer)
        if isinstance(outcome, Refused):
            faults += [{"line": body["sku"], "column": "", "message": each} for each in _words(outcome)]
        else:
            made += 1
    if made:
        flash(ngettext("%(num)s product was created.", "%(num)s products were created.", made), "ok")
    if faults:
        return _page(Looked(request.form.get("name", "")[:120], seller or "", [], faults)), 422
    return redirect(url_for("portal_products.index"))


def _create(body: dict[str, Any]) -> Product:
    return service.create_product(actor(), body, schemas.codes_of(body), seller=body.get("seller"))


def _answer(product: Product) -> dict[str, Any]:
    return {"id": str(product.id), "version": product.version}


def _words(refusal: Refused) -> list[str]:
    """What is wrong, each once."""
    found = [message for messages in forms.field_messages(refusal).values() for message in messages]
    return found or [refusal_texts.translate(refusal.code, refusal.params)]


def _carried() -> list[dict[str, Any]] | None:
    """The products that a page has brought back; None where they are none any more."""
    try:
        given = read_json(request.form.get("products", ""))
    except ValueError:
        return None
    if not isinstance(given, list) or not 0 < len(given) <= MOST_LINES:
        return None
    loaded = [forms.load_form(schemas.ProductSchema(), each) if isinstance(each, dict) else None for each in given]
    return (
        [each for each in loaded if isinstance(each, dict)] if all(isinstance(each, dict) for each in loaded) else None
    )


def _page(looked: Looked | None = None, refusal: Refused | None = None) -> str:
    return render_template(
        "portal/product_file.html", looked=looked, errors=forms.field_messages(refusal), most=MOST_LINES,
        shown=MOST_SHOWN, sellers=sellers_seen(actor()), typed=request.form,
    )  # fmt: skip


@blueprint.get("/template.<any(xlsx, csv):kind>")
@requires(Permission.PRODUCTS_WRITE)
def template(kind: str) -> Response:
    """A list of products to fill in, in the reader's language."""
    columns = [column for column in COLUMNS if column.name not in OTHER_UNITS]
    heading = [heading_of(column, str(get_locale())) for column in columns]
    row = [EXAMPLE[column.name] for column in columns]
    return sheets.template(kind, "products", _("Products"), heading, [row])


@blueprint.get("/columns")
@requires(Permission.PRODUCTS_WRITE)
def columns() -> str:
    """Which columns a list of products may have, and what else they are called."""
    language = str(get_locale())
    needed = {*NEEDED, *(names[0] for names in ONE_OF)}
    return render_template(
        "portal/product_columns.html", columns=COLUMNS, needed=needed,
        also={column.name: [column.name, *column.also] for column in COLUMNS},
        heading=lambda column: heading_of(column, language),
    )  # fmt: skip
