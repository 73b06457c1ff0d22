"""What runs by itself: workers, sweeper, schedule, and a Redis that forgets. The product's own functions, in process."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from functools import partial

from rq.exceptions import NoSuchJobError
from rq.job import Job
from sqlalchemy.exc import DBAPIError

from wms.platform import outbox
from wms.platform.courier import QUEUES
from wms.schedule import SCHEDULE, audit_books, audit_is_due, audit_unless_another_does, run_entry
from wms.simulation.faults import Crash, Fault
from wms.simulation.play import Play
from wms.simulation.timeline import Process
from wms.worker import sweep_once

SWEEP_SECONDS = 60.0
LEAST_SECONDS = 240.0  # schedule entries that run more often on a real day say nothing more here
JOB_FAULTS = (Fault.CONNECTION_LOST, Fault.CRASH_BEFORE_COMMIT, Fault.CRASH_AFTER_COMMIT)


def work(play: Play, queue: str) -> Process:
    """A worker of one queue: job by job as RQ hands them out. Sometimes twice, never, late, or dying over one."""
    dice = play.dice(f"worker {queue}")
    while True:
        for job_id in _handed_out(play, queue):
            throw = 1.0 if play.wire.calm else dice.random()
            if throw < 0.02:
                play.wire.record.faults["job_lost"] += 1
                continue
            _perform(play, dice, job_id)
            if throw < 0.05:
                play.wire.record.faults["job_twice"] += 1
                _perform(play, dice, job_id)
            yield dice.uniform(0.2, 2.0)
        away = not play.wire.calm and dice.random() < 0.002
        if away:
            play.wire.record.faults["worker_away"] += 1
        yield dice.uniform(600, 1_500) if away else dice.uniform(5, 30)


def _handed_out(play: Play, name: str) -> list[uuid.UUID]:
    """What RQ's queue holds, taken from it as its worker would."""
    queue = play.stage.app.extensions["wms_queues"][name]
    found = []
    for job_id in queue.job_ids:
        queue.remove(job_id)
        try:
            job = Job.fetch(job_id, connection=queue.connection, serializer=queue.serializer)
        except NoSuchJobError:  # hinted at twice, and the other hint was taken
            continue
        found.append(uuid.UUID(job.args[0]))
        job.delete()
    return found


def _perform(play: Play, dice: random.Random, job_id: uuid.UUID) -> None:
    """One job, as a work-horse does it; the horse may die at any commit."""
    fault = dice.choice(JOB_FAULTS) if not play.wire.calm and dice.random() < 0.04 else None
    _within(play, fault, lambda: outbox.perform(job_id), "job")


def _within(play: Play, fault: Fault | None, action: Callable[[], object], what: str) -> None:
    sprung = play.wire.trap.sprung
    with play.wire.trap.set(fault):
        try:
            play.inside(action)
        except (Crash, DBAPIError) as death:
            if play.wire.trap.sprung == sprung:
                raise  # not ours
            play.wire.record.faults[f"{what}_{type(death).__name__}".lower()] += 1


def sweep(play: Play) -> Process:
    """The sweeper: what the courier lost is hinted at again."""
    while True:
        sweep_once(play.stage.app)
        yield SWEEP_SECONDS


def keep_schedule(play: Play, name: str, seconds: float, function: Callable[[], None]) -> Process:
    """One entry of the schedule, at its pace; sometimes a process dies over it."""
    dice = play.dice(f"schedule {name}")
    while True:
        fault = dice.choice(JOB_FAULTS) if not play.wire.calm and dice.random() < 0.01 else None
        _within(play, fault, lambda: run_entry(name, function), "schedule")
        yield max(seconds, LEAST_SECONDS) * dice.uniform(0.9, 1.3)


def _audit_in_turn(play: Play) -> None:
    """The day's audit where it is due. The product begins a thread for it, whose turns and throws no seed would decide."""
    if audit_is_due():
        audit_unless_another_does(play.stage.app)


def forget(play: Play) -> Process:
    """Redis loses everything it knows, a few times a day."""
    dice = play.dice("redis")
    while True:
        yield dice.uniform(1_800, 14_400)
        if not play.wire.calm:
            play.stage.app.extensions["wms_redis"].flushdb()
            play.wire.record.faults["redis_emptied"] += 1


def start_all(play: Play) -> None:
    for name, seconds, function in SCHEDULE:
        here = partial(_audit_in_turn, play) if function is audit_books else function
        play.timeline.add(keep_schedule(play, name, seconds, here))
    for queue in QUEUES:
        play.timeline.add(work(play, queue), 5.0)
    play.timeline.add(sweep(play), 15.0)
    play.timeline.add(forget(play))
