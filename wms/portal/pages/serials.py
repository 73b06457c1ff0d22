"""The life of a serial number: asked for by the number, told step by step."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask_babel import gettext as _

from wms.core.permissions import Permission
from wms.inventory import serial_lives
from wms.inventory.queries import Scope
from wms.inventory.words import CONDITION_WORDS
from wms.outbound.queries import order_numbers
from wms.platform.access import actor, requires
from wms.platform.pages import lazy, state_labels
from wms.portal import queries
from wms.portal.pages.stock import PARTY_WORDS, REASON_WORDS

blueprint = Blueprint("portal_serials", __name__, url_prefix="/portal/stock/serials", template_folder="../templates")

state_labels["serial"] = {
    "in_stock": (lazy("In stock"), "ok"), "shipped": (lazy("Shipped"), "info"), "void": (lazy("Not in stock"), "idle"),
}  # fmt: skip


@blueprint.get("")
@requires(Permission.STOCK_READ)
def index() -> str:
    number = request.args.get("q", "").strip()[:40]
    found = serial_lives.lives(Scope.of(actor()), number) if number else []
    about = [(each["subject_kind"], each["subject_id"]) for each in found]
    about += [(step.subject_kind, step.subject_id) for each in found for step in each["steps"]]
    return render_template(
        "portal/serials.html", search=number, found=found, reasons=REASON_WORDS, parties=PARTY_WORDS,
        conditions=CONDITION_WORDS, orders=order_numbers(key for kind, key in about if kind == "order" and key),
        bookings=queries.bookings_of_cartons({key for kind, key in about if kind == "carton" and key}),
        none=_("No unit with this number"),
    )  # fmt: skip
