"""Real workers on a real queue, killed in the middle of a label (DESIGN.md law 9; issue 2, *Proof*)."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import psycopg
import pypdfium2
import pytest
import zxingcpp
from flask import Flask
from rq import Queue, Worker
from rq.job import Job
from rq.serializers import JSONSerializer
from sqlalchemy import select, text

from config import ROOT
from tests.cast import Cast
from tests.engines import Databases, create_app, dispose
from wms.core.actor import SYSTEM
from wms.core.ids import new_id
from wms.facility import service as facility
from wms.facility.models import Location, LocationKind
from wms.facility.rules import Plan
from wms.platform import courier
from wms.platform.database import session, transaction
from wms.printing.models import LabelDocument, LabelKind
from wms.printing.service import DocumentDraft, bundle_pdf, request_documents
from wms.printing.service.requests import PAGES_A_BUNDLE
from wms.worker import NOTHING, LabelWorker

LEASE_SECONDS = 3
SWEEP_SECONDS = 1
PATIENCE_SECONDS = 40  # lease, sweep and rendering, on a machine that is busy with other tests


class Workers:
    """Processes of `python -m wms.worker`, each in a group of its own, with the environment of the test's app."""

    def __init__(self, environ: dict[str, str]) -> None:
        self.environ = environ
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "wms.worker", *arguments]
        process = subprocess.Popen(command, env=self.environ, cwd=ROOT, start_new_session=True)
        self.running.append(process)
        return process

    def kill_all(self) -> None:
        for process in self.running:
            for each in family(process):
                with contextlib.suppress(psutil.NoSuchProcess):
                    each.kill()
            process.wait(10)


