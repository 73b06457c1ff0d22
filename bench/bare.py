"""The floor to compare with: bare psycopg writing the rows our jobs write, in the same transactions.

No checks, no answers, no HTTP: what is left of a job when everything but its rows is taken away.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from bench.house import House
from bench.jobs import LINES_PER_BOOKING
from wms.core.ids import new_id
from wms.demo.stage import WAREHOUSE
from wms.inventory.models import nothing_as_id
from wms.recovery.programs import plain

Work = Callable[[], bool]
Connection = psycopg.Connection[Any]
# Which row of the stock it is, as its unique index has it.
KEY = "warehouse_id, product_id, location_id, owner_id, {}, {}, {}, condition, customs_status".format(
    *map(nothing_as_id, ("lot_id", "book_item_id", "handling_unit_id"))
)


def connect(url: str, kind: type[Connection] = psycopg.Connection) -> Connection:
    return kind.connect(plain(url))


def client(connection: Connection, name: str, stage: House, number: int) -> Work:
    """The work of one client of a job; what ended in a deadlock is done again, as commands are."""
    work = CLIENTS[name](connection, stage, number)

    def until_done() -> bool:
        while True:
            try:
                return work()
            except psycopg.errors.DeadlockDetected:
                connection.rollback()

    return until_done


def _facts(connection: Connection) -> dict[str, Any]:
    """Ids that every row needs, read once."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT w.id, s.id, v.id FROM warehouse w, seller s, service v WHERE w.code = %s AND s.code = 'ACME'"
            " AND v.code = 'HOUSE-STD'", (WAREHOUSE,),
        )  # fmt: skip
        warehouse, owner, service = cursor.fetchone() or (None, None, None)
        cursor.execute(
            "SELECT m.id, p.id, m.sellable FROM summary m JOIN product p ON p.id = m.product_id WHERE p.sku LIKE 'BENCH-%%'"
            " ORDER BY p.sku"
        )
        summaries = cursor.fetchall()
        cursor.execute(
            "SELECT b.id, b.product_id FROM balance b JOIN location l ON l.id = b.location_id WHERE l.kind = 'storage'"
            " AND b.on_hand > 100 ORDER BY b.id LIMIT 2000"
        )
        balances = cursor.fetchall()
        cursor.execute("SELECT id FROM location WHERE warehouse_id = %s AND kind = 'dock' LIMIT 1", (warehouse,))
        dock = (cursor.fetchone() or (None,))[0]
        cursor.execute("SELECT id FROM location WHERE warehouse_id = %s AND kind = 'storage' LIMIT 8", (warehouse,))
        bins = [row[0] for row in cursor.fetchall()]
    connection.commit()
    return {"warehouse": warehouse, "owner": owner, "service": service, "summaries": summaries, "balances": balances,
            "dock": dock, "bins": bins}  # fmt: skip


def _command(cursor: psycopg.Cursor[Any], name: str) -> Any:
    key = str(new_id())
    cursor.execute(
        "INSERT INTO command (day, scope, id, name, fingerprint, created_at) VALUES (current_date, 'bench', %s, %s, %s,"
        " now())", (key, name, b"x" * 32),
    )  # fmt: skip
    return key


def _answer(cursor: psycopg.Cursor[Any], key: Any) -> None:
    cursor.execute(
        "UPDATE command SET outcome = 'done', status = 200, answer = %s WHERE day = current_date AND scope = 'bench'"
        " AND id = %s", (Jsonb({"id": key, "state": "promised", "version": 1}), key),
    )  # fmt: skip


def _event(cursor: psycopg.Cursor[Any], facts: dict[str, Any], name: str, subject: Any) -> None:
    cursor.execute(
        "INSERT INTO event (id, name, version, subject_kind, subject_id, warehouse_id, owner_id, data, occurred_at)"
        " VALUES (%s, %s, 1, 'order', %s, %s, %s, '{}', now())",
        (new_id(), name, subject, facts["warehouse"], facts["owner"]),
    )


