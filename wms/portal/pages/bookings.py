"""Bookings: list, one with its cartons and its way, a new one on one page, carton labels."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as BaseResponse

from labels import KINDS, Size
from wms.catalog.queries import products_by_ids
from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid
from wms.facility.queries import load_warehouse, warehouses_seen
from wms.identity.queries import sellers_seen
from wms.inbound import queries as inbound
from wms.inbound import schemas, service
from wms.inbound.models import Booking
from wms.inbound.packing.checking import MOST_LINES
from wms.inbound.words import COUNTING_WORDS, DECISION_WORDS, DIFFERENCE_WORDS, FILE_WORDS, TRANSPORT_WORDS
from wms.inbound.workflow import BOOKING, EDITABLE
from wms.inventory.words import CONDITION_WORDS
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.pages import Entry, lazy, navigation, show_refusal
from wms.portal import cartons, packing, queries
from wms.portal.packing import Packing
from wms.portal.pages.appointments import LENGTHS, choice_of
from wms.portal.pages.carton_services import carton_services
from wms.portal.tables import ListView
from wms.printing import service as printing
from wms.printing.models import LabelKind
from wms.printing.queries import newest_documents
from wms.printing.service import DocumentDraft
from wms.printing.sets import LabelSet, open_set

blueprint = Blueprint("portal_bookings", __name__, url_prefix="/portal/bookings", template_folder="../templates")
TAB_WORDS = {
    "all": lazy("All"), "draft": lazy("Drafts"), "coming": lazy("On the way"), "here": lazy("In the warehouse"),
    "completed": lazy("Complete"), "cancelled": lazy("Cancelled"),
}  # fmt: skip
HEADER = (
    "seller",
    "warehouse",
    "reference",
    "transport",
    "expected_on",
    "tracking_number",
    "container_number",
    "air_waybill",
    "remark",
)
MOST_DIFFERENCES = 500  # on one page; the API tells them all

CARTON_SIZES = KINDS["carton"].sizes

navigation.add(
    Entry(lazy("Inbound"), "portal_bookings.index", "inbound", Permission.BOOKINGS_READ, order=110, phone=True)
)


@blueprint.get("")
@requires(Permission.BOOKINGS_READ)
def index() -> str:
    view = ListView.of_request(queries.BOOKING_TABS)
    rows, following = queries.bookings_page(actor(), view.tab, view.search, view.cursor)
    counts = queries.open_counted(actor(), "booking")
    tabs = view.tabs(TAB_WORDS, queries.BOOKING_TABS, counts, queries.ENDS["booking"])
    return render_template("portal/bookings.html", rows=rows, view=view, tabs=tabs, paging=view.paging(following))


@blueprint.get("/<uuid:booking_id>")
@requires(Permission.BOOKINGS_READ)
def detail(booking_id: uuid.UUID) -> str:
    found = inbound.booking_detail(actor(), booking_id)
    lines = [line for carton in found["cartons"] for line in carton["lines"]]
    may = actor().may(Permission.BOOKINGS_WRITE)
    own = may and found["transfer_order_id"] is None  # what another warehouse sent is nobody's to change
    warehouse = load_warehouse(actor(), found["warehouse_id"])
    may_appoint = may and found["state"] in {"submitted", "in_transit"}
    appointment = inbound.appointment_of(actor(), booking_id)
    actions = [name for name in ("submit", "depart", "cancel") if own and BOOKING.permitted(name, found["state"])]
    return render_template(
        "portal/booking.html", booking=found, products=products_by_ids(line["product_id"] for line in lines),
        warehouse=warehouse, choice=choice_of(found, warehouse.time_zone, appointment) if may_appoint else None,
        appointment=appointment,
        may_appoint=may_appoint, lengths=LENGTHS, way=_way(found), actions=actions,
        differing=inbound.differences_page(actor(), booking_id=booking_id, limit=MOST_DIFFERENCES), may=may,
        inspections=inbound.inspections(actor(), booking_id=booking_id), conditions=CONDITION_WORDS,
        decisions=DECISION_WORDS, files=inbound.files_of_booking(actor(), booking_id), file_kinds=FILE_WORDS,
        counted=sum(carton["state"] not in {"declared", "arrived", "missing"} for carton in found["cartons"]),
        here=sum(carton["arrived_at"] is not None for carton in found["cartons"]), transports=TRANSPORT_WORDS,
        differences=DIFFERENCE_WORDS, sizes=CARTON_SIZES, steps=_carton_steps(found["state"]),
        may_pack=own and found["state"] in EDITABLE and all(each["state"] == "declared" for each in found["cartons"]),
        countings=COUNTING_WORDS, may_choose_counting=_may_choose_counting(found["state"]), **carton_services(found),
    )  # fmt: skip


def _carton_steps(state: str) -> dict[str, tuple[str, str, str]]:
    """What a supervisor may do to a carton, by its state: step, its button, what it asks first."""
    if not actor().may(Permission.EXCEPTIONS_MANAGE) or state in {"draft", "cancelled"}:
        return {}
    return {
        "declared": (
            "missing",
            _("Never came"),
            _("All of it is noted as short. If it turns up, it can still arrive."),
        ),
        "counted": ("reopen", _("Count again"), _("Its count goes on, and what its seller decided is asked anew.")),
    }


def _may_choose_counting(state: str) -> bool:
    return actor().may(Permission.EXCEPTIONS_MANAGE) and state not in {"draft", "cancelled", "completed"}


def _way(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Where the goods are: what has happened with its time, then what is still to come."""
    steps = [
        (_("Drawn up"), found["created_at"], ngettext("%(num)s carton", "%(num)s cartons", found["carton_count"])),
        (_("Submitted"), found["submitted_at"], None),
        (_("Arrived"), found["arrived_at"], found["container_number"] or found["tracking_number"]),
        (_("Received"), found["received_at"], None),
        (_("Complete"), found["completed_at"], None),
        (_("Closed"), found["closed_at"], None),
    ]
    if found["cancelled_at"] is not None:
        steps = [step for step in steps if step[1] is not None]
        steps.append((_("Cancelled"), found["cancelled_at"], None))
    return [
        {"what": what, "moment": moment, "note": note, "tone": "ok" if moment else "idle"}
        for what, moment, note in steps
    ]


