"""Counting: in files that outlive processes, by every path that is counted, and told to nobody without the token."""

from __future__ import annotations

import errno
import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from unittest import mock

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from tests.engines import Databases, create_app, dispose
from tests.sent import statements
from wms.core import clock
from wms.core.refusals import Refused
from wms.facility.models import Warehouse
from wms.inventory.promises import PromiseDraft, promise
from wms.platform import auditing, metric_files, metrics, outbox
from wms.platform.database import session, transaction
from wms.platform.locks import Rank, claim, lock_one
from wms.platform.metric_files import Key, Recorder, read_slots
from wms.platform.outbox import add_job, jobs
from wms.platform.statements import Statement, pipelined

TOKEN = "a token of the test's own"


# ---------- files ----------


def recorder_in(folder: Path, role: str = "web") -> Recorder:
    made = Recorder()
    made.configure(folder, role, frozenset({"level"}))
    return made


def totals(folder: Path) -> dict[Key, float]:
    found: dict[Key, float] = {}
    for slot in read_slots(folder):
        for key, values in slot.values.items():
            found[key] = found.get(key, 0) + values[0]
    return found


def in_child(work) -> int:
    """Run `work` in a forked process; its wait status."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(0)
    return os.waitpid(pid, 0)[1]


def test_processes_count_apart_and_add_up_even_when_killed(tmp_path):
    mine = recorder_in(tmp_path)
    mine.count(("n", "a"))

    def child() -> None:
        mine.after_fork()
        mine.count(("n", "a"), 5)
        os.kill(os.getpid(), signal.SIGKILL)

    assert os.WTERMSIG(in_child(child)) == signal.SIGKILL
    mine.count(("n", "a"))
    assert totals(tmp_path) == {("n", "a"): 7}
    assert [slot.alive for slot in read_slots(tmp_path)] == [True, False]


def test_there_are_as_many_files_as_processes_at_once(tmp_path):
    """A work-horse lives for one job: a thousand of them must not leave a thousand files."""
    mine = recorder_in(tmp_path)
    mine.count(("n",))
    for _ in range(20):
        in_child(lambda: (mine.after_fork(), mine.count(("n",))))
    assert totals(tmp_path) == {("n",): 21}
    assert len(read_slots(tmp_path)) == 2


def test_a_level_begins_at_nothing_in_each_process(tmp_path):
    first = recorder_in(tmp_path)
    first.count(("level",), 3)
    first.count(("n",), 3)
    first.close()
    second = recorder_in(tmp_path, "worker")
    second.count(("n",))
    [slot] = read_slots(tmp_path)
    assert slot.values == {("level",): (0.0,), ("n",): (4.0,)}
    assert (slot.role, slot.pid, slot.alive) == ("worker", os.getpid(), True)


def test_a_histogram_counts_in_the_first_bound_that_is_not_below(tmp_path):
    mine = recorder_in(tmp_path)
    for value in (0.5, 1.0, 1.5, 2.0, 9.0):
        mine.observe(("h",), (1.0, 2.0), value)
    [slot] = read_slots(tmp_path)
    assert slot.values == {("h",): (2.0, 2.0, 1.0, 14.0)}


def test_threads_lose_nothing(tmp_path):
    mine = recorder_in(tmp_path)
    threads = [threading.Thread(target=lambda: [mine.count(("n",)) for _ in range(5_000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert totals(tmp_path) == {("n",): 20_000}


def test_a_full_file_takes_no_more_keys_and_still_counts_the_old_ones(tmp_path):
    mine = recorder_in(tmp_path)
    for number in range(20_000):
        mine.count(("n", str(number)))
    known = totals(tmp_path)
    assert 2_500 < len(known) < 20_000
    mine.count(("n", "0"))
    assert totals(tmp_path)[("n", "0")] == 2
    assert (tmp_path / "slot-0").stat().st_size == metric_files.SIZE


def test_a_disk_that_is_full_stops_the_counting_and_nothing_else(tmp_path):
    mine = recorder_in(tmp_path)
    full = OSError(errno.ENOSPC, "No space left on device")
    with mock.patch("os.posix_fallocate", side_effect=full) as reserved:
        mine.count(("n",))
        mine.count(("n",))
    assert reserved.call_count == 1  # not asked again at each count
    mine._not_before = 0.0
    mine.count(("n",))
    assert totals(tmp_path) == {("n",): 1}


def test_what_is_no_slot_of_ours_is_passed_over(tmp_path):
    (tmp_path / "slot-7").write_bytes(b"something else" * 100)
    (tmp_path / "slot-8").write_bytes(b"")
    assert read_slots(tmp_path) == []
    metric_files.clear(tmp_path)
    assert list(tmp_path.iterdir()) == []


# ---------- what is counted ----------


@pytest.fixture(scope="module")
def counting_app(engines: Databases) -> Iterator[Flask]:
    """An application on a database of the module's own."""
    name = engines.copy()
    app = create_app(engines.config(name))
    yield app
    dispose(app)
    engines.engines.postgres.drop_database(name)


