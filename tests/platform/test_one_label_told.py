"""One label from the request to the job, through real processes: the logs tie it, a trace holds it, the metrics count it.

A web server with two processes and a worker, as in production; the collector of traces is a few lines of ours.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.parser import text_string_to_metric_families

from config import ROOT, Config
from tests.cast import Cast
from tests.engines import Databases
from tests.platform.test_worker import eventually
from tests.test_supervisor import free_port
from wms.core.ids import new_id
from wms.platform import telemetry

TOKEN = "a token of the test's own"
LABELS = 3
REQUEST_ID = "bench-7.label-1"
TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@dataclass(frozen=True)
class Span:
    name: str
    trace: str
    id: str
    parent: str
    attributes: dict[str, Any]


@dataclass
class Collector:
    """Takes OTLP over HTTP and keeps the spans."""

    spans: list[Span] = field(default_factory=list)
    server: ThreadingHTTPServer = field(init=False)

    def __post_init__(self) -> None:
        spans = self.spans

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                spans.extend(read_spans(body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/v1/traces"

    def of_trace(self, trace: str, kind: str) -> Span:
        """The span of that trace whose name begins so; processes tell theirs in any order."""
        found: Span = eventually(
            lambda: next(
                (each for each in list(self.spans) if each.trace == trace and each.name.startswith(kind)), None
            )
        )
        return found


def read_spans(body: bytes) -> list[Span]:
    message = ExportTraceServiceRequest.FromString(body)
    return [
        Span(
            each.name, each.trace_id.hex(), each.span_id.hex(), each.parent_span_id.hex(),
            {pair.key: pair.value.string_value or pair.value.int_value for pair in each.attributes},
        )
        for resource in message.resource_spans for scope in resource.scope_spans for each in scope.spans
    ]  # fmt: skip


@dataclass
class House:
    """Running processes, what they logged, and what came of asking for labels."""

    config: Config
    folder: Path
    collector: Collector
    answers: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    def lines(self) -> list[dict[str, Any]]:
        """Every line of our own log, whichever process wrote it."""
        found = []
        for path in self.folder.glob("*.log"):
            for line in path.read_text().splitlines():
                if line.startswith("{"):
                    found.append(json.loads(line))
        return found

    def ask(self, path: str, body: Any = None, **headers: str) -> bytes:
        """The body of the answer, which must be a good one."""
        data = None if body is None else json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.config.port, timeout=30)
        try:
            headers = {"Content-Type": "application/json", **headers}
            connection.request("GET" if data is None else "POST", path, data, headers)
            answer = connection.getresponse()
            content = answer.read()
            assert answer.status < 400, content
        finally:
            connection.close()
        return content


@pytest.fixture(scope="module")
def house(engines: Databases, cast: Cast, tmp_path_factory) -> Iterator[House]:
    name = engines.copy()
    collector = Collector()
    threading.Thread(target=collector.server.serve_forever, daemon=True).start()
    folder = tmp_path_factory.mktemp("told")
    config = replace(
        engines.config(name), port=free_port(), traces_url=collector.url, log_json=True, metrics_token=TOKEN,
        metrics_root=folder / "metrics",
    )  # fmt: skip
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("WMS_", "OTEL_"))}
    environment = {**inherited, **config.to_environ(), "OTEL_BSP_SCHEDULE_DELAY": "100"}
    web = ["gunicorn", f"--bind=127.0.0.1:{config.port}", "--workers=2", "--threads=2", "--worker-class=gthread",
           "--no-control-socket", "wsgi:app"]  # fmt: skip
    running = []
    for number, arguments in enumerate((web, ["wms.worker", "labels", "default"])):
        with (folder / f"{number}.log").open("wb") as output:
            command = [sys.executable, "-m", *arguments]
            running.append(subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output))
    found = House(config, folder, collector)
    try:
        eventually(lambda: _is_up(found))
        _ask_for_labels(found, cast)
        yield found
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(30)
        collector.server.shutdown()
        collector.server.server_close()
        engines.engines.postgres.drop_database(name)


def _is_up(found: House) -> bool:
    try:
        return "workers" not in json.loads(found.ask("/readyz"))["degraded"]
    except OSError:
        time.sleep(0.1)
        return False


def _ask_for_labels(found: House, cast: Cast) -> None:
    products = list(cast.ACME.products.values())
    headers = {"Authorization": f"Bearer {cast.ACME.key}"}
    first = {"X-Request-Id": REQUEST_ID, "Traceparent": f"00-{TRACE}-{CALLER}-01"}
    for number in range(LABELS):
        body = {"warehouse": "DE1", "lines": [{"product_id": str(products[number]), "quantity": 2}]}
        key = str(new_id()) if number else "Anna-Schmidt's-first"
        more = first if number == 0 else {}
        found.answers.append(
            json.loads(found.ask("/api/v1/labels/products", body, **headers, **more, **{"Idempotency-Key": key}))
        )
        found.keys.append(key)
    eventually(lambda: len([line for line in found.lines() if line["event"] == "job"]) >= LABELS)


def test_the_logs_lead_from_the_request_to_the_job(house: House):
    [request] = [line for line in house.lines() if line["event"] == "request" and line["request_id"] == REQUEST_ID]
    [job] = [line for line in house.lines() if line["event"] == "job" and line.get("request_id") == REQUEST_ID]
    assert (request["route"], request["status"]) == ("/api/v1/labels/products", 202)
    assert (job["topic"], job["outcome"], job["attempt"]) == ("printing.render_bundle", "done", 1)
    assert job["command"] == request["command"]
    assert job["job"] != job["command"]
    # A key that is no id may say who somebody is: it is told by its hash.
    assert request["command"].startswith("sha256-")
    assert "Anna" not in json.dumps(house.lines())
    others = {line["command"] for line in house.lines() if line["event"] == "job"}
    assert others == {request["command"], *house.keys[1:]}


def test_request_command_and_job_are_one_trace(house: House):
    request, command, job = (house.collector.of_trace(TRACE, kind) for kind in ("request", "command", "job"))
    assert (request.name, request.parent) == ("request POST /api/v1/labels/products", CALLER)
    assert (command.name, command.parent) == ("command labels.products", request.id)
    assert (job.name, job.parent) == ("job printing.render_bundle", command.id)
    assert request.attributes["http.response.status_code"] == 202
    assert command.attributes["wms.outcome"] == job.attributes["wms.outcome"] == "done"

    # One trace for each of the requests, and no more.
    def traces() -> set[str]:
        return {span.trace for span in house.collector.spans if span.name == "job printing.render_bundle"}

    eventually(lambda: len(traces()) >= LABELS)  # a work-horse tells of its jobs when it has done the last of them
    assert len(traces()) == LABELS


def test_the_processes_are_added_up(house: House):
    def told() -> dict[str, float]:
        text = house.ask("/metrics", Authorization=f"Bearer {TOKEN}").decode()
        found = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                found[sample.name + "".join(f" {value}" for _, value in sorted(sample.labels.items()))] = sample.value
        return found

    values = told()
    assert values["wms_http_requests_total POST /api/v1/labels/products 202"] == LABELS
    assert values["wms_http_request_seconds_count POST /api/v1/labels/products"] == LABELS
    assert values["wms_commands_total labels.products done"] == LABELS
    assert values["wms_jobs_total done printing.render_bundle"] == LABELS
    assert values["wms_job_wait_seconds_count printing.render_bundle"] == LABELS
    assert values["wms_labels_rendered_total product"] == 2 * LABELS
    assert values["wms_workers idle"] + values["wms_workers busy"] == 1
    # Each job had a process of its own; they left one file.
    assert len(list(house.config.metrics_root.glob("slot-*"))) <= 4


WITHOUT_THE_PACKAGES = """
import os, sys
sys.modules["opentelemetry"] = None
from config import Config, ConfigError
import wms.worker
from wms.app import create_app
try:
    create_app(Config.from_environ(os.environ).require_engines())
    print("built")
except ConfigError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("address", "said"), [("", "built"), ("http://127.0.0.1:1/v1/traces", "requirements-otel.txt")]
)
def test_the_packages_of_traces_are_needed_only_for_traces(tmp_path, address, said):
    away = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1/0"}
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("WMS_")}
    environment = {**inherited, **away, "WMS_INSTANCE": str(tmp_path), "WMS_TRACES_URL": address}
    command = [sys.executable, "-c", WITHOUT_THE_PACKAGES]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert said in done.stdout


def test_a_request_id_that_looks_like_a_person_is_not_taken(app):
    answer = app.test_client().get("/healthz", headers={"X-Request-Id": "13812345678"})
    assert answer.headers["X-Request-Id"] != "13812345678"
    assert telemetry.PERSONAL.search(answer.headers["X-Request-Id"]) is None
