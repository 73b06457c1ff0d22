"""Postings and promises at the service level: `ledger.post` and `promises.promise` as the use cases call them, beside
bare psycopg writing the same rows in the same transactions. No HTTP, no command rows; one process, so that both sides
share one interpreter. Ours and bare take turns, a slice each, so that a busy machine slows both alike.
"""

from __future__ import annotations

import random
import statistics
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from bench.bare import connect
from bench.house import House, processor_seconds
from bench.jobs import stock_new
from bench.lives import together
from wms.core.actor import SYSTEM
from wms.core.ids import new_id
from wms.demo.stage import WAREHOUSE
from wms.inventory.ledger import PostingDraft, post
from wms.inventory.promises import PromiseDraft, promise
from wms.inventory.rules import MoveDraft, Reason, Stock
from wms.platform.database import session, transaction

ROWS = 400  # pairs of bins with the same product
HOT_UNITS = 18_000  # more than all promise in one turn; five such products are what a bin carries
HALF = 1_000  # units put into the second bin: more than a walk there and back at random ever takes
Work = Callable[[], None]


@dataclass(frozen=True)
class Pair:
    """The same goods in two bins."""

    one: Stock
    other: Stock
    one_id: int
    other_id: int


@dataclass(frozen=True)
class Goods:
    """What is worked on: pairs of bins, and one product of which everybody orders (a new one each turn)."""

    pairs: Sequence[Pair]
    warehouse: uuid.UUID
    owner: uuid.UUID
    hot: uuid.UUID
    summary: int


_BINS = text(
    "SELECT b.warehouse_id, b.owner_id, b.product_id, b.location_id, (SELECT l.id FROM location l WHERE"
    " l.warehouse_id = b.warehouse_id AND l.kind = 'storage' AND l.id <> b.location_id ORDER BY l.id"
    " OFFSET b.id % 7 LIMIT 1) AS other FROM balance b JOIN location l ON l.id = b.location_id JOIN product p"
    " ON p.id = b.product_id WHERE l.kind = 'storage' AND b.on_hand >= 2000 AND p.sku LIKE 'BENCH-%' ORDER BY b.id LIMIT :rows"
)
_HOT = text(
    "SELECT s.warehouse_id, s.owner_id, s.product_id, s.id FROM summary s JOIN product p ON p.id = s.product_id"
    " JOIN warehouse w ON w.id = s.warehouse_id WHERE p.sku = :sku AND w.code = :warehouse"
)


def prepare(house: House, turns: int) -> list[Goods]:
    """Pairs of rows that exist: the measured postings make none. And for each turn a product with stock for all who
    want it.
    """
    hot_skus = [f"HOT-{new_id().hex[-8:].upper()}" for _ in range(turns)]
    stock_new(house, hot_skus, HOT_UNITS)
    with house.app.app_context():
        with transaction():
            found = session().execute(_BINS, {"rows": ROWS}).all()
            hots = [session().execute(_HOT, {"sku": sku, "warehouse": WAREHOUSE}).one() for sku in hot_skus]
        pairs = []
        for row in found:
            one = Stock(row.warehouse_id, row.owner_id, row.product_id, row.location_id)
            other = Stock(row.warehouse_id, row.owner_id, row.product_id, row.other)
            with transaction():
                ids = post(SYSTEM, _draft(one, other, HALF)).balance_ids
            pairs.append(Pair(one, other, ids[one], ids[other]))
    return [Goods(pairs, hot.warehouse_id, hot.owner_id, hot.product_id, hot.id) for hot in hots]


def _draft(source: Stock, target: Stock, quantity: int = 1) -> PostingDraft:
    return PostingDraft(Reason.MOVE, "bench", None, [MoveDraft(source, target, quantity)])


@contextmanager
def our_postings(house: House, goods: Goods, number: int) -> Iterator[Work]:
    draw = random.Random(number)

    def work() -> None:
        pair = draw.choice(goods.pairs)
        ends = (pair.one, pair.other) if draw.random() < 0.5 else (pair.other, pair.one)
        with transaction():
            post(SYSTEM, _draft(*ends))

    with house.app.app_context():
        yield work


