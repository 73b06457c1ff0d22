"""The bench's printer on the tablet: how it is, in the bar above every screen, and which way a label goes from here."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, render_template

from wms.core.actor import Actor
from wms.core.ids import parse_id
from wms.core.permissions import Permission
from wms.outbound.packing_slips import SIZES, request_packing_slip
from wms.platform.access import actor, requires
from wms.platform.database import session
from wms.platform.live import answer_live
from wms.platform.pages import lazy
from wms.printing import queries
from wms.printing import service as printing
from wms.printing.models import LabelDocument, LabelKind, PrintJob
from wms.printing.queries import LastPrint
from wms.printing.reasons import first_in_words
from wms.printing.rules import PRINTS, Health

blueprint = Blueprint("floor_printer", __name__, url_prefix="/floor/printer", template_folder="templates")

# Why a printer does not print, in the few words that a bar has room for.
WORDS = {
    Health.READY: lazy("ready"),
    Health.BUSY: lazy("printing"),
    Health.STOPPED: lazy("stopped"),
    Health.UNREACHED: lazy("does not answer"),
    Health.PAUSED: lazy("paused"),
    Health.LOST: lazy("its PC is away"),
    Health.UNSEEN: lazy("never seen"),
}


@blueprint.get("")
@requires(Permission.FLOOR_WORK)
def now() -> Response:
    """The state of this bench's printers; the tablet asks every few seconds, and 304 while it is the same."""
    return answer_live(render_template("floor/printer.html", printers=printers_of_bench(actor())))


def printers_of_bench(found: Actor) -> list[dict[str, str]]:
    """{label, tone} of each printer that this login's bench prints on first; the fallbacks are only for need."""
    station_id = station_of(found)
    bindings = queries.bindings_of(station_id) if station_id else []
    known = queries.printers_of([binding.printer_id for binding in bindings])
    return [
        {"label": f"{printer.name}: {_words(health, printer.reasons)}", "tone": "ok" if health in PRINTS else "stop"}
        for printer, health in known.values()
    ]


def _words(health: Health, reasons: str) -> str:
    why = first_in_words(reasons) if health is Health.STOPPED else ""
    return why or str(WORDS[health])


def station_of(found: Actor) -> uuid.UUID | None:
    return parse_id(found.extra.get("station_id", ""))


def way_of(found: Actor, label: LastPrint) -> dict[str, Any]:
    """Where a label prints or waits: `printer` (None: the browser), how that is, and the other one that would print it."""
    if not label.has_printer:
        return {"printer": None}
    job = session().get(PrintJob, label.job_id) if label.job_id else None
    if job is None or job.printer_id is None:
        chosen = queries.choose_printer(station_of(found), session().get_one(LabelDocument, label.document_id))
        return {"printer": chosen.name if chosen else None}
    printer, health = queries.printers_of([job.printer_id])[job.printer_id]
    other = queries.fallback_of(job)
    return {
        "printer": printer.name, "prints": health in PRINTS, "state": _words(health, printer.reasons),
        "other_id": _id(other.id if other else None), "other": other.name if other else None,
    }  # fmt: skip


def print_or_show(found: Actor, bundle_id: uuid.UUID) -> dict[str, Any]:
    """Print what is being made on this bench's printer for it, as soon as it is made. {bundle, printer}: the file's id, and
    the printer's (None: the file is to be opened).
    """
    document = queries.documents_of(bundle_id)[0]
    printer = queries.choose_printer(station_of(found), document)
    if printer is not None:
        printing.print_when_made(found, bundle_id, printer.id)
    return {"bundle": bundle_id, "printer": printer.id if printer else None}


def _slip_sizes(found: Actor) -> list[str]:
    """The sizes that this bench's printers for packing slips are loaded with, of those that slips are drawn in."""
    station_id = station_of(found)
    media = [
        f"{binding.width_mm:g}x{binding.height_mm:g}"
        for binding in (queries.bindings_of(station_id) if station_id else [])
        if binding.kind == LabelKind.PACKING_SLIP
    ]
    return [each for each in media if each in SIZES]


def slip_size(found: Actor) -> str:
    """The size in which this bench prints packing slips: that of its printer for them, else A4."""
    return (_slip_sizes(found) or list(SIZES))[0]


def print_slip_once(found: Actor, order_id: uuid.UUID) -> None:
    """An order that gets a packing slip is opened at the bench: printed by itself the first time. A file that its seller had
    made is no paper: it counts only where the bench has no printer for slips.
    """
    own = _slip_sizes(found)
    made = order_id in queries.newest_documents(LabelKind.PACKING_SLIP, "order", [order_id])
    if not made or (own and not queries.was_sent(LabelKind.PACKING_SLIP, "order", order_id)):
        print_or_show(found, request_packing_slip(found, order_id, (own or list(SIZES))[0]))


def _id(value: uuid.UUID | None) -> str | None:
    return str(value) if value else None
