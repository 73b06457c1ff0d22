"""Gate passes: the loads of bonded warehouses, the pass that customs issued for each, and its print for the driver."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core import clock
from wms.core.permissions import Permission
from wms.core.refusals import RefusalKind, Refused
from wms.customs.gate_passes import GatePassDraft, newest_passes, record_gate_pass
from wms.facility.queries import warehouses_seen
from wms.outbound.gate_passes import LOAD, request_gate_pass
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.pages import Entry, lazy, navigation, show_refusal
from wms.platform.schemas import CodedSchema, Count, Day, Text
from wms.printing.label_files import sizes_of, to_file, typed_size
from wms.shipping import queries

blueprint = Blueprint("office_gate_passes", __name__, url_prefix="/office/gate-passes", template_folder="../templates")
SHOWN = 200
BACK = timedelta(days=14)

navigation.add(
    Entry(lazy("Gate passes"), "office_gate_passes.index", "customs", Permission.CUSTOMS_RECORD, staff=True, order=430)
)


class GatePassForm(CodedSchema):
    """What customs' system issued."""

    number = Text(24, required=True, pattern=r"[A-Z0-9-]*")
    vehicle = Text(30, required=True)
    vehicle_weight_kg = Count(1, 100_000, load_default=None)
    container = Text(30, load_default=None)
    seal = Text(30, load_default=None)
    valid_until = Day(load_default=None)


@blueprint.get("")
@requires(Permission.CUSTOMS_RECORD)
def index() -> str:
    return _page()


def _page(of: uuid.UUID | None = None, refusal: Refused | None = None) -> str:
    bonded = [each.id for each in warehouses_seen(actor()) if each.is_bonded]
    rows = queries.manifests(actor(), clock.now() - BACK, SHOWN, bonded)
    return render_template(
        "office/gate_passes.html", rows=rows, passes=newest_passes(LOAD, [each.id for each in rows]), asked=of,
        sizes=sizes_of("gate-pass"), typed=request.form, errors=forms.field_messages(refusal),
        refusal=show_refusal(refusal) if refusal is not None and not refusal.errors else None,
    )  # fmt: skip


@blueprint.get("/loads/<uuid:manifest_id>")
@requires(Permission.CUSTOMS_RECORD)
def new(manifest_id: uuid.UUID) -> str:
    """The form for a load."""
    return _page(queries.load_manifest(actor(), manifest_id).id)


@blueprint.post("/loads/<uuid:manifest_id>")
@requires(Permission.CUSTOMS_RECORD)
def record(manifest_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    """A pass was issued; it takes the place of an earlier one of the load."""
    load = queries.load_manifest(actor(), manifest_id)
    outcome = _record(load)
    if isinstance(outcome, Refused):
        if outcome.kind is RefusalKind.NOT_FOUND:
            raise outcome
        return _page(load.id, outcome), 422
    flash(_("Recorded. Print it for the driver."), "ok")
    return redirect(url_for(".index"), 303)


def _record(load: Any) -> forms.Outcome:
    names = ("vehicle", "container", "seal", "valid_until")
    typed: dict[str, Any] = {name: forms.typed_text(name) for name in names}
    typed |= {"number": (forms.typed_text("number") or "").upper()}
    typed |= {"vehicle_weight_kg": forms.typed_number("vehicle_weight_kg")}
    body = forms.load_form(GatePassForm(), forms.given(typed))
    if isinstance(body, Refused):
        return body
    return forms.run_form(
        "customs.gate_pass", {"load": load.id, **body},
        lambda: record_gate_pass(actor(), load.warehouse_id, (LOAD, load.id), GatePassDraft(**body)),
        lambda made: {"id": made.id},
    )  # fmt: skip


@blueprint.post("/<uuid:pass_id>/print")
@requires(Permission.CUSTOMS_RECORD)
def print_pass(pass_id: uuid.UUID) -> BaseResponse:
    """The paper that the driver shows."""
    size = typed_size("gate-pass")
    return to_file(
        "customs.print_gate_pass", {"id": pass_id, "size": size}, lambda: request_gate_pass(actor(), pass_id, size),
        url_for(".index"),
    )  # fmt: skip
