"""Labels of what stands in a building: signs of zones and benches, totes and carts, pallets and cartons, slots of put walls."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core.ids import parse_id
from wms.core.permissions import Permission
from wms.core.refusals import Refused, not_found
from wms.facility import queries as facility
from wms.facility.models import Warehouse
from wms.office import house_queries as queries
from wms.outbound.wall_labels import request_wall_labels
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.printing import service as printing
from wms.printing.label_files import size_mm, to_files, typed_size
from wms.printing.models import LabelKind
from wms.printing.service import DocumentDraft
from wms.printing.unit_labels import code_on_label

blueprint = Blueprint("office_house_labels", __name__, url_prefix="/office/warehouses", template_folder="../templates")

# What a building has of a kind: rows with an id, and a label code where it bears one. The subject's kind.
_THINGS: dict[str, tuple[str, Callable[[uuid.UUID], Sequence[Any]]]] = {
    LabelKind.STATION: ("station", facility.stations_of),
    LabelKind.TOTE: ("handling_unit", queries.totes_of),
    LabelKind.CART: ("handling_unit", queries.carts_of),
    LabelKind.ZONE: ("zone", queries.zones_of),
    LabelKind.PALLET: ("handling_unit", queries.units_of),
}


@blueprint.post("/<uuid:warehouse_id>/labels")
@requires(Permission.LABELS_REPRINT)
def make(warehouse_id: uuid.UUID) -> BaseResponse:
    """Labels of a `kind`: of all there are, or of the one whose id or (a put wall's) name is `of`."""
    house = facility.load_warehouse(actor(), warehouse_id)
    kind, of = forms.typed_text("kind", 12) or "", forms.typed_text("of", 40)
    if kind not in {*_THINGS, LabelKind.PUT_WALL}:
        raise not_found("label kind")
    size = size_mm(kind, typed_size(kind))
    outcome = forms.run_form(
        "labels.house", {"warehouse": house.id, "kind": kind, "of": of, "size": size},
        lambda: _ask(house, kind, of, size), lambda made: {"bundles": made},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    elif outcome.answer["bundles"]:
        return to_files(outcome.answer["bundles"])
    else:
        flash(_("There is nothing to print."), "warn")
    return redirect(url_for("office_houses.detail", warehouse_id=warehouse_id))


def _ask(house: Warehouse, kind: str, of: str | None, size: tuple[float, float]) -> Sequence[uuid.UUID]:
    """The files that they will be in."""
    if kind == LabelKind.PUT_WALL:
        return request_wall_labels(actor(), house.id, of or "", size)
    subject, things_of = _THINGS[kind]
    one = parse_id(of or "")
    things = queries.units_of(house.id, one) if kind == LabelKind.PALLET else things_of(house.id)
    if of is not None:
        things = [each for each in things if each.id == one]
        if not things:
            raise not_found(kind)
    drafts = [DocumentDraft(kind, subject, each.id, barcode=_code(kind, each), size_mm=size) for each in things]
    return printing.request_documents(actor(), house.id, drafts)


def _code(kind: str, thing: Any) -> str | None:
    """What a scanner must read from its label; a zone's sign bears no code."""
    barcode: str | None = getattr(thing, "barcode", None)
    return code_on_label(barcode) if barcode is not None and kind == LabelKind.PALLET else barcode