def orders(connection: Connection, stage: House, number: int) -> Work:
    facts = _facts(connection)
    draw = random.Random(number)

    def work() -> bool:
        order = new_id()
        chosen = sorted(draw.sample(facts["summaries"], 3))
        with connection.cursor() as cursor:
            key = _command(cursor, "orders.create")
            cursor.execute(
                "INSERT INTO outbound_order (id, number, owner_id, warehouse_id, service_id, reference, kind, state,"
                " customs_state, priority, version, ordered_at, created_at, updated_at) VALUES (%s, %s, %s, %s, %s, %s,"
                " 'dropship', 'cancelled', 'none', 0, 1, now(), now(), now())",
                (order, f"X{order.hex[-20:]}", facts["owner"], facts["warehouse"], facts["service"], order.hex),
            )
            lines = [(new_id(), facts["owner"], order, place, product) for place, (_, product, _) in enumerate(chosen)]
            cursor.executemany(
                "INSERT INTO order_line (id, owner_id, order_id, position, product_id, quantity, condition) VALUES"
                " (%s, %s, %s, %s, %s, 1, 'good')", lines,
            )  # fmt: skip
            demands = [(new_id(), facts["owner"], order, line[0], line[4]) for line in lines]
            cursor.executemany(
                "INSERT INTO demand (id, owner_id, order_id, order_line_id, product_id, quantity, picked, verified,"
                " shipped) VALUES (%s, %s, %s, %s, %s, 1, 0, 0, 0)", demands,
            )  # fmt: skip
            cursor.execute(
                "INSERT INTO consignee (order_id, name, country, city, address1) VALUES (%s, 'Bench', 'DE', 'Berlin',"
                " 'Teststr. 1')", (order,),
            )  # fmt: skip
            cursor.execute(
                "UPDATE summary SET promised = promised + 1 WHERE id = ANY(%s) AND sellable > promised",
                ([summary for summary, _, _ in chosen],),
            )
            cursor.executemany(
                "INSERT INTO promise (id, warehouse_id, summary_id, subject_kind, subject_id, kind, claims_sellable,"
                " book_quantity, priority, quantity, open_quantity, created_at) VALUES (%s, %s, %s, 'bench', %s, 'pool',"
                " true, 0, 0, 1, 1, now())",
                [(new_id(), facts["warehouse"], chosen[place][0], demand[0]) for place, demand in enumerate(demands)],
            )
            _event(cursor, facts, "order.promised", order)
            _event(cursor, facts, "order.accepted", order)
            _answer(cursor, key)
        connection.commit()
        return True

    return work


def _scan(cursor: psycopg.Cursor[Any], facts: dict[str, Any], task: Any) -> None:
    cursor.execute("UPDATE floor_task SET version = version + 1, updated_at = now() WHERE id = %s", (task,))
    cursor.execute(
        "INSERT INTO scan_event (scan_id, warehouse_id, task_id, user_id, step, source, received_at) VALUES (%s, %s,"
        " %s, %s, 'scan', 'wedge', now())", (new_id(), facts["warehouse"], task, task),
    )  # fmt: skip


def _task(connection: Connection, facts: dict[str, Any]) -> Any:
    task = new_id()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO floor_task (id, warehouse_id, user_id, kind, step, data, version, created_at, updated_at) VALUES"
            " (%s, %s, %s, 'bench', 'scan', '{}', 1, now(), now())", (task, facts["warehouse"], task),
        )  # fmt: skip
    connection.commit()
    return task


