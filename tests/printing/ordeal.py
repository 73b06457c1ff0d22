"""Everything that prints is killed, and sheets are counted: `python -m tests.printing.ordeal --jobs 1000 --seed 1`.

Server, workers and agents are processes that get SIGKILL at random; printers run out of labels, lose power with a label in
memory, are busy, late, slow, and stay away for half an hour. Time runs faster for all of them, so that minutes pass. One
person stands at each bench: asks for labels, scans what came out, says so when nothing did.

What must hold: no waybill has more sheets than one, and one for each time a person said that none came; every waybill that
counts as printed has a sheet, of itself; the books of printing are clean.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import multiprocessing
import os
import random
import signal
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from config import Config
from labels import WaybillLabel
from tests.engines import Databases, create_app, dispose, running_databases
from tests.printing.simulator import Faults, IppPrinter, Mechanism, RawPrinter, running

PROCESSES = multiprocessing.get_context("spawn")
FACTOR = 40  # virtual seconds a second: half an hour is 45 s, ten minutes are 15 s


@dataclass(frozen=True)
class Pace:
    """One clock for all processes: it began then, and runs so much faster."""

    began: datetime
    at: float
    factor: float

    def now(self) -> datetime:
        return self.began + timedelta(seconds=(time.monotonic() - self.at) * self.factor)


def _quietly(config: Config, pace: Pace) -> Any:
    """The application in a process of its own, on the common clock."""
    os.setpgrp()
    from wms.core import clock
    from wms.printing.sources import sources

    app = create_app(config)
    logging.disable(logging.CRITICAL)
    clock.use(pace.now)
    sources.add({"waybill": waybills})
    return app


def waybills(documents: Sequence[Any]) -> list[WaybillLabel]:
    """Waybills of no order: what they are about is not tried here."""
    return [
        WaybillLabel(
            service_name="Standard", carrier_code="TEST", tracking_number=document.barcode,
            consignee_name="Kim Example", consignee_lines=("Street 1", "DE"),
        )
        for document in documents
    ]  # fmt: skip


def serve(config: Config, pace: Pace, port: int) -> None:
    """The web server."""
    from werkzeug.serving import make_server

    from wms.printing import agent_api

    app = _quietly(config, pace)
    agent_api.POLL_SECONDS = 0.2  # type: ignore[assignment]
    make_server("127.0.0.1", port, app, threaded=True).serve_forever()


def work(config: Config, pace: Pace) -> None:
    """The worker and the sweeper: jobs of the outbox, and what time does to prints."""
    from wms.platform import outbox
    from wms.platform.database import transaction
    from wms.printing import service as printing

    app = _quietly(config, pace)
    with app.app_context():
        while True:
            for job_id, _ in outbox.due_jobs(age_seconds=0):
                outbox.perform(job_id)
            with transaction():
                printing.age_prints(pace.now())
            time.sleep(0.1)


def print_on(folder: Path) -> None:
    """The agent's program, less patient than on a bench."""
    os.setpgrp()
    from wms.printing.agent import __main__ as program
    from wms.printing.agent import ipp, raw, work

    work.LOOK_SECONDS, work.PATIENCE_SECONDS, work.LEAVE_SECONDS = 0.3, 20.0, 1.0
    work.WAITS_SECONDS = (0.1, 0.2, 0.5)
    raw.CONNECT_SECONDS, raw.STATUS_SECONDS, raw.SETTLE_SECONDS, raw.SEND_SECONDS = 1.0, 0.4, 1.0, 3.0
    ipp.TIMEOUT_SECONDS, ipp.SEND_SECONDS, program.TURN_SECONDS = 0.4, 2.0, 0.05
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stderr(nowhere):
        program.main(["run", "--state", str(folder)])


