"""The outbox is the truth: one effect per job, in order per key, dead or resumed by its own rules (law 9)."""

from __future__ import annotations

import errno
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from wms import worker
from wms.core import clock
from wms.platform import outbox
from wms.platform.courier import init_courier
from wms.platform.database import session, transaction
from wms.platform.outbox import OutboxJob, PermanentFailure, add_job, jobs

EFFECTS = text("SELECT coalesce(array_agg(what ORDER BY n), '{}') FROM effect")


@pytest.fixture
def outbox_app(fresh_app: Flask) -> Iterator[Flask]:
    """An application with a table of effects; `fail`, `refuse` and `note` are topics."""
    with fresh_app.app_context():
        with transaction():
            session().execute(text("CREATE TABLE effect (n integer GENERATED ALWAYS AS IDENTITY, what text)"))
        jobs.register("test.note", _note)
        jobs.register("test.fail", _fail)
        jobs.register("test.refuse", _refuse)
        yield fresh_app
    for topic in ("test.note", "test.fail", "test.refuse"):
        jobs.handlers.pop(topic)


def _note(payload: dict[str, str]) -> None:
    session().execute(text("INSERT INTO effect (what) VALUES (:what)"), payload)


def _fail(payload: dict[str, str]) -> None:
    _note(payload)
    raise ValueError("the goods are on the roof")


def _refuse(payload: dict[str, str]) -> None:
    _note(payload)
    raise PermanentFailure("nobody will ever")


def add(what: str, topic: str = "test.note", key: str | None = None) -> uuid.UUID:
    with transaction():
        added = add_job(topic, {"what": what}, f"{topic}:{what}", key)
    assert added is not None
    return added


def effects() -> list[str]:
    with transaction():
        return list(session().execute(EFFECTS).scalar_one())


def row(job_id: uuid.UUID) -> OutboxJob:
    with transaction():
        found = session().get_one(OutboxJob, job_id, populate_existing=True)
        session().expunge(found)
    return found


def run_sql(statement: str, **values: object) -> None:
    with transaction():
        session().execute(text(statement), values)


def test_a_job_runs_once_however_often_it_is_asked(outbox_app: Flask):
    job_id = add("a")
    assert [outbox.perform(job_id) for _ in range(3)] == [True, False, False]
    assert effects() == ["a"]
    assert row(job_id).state == "done"


def test_two_workers_at_once_give_one_effect(outbox_app: Flask):
    ids = [add(f"job {n}") for n in range(20)]
    done: list[bool] = []

    def run() -> None:
        with outbox_app.app_context():
            done.extend(outbox.perform(job_id) for job_id in ids)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(effects()) == sorted(f"job {n}" for n in range(20))
    assert done.count(True) == 20


def test_the_same_dedupe_key_is_one_job(outbox_app: Flask):
    add("a")
    with transaction():
        assert add_job("test.note", {"what": "again"}, "test.note:a") is None


def test_a_job_that_rolls_back_with_its_change_was_never_there(outbox_app: Flask):
    with pytest.raises(ZeroDivisionError), transaction():
        add_job("test.note", {"what": "a"}, "a")
        raise ZeroDivisionError
    with transaction():
        assert session().execute(text("SELECT count(*) FROM outbox_job")).scalar() == 0


def test_a_failure_leaves_no_effect_and_is_tried_again_later(outbox_app: Flask):
    job_id = add("a", "test.fail")
    assert outbox.perform(job_id) is False
    found = row(job_id)
    assert (found.state, found.attempts, found.last_error) == ("new", 1, "ValueError: the goods are on the roof")
    assert effects() == []
    assert outbox.due_jobs(age_seconds=0) == []  # not before its pause is over
    run_sql("UPDATE outbox_job SET next_at = now() - interval '1 minute'")
    assert outbox.due_jobs() == [(job_id, "test.fail")]


def test_after_the_last_attempt_a_job_is_dead_and_can_be_resumed(outbox_app: Flask):
    job_id = add("a", "test.fail")
    for _ in range(outbox.MAX_ATTEMPTS):
        assert row(job_id).state == "new"
        outbox.perform(job_id)
    assert (row(job_id).state, outbox.perform(job_id)) == ("dead", False)
    jobs.register("test.fail", _note)  # a person mended the cause
    with transaction():
        assert outbox.resume(job_id) is True
    assert outbox.perform(job_id) is True
    assert effects() == ["a"]
    with transaction():
        assert outbox.resume(job_id) is False


def test_a_permanent_failure_is_dead_at_once(outbox_app: Flask):
    job_id = add("a", "test.refuse")
    outbox.perform(job_id)
    assert (row(job_id).state, row(job_id).last_error) == ("dead", "PermanentFailure: nobody will ever")
    assert effects() == []
    with transaction():
        assert outbox.open_counts() == {"dead": 1}


def test_jobs_of_one_key_run_in_the_order_they_were_written(outbox_app: Flask):
    first, second, other = add("1", key="k"), add("2", key="k"), add("x", key="other")
    assert outbox.perform(second) is False
    assert outbox.perform(other) is True
    assert outbox.perform(first) is True
    assert outbox.perform(second) is True
    assert effects() == ["x", "1", "2"]