def _post(cursor: psycopg.Cursor[Any], facts: dict[str, Any], source: Any, target: int, product: Any) -> None:
    posting = new_id()
    cursor.execute(
        "INSERT INTO stock_posting (id, warehouse_id, key, reason, subject_kind, actor_kind, actor_id, business_date,"
        " created_at) VALUES (%s, %s, %s, 'move', 'bench', 'user', %s, current_date, now())",
        (posting, facts["warehouse"], str(posting), posting),
    )
    party = None if source is not None else "supplier"
    cursor.execute(
        "INSERT INTO stock_move (posting_id, warehouse_id, owner_id, product_id, from_balance_id, from_party,"
        " to_balance_id, quantity, crosses_bond, created_at) VALUES (%s, %s, %s, %s, %s, %s, %s, 1, false, now())",
        (posting, facts["warehouse"], facts["owner"], product, source, party, target),
    )


def moves(connection: Connection, stage: House, number: int) -> Work:
    facts = _facts(connection)
    task = _task(connection, facts)
    draw = random.Random(number)
    by_product: dict[Any, list[int]] = {}
    for balance, product in facts["balances"]:
        by_product.setdefault(product, []).append(balance)

    def work() -> bool:
        balance, product = draw.choice(facts["balances"])
        for step in range(3):
            with connection.cursor() as cursor:
                key = _command(cursor, "floor.scan")
                if step == 2:
                    cursor.execute(
                        "INSERT INTO balance (warehouse_id, owner_id, product_id, location_id, condition,"
                        " customs_status, on_hand, allocated, is_sellable, held_by) VALUES (%s, %s, %s, %s, 'good',"
                        " 'none', 0, 0, false, 0) ON CONFLICT DO NOTHING",
                        (facts["warehouse"], facts["owner"], product, facts["dock"]),
                    )
                    cursor.execute(
                        "SELECT id FROM balance WHERE product_id = %s AND location_id = %s AND handling_unit_id IS NULL"
                        " AND warehouse_id = %s", (product, facts["dock"], facts["warehouse"]),
                    )  # fmt: skip
                    target = (cursor.fetchone() or (0,))[0]
                    cursor.execute(
                        "UPDATE balance SET on_hand = on_hand + CASE WHEN id = %s THEN -1 ELSE 1 END WHERE id IN (SELECT"
                        " id FROM balance WHERE id IN (%s, %s) ORDER BY id FOR UPDATE)", (balance, balance, target),
                    )  # fmt: skip
                    _post(cursor, facts, balance, target, product)
                _scan(cursor, facts, task)
                _answer(cursor, key)
            connection.commit()
        return True

    return work


def counting(connection: Connection, stage: House, number: int) -> Work:
    facts = _facts(connection)
    task = _task(connection, facts)
    draw = random.Random(number)
    lines = _lines(connection)

    def work() -> bool:
        for _ in range(LINES_PER_BOOKING):
            line, product = draw.choice(lines)
            with connection.cursor() as cursor:
                key = _command(cursor, "floor.scan")
                cursor.execute(
                    "INSERT INTO balance AS b (warehouse_id, owner_id, product_id, location_id, condition,"
                    " customs_status, on_hand, allocated, is_sellable, held_by) VALUES (%s, %s, %s, %s, 'good', 'none', 1,"
                    f" 0, false, 0) ON CONFLICT ({KEY}) DO UPDATE SET on_hand = b.on_hand + 1 RETURNING id",
                    (facts["warehouse"], facts["owner"], product, facts["dock"]),
                )
                target = (cursor.fetchone() or (0,))[0]
                _post(cursor, facts, None, target, product)
                cursor.execute("UPDATE carton_line SET received_good = received_good WHERE id = %s", (line,))
                _scan(cursor, facts, task)
                _answer(cursor, key)
            connection.commit()
        return True

    return work


