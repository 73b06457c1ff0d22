"""The first page: what comes in, what is there, what goes out, and what waits for the seller. And the search."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from babel.dates import format_skeleton
from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import format_date, get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from wms.core import clock
from wms.core.actor import Actor
from wms.core.permissions import Permission
from wms.facility.queries import warehouses_seen
from wms.platform.access import AUTHENTICATED, actor, current_actor, requires
from wms.platform.pages import Entry, lazy, navigation
from wms.portal import queries

blueprint = Blueprint("portal", __name__, template_folder="../templates")
DAYS = 14

navigation.add(Entry(lazy("Home"), "portal.home", "home", Permission.ORDERS_READ, staff=False, order=10, phone=True))


@blueprint.app_context_processor
def search_box() -> dict[str, Any]:
    """The search of the top bar, for those who may read orders."""
    found = current_actor()
    return {"search_url": url_for("portal.search")} if found is not None and found.may(Permission.ORDERS_READ) else {}


@blueprint.get("/")
@requires(AUTHENTICATED)
def home() -> BaseResponse | str:
    """A seller's home; staff go to the page of their work."""
    found = actor()
    if found.is_staff:
        return redirect(_desk(found))
    counts = queries.open_counted(found, "outbound_order")
    figures = queries.home_figures(found)
    here, coming = (queries.bookings_page(found, tab, None, None, 4)[0] for tab in ("here", "coming"))
    return render_template(
        "portal/home.html", now=clock.now(), today=format_date(clock.now(), "full"), figures=figures,
        short=counts["short"],
        open_orders=sum(counts[state] for state in queries.OPEN_ORDERS), needs=_needs(found), chart=_chart(found),
        coming_units=sum(queries.coming_units(found).values()), here=here, coming=coming,
        warehouses=warehouses_seen(found),
    )  # fmt: skip


def _desk(found: Actor) -> str:
    """Where somebody of the warehouse begins."""
    if found.face != "floor" and found.may(Permission.EXCEPTIONS_MANAGE):
        return url_for("office.board")
    if found.may(Permission.CUSTOMS_RECORD):
        return url_for("office_customs.index")
    return "/floor/"


def _needs(found: Actor) -> list[dict[str, Any]]:
    """What waits for the seller, the gravest first."""
    orders = [
        {
            "what": _("Refused by customs") if order.customs_state == "refused" else _("Waiting for stock"),
            "note": f"{order.number} · {order.reference}",
            "tone": "stop" if order.customs_state == "refused" else "warn",
            "href": url_for("portal_orders.detail", order_id=order.id),
        }
        for order in queries.orders_in_need(found)
    ]
    bookings = [
        {
            "what": _("%(units)s units differ in %(cartons)s cartons", units=each.units, cartons=each.cartons),
            "note": f"{each.number} · {each.reference}",
            "tone": "warn",
            "href": url_for("portal_bookings.detail", booking_id=each.id),
        }
        for each in queries.bookings_differing(found)
    ]
    return orders + bookings


def _chart(found: Actor) -> dict[str, Any]:
    """Orders shipped per day and warehouse, as bars in an svg of 100 × 40 units."""
    rows = queries.shipped_per_day(found)
    today = clock.now().date()
    days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    houses = sorted({row.warehouse for row in rows})
    by_day = {(row.day, row.warehouse): int(row.orders) for row in rows}
    most = max((sum(by_day.get((day, house), 0) for house in houses) for day in days), default=0)
    bars = []
    for place, day in enumerate(days):
        base = 40.0
        for series, house in enumerate(houses, 1):
            height = 38.0 * by_day.get((day, house), 0) / most if most else 0
            base -= height
            bars.append({"x": place * 100 / DAYS + 1.2, "y": base, "height": height, "series": series})
    return {"bars": bars, "houses": houses, "most": most, "width": 100 / DAYS - 2.4, "total": sum(by_day.values()),
            "labels": [_short(day) for day in (*days[:: DAYS // 2], today)]}  # fmt: skip


def _short(day: date) -> str:
    """Day and month, as the reader writes them."""
    return str(format_skeleton("MMMd", day, locale=get_locale()))


@blueprint.get("/portal/search")
@requires(Permission.ORDERS_READ)
def search() -> BaseResponse:
    """One box for orders, bookings, products: the one hit, or the list where there are hits."""
    wanted = request.args.get("q", "").strip()[:80]
    found = actor()
    if not wanted:
        return redirect(url_for("portal_orders.index"))
    orders = queries.orders_page(found, "all", wanted, None)[0]
    if len(orders) == 1:
        return redirect(url_for("portal_orders.detail", order_id=orders[0].id))
    bookings = queries.bookings_page(found, "all", wanted, None)[0] if not orders else []
    if len(bookings) == 1:
        return redirect(url_for("portal_bookings.detail", booking_id=bookings[0].id))
    if bookings:
        return redirect(url_for("portal_bookings.index", q=wanted))
    products = queries.products_list(found, wanted, None)[0] if not orders else []
    if len(products) == 1:
        return redirect(url_for("portal_products.detail", product_id=products[0].id))
    return redirect(url_for("portal_products.index" if products else "portal_orders.index", q=wanted))
