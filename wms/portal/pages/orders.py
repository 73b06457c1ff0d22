"""Orders: list, one with its way and its parcels, a new one, cancelling."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.catalog.queries import pictures_of
from wms.core.permissions import Permission
from wms.core.refusals import Refused
from wms.facility.models import Warehouse
from wms.facility.queries import load_warehouse, warehouses_seen
from wms.identity.queries import sellers_seen
from wms.inventory.words import CONDITION_WORDS
from wms.outbound import queries as outbound
from wms.outbound.kinds import pick_up
from wms.outbound.models import Order
from wms.outbound.routing import service as routing
from wms.outbound.routing.queries import is_routed
from wms.outbound.routing.words import WHY_NOT_WORDS, WHY_WORDS
from wms.outbound.rules import DESTRUCTION, TRANSFER, WITHOUT_BUYER
from wms.outbound.schemas import CANCEL_REASONS, CONDITIONS, OrderIn
from wms.outbound.service import bench_photos
from wms.outbound.service import orders as service
from wms.outbound.service.intake import AcceptedOrder
from wms.outbound.words import FILL_WORDS, KIND_WORDS
from wms.outbound.workflow import ORDER
from wms.platform import forms, uploads
from wms.platform.access import actor, requires
from wms.platform.pages import Entry, lazy, navigation, show_instant, show_kilograms, show_refusal, state_label
from wms.portal import queries
from wms.portal.pages import order_extras, order_labels, order_papers, order_parts, order_stops, order_ways
from wms.portal.tables import ListView
from wms.shipping.cost_queries import CostsOfShipment, costs_of
from wms.shipping.models import Parcel, ParcelRate
from wms.shipping.pages import page_of
from wms.shipping.queries import live_parcels, rates_of, services_offered, shipment_of, ways

blueprint = Blueprint("portal_orders", __name__, url_prefix="/portal/orders", template_folder="../templates")
TAB_WORDS = {
    "all": lazy("All"), "open": lazy("Unfinished"), "short": lazy("Waiting for stock"), "customs": lazy("At customs"),
    "work": lazy("In the warehouse"), "shipped": lazy("Shipped"), "cancelled": lazy("Cancelled"),
}  # fmt: skip
REASON_WORDS = {
    "buyer_cancelled": lazy("The buyer cancelled"), "duplicate": lazy("It is a duplicate"),
    "address_problem": lazy("The address is wrong"), "out_of_stock": lazy("No stock"), "billing": lazy("Billing"),
    "joined": lazy("It goes with its first part again"), "other": lazy("Another reason"),
}  # fmt: skip
EVENT_WORDS = {
    "order.accepted": lazy("Accepted"), "order.promised": lazy("Stock reserved"),
    "order.short": lazy("Waiting for stock"), "order.customs_released": lazy("Released by customs"),
    "order.packed": lazy("Packed"), "order.shipped": lazy("Handed over"), "order.cancelled": lazy("Cancelled"),
    "order.destroyed": lazy("Destroyed"), "order.split": lazy("Split: the rest is a back order"),
    "order.changed": lazy("Changed"), "order.held": lazy("On hold"), "order.hold_ended": lazy("Hold ended"),
    "order.interception_requested": lazy("Interception asked for"),
    "order.interception_answered": lazy("Interception answered"),
    "order.pick_up_collected": lazy("Picked up"),
    "order.pick_up_overdue": lazy("Nobody came for it in time"),
    "order.transfer_sent": lazy("On its way to the other warehouse"),
    "order.transfer_taken_back": lazy("Taken off the load"),
    "order.transfer_booked": lazy("Expected by the other warehouse"),
    "order.transfer_settled": lazy("Received through by the other warehouse"),
}  # fmt: skip
EVENT_TONES = {
    "order.short": "warn", "order.cancelled": "idle", "order.held": "hold", "order.interception_requested": "hold",
}  # fmt: skip
CONSIGNEE = (
    "name", "company", "phone", "email", "country", "state", "city", "district", "postcode", "address1", "address2",
    "address3", "id_number", "vat_id", "eori",
)  # fmt: skip
OWN_FORMS = {TRANSFER}  # kinds that have a page of their own
EMPTY_LINE = dict.fromkeys(("sku", "quantity", "unit_value", "batch", "condition", "container", "fnsku"), "")
FBA_FIELDS = ("shipment_id", "reference_id", "centre")

navigation.add(Entry(lazy("Orders"), "portal_orders.index", "orders", Permission.ORDERS_READ, order=210, phone=True))


@blueprint.get("")
@requires(Permission.ORDERS_READ)
def index() -> str:
    view = ListView.of_request(queries.ORDER_TABS)
    rows, following = queries.orders_page(actor(), view.tab, view.search, view.cursor)
    counts = queries.open_counted(actor(), "outbound_order")
    tabs = view.tabs(TAB_WORDS, queries.ORDER_TABS, counts, queries.ENDS["outbound_order"])
    return render_template("portal/orders.html", rows=rows, view=view, tabs=tabs, paging=view.paging(following))


@blueprint.get("/<uuid:order_id>")
@requires(Permission.ORDERS_READ)
def detail(order_id: uuid.UUID) -> str:
    order = service.load_order(actor(), order_id)
    warehouse = load_warehouse(actor(), order.warehouse_id)
    shown = outbound.order_detail(order)
    may_cancel = actor().may(Permission.ORDERS_WRITE) and ORDER.permitted("cancel", order.state)
    return render_template(
        "portal/order.html", pick_up_code=pick_up.code_for(actor(), order.id),
        order=shown, pictures=pictures_of(order.owner_id, shown["lines"]), warehouse=warehouse, steps=_steps(order),
        ways=ways([parcel.id for parcel in live_parcels(order.shipment_id)]) if order.shipment_id else [],
        page_of=page_of, choice=_choice(order), rates=_rates(order), costs=_costs(order), photos=bench_photos.of_order(order.id),
        history=_history(order, warehouse), reasons=[(code, REASON_WORDS[code]) for code in CANCEL_REASONS],
        reason_words=REASON_WORDS, may_cancel=may_cancel,
        may_change=actor().may(Permission.ORDERS_WRITE) and outbound.changeable_now(order),
        fill_words=FILL_WORDS, kind_words=KIND_WORDS, extras=order_extras.WORDS, conditions=CONDITION_WORDS,
        why_words=WHY_WORDS, why_not_words=WHY_NOT_WORDS, **order_stops.shown(order),
        **order_ways.shown(order), **order_papers.shown(order), **order_labels.shown(order), **order_parts.shown(order),
        may_return=actor().may(Permission.RETURNS_WRITE) and order.state == "shipped"
        and order.kind not in {DESTRUCTION, TRANSFER},
    )  # fmt: skip


def _choice(order: Order) -> dict[str, Any] | None:
    """Why the order goes with this service, where the system chose; for staff."""
    shipment = shipment_of("order", order.id) if actor().is_staff else None
    return None if shipment is None else shipment.choice


def _rates(order: Order) -> list[tuple[Parcel, ParcelRate]]:
    """What its parcels cost by the carrier's table, once their lorry has left; for staff."""
    return rates_of(order.shipment_id) if order.shipment_id is not None and actor().is_staff else []


