"""The verdict itself: each of its checks sees the fault it is there for. On a house that worked for a moment."""

from __future__ import annotations

import time

import pytest

from tests.faults import verdict
from tests.faults.book import Bad, Told
from tests.faults.clients import MOVED
from tests.faults.house import Fault, House

SPOILT = {
    "a command lost": (verdict.commands, "DELETE FROM command WHERE outcome = 'done'"),
    "a command left open": (verdict.commands, "UPDATE command SET outcome = NULL WHERE name = 'floor.start'"),
    "a command done that was told as nothing": (
        verdict.commands, ("INSERT INTO command (day, scope, id, name, fingerprint, outcome, created_at)"
        " VALUES (current_date, 'x', 'nobodys', 'floor.scan', '', 'done', now())"),
    ),
    "a command that stands twice": (
        verdict.commands, ("INSERT INTO command (day, scope, id, name, fingerprint, outcome, created_at)"
        " SELECT day - 1, scope, id, name, fingerprint, outcome, created_at FROM command LIMIT 1"),
    ),
    "a scan lost": (verdict.scans, "DELETE FROM scan_event WHERE id = (SELECT min(id) FROM scan_event)"),
    "a scan on record twice": (
        verdict.scans, ("INSERT INTO scan_event (scan_id, warehouse_id, task_id, user_id, step, source, received_at)"
        " SELECT scan_id, warehouse_id, task_id, user_id, step, source, received_at FROM scan_event LIMIT 1"),
    ),
    "a posting by nobody": (
        verdict.postings, "UPDATE stock_posting SET key = 'user:x:nobodys/1' WHERE id = (SELECT id FROM stock_posting LIMIT 1)",
    ),
    "a posting of other units": (verdict.postings, "UPDATE stock_move SET quantity = quantity + 1"),
    "an order lost": (verdict.orders, "UPDATE outbound_order SET reference = reference || 'x'"),
    "an order with other units": (verdict.orders, "UPDATE order_line SET quantity = quantity + 1"),
    "a parcel loaded that is still there": (verdict.orders, "DELETE FROM parcel WHERE state = 'handed_over'"),
    "a bundle not made": (verdict.labels, "UPDATE label_bundle SET state = 'requested'"),
    "a bundle without a page": (verdict.labels, "UPDATE label_bundle SET pages = pages - 1"),
    "a bundle announced twice": (
        verdict.labels, ("UPDATE event SET subject_id = (SELECT subject_id FROM event WHERE name = 'printing.bundle_ready' LIMIT 1)"
        " WHERE name = 'printing.bundle_ready'"),
    ),
    "a print lost": (verdict.prints, "DELETE FROM print_job WHERE id = (SELECT id FROM print_job LIMIT 1)"),
    "goods in another bin": (
        verdict.mover, f"UPDATE balance SET on_hand = on_hand + 1 FROM product p WHERE p.id = product_id AND p.sku = '{MOVED}'",
    ),
    "a job left": (verdict.jobs, "UPDATE outbox_job SET state = 'dead'"),
}  # fmt: skip


@pytest.fixture(scope="module")
def rested(house: House) -> House:
    """After enough work that there is something of everything, printed labels too."""
    with house.fault("nothing, before the verdict is judged"):
        house.until_printed(3)
    return house


@pytest.mark.parametrize("what", SPOILT)
def test_it_sees(rested: House, what: str):
    check, spoil = SPOILT[what]
    with rested.admin("wms") as connection:
        assert check(rested, connection) == []
        connection.execute("SET session_replication_role = replica")  # past the triggers that would refuse
        with connection.transaction(force_rollback=True):
            assert connection.execute(spoil).rowcount > 0
            assert check(rested, connection) != []


NOW = 100.0


@pytest.mark.parametrize(
    ("status", "retry_after", "asked_at", "given_at", "right"),
    [
        (503, "5", 101.0, 102.0, True),
        (503, "5", 99.0, 101.0, True),
        (503, None, 101.0, 102.0, False),
        (503, "5", 106.0, 107.0, False),
        (503, "5", 98.0, 99.0, False),
        (500, "5", 101.0, 102.0, False),
        (502, "5", 101.0, 102.0, False),
    ],
)
def test_a_503_is_right_only_while_the_database_is_away(rested, status, retry_after, asked_at, given_at, right):
    rested.book.bad.append(Bad("shop", "GET", "/", status, asked_at, given_at, retry_after, ""))
    found = verdict.answers(rested, Fault("away", NOW, away=[(100.0, 105.0)]))
    rested.book.bad.clear()
    assert (found == []) == right


def test_what_was_told_and_is_not_there_is_lost(rested: House):
    rested.book.told["never"] = Told("shop-1", "/api/v1/orders", True, answer={"reference": "never"})
    with pytest.raises(AssertionError, match=r"told, but not there: never(.|\n)*order never is there 0 times"):
        verdict.judge(rested, Fault("a lie", time.monotonic()))
    del rested.book.told["never"]
    verdict.judge(rested, Fault("the truth", time.monotonic()))