@dataclass
class Being:
    """A process that is killed now and then and started again."""

    target: Any
    arguments: tuple[Any, ...]
    process: BaseProcess | None = None
    kills: int = 0

    def start(self) -> None:
        self.process = PROCESSES.Process(target=self.target, args=self.arguments, daemon=True)
        self.process.start()

    def kill(self) -> None:
        if self.process is not None and self.process.pid is not None and self.process.is_alive():
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.join(10)
        self.kills += 1

    def live(self) -> None:
        """It ends by itself as well (an agent whose hand fails): whoever watches over it starts it again."""
        if self.process is None or not self.process.is_alive():
            self.start()


@dataclass
class Told:
    """What came of an ordeal."""

    labels: int = 0
    sheets: int = 0
    words: int = 0  # "no label came out"
    doubles: list[str] = field(default_factory=list)
    unprinted: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    kills: dict[str, int] = field(default_factory=dict)
    asked_again: int = 0  # prints that had waited too long
    power_cuts: int = 0
    seconds: float = 0.0

    @property
    def is_clean(self) -> bool:
        return not (self.doubles or self.unprinted or self.strangers or self.unfinished or self.violations)


class Ordeal:
    """`labels` waybills on three printers of two agents."""

    def __init__(self, config: Config, folder: Path, port: int, labels: int, seed: int, limit: float) -> None:
        self.config, self.folder, self.port, self.labels, self.limit = config, folder, port, labels, limit
        self.dice = random.Random(seed)
        self.pace = Pace(datetime.now(UTC), time.monotonic(), FACTOR)
        faults = {"paper_out": 0.04, "dies_with_it": 0.02, "dies_after_it": 0.02, "busy": 0.05, "late": 0.04, "slow": 0.05,
                  "long": 0.08, "outage": 1.0, "long_outage": 1800 / FACTOR if labels > 100 else 4.0,
                  "late_seconds": 0.8}  # fmt: skip

        def mood(number: int) -> Faults:
            return Faults(random.Random(seed * 10 + number), **faults)

        self.printers: list[Mechanism] = [
            RawPrinter("zpl", mood(1), 0.01), RawPrinter("tspl", mood(2), 0.01), IppPrinter(mood(3), 0.01),
        ]  # fmt: skip
        self.told = Told(labels=labels)
        self.words: Counter[uuid.UUID] = Counter()
        self.beings: dict[str, Being] = {}
        self.turns: list[str] = []
        self.since: dict[uuid.UUID, float] = {}

    def run(self) -> Told:
        from wms.core import clock

        began = time.monotonic()
        app = create_app(self.config)
        former = clock.use(self.pace.now)
        try:
            with running(*self.printers), app.app_context(), self._all_live():
                self._set_up()
                self._play(began)
                self._count()
        finally:
            clock.use(former)
            dispose(app)
        self.told.seconds = time.monotonic() - began
        return self.told

    @contextlib.contextmanager
    def _all_live(self) -> Iterator[None]:
        self.beings = {
            "server": Being(serve, (self.config, self.pace, self.port)),
            "worker": Being(work, (self.config, self.pace)),
        }
        for being in self.beings.values():
            being.start()
        try:
            yield
        finally:
            for name, being in self.beings.items():
                self.told.kills[name] = being.kills
                being.kill()

    # ---- the building

    def _set_up(self) -> None:
        from tests.cast import load
        from wms.platform.database import session, transaction
        from wms.printing import service as printing
        from wms.printing.agent.server import Away, Server
        from wms.printing.service import PrinterDraft

        app_cast = load(_current_app())
        self.cast = app_cast
        session().expire_on_commit = False
        self.station = app_cast.overseas.stations["P01"]
        self.printer_ids: list[uuid.UUID] = []
        for number, printers in enumerate((self.printers[:2], self.printers[2:])):
            with transaction():
                code = printing.add_agent(app_cast.supervisor, app_cast.overseas.id, f"agent {number}")
            folder = self.folder / f"agent{number}"
            folder.mkdir()
            for _ in range(900):
                try:
                    token = Server(f"http://127.0.0.1:{self.port}").enrol(code.text, "bench", "1")
                    break
                except Away:
                    time.sleep(0.1)
            (folder / "agent.json").write_text(
                f'{{"server": "http://127.0.0.1:{self.port}", "token": "{token}", "ca_file": null}}'
            )
            for printer in printers:
                language = getattr(printer, "language", "zpl")
                backend = "raw" if isinstance(printer, RawPrinter) else "ipp"
                draft = PrinterDraft(code.id, f"printer {len(self.printer_ids)}", backend, printer.uri, language)
                with transaction():
                    self.printer_ids.append(printing.save_printer(app_cast.supervisor, draft).id)
            self.beings[f"agent {number}"] = Being(print_on, (folder,))
            self.beings[f"agent {number}"].start()

    def _bundles(self) -> list[uuid.UUID]:
        from wms.core.actor import SYSTEM
        from wms.core.ids import new_id
        from wms.platform.database import transaction
        from wms.printing.service import DocumentDraft, request_documents

        drafts = [
            DocumentDraft("waybill", "parcel", new_id(), self.cast.ACME.id, barcode=f"TS{place:012}")
            for place in range(self.labels)
        ]
        with transaction():
            return request_documents(SYSTEM, self.cast.overseas.id, drafts)

    # ---- the people

    def _play(self, began: float) -> None:
        """Ask for labels a few at a time, look after what was asked for, and kill something now and then."""
        waiting, asked = self._documents(), []
        closed = 0
        while time.monotonic() - began < self.limit:
            for being in self.beings.values():
                being.live()
            if self.labels - len(waiting) - len(asked) >= closed:  # not faster than a slow machine starts them again
                self._kill_something()
                closed = self.labels - len(waiting) - len(asked) + self.dice.choice([1, 2, 3])
            while waiting and len(asked) < 24:
                asked.append(self._ask_for(waiting.pop()))
            asked = [document for document in asked if not self._look_after(document)]
            if not waiting and not asked:
                return
            time.sleep(0.02)
        self.told.unfinished = [str(document.id) for document in [*waiting, *asked]]

    def _documents(self) -> list[Any]:
        from wms.platform.database import transaction
        from wms.printing.queries import documents_of

        bundles = self._bundles()
        found: list[Any] = []
        while len(found) < self.labels:
            self.beings["worker"].live()
            with transaction():
                found = [each for bundle in bundles for each in documents_of(bundle) if each.state == "ready"]
            time.sleep(0.1)
        return found

    def _kill_something(self) -> None:
        if not self.turns:  # each has its turn before one has its second
            self.turns = [*self.beings, "printer"]
            self.dice.shuffle(self.turns)
        name = self.turns.pop()
        if name == "printer":
            self.dice.choice(self.printers).cut_power()
        else:
            self.beings[name].kill()

    def _ask_for(self, document: Any) -> Any:
        from wms.platform.database import transaction
        from wms.printing import service as printing

        printer_id = self.dice.choice(self.printer_ids)
        with transaction():
            job = printing.request_print(self.cast.picker, document.id, self.station)
            printing.redirect(self.cast.picker, job.id, printer_id)
        return document

    def _look_after(self, document: Any) -> bool:
        """One look of the packer at one label; True when it is on its parcel and scanned."""
        from wms.core.refusals import Refused
        from wms.platform.database import session, transaction
        from wms.printing import queries
        from wms.printing import service as printing

        with transaction():
            session().expire_all()
            job = queries.jobs_of(document.id)[-1]
            state, printer_id = job.state, job.printer_id
        try:
            if state == "expired":
                self.told.asked_again += 1
                with transaction():
                    printing.redirect(self.cast.picker, job.id, printer_id)
            elif state in ("dispatched", "unknown", "dispatching") and self._sheets_of(document):
                with transaction():
                    printing.confirm_printed(self.cast.picker, "parcel", document.subject_id, "waybill")
                return True
            elif state in ("dispatched", "unknown") and self._nothing_comes(job.id):
                with transaction():
                    printing.report_lost(self.cast.picker, job.id)
                self.words[document.id] += 1
        except Refused:
            return False  # it moved on meanwhile
        return False

    def _nothing_comes(self, job_id: uuid.UUID) -> bool:
        """The packer has waited, and nothing is in any printer's memory; now and then somebody does not wait."""
        first = self.since.setdefault(job_id, time.monotonic())
        if self.dice.random() < 0.001:
            return True
        return time.monotonic() - first > 1.5 and all(printer.is_idle for printer in self.printers)

    def _sheets_of(self, document: Any) -> int:
        from wms.platform.database import transaction
        from wms.printing import queries
        from wms.printing.agent.work import name_of

        with transaction():
            names = [name_of(str(each.id)) for each in queries.jobs_of(document.id)]
        return sum(printer.counted()[name] for printer in self.printers for name in names)

    # ---- the count

    def _count(self) -> None:
        """Sheets against labels and words, once everything is quiet."""
        from sqlalchemy import select

        from wms.platform.auditing import run_checks
        from wms.platform.database import session, transaction
        from wms.printing.agent.work import name_of
        from wms.printing.audit import CHECKS
        from wms.printing.models import LabelDocument, PrintJob

        time.sleep(1.0)
        with transaction():
            rows = session().execute(select(PrintJob.id, PrintJob.document_id, PrintJob.state, LabelDocument.barcode)
                                     .join(LabelDocument, LabelDocument.id == PrintJob.document_id)).all()  # fmt: skip
            self.told.violations = [each["name"] for each in run_checks(CHECKS)["checks"] if each["violations"]]
        owner = {name_of(str(row.id)): row for row in rows}
        printed = {row.document_id for row in rows if row.state == "printed"}
        sheets: Counter[uuid.UUID] = Counter()
        for sheet in (sheet for printer in self.printers for sheet in printer.sheets):
            row = owner[sheet.name]
            sheets[row.document_id] += 1
            if row.barcode not in codes_on(sheet.image):
                self.told.strangers.append(sheet.name)
        self.told.sheets, self.told.words = sum(sheets.values()), sum(self.words.values())
        self.told.doubles = [str(each) for each, count in sheets.items() if count > 1 + self.words[each]]
        self.told.unprinted = [str(each) for each in printed if not sheets[each]]
        self.told.power_cuts = sum(printer.power_cuts for printer in self.printers)


