"""Labels and papers that a tablet asks for besides its work: on the bench's printer, or as a file that opens."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from wms.core.ids import parse_id
from wms.core.permissions import Permission
from wms.core.refusals import Refused, not_found
from wms.facility.models import HandlingUnit
from wms.floor.bench_printer import print_or_show, slip_size
from wms.outbound.packing_slips import request_packing_slip
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.database import session
from wms.platform.problems import refusal_problem
from wms.printing import service as printing
from wms.printing.models import LabelKind
from wms.printing.service import DocumentDraft
from wms.printing.unit_labels import code_on_label

blueprint = Blueprint("floor_papers", __name__, url_prefix="/floor/papers")


@blueprint.post("/units/<uuid:unit_id>")
@requires(Permission.FLOOR_WORK)
def unit(unit_id: uuid.UUID) -> Response:
    """The label of a pallet or carton, with what is on it now."""
    return _printed("labels.unit", {"unit": unit_id}, lambda: _ask_unit(unit_id))


@blueprint.post("/orders/<uuid:order_id>/slip")
@requires(Permission.FLOOR_WORK)
def packing_slip(order_id: uuid.UUID) -> Response:
    """The packing slip of the order at the bench, once more or where it did not print by itself."""
    return _printed(
        "orders.packing_slip_at_bench", {"order": order_id},
        lambda: request_packing_slip(actor(), order_id, slip_size(actor())),
    )  # fmt: skip


def _ask_unit(unit_id: uuid.UUID) -> uuid.UUID:
    found = session().get(HandlingUnit, unit_id)
    if found is None or not actor().sees_warehouse(found.warehouse_id):
        raise not_found("unit")
    kind = LabelKind.TOTE if found.kind == "tote" else LabelKind.PALLET
    draft = DocumentDraft(kind, "handling_unit", found.id, barcode=code_on_label(found.barcode))
    return printing.request_documents(actor(), found.warehouse_id, [draft])[0]


def _printed(name: str, body: object, ask: Callable[[], uuid.UUID]) -> Response:
    """Back to the work where a printer prints it; else to its file."""
    outcome = forms.run_form(name, body, lambda: print_or_show(actor(), ask()), lambda made: made)
    if isinstance(outcome, Refused):
        return refusal_problem(outcome)
    if outcome.answer["printer"] is None:
        return redirect(url_for("printing_pages.bundle", bundle_id=parse_id(str(outcome.answer["bundle"]))), 303)
    return redirect(_back(), 303)


def _back() -> str:
    """The work that the form names."""
    wanted = request.form.get("next", "")
    return wanted if wanted.startswith("/floor/work/") else "/floor/"
