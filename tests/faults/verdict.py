"""After each fault, with everybody standing still: what was told is there, once, and nothing else is."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import psycopg

from tests.faults.clients import MOVED
from wms.platform.database import db

if TYPE_CHECKING:
    from tests.faults.house import Fault, House

# Scans that move stock, by what the screen said: each is one posting of its command.
POSTS = {"item_counted", "item_stowed", "item_moved", "item_picked", "stop_done", "parcel_loaded"}


def judge(house: House, fault: Fault) -> None:
    """Raises AssertionError with everything that is wrong."""
    wrong = [*answers(house, fault), *house.crew.head.faults, *house.book.contradictions]
    with house.outsider() as connection:
        wrong += [each for check in CHECKS for each in check(house, connection)]
    wrong += [*audit(house), *logged(house)]
    house.book.bad.clear()
    assert not wrong, "\n".join([fault.name, *wrong[:20], f"{len(wrong)} in all"])


def answers(house: House, fault: Fault) -> list[str]:
    """No 5xx but 503 with Retry-After, and that only to who asked before the database was back."""

    def allowed(asked: float, given: float) -> bool:
        return any(asked < back and given > left for left, back in fault.away)

    return [
        f"{bad.client}: {bad.method} {bad.path}: {bad.status}, Retry-After {bad.retry_after}, asked"
        f" {bad.asked_at - fault.began:+.2f} s, given {bad.given_at - fault.began:+.2f} s: {bad.text}"
        for bad in house.book.bad
        if bad.status != 503 or not bad.retry_after or not allowed(bad.asked_at, bad.given_at)
    ]


def commands(house: House, connection: psycopg.Connection[Any]) -> list[str]:
    """The commands told as done are exactly those that are done."""
    rows = connection.execute("SELECT id, outcome FROM command WHERE position('#' in id) = 0").fetchall()
    times = Counter(row[0] for row in rows)
    outcomes = dict(rows)
    told = house.book.done()
    done = {command_id for command_id, outcome in rows if outcome == "done"}
    wrong = [f"command {each} stands {times[each]} times" for each in times if times[each] > 1]
    wrong += [f"told, but not there: {each} {house.book.told[each]}" for each in sorted(told - done)]
    wrong += [f"there, but never told: {each}" for each in sorted(done - told)]
    wrong += [f"neither done nor refused: {each}" for each, outcome in rows if outcome is None]
    refused = {each for each, one in house.book.told.items() if not one.done}
    wrong += [f"told as refused: {house.book.told[each]}" for each in refused if outcomes.get(each) == "done"]
    return wrong


def scans(house: House, connection: psycopg.Connection[Any]) -> list[str]:
    """Each scan that was accepted is on record once."""
    rows = connection.execute("SELECT scan_id::text, count(*) FROM scan_event GROUP BY 1").fetchall()
    told = {each for each, one in house.book.told.items() if one.done and one.path.startswith("/floor/v1/scans")}
    wrong = [f"scan {each} is on record {number} times" for each, number in rows if number != 1]
    return wrong + [f"scans on record and told differ: {each}" for each in told ^ {row[0] for row in rows}]


def postings(house: House, connection: psycopg.Connection[Any]) -> list[str]:
    """Each scan that moves stock is one posting, of as many units as it named; no posting is of an untold command."""
    rows = connection.execute(
        "SELECT regexp_replace(p.key, '^.*:(.*)/[0-9]+$', '\\1') AS command, p.key, sum(m.quantity)"
        " FROM stock_posting p JOIN stock_move m ON m.posting_id = p.id GROUP BY 2"
    ).fetchall()
    of_command = Counter(row[0] for row in rows)
    units = {row[0]: row[2] for row in rows}
    wrong = [
        f"stock moved by nobody's command: {key}"
        for command, key, _ in rows
        if not key.startswith("job:") and command not in house.book.told
    ]
    for each, one in house.book.told.items():
        if one.done and one.code in POSTS:
            if of_command[each] != 1:
                wrong.append(f"{of_command[each]} postings of {each}: {one}")
            elif one.quantity is not None and units[each] != one.quantity:
                wrong.append(f"{units[each]} units moved by {each}: {one}")
    return wrong


def orders(house: House, connection: psycopg.Connection[Any]) -> list[str]:
    """Each order told is there once, with its units; none other is there; parcels are as many as the gate loaded."""
    rows = connection.execute(
        "SELECT o.reference, count(DISTINCT o.id), sum(l.quantity) FROM outbound_order o"
        " JOIN order_line l ON l.order_id = o.id GROUP BY 1"
    ).fetchall()
    there = {reference: (number, int(units)) for reference, number, units in rows}
    told = {
        one.answer["reference"]: one for one in house.book.told.values() if one.done and one.path == "/api/v1/orders"
    }
    wrong = [
        f"order {each} is there {there.get(each, (0,))[0]} times" for each in told if there.get(each, (0,))[0] != 1
    ]
    wrong += [f"order {each} was never told" for each in there.keys() - told.keys()]
    wrong += [
        f"order {each} has {there[each][1]} units, not {units.total()}"
        for each, units in list(house.crew.head.orders.items())
        if each in there and there[each][1] != units.total()
    ]
    loaded = sum(one.done and one.code == "parcel_loaded" for one in house.book.told.values())
    gone = connection.execute("SELECT count(*) FROM parcel WHERE state = 'handed_over'").fetchone()
    if gone != (loaded,):
        wrong.append(f"{loaded} parcels were loaded, {gone} are gone")
    return wrong


def labels(house: House, connection: psycopg.Connection[Any]) -> list[str]:
    """Each bundle told is ready, once, with all its labels; each waybill is one label of one parcel."""
    rows = connection.execute(
        "SELECT b.id::text, b.state, b.pages, (SELECT count(*) FROM label_document d WHERE d.bundle_id = b.id"
        " AND d.state <> 'ready'), (SELECT count(*) FROM event e WHERE e.name = 'printing.bundle_ready'"
        " AND e.subject_id = b.id) FROM label_bundle b"
    ).fetchall()
    told = dict(house.crew.head.bundles)
    wrong = [f"bundle {row}" for row in rows if (row[1], row[3], row[4]) != ("ready", 0, 1)]
    wrong += [
        f"bundle {row} has not the {told[row[0]]} labels asked for"
        for row in rows
        if row[2] != told.get(row[0], row[2])
    ]
    wrong += [f"bundle {each} is gone" for each in told.keys() - {row[0] for row in rows}]
    doubled = connection.execute(
        "SELECT tracking_number, count(*) FROM parcel GROUP BY 1 HAVING count(*) > 1"
    ).fetchall()
    wrong += [f"waybill {number} on {times} parcels" for number, times in doubled]
    twice = connection.execute(
        "SELECT subject_id, count(*) FROM label_document WHERE kind = 'waybill' AND state = 'ready'"
        " GROUP BY 1 HAVING count(*) > 1"
    ).fetchall()
    return wrong + [f"parcel {parcel} has {times} labels" for parcel, times in twice]


def prints(house: House, connection: psycopg.Connection[Any]) -> list[str]:
    """Each print told is one print on record, and no label was printed twice."""
    told = sum(one.done and one.path.startswith("/labels/") for one in house.book.told.values())
    row = connection.execute("SELECT count(*), count(DISTINCT document_id) FROM print_job").fetchone()
    return [] if row == (told, told) else [f"{told} prints told; on record and of different labels: {row}"]


def mover(house: House, connection: psycopg.Connection[Any]) -> list[str]:
    """The bins hold what the mover remembers, but for one walk whose last answer it has not thought about yet."""
    rows = connection.execute(
        "SELECT l.code, b.on_hand FROM balance b JOIN location l ON l.id = b.location_id JOIN product p"
        " ON p.id = b.product_id WHERE p.sku = %s AND b.on_hand > 0",
        [MOVED],
    ).fetchall()
    remembered = {code: units for code, units in house.crew.head.moved.items() if units}
    return [] if dict(rows) == remembered else [f"the bins hold {dict(rows)}, the mover knows {remembered}"]


def jobs(house: House, connection: psycopg.Connection[Any]) -> list[str]:
    rows = connection.execute("SELECT topic, state, last_error FROM outbox_job WHERE state <> 'done'").fetchall()
    return [f"job left: {row}" for row in rows]


CHECKS = (commands, scans, postings, orders, labels, prints, mover, jobs)


def audit(house: House) -> list[str]:
    """`flask audit`."""
    with house.stage.app.app_context():
        db.engine.dispose()
    violations = house.stage.audit_violations()
    return [f"the audit finds {violations} violations"] if violations else []


def logged(house: House) -> list[str]:
    """What was answered 500, and what could not be answered at all, is in the log, whoever saw it."""
    found = [
        line
        for line in house.log_since_last_look().splitlines()
        if ("[error" in line and " fault " in line) or "Error handling request" in line
    ]
    return found[:5]
