"""Printers, benches, agents and the job board in the office; the bench's printer on the tablet."""

from __future__ import annotations

import io
import re
import uuid
import zipfile
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from tests.cast import Caller, Cast
from tests.printing.agents import Bench
from tests.printing.conftest import Desk
from tests.refused_forms import refused
from wms.core import clock
from wms.core.actor import SYSTEM
from wms.core.ids import new_id
from wms.identity.models import LoginSession
from wms.platform.database import session, transaction
from wms.printing import queries
from wms.printing import service as printing
from wms.printing.agent import VERSION
from wms.printing.models import LabelDocument, PrintAgent, Printer, PrintJob, StationPrinter


@pytest.fixture
def bench(desk: Desk, cast: Cast, fresh_client: FlaskClient, tmp_path: Path) -> Bench:
    return Bench(cast, fresh_client, tmp_path, None)


@pytest.fixture
def boss(bench: Bench, cast: Cast, fresh_client: FlaskClient) -> Caller:
    return cast.sign_in(fresh_client, cast.supervisor)


def form(**values: object) -> dict[str, str]:
    return {"command_id": str(new_id()), **{name: str(value) for name, value in values.items()}}


def said(answer: Any) -> str:
    return unescape(answer.get_data(as_text=True))


def count(model: Any) -> int:
    with transaction():
        return int(session().scalar(select(func.count()).select_from(model)) or 0)


FIELDS = {"name": "Zebra 2", "backend": "raw", "uri": "socket://10.0.0.9:9100", "language": "zpl", "dpi": "203",
          "width_mm": "100", "height_mm": "150", "offset_x_mm": "0,5", "offset_y_mm": "-1"}  # fmt: skip


def test_an_agent_is_made_known_by_a_code_that_is_shown_once(bench: Bench, boss: Caller, cast: Cast):
    asked = form(name="Bench 2", warehouse="DE1")
    answer = boss.post("/office/printers/agents", data=asked)
    code = re.search(r"--code ([0-9A-Z]{5}-[0-9A-Z]{5})", said(answer))
    assert code is not None
    assert code[1] not in said(boss.post("/office/printers/agents", data=asked))  # the same command again
    token = bench.server.enrol(code[1], "bench-2", "1.0.0")
    assert bench.ask("/poll", {"host": "bench-2", "version": "1.0.0"}, token).status_code == 200
    assert "Bench 2" in said(boss.get("/office/printers/now"))
    assert said(boss.get("/office/printers/now")).count(f"Newer: {VERSION}") == 2, "of the other bench, too"
    assert bench.ask("/poll", {"host": "bench-2", "version": VERSION}, token).status_code == 200
    assert said(boss.get("/office/printers/now")).count(f"Newer: {VERSION}") == 1
    with transaction():
        agent = session().scalars(select(PrintAgent).where(PrintAgent.name == "Bench 2")).one()
        agent_id, stored = agent.id, bytes(agent.token_hash or b"")
    assert token.encode() not in stored
    assert boss.post(f"/office/printers/agents/{agent_id}/revoke", data=form()).status_code == 303
    assert bench.ask("/poll", {"host": "bench-2", "version": "1.0.0"}, token).status_code == 401
    assert boss.post("/office/printers/agents", data=form(name="Bench 2", warehouse="DE1")).status_code == 422


