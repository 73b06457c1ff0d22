"""How old the stock is, which lots run out, and what was there at a past moment: every figure with the rows behind it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from wms.catalog.queries import load_product
from wms.core import clock
from wms.core.checkdigits import is_digits
from wms.core.ids import parse_id
from wms.core.permissions import Permission
from wms.core.refusals import Refused, invalid
from wms.facility.models import Warehouse
from wms.facility.queries import warehouses_ever, warehouses_seen
from wms.inventory.expiry import WARN_DAYS, lot_lines
from wms.inventory.layers.queries import AgeKey, age_lines, layers_of
from wms.inventory.layers.rules import TIERS
from wms.inventory.month_ends import PastRow, stock_as_of
from wms.inventory.queries import Scope, network_lines
from wms.inventory.words import CONDITION_WORDS
from wms.platform import forms
from wms.platform.access import actor, requires
from wms.platform.schemas import EARLIEST, LATEST, CodedSchema, Day, Range, Text
from wms.portal import queries
from wms.portal.pages.stock import BUCKETS

blueprint = Blueprint("portal_age", __name__, url_prefix="/portal/stock", template_folder="../templates")
CLOCK_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]"
TIER_NAMES = [f"{first}–{last}" if last else f"≥ {first}" for first, last in TIERS]


class MomentForm(CodedSchema):
    """A day, and if that is wanted a time of it, as warehouses count them."""

    day = Day(required=True, validate=Range(EARLIEST.date(), LATEST.date()))
    time = Text(5, pattern=CLOCK_TIME, load_default=None)


@blueprint.get("/network")
@requires(Permission.STOCK_READ)
def network() -> str:
    """The five figures over all warehouses."""
    search, product = request.args.get("q", "").strip() or None, parse_id(request.args.get("product", ""))
    after = (request.args.get("sku", ""), product) if product is not None else None
    lines, following = network_lines(
        Scope.of(actor()), products=queries.products_meant(actor(), search), after=after, limit=queries.PAGE
    )
    coming = queries.coming_units(actor(), [line.product_id for line in lines])
    lacking = queries.lacking_units(actor(), [line.product_id for line in lines])
    return render_template(
        "portal/network.html", lines=lines, buckets=BUCKETS, search=search,
        coming=_by_product(coming), lacking=_by_product(lacking),
        next_url=url_for(".network", q=search, sku=following[0], product=following[1]) if following else "",
        back_url=url_for(".network", q=search) if after else "",
    )  # fmt: skip


def _by_product(found: dict[queries.Place, int]) -> dict[uuid.UUID, int]:
    sums: dict[uuid.UUID, int] = {}
    for (product_id, _), units in found.items():
        sums[product_id] = sums.get(product_id, 0) + units
    return sums


@blueprint.get("/age")
@requires(Permission.STOCK_READ)
def age() -> str:
    """Units by age since putaway, product by product."""
    warehouse, search = request.args.get("warehouse") or None, request.args.get("q", "").strip() or None
    after = _after()
    lines, following = age_lines(
        Scope.of(actor()), warehouse=warehouse, products=queries.products_meant(actor(), search), after=after,
        limit=queries.PAGE,
    )  # fmt: skip
    here: dict[str, Any] = {"warehouse": warehouse, "q": search}
    return render_template(
        "portal/age.html", lines=lines, tiers=TIER_NAMES, warehouses=warehouses_seen(actor()), warehouse=warehouse,
        search=search, back_url=url_for(".age", **here) if after else "",
        next_url=url_for(".age", **here, sku=following[0], product=following[1], house=following[2]) if following else "",
    )  # fmt: skip


def _after() -> AgeKey | None:
    product, house = (parse_id(request.args.get(name, "")) for name in ("product", "house"))
    return (request.args.get("sku", ""), product, house) if product is not None and house is not None else None


@blueprint.get("/<uuid:product_id>/layers")
@requires(Permission.STOCK_READ)
def layers(product_id: uuid.UUID) -> str:
    """What was put away when, and how much of it is left."""
    product = load_product(actor(), product_id)
    house = parse_id(request.args.get("warehouse", ""))
    tier = request.args.get("tier", "")
    rows = layers_of(Scope.of(actor()), product.id, warehouse_id=house)
    chosen = int(tier) if is_digits(tier) and int(tier) < len(TIERS) else None
    cartons = {row.subject_id for row in rows if row.subject_kind == "carton" and row.subject_id is not None}
    return render_template(
        "portal/layers.html", product=product, bookings=queries.bookings_of_cartons(cartons), house=house, tier=chosen,
        tiers=TIER_NAMES,
        rows=[row for row in rows if chosen is None or row.tier == chosen],
        houses={each.id: each for each in warehouses_seen(actor())},
    )  # fmt: skip


@blueprint.get("/lots")
@requires(Permission.STOCK_READ)
def lots() -> str:
    """Lots by their last sale day, the first to go first."""
    warehouse, search = request.args.get("warehouse") or None, request.args.get("q", "").strip() or None
    soon, skip = request.args.get("soon") == "1", request.args.get("skip", "")
    skipped = int(skip) if is_digits(skip) and len(skip) < 7 else 0
    lines, following = lot_lines(
        Scope.of(actor()), warehouse=warehouse, products=queries.products_meant(actor(), search),
        within_days=WARN_DAYS if soon else None, skip=skipped, limit=queries.PAGE,
    )  # fmt: skip
    here: dict[str, Any] = {"warehouse": warehouse, "q": search, "soon": "1" if soon else None}
    return render_template(
        "portal/lots.html", lines=lines, warehouses=warehouses_seen(actor()), warehouse=warehouse, search=search,
        soon=soon, days=WARN_DAYS, next_url=url_for(".lots", **here, skip=following) if following else "",
        back_url=url_for(".lots", **here) if skipped else "",
    )  # fmt: skip


@blueprint.get("/<uuid:product_id>/as-of")
@requires(Permission.STOCK_READ)
def as_of(product_id: uuid.UUID) -> str | tuple[str, int]:
    """A product's rows at the end of a day, or at a time of it, in each warehouse by its own calendar. Today: until now."""
    product = load_product(actor(), product_id)
    houses = warehouses_ever(actor())
    chosen = [each for each in houses if each.code == request.args.get("warehouse", "")]
    yesterday = clock.today((chosen or houses)[0].time_zone if houses else "UTC") - timedelta(days=1)
    typed = {name: request.args.get(name, "").strip() for name in ("day", "time")}
    asked = _asked(typed, chosen or houses) if "day" in request.args else None
    refusal = asked if isinstance(asked, Refused) else None
    rows = [] if asked is None or isinstance(asked, Refused) else _as_of(product.id, asked, chosen or houses)
    page = render_template(
        "portal/as_of.html", product=product, rows=rows, typed={"day": yesterday, **{k: v for k, v in typed.items() if v}},
        asked=asked is not None and refusal is None, house=chosen[0] if chosen else None, houses=houses,
        conditions=CONDITION_WORDS, total=sum(row.on_hand for row in rows), errors=forms.field_messages(refusal),
    )  # fmt: skip
    return page if refusal is None else (page, 422)


