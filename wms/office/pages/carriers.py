"""Carriers: what those outside have not done yet and why, how each is reached, and the files some of them work with."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as BaseResponse

from wms.core.permissions import Permission
from wms.core.refusals import Refused, not_found
from wms.facility.models import Warehouse
from wms.facility.queries import warehouse_by_code, warehouses_seen
from wms.office.pages.collections import fault_words as lorry_fault_words
from wms.outbound.queries import order_numbers
from wms.outbound.service import carrier_files
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.i18n import refusal_texts
from wms.platform.pages import Entry, lazy, navigation, show_refusal
from wms.platform.schemas import Choice, CodedSchema, Text, Whole
from wms.platform.secrecy import blind_index
from wms.platform.tables import read_table
from wms.platform.uploads import received_table
from wms.printing import words as label_words
from wms.shipping import collection_queries, cost_queries, queries
from wms.shipping import service as shipping
from wms.shipping.carriers import (
    ASKED_BY_JOBS,
    FILE,
    FILE_CAPABILITIES,
    HTTP,
    KARRIO,
    OWN,
    OWN_CAPABILITIES,
    karrio_bridge,
)
from wms.shipping.carriers.http import CAPABILITIES
from wms.shipping.carriers.interface import WISHES
from wms.shipping.models import Carrier, CarrierTask, NumberScheme
from wms.shipping.number_formats import FORMATS
from wms.shipping.number_ranges import ranges_left
from wms.shipping.rules import NumberForm
from wms.shipping.service import collections, quotes
from wms.shipping.service.setup import HOUSE

blueprint = Blueprint("office_carriers", __name__, url_prefix="/office/carriers", template_folder="../templates")

KIND_WORDS = {
    "counter": lazy("At the counter"),
    "house": lazy("Our own number ranges"),
    "http": lazy("Over a network, by our parcel protocol"),
    "file": lazy("By file: a table out, numbers in"),
    "own": lazy("From the seller: its own labels and numbers"),
    "karrio": lazy("By the karrio SDK, where it is installed"),
}
KINDS = {
    "house": HOUSE, HTTP: CAPABILITIES, FILE: FILE_CAPABILITIES, OWN: OWN_CAPABILITIES,
    KARRIO: karrio_bridge.CAPABILITIES,
}  # fmt: skip
SCHEME_WORDS = {
    NumberScheme.PLAIN.value: lazy("Of the house: prefix, ten digits, check"),
    NumberScheme.S10.value: lazy("UPU S10: RR 12345678 5 CN"),
    NumberScheme.SSCC.value: lazy("SSCC-18"),
}
ACTION_WORDS = {
    "create": lazy("Get the waybill"),
    "void": lazy("Give the waybill back"),
    "manifest": lazy("Tell what the lorry took"),
    "collect": lazy("Order a lorry"),
    "call_off": lazy("Call the lorry off"),
}
# What came of a row of a carrier's file: words, tone.
OUTCOMES = {
    "taken": (lazy("Taken"), "ok"),
    "doubtful": (lazy("Taken, but the number does not look like this carrier's"), "warn"),
    "already": (lazy("Was there already"), "idle"),
    "unknown": (lazy("No parcel has this reference here"), "stop"),
    "no_number": (lazy("This is no number"), "stop"),
    "twice": (lazy("Stands in the file more than once"), "stop"),
    "no_price": (lazy("Taken; its price cannot be read"), "warn"),
    "number_taken": (lazy("Another parcel has this number"), "stop"),
    "has_another": (lazy("The parcel has another number"), "stop"),
    "voided": (lazy("The parcel is void"), "stop"),
}
refusal_texts.explain("carrier_label", "label", label_words.PREFIX)

navigation.add(
    Entry(lazy("Carriers"), "office_carriers.index", "shipments", Permission.EXCEPTIONS_MANAGE, staff=True, order=260)
)


class CarrierForm(CodedSchema):
    code = Text(12, pattern="[A-Z0-9-]{2,12}", required=True)
    name = Text(80, required=True)
    kind = Choice(list(KINDS), required=True)
    number_format = Choice(list(FORMATS), load_default=None)
    label_at = Choice(["wave", "scale"], load_default="wave")


class ServiceForm(CodedSchema):
    code = Text(24, pattern="[A-Z0-9-]{2,24}", required=True)
    name = Text(40, required=True)
    warehouse = Text(16, load_default=None)
    label_width_mm = Whole(20, 300, load_default=100)
    label_height_mm = Whole(20, 300, load_default=150)


class RangeForm(CodedSchema):
    scheme = Choice([each.value for each in NumberScheme], required=True)
    prefix = Text(12, pattern="[A-Z0-9]{1,12}", required=True)
    country = Text(2, pattern="[A-Z]{2}", load_default=None)
    extension = Whole(0, 9, load_default=None)
    first_serial = Whole(0, 10**16, load_default=0)
    last_serial = Whole(0, 10**16, load_default=None)
    low_water = Whole(0, 10**9, load_default=1000)


@blueprint.get("")
@requires(Permission.EXCEPTIONS_MANAGE)
def index() -> str:
    return _index()


def _index(refusal: Refused | None = None) -> str:
    tasks = queries.open_tasks(actor())
    orders = order_numbers(row.subject_id for row in tasks if row.subject_kind == "order" and row.subject_id)
    return render_template(
        "office/carriers.html", tasks=tasks, orders=orders, carriers=queries.carriers_page(), kinds=KIND_WORDS,
        actions=ACTION_WORDS, why=fault_words, formats=list(FORMATS), stops=queries.TASK_STOPS, typed=request.form,
        **_told(refusal),
    )  # fmt: skip


def _told(refusal: Refused | None) -> dict[str, Any]:
    whole = show_refusal(refusal) if refusal is not None and not refusal.errors else None
    return {"errors": forms.field_messages(refusal), "refusal": whole}


def fault_words(task: CarrierTask) -> str:
    """Why a carrier did not do it."""
    return refusal_texts.translate(task.fault, task.facts or {}) if task.fault else ""


@blueprint.post("/tasks/<uuid:task_id>")
@requires(Permission.EXCEPTIONS_MANAGE)
def again(task_id: uuid.UUID) -> BaseResponse:
    """A person mended the cause: the carrier is asked again."""
    outcome = forms.run_form(
        "carriers.again", {"id": task_id}, lambda: shipping.ask_again(actor(), task_id), lambda made: {"id": made.id}
    )
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    else:
        flash(_("The carrier is asked again."), "ok")
    return redirect(url_for(".index"))


@blueprint.post("")
@requires(Permission.OPERATE)
def add() -> BaseResponse | tuple[str, int]:
    """A new carrier."""
    names = ("code", "name", "kind", "number_format", "label_at")
    loaded = forms.load_form(CarrierForm(), forms.given({name: forms.typed_text(name) for name in names}))

    def make() -> Carrier:
        assert not isinstance(loaded, Refused)  # noqa: S101 - else nothing is run
        after_scale = replace(KINDS[loaded["kind"]], needs_weight_before_label=loaded["label_at"] == "scale")
        return shipping.create_carrier(
            actor(), loaded["code"], loaded["name"], kind=loaded["kind"], capabilities=after_scale,
            number_format=loaded["number_format"],
        )  # fmt: skip

    outcome = _run("carriers.add", loaded, make, lambda made: {"id": made.id})
    if isinstance(outcome, Refused):
        return _index(outcome), 409
    return redirect(url_for(".detail", carrier_id=outcome.answer["id"]))


def _run(name: str, loaded: dict[str, Any] | Refused, use_case: Callable[[], Any], answer: Callable[[Any], Any]) -> Any:
    return loaded if isinstance(loaded, Refused) else forms.run_form(name, loaded, use_case, answer)


@blueprint.get("/<uuid:carrier_id>")
@requires(Permission.EXCEPTIONS_MANAGE)
def detail(carrier_id: uuid.UUID) -> str:
    return _detail(carrier_id)


def _detail(carrier_id: uuid.UUID, refusal: Refused | None = None, said: list[dict[str, Any]] | None = None) -> str:
    carrier = queries.load_carrier(carrier_id)
    account = next(account for each, account in queries.carriers_page() if each.id == carrier_id)
    houses = warehouses_seen(actor())
    offered = [service for service, each in queries.services_offered() if each.id == carrier_id]
    return render_template(
        "office/carrier.html", carrier=carrier, account=account, kinds=KIND_WORDS, services=offered, warehouses=houses,
        ranges=ranges_left(carrier_id), schemes=SCHEME_WORDS,
        house_codes={each.id: each.code for each in houses}, said=said, chosen=request.form.get("warehouse", ""),
        typed=request.form if refusal is not None else {}, outcomes=OUTCOMES,
        is_asked=carrier.kind in ASKED_BY_JOBS, answering=_answering(carrier),
        collections=collection_queries.collections_page(actor(), carrier_id=carrier_id), lorry_why=lorry_fault_words,
        collects=collections.takes_orders(carrier),
        waiting={each.code: len(queries.parcels_waiting_for_files(carrier_id, each.id, carrier_files.MOST_ROWS))
                 for each in houses} if carrier.kind == FILE else {},
        **_told(refusal),
    )  # fmt: skip


def _answering(carrier: Carrier) -> dict[str, Any] | None:
    """How it answered questions for its prices since yesterday; None for one that is asked for none."""
    if not queries.capabilities_of(carrier.id).can_rate:
        return None
    found = quotes.answering(carrier.id)
    return {
        "counts": found.counts, "kept": cost_queries.kept_to_quotes(carrier.id),
        "fault": refusal_texts.translate(found.fault, dict(found.facts)) if found.fault else "",
    }  # fmt: skip


@blueprint.post("/<uuid:carrier_id>/account")
@requires(Permission.OPERATE)
def connect(carrier_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    """Where a carrier's server is and who we are there. The token is never shown again, and no trace of it is kept."""
    url, token = forms.typed_text("base_url", 200) or "", forms.typed_text("token", 4000) or ""
    body = {"id": carrier_id, "url": url, "token": blind_index(token).hex()}
    outcome = forms.run_form(
        "carriers.connect", body, lambda: shipping.connect_carrier(actor(), carrier_id, url, token)
    )
    if isinstance(outcome, Refused):
        return _detail(carrier_id, outcome), 409
    flash(_("Saved."), "ok")
    return redirect(url_for(".detail", carrier_id=carrier_id))