@blueprint.get("/new")
@requires(Permission.BOOKINGS_WRITE)
def new() -> str:
    return _form({}, [cartons.empty_group()])


@blueprint.post("/new")
@requires(Permission.BOOKINGS_WRITE)
def create() -> BaseResponse | str | tuple[str, int]:
    """A packing list is looked through, or another carton or line is added to the form; otherwise the booking is made, as a
    draft or submitted.
    """
    groups = cartons.typed_groups()
    action = request.form.get("action", "")
    if action == "look":
        return _look(groups)
    packed = packing.carried() if action != "by_hand" else None
    if isinstance(packed, Refused):
        return _form(request.form, groups or [cartons.empty_group()], packed), 422
    if packed is None and (action.startswith("add_") or not groups):
        return _form(request.form, cartons.with_more(groups, action))
    wanted = {**{name: forms.typed_text(name) for name in HEADER}, "submit": action == "submit"}
    wanted["count_blind"] = "count_blind" in request.form
    given = cartons.bodies(groups) if packed is None else packed.bodies
    body = forms.load_form(schemas.BookingIn(), forms.given(wanted) | {"cartons": given})
    outcome = body if isinstance(body, Refused) else _create(body)
    if isinstance(outcome, Refused):
        return _form(request.form, groups, outcome, packed), 422
    return redirect(url_for(".detail", booking_id=outcome.answer["id"]))


