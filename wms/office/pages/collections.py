"""Lorries that are ordered of carriers (揽收): for which dock and time, what they have to take, and what the carrier said."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, time
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import fields
from werkzeug.wrappers import Response as BaseResponse

from wms.core import clock
from wms.core.ids import parse_id
from wms.core.permissions import Permission
from wms.core.refusals import Refused
from wms.facility.queries import warehouses_seen
from wms.office.pages.inbound import say
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.i18n import refusal_texts
from wms.platform.pages import show_refusal
from wms.platform.schemas import CodedSchema, Count, Day, DecimalText, Text
from wms.shipping import collection_queries as reads
from wms.shipping.models import Collection
from wms.shipping.service import collections, docks
from wms.shipping.service.collections import Wish

blueprint = Blueprint(
    "office_collections", __name__, url_prefix="/office/manifests/collections", template_folder="../templates"
)
MOST_KG = 40_000
_TIME = "([01][0-9]|2[0-3]):[0-5][0-9]"
_DAY = "20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"


class CollectionForm(CodedSchema):
    """Day and times as the warehouse's calendar and clock show them."""

    warehouse = fields.UUID(required=True)
    carrier = fields.UUID(required=True)
    dock = fields.UUID(load_default=None)
    day = Day(required=True)
    ready_at = Text(5, required=True, pattern=_TIME)
    close_at = Text(5, required=True, pattern=_TIME)
    parcels = Count(0, 100_000, load_default=0)
    bags = Count(0, 10_000, load_default=0)
    pallets = Count(0, 1_000, load_default=0)
    weight_kg = DecimalText(MOST_KG, 3, required=True)
    remark = Text(120, load_default="")


@blueprint.get("")
@requires(Permission.SHIPPING_HANDOVER)
def index() -> str:
    """What is ordered, and an order to fill in: with what stands ready, where a warehouse and a carrier are named."""
    return _page()


def _page(refusal: Refused | None = None) -> str:
    houses, carriers = warehouses_seen(actor()), reads.carriers_that_collect()
    typed: dict[str, Any] = request.form if refusal is not None else _ready(houses, carriers)
    return render_template(
        "office/collections.html", rows=reads.collections_page(actor()), why=fault_words, carriers=carriers,
        houses=houses, typed=typed, errors=forms.field_messages(refusal),
        docks=[(dock, house) for house in houses for dock in docks.docks_of(house.id)],
        refusal=show_refusal(refusal) if refusal is not None and not refusal.errors else None,
    )  # fmt: skip


def _ready(houses: Any, carriers: Any) -> dict[str, Any]:
    """Of the warehouse and carrier that the address names: what a lorry would find there now."""
    named = {name: parse_id(request.args.get(name, "")) for name in ("warehouse", "carrier", "dock")}
    house = next((each for each in houses if named["warehouse"] in (None, each.id)), None)
    if house is None:
        return {}
    typed: dict[str, Any] = {name: str(key) for name, key in named.items() if key is not None}
    typed |= {"day": clock.today(house.time_zone).isoformat(), "ready_at": "14:00", "close_at": "17:00"}
    carrier = next((each for each in carriers if each.id == named["carrier"]), None)
    if carrier is not None and named["warehouse"] is not None:
        found = reads.to_take(house.id, carrier.id)
        typed |= {"parcels": found.parcels, "bags": found.bags, "pallets": found.pallets,
                  "weight_kg": f"{found.weight_g / 1000:.3f}" if found.weight_g else ""}  # fmt: skip
    return typed


def fault_words(row: reads.CollectionRow) -> str:
    """Why the carrier will not come, or what the last question to it ended with."""
    return refusal_texts.translate(row.fault, row.facts) if row.fault else ""


@blueprint.post("")
@requires(Permission.SHIPPING_HANDOVER)
def order() -> BaseResponse | tuple[str, int]:
    """A lorry is ordered; the carrier is asked after that."""
    typed = forms.given({name: forms.typed_text(name) for name in CollectionForm().fields})
    typed |= {name: forms.as_number(typed[name]) for name in ("parcels", "bags", "pallets") if name in typed}
    body = forms.load_form(CollectionForm(), typed)
    outcome = body if isinstance(body, Refused) else _order(body)
    if isinstance(outcome, Refused):
        return _page(outcome), 422
    say(outcome, _("Ordered. The carrier is asked."))
    return redirect(url_for(".index"))


def _order(body: dict[str, Any]) -> forms.Outcome:
    day: date = body["day"]
    wish = Wish(
        day, time.fromisoformat(body["ready_at"]), time.fromisoformat(body["close_at"]), body["parcels"], body["bags"],
        body["pallets"], int(body["weight_kg"] * 1000), body["dock"], body["remark"],
    )  # fmt: skip
    return forms.run_form(
        "collections.order", {name: str(value) for name, value in body.items()},
        lambda: collections.order_collection(actor(), body["warehouse"], body["carrier"], wish), _answer,
    )  # fmt: skip


def _answer(made: Collection) -> dict[str, Any]:
    return {"id": made.id, "number": made.number}


def _run(name: str, key: uuid.UUID, use_case: Callable[[], Collection], done: str, **body: Any) -> BaseResponse:
    say(forms.run_form(f"collections.{name}", {"id": key, **body}, use_case, _answer), done)
    return redirect(url_for(".index"))


@blueprint.post("/<uuid:collection_id>/call-off")
@requires(Permission.SHIPPING_HANDOVER)
def call_off(collection_id: uuid.UUID) -> BaseResponse:
    return _run(
        "call_off", collection_id, lambda: collections.call_off(actor(), collection_id), _("The lorry is called off.")
    )


@blueprint.post("/<uuid:collection_id>/confirm")
@requires(Permission.SHIPPING_HANDOVER)
def confirm(collection_id: uuid.UUID) -> BaseResponse:
    """A person has the carrier's word: by telephone, or from its portal."""
    reference = forms.typed_text("reference", 80) or ""
    return _run(
        "confirm", collection_id, lambda: collections.confirm_by_hand(actor(), collection_id, reference),
        _("Noted. The lorry comes."), reference=reference,
    )  # fmt: skip


@blueprint.post("/<uuid:collection_id>/keep")
@requires(Permission.SHIPPING_HANDOVER)
def keep(collection_id: uuid.UUID) -> BaseResponse:
    """It could not be called off."""
    return _run(
        "keep", collection_id, lambda: collections.keep_collection(actor(), collection_id), _("Noted. The lorry comes.")
    )


@blueprint.post("/<uuid:collection_id>/<any(came, missed):how>")
@requires(Permission.SHIPPING_HANDOVER)
def end(collection_id: uuid.UUID, how: str) -> BaseResponse:
    """It came, or it did not."""
    came = how == "came"
    return _run(
        "end",
        collection_id,
        lambda: collections.end_collection(actor(), collection_id, came=came),
        _("Noted."),
        came=came,
    )