def test_jobs_that_wait_for_their_turn_do_not_crowd_out_the_others(outbox_app: Flask):
    first = add("first", "test.fail", key="k")
    for n in range(120):
        add(f"behind {n}", key="k")
    free = add("free")
    run_sql("UPDATE outbox_job SET next_at = now() - interval '1 minute'")
    assert [job_id for job_id, _ in outbox.due_jobs()] == [first, free]


@pytest.mark.parametrize("near", [1, 7, 500])
def test_due_are_the_first_of_every_key_and_those_without_one(outbox_app: Flask, near: int, monkeypatch) -> None:
    """However many stand in front of them: looked for near at hand, or from key to key."""
    monkeypatch.setattr(outbox, "NEAR", near)
    jobs = [
        add(f"{n}", key=key) for n, key in enumerate(["a", "b", None, "a", "c", "a", "b", None, "d", "c", "e", "a"])
    ]
    run_sql("UPDATE outbox_job SET next_at = now() - interval '1 minute'")
    run_sql(f"UPDATE outbox_job SET state = 'leased', lease_until = now() + interval '1 minute' WHERE id = '{jobs[1]}'")
    run_sql(f"UPDATE outbox_job SET next_at = now() + interval '1 minute' WHERE id IN ('{jobs[4]}', '{jobs[7]}')")
    run_sql(f"UPDATE outbox_job SET state = 'dead' WHERE id = '{jobs[8]}'")
    assert [job_id for job_id, _ in outbox.due_jobs(limit=9)] == [jobs[0], jobs[2], jobs[10]]
    assert [job_id for job_id, _ in outbox.due_jobs(limit=2)] == [jobs[0], jobs[2]]


@pytest.mark.parametrize("key", [None, "k"])
def test_jobs_in_work_do_not_hide_those_that_were_due_later(outbox_app: Flask, monkeypatch, key: str | None) -> None:
    """However many are being worked on, or wait behind one that is: they were due first, and cannot run."""
    monkeypatch.setattr(outbox, "NEAR", 2)
    busy = [add(f"{n}", key=key) for n in range(4)]
    free = add("free")
    run_sql("UPDATE outbox_job SET next_at = now() - interval '2 minutes'")
    run_sql("UPDATE outbox_job SET next_at = now() - interval '1 minute' WHERE id = :id", id=free)
    leased = busy if key is None else busy[:1]
    run_sql(
        "UPDATE outbox_job SET state = 'leased', lease_until = now() + interval '1 minute' WHERE id = ANY(:ids)",
        ids=leased,
    )
    assert [job_id for job_id, _ in outbox.due_jobs(limit=1)] == [free]


def test_a_dead_job_does_not_hold_up_those_behind_it(outbox_app: Flask):
    first, second = add("1", "test.refuse", key="k"), add("2", key="k")
    outbox.perform(first)
    assert outbox.perform(second) is True


def test_a_worker_that_lost_its_lease_takes_its_effect_back(outbox_app: Flask):
    def overtaken(payload: dict[str, str]) -> None:
        _note(payload)
        # Meanwhile another worker claims the row in a connection of its own, as after a lease that ran out.
        from wms.platform.database import db

        with db.engine.begin() as other:
            other.execute(text("UPDATE outbox_job SET lease_token = lease_token + 1"))

    jobs.register("test.note", overtaken)
    job_id = add("a")
    assert outbox.perform(job_id) is False
    assert effects() == []
    assert row(job_id).state == "leased"


def test_a_lease_that_ran_out_makes_the_job_due_again(outbox_app: Flask):
    job_id = add("a")
    run_sql("UPDATE outbox_job SET state = 'leased', lease_until = now() + interval '1 minute',"
            " next_at = now() - interval '1 minute'")  # fmt: skip
    assert (outbox.due_jobs(), outbox.perform(job_id)) == ([], False)
    run_sql("UPDATE outbox_job SET lease_until = now() - interval '1 second'")
    assert outbox.due_jobs() == [(job_id, "test.note")]
    assert outbox.perform(job_id) is True
    assert effects() == ["a"]


def test_the_sweeper_finds_a_hint_that_was_lost_and_gives_it_once(outbox_app: Flask):
    queue = outbox_app.extensions["wms_queues"]["default"]
    job_id = add("a")
    assert queue.get_job_ids() == [str(job_id)]
    outbox_app.extensions["wms_redis"].flushdb()
    run_sql("UPDATE outbox_job SET next_at = now() - interval '1 minute'")
    assert worker.sweep_once(outbox_app) == 1
    assert worker.sweep_once(outbox_app) == 1  # still waiting, but no second hint
    assert queue.get_job_ids() == [str(job_id)]


def test_without_a_courier_the_sweeper_works_itself(outbox_app: Flask):
    silence(outbox_app)
    job_id = add("a")
    run_sql("UPDATE outbox_job SET next_at = now() - interval '1 minute'")
    assert worker.sweep_once(outbox_app) == 1
    assert (row(job_id).state, effects()) == ("done", ["a"])