def _costs(order: Order) -> CostsOfShipment | None:
    """What its waybills cost by the carrier's word; for staff, and for its seller where the operator lets it."""
    shipment = shipment_of("order", order.id)
    return None if shipment is None else costs_of(actor(), shipment)


def _history(order: Order, warehouse: Warehouse) -> list[dict[str, Any]]:
    """What was announced about the order, newest first; it is announced as accepted after its promise."""
    entries = []
    for event in sorted(queries.events_of("order", order.id), key=lambda event: event.name != "order.accepted"):
        note = show_kilograms(event.data["weight_g"]) if event.data.get("weight_g") else ""
        if event.name == "order.cancelled":
            note = str(REASON_WORDS.get(event.data.get("reason", ""), ""))
        if event.name in {"order.held", "order.hold_ended"}:
            note = str(order_stops.HOLD_WORDS.get(event.data["reason"], ""))
        if event.name == "order.changed":
            note = ", ".join(str(order_extras.FIELD_WORDS[name]) for name in event.data["what"].split(","))
        if event.name == "order.interception_answered":
            note = state_label(event.data["state"], "interception")
        entries.append(
            {
                "what": EVENT_WORDS.get(event.name, event.name),
                "when": show_instant(event.occurred_at, warehouse.time_zone),
                "iso": event.occurred_at.isoformat(),
                "note": note,
                "tone": EVENT_TONES.get(event.name, "ok"),
            }
        )
    return entries[::-1]


def _steps(order: Order) -> list[dict[str, Any]]:
    """The stages of the order side by side; the present one is marked."""
    reached = {
        "short": 0,
        "awaiting_customs": 1,
        "promised": 2,
        "waved": 2,
        "picking": 2,
        "picked": 3,
        "packed": 4,
        "shipped": 5,
    }
    stages = [_("Accepted"), _("Stock reserved"), _("Customs"), _("Picked"), _("Packed"), _("Handed over")]
    now = reached.get(order.state, -1)
    entries = []
    for place, what in enumerate(stages):
        tone = "ok" if place <= now else "idle"
        if place == now + 1 and order.state != "cancelled":
            tone = "warn" if order.state == "short" else "info"
        if place == 2 and order.customs_state in {"waiting", "refused"}:
            tone = "hold" if order.customs_state == "waiting" else "stop"
        entries.append({"what": what, "tone": tone, "current": place == now + 1})
    return [entry for place, entry in enumerate(entries) if place != 2 or order.customs_state != "none"]


