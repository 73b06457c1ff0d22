"""`/metrics` for Prometheus: what all processes of this host counted, and how the house is at this moment.

It exists only when `WMS_METRICS_TOKEN` is set, and answers to that bearer token only: a public address tells nothing.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator
from itertools import accumulate

from flask import Blueprint, Response, abort, current_app, request
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString
from sqlalchemy.exc import DBAPIError

from config import Config
from wms.core import clock
from wms.platform import metrics, vitals
from wms.platform.access import public
from wms.platform.auditing import last_audit
from wms.platform.database import db
from wms.platform.metric_files import Key, Slot, read_slots
from wms.platform.metrics import Counter, Histogram, Level, Metric
from wms.platform.outbox import oldest_due_seconds, open_counts
from wms.platform.problems import problem
from wms.platform.schema_version import schema_state

blueprint = Blueprint("exposition", __name__)
Family = CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily
Sample = tuple[Metric, tuple[str, ...], float]


@blueprint.get("/metrics")
@public
def read() -> Response:
    config: Config = current_app.extensions["wms_config"]
    if not config.metrics_token:
        abort(404)
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), config.metrics_token.encode()):
        refused = problem(401, "not_authenticated")
        refused.headers["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return refused
    registry = CollectorRegistry()
    registry.register(House(config))
    encoder, content_type = choose_encoder(request.headers.get("Accept", ""))
    return Response(encoder(registry), content_type=content_type)


class House(Collector):
    """A collector for one reading."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def collect(self) -> Iterator[Family]:
        slots = read_slots(self.config.metrics_root)
        yield from counted(slots)
        yield from sampled([*_of_database(), *_of_courier(), *_of_host(self.config, slots)])


def counted(slots: Iterable[Slot]) -> Iterator[Family]:
    """The counters, histograms and levels of all slots, added up. A level counts while its process lives."""
    totals: dict[Key, list[float]] = {}
    for slot in slots:
        for key, values in slot.values.items():
            metric = metrics.ALL.get(key[0])
            if not _fits(metric, key, values) or (isinstance(metric, Level) and not slot.alive):
                continue
            total = totals.setdefault(key, [0.0] * len(values))
            totals[key] = [a + b for a, b in zip(total, values, strict=True)]
    for metric in metrics.ALL.values():
        if isinstance(metric, Counter | Histogram | Level):
            found = {key[1:]: values for key, values in totals.items() if key[0] == metric.name}
            yield _family(metric, found)


def _fits(metric: Metric | None, key: Key, values: tuple[float, ...]) -> bool:
    """Not what another release left in a file."""
    if metric is None or len(key) != 1 + len(metric.labels):
        return False
    return len(values) == (len(metric.buckets) + 2 if isinstance(metric, Histogram) else 1)


def _family(metric: Metric, found: dict[tuple[str, ...], list[float]]) -> Family:
    if isinstance(metric, Histogram):
        histogram = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
        bounds = [*map(floatToGoString, metric.buckets), "+Inf"]
        for labels, values in sorted(found.items()):
            buckets = list(zip(bounds, accumulate(values[:-1]), strict=True))
            histogram.add_metric(labels, buckets, sum_value=values[-1])
        return histogram
    family: CounterMetricFamily | GaugeMetricFamily
    if isinstance(metric, Counter):
        family = CounterMetricFamily(metric.name, metric.help, labels=metric.labels)
    else:
        family = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
    for labels, (value,) in sorted(found.items()):
        family.add_metric(labels, value)
    if isinstance(metric, Level) and not found:
        family.add_metric((), 0.0)
    return family


def sampled(samples: Iterable[Sample]) -> Iterator[Family]:
    """Gauges as they are now; what nobody could tell is absent."""
    families: dict[str, GaugeMetricFamily] = {}
    for metric, labels, value in samples:
        family = families.setdefault(metric.name, GaugeMetricFamily(metric.name, metric.help, labels=metric.labels))
        family.add_metric(labels, value)
    yield from families.values()


def _of_database() -> Iterator[Sample]:
    try:
        found = [*_of_engine(), *_of_outbox(), *_of_audit()]
    except DBAPIError:
        db.session.remove()  # there may be no connection to roll back
        yield metrics.DATABASE_UP, (), 0.0
        return
    yield metrics.DATABASE_UP, (), 1.0
    yield from found


def _of_engine() -> Iterator[Sample]:
    usable = schema_state().usable
    yield metrics.SCHEMA_USABLE, (), float(usable)
    now = vitals.database()
    for state, number in now.connections.items():
        yield metrics.CONNECTIONS, (state,), number
    yield metrics.CONNECTIONS_MOST, (), now.most_connections
    yield metrics.LOCK_WAITERS, (), now.lock_waiters
    yield metrics.LOCK_LONGEST, (), now.longest_wait
    yield metrics.DATABASE_SIZE, (), now.size
    yield metrics.ARCHIVE_FAILS, (), float(vitals.archive_fails())


def _of_outbox() -> Iterator[Sample]:
    counts = open_counts()
    for state in ("new", "leased", "dead"):
        yield metrics.OUTBOX, (state,), counts.get(state, 0)
    yield metrics.OUTBOX_AGE, (), oldest_due_seconds()


def _of_audit() -> Iterator[Sample]:
    run = last_audit()
    if run is not None:
        yield metrics.AUDIT_AGE, (), (clock.now() - run.finished_at).total_seconds()
        yield metrics.AUDIT_OK, (), float(run.ok)
        yield metrics.AUDIT_VIOLATIONS, (), sum(run.violations.values())
        yield metrics.AUDIT_SECONDS, (), run.seconds


def _of_courier() -> Iterator[Sample]:
    now = vitals.courier()
    yield metrics.COURIER_UP, (), float(now is not None)
    if now is None:
        return
    for name, depth in now.queues.items():
        yield metrics.QUEUE, (name,), depth
    busy = sum(worker.state == "busy" for worker in now.alive)
    yield metrics.WORKERS, ("busy",), busy
    yield metrics.WORKERS, ("idle",), len(now.alive) - busy


def _of_host(config: Config, slots: Iterable[Slot]) -> Iterator[Sample]:
    yield metrics.THREADS, (), config.web_workers * config.web_threads
    living = [slot for slot in slots if slot.alive]
    for role in ("web", "worker", "sweeper"):
        yield metrics.PROCESSES, (role,), sum(slot.role == role for slot in living)
    for process in vitals.processes():
        if process.memory is not None:
            yield metrics.MEMORY, (process.role, str(process.slot)), process.memory
    for disk in vitals.disks():
        yield metrics.DISK_FREE, (disk.folder,), disk.free
        yield metrics.DISK_SIZE, (disk.folder,), disk.size
