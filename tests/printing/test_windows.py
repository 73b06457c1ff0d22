"""The Windows queue of the agent, at the border of ctypes: what it sends, what it makes of every answer."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image, ImageChops, ImageOps

from labels import Size, WaybillLabel, render_bundle
from tests.printing.ordeal import codes_on
from tests.printing.windows_simulator import DELETING, ERROR, PRINTED, SPOOLING, UNKNOWN_PRINTER, Job, Queue, Windows
from wms.printing import reasons
from wms.printing.agent import windows
from wms.printing.agent.backend import Came, Look, Stage, Target, Unreached
from wms.printing.agent.raster import WrongPage, pages_as_dots
from wms.printing.agent.winspool import Winspool

NAME, NUMBER = "wms-0f", "TS000000000001"
LABEL = WaybillLabel(service_name="Standard", carrier_code="TEST", tracking_number=NUMBER, consignee_name="Kim Example",
                     consignee_lines=("Street 1", "DE"), size=Size(100, 150))  # fmt: skip
PDF = render_bundle([LABEL]).pdf
LANGUAGES = ["zpl", "tspl", "pdf"]


def backend(system: Windows, language: str = "zpl", **more: Any) -> Winspool:
    values = {"id": "1", "name": "bench", "backend": "winspool", "uri": "ZDesigner", "language": language, "dpi": 203,
              "width_mm": 100.0, "height_mm": 150.0, **more}  # fmt: skip
    return Winspool(Target(**values), system.winspool, system.gdi, system.last_error)


def sent(printer: Winspool, noted: list[str]) -> Any:
    return printer.send(NAME, printer.prepare(PDF), noted.append)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_label_comes_out_as_it_was_made_and_its_job_is_ours(language: str):
    system = Windows(ZDesigner=Queue())
    printer, noted = backend(system, language), list[str]()
    result = sent(printer, noted)
    assert (result.came, result.spool_id, noted) == (Came.SENT, "1", ["1"])
    assert printer.stage(NAME, "1") is Stage.WAITING
    system.print_all()
    assert printer.stage(NAME, "1") is None, "what is done has left the queue"
    (sheet,) = system.queues["ZDesigner"].sheets
    assert (sheet.name, set(codes_on(sheet.image))) == (NAME, {NUMBER})
    assert system.left_open == 0


@pytest.mark.parametrize("language", ["zpl", "tspl"])
def test_dots_reach_the_printer_through_a_driver_of_the_newer_sort(language: str):
    """Such a driver takes *RAW* and prints nothing; it is told by the driver's own word, for each job."""
    system = Windows(ZDesigner=Queue(is_xps=True))
    assert sent(backend(system, language), []).came is Came.SENT
    system.print_all()
    (sheet,) = system.queues["ZDesigner"].sheets
    assert set(codes_on(sheet.image)) == {NUMBER}


@pytest.mark.parametrize(("lines", "came"), [(1199, Came.SENT), (-1199, Came.SENT), (0, Came.LOST), (-1, Came.LOST)])
def test_lines_drawn_may_be_counted_downwards(lines: int, came: Came):
    """StretchDIBits: 0 and GDI_ERROR mean no; a negative number of lines is one."""
    system = Windows(ZDesigner=Queue(lines=lines))
    assert sent(backend(system, "pdf"), []).came is came


@pytest.mark.parametrize(("dpi", "edge"), [(203, (0, 0)), (300, (24, 40)), (600, (100, 50))])
def test_a_driver_draws_at_its_own_resolution_and_from_the_papers_corner(dpi: int, edge: tuple[int, int]):
    """An office printer begins some millimetres within the paper: nothing may move by that."""
    system = Windows(ZDesigner=Queue(dpi=(dpi, dpi), edge=edge))
    sent(backend(system, "pdf"), [])
    system.print_all()
    (sheet,) = system.queues["ZDesigner"].sheets
    assert isinstance(sheet.image, Image.Image)
    (dots,) = pages_as_dots(PDF, dpi)
    wanted = ImageOps.invert(Image.frombytes("1", (dots.width, dots.height), dots.bits).convert("L"))
    printed = sheet.image.convert("L")
    differs = ImageChops.difference(printed, wanted.crop((0, 0, *printed.size)))
    assert sum(differs.histogram()[1:]) == 0


@pytest.mark.parametrize(
    ("queue", "look"),
    [
        (Queue(), Look("ready")),
        (Queue(status=0x400), Look("busy")),
        (Queue(status=0x1), Look("stopped", "paused")),
        (Queue(status=0x8 | 0x10), Look("stopped", "jam,paper_out")),
        (Queue(status=0x80), Look("stopped", "offline")),
        (Queue(attributes=windows.OFFLINE), Look("stopped", "offline")),
        (Queue(status=0x400000), Look("stopped", "door_open")),
        (Queue(paper_mm=(210, 297)), Look("ready")),  # raw dots do not ask the driver
    ],
)
def test_how_a_queue_is(queue: Queue, look: Look):
    seen = backend(Windows(ZDesigner=queue)).look()
    assert seen == look
    assert seen.state != "stopped" or reasons.first_in_words(seen.reasons)


