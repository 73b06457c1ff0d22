"""The worker's entry points. `python -m wms.worker labels default carriers` works the queues; `sweep` minds the outbox.

The application is built once, before RQ forks its work-horses.
"""

from __future__ import annotations

import mmap
import os
import signal
import sys
import time
import uuid
from typing import Any

import redis
import structlog
from flask import Flask
from rq import Queue, Worker, worker_registration
from rq.executions import Execution
from rq.job import Job
from rq.serializers import JSONSerializer
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.orm import configure_mappers

from config import Config
from labels import render_bundle
from labels.samples import samples
from wms.app import create_app
from wms.platform import courier, metrics, outbox, tracing
from wms.platform.database import db
from wms.schedule import run_due

log = structlog.get_logger(__name__)
LONGEST_WAIT_SECONDS = 2.0  # between two tries to reach a queue that is away
KEEP_ON_SECONDS = 2.0  # how long a work-horse begins other jobs after its first: a stop waits no longer for it
NOTHING = bytes(16)  # in hand
_app: Flask | None = None


def application() -> Flask:
    """The application of this process, built on first use."""
    global _app
    if _app is None:
        _app = create_app(Config.from_environ(os.environ).require_engines())
    return _app


def run_outbox_job(job_id: str) -> None:
    """What RQ calls. The row in the outbox decides whether there is anything to do."""
    with application().app_context():
        outbox.perform(uuid.UUID(job_id))
    tracing.flush()


def warm_up() -> None:
    """Load here what every work-horse would otherwise load again for each job: the typeface and the mappers.

    A horse lives for seconds; without this a bundle of a hundred labels took one, nearly all of it loading.
    """
    for kind in samples().values():
        render_bundle(kind[:1])
    configure_mappers()


class LabelWorker(Worker):
    """RQ's worker, which also lives through a queue that forgot it and tells the outbox of a killed work-horse.

    A work-horse that is done goes on for a while with what waits: to be born, to connect and to be planned for cost it
    as much as drawing a bundle. It tells its parent, through memory they share, which job it has in hand.
    """

    max_connection_wait_time = LONGEST_WAIT_SECONDS

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.in_hand = mmap.mmap(-1, len(NOTHING))

    def heartbeat(self, timeout: int | None = None, pipeline: redis.client.Pipeline | None = None) -> None:
        """An emptied queue does not know its workers any more: the operator would be told that none is there."""
        super().heartbeat(timeout, pipeline)
        if pipeline is None and self.key not in Worker.all_keys(self.connection):
            with self.connection.pipeline() as together:
                together.hset(self.key, mapping=self.serialize())
                worker_registration.register(self, together)
                together.expire(self.key, self.worker_ttl + 60)
                together.execute()

    def perform_job(self, job: Job, queue: Queue, execution: Execution) -> bool:
        """In the work-horse: the job it was made for, then others, the queues in their order."""
        until = time.monotonic() + KEEP_ON_SECONDS
        with application().app_context():
            db.engine.dispose(close=False)  # its parent's connections are not its own
        done = super().perform_job(job, queue, execution)
        while done and time.monotonic() < until:
            following = self._next_hint()
            if following is None:
                break
            self.connection.delete(Job.key_for(following))
            self.in_hand[:] = uuid.UUID(following).bytes
            run_outbox_job(following)
            self.in_hand[:] = NOTHING
        return done

    def _next_hint(self) -> str | None:
        """Taken from the first queue that has one. Should it be lost with this process, the sweeper finds its row."""
        for queue in self.queues:
            found = self.connection.lpop(queue.key)
            if isinstance(found, bytes):
                return found.decode()
        return None

    def monitor_work_horse(self, job: Job, queue: Queue, execution: Execution) -> None:
        """In the parent, until the work-horse has ended; what it had in hand then is for others."""
        super().monitor_work_horse(job, queue, execution)
        left = bytes(self.in_hand)
        self.in_hand[:] = NOTHING
        if left != NOTHING:
            _give_back(uuid.UUID(bytes=left), "its process ended")

    def handle_work_horse_killed(self, job: Job, retpid: int, ret_val: int, rusage: object) -> None:
        super().handle_work_horse_killed(job, retpid, ret_val, rusage)
        _give_back(uuid.UUID(job.id), f"its process ended with {ret_val}")


def _give_back(job_id: uuid.UUID, reason: str) -> None:
    """The lease of a dead work-horse would run on for minutes with nobody at work."""
    with application().app_context():
        try:
            outbox.give_back(job_id, reason)
        except DBAPIError as fault:  # the lease will run out
            log.warning("worker.database_away", error=type(fault.orig).__name__)


def work(queues: list[str]) -> None:
    app = application()
    metrics.set_role("worker", seen=True)
    config: Config = app.extensions["wms_config"]
    connection = redis.Redis.from_url(config.redis_url)
    warm_up()
    with app.app_context():
        worker = LabelWorker(
            [Queue(name, connection=connection, serializer=JSONSerializer) for name in queues],
            connection=connection,
            serializer=JSONSerializer,
            worker_ttl=config.worker_ttl,
        )
        worker.work(logging_level="WARNING")


def sweep_once(app: Flask) -> int:
    """Hint at every job that should be running and is not; run it here when the courier is away."""
    with app.app_context():
        due = outbox.due_jobs()
        waiting = courier.waiting_hints() if due else set()
        for job_id, topic in due:
            if not courier.answers():
                outbox.perform_in_a_row(job_id)
            elif str(job_id) not in waiting:
                outbox.hint(job_id, topic)
        return len(due)


def sweep() -> None:
    """Mind the outbox and the schedule until told to stop. A database that is away is waited for."""
    app = application()
    metrics.set_role("sweeper", seen=True)
    config: Config = app.extensions["wms_config"]
    stopping = False

    def stop(_: int, __: object) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    while not stopping:
        try:
            found = sweep_once(app)
            with app.app_context():
                run_due()
            if found:
                log.info("outbox.swept", jobs=found)
        except (OperationalError, InterfaceError) as fault:
            log.warning("sweeper.database_away", error=type(fault.orig).__name__)
        deadline = time.monotonic() + config.outbox_sweep_seconds
        while not stopping and time.monotonic() < deadline:
            time.sleep(0.2)


if __name__ == "__main__":
    if sys.argv[1:] == ["sweep"]:
        sweep()
    else:
        # One file, one module: RQ imports `wms.worker` by name and must find this same application.
        sys.modules["wms.worker"] = sys.modules["__main__"]
        work(sys.argv[1:] or list(courier.QUEUES))
