"""Labels for sellers to download: products with quantities in a size, and how far the files of a request are."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_babel import ngettext
from markupsafe import Markup
from marshmallow import fields
from werkzeug.wrappers import Response as BaseResponse

from wms.catalog.queries import products_by_skus
from wms.core.permissions import Permission
from wms.core.refusals import FieldError, Refused, invalid_fields
from wms.facility.queries import warehouse_by_code, warehouses_seen
from wms.identity.queries import Owner, choose_owner, sellers_seen
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.live import answer_live, live_tag
from wms.platform.pages import Entry, lazy, navigation, show_refusal
from wms.platform.problems import refusal_problem
from wms.platform.schemas import Choice, CodedSchema, Count, Items, Text
from wms.portal import queries
from wms.printing import sets, sheets
from wms.printing.label_files import sheets_of, size_words, to_files
from wms.printing.products import request_product_labels
from wms.printing.schemas import MOST_LABELS, PRODUCT_SIZES

blueprint = Blueprint("portal_labels", __name__, url_prefix="/portal/labels", template_folder="../templates")
ROWS = 6  # of an empty form
MOST_ROWS = 200
SHEETS = sheets.layouts_of("product")

navigation.add(Entry(lazy("Labels"), "portal_labels.new", "printer", Permission.LABELS_READ, staff=False, order=510))


class LineForm(CodedSchema):
    sku = Text(64, required=True)
    quantity = Count(1, MOST_LABELS, required=True)


class LabelsForm(CodedSchema):
    """Product labels as they are asked for."""

    seller = Text(8)
    warehouse = Text(16, required=True)
    size = Choice([*PRODUCT_SIZES, *SHEETS], required=True)
    start = Count(0, 43, load_default=0)  # places of the first sheet that were used before
    lines = Items(fields.Nested(LineForm), 1, MOST_ROWS, required=True)


@blueprint.get("")
@requires(Permission.LABELS_READ)
def new() -> str:
    return _form({}, ROWS)


@blueprint.post("")
@requires(Permission.LABELS_READ)
def create() -> BaseResponse | str | tuple[str, int]:
    """More rows are added to the form; otherwise the labels are asked for, all or none."""
    rows = forms.typed_rows("lines", ("sku", "quantity"))
    if request.form.get("action") == "more":
        return _form(request.form, min(MOST_ROWS, max(ROWS, len(rows)) + ROWS))
    body: dict[str, Any] = {name: forms.typed_text(name) for name in ("seller", "warehouse", "size")}
    lines = [forms.given({"sku": row["sku"], "quantity": forms.as_number(row["quantity"])}) for row in rows]
    body["start"] = forms.typed_number("start")
    loaded = forms.load_form(LabelsForm(), forms.given(body) | {"lines": lines})
    outcome = loaded if isinstance(loaded, Refused) else _ask(loaded)
    if isinstance(outcome, Refused):
        return _form(request.form, max(ROWS, len(rows)), outcome), 422
    if "sheets" in outcome.answer:
        return to_files([outcome.answer["sheets"]])
    return redirect(url_for(".progress", set_id=outcome.answer["set"]))


def _ask(body: dict[str, Any]) -> forms.Outcome:
    if body["size"] in SHEETS:
        return _on_sheets(body)
    return forms.run_form("labels.products", body, lambda: _make(body), lambda made: {"set": made.id})


def _on_sheets(body: dict[str, Any]) -> forms.Outcome:
    """A4 sheets, drawn at once: one file."""
    try:
        owner = choose_owner(actor(), body.get("seller"))
        warehouse = warehouse_by_code(actor(), body["warehouse"])
        wanted = list(_quantities(owner, body["lines"]).items())
        start = min(body["start"], sheets.cells_of(body["size"]) - 1)
        drawn = sheets.draw_sheets(warehouse.id, "product", wanted, body["size"], start, owner.id)
    except Refused as refusal:
        return refusal
    return forms.run_form(
        "labels.product_sheets", body, lambda: sheets.add_sheets(actor(), warehouse.id, drawn, owner.id),
        lambda made: {"sheets": made},
    )  # fmt: skip


def _make(body: dict[str, Any]) -> sets.LabelSet:
    owner = choose_owner(actor(), body.get("seller"))
    warehouse = warehouse_by_code(actor(), body["warehouse"])
    quantities = _quantities(owner, body["lines"])
    bundles = request_product_labels(actor(), warehouse.id, quantities, PRODUCT_SIZES[body["size"]], MOST_LABELS)
    count = len(quantities)
    title = body["lines"][0]["sku"] if count == 1 else ngettext("%(num)s product", "%(num)s products", count)
    return sets.open_set(actor(), owner.id, title, bundles)


def _quantities(owner: Owner, lines: list[dict[str, Any]]) -> Counter[uuid.UUID]:
    """How many of each product; every SKU that the seller does not have is named."""
    known = products_by_skus(owner.id, [line["sku"] for line in lines])
    wrong = [
        FieldError(f"/lines/{place}/sku", "unknown_sku", {})
        for place, line in enumerate(lines) if line["sku"] not in known
    ]  # fmt: skip
    if wrong:
        raise invalid_fields(wrong)
    found: Counter[uuid.UUID] = Counter()
    for line in lines:
        found[known[line["sku"]].id] += line["quantity"]
    return found


def _sizes() -> list[tuple[str, str]]:
    """(value, words): of label printers, then of sheets."""
    return [(size, size_words(size)) for size in PRODUCT_SIZES] + sheets_of("product")


def _form(typed: Mapping[str, Any], rows: int, refusal: Refused | None = None) -> str:
    return render_template(
        "portal/labels_new.html", typed=typed, rows=rows, errors=forms.field_messages(refusal),
        refusal=show_refusal(refusal) if refusal is not None and not refusal.errors else None,
        sizes=_sizes(), sellers=sellers_seen(actor()), warehouses=warehouses_seen(actor()),
        skus=queries.sku_choices(actor()), most=MOST_LABELS,
    )  # fmt: skip


@blueprint.get("/<uuid:set_id>")
@requires(Permission.LABELS_READ)
def progress(set_id: uuid.UUID) -> str:
    """How far a request is; its files as they become ready."""
    found = sets.load_set(actor(), set_id)
    live = _live(found)
    return render_template("portal/labels.html", found=found, live=Markup(live), etag=live_tag(live))  # noqa: S704 - our own


@blueprint.get("/<uuid:set_id>/now")
@requires(Permission.LABELS_READ)
def now(set_id: uuid.UUID) -> Response:
    """The live part of the page; 304 while it would show the same."""
    return answer_live(_live(sets.load_set(actor(), set_id)))


def _live(found: sets.LabelSet) -> str:
    return render_template("portal/labels_now.html", found=found, progress=sets.progress_of(found))


@blueprint.get("/<uuid:set_id>.zip")
@requires(Permission.LABELS_READ)
def archive(set_id: uuid.UUID) -> Response:
    """All files of a request."""
    try:
        content = sets.set_zip(actor(), set_id)
    except Refused as refusal:
        return refusal_problem(refusal)
    response = Response(content, 200, mimetype="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="labels-{set_id}.zip"'
    return response
