"""`python -m bench.ageing --moves 10000000`: the age of the stock, the stock of a past moment and the audit over a long history.

A history is loaded straight into the tables of a database of its own: two years of arrivals and departures, their layers
and month-ends. The audit looks at it first, so that what is measured is true; then the very queries of the portal and the
API are asked, each for products and moments drawn with a fixed seed. One JSON line for each: p50, p95, worst (ms). And
the audit of every feature, whole and of the last ten thousand moves only, in seconds. Ends with 1 when the books are not
clean, or age or the past are slower than their goals. Ten million moves need some 12 GB of disk under TMPDIR, gone afterwards.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from bench.alone import alone
from wms.cli import audit
from wms.inventory import month_ends
from wms.inventory.audit import CHECKS
from wms.inventory.layers.queries import age_lines, layers_of
from wms.inventory.queries import Scope, moves_of, network_lines, stock_lines
from wms.platform.auditing import AUDIT_TIMEOUT, run_checks
from wms.platform.database import read_through, rollback, session, transaction

SEED, ASKED, MONTHS, PRODUCTS, RECENT = 7, 300, 24, 400, 10_000
SPAN = timedelta(days=730)
AGE, AS_OF = "age, a page of 50", "stock of a product as of a moment"
GOALS_MS = {AGE: 300.0, AS_OF: 300.0}  # p95

_PRODUCTS = (
    "INSERT INTO product (id, owner_id, sku, name_en, name_zh, declared_weight_g, declared_length_mm, declared_width_mm,"
    " declared_height_mm, lot_controlled, expiry_controlled, outbound_days, serial_control, cargo_attributes,"
    " velocity_class, is_active, version, created_at, updated_at) SELECT gen_random_uuid(), s.id,"
    " 'BULK-' || lpad(n::text, 5, '0'), 'Bulk', '批量', 100, 10, 10, 10, false, false, 0, 'none', '{}', 'C', true, 1,"
    " :start, :start FROM generate_series(0, :products - 1) n, (SELECT id FROM seller WHERE code = 'ACME') s"
)
# A row for each product, in bins one after the other.
_BALANCES = (
    "INSERT INTO balance (warehouse_id, owner_id, product_id, location_id, condition, customs_status, on_hand, allocated,"
    " is_sellable, held_by, oldest_at) SELECT w.id, p.owner_id, p.id, l.id, 'good', 'none', 0, 0, true, 0, :start"
    " FROM (SELECT *, row_number() OVER (ORDER BY sku) - 1 AS n FROM product WHERE sku LIKE 'BULK-%') p"
    " CROSS JOIN (SELECT id FROM warehouse WHERE code = 'DE1') w"
    " JOIN (SELECT id, warehouse_id, row_number() OVER (ORDER BY code) - 1 AS n FROM location WHERE kind = 'storage') l"
    "  ON l.warehouse_id = w.id AND l.n = p.n % 200 WHERE true"
)
# Ten moves make a round of a product: ten units come, nine go one by one.
_HISTORY = (
    "WITH told AS (SELECT n, n % :products AS product, n / :products AS step, gen_random_uuid() AS id,"
    "  CAST(:start AS timestamptz) + CAST(:span AS interval) * (n / CAST(:moves AS double precision)) AS at"
    "  FROM generate_series(0, :moves - 1) n),"
    " whose AS (SELECT b.id, b.warehouse_id, b.owner_id, b.product_id, row_number() OVER (ORDER BY p.sku) - 1 AS n"
    "  FROM balance b JOIN product p ON p.id = b.product_id WHERE p.sku LIKE 'BULK-%'),"
    " posted AS (INSERT INTO stock_posting (id, warehouse_id, key, reason, subject_kind, actor_kind, actor_id,"
    "  business_date, created_at) SELECT t.id, w.warehouse_id, 'bulk-' || t.n,"
    "  CASE WHEN t.step % 10 = 0 THEN 'putaway' ELSE 'ship' END, 'bulk', 'system', gen_random_uuid(), t.at::date, t.at"
    "  FROM told t JOIN whose w ON w.n = t.product)"
    " INSERT INTO stock_move (posting_id, warehouse_id, owner_id, product_id, from_party, to_party, from_balance_id,"
    "  to_balance_id, quantity, crosses_bond, created_at) SELECT t.id, w.warehouse_id, w.owner_id, w.product_id,"
    "  CASE WHEN t.step % 10 = 0 THEN 'supplier' END, CASE WHEN t.step % 10 <> 0 THEN 'customer' END,"
    "  CASE WHEN t.step % 10 <> 0 THEN w.id END, CASE WHEN t.step % 10 = 0 THEN w.id END,"
    "  CASE WHEN t.step % 10 = 0 THEN 10 ELSE 1 END, false, t.at FROM told t JOIN whose w ON w.n = t.product ORDER BY t.n"
)
_ON_HAND = (
    "UPDATE balance b SET on_hand = x.q FROM (SELECT coalesce(to_balance_id, from_balance_id) AS id,"
    " sum(CASE WHEN to_balance_id IS NULL THEN -quantity ELSE quantity END) AS q FROM stock_move GROUP BY 1) x"
    " WHERE b.id = x.id"
)
_SUMMARIES = (
    "INSERT INTO summary (warehouse_id, owner_id, product_id, customs_status, sellable, promised)"
    " SELECT warehouse_id, owner_id, product_id, customs_status, sum(on_hand), 0 FROM balance GROUP BY 1, 2, 3, 4"
)
# what left took the oldest: of each arrival remains what the departures of its product do not reach
_LAYERS = (
    "WITH came AS (SELECT m.*, sum(m.quantity) OVER (PARTITION BY m.product_id ORDER BY m.id) AS upto FROM stock_move m"
    "  WHERE m.to_balance_id IS NOT NULL), went AS (SELECT product_id, sum(quantity) AS q FROM stock_move"
    "  WHERE from_balance_id IS NOT NULL GROUP BY 1)"
    " INSERT INTO stock_layer (id, warehouse_id, owner_id, product_id, opened_on, move_id, posting_id, subject_kind,"
    "  quantity, remaining, created_at) SELECT gen_random_uuid(), c.warehouse_id, c.owner_id, c.product_id,"
    "  c.created_at::date, c.id, c.posting_id, 'bulk', c.quantity,"
    "  greatest(0, least(c.quantity, c.upto - coalesce(w.q, 0))), c.created_at FROM came c LEFT JOIN went w"
    "  ON w.product_id = c.product_id"
)
_USES = (
    "INSERT INTO layer_use (layer_id, move_id, posting_id, quantity) SELECT id, move_id, posting_id, quantity - remaining"
    " FROM stock_layer WHERE quantity > remaining"
)
_POOLS = (
    "INSERT INTO layer_pool (id, warehouse_id, owner_id, product_id, fresh, away) SELECT gen_random_uuid(), warehouse_id,"
    " owner_id, product_id, 0, 0 FROM stock_layer GROUP BY 2, 3, 4"
)
_FOLLOWED = "INSERT INTO stock_follower (name, move_id, candidate, candidate_xid) SELECT 'layers', max(id), 0, 0 FROM stock_move"
_SUMS = (_ON_HAND, _SUMMARIES, _LAYERS, _USES, _POOLS, _FOLLOWED)
_MONTH = (
    "WITH ended AS (INSERT INTO stock_month_end (id, warehouse_id, day, moment, low_move_id, high_move_id, created_at)"
    " SELECT gen_random_uuid(), w.id, (CAST(:moment AS timestamptz) AT TIME ZONE w.time_zone)::date - 1, :moment, m.id, m.id,"
    " :moment FROM warehouse w CROSS JOIN (SELECT max(id) AS id FROM stock_move WHERE created_at < :moment) m"
    " WHERE w.code = 'DE1' AND m.id IS NOT NULL RETURNING id)"
    " INSERT INTO stock_month_end_row (balance_id, month_end_id, owner_id, product_id, on_hand) SELECT b.id, e.id,"
    " b.owner_id, b.product_id, x.q FROM ended e CROSS JOIN (SELECT coalesce(to_balance_id, from_balance_id) AS id,"
    "  sum(CASE WHEN to_balance_id IS NULL THEN -quantity ELSE quantity END) AS q FROM stock_move"
    "  WHERE created_at < :moment GROUP BY 1) x JOIN balance b ON b.id = x.id WHERE x.q <> 0"
)


def main(moves: int) -> int:
    """Exit status 0 when the loaded books are clean and every goal of `GOALS_MS` is kept."""
    with tempfile.TemporaryDirectory(prefix="wms-bench-") as name:
        return alone(Path(name), lambda _: _all(moves))


def _all(moves: int) -> int:
    clean = _load(moves) and _audits(moves)
    quick = _measure(moves)
    return 0 if clean and quick else 1


def _load(moves: int) -> bool:
    began = time.perf_counter()
    start = datetime.now(UTC) - SPAN
    with transaction():
        session().execute(AUDIT_TIMEOUT)
        read_through()
        steps: list[tuple[str, dict[str, Any]]] = [
            (_PRODUCTS, {"start": start, "products": PRODUCTS}), (_BALANCES, {"start": start}),
            (_HISTORY, {"start": start, "span": SPAN, "moves": moves, "products": PRODUCTS}),
            *((each, {}) for each in _SUMS),
        ]  # fmt: skip
        for statement, values in steps:
            session().execute(text(statement), values)
        first = start.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        for month in range(1, MONTHS + 1):
            year, zero_based = divmod(first.month - 1 + month, 12)
            moment = first.replace(year=first.year + year, month=zero_based + 1)
            session().execute(text(_MONTH), {"moment": moment})
    with transaction():
        session().execute(AUDIT_TIMEOUT)
        session().execute(text("ANALYZE"))
    session().execute(AUDIT_TIMEOUT)
    read_through()
    result = run_checks(CHECKS)
    rollback()
    wrong = {each["name"]: len(each["violations"]) for each in result["checks"] if each["violations"]}
    print(json.dumps({"loaded": moves, "seconds": round(time.perf_counter() - began, 1), "wrong": wrong}), flush=True)
    return not wrong


def _audits(moves: int) -> bool:
    """Every check of every feature in one snapshot, as the nightly audit and the hourly one do it."""
    newest = session().execute(text("SELECT max(id) FROM stock_move")).scalar_one()
    rollback()
    clean = True
    for name, since in (("audit, whole", None), ("audit, the last 10,000 moves", newest - RECENT)):
        began = time.perf_counter()
        result = audit(since)
        rollback()
        wrong = {each["name"]: len(each["violations"]) for each in result["checks"] if each["violations"]}
        seconds = round(time.perf_counter() - began, 1)
        print(json.dumps({"name": name, "moves": moves, "seconds": seconds, "wrong": wrong}), flush=True)
        clean = clean and not wrong
    return clean


def _measure(moves: int) -> bool:
    """Whether every goal is kept."""
    draw = random.Random(SEED)
    scope = Scope()
    rows = session().execute(text("SELECT id, sku FROM product WHERE sku LIKE 'BULK-%' ORDER BY sku")).all()

    def product() -> Any:
        return draw.choice(rows)

    def moment() -> datetime:
        return datetime.now(UTC) - SPAN * draw.random()

    asked: dict[str, Callable[[], object]] = {
        AGE: lambda: age_lines(scope, after=_after(product())),
        "layers of a product": lambda: layers_of(scope, product().id),
        AS_OF: lambda: month_ends.stock_as_of(scope, product().id, moment()),
        "ledger of a product, newest 50": lambda: moves_of(scope, product().id),
        "stock, a page of 50": lambda: stock_lines(scope, after=_after(product())),
        "network, a page of 50": lambda: network_lines(scope, after=(product().sku, product().id)),
    }
    quick = True
    for name, ask in asked.items():
        times = sorted(_timed(ask) for _ in range(ASKED))
        quick = quick and times[int(0.95 * ASKED)] < GOALS_MS.get(name, math.inf)
        print(
            json.dumps(
                {"name": name, "moves": moves, "asked": ASKED, "p50": round(statistics.median(times), 1),
                 "p95": round(times[int(0.95 * ASKED)], 1), "worst": round(times[-1], 1)}
            ),
            flush=True,
        )  # fmt: skip
    return quick


def _after(row: Any) -> Any:
    return row.sku, row.id, row.id


def _timed(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    ask()
    rollback()
    return 1_000 * (time.perf_counter() - began)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moves", type=int, default=1_000_000)
    sys.exit(main(parser.parse_args().moves))