@pytest.mark.parametrize("paper", [(210, 297), (150, 100), (100, 148.5)])
def test_a_driver_set_to_other_paper_stops_it(paper: tuple[float, float]):
    printer = backend(Windows(ZDesigner=Queue(paper_mm=paper, dpi=(600, 600))), "pdf")
    assert printer.look() == Look("stopped", "other_labels")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_queue_that_is_not_there(language: str):
    printer = backend(Windows(), language)
    assert printer.look() == Look("unreached", f"windows_{UNKNOWN_PRINTER}")
    assert sent(printer, []).came is Came.UNSENT
    for asked in (lambda: printer.stage(NAME, "1"), lambda: printer.look_up(NAME, "1"),
                  lambda: printer.give_up(NAME, "1")):  # fmt: skip
        with pytest.raises(Unreached):
            asked()


# Every function that sends, and what is known when it says no.
FAILING = [
    ("zpl", "OpenPrinterW", Came.UNSENT), ("zpl", "GetPrinterDriverW", Came.UNSENT),
    ("zpl", "StartDocPrinterW", Came.UNSENT), ("zpl", "StartPagePrinter", Came.LOST),
    ("zpl", "WritePrinter", Came.LOST), ("zpl", "EndPagePrinter", Came.LOST), ("zpl", "EndDocPrinter", Came.LOST),
    ("pdf", "CreateDCW", Came.UNSENT), ("pdf", "StartDocW", Came.UNSENT), ("pdf", "StartPage", Came.LOST),
    ("pdf", "StretchDIBits", Came.LOST), ("pdf", "EndPage", Came.LOST), ("pdf", "EndDoc", Came.LOST),
]  # fmt: skip


@pytest.mark.parametrize(("language", "function", "came"), FAILING)
def test_each_function_that_says_no_is_answered_by_what_can_be_known(language: str, function: str, came: Came):
    """Before the job has a number nothing is printed; after it nobody can say, and what is left of it is called off."""
    system = Windows(ZDesigner=Queue())
    printer, noted = backend(system, language), list[str]()
    system.fails[function] = 5
    result = sent(printer, noted)
    assert (result.came, result.detail, bool(noted)) == (came, "windows_5", came is Came.LOST)
    assert (system.queues["ZDesigner"].jobs, system.left_open) == ([], 0)


def test_dots_that_are_not_square_are_not_drawn():
    system = Windows(ZDesigner=Queue(dpi=(600, 1200)))
    assert sent(backend(system, "pdf"), []).came is Came.UNSENT
    assert system.queues["ZDesigner"].jobs == []


@pytest.mark.parametrize(
    ("spool_id", "job", "came"),
    [
        (None, None, Came.UNSENT),  # it is noted before a byte is written
        ("7", None, Came.LOST),  # printed, or deleted: the queue does not say
        ("7", Job(7, NAME, 0), Came.SENT),
        ("7", Job(7, NAME, ERROR), Came.SENT),  # it comes out when the trouble has gone
        ("7", Job(7, NAME, DELETING), Came.LOST),
        ("7", Job(7, NAME, SPOOLING), Came.LOST),
        ("7", Job(7, "holiday.docx", 0), Came.LOST),  # numbers begin anew with the spooler
    ],
)
def test_after_a_kill_the_queue_is_asked(spool_id: str | None, job: Job | None, came: Came):
    queue = Queue(jobs=[Job(3, "other"), *([job] if job else [])])
    result = backend(Windows(ZDesigner=queue)).look_up(NAME, spool_id)
    assert result.came is came
    half = job is not None and job.status == SPOOLING
    assert [each.id for each in queue.jobs] == ([3] if job is None or half else [3, 7]), "what came half is taken out"


@pytest.mark.parametrize(
    ("status", "stage"),
    [(0, Stage.WAITING), (ERROR, Stage.WAITING), (PRINTED, Stage.COMPLETED), (DELETING, Stage.FAILED)],
)
def test_how_far_a_job_is_and_taking_it_back(status: int, stage: Stage):
    queue = Queue(jobs=[Job(7, NAME, status), Job(8, "holiday.docx", 0)])
    printer = backend(Windows(ZDesigner=queue))
    assert printer.stage(NAME, "7") is stage
    printer.give_up(NAME, "8")
    assert len(queue.jobs) == 2, "another's job stays"
    printer.give_up(NAME, "7")
    assert [job.id for job in queue.jobs] == [8]


def test_a_page_of_another_size_is_refused_before_anything_is_sent():
    for language in LANGUAGES:
        with pytest.raises(WrongPage):
            backend(Windows(ZDesigner=Queue()), language, width_mm=60.0, height_mm=40.0).prepare(PDF)


def test_elsewhere_than_on_windows_there_is_none():
    with pytest.raises(ValueError, match="on Windows only"):
        Winspool(Target("1", "bench", "winspool", "ZDesigner", "zpl", 203, 100.0, 150.0))
