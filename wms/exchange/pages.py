"""Files of orders: uploaded, what is wrong in which line, made into orders; and a template to fill in."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from wms.core.permissions import Permission
from wms.core.refusals import Refused
from wms.exchange import queries, service
from wms.exchange.columns import BY_NAME, COLUMNS, KINDS, NEEDED
from wms.exchange.models import OrderImport
from wms.exchange.schemas import ImportForm
from wms.exchange.workflow import ORDER_IMPORT
from wms.facility.queries import warehouses_seen
from wms.identity.queries import sellers_seen
from wms.outbound.extras.rules import AGES, CONTENTS, PACKING, PLATFORMS, Signature
from wms.outbound.routing.queries import is_routed
from wms.outbound.rules import Fill
from wms.platform import forms, sheets
from wms.platform.access import actor, requires
from wms.platform.columns import heading_of
from wms.platform.http import decode_id_cursor, encode_cursor
from wms.platform.live import answer_live, live_tag
from wms.platform.pages import lazy, show_refusal, state_labels
from wms.platform.tables import write_table
from wms.shipping.queries import services_offered

blueprint = Blueprint("order_imports_pages", __name__, url_prefix="/portal/order-imports", template_folder="templates")
BLUEPRINTS = [blueprint]
PAGE = 25
# What columns may say that take one word, or several, of a list.
VALUES = {
    "platform": PLATFORMS, "signature": [each.value for each in Signature], "packing": PACKING, "contents": CONTENTS,
    "age_check": [str(each) for each in AGES], "liftgate": ["yes", "no"],
    "fill": [each.value for each in Fill], "kind": list(KINDS),
}  # fmt: skip
state_labels["order_import"] = {
    "checking": (lazy("Being looked through"), "info"), "checked": (lazy("Waits for your word"), "warn"),
    "failed": (lazy("No file of orders"), "stop"), "creating": (lazy("Orders are being made"), "info"),
    "done": (lazy("Done"), "ok"), "dropped": (lazy("Dropped"), "idle"),
}  # fmt: skip


@blueprint.get("")
@requires(Permission.ORDERS_WRITE)
def index() -> str:
    return _index({})


def _index(typed: Mapping[str, Any], refusal: Refused | None = None) -> str:
    rows = queries.imports_page(actor(), decode_id_cursor(request.args.get("cursor")), PAGE + 1)
    following = encode_cursor(rows[PAGE - 1].created_at, rows[PAGE - 1].id) if len(rows) > PAGE else None
    sellers = sellers_seen(actor())
    return render_template(
        "exchange/imports.html", rows=rows[:PAGE], typed=typed, errors=forms.field_messages(refusal),
        refusal=show_refusal(refusal) if refusal is not None and not refusal.errors else None,
        next_url=url_for(".index", cursor=following) if following else "", warehouses=warehouses_seen(actor()),
        sellers=sellers, most=service.MOST_LINES, routes=any(is_routed(seller.id) for seller in sellers),
        services=[(each.code, f"{each.code} · {each.name}") for each, _carrier in services_offered()],
    )  # fmt: skip


@blueprint.post("")
@requires(Permission.ORDERS_WRITE)
def take() -> BaseResponse | tuple[str, int]:
    """A file comes in and is looked through; nothing is made of it yet."""
    named = {name: forms.typed_text(name) for name in ("seller", "warehouse", "service")}
    body = forms.load_form(ImportForm(), forms.given(named))
    try:
        if isinstance(body, Refused):
            raise body
        upload = sheets.received_sheet("file")
    except Refused as refusal:
        return _index(request.form, refusal), 422
    kept = upload.keep()
    given = {**body, "name": upload.name, "sha256": kept.sha256}
    outcome = forms.run_form(
        "imports.take", given, lambda: service.take(actor(), upload, kept, body), lambda made: {"id": made.id}
    )
    if isinstance(outcome, Refused):
        return _index(request.form, outcome), 422
    return redirect(url_for(".detail", import_id=outcome.answer["id"]))


@blueprint.get("/<uuid:import_id>")
@requires(Permission.ORDERS_WRITE)
def detail(import_id: uuid.UUID) -> str:
    found = service.load_import(actor(), import_id)
    live = _live(found)
    return render_template("exchange/import.html", found=found, live=Markup(live), etag=live_tag(live))  # noqa: S704 - our own


@blueprint.get("/<uuid:import_id>/now")
@requires(Permission.ORDERS_WRITE)
def now(import_id: uuid.UUID) -> Response:
    """The live part of the page; 304 while it would show the same."""
    return answer_live(_live(service.load_import(actor(), import_id)))


def _live(found: OrderImport) -> str:
    return render_template(
        "exchange/import_now.html", found=queries.import_detail(found), labels={column.name: column.label for column in COLUMNS},
        may_drop=ORDER_IMPORT.permitted("drop", found.state),
    )  # fmt: skip


@blueprint.post("/<uuid:import_id>/create")
@requires(Permission.ORDERS_WRITE)
def create(import_id: uuid.UUID) -> BaseResponse:
    return _act("imports.create", import_id, service.create, "")


@blueprint.post("/<uuid:import_id>/drop")
@requires(Permission.ORDERS_WRITE)
def drop(import_id: uuid.UUID) -> BaseResponse:
    return _act("imports.drop", import_id, service.drop, _("The file is dropped."))


def _act(command: str, import_id: uuid.UUID, use_case: Callable[..., OrderImport], said: str) -> BaseResponse:
    outcome = forms.run_form(command, {"id": import_id}, lambda: use_case(actor(), import_id))
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    elif said:
        flash(said, "ok")
    return redirect(url_for(".detail", import_id=import_id))


@blueprint.get("/<uuid:import_id>/findings.csv")
@requires(Permission.ORDERS_WRITE)
def findings(import_id: uuid.UUID) -> Response:
    """What is wrong, as a table to work off."""
    shown = queries.import_detail(service.load_import(actor(), import_id))
    rows = [(each["line"], _heading(each["column"]), each["message"]) for each in shown["findings"]]
    return sheets.saved(write_table([_("Row"), _("Column"), _("What is wrong")], rows), sheets.CSV, "findings.csv")


def _heading(name: str) -> str:
    return heading_of(BY_NAME[name], str(get_locale())) if name else ""


@blueprint.get("/template.<any(xlsx, csv):kind>")
@requires(Permission.ORDERS_WRITE)
def template(kind: str) -> Response:
    """A file to fill in, with one order as an example, in the reader's language."""
    heading = [heading_of(column, str(get_locale())) for column in COLUMNS]
    example = [column.example for column in COLUMNS]
    return sheets.template(kind, "orders", _("Orders"), heading, [example])


@blueprint.get("/columns")
@requires(Permission.ORDERS_WRITE)
def columns() -> str:
    """Which columns a file may have, and what else they are called."""
    chinese = str(get_locale()).startswith("zh")
    return render_template(
        "exchange/columns.html", columns=COLUMNS, needed=NEEDED, values=VALUES,
        heading=lambda column: heading_of(column, "zh" if chinese else "en"),
    )  # fmt: skip