def receiving(connection: Connection, stage: House, number: int) -> Work:
    """Five scans; the second writes twenty moves into the carton, the last twenty from there into a bin."""
    facts = _facts(connection)
    task = _task(connection, facts)
    draw = random.Random(number)
    lines = _lines(connection)
    bin_id = facts["bins"][number]

    def work() -> bool:
        chosen = sorted(draw.sample(lines, LINES_PER_BOOKING), key=lambda each: each[1])
        dock: list[int] = []
        for step in range(5):
            with connection.cursor() as cursor:
                key = _command(cursor, "floor.scan")
                if step == 1:
                    dock = _balances(cursor, facts, chosen, facts["dock"], 1)
                    _post_many(cursor, facts, chosen, [None] * len(dock), dock)
                    ids = [line for line, _ in chosen]
                    cursor.execute("UPDATE carton_line SET received_good = received_good WHERE id = ANY(%s)", (ids,))
                if step == 4:
                    cursor.execute("UPDATE balance SET on_hand = on_hand - 1 WHERE id = ANY(%s)", (sorted(dock),))
                    stowed = _balances(cursor, facts, chosen, bin_id, 1)
                    _post_many(cursor, facts, chosen, dock, stowed)
                    products = [product for _, product in chosen]
                    cursor.execute(
                        "UPDATE summary SET sellable = sellable + 1 WHERE id IN (SELECT id FROM summary WHERE"
                        " product_id = ANY(%s) ORDER BY id FOR UPDATE)", (products,),
                    )  # fmt: skip
                    ids = [line for line, _ in chosen]
                    cursor.execute("UPDATE carton_line SET put_away = put_away WHERE id = ANY(%s)", (ids,))
                _scan(cursor, facts, task)
                _answer(cursor, key)
            connection.commit()
        return True

    return work


def _balances(
    cursor: psycopg.Cursor[Any], facts: dict[str, Any], chosen: list[tuple[Any, Any]], place: Any, units: int
) -> list[int]:
    """Units of each product at a place, in one statement; the rows in the order of `chosen`."""
    cursor.execute(
        "INSERT INTO balance AS b (warehouse_id, owner_id, product_id, location_id, condition, customs_status, on_hand,"
        " allocated, is_sellable, held_by) SELECT %s, %s, p, %s, 'good', 'none', %s, 0, false, 0 FROM unnest(%s::uuid[])"
        f" AS p ORDER BY p ON CONFLICT ({KEY}) DO UPDATE SET on_hand = b.on_hand + excluded.on_hand RETURNING product_id, id",
        (facts["warehouse"], facts["owner"], place, units, [product for _, product in chosen]),
    )
    found = dict(cursor.fetchall())
    return [found[product] for _, product in chosen]


def _post_many(
    cursor: psycopg.Cursor[Any],
    facts: dict[str, Any],
    chosen: list[tuple[Any, Any]],
    sources: list[Any],
    targets: list[int],
) -> None:
    posting = new_id()
    cursor.execute(
        "INSERT INTO stock_posting (id, warehouse_id, key, reason, subject_kind, actor_kind, actor_id, business_date,"
        " created_at) VALUES (%s, %s, %s, 'move', 'bench', 'user', %s, current_date, now())",
        (posting, facts["warehouse"], str(posting), posting),
    )
    cursor.execute(
        "INSERT INTO stock_move (posting_id, warehouse_id, owner_id, product_id, from_balance_id, from_party,"
        " to_balance_id, quantity, crosses_bond, created_at) SELECT %s, %s, %s, m.p, m.s,"
        " CASE WHEN m.s IS NULL THEN 'supplier' END, m.t, 1, false, now()"
        " FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[]) AS m(p, s, t)",
        (posting, facts["warehouse"], facts["owner"], [product for _, product in chosen], sources, targets),
    )


def _lines(connection: Connection) -> list[tuple[Any, Any]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT ON (product_id) id, product_id FROM carton_line LIMIT 5000")
        found = cursor.fetchall()
    connection.commit()
    return found


CLIENTS: dict[str, Callable[[Connection, House, int], Work]] = {
    "order of 3 lines created and promised": orders,
    "bin-to-bin move": moves,
    "receiving a booking of 20 lines, lines": receiving,
    "counting a booking of 20 lines one by one, lines": counting,
}