@pytest.fixture
def counting(counting_app: Flask, tmp_path: Path) -> Flask:
    """It counts in a folder of the test's own, and tells its metrics."""
    config = counting_app.extensions["wms_config"]
    counting_app.extensions["wms_config"] = replace(config, metrics_token=TOKEN, metrics_root=tmp_path)
    metrics.configure(tmp_path)
    return counting_app


def counted(app: Flask, name: str) -> dict[tuple[str, ...], float]:
    """A counter, or how often a histogram was observed, by its labels."""
    found: dict[tuple[str, ...], float] = {}
    for slot in read_slots(app.extensions["wms_config"].metrics_root):
        for key, values in slot.values.items():
            if key[0] == name:
                found[key[1:]] = found.get(key[1:], 0) + sum(values[:-1] if len(values) > 1 else values)
    return found


def client_of(app: Flask):
    from tests.conftest import SeparateRequests

    return SeparateRequests(app, app.response_class)


def read(app: Flask, **headers: str) -> str:
    answer = client_of(app).get("/metrics", headers={"Authorization": f"Bearer {TOKEN}", **headers})
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_nobody_reads_without_the_token(app, counting):
    assert client_of(app).get("/metrics").status_code == 404  # no token is set there
    for given in ("", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer ключ"):
        answer = client_of(counting).get("/metrics", headers={"Authorization": given.encode()})
        assert answer.status_code == 401, given
        assert "wms_" not in answer.get_data(as_text=True)


def test_requests_are_counted_by_rule_and_never_by_id(cast, counting):
    api = cast.api(client_of(counting))
    product = next(iter(cast.ACME.products.values()))
    with statements() as sent:
        assert api.get(f"/api/v1/products/{product}").status_code == 200
    api.get("/api/v1/products/01936f5e-7b1c-7abc-8def-0123456789ab")
    client_of(counting).open("/nowhere/at/all", method="BREW")
    rule = "/api/v1/products/<uuid:product_id>"
    requests = counted(counting, "wms_http_requests_total")
    assert requests == {("GET", rule, "200"): 1, ("GET", rule, "404"): 1, ("other", "-", "404"): 1}
    assert counted(counting, "wms_http_request_seconds") == {("GET", rule): 2, ("other", "-"): 1}
    assert counted(counting, "wms_http_statements_total")[("GET", rule)] > len(sent) > 2
    assert counted(counting, "wms_http_requests_in_progress") == {(): 0}
    assert str(product) not in read(counting)


def test_the_statements_of_a_request_are_those_that_were_sent(cast, counting):
    api = cast.api(client_of(counting))
    api.get("/api/v1/products")
    before = sum(counted(counting, "wms_http_statements_total").values())
    with statements() as sent:
        api.get("/api/v1/products")
    assert sum(counted(counting, "wms_http_statements_total").values()) - before == len(sent) > 2


def test_commands_are_counted_by_name_and_outcome(cast, counting):
    api = cast.api(client_of(counting))
    sizes = {"declared_weight_g": 1, "declared_length_mm": 1, "declared_width_mm": 1, "declared_height_mm": 1}
    body = {"sku": "NEW-1", "name_en": "New", "name_zh": "新", **sizes}
    first = api.post("/api/v1/products", body, key="one")
    assert first.status_code == 201, first.get_data(as_text=True)
    again = api.post("/api/v1/products", body, key="one")
    taken = api.post("/api/v1/products", body, key="two")
    assert (again.status_code, taken.status_code) == (201, 409)
    [name] = {labels[0] for labels in counted(counting, "wms_commands_total")}
    assert counted(counting, "wms_commands_total") == {(name, "done"): 1, (name, "replayed"): 1, (name, "refused"): 1}
    assert counted(counting, "wms_refusals_total") == {(taken.json["code"],): 1}


def test_promises_are_counted_by_outcome(cast, counting):
    draft = PromiseDraft(
        "order", cast.ACME.id, cast.overseas.id, cast.ACME.id, next(iter(cast.ACME.products.values())), 9
    )
    with counting.app_context(), pytest.raises(Refused), transaction():
        promise([draft])
    assert counted(counting, "wms_promises_total") == {("stock_short",): 1}


def test_locks_are_timed_by_rank_however_the_statement_is_sent(cast, counting):
    with counting.app_context(), transaction():
        lock_one(Rank.DOCUMENT, Warehouse, cast.overseas.id)
        claim(Rank.BALANCE)
        with pipelined():
            Statement("SELECT id FROM balance ORDER BY id FOR NO KEY UPDATE").send()
            Statement("SELECT 1").send()
        Statement("SELECT 1").send()
    assert counted(counting, "wms_lock_seconds") == {("document",): 1, ("balance",): 1}


def test_jobs_are_counted_with_their_wait(counting):
    def run(payload: dict[str, str]) -> None:
        if payload["what"] == "fail":
            raise ValueError("on the roof")
        if payload["what"] == "never":
            raise outbox.PermanentFailure("never")

    jobs.register("test.run", run)
    try:
        with counting.app_context():
            for what in ("go", "fail", "never"):
                with transaction():
                    job_id = add_job("test.run", {"what": what}, f"test.run:{what}")
                outbox.perform(job_id)
                outbox.perform(job_id)  # not its turn, or done: no run
    finally:
        jobs.handlers.pop("test.run")
    # `fail` is not due yet, but a direct hint runs it: its second attempt is no second wait.
    assert counted(counting, "wms_jobs_total") == {
        ("test.run", "done"): 1, ("test.run", "failed"): 2, ("test.run", "dead"): 1,
    }  # fmt: skip
    assert counted(counting, "wms_job_wait_seconds") == {("test.run",): 3}
    assert counted(counting, "wms_job_seconds") == {("test.run",): 4}


def test_every_metric_is_told_and_can_be_read_back(cast, counting):
    cast.api(client_of(counting)).get("/api/v1/products")
    with counting.app_context():
        metrics.LOCK_TIME.observe(0.01, "balance")
        with transaction():
            auditing.note({"checks": [{"name": "x", "rows": 2, "violations": [{}]}]}, "command", clock.now())
            session().execute(text("SELECT 1"))
    told = {family.name: family for family in text_string_to_metric_families(read(counting))}
    # The parser drops the `_total` of counters.
    assert {name.removesuffix("_total") for name in metrics.ALL} == told.keys()
    for name, metric in metrics.ALL.items():
        family = told[name.removesuffix("_total")]
        assert (family.type, family.documentation) == (metric.kind, metric.help)
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(metric.labels), sample
    values = {sample.name: sample.value for family in told.values() for sample in family.samples if not sample.labels}
    assert (values["wms_database_up"], values["wms_courier_up"], values["wms_schema_usable"]) == (1, 1, 1)
    assert (values["wms_audit_ok"], values["wms_audit_violations"]) == (0, 1)
    assert values["wms_http_requests_in_progress"] == 1  # this reading


def test_without_the_engines_the_counts_are_still_told(counting):
    import redis
    from sqlalchemy import create_engine

    from wms.platform.database import db

    counting.extensions["wms_redis"] = redis.Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.1, retry=None)
    with counting.app_context():
        away = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")
        here, db.engines[None] = db.engine, away
    try:
        told = read(counting)
    finally:
        with counting.app_context():
            db.engines[None] = here
    assert "wms_database_up 0.0" in told
    assert "wms_courier_up 0.0" in told
    assert "wms_outbox_jobs{" not in told
    assert "wms_disk_free_bytes{" in told


def test_buckets_of_processes_add_up_and_accumulate():
    from wms.platform.exposition import counted as families

    key = ("wms_lock_seconds", "balance")
    bounds = len(metrics.LOCK_SECONDS)
    first = metric_files.Slot(0, False, 1, 0.0, "web", {key: (1.0,) + (0.0,) * bounds + (0.5,)})
    second = metric_files.Slot(1, True, 2, 0.0, "web", {key: (2.0,) + (0.0,) * (bounds - 1) + (4.0, 9.5)})
    other_release = metric_files.Slot(2, True, 3, 0.0, "web", {key: (7.0, 7.0), ("wms_gone", "x"): (1.0,)})
    [family] = [each for each in families([first, second, other_release]) if each.name == "wms_lock_seconds"]
    found = {(sample.name, sample.labels.get("le")): sample.value for sample in family.samples}
    assert found[("wms_lock_seconds_bucket", "0.0005")] == 3
    assert found[("wms_lock_seconds_bucket", "3.0")] == 3
    assert found[("wms_lock_seconds_bucket", "+Inf")] == found[("wms_lock_seconds_count", None)] == 7
    assert found[("wms_lock_seconds_sum", None)] == 10
