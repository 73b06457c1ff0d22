"""A Windows of our own: winspool.drv and gdi32.dll as functions in C's calling, with queues, paper and sheets behind them.

Every call goes through ctypes with the types that the agent declares: a structure laid out wrongly, a handle cut to 32 bits
or a text that is none is met here as it would be there.
"""

from __future__ import annotations

import ctypes
import re
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from tests.printing.simulator import Sheet, read_tspl, read_zpl
from wms.printing.agent import windows
from wms.printing.agent.windows import BitmapInfo, DriverInfo, JobInfo, PrinterInfo

UNKNOWN_PRINTER, NO_ROOM, NO_JOB = 1801, 122, 87
HANDLE_BASE = 0x7FFE_0000_0000  # beyond 32 bits
SPOOLING, PRINTED, DELETING, ERROR = 0x8, 0x80, 0x4, 0x2


@dataclass
class Job:
    id: int
    document: str
    status: int = SPOOLING
    datatype: str = "RAW"
    data: bytes = b""
    pages: list[Image.Image] = field(default_factory=list)


@dataclass
class Queue:
    """`paper_mm` and `dpi` as its driver is set; `edge`: dots that it cannot reach at the left and the top. `is_xps`: its
    driver is of the newer sort (v4), for which *RAW* makes an empty spool file (Microsoft's article 2779300). `lines`: what
    StretchDIBits answers instead of the lines it drew.
    """

    status: int = 0
    attributes: int = 0
    dpi: tuple[int, int] = (203, 203)
    paper_mm: tuple[float, float] = (100.0, 150.0)
    edge: tuple[int, int] = (0, 0)
    is_xps: bool = False
    lines: int | None = None
    jobs: list[Job] = field(default_factory=list)
    sheets: list[Sheet] = field(default_factory=list)


