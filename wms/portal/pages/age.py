"""How old the stock is, which lots run out, and what was there at a past moment: every figure with the rows behind it."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from wms.catalog.queries import load_product
from wms.core import clock
from wms.core.checkdigits import is_digits
from wms.core.ids import parse_id
from wms.core.permissions import Permission
from wms.facility.queries import warehouses_seen
from wms.inventory.expiry import WARN_DAYS, lot_lines
from wms.inventory.layers.queries import AgeKey, age_lines, layers_of
from wms.inventory.layers.rules import TIERS
from wms.inventory.month_ends import stock_as_of
from wms.inventory.queries import Scope, network_lines
from wms.inventory.words import CONDITION_WORDS
from wms.platform.access import actor, requires
from wms.platform.schemas import EARLIEST, LATEST
from wms.portal import queries
from wms.portal.pages.stock import BUCKETS

blueprint = Blueprint("portal_age", __name__, url_prefix="/portal/stock", template_folder="../templates")
TIER_NAMES = [f"{first}–{last}" if last else f"≥ {first}" for first, last in TIERS]


@blueprint.get("/network")
@requires(Permission.STOCK_READ)
def network() -> str:
    """The five figures over all warehouses."""
    search, product = request.args.get("q", "").strip() or None, parse_id(request.args.get("product", ""))
    after = (request.args.get("sku", ""), product) if product is not None else None
    lines, following = network_lines(Scope.of(actor()), sku=search, after=after, limit=queries.PAGE)
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
    lines, following = age_lines(Scope.of(actor()), warehouse=warehouse, sku=search, after=after, limit=queries.PAGE)
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
        Scope.of(actor()), warehouse=warehouse, sku=search, within_days=WARN_DAYS if soon else None, skip=skipped,
        limit=queries.PAGE,
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
    """A product's rows at the end of a day, by the calendar of the warehouse chosen (or UTC)."""
    product = load_product(actor(), product_id)
    houses = {each.code: each for each in warehouses_seen(actor())}
    house = houses.get(request.args.get("warehouse", ""))
    zone = ZoneInfo(house.time_zone) if house else UTC
    day = _day(request.args.get("day", ""))
    rows = []
    if day is not None:
        moment = min(datetime.combine(day, time.max, zone), clock.now())
        rows = [row for row in stock_as_of(Scope.of(actor()), product.id, moment)
                if house is None or row.warehouse_id == house.id]  # fmt: skip
    shown = day or clock.now().astimezone(zone).date() - timedelta(days=1)
    return render_template(
        "portal/as_of.html", product=product, rows=rows, day=shown, asked=day is not None, house=house,
        houses=houses.values(), conditions=CONDITION_WORDS, total=sum(row.on_hand for row in rows),
    )  # fmt: skip


def _day(said: str) -> date | None:
    try:
        found = date.fromisoformat(said)
    except ValueError:
        return None
    return found if EARLIEST.year <= found.year < LATEST.year else None


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
