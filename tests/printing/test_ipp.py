"""Printers that speak IPP as a real one was seen to (`ippeveprinter`, CUPS 2.4.2), and a server that hangs up."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.cast import Cast
from tests.printing.agents import Bench
from tests.printing.conftest import Desk
from tests.printing.simulator import IppPrinter, running
from tests.printing.test_agents import send, sheets_of, states
from wms.core.actor import SYSTEM
from wms.platform.database import transaction
from wms.printing import reasons
from wms.printing import service as printing
from wms.printing.agent import ipp_wire as wire
from wms.printing.agent.backend import Stage, Target
from wms.printing.agent.ipp import Ipp
from wms.printing.agent.server import REST_SECONDS, Server

HUNDRED, FOUR_BY_SIX = "om_label_100x150mm", "na_index-4x6_4x6in"


def ipp(printer: IppPrinter, **more: Any) -> Ipp:
    values = {"id": "1", "name": "bench", "backend": "ipp", "uri": printer.uri, "language": "zpl", "dpi": 203,
              "width_mm": 100.0, "height_mm": 150.0, **more}  # fmt: skip
    return Ipp(Target(**values))


def keywords(name: str, *values: str) -> wire.Attribute:
    return wire.Attribute(name, wire.MIME if name.startswith("document-format") else wire.KEYWORD, values)


def state(number: int) -> wire.Attribute:
    return wire.Attribute("printer-state", wire.ENUM, (number,))


IDLE, PRINTING, STOPPED = state(3), state(4), state(5)
REASONS = "printer-state-reasons"


@pytest.mark.parametrize(
    ("told", "look"),
    [
        ([IDLE, keywords(REASONS, "none")], ("ready", "")),
        # As ippeveprinter says it: its tray is empty, idle and then with a job in it.
        ([IDLE, keywords(REASONS, "media-empty-report"), keywords("media-ready", HUNDRED)], ("stopped", "media-empty")),
        ([PRINTING, keywords(REASONS, "media-empty-warning", "media-needed-warning"), keywords("media-ready", HUNDRED)],
         ("stopped", "media-empty,media-needed")),
        # Another tray helps; so does one behind a queue, of which nothing is told.
        ([IDLE, keywords(REASONS, "media-empty-report"), keywords("media-ready", HUNDRED, FOUR_BY_SIX)],
         ("ready", "media-empty")),
        ([IDLE, keywords(REASONS, "media-empty-report"), keywords("media-ready", "iso_a4_210x297mm"),
          keywords("cups-version", "2.4.2")], ("ready", "media-empty")),
        ([IDLE, keywords(REASONS, "media-empty-error")], ("stopped", "media-empty")),
        ([IDLE, keywords(REASONS, "media-low-warning", "marker-supply-low-report")],
         ("ready", "media-low,marker-supply-low")),
        ([IDLE, keywords(REASONS, "media-low-warning", "cover-open-error")], ("stopped", "cover-open,media-low")),
        ([IDLE, keywords(REASONS, "connecting-to-device")], ("ready", "connecting-to-device")),
        ([PRINTING, keywords(REASONS, "offline-report")], ("stopped", "offline")),
        ([STOPPED, keywords(REASONS, "paused")], ("stopped", "paused")),
        # It would print a waybill on whatever is loaded, and call it completed.
        ([IDLE, keywords("media-ready", "om_small_60x40mm")], ("stopped", "other_labels")),
        ([IDLE, keywords("media-ready", FOUR_BY_SIX)], ("stopped", "other_labels")),
        ([IDLE, keywords("media-ready", "om_small_60x40mm", HUNDRED)], ("ready", "")),
        ([IDLE, keywords("media-ready", "custom_100x150mm_100x150mm")], ("ready", "")),
        ([IDLE, keywords("media-ready", "roll")], ("ready", "")),
        ([IDLE, keywords("document-format-supported", "image/pwg-raster", "image/urf")], ("stopped", "no_pdf")),
        ([IDLE, keywords("document-format-supported", "application/pdf", "image/urf")], ("ready", "")),
    ],
)  # fmt: skip
def test_what_a_printer_says_of_itself_is_understood(told: list[wire.Attribute], look: tuple[str, str]):
    printer = IppPrinter()
    printer.more = told
    with running(printer):
        seen = ipp(printer).look()
    assert (seen.state, seen.reasons) == look
    if seen.state == "stopped":
        assert reasons.first_in_words(seen.reasons), "the bar of the tablet says why"


def test_a_number_that_went_to_another_job_is_not_ours():
    """A printer that is switched on again counts from 1: its first job is somebody else's."""
    printer = IppPrinter()
    printer.paper_out_until = float("inf")
    with running(printer):
        backend = ipp(printer)
        backend.look()
        noted: list[str] = []
        sent = backend.send("wms-ours", b"%PDF-", noted.append)
        assert (noted, sent.spool_id, backend.stage("wms-ours", "1")) == (["1"], "1", Stage.WAITING)
        printer.jobs[1]["name"] = "holiday.pdf"
        assert backend.stage("wms-ours", "1") is Stage.FAILED
        backend.give_up("wms-ours", "1")
        assert not printer.jobs[1]["cancelled"], "another's job stays"
        printer.jobs[1]["name"] = "wms-our"  # cut off by a printer with little memory
        backend.give_up("wms-ours", "1")
        assert printer.jobs[1]["cancelled"]