class Windows:
    """`fails`: function → the number it fails with, from now on."""

    def __init__(self, **queues: Queue) -> None:
        self.queues, self.fails, self.error = queues, dict[str, int](), 0
        self.handles: dict[int, Queue] = {}
        self.left_open = 0
        self._number = 0
        self.winspool = _Library(self, windows._SPOOLER)
        self.gdi = _Library(self, windows._GDI)

    def last_error(self) -> int:
        return self.error

    def print_all(self) -> None:
        """What is whole in every queue comes out and leaves it."""
        for queue in self.queues.values():
            for job in [job for job in queue.jobs if not job.status]:
                reader = read_tspl if job.data.startswith(b"REM") else read_zpl
                queue.sheets += [Sheet(job.document, page) for page in job.pages]
                queue.sheets += [reader(job.data)] if job.data else []
                queue.jobs.remove(job)

    def call(self, name: str, *values: Any) -> Any:
        if name in self.fails:
            self.error = self.fails[name]
            return 0
        return getattr(self, "_" + re.sub("([a-z])([A-Z])", r"\1_\2", name.removesuffix("W")).lower())(*values)

    def _no(self, error: int) -> int:
        self.error = error
        return 0

    # ---- winspool.drv

    def _open(self, name: str) -> int:
        if name not in self.queues:
            return self._no(UNKNOWN_PRINTER)
        handle = HANDLE_BASE + len(self.handles)
        self.handles[handle] = self.queues[name]
        self.left_open += 1
        return handle

    def _open_printer(self, name: str, handle: Any, _defaults: Any) -> int:
        handle[0] = self._open(name)
        return int(bool(handle[0]))

    def _close_printer(self, handle: int) -> int:
        """What was begun and not ended is gone."""
        self.left_open -= 1
        return int(handle in self.handles)

    def _get_printer(self, handle: int, level: int, buffer: int, size: int, needed: Any) -> int:
        assert level == 2
        queue = self.handles[handle]
        needed[0] = ctypes.sizeof(PrinterInfo) + 200  # the texts stand behind it
        if size < needed[0]:
            return self._no(NO_ROOM)
        PrinterInfo.from_address(buffer).attributes = queue.attributes
        PrinterInfo.from_address(buffer).status = queue.status
        return 1

    def _get_printer_driver(
        self, handle: int, where: str | None, level: int, buffer: int, size: int, needed: Any
    ) -> int:
        assert (where, level) == (None, 8)
        needed[0] = ctypes.sizeof(DriverInfo) + 300
        if size < needed[0]:
            return self._no(NO_ROOM)
        package_aware, xps = 0x1, 0x2
        DriverInfo.from_address(buffer).attributes = package_aware | xps * self.handles[handle].is_xps
        return 1

    def _enum_jobs(
        self, handle: int, first: int, most: int, level: int, buffer: int, size: int, needed: Any, count: Any
    ) -> int:
        assert (first, level) == (0, 1)
        jobs = self.handles[handle].jobs[:most]
        needed[0], count[0] = ctypes.sizeof(JobInfo) * len(jobs), 0
        if size < needed[0]:
            return self._no(NO_ROOM)
        self.texts = [ctypes.create_unicode_buffer(job.document) for job in jobs]
        for place, (job, name) in enumerate(zip(jobs, self.texts, strict=True)):
            row = JobInfo.from_address(buffer + place * ctypes.sizeof(JobInfo))
            row.id, row.status, row.document = job.id, job.status, ctypes.cast(name, ctypes.c_wchar_p)
        count[0] = len(jobs)
        return 1

    def _set_job(self, handle: int, job_id: int, level: int, _info: Any, command: int) -> int:
        jobs = self.handles[handle].jobs
        found = [job for job in jobs if job.id == job_id]
        if not found or (level, command) != (0, windows.DELETE):
            return self._no(NO_JOB)
        jobs.remove(found[0])
        return 1

    def _begin(self, handle: int, name: str) -> int:
        self._number += 1
        self.handles[handle].jobs.append(Job(self._number, name))
        return self._number

    def _start_doc_printer(self, handle: int, level: int, about: Any) -> int:
        assert (level, about[0].output) == (1, None)
        number = self._begin(handle, about[0].name)
        self.handles[handle].jobs[-1].datatype = about[0].datatype
        return number

    def _start_page_printer(self, _handle: int) -> int:
        return 1

    def _write_printer(self, handle: int, data: int, size: int, taken: Any) -> int:
        queue = self.handles[handle]
        if queue.jobs[-1].datatype == ("XPS_PASS" if queue.is_xps else "RAW"):
            queue.jobs[-1].data += ctypes.string_at(data, size)
        taken[0] = size
        return 1

    def _end_page_printer(self, _handle: int) -> int:
        return 1

    def _end_doc_printer(self, handle: int) -> int:
        self.handles[handle].jobs[-1].status = 0
        return 1

    def _abort_printer(self, handle: int) -> int:
        self.handles[handle].jobs.pop()
        return 1

    # ---- gdi32.dll

    def _create_dc(self, driver: str, queue: str, _output: Any, _mode: Any) -> int:
        assert driver == "WINSPOOL"
        return self._open(queue)

    def _delete_dc(self, surface: int) -> int:
        return self._close_printer(surface)

    def _get_device_caps(self, surface: int, which: int) -> int:
        queue = self.handles[surface]
        across, down = (round(mm / 25.4 * dpi) for mm, dpi in zip(queue.paper_mm, queue.dpi, strict=True))
        return {windows.DPI_X: queue.dpi[0], windows.DPI_Y: queue.dpi[1], windows.PAPER_X: across,
                windows.PAPER_Y: down, windows.EDGE_X: queue.edge[0], windows.EDGE_Y: queue.edge[1]}[which]  # fmt: skip

    def _start_doc(self, surface: int, about: Any) -> int:
        assert about[0].size == ctypes.sizeof(windows.DrawnDocument)
        return self._begin(surface, about[0].name)

    def _start_page(self, surface: int) -> int:
        queue = self.handles[surface]
        size = [self._get_device_caps(surface, which) for which in (windows.PAPER_X, windows.PAPER_Y)]
        queue.jobs[-1].pages.append(Image.new("1", (size[0], size[1]), 1))
        return 1

    def _stretch_dibits(self, surface: int, *values: Any) -> int:
        """The dots land where they are sent, from where the printer begins; nothing is stretched here."""
        x, y, width, height, *source, bits, about, usage, copy = values
        assert (source, usage, copy) == ([0, 0, width, height], 0, 0x00CC0020)
        queue, header = self.handles[surface], ctypes.cast(about, ctypes.POINTER(BitmapInfo))[0]
        assert (header.size, header.planes, header.depth, header.compression) == (40, 1, 1, 0)
        assert (header.width, header.height, header.white, header.black) == (width, -height, 0xFFFFFF, 0)
        row = (width + 31) // 32 * 4
        assert header.bytes == row * height
        drawn = Image.frombytes(
            "1", (row * 8, height), bytes(255 - each for each in ctypes.string_at(bits, row * height))
        )
        place = (x + queue.edge[0], y + queue.edge[1])
        queue.jobs[-1].pages[-1].paste(drawn.crop((0, 0, width, height)), place)
        return height if queue.lines is None else queue.lines

    def _end_page(self, _surface: int) -> int:
        return 1

    def _end_doc(self, surface: int) -> int:
        self.handles[surface].jobs[-1].status = 0
        return 1

    def _abort_doc(self, surface: int) -> int:
        return self._abort_printer(surface)


class _Library:
    """Functions of C's calling; bytes come in as their address, since they hold zeros."""

    def __init__(self, system: Windows, declared: dict[str, Any]) -> None:
        for name, (gives, takes) in declared.items():
            plain = [ctypes.c_void_p if each is ctypes.c_char_p else each for each in takes]
            setattr(self, name, ctypes.CFUNCTYPE(gives, *plain)(_bound(system, name)))


def _bound(system: Windows, name: str) -> Any:
    return lambda *values: system.call(name, *values)