@blueprint.post("/<uuid:carrier_id>/abilities")
@requires(Permission.OPERATE)
def abilities(carrier_id: uuid.UUID) -> BaseResponse:
    """What it does for orders that ask for it."""
    can = {name: request.form.get(name) == "1" for name in (*WISHES.values(), "can_rate", "can_collect")}
    outcome = forms.run_form(
        "carriers.abilities", {"id": carrier_id, **can}, lambda: shipping.set_abilities(actor(), carrier_id, **can)
    )
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    else:
        flash(_("Saved."), "ok")
    return redirect(url_for(".detail", carrier_id=carrier_id))


@blueprint.post("/<uuid:carrier_id>/services")
@requires(Permission.OPERATE)
def add_service(carrier_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    """One more service of a carrier, of one warehouse or all."""
    names = ("code", "name", "warehouse", "label_width_mm", "label_height_mm")
    loaded = forms.load_form(ServiceForm(), forms.given({name: forms.typed_text(name) for name in names}))

    def make() -> Any:
        assert not isinstance(loaded, Refused)  # noqa: S101 - else nothing is run
        house = warehouse_by_code(actor(), loaded["warehouse"]) if loaded["warehouse"] else None
        return shipping.add_service(
            actor(), carrier_id, loaded["code"], loaded["name"], warehouse_id=house.id if house else None,
            label_mm=(loaded["label_width_mm"], loaded["label_height_mm"]),
        )  # fmt: skip

    outcome = _run("carriers.add_service", loaded, make, lambda made: {"id": made.id})
    if isinstance(outcome, Refused):
        return _detail(carrier_id, outcome), 409
    flash(_("Saved."), "ok")
    return redirect(url_for(".detail", carrier_id=carrier_id))


@blueprint.post("/<uuid:carrier_id>/ranges")
@requires(Permission.OPERATE)
def add_range(carrier_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    """A further range of numbers that the carrier gave us (号段)."""
    names = ("scheme", "prefix", "country", "extension", "first_serial", "last_serial", "low_water")
    loaded = forms.load_form(RangeForm(), forms.given({name: forms.typed_text(name) for name in names}))

    def make() -> Any:
        assert not isinstance(loaded, Refused)  # noqa: S101 - else nothing is run
        form = NumberForm(loaded["scheme"], loaded["prefix"], loaded["country"], loaded["extension"])
        return shipping.add_number_range(
            actor(), carrier_id, form, first_serial=loaded["first_serial"], last_serial=loaded["last_serial"],
            low_water=loaded["low_water"],
        )  # fmt: skip

    outcome = _run("carriers.add_range", loaded, make, lambda made: {"id": made.id})
    if isinstance(outcome, Refused):
        return _detail(carrier_id, outcome), 409
    flash(_("Saved."), "ok")
    return redirect(url_for(".detail", carrier_id=carrier_id))


def _house(code: str) -> Warehouse:
    """By comparing, not by asking the database: a path may hold what no text of it can."""
    found = next((each for each in warehouses_seen(actor()) if each.code == code), None)
    if found is None:
        raise not_found("warehouse")
    return found


@blueprint.get("/<uuid:carrier_id>/parcels/<warehouse>")
@requires(Permission.EXCEPTIONS_MANAGE)
def parcels(carrier_id: uuid.UUID, warehouse: str) -> Response:
    """The table that the carrier gets: whom to bring what."""
    house = _house(warehouse)
    content = carrier_files.parcels_table(actor(), carrier_id, house.id)
    name = f"{queries.load_carrier(carrier_id).code}-{house.code}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, 200, headers, mimetype="text/csv")


@blueprint.post("/<uuid:carrier_id>/numbers")
@requires(Permission.EXCEPTIONS_MANAGE)
def numbers(carrier_id: uuid.UUID) -> str | tuple[str, int]:
    """The carrier's numbers for them. What fits is taken; what does not is told row by row."""
    queries.load_carrier(carrier_id)
    house = _house(forms.typed_text("warehouse") or "")
    try:
        rows = read_table(
            received_table("file"), carrier_files.SAID, carrier_files.MOST_ROWS, also=carrier_files.SAID_OF_PRICES
        )
    except Refused as refusal:
        return _detail(carrier_id, refusal), 422
    outcome = forms.run_form(
        "carriers.numbers", {"carrier": carrier_id, "warehouse": house.id, "rows": rows},
        lambda: carrier_files.take_numbers(actor(), carrier_id, house.id, rows),
        lambda said: [vars(each) for each in said],
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return _detail(carrier_id, outcome), 409
    count = sum(each["outcome"] in carrier_files.TAKEN for each in outcome.answer)
    flash(ngettext("%(num)s number taken.", "%(num)s numbers taken.", count), "ok" if count else "warn")
    return _detail(carrier_id, said=outcome.answer)
