"""RQ as courier: the only file that imports rq beside the worker. A lost hint costs latency, never a job (law 9)."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field

import redis
import structlog
from flask import Flask, current_app
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer

from wms.platform.outbox import jobs

log = structlog.get_logger(__name__)
QUEUES = ("labels", "default", "carriers")  # the last waits for others' servers, and nobody should wait for it
# The function RQ calls, by name: the JSON serializer carries no code.
ENTRY_POINT = "wms.worker.run_outbox_job"
# An RQ job is a hint: nothing of it is kept.
KEEP_SECONDS = 60
TIMEOUT_SECONDS = 300
ANSWER_SECONDS = 1.0  # a queue that takes longer is away
AWAY_SECONDS = 5.0  # for so long nobody asks again: the sweeper finds what was not hinted at


@dataclass
class Courier:
    """The queues of one application, and when they were last found silent."""

    connection: redis.Redis
    queues: dict[str, Queue] = field(default_factory=dict)
    away_until: float = 0.0  # of the monotonic clock

    @property
    def is_away(self) -> bool:
        return time.monotonic() < self.away_until

    def note_away(self, fault: redis.RedisError) -> None:
        self.away_until = time.monotonic() + AWAY_SECONDS
        log.warning("courier.away", error=type(fault).__name__)


def init_courier(app: Flask, redis_url: str) -> None:
    connection = redis.Redis.from_url(
        redis_url,
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
        # Once more at once, for a connection that died in the pool. The library's own ten tries with pauses between
        # them would be waited for by somebody with a scanner in hand.
        retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
    )
    queues = {name: Queue(name, connection=connection, serializer=JSONSerializer) for name in QUEUES}
    app.extensions["wms_redis"] = connection
    app.extensions["wms_queues"] = queues
    app.extensions["wms_courier"] = Courier(connection, queues)
    jobs.courier = _hint


def _courier() -> Courier:
    """Of the application at hand: a process may hold several (tests do)."""
    found: Courier = current_app.extensions["wms_courier"]
    return found


def _hint(job_id: uuid.UUID, queue: str) -> None:
    """Put a hint on the queue, or leave it: this runs after the commit, and somebody waits for the answer."""
    courier = _courier()
    if courier.is_away:
        return
    try:
        courier.queues[queue].enqueue_call(
            ENTRY_POINT, args=(str(job_id),), timeout=TIMEOUT_SECONDS, result_ttl=0, ttl=3600,
            failure_ttl=KEEP_SECONDS, job_id=str(job_id),
        )  # fmt: skip
    except redis.RedisError as fault:
        courier.note_away(fault)


def answers() -> bool:
    """Whether the queues can be used just now."""
    courier = _courier()
    if courier.is_away:
        return False
    try:
        return bool(courier.connection.ping())
    except redis.RedisError as fault:
        courier.note_away(fault)
        return False


def waiting_hints() -> set[str]:
    """The ids that already stand in a queue: a long queue must not be hinted at again and again."""
    try:
        return {job_id for queue in _courier().queues.values() for job_id in queue.get_job_ids()}
    except redis.RedisError as fault:
        _courier().note_away(fault)
        return set()