@contextmanager
def bare_postings(house: House, goods: Goods, number: int) -> Iterator[Work]:
    draw = random.Random(number)

    def work() -> None:
        pair = draw.choice(goods.pairs)
        source, target = (pair.one_id, pair.other_id) if draw.random() < 0.5 else (pair.other_id, pair.one_id)
        posting = new_id()
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE balance SET on_hand = on_hand + CASE WHEN id = %s THEN -1 ELSE 1 END WHERE id IN (SELECT id FROM"
                " balance WHERE id IN (%s, %s) ORDER BY id FOR NO KEY UPDATE)", (source, source, target),
            )  # fmt: skip
            cursor.execute(
                "INSERT INTO stock_posting (id, warehouse_id, key, reason, subject_kind, actor_kind, actor_id,"
                " business_date, created_at) VALUES (%s, %s, %s, 'move', 'bench', 'system', %s, current_date, now())",
                (posting, goods.warehouse, f"unnamed:{posting}/1", SYSTEM.id),
            )
            cursor.execute(
                "INSERT INTO stock_move (posting_id, warehouse_id, owner_id, product_id, from_balance_id, to_balance_id,"
                " quantity, crosses_bond, created_at) VALUES (%s, %s, %s, %s, %s, %s, 1, false, now())",
                (posting, goods.warehouse, pair.one.owner_id, pair.one.product_id, source, target),
            )
        connection.commit()

    with connect(house.config.database_url) as connection:
        yield work


@contextmanager
def our_promises(house: House, goods: Goods, number: int) -> Iterator[Work]:
    def work() -> None:
        draft = PromiseDraft("bench", new_id(), goods.warehouse, goods.owner, goods.hot, 1)
        with transaction():
            promise([draft])

    with house.app.app_context():
        yield work


@contextmanager
def bare_promises(house: House, goods: Goods, number: int) -> Iterator[Work]:
    def work() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE summary SET promised = promised + 1 WHERE id = %s AND sellable > promised RETURNING id",
                (goods.summary,),
            )
            cursor.execute(
                "INSERT INTO promise (id, warehouse_id, summary_id, subject_kind, subject_id, kind, claims_sellable,"
                " book_quantity, priority, quantity, open_quantity, created_at) VALUES (%s, %s, %s, 'bench', %s, 'pool',"
                " true, 0, 0, 1, 1, now())", (new_id(), goods.warehouse, cursor.fetchone()[0], new_id()),  # type: ignore[index]
            )  # fmt: skip
        connection.commit()

    with connect(house.config.database_url) as connection:
        yield work


Side = Callable[[House, Goods, int], Any]
JOBS: dict[str, tuple[Side, Side]] = {
    "posting of a bin-to-bin move": (our_postings, bare_postings),
    "promise of one hot product": (our_promises, bare_promises),
}


def compare(house: House, turns: Sequence[Goods], name: str, clients: int, seconds: float) -> dict[str, Any]:
    """Rates of both, by turns, and the ratio of their medians."""
    rates: dict[str, list[float]] = {"ours": [], "bare": []}
    spent = {"ours": [0.0, 0.0], "bare": [0.0, 0.0]}
    made = {"ours": 0, "bare": 0}
    for turn, goods in enumerate(turns):
        for side, works in zip(rates, JOBS[name], strict=True):
            before = processor_seconds(house)
            done, elapsed = _slice(house, goods, works, clients, seconds, turn)
            after = processor_seconds(house)
            rates[side].append(done / elapsed)
            made[side] += done
            for place, who in enumerate(("client", "postgres")):
                spent[side][place] += after[who] - before[who]
    ours, bare = (statistics.median(rates[side]) for side in ("ours", "bare"))
    cpu = {
        side: dict(zip(("python", "postgres"), [round(each / made[side] * 1e6) for each in spent[side]], strict=True))
        for side in rates
    }
    return {
        "name": name, "clients": clients, "rate": round(ours, 1), "bare": round(bare, 1), "ratio": round(ours / bare, 3),
        "goal": 0.5, "operations": made, "cpu_us": cpu,
    }  # fmt: skip


def _slice(house: House, goods: Goods, side: Side, clients: int, seconds: float, turn: int) -> tuple[int, float]:
    """Operations done by all clients, and the seconds they took. The first operations of each client are its own
    warming up: connections are opened and statements planned there.
    """
    done: list[int] = []
    ready = threading.Barrier(clients)
    began: list[float] = []

    def client(number: int) -> None:
        with side(house, goods, number) as work:
            for _ in range(10):
                work()
            ready.wait()
            began.append(time.perf_counter())
            work()
            count, deadline = 1, began[-1] + seconds
            while time.perf_counter() < deadline:
                work()
                count += 1
            done.append(count)

    together([lambda number=number: client(turn * clients + number) for number in range(clients)])  # type: ignore[misc]
    if len(done) != clients:
        raise RuntimeError(f"{side.__name__}: a client failed")
    return sum(done), time.perf_counter() - min(began)


def service_level(house: House, seconds: float, slices: int = 6) -> Iterator[dict[str, Any]]:
    """One client: what a call costs. Four, as many as a web process has threads: what contention costs."""
    turns = prepare(house, 2 * slices)
    for name in JOBS:
        yield compare(house, turns[:slices], name, 1, seconds / slices)
        yield compare(house, turns[slices:], name, 4, seconds / slices)