def _asked(typed: Mapping[str, str], houses: Sequence[Warehouse]) -> tuple[date, time] | Refused:
    """The day and the time of it (its end) that are asked for. Refuses what has begun in none of the warehouses."""
    body = forms.load_form(MomentForm(), forms.given(typed))
    if isinstance(body, Refused):
        return body
    begun = time.fromisoformat(body["time"]) if body["time"] else time.min
    if all(datetime.combine(body["day"], begun, ZoneInfo(each.time_zone)) > clock.now() for each in houses):
        return invalid("/time" if any(body["day"] <= clock.today(each.time_zone) for each in houses) else "/day",
                       "past_day_to_come")  # fmt: skip
    return body["day"], begun if body["time"] else time.max


def _as_of(product_id: uuid.UUID, asked: tuple[date, time], houses: Sequence[Warehouse]) -> list[PastRow]:
    """All of them together are the sum of each: one calendar's midnight is not another's."""
    found: list[PastRow] = []
    for house in houses:
        moment = min(datetime.combine(*asked, ZoneInfo(house.time_zone)), clock.now())
        scope = replace(Scope.of(actor()), warehouse_ids=frozenset({house.id}))
        found += stock_as_of(scope, product_id, moment)
    return found


@blueprint.get("/<uuid:product_id>/<any(coming, lacking):what>")
@requires(Permission.STOCK_READ)
def behind(product_id: uuid.UUID, what: str) -> BaseResponse | str:
    """The documents behind what is on the way, or behind what is lacking."""
    product = load_product(actor(), product_id)
    house = parse_id(request.args.get("warehouse", ""))
    find = queries.bookings_bringing if what == "coming" else queries.orders_lacking
    return render_template(
        "portal/behind.html", product=product, what=what, rows=find(actor(), product.id, house),
        houses={each.id: each for each in warehouses_seen(actor())}, house=house,
    )  # fmt: skip