def _look(groups: list[dict[str, Any]]) -> str | tuple[str, int]:
    """Of the file stands on the page what is wrong with it, or its cartons in the place of typed ones."""
    try:
        if forms.typed_text("warehouse") is None:  # whose calendar it is, and whether its goods are in bond
            raise invalid("/warehouse", "required")
        owner_id, warehouse = service.place_to_pack(
            actor(), forms.typed_text("seller"), request.form["warehouse"].strip()
        )
        packed = packing.looked_at(owner_id, warehouse)
    except Refused as refusal:
        return _form(request.form, groups or [cartons.empty_group()], refusal), 422
    shown = _form(request.form, groups or [cartons.empty_group()], packed=packed)
    return (shown, 422) if packed.faults else shown


def _create(body: dict[str, Any]) -> forms.Outcome:
    return forms.run_form(
        "bookings.create", body,
        lambda: service.create_booking(actor(), schemas.draft_of(body), submitted=body["submit"]), _accepted,
    )  # fmt: skip


def _accepted(booking: Booking) -> dict[str, Any]:
    return {"id": str(booking.id), "number": booking.number, "state": booking.state, "version": booking.version}


def _form(
    typed: Mapping[str, Any],
    groups: list[dict[str, Any]],
    refusal: Refused | None = None,
    packed: Packing | None = None,
) -> str:
    errors = forms.field_messages(refusal)
    taken = packed if packed is not None and not packed.faults else None
    if taken is None:
        errors = cartons.by_line(errors, groups)
    return render_template(
        "portal/booking_new.html", typed=typed, groups=groups, errors=errors, transports=TRANSPORT_WORDS,
        refusal=show_refusal(refusal) if refusal is not None and not refusal.errors else None,
        warehouses=warehouses_seen(actor()), sellers=sellers_seen(actor()), skus=queries.sku_choices(actor()),
        totals=cartons.totals(groups) if taken is None else packing.totals(taken.bodies), packing=packed, packed=taken,
        packing_faults=packing.told(refusal, taken.bodies) if refusal is not None and taken is not None else [],
        most=MOST_LINES,
    )  # fmt: skip


STEPS = {"submit": service.submit, "depart": service.mark_in_transit, "cancel": service.cancel}


@blueprint.post("/<uuid:booking_id>/<any(submit, depart, cancel):step>")
@requires(Permission.BOOKINGS_WRITE)
def move(booking_id: uuid.UUID, step: str) -> BaseResponse:
    """The seller's own steps, of the version that was read."""
    version = forms.as_number(forms.typed_text("version"))
    held = version if isinstance(version, int) else 0
    outcome = forms.run_form(
        f"bookings.{step}", {"id": booking_id, "version": held},
        lambda: STEPS[step](actor(), booking_id, held), _accepted,
    )  # fmt: skip
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    return redirect(url_for(".detail", booking_id=booking_id))


@blueprint.post("/<uuid:booking_id>/labels")
@requires(Permission.LABELS_READ)
def labels(booking_id: uuid.UUID) -> BaseResponse:
    """Labels of all its cartons in one size; a carton keeps its one valid label unless the size differs."""
    found = inbound.booking_detail(actor(), booking_id)
    size = next((each for each in CARTON_SIZES if each.name == request.form.get("size")), CARTON_SIZES[0])
    outcome = forms.run_form(
        "labels.cartons", {"id": booking_id, "size": size.name}, lambda: _label_cartons(found, size),
        lambda made: {"set": made.id},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
        return redirect(url_for(".detail", booking_id=booking_id))
    return redirect(url_for("portal_labels.progress", set_id=outcome.answer["set"]))


def _label_cartons(found: Mapping[str, Any], size: Size) -> LabelSet:
    size_mm = (size.width_mm, size.height_mm)
    known = newest_documents(LabelKind.CARTON, "carton", [carton["id"] for carton in found["cartons"]])
    drafts = [
        DocumentDraft(
            LabelKind.CARTON, "carton", carton["id"], found["owner_id"], carton["barcode"], ("booking", found["id"]),
            size_mm=size_mm, replace=carton["id"] in known and known[carton["id"]].size_mm != size_mm,
        )
        for carton in found["cartons"]
    ]  # fmt: skip
    bundles = printing.request_documents(actor(), found["warehouse_id"], drafts)
    return open_set(actor(), found["owner_id"], found["number"], bundles)
