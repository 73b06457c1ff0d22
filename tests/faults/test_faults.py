"""Everything that can break, broken while eight clients work (issue 3, *Faults*).

One house for all of them. Each fault is one `with house.fault(…)`: the eight work, the fault happens, all eight must be
answered well again, then everybody stands still and `verdict.judge` compares what was told with what is there.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest

from tests.faults import verdict
from tests.faults.clients import SKUS, PatientTablet
from tests.faults.house import House
from tests.faults.patience import eventually
from tests.faults.proxy import Weather
from wms.core.ids import new_id
from wms.demo.crew import barcode_of

REDIS_SECONDS = float(os.environ.get("FAULT_REDIS_SECONDS", "2"))
STORM_SECONDS = float(os.environ.get("FAULT_STORM_SECONDS", "3"))
STORM = Weather(lose_request=0.08, lose_answer=0.08, twice=0.08, late=0.08)


def test_on_a_good_day(house: House):
    with house.fault("nothing at all"):
        time.sleep(1)


# ---------- web ----------


def kill_web_workers(house: House) -> None:
    for worker in house.web_workers():
        worker.kill()


def test_web_killed_in_the_middle_of_a_transaction(house: House):
    with house.fault("both web workers killed, orders half written"):
        with house.outsider() as holder:
            holder.execute("SELECT 1 FROM summary FOR UPDATE")
            eventually(lambda: house.waiting("Lock") > 0, "a transaction waits in its middle")
            kill_web_workers(house)


def test_web_killed_between_commit_and_answer(house: House):
    """A command's job is hinted at after its commit and before its answer: a queue that does not answer holds it there."""
    with house.fault("both web workers killed, committed and not yet answered"):
        with house.queue_frozen():
            eventually(lambda: house.done_but_untold(), "a command is done and not told")
            kill_web_workers(house)


def test_web_server_killed_whole(house: House):
    with house.fault("web server killed with its workers"):
        workers = house.web_workers()
        house.web_master().kill()
        for worker in workers:
            worker.kill()


def test_web_workers_killed_again_and_again(house: House):
    with house.fault("a web worker killed every half second"):
        for _ in range(4):
            workers = house.web_workers()
            if workers:
                house.dice.choice(workers).kill()
            time.sleep(0.5)


# ---------- workers ----------


@pytest.mark.parametrize("victim", ["work-horse", "worker", "worker and work-horse", "sweeper"])
def test_worker_killed_in_the_middle_of_a_job(house: House, victim: str):
    with house.fault(f"{victim} killed in a label"):
        with house.outsider() as holder:
            holder.execute("LOCK TABLE stored_file IN EXCLUSIVE MODE")
            eventually(lambda: house.horses() and house.waiting("Lock"), "a label waits to be stored")
            horses, workers = house.horses(), house.label_workers()
            if victim != "worker":
                for each in house.sweepers() if victim == "sweeper" else horses:
                    each.kill()
            if victim.startswith("worker"):
                for each in workers:
                    each.kill()


# ---------- the queue ----------


def test_redis_stopped_and_started_empty(house: House):
    with house.fault(f"Redis stopped for {REDIS_SECONDS:.0f} s"):
        house.engines.valkey.stop()
        time.sleep(REDIS_SECONDS)
        house.engines.valkey.start()


def test_redis_hangs(house: House):
    with house.fault("Redis hangs for 2 s"):
        with house.queue_frozen():
            time.sleep(2)


def test_redis_flushed(house: House):
    with house.fault("Redis flushed"):
        with house.queue() as client:
            for _ in range(5):
                client.flushall()
                time.sleep(0.2)


def test_redis_killed_and_restarted(house: House):
    with house.fault("Redis killed and restarted"):
        house.kill_redis()
        house.engines.valkey.start()


def test_the_operator_sees_the_workers_again(house: House):
    """A queue that forgot its workers must be told of them again, or `/readyz` cries for ever."""
    eventually(lambda: house.degraded() == {}, "nothing is degraded any more")


# ---------- the database ----------


def test_postgres_restarted_at_once(house: House):
    with house.fault("PostgreSQL restarted, immediate mode") as fault:
        with house.database_away(fault):
            house.kill_postgres()
            time.sleep(1)
            house.engines.postgres.start()


def test_connections_terminated_at_random(house: House):
    with house.fault("connections terminated at random") as fault:
        with house.database_away(fault), house.admin() as admin:
            deadline, killed = time.monotonic() + 2, 0
            while time.monotonic() < deadline:
                victims = house.backends(admin)
                if victims:
                    admin.execute("SELECT pg_terminate_backend(%s)", [house.dice.choice(victims)])
                    killed += 1
                time.sleep(0.03)
        fault.notes.append(f"{killed} connections")


# ---------- the network ----------


def test_answers_lost_and_requests_repeated_everywhere(house: House):
    with house.fault("a third of all requests lost, doubled or late"):
        with house.weather(STORM):
            time.sleep(STORM_SECONDS)
    assert set(house.proxy.fates) == {"arrives", "lose_request", "lose_answer", "twice", "late"}


# ---------- the disks ----------


def skip_without_disk(house: House, name: str) -> None:
    if not house.disks[name].is_own:
        pytest.skip("only root can make a small file system of its own")


def test_disk_full_for_the_data(house: House):
    skip_without_disk(house, "instance")
    with house.fault("disk full for database and queue for 2 s") as fault:
        with house.database_away(fault):
            house.disks["instance"].fill()
            eventually(lambda: house.book.statuses[503] > 0, "the database has no room")
            time.sleep(2)
            house.disks["instance"].free()
            house.revive_postgres()


