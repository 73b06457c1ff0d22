"""Stock: five disjoint buckets by product and warehouse, the rows behind each, and the ledger of a product."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from flask_babel import gettext as _

from wms.catalog.queries import load_product
from wms.core import clock
from wms.core.checkdigits import is_digits
from wms.core.ids import parse_id
from wms.core.permissions import Permission
from wms.facility.queries import warehouses_seen
from wms.inventory.queries import LineKey, Scope, StockLine, moves_of, stock_lines, stock_rows
from wms.inventory.rules import Bucket
from wms.inventory.words import CONDITION_WORDS
from wms.platform import sheets
from wms.platform.access import actor, requires
from wms.platform.pages import Entry, lazy, navigation
from wms.platform.tables import write_table
from wms.portal import queries

blueprint = Blueprint("portal_stock", __name__, url_prefix="/portal/stock", template_folder="../templates")
MOST_ROWS = 20_000  # of a table for a spreadsheet
# In the order of their precedence (DESIGN.md section 4), with what each means.
BUCKETS = (
    (Bucket.FROZEN, lazy("On hold"), lazy("Held for a reason: it neither sells nor leaves."), "hold"),
    (Bucket.UNQUALIFIED, lazy("Not good"), lazy("Damaged, to inspect, graded, or past its last sale day."), "stop"),
    (Bucket.PENDING, lazy("To be put away"), lazy("Here, but not on a shelf yet."), "warn"),
    (Bucket.OUTBOUND, lazy("Reserved"), lazy("Kept for open orders, or on its way out."), "info"),
    (Bucket.AVAILABLE, lazy("Sellable"), lazy("Free for new orders."), "ok"),
)
REASON_WORDS = {
    "receive": lazy("Received"), "putaway": lazy("Put away"), "move": lazy("Moved"), "pick": lazy("Picked"),
    "pack": lazy("Packed"), "ship": lazy("Shipped"), "put_back": lazy("Put back"), "count": lazy("Counted"),
    "damage": lazy("Damaged"), "loss": lazy("Lost"), "scrap": lazy("Destroyed"), "return": lazy("Returned"),
    "restock": lazy("Restocked"), "convert": lazy("Converted"), "reverse": lazy("Reversed"), "hold": lazy("Set apart"),
    "adjust": lazy("Adjusted"), "unaccounted": lazy("Unaccounted"), "settle": lazy("Settled with customs"),
}  # fmt: skip
PARTY_WORDS = {
    "supplier": lazy("Supplier"), "customer": lazy("Customer"), "adjustment": lazy("Adjustment"),
    "scrap": lazy("Destroyed"), "transit": lazy("Transit"), "conversion": lazy("Conversion"),
}  # fmt: skip

navigation.add(
    Entry(lazy("Inventory"), "portal_stock.index", "inventory", Permission.STOCK_READ, order=310, phone=True)
)


@blueprint.get("")
@requires(Permission.STOCK_READ)
def index() -> str:
    warehouse, search = _narrowed()
    lines, following = stock_lines(
        Scope.of(actor()), warehouse=warehouse, products=queries.products_meant(actor(), search), after=_after(),
        limit=queries.PAGE,
    )  # fmt: skip
    ids = [line.product_id for line in lines]
    return render_template(
        "portal/stock.html", lines=lines, buckets=BUCKETS, coming=queries.coming_units(actor(), ids),
        lacking=_lacking(lines, ids), warehouses=warehouses_seen(actor()), warehouse=warehouse, search=search,
        next_url=_address(following, warehouse, search) if following else "",
        back_url=url_for(".index", warehouse=warehouse, q=search) if request.args.get("product") else "",
    )  # fmt: skip


def _narrowed() -> tuple[str | None, str | None]:
    """The warehouse and the search of the address."""
    return request.args.get("warehouse") or None, request.args.get("q", "").strip() or None


@blueprint.get("/table.csv")
@requires(Permission.STOCK_READ)
def table() -> Response:
    """All that the page shows by and by, for a spreadsheet; at most `MOST_ROWS` rows."""
    warehouse, search = _narrowed()
    lines: list[StockLine] = []
    products, following = queries.products_meant(actor(), search), None
    while len(lines) < MOST_ROWS:
        found, following = stock_lines(
            Scope.of(actor()), warehouse=warehouse, products=products, after=following, limit=MOST_ROWS - len(lines)
        )
        lines += found
        if following is None:
            break
    coming, lacking = queries.coming_units(actor()), _lacking(lines, None)
    heading = [_("SKU"), _("Name, English"), _("Name, Chinese"), _("Warehouse"), _("On hand"),
               *(str(words) for _bucket, words, _why, _tone in BUCKETS), _("On the way"), _("Lacking")]  # fmt: skip
    rows = [
        [line.sku, line.name_en, line.name_zh, line.warehouse_code, line.on_hand,
         *(line.buckets[bucket] for bucket, _words, _why, _tone in BUCKETS),
         coming.get((line.product_id, line.warehouse_id), 0), lacking.get((line.product_id, line.warehouse_id), 0)]
        for line in lines
    ]  # fmt: skip
    name = f"stock-{clock.now():%Y%m%d-%H%M}Z.csv"
    return sheets.saved(write_table(heading, rows), sheets.CSV, name)


def _after() -> LineKey | None:
    """Where the page begins, as its address has it."""
    product, house = (parse_id(request.args.get(name, "")) for name in ("product", "house"))
    return (request.args.get("sku", ""), product, house) if product is not None and house is not None else None


def _address(key: LineKey, warehouse: str | None, sku: str | None) -> str:
    return url_for(".index", warehouse=warehouse, q=sku, sku=key[0], product=key[1], house=key[2])


def _lacking(lines: list[StockLine], ids: list[uuid.UUID] | None) -> dict[queries.Place, int]:
    """What orders wait for, and what is promised beyond the stock."""
    found = queries.lacking_units(actor(), ids)
    for line in lines:
        place = (line.product_id, line.warehouse_id)
        found[place] = found.get(place, 0) + line.short
    return found


@blueprint.get("/<uuid:product_id>")
@requires(Permission.STOCK_READ)
def rows(product_id: uuid.UUID) -> str:
    """The rows behind a product's figures, or behind one bucket of them."""
    product = load_product(actor(), product_id)
    house = parse_id(request.args.get("warehouse", ""))
    bucket = next((each for each in Bucket if each.value == request.args.get("bucket")), None)
    narrowed = {name: request.args.get(name) or None for name in ("waiting", "expires", "batch")}
    every = stock_rows(Scope.of(actor()), product.id, warehouse_id=house)
    return render_template(
        "portal/stock_rows.html", product=product, buckets=BUCKETS, bucket=bucket, house=house,
        rows=[row for row in every if _behind(bucket, row) and _within(narrowed, row)], narrowed=narrowed,
        conditions=CONDITION_WORDS,
        houses={each.id: each for each in warehouses_seen(actor())}, words={each[0]: each[1] for each in BUCKETS},
        orders=queries.orders_claiming(actor(), product.id, house) if bucket in (None, Bucket.OUTBOUND) else [],
    )  # fmt: skip


