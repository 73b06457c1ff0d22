"""Returns: list, one with what came and what became of it, and announcing one of a shipped order."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.catalog.queries import pictures_of
from wms.core.permissions import Permission
from wms.core.refusals import Refused
from wms.facility.queries import load_warehouse
from wms.outbound import queries as outbound
from wms.outbound.queries import ShippedLine
from wms.outbound.service.orders import load_order
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.pages import Entry, lazy, navigation, show_refusal
from wms.portal import queries
from wms.portal.tables import ListView
from wms.printing.label_files import to_file, typed_size
from wms.returns import queries as returned
from wms.returns import service
from wms.returns.documents import SIZES, request_return_label
from wms.returns.models import ReturnOrder
from wms.returns.schemas import REASONS, ReturnIn
from wms.returns.workflow import RETURN

blueprint = Blueprint("portal_returns", __name__, url_prefix="/portal/returns", template_folder="../templates")
TAB_WORDS = {
    "all": lazy("All"), "announced": lazy("Announced"), "receiving": lazy("Receiving"), "completed": lazy("Complete"),
    "cancelled": lazy("Cancelled"),
}  # fmt: skip
REASON_WORDS = {
    "changed_mind": lazy("The buyer changed their mind"), "wrong_item": lazy("Wrong item"), "damaged": lazy("Damaged"),
    "defective": lazy("Defective"), "undeliverable": lazy("Could not be delivered"), "other": lazy("Another reason"),
    "unannounced": lazy("Not announced"),
}  # fmt: skip

navigation.add(
    Entry(lazy("Returns"), "portal_returns.index", "returns", Permission.RETURNS_READ, order=230, phone=True)
)


@blueprint.get("")
@requires(Permission.RETURNS_READ)
def index() -> str:
    view = ListView.of_request(queries.RETURN_TABS)
    rows, following = queries.returns_page(actor(), view.tab, view.search, view.cursor)
    counts = queries.open_counted(actor(), "return_order")
    tabs = view.tabs(TAB_WORDS, queries.RETURN_TABS, counts, queries.ENDS["return_order"])
    return render_template(
        "portal/returns.html", rows=rows, view=view, tabs=tabs, paging=view.paging(following), reasons=REASON_WORDS
    )


@blueprint.get("/<uuid:return_id>")
@requires(Permission.RETURNS_READ)
def detail(return_id: uuid.UUID) -> str:
    found = service.load_return(actor(), return_id)
    shown = returned.return_detail(found)
    return render_template(
        "portal/return.html", found=shown, pictures=pictures_of(found.owner_id, shown["lines"]),
        order=load_order(actor(), found.order_id), warehouse=load_warehouse(actor(), found.warehouse_id),
        reasons=REASON_WORDS, sizes=list(SIZES),
        may_cancel=actor().may(Permission.RETURNS_WRITE) and RETURN.permitted("cancel", found.state),
    )  # fmt: skip


@blueprint.get("/new")
@requires(Permission.RETURNS_WRITE)
def new() -> str:
    return _form({"order": request.args.get("order", "")[:50]})


@blueprint.post("/new")
@requires(Permission.RETURNS_WRITE)
def create() -> BaseResponse | str | tuple[str, int]:
    """First the order is named, then what of it comes back; both are one page."""
    if request.form.get("action") == "find":
        return _form(request.form)
    lines = [line for line in forms.typed_rows("lines", ("sku", "quantity")) if line["quantity"] not in {"", "0"}]
    names = ("order", "reference", "tracking_number", "reason")
    body = forms.given({name: forms.typed_text(name) for name in names})
    body["lines"] = [{"sku": line["sku"], "quantity": forms.as_number(line["quantity"])} for line in lines]
    loaded = forms.load_form(ReturnIn(), body)
    outcome = loaded if isinstance(loaded, Refused) else _announce(loaded)
    if isinstance(outcome, Refused):
        return _form(request.form, outcome), 422
    flash(_("The return is announced."), "ok")
    return redirect(url_for(".detail", return_id=outcome.answer["id"]))


def _announce(body: dict[str, Any]) -> forms.Outcome:
    return forms.run_form("returns.announce", body, lambda: service.announce(actor(), body), _accepted)


def _accepted(found: ReturnOrder) -> dict[str, Any]:
    return {"id": str(found.id), "number": found.number, "state": found.state, "version": found.version}


def _form(typed: Mapping[str, Any], refusal: Refused | None = None) -> str:
    named = str(typed.get("order") or "").strip()
    source = outbound.return_source(actor(), named) if named else None
    return render_template(
        "portal/return_new.html", typed=typed, source=source, named=named,
        lines=_shipped(source.lines if source else ()), reasons=[(code, REASON_WORDS[code]) for code in REASONS],
        errors=forms.field_messages(refusal),
        refusal=show_refusal(refusal) if refusal is not None else None,
    )  # fmt: skip


def _shipped(lines: Sequence[ShippedLine]) -> dict[str, int]:
    """What was shipped of each SKU."""
    found: dict[str, int] = {}
    for line in lines:
        found[line.sku] = found.get(line.sku, 0) + line.shipped
    return found


@blueprint.post("/<uuid:return_id>/label")
@requires(Permission.LABELS_READ)
def label(return_id: uuid.UUID) -> BaseResponse:
    """The label for the buyer, in a size."""
    service.load_return(actor(), return_id)  # whose it is comes before what is wrong with the form
    size = typed_size("return")
    return to_file(
        "returns.label", {"id": return_id, "size": size}, lambda: request_return_label(actor(), return_id, size),
        url_for(".detail", return_id=return_id),
    )  # fmt: skip


@blueprint.post("/<uuid:return_id>/cancel")
@requires(Permission.RETURNS_WRITE)
def cancel(return_id: uuid.UUID) -> BaseResponse:
    """Withdraw an announcement, of the version that was read."""
    version = forms.as_number(forms.typed_text("version"))
    held = version if isinstance(version, int) else 0
    outcome = forms.run_form(
        "returns.cancel",
        {"id": return_id, "version": held},
        lambda: service.cancel(actor(), return_id, held),
        _accepted,
    )
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    return redirect(url_for(".detail", return_id=return_id))
