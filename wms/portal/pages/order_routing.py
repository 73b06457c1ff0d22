"""Whether the house chooses the warehouse of an order, and how."""

from __future__ import annotations

import re
import uuid
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core.permissions import Permission
from wms.core.refusals import FieldError, Refused, invalid_fields, not_found
from wms.facility.queries import warehouses_seen
from wms.identity.queries import sellers_seen
from wms.outbound.routing import service
from wms.outbound.routing.models import OrderRouting
from wms.outbound.routing.queries import routing_of
from wms.outbound.routing.rules import Prefer, Zone
from wms.outbound.routing.words import PREFER_WORDS
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.pages import lazy

blueprint = Blueprint("portal_order_routing", __name__, url_prefix="/portal/orders", template_folder="../templates")
NOTES = {
    "nearest": lazy("By the distances below; of equals the cheaper."),
    "cheapest": lazy("By the rates of the service the order names; of equals the nearer."),
}
_ZONE = re.compile(r"(\S{1,16}) ([A-Z]{2}) (\*|[0-9A-Z]{1,10}) ([0-9]{1,3})")


@blueprint.get("/routing")
@requires(Permission.ORDERS_WRITE)
def routing() -> str:
    return _page()


def _page(refusal: Refused | None = None) -> str:
    typed = request.form.get("seller", "")
    shown = []
    for seller in sellers_seen(actor()):
        setting = routing_of(seller.id)
        errors = forms.field_messages(refusal if seller.code == typed else None)
        shown.append((seller, _shown(setting) if not errors else _typed(), errors))
    return render_template(
        "portal/order_routing.html", sellers=shown, warehouses=warehouses_seen(actor()),
        rules=[(code, words, NOTES.get(code, "")) for code, words in PREFER_WORDS.items()],
    )  # fmt: skip


def _shown(setting: OrderRouting | None) -> dict[str, Any]:
    if setting is None:
        return {"prefer": Prefer.NEAREST.value, "may_split": False, "places": {}, "zones": ""}
    rows = [
        f"{each['warehouse']} {each['country']} {each['prefix'] or '*'} {each['distance']}" for each in setting.zones
    ]
    places = {str(key): str(place) for place, key in enumerate(setting.warehouses, 1)}
    return {"prefer": setting.prefer, "may_split": setting.may_split, "places": places, "zones": "\n".join(rows)}


def _typed() -> dict[str, Any]:
    places = {str(each.id): request.form.get(f"place.{each.code}", "") for each in warehouses_seen(actor())}
    return {
        "prefer": request.form.get("prefer", ""), "may_split": request.form.get("may_split") == "1", "places": places,
        "zones": request.form.get("zones", ""),
    }  # fmt: skip


@blueprint.post("/routing")
@requires(Permission.ORDERS_WRITE)
def save() -> BaseResponse | tuple[str, int]:
    code, prefer = request.form.get("seller", ""), request.form.get("prefer", "")
    seller = next((each for each in sellers_seen(actor()) if each.code == code), None)
    if seller is None or prefer not in set(Prefer):
        raise not_found("seller")
    may_split = request.form.get("may_split") == "1"
    try:
        houses, zones = _chosen(), _zones(request.form.get("zones", "")[:20_000])
    except Refused as refusal:
        return _page(refusal), 422
    body = {
        "seller": code,
        "prefer": prefer,
        "split": may_split,
        "warehouses": houses,
        "zones": [vars(each) for each in zones],
    }
    outcome = forms.run_form(
        "orders.routing", body,
        lambda: service.set_routing(actor(), seller.id, Prefer(prefer), houses, may_split=may_split, zones=zones),
        lambda found: {"prefer": found.prefer},
    )  # fmt: skip
    if isinstance(outcome, Refused):
        return _page(outcome), 422
    flash(_("Saved. It counts for orders from now on."), "ok")
    return redirect(url_for(".routing"))


def _chosen() -> list[uuid.UUID]:
    """The warehouses with a place, in the order of their places. Refuses what is no number, and a place given twice."""
    placed = []
    for house in warehouses_seen(actor()):
        typed = request.form.get(f"place.{house.code}", "").strip()
        if typed and not re.fullmatch("[1-9][0-9]?", typed):
            raise invalid_fields([FieldError("/warehouses", "route_place", {"warehouse": house.code})])
        if typed:
            placed.append((int(typed), house.code, house.id))
    faults = [
        FieldError("/warehouses", "route_place_twice", {"place": place, "warehouses": ", ".join(sorted(codes))})
        for place, codes in _by_place(placed).items() if len(codes) > 1
    ]  # fmt: skip
    if faults:
        raise invalid_fields(faults)
    return [key for _, _, key in sorted(placed)]


def _by_place(placed: Sequence[tuple[int, str, uuid.UUID]]) -> dict[int, list[str]]:
    """The codes of the warehouses that were given each place."""
    found = defaultdict[int, list[str]](list)
    for place, code, _key in placed:
        found[place].append(code)
    return found


def _zones(text: str) -> list[Zone]:
    """A row a line: warehouse, country, beginning of the postcode or *, distance. Refuses each wrong row by its number."""
    rows = [(number, line.strip().upper()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    found = [(number, _ZONE.fullmatch(re.sub(r"\s+", " ", line))) for number, line in rows]
    wrong = [FieldError("/zones", "route_zone_row", {"row": number}) for number, match in found if match is None]
    if wrong:
        raise invalid_fields(wrong[:10])
    return [Zone(m[1], m[2], "" if m[3] == "*" else m[3], int(m[4])) for _, m in found if m is not None]
