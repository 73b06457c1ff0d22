"""RQ as courier: the only file that imports rq beside the worker. A lost hint costs latency, never a job (law 9)."""

from __future__ import annotations

import uuid

import redis
import structlog
from flask import Flask
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
    queues = {name: Queue(name, connection=connection, serializer=JSONSerializer) for name in QUEUES}

    def hint(job_id: uuid.UUID, queue: str) -> None:
        try:
            queues[queue].enqueue_call(
                ENTRY_POINT, args=(str(job_id),), timeout=TIMEOUT_SECONDS, result_ttl=0, ttl=3600,
                failure_ttl=KEEP_SECONDS,
            )  # fmt: skip
        except redis.RedisError as fault:
            log.warning("courier.away", error=type(fault).__name__)

    jobs.courier = hint