def codes_on(image: Any) -> Sequence[str]:
    """What a scanner reads from a sheet."""
    import pypdfium2
    import zxingcpp

    if isinstance(image, bytes):
        with pypdfium2.PdfDocument(image) as document:
            image = document[0].render(scale=203 / 72, grayscale=True).to_pil()
    return [each.text for each in zxingcpp.read_barcodes(image.convert("L"))]


def _current_app() -> Any:
    from flask import current_app

    return current_app._get_current_object()  # type: ignore[attr-defined]


def endure(databases: Databases, folder: Path, port: int, labels: int, seed: int, limit: float) -> Told:
    """One ordeal on a database of its own. `limit`: seconds until it is given up."""
    name = databases.copy()
    return Ordeal(databases.config(name), folder, port, labels, seed, limit).run()


def main() -> int:
    import tempfile

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--port", type=int, default=21390)
    parser.add_argument("--limit", type=float, default=3600)
    given = parser.parse_args()
    with running_databases() as databases, tempfile.TemporaryDirectory() as folder:
        told = endure(databases, Path(folder), given.port, given.jobs, given.seed, given.limit)
    print("clean" if told.is_clean else "NOT CLEAN", told)
    return 0 if told.is_clean else 1


if __name__ == "__main__":
    raise SystemExit(main())
