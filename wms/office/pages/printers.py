"""Printers, benches and agents: what is there, how it is, what prints where. What is live looks again by itself."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from marshmallow import fields, validate
from werkzeug.wrappers import Response as BaseResponse

from wms.core.ids import parse_id
from wms.core.permissions import Permission
from wms.core.refusals import FieldError, Refused, invalid, invalid_fields
from wms.facility.queries import stations_seen, warehouse_by_code, warehouses_seen
from wms.office import print_queries
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.live import answer_live, live_tag
from wms.platform.pages import Entry, lazy, navigation, show_refusal
from wms.platform.schemas import Choice, CodedSchema, Text
from wms.printing import queries
from wms.printing import service as printing
from wms.printing.agent import VERSION
from wms.printing.models import Backend, Printer
from wms.printing.reasons import in_words
from wms.printing.service import DocumentDraft, PrinterDraft

blueprint = Blueprint("office_printers", __name__, url_prefix="/office/printers", template_folder="../templates")

HEALTH_WORDS = {
    "ready": (lazy("Ready"), "ok"),
    "busy": (lazy("Printing"), "info"),
    "stopped": (lazy("Stopped"), "stop"),
    "unreached": (lazy("Does not answer"), "stop"),
    "paused": (lazy("Paused here"), "hold"),
    "lost": (lazy("Agent is away"), "stop"),
    "unseen": (lazy("Not seen yet"), "idle"),
}
AGENT_WORDS = {
    "live": (lazy("There"), "ok"),
    "lost": (lazy("Away"), "stop"),
    "new": (lazy("Waits for its code"), "idle"),
    "revoked": (lazy("Revoked"), "stop"),
}
KIND_WORDS = {
    "waybill": lazy("Waybill"), "carton": lazy("Carton label"), "product": lazy("Product label"),
    "location": lazy("Bin label"), "tote": lazy("Tote label"), "station": lazy("Station sign"),
    "bag": lazy("Bag label"), "printer": lazy("Printer test"), "manifest": lazy("Load list"),
    "zone": lazy("Zone sign"), "pallet": lazy("Pallet label"), "put-wall": lazy("Put-wall slot"),
    "pick-list": lazy("Pick list"), "packing-slip": lazy("Packing slip"), "return": lazy("Return label"),
    "gate-pass": lazy("Gate pass"), "cart": lazy("Cart label"),
    "sheet": lazy("A4 sheets of labels"),
}  # fmt: skip
BACKENDS = {
    Backend.RAW: (lazy("Label printer, port 9100"), "socket://192.168.1.40:9100"),
    Backend.IPP: (lazy("IPP: CUPS queue or printer that takes PDF"), "ipp://192.168.1.41/ipp/print"),
    Backend.WINSPOOL: (lazy("Windows queue on the agent's PC"), "ZDesigner GK420d"),
    Backend.FILE: (lazy("Folder on the agent's PC"), "labels"),
}
BENCH_KINDS = (
    "waybill", "packing-slip", "bag", "pallet", "carton", "return", "product", "location", "tote", "cart", "put-wall",
    "station", "zone",
    "pick-list", "manifest", "gate-pass", "sheet", "printer",
)  # fmt: skip

navigation.add(
    Entry(lazy("Printers"), "office_printers.index", "printer", Permission.FACILITY_WRITE, staff=True, order=530)
)


class Length(fields.Float):
    """Millimetres as typed; a comma is a decimal point to half the world."""

    def __init__(self, least: float, most: float, **more: Any) -> None:
        super().__init__(validate=validate.Range(least, most, error="mm_range"), allow_nan=False, **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:
        return float(super()._deserialize(str(value).replace(",", "."), attr, data, **kwargs))


class PrinterForm(CodedSchema):
    """A printer as it is typed."""

    agent_id = fields.UUID(required=True)
    name = Text(40, required=True)
    backend = Choice([each.value for each in Backend], required=True)
    uri = Text(200, required=True)
    language = Choice(["zpl", "tspl", "pdf"], load_default="zpl")
    dpi = fields.Integer(required=True, validate=validate.OneOf([203, 300, 600], error="invalid"))
    width_mm = Length(10, 320, required=True)
    height_mm = Length(10, 460, required=True)
    offset_x_mm = Length(-10, 10, load_default=0.0)
    offset_y_mm = Length(-10, 10, load_default=0.0)


@blueprint.get("")
@requires(Permission.FACILITY_WRITE)
def index() -> str:
    return _page()


def _page(refusal: Refused | None = None, code: str | None = None) -> str:
    live, houses = _live(), warehouses_seen(actor())
    return render_template(
        "office/printers.html", live=Markup(live), etag=live_tag(live), code=code, warehouses=houses,  # noqa: S704
        stations=stations_seen(actor()), house_codes={each.id: each.code for each in houses}, kinds=KIND_WORDS,
        printers=print_queries.printers_seen(actor()),
        agents=print_queries.agents_seen(actor()), bindings=print_queries.bindings_seen(actor()), backends=BACKENDS,
        bench_kinds=BENCH_KINDS, errors=forms.field_messages(refusal),
        refusal=show_refusal(refusal) if refusal is not None and not refusal.errors else None,
        typed=request.form if code is None else {},
        server=request.host_url.rstrip("/"), wheel=url_for("print_agent_program.install"),
    )  # fmt: skip


@blueprint.get("/now")
@requires(Permission.FACILITY_WRITE)
def now() -> Response:
    """The live part of the page; 304 while it would show the same."""
    return answer_live(_live())


def _live() -> str:
    return render_template(
        "office/printers_now.html", printers=print_queries.printers_seen(actor()), health=HEALTH_WORDS,
        agents=print_queries.agents_seen(actor()), agent_words=AGENT_WORDS, reasons=in_words,
        newest=VERSION,
    )  # fmt: skip


@blueprint.get("/strip")
@requires(Permission.EXCEPTIONS_MANAGE)
def strip() -> Response:
    """For the supervisor's board: the printers that do not print now; nothing when all do."""
    return answer_live(printers_down())