def test_a_printer_is_set_up_changed_paused_and_tied_to_a_bench(bench: Bench, boss: Caller, cast: Cast):
    made = boss.post("/office/printers/printers", data=form(agent_id=bench.agent_id, **FIELDS))
    assert made.status_code == 303, said(made)
    with transaction():
        printer = session().scalars(select(Printer).where(Printer.name == "Zebra 2")).one()
        assert (printer.offset_x_mm, printer.offset_y_mm, printer.state) == (0.5, -1.0, "unseen")
    path = f"/office/printers/{printer.id}"
    assert "Zebra 2" in said(boss.get(path))
    assert boss.post(path, data=form(agent_id=bench.agent_id, **{**FIELDS, "name": "Zebra 3"})).status_code == 303
    assert boss.post(f"{path}/pause", data=form(paused="1")).status_code == 303
    assert "Zebra 3" in said(boss.get("/office/printers/strip"))
    offered = said(boss.get("/office/printers"))
    assert "DE1 · P01 · " in offered
    assert "NGB1 · P01 · " in offered, "benches of one name are told apart"
    ties = "/office/printers/bindings"
    typed = {"station": bench.station_id, "printer": printer.id, "fallback": printer.id, "kind": "carton"}
    assert refused(boss.post(ties, data=form(**typed)), ties, "fallback", **typed)
    assert (
        refused(boss.post(ties, data=form(**typed | {"printer": ""})), ties, "printer", kind="carton")[0] == "Required."
    )
    tied = form(station=bench.station_id, printer=printer.id, fallback=bench.printer_id, kind="carton")
    assert boss.post("/office/printers/bindings", data=tied).status_code == 303
    with transaction():
        binding = session().scalars(select(StationPrinter).where(StationPrinter.kind == "carton")).one()
        assert (binding.printer_id, binding.fallback_printer_id) == (printer.id, bench.printer_id)
    assert boss.post(f"/office/printers/bindings/{binding.id}/remove", data=form()).status_code == 303
    assert count(StationPrinter) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"width_mm": "-100"}, {"width_mm": "1e9"}, {"height_mm": "nan"}, {"height_mm": ""}, {"dpi": "1"}, {"dpi": "x"},
        {"offset_x_mm": "11"}, {"uri": "http://10.0.0.9/"}, {"uri": "socket://"}, {"uri": "socket://10.0.0.9:99999"},
        {"uri": "socket://user:secret@10.0.0.9"}, {"backend": "file", "uri": "../../etc"}, {"backend": "fax"}, {"name": ""},
        {"language": "epl"}, {"language": "pdf"}, {"agent_id": "7"}, {"agent_id": str(uuid.uuid4())},
    ],
)  # fmt: skip
def test_a_wrong_printer_is_refused_and_nothing_is_set_up(bench: Bench, boss: Caller, wrong: dict[str, str]):
    answer = boss.post("/office/printers/printers", data=form(**{"agent_id": bench.agent_id, **FIELDS, **wrong}))
    assert answer.status_code in (422, 404)
    assert count(Printer) == 1


def test_another_warehouses_people_have_nothing_to_do_with_them(bench: Bench, cast: Cast, fresh_client: FlaskClient):
    clerk = cast.sign_in(fresh_client, cast.customs_clerk)
    seller = cast.sign_in(fresh_client, cast.acme_person)
    for caller in (clerk, seller):
        for path in ("", f"/{bench.printer_id}", "/now"):
            assert caller.get(f"/office/printers{path}").status_code == 403
    assert count(StationPrinter) == 1


def test_a_test_label_is_made_and_then_printed(bench: Bench, boss: Caller, desk: Desk):
    bench.settled()
    assert boss.post(f"/office/printers/{bench.printer_id}/test", data=form()).status_code == 303
    bench.settled()
    assert list((bench.folder / "printed" / "out").glob("*.pdf")) == []  # it is still being made
    desk.work()
    bench.settled()
    assert len(list((bench.folder / "printed" / "out").glob("*.pdf"))) == 1
    with transaction():
        (job,) = session().scalars(select(PrintJob)).all()
        assert (job.state, job.confirmed_by) == ("printed", "printer")


def test_the_board_says_where_a_job_is_and_why(bench: Bench, boss: Caller, desk: Desk, cast: Cast):
    document = desk.ready()
    bench.settled()
    with transaction():
        job = printing.print_label(SYSTEM, document.id, bench.station_id)
    for query in ("", "?group=waiting", f"?printer={bench.printer_id}", "?kind=waybill", f"?code={document.barcode}"):
        assert document.barcode in said(boss.get(f"/office/prints{query}")), query
    for query in ("?group=printed", f"?printer={uuid.uuid4()}", "?kind=carton", "?code=NONE"):
        assert document.barcode not in re.sub(r'value="[^"]*"', "", said(boss.get(f"/office/prints{query}"))), query
    path = f"/office/prints/{job.id}"
    assert "Asked for" in said(boss.get(path))
    assert boss.post(f"{path}/cancel", data=form(why="not wanted")).status_code == 303
    assert "not wanted" in said(boss.get(path))
    assert boss.post(f"{path}/reprint", data=form(reason="")).status_code == 303
    assert boss.post(f"{path}/reprint", data=form(reason="wanted after all")).status_code == 303
    with transaction():
        jobs = list(queries.jobs_of(document.id))
        prints = [(each.state, each.reprint_reason, each.printer_id) for each in jobs]
    assert prints[1:] == [("queued", "wanted after all", bench.printer_id)]
    bench.settled()
    (file,) = (bench.folder / "printed" / "out").glob("*.pdf")
    assert has_mark(file.read_bytes(), document)
    told = said(boss.get(f"/office/prints/{jobs[1].id}"))
    assert told.count("The printer has it") == 1, "told by the agent, noted by the server: one thing"
    picker = cast.sign_in(bench.client, cast.picker)
    assert picker.get(path).status_code == 403


