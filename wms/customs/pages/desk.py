"""The clerk's desk: goods that customs has not booked yet, and the form that records a booking."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core.ids import new_id, parse_id
from wms.core.permissions import Permission
from wms.core.refusals import RefusalKind, Refused, invalid
from wms.customs import processing, queries, schemas, service
from wms.facility.models import Warehouse
from wms.facility.queries import warehouses_seen
from wms.platform import commands, forms
from wms.platform.access import actor, requires
from wms.platform.pages import Entry, lazy, navigation, show_refusal
from wms.platform.schemas import load_or_refuse

blueprint = Blueprint("customs_pages", __name__, url_prefix="/customs", template_folder="../templates")

navigation.add(
    Entry(lazy("Bonded book"), "customs_pages.book", "customs", Permission.CUSTOMS_RECORD, staff=True, order=420)
)
navigation.add(
    Entry(
        lazy("Processing in bond"),
        "customs_pages.in_processing",
        "transfer",
        Permission.CUSTOMS_RECORD,
        staff=True,
        order=425,
    )
)


@blueprint.get("/book")
@requires(Permission.CUSTOMS_RECORD)
def book() -> str:
    """Unbooked goods of each bonded warehouse."""
    return _page()


@blueprint.post("/book/<uuid:warehouse_id>")
@requires(Permission.CUSTOMS_RECORD)
def record_booking(warehouse_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    """A booking typed in by the clerk; the form's command id makes a double click one booking."""
    typed = {name: request.form.get(name, "").strip() for name in ("item_number", "document", "quantity")}
    try:
        outcome = _record(warehouse_id, typed)
    except Refused as refusal:
        outcome = refusal
    if isinstance(outcome, Refused):
        return _page(refusal=show_refusal(outcome), typed={**typed, "warehouse_id": warehouse_id}), 422
    flash(_("Booked."), "ok")
    return redirect(url_for(".book"), 303)


def _record(warehouse_id: uuid.UUID, typed: dict[str, str]) -> commands.Outcome:
    command_id = request.form.get("command_id", "")
    if parse_id(command_id) is None:
        raise invalid("/command_id", "required")
    form = load_or_refuse(schemas.BookingForm(), typed)
    command = commands.command_for(actor(), command_id, "customs.book", {"warehouse": warehouse_id, **form})
    return commands.execute(
        command, lambda: service.record_book_receipt(actor(), warehouse_id, **form), lambda receipt: {"id": receipt.id}
    )


def _page(refusal: str | None = None, typed: dict[str, Any] | None = None) -> str:
    bonded = [warehouse for warehouse in warehouses_seen(actor()) if warehouse.is_bonded]
    return render_template(
        "customs/book.html", desks=[_desk(warehouse) for warehouse in bonded], refusal=refusal, typed=typed or {},
        command_id=new_id(),
    )  # fmt: skip


def _desk(warehouse: Warehouse) -> dict[str, Any]:
    return {
        "warehouse": warehouse,
        "items": queries.unbooked_items(warehouse.id),
        "receipts": queries.recent_receipts(warehouse.id),
    }


@blueprint.get("/processing")
@requires(Permission.CUSTOMS_RECORD)
def in_processing() -> str:
    """Conversions in bond: what waits for customs' word, and what may be carried out."""
    return _processing()


@blueprint.post("/processing/<uuid:warehouse_id>/<uuid:conversion_id>")
@requires(Permission.CUSTOMS_RECORD)
def permit(warehouse_id: uuid.UUID, conversion_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    """Customs lets it happen, under this document."""
    body = forms.load_form(schemas.ProcessingForm(), forms.given({"document": forms.typed_text("document")}))
    outcome = body if isinstance(body, Refused) else forms.run_form(
        "customs.processing", {"id": conversion_id, **body},
        lambda: processing.permit_conversion(actor(), warehouse_id, conversion_id, body["document"]),
        lambda made: {"id": made.id},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        if outcome.kind is RefusalKind.NOT_FOUND:
            raise outcome
        return _processing(show_refusal(outcome)), 422
    flash(_("Recorded. It may be carried out."), "ok")
    return redirect(url_for(".in_processing"), 303)


def _processing(refusal: str | None = None) -> str:
    bonded = [warehouse for warehouse in warehouses_seen(actor()) if warehouse.is_bonded]
    desks = [(warehouse, processing.conversions_in_bond(warehouse.id)) for warehouse in bonded]
    return render_template("customs/processing.html", desks=desks, refusal=refusal)