def printers_down() -> Markup:
    """The alert that names them, or nothing."""
    down = [each for each in print_queries.printers_seen(actor()) if each.is_down]
    content = render_template("office/printers_strip.html", down=down, health=HEALTH_WORDS, reasons=in_words)
    return Markup(content)  # noqa: S704 - our own template's


@blueprint.post("/agents")
@requires(Permission.FACILITY_WRITE)
def add_agent() -> str | tuple[str, int]:
    """A new agent: its one-time code is in this page and nowhere else."""
    name, warehouse = forms.typed_text("name", 40), forms.typed_text("warehouse", 16)
    if name is None or warehouse is None:
        return _page(invalid("/agent_name" if name is None else "/warehouse", "required")), 422
    return _issued(
        "printing.add_agent", {"name": name, "warehouse": warehouse},
        lambda: printing.add_agent(actor(), warehouse_by_code(actor(), warehouse).id, name),
    )  # fmt: skip


@blueprint.post("/agents/<uuid:agent_id>/code")
@requires(Permission.FACILITY_WRITE)
def renew_code(agent_id: uuid.UUID) -> str | tuple[str, int]:
    """A new one-time code, for a machine that is set up anew."""
    return _issued("printing.renew_code", {"agent": agent_id}, lambda: printing.renew_code(actor(), agent_id))


def _issued(name: str, body: object, use_case: Callable[[], Any]) -> str | tuple[str, int]:
    """Run a command whose result is shown once; its stored answer has the id only."""
    made: list[Any] = []

    def keep() -> Any:
        made.append(use_case())
        return made[-1]

    outcome = forms.run_form(name, body, keep, lambda issued: {"id": issued.id})
    if isinstance(outcome, Refused):
        return _page(outcome), 422
    if outcome.replayed:
        flash(_("That code was shown before. Make a new one if it was not seen."), "warn")
        return _page()
    return _page(code=made[-1].text)


@blueprint.post("/agents/<uuid:agent_id>/revoke")
@requires(Permission.FACILITY_WRITE)
def revoke(agent_id: uuid.UUID) -> BaseResponse:
    return _done("printing.revoke", {"agent": agent_id}, lambda: printing.revoke_agent(actor(), agent_id),
                 _("The agent is shut out."))  # fmt: skip


@blueprint.post("/printers")
@requires(Permission.FACILITY_WRITE)
def add() -> BaseResponse | tuple[str, int]:
    outcome = _save(None)
    if isinstance(outcome, Refused):
        return _page(outcome), 422
    flash(_("The printer is set up. Print a test label."), "ok")
    return redirect(url_for(".edit", printer_id=outcome.answer["id"]), 303)


@blueprint.get("/<uuid:printer_id>")
@requires(Permission.FACILITY_WRITE)
def edit(printer_id: uuid.UUID) -> str:
    return _edit(queries.load_printer(actor(), printer_id))