def has_mark(pdf: bytes, document: LabelDocument) -> bool:
    """There is ink on the marked label that is not on the plain one, and its code still reads."""
    import pypdfium2
    from PIL import ImageChops

    from tests.platform.test_worker import read_codes

    with transaction():
        plain = printing.document_pdf(SYSTEM, document.id)
    pictures = []
    for each in (pdf, plain):
        with pypdfium2.PdfDocument(each) as file:
            pictures.append(file[0].render(scale=203 / 72, grayscale=True).to_pil())
    more = ImageChops.difference(*pictures).getbbox()
    assert read_codes(pdf) == [document.barcode]
    return more is not None and (more[2] - more[0]) < 60 and (more[3] - more[1]) < 40


def at_the_bench(bench: Bench, caller: Caller) -> None:
    with transaction():
        session().execute(update(LoginSession).values(station_id=bench.station_id, warehouse_id=bench.cast.overseas.id))


def test_the_tablet_prints_through_its_bench_and_shows_how_the_printer_is(bench: Bench, desk: Desk, cast: Cast):
    document = desk.ready()
    bench.settled()
    tablet = cast.sign_in(bench.client, cast.picker)
    at_the_bench(bench, tablet)
    seen = tablet.get("/floor/printer")
    assert "state-ok" in said(seen)
    assert tablet.get("/floor/printer", headers={"If-None-Match": seen.headers["ETag"]}).status_code == 304
    asked = {**form(next="/floor/work/pack")}
    for _ in range(2):  # a double tap is one command
        answer = tablet.post(f"/labels/documents/{document.id}/print", data=asked)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/floor/work/pack")
    bench.settled()
    assert len(list((bench.folder / "printed" / "out").glob("*.pdf"))) == 1
    now = clock.now()
    former = clock.use(lambda: now + timedelta(seconds=16))
    try:
        away = said(tablet.get("/floor/printer"))
        assert "state-stop" in away
        assert "电脑离线" in away  # the picker reads Chinese
    finally:
        clock.use(former)
    elsewhere = {**form(next="https://evil.example/"), "reason": "x"}
    lost = tablet.post(f"/labels/prints/{_last(document).id}/lost", data=elsewhere)
    assert (lost.status_code, lost.headers["Location"]) == (303, "/floor/")


def _last(document: LabelDocument) -> PrintJob:
    with transaction():
        session().expire_all()
        return queries.jobs_of(document.id)[-1]


def test_a_waiting_label_is_opened_here_instead(bench: Bench, desk: Desk, cast: Cast):
    document = desk.ready()
    bench.settled()
    tablet = cast.sign_in(bench.client, cast.picker)
    at_the_bench(bench, tablet)
    tablet.post(f"/labels/documents/{document.id}/print", data=form())
    job = _last(document)
    assert (job.state, job.printer_id) == ("queued", bench.printer_id)
    assert tablet.get(f"/labels/documents/{document.id}.pdf").status_code == 409  # it waits at a printer
    led = tablet.post(f"/labels/prints/{job.id}/redirect", data=form())
    assert (led.status_code, _last(document).state) == (303, "dispatching")
    assert tablet.get(f"/labels/documents/{document.id}.pdf").status_code == 200
    bench.settled()
    assert list((bench.folder / "printed" / "out").glob("*.pdf")) == []


def test_the_program_is_a_wheel_that_pip_can_install(client: FlaskClient):
    answer = client.get(f"/agent/wms_print_agent-{VERSION}-py3-none-any.whl")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        names = set(archive.namelist())
        record = archive.read(f"wms_print_agent-{VERSION}.dist-info/RECORD").decode().splitlines()
    assert {"wms_print_agent/__main__.py", f"wms_print_agent-{VERSION}.dist-info/entry_points.txt"} <= names
    assert {line.split(",")[0] for line in record} == names


def test_the_program_imports_nothing_else_of_the_system():
    import subprocess
    import sys

    code = ("import sys, wms.printing.agent.__main__\n"
            "print([name for name in sys.modules if name.startswith(('wms', 'flask', 'sqlalchemy', 'labels'))"
            " and not name.startswith('wms.printing.agent') and name not in ('wms', 'wms.printing')])")  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
