"""The worker's entry points. `python -m wms.worker labels default` works the queues; `sweep` minds the outbox.

The application is built once, before RQ forks its work-horses.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import uuid

import redis
import structlog
from flask import Flask
from rq import Queue, Worker, worker_registration
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
        db.engine.dispose(close=False)  # a forked work-horse must not share its parent's connections
        outbox.perform(uuid.UUID(job_id))
    tracing.flush()


def warm_up() -> None:
    """Load here what every work-horse would otherwise load again for each job: the typeface and the mappers.

    A horse lives for one job; without this a bundle of a hundred labels took a second, nearly all of it loading.
    """
    for kind in samples().values():
        render_bundle(kind[:1])
    configure_mappers()


class LabelWorker(Worker):
    """RQ's worker, which also lives through a queue that forgot it and tells the outbox of a killed work-horse."""

    max_connection_wait_time = LONGEST_WAIT_SECONDS

    def heartbeat(self, timeout: int | None = None, pipeline: redis.client.Pipeline | None = None) -> None:
        """An emptied queue does not know its workers any more: the operator would be told that none is there."""
        super().heartbeat(timeout, pipeline)
        if pipeline is None and self.key not in Worker.all_keys(self.connection):
            with self.connection.pipeline() as together:
                together.hset(self.key, mapping=self.serialize())
                worker_registration.register(self, together)
                together.expire(self.key, self.worker_ttl + 60)
                together.execute()

    def handle_work_horse_killed(self, job: Job, retpid: int, ret_val: int, rusage: object) -> None:
        """Its lease would run on for minutes with nobody at work."""
        super().handle_work_horse_killed(job, retpid, ret_val, rusage)
        with application().app_context():
            try:
                outbox.give_back(uuid.UUID(job.id), f"its process ended with {ret_val}")
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
                outbox.perform(job_id)
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
        work(sys.argv[1:] or ["labels", "default"])