@blueprint.get("/<uuid:order_id>/photos/<uuid:file_id>")
@requires(Permission.ORDERS_READ)
def photo(order_id: uuid.UUID, file_id: uuid.UUID) -> BaseResponse:
    """What the packer photographed."""
    return uploads.hand_out(*bench_photos.content(actor(), order_id, file_id))


@blueprint.get("/new")
@requires(Permission.ORDERS_WRITE)
def new() -> str:
    return _form({}, [EMPTY_LINE, EMPTY_LINE, EMPTY_LINE])


@blueprint.post("/new")
@requires(Permission.ORDERS_WRITE)
def create() -> BaseResponse | str | tuple[str, int]:
    """Another line is added to the form; otherwise the order is made, and promised if there is stock."""
    lines = forms.typed_rows("lines", tuple(EMPTY_LINE))
    if request.form.get("action") == "add_line":
        return _form(request.form, [*lines, EMPTY_LINE, EMPTY_LINE])
    body = forms.load_form(OrderIn(), _typed(lines))
    outcome = body if isinstance(body, Refused) else _create(body)
    if isinstance(outcome, Refused):
        return _form(request.form, lines or [EMPTY_LINE], outcome), 422
    flash(_("The order is accepted."), "ok")
    return redirect(url_for(".detail", order_id=outcome.answer["id"]))


def _typed(lines: list[dict[str, str]]) -> dict[str, Any]:
    """The form as a body of the API."""
    names = ("seller", "warehouse", "service", "reference", "remark", "kind", "fill")
    body: dict[str, Any] = forms.given({name: forms.typed_text(name) for name in names})
    consignee = {name: forms.typed_text(f"consignee.{name}") for name in CONSIGNEE}
    if consignee["country"]:
        consignee["country"] = consignee["country"].upper()
    currency = forms.typed_text("currency", 3)
    if body.get("kind") not in WITHOUT_BUYER:  # what is destroyed goes to nobody
        body["consignee"] = forms.given(consignee)
    amazon = forms.given({name: (forms.typed_text(f"fba.{name}") or "").upper() or None for name in FBA_FIELDS})
    if amazon:
        body["fba"] = amazon
    body["lines"] = [_line(line, currency) for line in lines]
    if body.get("kind") != DESTRUCTION:
        body |= order_extras.typed()
    return body


def _line(line: Mapping[str, str], currency: str | None) -> dict[str, Any]:
    minor = forms.minor_of(line["unit_value"] or None, currency)
    valued = {"unit_value_minor": minor, "currency": currency} if minor is not None else {}
    narrower = {name: line[name] or None for name in ("batch", "condition", "container", "fnsku")}
    return forms.given(
        {"sku": line["sku"], "quantity": forms.as_number(line["quantity"] or None), **valued, **narrower}
    )


def _create(body: dict[str, Any]) -> forms.Outcome:
    return forms.run_form("orders.create", body, lambda: routing.create_order(actor(), body), _accepted)


def _accepted(order: Order | AcceptedOrder) -> dict[str, Any]:
    return {"id": str(order.id), "number": order.number, "state": order.state, "version": order.version}


def _form(typed: Mapping[str, Any], lines: list[dict[str, str]], refusal: Refused | None = None) -> str:
    return render_template(
        "portal/order_new.html", typed=typed, lines=lines, errors=forms.field_messages(refusal),
        refusal=show_refusal(refusal) if refusal is not None and not refusal.errors else None,
        warehouses=warehouses_seen(actor()), sellers=sellers_seen(actor()), skus=queries.sku_choices(actor()),
        kinds=[each for each in KIND_WORDS.items() if each[0] not in OWN_FORMS], fills=list(FILL_WORDS.items()),
        services=[(service.code, f"{service.code} · {service.name}") for service, _carrier in services_offered()],
        qualities=[(each, CONDITION_WORDS[each]) for each in CONDITIONS if each != "good"],
        extras=order_extras.CHOICES, routes=any(is_routed(seller.id) for seller in sellers_seen(actor())),
    )  # fmt: skip


@blueprint.post("/<uuid:order_id>/cancel")
@requires(Permission.ORDERS_WRITE)
def cancel(order_id: uuid.UUID) -> BaseResponse:
    """Cancel the version that was read, at any stage before hand-over; its other parts too where that is asked for."""
    version = forms.as_number(forms.typed_text("version"))
    held = version if isinstance(version, int) else 0
    reason = request.form.get("reason", "other")
    reason = reason if reason in CANCEL_REASONS else "other"
    outcome = forms.run_form(
        "orders.cancel", {"id": order_id, "version": held, "reason": reason},
        lambda: service.cancel_order(actor(), order_id, held, reason), _accepted,
    )  # fmt: skip
    if isinstance(outcome, Refused):
        forms.flash_or_raise(outcome)
    else:
        flash(_("The order is cancelled."), "ok")
        if request.form.get("parts") == "1":
            order_parts.cancel_with(service.load_order(actor(), order_id), reason)
    return redirect(url_for(".detail", order_id=order_id))