def test_without_a_courier_one_sweep_works_a_whole_row_of_jobs(outbox_app: Flask):
    """A look around finds the first of each key only: with a sweep for each, fifty would take a quarter of an hour."""
    silence(outbox_app)
    for number in range(5):
        add(f"a{number}", key="a")
        add(f"b{number}", "test.fail" if number == 2 else "test.note", key="b")
    run_sql("UPDATE outbox_job SET next_at = now() - interval '1 minute'")
    assert worker.sweep_once(outbox_app) == 2
    assert effects() == ["a0", "a1", "a2", "a3", "a4", "b0", "b1"]  # those behind one that failed wait for it


def silence(app: Flask) -> list[str]:
    """Turn the courier to an address where nobody is; returns the commands that are tried there from now on."""
    init_courier(app, "redis://127.0.0.1:1/0")
    tried: list[str] = []
    connection = app.extensions["wms_redis"]
    connection.connection_pool.make_connection = lambda make=connection.connection_pool.make_connection: (
        tried.append("connect") or make()
    )
    return tried


def test_nobody_waits_twice_for_a_courier_that_is_away(outbox_app: Flask):
    """Hints are given after the commit and before the answer: each try is somebody's wait."""
    tried = silence(outbox_app)
    for number in range(5):
        add(f"job {number}")
    assert tried == ["connect"]
    outbox_app.extensions["wms_courier"].away_until = 0.0  # some seconds later
    add("later")
    assert len(tried) <= 2  # the connection is made once, and fails again


def test_a_job_whose_worker_died_is_free_again_at_once(outbox_app: Flask):
    job_id = add("a")
    with transaction():
        outbox._CLAIM.first({"id": job_id, "lease": 120, "ruling": None})
    outbox.give_back(job_id, "its process ended with 9")
    assert (row(job_id).state, row(job_id).attempts, row(job_id).last_error) == ("new", 1, "its process ended with 9")
    assert outbox.perform(job_id)
    outbox.give_back(job_id, "too late")
    assert (row(job_id).state, effects()) == ("done", ["a"])


def test_a_job_that_kills_every_worker_is_given_up(outbox_app: Flask):
    job_id = add("a")
    for _ in range(outbox.MAX_ATTEMPTS):
        assert row(job_id).state == "new"
        with transaction():
            outbox._CLAIM.first({"id": job_id, "lease": 120, "ruling": None})
        outbox.give_back(job_id, "its process ended with 9")
    assert row(job_id).state == "dead"


def _driver_fault(sqlstate: str | None, lost: bool = False) -> OperationalError:
    cause = psycopg.errors.lookup(sqlstate)() if sqlstate else psycopg.Error()
    return OperationalError("INSERT", {}, cause, connection_invalidated=lost)


@pytest.mark.parametrize(
    ("fault", "passing"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), True),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), True),
        (FileNotFoundError(errno.ENOENT, "No such file"), False),
        (_driver_fault("53100"), True),
        (_driver_fault("57P01"), True),
        (_driver_fault("40P01"), True),
        (_driver_fault(None, lost=True), True),
        (_driver_fault("57014"), False),
        (ValueError("the goods are on the roof"), False),
    ],
    ids=str,
)  # fmt: skip
def test_what_breaks_the_house_and_what_breaks_the_job(fault: Exception, passing: bool):
    assert outbox.is_passing(fault) == passing


def test_a_broken_house_is_not_the_jobs_fault(outbox_app: Flask):
    """A disk that stays full costs no job its life, and the first try after that succeeds."""

    def no_room(_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    jobs.register("test.fail", no_room)
    job_id = add("a", "test.fail")
    for _ in range(outbox.MAX_ATTEMPTS + 1):
        outbox.perform(job_id)
    assert (row(job_id).state, row(job_id).attempts) == ("new", 0)
    assert row(job_id).next_at - clock.now() <= timedelta(seconds=outbox.PASSING_SECONDS)
    jobs.register("test.fail", _note)
    assert outbox.perform(job_id)
    assert effects() == ["a"]


def test_age_of_the_oldest_waiting_job(outbox_app: Flask):
    with transaction():
        assert outbox.oldest_due_seconds() == 0
    add("a")
    run_sql("UPDATE outbox_job SET next_at = now() - interval '1 minute'")
    with transaction():
        assert 59 < outbox.oldest_due_seconds() < 70


def test_leases_follow_a_clock_that_is_in_the_system_s_place(outbox_app: Flask) -> None:
    """In simulated time; otherwise all workers go by the database's clock."""
    moments = [datetime(2031, 1, 1, tzinfo=UTC)]
    former = clock.use(lambda: moments[-1])
    try:
        job_id = add("late")
        with transaction():
            claim = {"id": job_id, "lease": 120, "ruling": clock.ruling()}
            assert outbox._CLAIM.first(claim) is not None
        for seconds, due in ((0, []), (119, []), (2, [(job_id, "test.note")])):
            moments.append(moments[-1] + timedelta(seconds=seconds))
            assert outbox.due_jobs(age_seconds=0) == due
        assert outbox.perform(job_id)
    finally:
        clock.use(former)
    assert outbox.due_jobs(age_seconds=0) == []
