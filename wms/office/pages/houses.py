"""Warehouses as an operator sets them up: the building, its benches and totes, the cards that hang in it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from itertools import count, islice
from typing import Any
from zoneinfo import available_timezones

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as BaseResponse

from labels import CommandCard, SelfTestCard, render_bundle
from wms.core.barcodes import COMMANDS, SCANNER_TEST
from wms.core.money import EXPONENTS
from wms.core.permissions import Permission
from wms.core.refusals import FieldError, Refused, invalid, invalid_fields
from wms.facility import queries as facility
from wms.facility import service as building
from wms.facility.models import HandlingUnitKind, LocationKind, Warehouse, WarehouseKind
from wms.office import house_queries as queries
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.pages import Entry, lazy, navigation, show_refusal
from wms.platform.schemas import Choice, CodedSchema, Count, Text
from wms.printing import service as printing
from wms.printing.designs.choice import house_templates
from wms.printing.label_files import sizes_of, to_files
from wms.printing.models import LabelKind
from wms.printing.service import DocumentDraft
from wms.printing.unit_labels import code_on_label
from wms.shipping.queries import services_offered
from wms.shipping.service import ensure_house_carrier

blueprint = Blueprint("office_houses", __name__, url_prefix="/office/warehouses", template_folder="../templates")
HOUSE_WORDS = {"overseas": lazy("Overseas"), "bonded": lazy("Bonded"), "general": lazy("General")}
BEFORE_WORDS = {"nothing": lazy("Nothing"), "pick": lazy("Picking"), "pack": lazy("Picking and packing")}
REGIMES = ["1210", "1239", "9610"]
# Where a bench may stand: places that every warehouse has.
BENCH_PLACES = {
    "packing": lazy("Packing"),
    "dock": lazy("Dock"),
    "returns": lazy("Returns"),
    "inspection": lazy("Inspection"),
}
# What is printed on a card under its command; the tablets say the same.
CARD_WORDS = {
    "OK": lazy("Done, go on"), "UNDO": lazy("Take the last scan back"), "SKIP": lazy("Later, the next one first"),
    "SHORT": lazy("Less here than asked for"), "FULL": lazy("All as announced, or the tote is full"),
    "EMPTY": lazy("The bin is empty"), "NOTEMPTY": lazy("Something is still in the bin"), "SCRAP": lazy("To be destroyed"),
    "PRINT": lazy("Print the label"), "REPRINT": lazy("Print the label again"), "DAMAGE": lazy("Damaged"),
    "NOLABEL": lazy("No readable code on it"), "MIXED": lazy("Different goods in one carton"),
    "WHOLE": lazy("The carton as it is, unopened"), "HELP": lazy("Call somebody"),
    "BACK": lazy("One step back"), "LOGOUT": lazy("Lock the tablet"),
}  # fmt: skip
MOST_UNITS = 200
MOST_TOTES_ON_CART, USUAL_TOTES = 40, 12
MOST_OF_CARTS = 20
UNIT_WORDS = {
    "tote": lazy("Totes"),
    "cart": lazy("Carts with their totes"),
    "pallet": lazy("Pallets"),
    "carton": lazy("Cartons"),
}

navigation.add(
    Entry(lazy("Warehouses"), "office_houses.index", "warehouse", Permission.FACILITY_WRITE, staff=True, order=600)
)


class HouseForm(CodedSchema):
    """A warehouse as it is typed. `site` is the code of a building; a new one needs `site_name`."""

    code = Text(16, required=True)
    name = Text(120, required=True)
    kind = Choice([kind.value for kind in WarehouseKind], required=True)
    site = Text(16, required=True)
    site_name = Text(120, load_default=None)
    country = Text(2, required=True)
    time_zone = Text(40, required=True)
    currency = Text(3, required=True)
    regime = Choice(REGIMES, load_default=None)
    before_release = Choice(list(BEFORE_WORDS), load_default="nothing")


class BenchForm(CodedSchema):
    code = Text(16, required=True)
    name = Text(80, required=True)
    place = Choice(list(BENCH_PLACES), required=True)


class UnitsForm(CodedSchema):
    """So many containers more; totes stand where totes are kept, others in a bin of `bin`."""

    kind = Choice(list(UNIT_WORDS), load_default=HandlingUnitKind.TOTE.value)
    prefix = Text(8, load_default="", pattern=r"[A-Z0-9.-]*")
    count = Count(1, MOST_UNITS, required=True)
    bin = Text(24, load_default=None)
    totes = Count(1, MOST_TOTES_ON_CART, load_default=USUAL_TOTES)  # on each cart


@blueprint.get("")
@requires(Permission.FACILITY_WRITE)
def index() -> str:
    return _list_page()


def _list_page(refusal: Refused | None = None) -> str:
    return render_template(
        "office/houses.html", houses=queries.houses_seen(actor()), sites=facility.sites(), typed=request.form,
        errors=forms.field_messages(refusal), refusal=_told(refusal), kinds=HOUSE_WORDS, before=BEFORE_WORDS, regimes=REGIMES,
        zones=sorted(zone for zone in available_timezones() if "/" in zone), currencies=sorted(EXPONENTS),
        is_carried=bool(services_offered(None)),
    )  # fmt: skip


@blueprint.post("")
@requires(Permission.FACILITY_WRITE)
def create() -> BaseResponse | tuple[str, int]:
    """A warehouse, with its building if that is new."""
    names = (
        "code",
        "name",
        "kind",
        "site",
        "site_name",
        "country",
        "time_zone",
        "currency",
        "regime",
        "before_release",
    )
    typed = {name: forms.typed_text(name) for name in names}
    for name in ("code", "site", "country", "currency"):
        typed[name] = (typed[name] or "").upper()
    body = forms.load_form(HouseForm(), forms.given(typed))
    outcome = body if isinstance(body, Refused) else forms.run_form(
        "facility.create_warehouse", body, lambda: _create(body), lambda made: {"id": made.id}
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return _list_page(outcome), 422
    flash(_("The warehouse is there. Give it benches, totes and bins."), "ok")
    return redirect(url_for(".detail", warehouse_id=outcome.answer["id"]))


def _create(body: Mapping[str, Any]) -> Warehouse:
    site = facility.site_by_code(body["site"])
    if site is None:
        if not body["site_name"]:
            raise invalid("/site_name", "required")
        site = building.create_site(actor(), body["site"], body["site_name"], body["country"])
    return building.create_warehouse(
        actor(), site.id, body["code"], body["name"], WarehouseKind(body["kind"]), country=body["country"],
        time_zone=body["time_zone"], currency=body["currency"], regime=body["regime"],
        before_release=body["before_release"],
    )  # fmt: skip


@blueprint.get("/<uuid:warehouse_id>")
@requires(Permission.FACILITY_WRITE)
def detail(warehouse_id: uuid.UUID) -> str:
    return _detail_page(facility.load_warehouse(actor(), warehouse_id))


def _detail_page(house: Warehouse, refusal: Refused | None = None) -> str:
    return render_template(
        "office/house.html", house=house, benches=facility.stations_of(house.id), totes=queries.totes_of(house.id),
        units=queries.units_of(house.id), carts=queries.carts_of(house.id),
        usual_totes=USUAL_TOTES, unit_kinds=UNIT_WORDS, sizes=sizes_of, zones=queries.zones_of(house.id),
        typed=request.form, errors=forms.field_messages(refusal), refusal=_told(refusal), kinds=HOUSE_WORDS,
        before=BEFORE_WORDS, places=BENCH_PLACES, most=MOST_UNITS,
    )  # fmt: skip


def _told(refusal: Refused | None) -> str | None:
    return show_refusal(refusal) if refusal is not None and not refusal.errors else None


@blueprint.post("/<uuid:warehouse_id>/benches")
@requires(Permission.FACILITY_WRITE)
def add_bench(warehouse_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    house = facility.load_warehouse(actor(), warehouse_id)
    typed = {name: forms.typed_text(name) for name in ("code", "name", "place")}
    body = forms.load_form(BenchForm(), forms.given(typed | {"code": (typed["code"] or "").upper()}))
    outcome = body if isinstance(body, Refused) else forms.run_form(
        "facility.create_station", {"warehouse": warehouse_id, **body},
        lambda: building.create_station(
            actor(), warehouse_id, body["code"], body["name"],
            facility.system_location(warehouse_id, LocationKind(body["place"])).id,
        ),
        lambda made: {"id": made.id},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return _detail_page(house, outcome), 422
    flash(_("The bench is there."), "ok")
    return redirect(url_for(".detail", warehouse_id=warehouse_id))


@blueprint.post("/<uuid:warehouse_id>/units")
@requires(Permission.FACILITY_WRITE)
def add_units(warehouse_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    """So many more totes, pallets or cartons, numbered on, and their labels."""
    house = facility.load_warehouse(actor(), warehouse_id)
    typed = {
        "kind": forms.typed_text("kind"),
        "count": forms.typed_number("count"),
        "totes": forms.typed_number("totes"),
    }
    typed |= {name: (forms.typed_text(name) or "").upper() for name in ("prefix", "bin")}
    body = forms.load_form(UnitsForm(), forms.given(typed))
    outcome = body if isinstance(body, Refused) else forms.run_form(
        "facility.create_units", {"warehouse": warehouse_id, **body},
        lambda: _make_units(house, body), lambda bundles: {"bundles": bundles},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return _detail_page(house, outcome), 422
    flash(ngettext("%(num)s container is there.", "%(num)s containers are there.", int(typed["count"] or 0)), "ok")
    return to_files(outcome.answer["bundles"])


def _make_units(house: Warehouse, body: Mapping[str, Any]) -> Sequence[uuid.UUID]:
    kind, prefix = HandlingUnitKind(body["kind"]), body["prefix"]
    if kind is HandlingUnitKind.CART and body["count"] > MOST_OF_CARTS:
        raise invalid("/count", "too_large", max=MOST_OF_CARTS)
    place = _place_of_units(house, kind, body["bin"])
    taken = queries.unit_codes(house.id, prefix)
    numbers = (f"{prefix}{number:04}" for number in count(1))
    codes = islice((code for code in numbers if code not in taken), body["count"])
    drafts: list[DocumentDraft] = []
    for code in codes:
        unit = building.create_handling_unit(actor(), house.id, kind, code, place)
        drafts.append(DocumentDraft(UNIT_LABELS[kind], "handling_unit", unit.id, barcode=code_on_label(unit.barcode)))
        for number in range(1, body["totes"] + 1 if kind is HandlingUnitKind.CART else 1):
            tote = building.create_handling_unit(actor(), house.id, HandlingUnitKind.TOTE, f"{code}-{number:02}", place)
            drafts.append(DocumentDraft(LabelKind.TOTE, "handling_unit", tote.id, barcode=tote.barcode))
    return printing.request_documents(actor(), house.id, drafts)


UNIT_LABELS = {
    HandlingUnitKind.TOTE: LabelKind.TOTE, HandlingUnitKind.CART: LabelKind.CART,
    HandlingUnitKind.PALLET: LabelKind.PALLET, HandlingUnitKind.CARTON: LabelKind.PALLET,
}  # fmt: skip


def _place_of_units(house: Warehouse, kind: HandlingUnitKind, typed: str | None) -> uuid.UUID:
    """Totes and carts where totes are kept; others in the bin that was typed, else at the dock."""
    if kind in (HandlingUnitKind.TOTE, HandlingUnitKind.CART):
        return facility.system_location(house.id, LocationKind.TOTE).id
    if not typed:
        return facility.system_location(house.id, LocationKind.DOCK).id
    found = facility.location_by_code(house.id, typed)
    if found is None:
        raise invalid_fields([FieldError("/bin", "bin_unknown", {"code": typed})])
    return found.id


@blueprint.post("/carrier")
@requires(Permission.FACILITY_WRITE)
def use_house_carrier() -> BaseResponse:
    """The carrier that comes with the system: numbers of its own, a standard service, no contract with anybody."""
    outcome = forms.run_form(
        "shipping.house_carrier", {}, lambda: ensure_house_carrier(actor()), lambda made: {"id": made.id}
    )
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    else:
        flash(_("Orders may now name the service HOUSE-STD."), "ok")
    return redirect(url_for(".index"))


@blueprint.get("/cards.pdf")
@requires(Permission.FACILITY_WRITE)
def cards() -> Response:
    """A card for each command that may be scanned instead of tapped, and the scanner's self-test; in the reader's words."""
    wanted = [
        CommandCard(command=name, barcode=f"CMD-{name}", explanation=str(CARD_WORDS[name])) for name in sorted(COMMANDS)
    ]
    pages = render_bundle(
        [*wanted, SelfTestCard(barcode=SCANNER_TEST)], templates=house_templates(["command", "self-test"])
    )
    return Response(
        pages.pdf, mimetype="application/pdf", headers={"Content-Disposition": 'inline; filename="cards.pdf"'}
    )