def _within(narrowed: dict[str, str | None], row: Any) -> bool:
    """Behind a figure of the ages (what was not put away has none) or of one lot."""
    if narrowed["waiting"] and not row.is_waiting:
        return False
    if narrowed["expires"] is None:
        return True
    return (str(row.expires_on), row.batch) == (narrowed["expires"], narrowed["batch"])


def _behind(bucket: Bucket | None, row: Any) -> bool:
    """Rows are bucketed before promises: what is kept for orders lies on shelf rows as well."""
    if bucket is Bucket.OUTBOUND:
        return row.bucket is Bucket.OUTBOUND or row.allocated > 0
    return bucket is None or row.bucket is bucket


@blueprint.get("/<uuid:product_id>/ledger")
@requires(Permission.STOCK_READ)
def ledger(product_id: uuid.UUID) -> str:
    """Every move of a product, newest first."""
    product = load_product(actor(), product_id)
    warehouse, before = request.args.get("warehouse") or None, request.args.get("before", "")
    lines, following = moves_of(
        Scope.of(actor()),
        product.id,
        warehouse=warehouse,
        before=int(before) if is_digits(before) and len(before) < 19 else None,
    )
    here = url_for(".ledger", product_id=product.id, warehouse=warehouse)
    return render_template(
        "portal/ledger.html", product=product, lines=lines, reasons=REASON_WORDS, parties=PARTY_WORDS,
        conditions=CONDITION_WORDS, houses={each.id: each for each in warehouses_seen(actor())}, warehouse=warehouse,
        bookings=queries.bookings_of_subjects([line.subject_id for line in lines if line.subject_id]),
        next_url=url_for(".ledger", product_id=product.id, warehouse=warehouse, before=following) if following else "",
        back_url=here if before else "",
    )  # fmt: skip
