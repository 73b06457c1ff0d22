"""RQ as courier: the only file that imports rq beside the worker. A lost hint costs latency, never a job (law 9)."""

from __future__ import annotations

import uuid

import redis
import structlog
from flask import Flask, current_app
from rq import Queue
from rq.serializers import JSONSerializer

from wms.platform.outbox import jobs

log = structlog.get_logger(__name__)
QUEUES = ("labels", "default")
# The function RQ calls, by name: the JSON serializer carries no code.
ENTRY_POINT = "wms.worker.run_outbox_job"
# An RQ job is a hint: nothing of it is kept.
KEEP_SECONDS = 60
TIMEOUT_SECONDS = 300


def init_courier(app: Flask, redis_url: str) -> None:
    connection = redis.Redis.from_url(redis_url, socket_timeout=2, socket_connect_timeout=1)
    app.extensions["wms_redis"] = connection
    app.extensions["wms_queues"] = {
        name: Queue(name, connection=connection, serializer=JSONSerializer) for name in QUEUES
    }
    jobs.courier = _hint


def _hint(job_id: uuid.UUID, queue: str) -> None:
    """Put a hint on the queue of the application at hand: a process may hold several (tests do)."""
    try:
        current_app.extensions["wms_queues"][queue].enqueue_call(
            ENTRY_POINT, args=(str(job_id),), timeout=TIMEOUT_SECONDS, result_ttl=0, ttl=3600,
            failure_ttl=KEEP_SECONDS, job_id=str(job_id),
        )  # fmt: skip
    except redis.RedisError as fault:
        log.warning("courier.away", error=type(fault).__name__)


def waiting_hints() -> set[str]:
    """The ids that already stand in a queue: a long queue must not be hinted at again and again."""
    try:
        return {job_id for queue in current_app.extensions["wms_queues"].values() for job_id in queue.get_job_ids()}
    except redis.RedisError:
        return set()
