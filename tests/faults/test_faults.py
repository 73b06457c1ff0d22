"""Everything that can break, broken while eight clients work (issue 3, *Faults*).

One house for all of them. Each fault is one `with house.fault(…)`: the eight work, the fault happens, all eight must be
answered well again, then everybody stands still and `verdict.judge` compares what was told with what is there.
"""

from __future__ import annotations

import os
import time

import pytest

from tests.faults.house import House, eventually
from tests.faults.proxy import FAIR, Weather

REDIS_SECONDS = float(os.environ.get("FAULT_REDIS_SECONDS", "3"))
STORM_SECONDS = float(os.environ.get("FAULT_STORM_SECONDS", "4"))
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
    with house.fault("Redis hangs for 3 s"):
        with house.queue_frozen():
            time.sleep(3)


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
            deadline, killed = time.monotonic() + 3, 0
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
        house.proxy.weather = STORM
        time.sleep(STORM_SECONDS)
        house.proxy.weather = FAIR
    assert set(house.proxy.fates) == {"arrives", "lose_request", "lose_answer", "twice", "late"}