def test_a_label_that_was_reported_lost_is_taken_back_before_the_next_is_sent(
    desk: Desk, cast: Cast, fresh_client: FlaskClient, tmp_path: Path
):
    """The roll ran out; the packer says that none came. The label still in the printer must not come out behind the roll."""
    printer = IppPrinter()
    document = desk.ready()
    with running(printer):
        bench = Bench(cast, fresh_client, tmp_path, printer)
        bench.settled()
        printer.paper_out_until = float("inf")
        printer.more = [IDLE, keywords(REASONS, "none")]  # it does not notice before it feeds
        job = send(bench, document)
        bench.settled()
        assert (states(document), len(printer.memory)) == (["dispatched"], 1)
        with transaction():
            printing.report_lost(SYSTEM, job.id)
        bench.settled(2)
        assert not printer.memory or [each.name for _, each in printer.memory] != [f"wms-{job.id}"]
        printer.paper_out_until = 0.0
        while not printer.is_idle:
            pass
        bench.settled()
        while not printer.is_idle:
            pass
        assert (states(document), sheets_of(bench, document)) == (["cancelled", "dispatched"], 1)
        assert printer.counted()[f"wms-{job.id}"] == 0


def test_jobs_of_others_are_not_called_unwanted(desk: Desk, cast: Cast, fresh_client: FlaskClient, tmp_path: Path):
    bench = Bench(cast, fresh_client, tmp_path, None)
    bench.settled()
    job = send(bench, desk.ready())
    bench.settled()
    with transaction():
        printing.report_lost(SYSTEM, job.id)
        code = printing.add_agent(cast.admin, cast.bonded.id, "elsewhere")
    other = bench.server.enrol(code.text, "x", "1")
    asked = {"host": "b", "version": "1", "printing": [str(job.id)]}
    assert bench.ask("/poll", asked).json["unwanted"] == [str(job.id)]
    assert bench.ask("/poll", asked, other).json["unwanted"] == []
    assert bench.ask("/poll", {**asked, "printing": ["x"]}).json["errors"][0]["pointer"] == "/printing/0"


class Impatient(BaseHTTPRequestHandler):
    """A server that closes what has rested for less time than the agent rests."""

    protocol_version = "HTTP/1.1"
    timeout = REST_SECONDS / 10

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Not on the test's screen."""


def test_no_question_is_lost_on_a_connection_that_has_rested(monkeypatch: pytest.MonkeyPatch):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Impatient)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        asking = Server(f"http://127.0.0.1:{server.server_address[1]}")
        asking.poll({})
        rested = threading.Event()
        rested.wait(3 * Impatient.timeout)
        monkeypatch.setattr("wms.printing.agent.server.REST_SECONDS", Impatient.timeout)
        assert asking.poll({}) == {}
        asking._hang_up()
    finally:
        server.shutdown()
        server.server_close()
