"""Transfers as a seller and the office see them: what is on its way, what arrived, what was lost or found; and a new one."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core.permissions import Permission
from wms.core.refusals import RefusalKind, Refused
from wms.facility.queries import warehouses_seen
from wms.identity.queries import sellers_seen
from wms.outbound.routing import service as routing
from wms.outbound.rules import TRANSFER
from wms.outbound.schemas import OrderIn
from wms.outbound.service.release import record_release
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.http import decode_id_cursor, encode_cursor
from wms.platform.pages import Entry, lazy, navigation, show_refusal
from wms.platform.schemas import CodedSchema
from wms.shipping.queries import services_offered
from wms.transfers import bond, queries
from wms.transfers.schemas import InListForm, OutListForm

blueprint = Blueprint("transfers_pages", __name__, url_prefix="/portal/transfers", template_folder="templates")
BLUEPRINTS = [blueprint]
TAB_WORDS = {"all": lazy("All"), "open": lazy("Not received through"), "differing": lazy("Lost or found")}
PAGE = 25
EMPTY_LINE = {"sku": "", "quantity": ""}

navigation.add(Entry(lazy("Transfers"), "transfers_pages.index", "transfer", Permission.ORDERS_READ, order=215))
navigation.add(
    Entry(
        lazy("Transfers in bond"),
        "transfers_pages.in_bond",
        "transfer",
        Permission.CUSTOMS_RECORD,
        staff=True,
        order=428,
    )
)


@blueprint.get("")
@requires(Permission.ORDERS_READ)
def index() -> str:
    tab = request.args.get("tab", "all")
    tab = tab if tab in queries.TABS else "all"
    cursor = request.args.get("cursor")
    rows = queries.transfers_page(actor(), tab, decode_id_cursor(cursor), PAGE + 1)
    shown = rows[:PAGE]
    tabs = [
        {"label": TAB_WORDS[each], "href": url_for(".index", tab=each), "active": each == tab} for each in queries.TABS
    ]
    following = encode_cursor(shown[-1].created_at, shown[-1].id) if len(rows) > PAGE else None
    return render_template(
        "transfers/transfers.html", rows=shown, tabs=tabs,
        next_url=url_for(".index", tab=tab, cursor=following) if following else "",
        back_url=url_for(".index", tab=tab) if cursor else "",
    )  # fmt: skip


@blueprint.get("/<uuid:order_id>")
@requires(Permission.ORDERS_READ)
def detail(order_id: uuid.UUID) -> str:
    return render_template("transfers/transfer.html", transfer=queries.transfer(actor(), order_id))


@blueprint.get("/new")
@requires(Permission.ORDERS_WRITE)
def new() -> str:
    return _form({}, [EMPTY_LINE, EMPTY_LINE, EMPTY_LINE])


@blueprint.post("/new")
@requires(Permission.ORDERS_WRITE)
def create() -> BaseResponse | str | tuple[str, int]:
    """Another line is added to the form; otherwise the order is made, and its goods are kept for it."""
    lines = forms.typed_rows("lines", ("sku", "quantity"))
    if request.form.get("action") == "add_line":
        return _form(request.form, [*lines, EMPTY_LINE, EMPTY_LINE])
    typed = _typed(lines)
    # An order may leave the house out, a transfer may not.
    body = forms.with_required(forms.load_form(OrderIn(), typed), typed, ("warehouse", "to_warehouse", "service"))
    outcome = body if isinstance(body, Refused) else _create(body)
    if isinstance(outcome, Refused):
        return _form(request.form, lines or [EMPTY_LINE], outcome), 422
    flash(_("The transfer is accepted."), "ok")
    return redirect(url_for(".detail", order_id=outcome.answer["id"]))


def _create(body: dict[str, Any]) -> forms.Outcome:
    return forms.run_form(
        "orders.create", body, lambda: routing.create_order(actor(), body), lambda order: {"id": str(order.id)}
    )


def _typed(lines: list[dict[str, str]]) -> dict[str, Any]:
    """The form as a body of the API."""
    names = ("seller", "warehouse", "to_warehouse", "service", "reference", "remark")
    body: dict[str, Any] = forms.given({name: forms.typed_text(name) for name in names})
    body["kind"] = TRANSFER
    body["lines"] = [
        forms.given({"sku": line["sku"], "quantity": forms.as_number(line["quantity"] or None)}) for line in lines
    ]
    return body


def _form(typed: Mapping[str, Any], lines: list[dict[str, str]], refusal: Refused | None = None) -> str:
    return render_template(
        "transfers/transfer_new.html", typed=typed, lines=lines, errors=forms.field_messages(refusal),
        refusal=show_refusal(refusal) if refusal is not None and not refusal.errors else None,
        warehouses=warehouses_seen(actor()), sellers=sellers_seen(actor()),
        services=[(service.code, f"{service.code} · {service.name}") for service, _carrier in services_offered()],
    )  # fmt: skip


# The clerks' desk for those between bonded warehouses.

BOND_STEPS = {
    "out": ("transfers.file_out", OutListForm, ("document",)),
    "in": ("transfers.file_in", InListForm, ("document", "linked_to")),
    "release": ("customs.release", OutListForm, ("document",)),
    "lost": ("transfers.enter_lost", CodedSchema, ()),
}


@blueprint.get("/bond")
@requires(Permission.CUSTOMS_RECORD)
def in_bond() -> str:
    return _bond()


@blueprint.post("/bond/<uuid:order_id>/<any(out, in, release, lost):step>")
@requires(Permission.CUSTOMS_RECORD)
def bond_step(order_id: uuid.UUID, step: str) -> BaseResponse | tuple[str, int]:
    """A list is filed, customs lets the goods go, or what was lost on the way is entered as missing."""
    name, schema, names = BOND_STEPS[step]
    body = forms.load_form(schema(), forms.given({each: forms.typed_text(each) for each in names}))
    outcome = body if isinstance(body, Refused) else forms.run_form(
        name, {"order": order_id, **body}, lambda: _bond_done(order_id, step, body)
    )  # fmt: skip
    if isinstance(outcome, Refused):
        if outcome.kind is RefusalKind.NOT_FOUND:
            raise outcome
        return _bond(forms.told(outcome)), 422
    flash(_("Recorded."), "ok")
    return redirect(url_for(".in_bond"), 303)


def _bond_done(order_id: uuid.UUID, step: str, body: dict[str, Any]) -> object:
    if step == "out":
        return bond.file_out(actor(), order_id, body["document"])
    if step == "in":
        return bond.file_in(actor(), order_id, body["document"], body["linked_to"])
    if step == "release":
        return record_release(actor(), order_id, body["document"])
    return bond.enter_lost(actor(), order_id)


def _bond(refusals: list[str] | None = None) -> str:
    return render_template(
        "transfers/bond.html", rows=bond.transfers_in_bond(actor()), refusals=refusals or [],
        mine={house.id for house in warehouses_seen(actor())},
    )  # fmt: skip