def test_disk_full_for_the_files(house: House):
    skip_without_disk(house, "files")
    with house.fault("disk full for label files for 2 s"):
        house.disks["files"].fill()
        eventually(
            lambda: house.one("SELECT count(*) FROM outbox_job WHERE last_error LIKE '%%No space%%'"),
            "a label has no room",
        )
        time.sleep(2)
        house.disks["files"].free()


# ---------- devices ----------


def receiving(house: House, tablets: list[PatientTablet]) -> str:
    """The tablets of one person, all in the middle of one carton; what to scan next."""
    barcode, _ = house.crew.announce(house.crew.shop("booker"), {SKUS[0]: 500})
    tablets[0].start("receive")
    assert tablets[0].scan(barcode)["ok"]
    for tablet in tablets[1:]:
        tablet.start("receive")
    return barcode_of(SKUS[0])


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    gate = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        gate.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_the_same_scan_five_times_at_once(house: House):
    with house.fault("the same scan five times at once, ten times"):
        five = house.crew.twins("eager", 5)
        code = receiving(house, five)
        for _ in range(10):
            body = five[0].scan_body(code, quantity=1)
            answers = at_once([lambda each=each: each.send_scan(body) for each in five])  # noqa: B023
            assert [status for status, _ in answers] == [200] * 5
            assert len({json.dumps(answer["feedback"], sort_keys=True) for _, answer in answers}) == 1
            five[0].task = answers[0][1]["next"]


def test_two_devices_on_one_task(house: House):
    with house.fault("two devices on one task, ten times"):
        both = house.crew.twins("pair", 2)
        code = receiving(house, both)
        for _ in range(10):
            bodies = [each.scan_body(code, quantity=1) for each in both]
            answers = at_once(
                [lambda each=each, body=body: each.send_scan(body) for each, body in zip(both, bodies, strict=True)]
            )
            assert sorted(status for status, _ in answers) == [200, 409]
            late = next(answer for status, answer in answers if status == 409)
            assert late["code"] == "stale_step"
            both[0].task = both[1].task = late["current"]


def test_scans_out_of_order(house: House):
    with house.fault("scans out of order"):
        (tablet,) = house.crew.twins("shuffler", 1)
        code = receiving(house, [tablet])
        sent = []
        for _ in range(6):
            body = tablet.scan_body(code, quantity=1)
            status, answer = tablet.send_scan(body)
            assert (status, answer["ok"]) == (200, True)
            sent.append((body, answer["feedback"]))
            tablet.task = answer["next"]
        for body, feedback in reversed(sent):  # each arrives once more, the last one first
            status, answer = tablet.send_scan(body)
            assert (status, answer["feedback"]) == (200, feedback)
            assert answer["next"]["step_token"] == tablet.task["step_token"]
        first, second = (tablet.scan_body(code, quantity=1) for _ in range(2))
        assert tablet.send_scan(second)[0] == 200  # the later one overtook the earlier one
        status, answer = tablet.send_scan(first)
        assert (status, answer["code"]) == (409, "stale_step")
        tablet.task = answer["current"]
        assert tablet.scan(code, quantity=1)["ok"]


HOUR = 3_600
DAY = 24 * HOUR


def test_the_clock_of_a_device_is_wrong(house: House):
    """By hours in either direction, by weeks into the past: its scans count, and count once. By more, they are refused by
    name (an id that old may repeat what is forgotten), which the tablet avoids: its page tells it the time.
    """
    with house.fault("device clocks off by -29 days to +23 hours"):
        (tablet,) = house.crew.twins("yesterday", 1)
        code = receiving(house, [tablet])
        for skew in (-29 * DAY, -26 * HOUR, -6 * HOUR, 6 * HOUR, 23 * HOUR):
            shown = (datetime.now(UTC) + timedelta(seconds=skew)).isoformat()
            body = tablet.scan_body(code, quantity=1) | {"scan_id": id_at(skew), "scanned_at": shown}
            first, again = tablet.send_scan(body), tablet.send_scan(body)
            assert (first[0], first[1]["ok"], first[1]) == (200, True, again[1])
            tablet.task = first[1]["next"]
        for skew, refusal in ((-31 * DAY, "command_too_old"), (26 * HOUR, "command_from_future")):
            status, answer = tablet.send_scan(tablet.scan_body(code, quantity=1) | {"scan_id": id_at(skew)})
            assert (status, answer["code"]) == (422, refusal)
        assert tablet.scan(code, quantity=1)["ok"]


def id_at(skew: float) -> str:
    """A UUIDv7 as a device makes it whose clock is off by so many seconds."""
    made = new_id().int
    return str(uuid.UUID(int=made + (int(skew * 1000) << 80)))


# ---------- all of it, and the end ----------


def test_everything_at_once(house: House):
    """Bad network, killed processes, ended connections and an emptied queue, in an order that the seed decides."""
    with house.fault("everything at once") as fault:
        broken: Counter[str] = Counter()
        with house.weather(STORM), house.database_away(fault), house.admin() as admin:
            deadline = time.monotonic() + STORM_SECONDS
            while time.monotonic() < deadline:
                broken[house.break_something(admin)] += 1
                time.sleep(0.2)
        fault.notes.append(", ".join(f"{number} × {what}" for what, number in broken.items()))


def test_everything_told_arrives(house: House):
    """No more orders: each one that was taken leaves the building, once."""
    house.gate.open()
    house.crew.close(120)
    assert house.crew.head.faults == []
    assert house.crew.open_orders() == 0
    states = house.rows("SELECT state, count(*) FROM outbound_order GROUP BY 1")
    assert states == [("shipped", len(house.crew.head.orders))]
    with house.outsider() as connection:
        for check in verdict.CHECKS:
            assert check(house, connection) == []
    assert verdict.audit(house) == []