def family(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """The process and its work-horses: these have process groups of their own."""
    with contextlib.suppress(psutil.NoSuchProcess):
        parent = psutil.Process(process.pid)
        return [parent, *parent.children(recursive=True)]
    return []


def eventually(what: Callable[[], Any], seconds: float = PATIENCE_SECONDS, pause: float = 0.02) -> Any:
    """The first true answer of `what`, within a bounded wait."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = what()
        if found:
            return found
        time.sleep(pause)
    raise AssertionError(f"nothing came within {seconds} s")


@pytest.fixture
def worker_app(engines: Databases, fresh_database: str) -> Iterator[Flask]:
    """An application with short leases, and a context."""
    config = dataclasses.replace(
        engines.config(fresh_database),
        outbox_lease_seconds=LEASE_SECONDS, outbox_sweep_seconds=SWEEP_SECONDS, worker_ttl=10,
    )  # fmt: skip
    app = create_app(config)
    with app.app_context():
        yield app
    dispose(app)


@pytest.fixture
def workers(worker_app: Flask) -> Iterator[Workers]:
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("WMS_")}
    found = Workers({**inherited, **worker_app.extensions["wms_config"].to_environ()})
    yield found
    found.kill_all()


@pytest.fixture
def outsider(engines: Databases, fresh_database: str) -> Iterator[psycopg.Connection]:
    """A connection beside the application's: it holds a worker up by holding a row."""
    url = engines.engines.postgres.url(fresh_database).replace("+psycopg", "")
    with psycopg.connect(url) as connection:
        yield connection


def request_labels(cast: Cast, count: int) -> list[uuid.UUID]:
    """Ask for labels of this many bins; the ids of their bundles."""
    with transaction():
        facility.create_zone(SYSTEM, cast.overseas.id, "BIG", "Many bins", LocationKind.STORAGE)
        facility.generate_locations(SYSTEM, cast.overseas.id, "BIG", Plan("X{bay:04}", (1, 1), (1, count)))
        bins = session().scalars(select(Location).where(Location.code.like("X%")).order_by(Location.code)).all()
        drafts = [DocumentDraft(LabelKind.LOCATION, "location", each.id, barcode=each.barcode) for each in bins]
        return request_documents(SYSTEM, cast.overseas.id, drafts)


def one(statement: str, **values: object) -> Any:
    with transaction():
        return session().execute(text(statement), values).scalar()


def is_ready(bundle_id: uuid.UUID) -> bool:
    return bool(one("SELECT state = 'ready' FROM label_bundle WHERE id = :id", id=bundle_id))


def all_ready(bundle_ids: list[uuid.UUID]) -> bool:
    return all(map(is_ready, bundle_ids))


def read_codes(pdf: bytes) -> list[str]:
    """What a scanner reads from each page at 203 dpi."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [",".join(sorted({symbol.text for symbol in _symbols(page)})) for page in document]
    finally:
        document.close()


def _symbols(page: pypdfium2.PdfPage) -> list[Any]:
    bitmap = page.render(scale=203 / 72, grayscale=True)
    try:
        pixels = memoryview(bitmap.buffer).cast("B").cast("B", (bitmap.height, bitmap.stride))
        return list(zxingcpp.read_barcodes(pixels))
    finally:
        bitmap.close()


def expected_codes(bundle_id: uuid.UUID) -> list[str]:
    with transaction():
        statement = select(LabelDocument.barcode).where(LabelDocument.bundle_id == bundle_id)
        return [str(code) for code in session().scalars(statement.order_by(LabelDocument.position))]


@pytest.mark.parametrize("victim", ["the worker and its horse", "the horse alone"])
def test_a_worker_killed_in_a_label_and_an_emptied_queue_lose_and_double_nothing(
    worker_app: Flask, workers: Workers, outsider: psycopg.Connection, cast: Cast, victim: str
):
    bundles = request_labels(cast, 230)
    assert len(bundles) == 3
    # The second bundle is drawn and stored, but cannot be marked ready: its row is held here.
    outsider.execute("SELECT 1 FROM label_bundle WHERE id = %s FOR UPDATE", (bundles[1],))
    worker = workers.start("labels", "default")
    eventually(lambda: one("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                           " AND datname = current_database()"))  # fmt: skip
    assert is_ready(bundles[0])
    assert one("SELECT state FROM outbox_job WHERE payload ->> 'bundle_id' = :id", id=str(bundles[1])) == "leased"

    victims = family(worker) if victim == "the worker and its horse" else family(worker)[1:]
    assert victims
    for each in victims:
        os.kill(each.pid, signal.SIGKILL)
    worker_app.extensions["wms_redis"].flushall()
    outsider.rollback()
    killed = time.monotonic()

    if victim == "the worker and its horse":
        workers.start("labels", "default")
    workers.start("sweep")
    eventually(lambda: all_ready(bundles))
    assert time.monotonic() - killed < PATIENCE_SECONDS

    # Every label arrived, once.
    for bundle_id in bundles:
        assert one("SELECT count(*) FROM event WHERE name = 'printing.bundle_ready' AND subject_id = :id",
                   id=bundle_id) == 1  # fmt: skip
    assert one("SELECT count(*) FROM label_document WHERE state = 'ready'") == 230
    assert one("SELECT count(DISTINCT (bundle_id, page_index)) FROM label_document") == 230
    assert one("SELECT count(*) FROM outbox_job WHERE state <> 'done'") == 0
    assert one("SELECT count(*) FROM stored_file") == 3
    with transaction():
        assert read_codes(bundle_pdf(SYSTEM, bundles[1])) == expected_codes(bundles[1])


def test_a_worker_stops_when_told(worker_app: Flask, workers: Workers, cast: Cast):
    worker = workers.start("labels", "default")
    bundles = request_labels(cast, 40)
    eventually(lambda: all_ready(bundles))
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(15) == 0


def test_with_the_queue_away_the_sweeper_makes_the_labels(worker_app: Flask, workers: Workers, cast: Cast):
    workers.environ["REDIS_URL"] = "redis://127.0.0.1:1/0"
    worker_app.extensions["wms_redis"].flushall()
    bundles = request_labels(cast, 5)
    workers.start("sweep")
    eventually(lambda: all_ready(bundles))
    assert one("SELECT count(*) FROM event WHERE name = 'printing.bundle_ready'") == 1


def test_an_emptied_queue_is_told_of_its_workers_again(worker_app: Flask, workers: Workers, cast: Cast):
    """Else the operator reads that no worker is there, until somebody restarts them."""
    queue = worker_app.extensions["wms_redis"]
    workers.start("labels", "default")
    (known,) = eventually(lambda: Worker.all_keys(queue))
    queue.flushall()
    bundles = request_labels(cast, 1)  # a hint, so that the worker has something to come back for
    eventually(lambda: Worker.all_keys(queue) == [known])
    eventually(lambda: all_ready(bundles))
    assert [worker.name for worker in Worker.all(queue)] == [known.removeprefix("rq:worker:")]


@pytest.mark.parametrize("place", [0, 1], ids=["its first", "one it went on with"])
def test_a_horse_that_was_killed_leaves_its_job_to_others_at_once(
    worker_app: Flask, workers: Workers, outsider: psycopg.Connection, cast: Cast, place: int
):
    """Long before its lease runs out."""
    workers.environ["WMS_OUTBOX_LEASE_SECONDS"] = "3600"
    bundles = request_labels(cast, 1 + place * PAGES_A_BUNDLE)
    outsider.execute("SELECT 1 FROM label_bundle WHERE id = %s FOR UPDATE", (bundles[place],))
    worker = workers.start("labels", "default")
    held = {"id": str(bundles[place])}
    state = "SELECT state FROM outbox_job WHERE payload ->> 'bundle_id' = :id"
    eventually(lambda: one(state, **held) == "leased" and family(worker)[1:])
    assert all_ready(bundles[:place])
    for horse in family(worker)[1:]:
        horse.kill()
    outsider.rollback()
    eventually(lambda: one(state, **held) == "new")
    assert "its process ended" in one("SELECT last_error FROM outbox_job WHERE payload ->> 'bundle_id' = :id", **held)
    workers.start("sweep")
    eventually(lambda: all_ready(bundles))


@pytest.mark.parametrize(("seconds", "left"), [(3600.0, 0), (0.0, 3)])
def test_a_horse_goes_on_with_what_waits(
    worker_app: Flask, monkeypatch: pytest.MonkeyPatch, seconds: float, left: int
) -> None:
    """The queues in their order, for so long and no longer; the parent can see what is in hand."""
    queues: dict[str, Queue] = worker_app.extensions["wms_queues"]
    connection = worker_app.extensions["wms_redis"]
    worker = LabelWorker([queues["labels"], queues["default"]], connection=connection, serializer=JSONSerializer)
    waiting = [new_id() for _ in range(3)]
    for job_id, queue in zip(waiting, ("default", "labels", "labels"), strict=True):
        courier._hint(job_id, queue)
    ran: list[str] = []

    def run(job_id: str) -> None:
        assert bytes(worker.in_hand) == uuid.UUID(job_id).bytes
        ran.append(job_id)

    monkeypatch.setattr("wms.worker.KEEP_ON_SECONDS", seconds)
    monkeypatch.setattr("wms.worker.run_outbox_job", run)
    monkeypatch.setattr("wms.worker.application", lambda: worker_app)
    monkeypatch.setattr(Worker, "perform_job", lambda *_: True)
    assert worker.perform_job(Job(connection=connection), queues["labels"], None)  # type: ignore[arg-type]
    first, second, third = map(str, waiting)
    assert ran == [second, third, first][: 3 - left]
    assert len(connection.keys("rq:job:*")) == sum(queue.count for queue in queues.values()) == left
    assert bytes(worker.in_hand) == NOTHING
