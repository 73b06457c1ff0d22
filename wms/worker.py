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
from rq import Queue, Worker
from rq.serializers import JSONSerializer
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import configure_mappers

from config import Config
from labels import render_bundle
from labels.samples import samples
from wms.app import create_app
from wms.platform import metrics, outbox, tracing
from wms.platform.courier import waiting_hints
from wms.platform.database import db
from wms.schedule import run_due

log = structlog.get_logger(__name__)
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


def work(queues: list[str]) -> None:
    app = application()
    metrics.set_role("worker", seen=True)
    config: Config = app.extensions["wms_config"]
    connection = redis.Redis.from_url(config.redis_url)
    warm_up()
    with app.app_context():
        worker = Worker(
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
        waiting = waiting_hints() if due else set()
        for job_id, topic in due:
            if not _courier_answers(app):
                outbox.perform(job_id)
            elif str(job_id) not in waiting:
                outbox.hint(job_id, topic)
        return len(due)


def _courier_answers(app: Flask) -> bool:
    try:
        return bool(app.extensions["wms_redis"].ping())
    except redis.RedisError:
        return False


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
        except OperationalError as fault:
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
