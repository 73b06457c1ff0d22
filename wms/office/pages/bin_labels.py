"""Labels of a zone's bins: of all or of one level, in a size or on A4 sheets, with the arrow that points to the bin."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from labels import KINDS
from wms.core.permissions import Permission
from wms.core.refusals import Refused
from wms.facility import service as facility
from wms.facility.models import ARROWS
from wms.facility.queries import load_warehouse
from wms.office import house_queries as queries
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.pages import lazy, show_refusal
from wms.platform.schemas import Choice, CodedSchema, Count, Text
from wms.printing import service as printing
from wms.printing import sheets
from wms.printing.label_files import sheets_of, sizes_of, to_files
from wms.printing.models import LabelKind
from wms.printing.service import DocumentDraft

blueprint = Blueprint("office_bin_labels", __name__, url_prefix="/office/bins", template_folder="../templates")
MOST_LABELS = 2_000
ARROW_WORDS = {
    "": lazy("No arrow: it hangs at the bin"), "up": lazy("Up: the bin is above"), "down": lazy("Down: the bin is below"),
    "left": lazy("To the left"), "right": lazy("To the right"),
}  # fmt: skip
KEEP = "keep"
PAPERS = [size.name for size in KINDS["location"].sizes] + sheets.layouts_of("location")


class BinLabelsForm(CodedSchema):
    """`arrow` of all these labels from now on, unless it is to stay as it is. `start`: places of the first sheet used before."""

    zone = Text(16, required=True)
    level = Count(0, 9999, load_default=None)
    paper = Choice(PAPERS, load_default=PAPERS[0])
    arrow = Choice([KEEP, *ARROWS], load_default=KEEP)
    start = Count(0, 13, load_default=0)


def shown() -> dict[str, Any]:
    """What the form offers."""
    return {
        "papers": sizes_of("location") + sheets_of("location"),
        "arrows": [(KEEP, _("As they are")), *ARROW_WORDS.items()],
    }


@blueprint.post("/<uuid:warehouse_id>/labels")
@requires(Permission.LABELS_REPRINT)
def labels(warehouse_id: uuid.UUID) -> BaseResponse:
    """In the order of their codes: files for label printers, or of A4 sheets."""
    house = load_warehouse(actor(), warehouse_id)
    names = ("zone", "paper")
    typed: dict[str, Any] = {name: forms.typed_text(name) for name in names}
    typed |= {name: forms.typed_number(name) for name in ("level", "start")}
    body = forms.load_form(BinLabelsForm(), forms.given(typed) | _typed_arrow())
    outcome = body if isinstance(body, Refused) else _ask(house.id, body)
    if isinstance(outcome, Refused) or not outcome.answer["bundles"]:
        flash(show_refusal(outcome) if isinstance(outcome, Refused) else _("There are no bins in that zone."), "warn")
        return redirect(url_for("office_bins.index", warehouse=house.code))
    return to_files(outcome.answer["bundles"])


def _typed_arrow() -> dict[str, str]:
    """An empty choice says: no arrow; one that is not there: as it is."""
    return {"arrow": request.form["arrow"][:5]} if "arrow" in request.form else {}


def _ask(warehouse_id: uuid.UUID, body: dict[str, Any]) -> forms.Outcome:
    bins = queries.bins_to_label(warehouse_id, body["zone"], body["level"], MOST_LABELS)
    try:
        drawn = _drawn(warehouse_id, bins, body)
    except Refused as refusal:
        return refusal
    return forms.run_form(
        "labels.bins", {"warehouse": warehouse_id, **body}, lambda: _make(warehouse_id, bins, body, drawn),
        lambda made: {"bundles": made},
    )  # fmt: skip


def _drawn(warehouse_id: uuid.UUID, bins: Sequence[Any], body: dict[str, Any]) -> sheets.Sheets | None:
    """The sheets, where they are asked for, with the arrow that the bins are about to get."""
    if body["paper"] not in sheets.layouts_of("location") or not bins:
        return None
    change = None if body["arrow"] == KEEP else partial(replace, arrow=body["arrow"] or None)
    wanted = [(each.id, 1) for each in bins]
    return sheets.draw_sheets(warehouse_id, "location", wanted, body["paper"], body["start"], change=change)


def _make(
    warehouse_id: uuid.UUID, bins: Sequence[Any], body: dict[str, Any], drawn: sheets.Sheets | None
) -> list[uuid.UUID]:
    """The files. The arrows are kept with the bins: their next labels point the same way."""
    if body["arrow"] != KEEP:
        facility.point_labels(actor(), warehouse_id, [each.id for each in bins], body["arrow"])
    if drawn is not None:
        return [sheets.add_sheets(actor(), warehouse_id, drawn)]
    size = next((each for each in KINDS["location"].sizes if each.name == body["paper"]), None)
    if size is None or not bins:
        return []
    drafts = [
        DocumentDraft(
            LabelKind.LOCATION, "location", each.id, barcode=each.barcode, size_mm=(size.width_mm, size.height_mm)
        )
        for each in bins
    ]
    return printing.request_documents(actor(), warehouse_id, drafts)