def _edit(printer: Printer, refusal: Refused | None = None) -> str:
    stored = {name: getattr(printer, name) for name in PrinterForm().fields}
    shown = {name: f"{value:g}" if isinstance(value, float) else value for name, value in stored.items()}
    return render_template(
        "office/printer.html", printer=printer, typed=shown if refusal is None else request.form,
        backends=BACKENDS, errors=forms.field_messages(refusal),
        agents=[each for each in print_queries.agents_seen(actor()) if each[1].id == printer.warehouse_id],
        refusal=show_refusal(refusal) if refusal is not None and not refusal.errors else None,
        seen=next(each for each in print_queries.printers_seen(actor()) if each.printer.id == printer.id),
        health=HEALTH_WORDS, reasons=in_words,
    )  # fmt: skip


@blueprint.post("/<uuid:printer_id>")
@requires(Permission.FACILITY_WRITE)
def save(printer_id: uuid.UUID) -> BaseResponse | tuple[str, int]:
    printer = queries.load_printer(actor(), printer_id)
    outcome = _save(printer_id)
    if isinstance(outcome, Refused):
        return _edit(printer, outcome), 422
    flash(_("Saved."), "ok")
    return redirect(url_for(".edit", printer_id=printer_id), 303)


def _save(printer_id: uuid.UUID | None) -> forms.Outcome:
    typed = forms.given({name: forms.typed_text(name) for name in PrinterForm().fields})
    body = forms.load_form(PrinterForm(), typed)
    if isinstance(body, Refused):
        return body
    draft = PrinterDraft(**body)
    return forms.run_form(
        "printing.save_printer", {"printer": printer_id, **body},
        lambda: printing.save_printer(actor(), draft, printer_id), lambda printer: {"id": printer.id},
    )  # fmt: skip


@blueprint.post("/<uuid:printer_id>/pause")
@requires(Permission.FACILITY_WRITE)
def pause(printer_id: uuid.UUID) -> BaseResponse:
    paused = request.form.get("paused") == "1"
    words = _("Nothing is sent there until it goes on.") if paused else _("It goes on.")
    return _done("printing.pause", {"printer": printer_id, "paused": paused},
                 lambda: printing.pause_printer(actor(), printer_id, paused=paused), words)  # fmt: skip


@blueprint.post("/<uuid:printer_id>/test")
@requires(Permission.FACILITY_WRITE)
def test_label(printer_id: uuid.UUID) -> BaseResponse:
    """A test label: made, then sent there as soon as it is."""
    printer = queries.load_printer(actor(), printer_id)
    draft = DocumentDraft("printer", "printer", printer.id, size_mm=(printer.width_mm, printer.height_mm))

    def use_case() -> object:
        (bundle_id,) = printing.request_documents(actor(), printer.warehouse_id, [draft])
        return printing.print_when_made(actor(), bundle_id, printer.id)

    return _done("printing.test_label", {"printer": printer_id}, use_case, _("The test label is on its way."),
                 url_for(".edit", printer_id=printer_id))  # fmt: skip


@blueprint.post("/bindings")
@requires(Permission.FACILITY_WRITE)
def bind() -> BaseResponse | tuple[str, int]:
    """A bench prints a kind of label on a printer from now on."""
    station, printer = (parse_id(request.form.get(name, "")) for name in ("station", "printer"))
    fallback, kind = parse_id(request.form.get("fallback", "")), forms.typed_text("kind", 12) or ""
    outcome: forms.Outcome
    if station is None or printer is None:
        lacking = [name for name, chosen in (("station", station), ("printer", printer)) if chosen is None]
        outcome = invalid_fields([FieldError(f"/{name}", "required", {}) for name in lacking])
    else:
        outcome = forms.run_form(
            "printing.bind", {"station": station, "printer": printer, "fallback": fallback, "kind": kind},
            lambda: printing.bind_station(actor(), station, kind, printer, fallback),
        )  # fmt: skip
    if isinstance(outcome, Refused):
        return forms.shown_again(forms.at_fields(outcome, {"media_differs": "fallback"}), "bind", ".index")
    flash(_("The bench prints there now."), "ok")
    return redirect(url_for(".index"), 303)


@blueprint.post("/bindings/<uuid:binding_id>/remove")
@requires(Permission.FACILITY_WRITE)
def unbind(binding_id: uuid.UUID) -> BaseResponse:
    return _done("printing.unbind", {"binding": binding_id}, lambda: printing.unbind_station(actor(), binding_id),
                 _("The bench prints these in its browser again."))  # fmt: skip


def _done(name: str, body: object, use_case: Callable[[], Any], words: str, where: str = "") -> BaseResponse:
    """A command of a single button, then the page it came from with what came of it."""
    outcome = forms.run_form(name, body, use_case)
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    else:
        flash(words, "ok")
    return redirect(where or url_for(".index"), 303)
